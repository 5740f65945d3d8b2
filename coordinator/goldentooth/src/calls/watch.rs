//! Which calls for help are due: pure, from snapshots of nodes and the time.
//!
//! A trouble is one cause at one node. Troubles of one cause that begin within
//! [`GATHER`] are one call, so that an outage of the whole fleet is one
//! message; while they last, the call is repeated with growing pauses; when
//! they are over for [`SETTLE`], that is told once, too.

use crate::live::{NodeSnapshot, UnixMillis};
use frames::{Mood, NodeName, Vital};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long others may join a trouble before it is told, in milliseconds.
pub const GATHER: UnixMillis = 15_000;
/// How long a trouble must be over before that is told, in milliseconds.
pub const SETTLE: UnixMillis = 60_000;
/// The pauses before a trouble that lasts is told again, in milliseconds; the
/// last one for ever.
const PAUSES: [UnixMillis; 4] = [30 * 60_000, 2 * 3_600_000, 8 * 3_600_000, 24 * 3_600_000];

/// What help is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Cause {
    /// It is in crisis.
    Crisis,
    /// It stopped speaking.
    Silent,
    /// Its supply is too weak.
    UnderVoltage,
    /// A file system of it is read-only though it began writable.
    ReadOnlyDisk,
    /// A systemd unit failed.
    FailedUnit,
}

impl Cause {
    /// Every cause, the gravest first.
    pub const ALL: [Self; 5] =
        [Self::Crisis, Self::Silent, Self::UnderVoltage, Self::ReadOnlyDisk, Self::FailedUnit];

    /// Whether a node is so; none if that can't be known now.
    fn holds(self, node: &NodeSnapshot) -> Option<bool> {
        let over = |vital| node.vitals.get(vital).map(|value| value >= 0.5);
        match self {
            Self::Silent => Some(node.silent),
            // What a silent node said last may not be so any more.
            _ if node.silent => None,
            Self::Crisis => node.mood.map(|mood| mood == Mood::Crisis),
            Self::UnderVoltage => over(Vital::UnderVoltageNow),
            Self::ReadOnlyDisk => over(Vital::ReadOnlyMounts),
            Self::FailedUnit => over(Vital::FailedUnits),
        }
    }

    /// Of one node and of several: `is in crisis`, `are in crisis`.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Crisis => ("is in crisis", "are in crisis"),
            Self::Silent => ("is silent", "are silent"),
            Self::UnderVoltage => ("has under-voltage", "have under-voltage"),
            Self::ReadOnlyDisk => ("has a disk gone read-only", "have a disk gone read-only"),
            Self::FailedUnit => ("has failed units", "have failed units"),
        }
    }

    fn over(self) -> (&'static str, &'static str) {
        match self {
            Self::Crisis => ("is out of crisis", "are out of crisis"),
            Self::Silent => ("has returned", "have returned"),
            Self::UnderVoltage => ("has enough voltage again", "have enough voltage again"),
            Self::ReadOnlyDisk => ("can write to its disk again", "can write to their disks again"),
            Self::FailedUnit => ("has no failed units any more", "have no failed units any more"),
        }
    }
}

/// Where a trouble is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum State {
    /// It has begun.
    Began,
    /// It was told before, and lasts.
    Lasts,
    /// It is over.
    Over,
    /// None: somebody tries whether calls arrive.
    Test,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Why; none for a test.
    pub cause: Option<Cause>,
    /// Whether it begins, lasts or is over.
    pub state: State,
    /// Which nodes.
    pub nodes: Vec<NodeName>,
    /// One line.
    pub title: String,
    /// The reasons, one line for each node that gave one.
    pub words: String,
    /// When.
    pub at: UnixMillis,
}

#[derive(Clone, Debug)]
struct Trouble {
    since: UnixMillis,
    words: String,
    /// How often it was told, and when it is due again.
    told: usize,
    due: UnixMillis,
    /// Since when it seems to be over.
    over: Option<UnixMillis>,
}

/// The troubles of a fleet.
#[derive(Debug, Default)]
pub struct Watch(BTreeMap<(Cause, NodeName), Trouble>);

impl Watch {
    /// Takes in how a node is now. `words` are its reasons.
    pub fn hear(&mut self, now: UnixMillis, node: &NodeSnapshot, words: impl Fn() -> String) {
        // Help for what is made up would be a false alarm.
        if node.simulated {
            return;
        }
        for cause in Cause::ALL {
            let key = (cause, node.name.clone());
            match (cause.holds(node), self.0.get_mut(&key)) {
                (Some(true), Some(trouble)) => trouble.over = None,
                (Some(true), None) => {
                    let words = if cause == Cause::Crisis { words() } else { String::new() };
                    let due = now + GATHER;
                    self.0.insert(key, Trouble { since: now, words, told: 0, due, over: None });
                }
                (Some(false), Some(trouble)) => {
                    trouble.over.get_or_insert(now);
                }
                (Some(false), None) | (None, _) => {}
            }
        }
    }

    /// What is to be told at `now`. Of nodes for which `quiet` says so nothing
    /// is told: what lasts until the quiet ends is told then.
    pub fn due(&mut self, now: UnixMillis, quiet: impl Fn(&NodeName) -> bool) -> Vec<Call> {
        let mut calls = Vec::new();
        for cause in Cause::ALL {
            for state in [State::Began, State::Lasts, State::Over] {
                calls.extend(self.gather(now, cause, state, &quiet));
            }
        }
        self.0.retain(|_, trouble| trouble.over.is_none_or(|over| now < over + SETTLE));
        calls
    }

    fn gather(
        &mut self,
        now: UnixMillis,
        cause: Cause,
        state: State,
        quiet: &impl Fn(&NodeName) -> bool,
    ) -> Option<Call> {
        let of_cause = || self.0.iter().filter(|((which, _), _)| *which == cause);
        let is_due = |trouble: &Trouble| match state {
            State::Began => trouble.told == 0 && trouble.over.is_none() && now >= trouble.due,
            State::Lasts => trouble.told > 0 && trouble.over.is_none() && now >= trouble.due,
            State::Over => trouble.told > 0 && trouble.over.is_some_and(|over| now >= over + SETTLE),
            State::Test => false,
        };
        if !of_cause().any(|((_, node), trouble)| is_due(trouble) && !quiet(node)) {
            return None;
        }
        // Once one is due, those that began since then go with it.
        let joins = |trouble: &Trouble| match state {
            State::Began => trouble.told == 0 && trouble.over.is_none(),
            _ => is_due(trouble),
        };
        let mut nodes = Vec::new();
        let mut words = Vec::new();
        let mut oldest = now;
        for ((which, node), trouble) in &mut self.0 {
            if *which != cause || !joins(trouble) || quiet(node) {
                continue;
            }
            oldest = oldest.min(trouble.since);
            if !trouble.words.is_empty() && state != State::Over {
                words.push(format!("{node}: {}", trouble.words));
            }
            let pause = PAUSES.get(trouble.told).or(PAUSES.last()).copied().unwrap_or_default();
            trouble.told += 1;
            trouble.due = now + pause;
            nodes.push(node.clone());
        }
        let long = (state != State::Began).then(|| fleet::words::span((now - oldest).max(0).unsigned_abs()));
        let title = title(cause, state, &nodes, long.as_deref());
        words.truncate(20);
        Some(Call { cause: Some(cause), state, nodes, title, words: words.join("\n"), at: now })
    }
}

fn title(cause: Cause, state: State, nodes: &[NodeName], long: Option<&str>) -> String {
    let (one, many) = if state == State::Over { cause.over() } else { cause.words() };
    let who = match nodes {
        [only] => format!("{only} {one}"),
        [first, second] => format!("{first} and {second} {many}"),
        [first, second, rest @ ..] => {
            format!("{} nodes {many}: {first}, {second} and {} more", nodes.len(), rest.len())
        }
        [] => many.to_owned(),
    };
    match (state, long) {
        (State::Lasts, Some(long)) => format!("{who}, for {long} now"),
        (State::Over, Some(long)) => format!("{who} after {long}"),
        _ => who,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::fixtures::{node, silent};

    const NOBODY: fn(&NodeName) -> bool = |_| false;

    fn hear(watch: &mut Watch, now: UnixMillis, nodes: &[NodeSnapshot]) {
        for node in nodes {
            watch.hear(now, node, || "hot".to_owned());
        }
    }

    fn titles(calls: &[Call]) -> Vec<&str> {
        calls.iter().map(|call| call.title.as_str()).collect()
    }

    #[test]
    fn a_crisis_is_told_once_repeated_with_growing_pauses_and_told_to_be_over() {
        let mut watch = Watch::default();
        let (ill, well) = (node("pi-1", Some(Mood::Crisis)), node("pi-1", Some(Mood::Happy)));
        hear(&mut watch, 0, std::slice::from_ref(&ill));
        assert!(watch.due(GATHER - 1, NOBODY).is_empty());
        let calls = watch.due(GATHER, NOBODY);
        assert_eq!(titles(&calls), ["pi-1 is in crisis"]);
        assert_eq!(calls[0].words, "pi-1: hot");
        let mut told = Vec::new();
        for minute in 1..=24 * 60 {
            hear(&mut watch, minute * 60_000, std::slice::from_ref(&ill));
            told.extend(watch.due(minute * 60_000, NOBODY).into_iter().map(|_| minute));
        }
        // After 30 minutes, 2 hours more and 8 hours more.
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0] >= 30 && told[1] - told[0] >= 120 && told[2] - told[1] >= 480, "{told:?}");
        let end = 25 * 3_600_000;
        hear(&mut watch, end, std::slice::from_ref(&well));
        // A short relief is none.
        hear(&mut watch, end + 10_000, std::slice::from_ref(&ill));
        hear(&mut watch, end + 20_000, std::slice::from_ref(&well));
        assert!(watch.due(end + SETTLE, NOBODY).is_empty());
        let calls = watch.due(end + 20_000 + SETTLE, NOBODY);
        assert_eq!(calls[0].state, State::Over);
        assert!(calls[0].title.starts_with("pi-1 is out of crisis after "), "{}", calls[0].title);
        assert!(watch.due(end + 10 * SETTLE, NOBODY).is_empty());
    }

    #[test]
    fn an_outage_of_the_fleet_is_one_message_and_so_is_its_end() {
        let mut watch = Watch::default();
        let names: Vec<String> = (0..300).map(|i| format!("pi-{i:03}")).collect();
        for (at, name) in (0..).step_by(40).zip(&names) {
            hear(&mut watch, at, &[silent(name)]);
        }
        let calls = watch.due(GATHER, NOBODY);
        assert_eq!(titles(&calls), ["300 nodes are silent: pi-000, pi-001 and 298 more"]);
        for name in &names {
            hear(&mut watch, 600_000, &[node(name, Some(Mood::Happy))]);
        }
        let calls = watch.due(600_000 + SETTLE, NOBODY);
        assert_eq!((calls.len(), calls[0].nodes.len()), (1, 300));
    }

    #[test]
    fn nobody_is_called_in_a_quiet_time_nor_for_what_was_over_before_its_end() {
        let mut watch = Watch::default();
        hear(&mut watch, 0, &[silent("pi-1"), node("pi-2", Some(Mood::Crisis))]);
        assert!(watch.due(GATHER, |_| true).is_empty());
        hear(&mut watch, 60_000, &[node("pi-2", Some(Mood::Happy))]);
        assert!(watch.due(60_000 + SETTLE, |_| true).is_empty());
        assert_eq!(titles(&watch.due(200_000, NOBODY)), ["pi-1 is silent"]);
    }

    #[test]
    fn simulated_nodes_call_nobody_and_a_silent_node_keeps_its_other_troubles() {
        let mut watch = Watch::default();
        hear(&mut watch, 0, &[node("sim-01", Some(Mood::Crisis)), node("pi-1", Some(Mood::Crisis))]);
        assert_eq!(titles(&watch.due(GATHER, NOBODY)), ["pi-1 is in crisis"]);
        hear(&mut watch, 20_000, &[silent("pi-1")]);
        assert_eq!(titles(&watch.due(20_000 + SETTLE, NOBODY)), ["pi-1 is silent"], "its crisis is not over");
    }
}
