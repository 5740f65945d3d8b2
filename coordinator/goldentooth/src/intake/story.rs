//! From changes to events: each gets an id, and what belongs together gets
//! one correlation.

use super::Cause;
use fleet::{Change, Correlation, Story, UnixMillis};
use serde_json::Value;
use std::collections::HashMap;
use store::{Event, EventIds, Uuid};

/// The most open stories: three of each node of a large fleet. Beyond it new
/// ones stand alone.
const MOST_OPEN: usize = 40_000;

/// Who says so.
const SOURCE: &str = "fleet";

/// Turns changes into events.
#[derive(Debug)]
pub(super) struct Chronicle {
    ids: EventIds,
    /// Each open story's correlation, and its newest event.
    open: HashMap<Story, (Uuid, Uuid)>,
}

impl Chronicle {
    pub(super) fn new(ids: EventIds) -> Self {
        Self { ids, open: HashMap::new() }
    }

    /// The events of changes that were found together, in their order.
    pub(super) fn tell(&mut self, at: UnixMillis, changes: &[Change]) -> Vec<Event> {
        let mut together: Option<Uuid> = None;
        let mut events = Vec::with_capacity(changes.len());
        for change in changes {
            let mut event = Event::new(&mut self.ids, at, change.kind(), SOURCE, payload(change));
            match change.correlation() {
                Correlation::Own => event.correlation = *together.get_or_insert(event.id),
                Correlation::Opens(story) => {
                    if let Some((correlation, newest)) = self.open.get_mut(&story) {
                        event.correlation = *correlation;
                        event.causation = Some(*newest);
                        *newest = event.id;
                    } else if self.open.len() < MOST_OPEN {
                        self.open.insert(story, (event.id, event.id));
                    }
                }
                Correlation::Closes(story) => {
                    if let Some((correlation, newest)) = self.open.remove(&story) {
                        event.correlation = correlation;
                        event.causation = Some(newest);
                    }
                }
            }
            events.push(event);
        }
        events
    }

    /// An id that is newer than those of all events before.
    pub(super) fn next(&mut self, at: UnixMillis) -> Uuid {
        self.ids.next(at)
    }

    /// An event that is no change of a node's.
    pub(super) fn note(&mut self, at: UnixMillis, kind: &str, source: &str, payload: Value) -> Event {
        Event::new(&mut self.ids, at, kind, source, payload)
    }

    /// An event that follows from another, which may be long past.
    pub(super) fn follow(
        &mut self,
        at: UnixMillis,
        cause: Cause,
        kind: &str,
        source: &str,
        payload: Value,
    ) -> Event {
        let mut event = Event::new(&mut self.ids, at, kind, source, payload);
        event.causation = Some(cause.id);
        event.correlation = cause.correlation;
        event
    }
}

/// The change's own facts, and the sentence that tells them.
fn payload(change: &Change) -> Value {
    // A change is plain data: it always has a JSON form.
    let mut payload = serde_json::to_value(change).unwrap_or_default();
    if let Some(object) = payload.as_object_mut() {
        object.remove("kind");
        object.insert("words".to_owned(), change.sentence().into());
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::SilentReason;

    fn silent(node: &str) -> Change {
        Change::Silent {
            node: node.parse().unwrap(),
            reason: SilentReason::Missed,
            last_seen: None,
            interval: 10_000,
        }
    }

    fn returned(node: &str) -> Change {
        Change::Returned { node: node.parse().unwrap(), silent_for: None }
    }

    #[test]
    fn a_silence_and_its_end_are_one_story() {
        let mut chronicle = Chronicle::new(EventIds::after(None));
        let first = chronicle.tell(1, &[silent("a")]).remove(0);
        let other = chronicle.tell(2, &[silent("b")]).remove(0);
        let last = chronicle.tell(3, &[returned("a")]).remove(0);
        assert_eq!((last.correlation, last.causation), (first.id, Some(first.id)));
        assert_ne!(other.correlation, first.correlation);
        assert_eq!(first.node(), Some("a"));
        assert!(first.payload["words"].as_str().unwrap().starts_with("a is silent"));
        let again = chronicle.tell(4, &[silent("a")]).remove(0);
        assert_eq!(again.correlation, again.id, "a new silence is a new story");
    }

    #[test]
    fn what_is_found_together_shares_its_correlation() {
        let mut chronicle = Chronicle::new(EventIds::after(None));
        let node: frames::NodeName = "a".parse().unwrap();
        let joined = Change::Joined { node: node.clone(), simulated: false };
        let applied = Change::SettingsApplied { node, version: 3 };
        let events = chronicle.tell(1, &[joined, applied]);
        assert_eq!(events[0].correlation, events[1].correlation);
        assert!(events[0].id < events[1].id);
    }
}
