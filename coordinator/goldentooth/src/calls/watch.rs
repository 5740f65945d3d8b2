//! Which calls for help are due: pure, from snapshots of nodes and the time.
//!
//! A trouble is one cause at one node. Troubles of one cause are one call as
//! long as others join within [`Cause::gather`], so that an outage of the whole
//! fleet is one message; while they last, the call is repeated with growing
//! pauses; when they are over for [`SETTLE`], that is told once, too. One that
//! comes and goes must be over for longer each time.

use crate::live::{NodeSnapshot, UnixMillis};
use frames::{Mood, NodeName, Vital};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// How long others may join a trouble at most before it is told, in milliseconds.
pub const GATHER_MOST: UnixMillis = 90_000;
/// How long a trouble must be over before that is told, in milliseconds.
pub const SETTLE: UnixMillis = 60_000;
/// The pauses before a trouble that lasts is told again, in milliseconds; the
/// last one for ever.
const PAUSES: [UnixMillis; 4] = [30 * 60_000, 2 * 3_600_000, 8 * 3_600_000, 24 * 3_600_000];
/// A trouble that begins again within this after its end comes and goes, in milliseconds.
const AGAIN: UnixMillis = 3_600_000;
/// After a restart nothing is said again before every node had time to speak, in milliseconds.
const RESTART: UnixMillis = 90_000;

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

    /// How long others may join after the last that did, in milliseconds. The
    /// nodes of one outage are missed one after another, as their keep-alives end.
    pub const fn gather(self) -> UnixMillis {
        match self {
            Self::Silent => 30_000,
            _ => 15_000,
        }
    }

    /// The cause in a few words, as a heading has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crisis => "crisis",
            Self::Silent => "silence",
            Self::UnderVoltage => "under-voltage",
            Self::ReadOnlyDisk => "a disk gone read-only",
            Self::FailedUnit => "failed units",
        }
    }

    /// Whether a node is so; none if that can't be known now.
    pub(crate) fn holds(self, node: &NodeSnapshot) -> Option<bool> {
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
    pub(crate) fn words(self) -> (&'static str, &'static str) {
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// One cause at one node, while it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Why.
    pub cause: Cause,
    /// Where.
    pub node: NodeName,
    /// Since when.
    pub since: UnixMillis,
    /// The node's reasons then.
    pub words: String,
    /// How often it was told.
    pub told: usize,
    /// When it is told again; of no meaning before it was told.
    pub due: UnixMillis,
    /// Since when it seems to be over.
    pub over: Option<UnixMillis>,
    /// How often it began anew lately.
    #[serde(default)]
    pub again: u32,
}

impl Trouble {
    /// How long it must be over before that is believed.
    fn settle(&self) -> UnixMillis {
        (SETTLE << self.again.min(5)).min(AGAIN / 2)
    }

    fn is_over(&self, now: UnixMillis) -> bool {
        self.over.is_some_and(|over| now >= over + self.settle())
    }
}

/// The troubles of a fleet.
#[derive(Debug, Default)]
pub struct Watch {
    open: BTreeMap<(Cause, NodeName), Trouble>,
    /// When told troubles ended, and how often they had begun anew.
    ended: BTreeMap<(Cause, NodeName), (UnixMillis, u32)>,
}

impl Watch {
    /// Goes on with the troubles of before a restart.
    pub fn restore(&mut self, now: UnixMillis, troubles: impl IntoIterator<Item = Trouble>) {
        for mut trouble in troubles {
            trouble.due = trouble.due.max(now + RESTART);
            self.open.insert((trouble.cause, trouble.node.clone()), trouble);
        }
    }

    /// What lasts, or has not been over for long enough; the gravest cause first.
    pub fn open(&self) -> impl Iterator<Item = &Trouble> {
        self.open.values()
    }

    /// Takes in how a node is now. `words` are its reasons. Whether anything is new.
    pub fn hear(&mut self, now: UnixMillis, node: &NodeSnapshot, words: impl Fn() -> String) -> bool {
        // Help for what is made up would be a false alarm.
        if node.simulated {
            return false;
        }
        let mut news = false;
        for cause in Cause::ALL {
            let key = (cause, node.name.clone());
            match (cause.holds(node), self.open.get_mut(&key)) {
                (Some(true), Some(trouble)) => news |= trouble.over.take().is_some(),
                (Some(true), None) => {
                    let again = self
                        .ended
                        .get(&key)
                        .map_or(0, |(ended, again)| if now - ended < AGAIN { again + 1 } else { 0 });
                    let trouble = Trouble {
                        cause,
                        node: node.name.clone(),
                        since: now,
                        words: if cause == Cause::Crisis { words() } else { String::new() },
                        told: 0,
                        due: now,
                        over: None,
                        again,
                    };
                    self.open.insert(key, trouble);
                    news = true;
                }
                (Some(false), Some(trouble)) if trouble.over.is_none() => {
                    trouble.over = Some(now);
                    news = true;
                }
                (Some(false) | None, _) => {}
            }
        }
        news
    }

    /// Forgets the troubles of nodes that are none any more. Whether there were any.
    pub fn keep_only(&mut self, known: impl Fn(&NodeName) -> bool) -> bool {
        let before = self.open.len();
        self.open.retain(|(_, node), _| known(node));
        self.open.len() < before
    }

    /// What is to be told at `now`. Of nodes and causes for which `quiet` says
    /// so nothing is told: what lasts until the quiet ends is told then.
    pub fn due(&mut self, now: UnixMillis, quiet: impl Fn(&NodeName, Cause) -> bool) -> Vec<Call> {
        let mut calls = Vec::new();
        for cause in Cause::ALL {
            for state in [State::Began, State::Lasts, State::Over] {
                calls.extend(self.gather(now, cause, state, &quiet));
            }
        }
        let ended: Vec<_> = self
            .open
            .iter()
            .filter(|(_, trouble)| trouble.is_over(now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in ended {
            if let Some(trouble) = self.open.remove(&key)
                && trouble.told > 0
            {
                self.ended.insert(key, (now, trouble.again));
            }
        }
        self.ended.retain(|_, (ended, _)| now - *ended < AGAIN);
        calls
    }

    /// The troubles that one call tells of, if one is due.
    fn gather(
        &mut self,
        now: UnixMillis,
        cause: Cause,
        state: State,
        quiet: &impl Fn(&NodeName, Cause) -> bool,
    ) -> Option<Call> {
        // What a silent node said last is not said again as if it were so now.
        let stale: BTreeSet<NodeName> = match (state, cause) {
            (State::Lasts, cause) if cause != Cause::Silent => {
                let silent =
                    self.open.values().filter(|one| one.cause == Cause::Silent && one.over.is_none());
                silent.map(|one| one.node.clone()).collect()
            }
            _ => BTreeSet::new(),
        };
        let wanted = |trouble: &Trouble| {
            trouble.cause == cause
                && !quiet(&trouble.node, cause)
                && match state {
                    State::Began => trouble.told == 0 && trouble.over.is_none(),
                    State::Lasts => {
                        trouble.told > 0
                            && trouble.over.is_none()
                            && now >= trouble.due
                            && !stale.contains(&trouble.node)
                    }
                    State::Over => trouble.told > 0 && trouble.is_over(now),
                    State::Test => false,
                }
        };
        let of_call: Vec<&mut Trouble> = self.open.values_mut().filter(|trouble| wanted(trouble)).collect();
        let oldest = of_call.iter().map(|trouble| trouble.since).min()?;
        let newest = of_call.iter().map(|trouble| trouble.since).max()?;
        if state == State::Began && now < (newest + cause.gather()).min(oldest + GATHER_MOST) {
            return None;
        }
        let mut nodes = Vec::new();
        let mut words = Vec::new();
        for trouble in of_call {
            if !trouble.words.is_empty() && state != State::Over && words.len() < 20 {
                words.push(format!("{}: {}", trouble.node, trouble.words));
            }
            let pause = PAUSES.get(trouble.told).or(PAUSES.last()).copied().unwrap_or_default();
            trouble.told += 1;
            trouble.due = now + pause;
            nodes.push(trouble.node.clone());
        }
        let long = (state != State::Began).then(|| fleet::words::span((now - oldest).max(0).unsigned_abs()));
        let title = title(cause, state, &nodes, long.as_deref());
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
