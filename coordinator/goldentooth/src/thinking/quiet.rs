//! How quiet it has been, and whether somebody may be bored: then the stage has a
//! tale told, which is fiction and touches nothing.

use crate::live::Event;
use cast::boredom::Lately;
use cast::trope::Tropes;
use serde_json::Value;
use stage::pulse::{Scene, Stands};
use std::collections::VecDeque;
use std::path::Path;

/// The file of a fleet's own tropes, in the data folder.
pub(crate) const OWN: &str = "tropes.toml";
/// What counts as lately, in milliseconds.
const LATELY: u64 = 60 * 60 * 1_000;
/// Between two tales at the least, in milliseconds.
const BETWEEN: u64 = 6 * LATELY;
/// The most events that are remembered: any day with so many is full.
const REMEMBERED: usize = 256;

/// What an event is for how quiet it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Grave,
    Change,
    Signal,
    Asked,
}

/// What was heard lately, and what was told of it. Time is handed in, in
/// milliseconds of a monotonic clock.
#[derive(Debug)]
pub(crate) struct Quiet {
    threshold: f32,
    began: u64,
    heard: VecDeque<(u64, Heard)>,
    last: Option<u64>,
}

impl Quiet {
    /// Below `threshold` somebody is bored; 0 means never.
    pub(crate) fn new(now: u64, threshold: f32) -> Self {
        Self { threshold, began: now, heard: VecDeque::new(), last: None }
    }

    /// Notes an event.
    pub(crate) fn hear(&mut self, now: u64, event: &Event) {
        let Some(heard) = of(event) else { return };
        if self.heard.len() == REMEMBERED {
            self.heard.pop_front();
        }
        self.heard.push_back((now, heard));
    }

    /// How much goes on, 0 to 1, with so many in trouble and such a share at work.
    pub(crate) fn activity(&self, now: u64, troubles: usize, at_work: f32) -> f32 {
        let recent = self.heard.iter().filter(|(at, _)| now.saturating_sub(*at) <= LATELY);
        let mut lately = Lately { troubles: troubles as u32, at_work, ..Lately::default() };
        for (_, heard) in recent {
            *match heard {
                Heard::Grave => &mut lately.grave,
                Heard::Change => &mut lately.changes,
                Heard::Signal => &mut lately.signals,
                Heard::Asked => &mut lately.asked,
            } += 1;
        }
        lately.activity()
    }

    /// Whether it is quiet enough for boredom, has been listened to for long enough,
    /// and the last tale was not too short ago.
    pub(crate) fn is_bored(&self, now: u64, activity: f32) -> bool {
        let listened = now.saturating_sub(self.began) >= LATELY;
        let rested = self.last.is_none_or(|last| now.saturating_sub(last) >= BETWEEN);
        activity < self.threshold && listened && rested
    }

    /// A tale was told.
    pub(crate) fn rest(&mut self, now: u64) {
        self.last = Some(now);
    }
}

/// How many nodes, alerts and services are in trouble.
pub(super) fn troubles(scene: &Scene) -> usize {
    let nodes = scene.nodes.iter().filter(|node| node.stands != Stands::Well).count();
    nodes + scene.alerts.len() + scene.services.len()
}

fn of(event: &Event) -> Option<Heard> {
    let to = event.payload.get("to").and_then(Value::as_str);
    match (event.kind.as_str(), to) {
        ("silent", _) | ("mood_changed", Some("crisis")) => Some(Heard::Grave),
        ("mood_changed" | "returned" | "joined", _) => Some(Heard::Change),
        ("answered", _) => Some(Heard::Asked),
        (
            "service_changed" | "service_reported" | "alert_raised" | "alert_over" | "restarted"
            | "clock_changed",
            _,
        ) => Some(Heard::Signal),
        _ => None,
    }
}

/// The tropes that are built in, with the fleet's own out of the data folder. A
/// faulty file is named in the log, and left out.
pub(crate) fn tropes(folder: &Path) -> Tropes {
    let built_in = Tropes::built_in().unwrap_or_else(|error| {
        tracing::error!(%error, "the tropes that are built in can't be read");
        Tropes::default()
    });
    let file = folder.join(OWN);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return built_in,
        Err(error) => {
            tracing::error!(file = %file.display(), %error, "the fleet's own tropes can't be read");
            return built_in;
        }
    };
    built_in.clone().with(&file.display().to_string(), &text).unwrap_or_else(|error| {
        tracing::error!(%error, "the fleet's own tropes are left out");
        built_in
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use store::EventIds;

    fn event(kind: &str, payload: Value) -> Event {
        Event::new(&mut EventIds::after(None), 1, kind, "fleet", payload)
    }

    #[test]
    fn who_is_bored_waited_for_an_hour_and_waits_six() {
        let mut quiet = Quiet::new(0, 0.2);
        let look = |quiet: &Quiet, now: u64| quiet.is_bored(now, quiet.activity(now, 0, 0.0));
        assert!(!look(&quiet, LATELY - 1), "who has just come does not know that it is quiet");
        assert!(look(&quiet, LATELY));
        quiet.rest(LATELY);
        assert!(!look(&quiet, LATELY + BETWEEN - 1));
        quiet.hear(LATELY + BETWEEN, &event("mood_changed", json!({ "to": "crisis" })));
        assert!(!look(&quiet, 2 * LATELY + BETWEEN), "a crisis within the hour");
        assert!(look(&quiet, 2 * LATELY + BETWEEN + 1));
        assert!(!look(&Quiet::new(0, 0.0), LATELY), "with a threshold of 0");
    }

    #[test]
    fn what_happens_counts_and_what_is_said_does_not() {
        let mut quiet = Quiet::new(0, 0.2);
        for kind in ["says", "pulsed", "looked", "tale_began"] {
            quiet.hear(1, &event(kind, json!({})));
        }
        assert!(quiet.activity(2, 0, 0.0).abs() < f32::EPSILON);
        quiet.hear(3, &event("alert_raised", json!({})));
        quiet.hear(3, &event("answered", json!({})));
        assert!((quiet.activity(4, 0, 0.0) - 0.25).abs() < 1e-6);
        assert!(quiet.activity(4 + LATELY, 0, 0.0).abs() < f32::EPSILON, "after an hour it is past");
        for _ in 0..1_000 {
            quiet.hear(5, &event("joined", json!({})));
        }
        assert_eq!(quiet.heard.len(), REMEMBERED);
    }

    #[test]
    fn a_faulty_file_of_tropes_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let count = tropes(folder.path()).iter().count();
        std::fs::write(folder.path().join(OWN), "[[trope]]\nid = \"x\"").unwrap();
        assert_eq!(tropes(folder.path()).iter().count(), count);
        let own = "[[trope]]\nid = \"x\"\nname = \"X\"\nidea = \"X.\"\nroles = [\"a\", \"b\"]\n\
            beats = [\"{a} comes.\", \"{b} goes.\", \"Both wave.\"]";
        std::fs::write(folder.path().join(OWN), own).unwrap();
        assert_eq!(tropes(folder.path()).iter().count(), count + 1);
    }
}
