//! Stress that a person has given a name: as usual it is no line of anybody's,
//! and troubles nobody; how it differs is told.

use super::{Millis, Stage};
use fleet::Known;
use store::Event;

impl Stage {
    /// Whether a change of mood is a habit's that needs no line of its own: it is as
    /// usual, or what differs about it is told instead. What is grave is never one.
    pub(super) fn is_habit(&mut self, at: Millis, event: &Event) -> bool {
        let Some(habit) = event.payload.get("habit") else { return false };
        let Ok(Known { but, words, .. }) = serde_json::from_value::<Known>(habit.clone()) else {
            return false;
        };
        if but.is_none() {
            return true;
        }
        let grave = event.payload.get("to").and_then(serde_json::Value::as_str) == Some("crisis");
        if !grave && let Some(node) = event.node() {
            let says = format!("{node}: {words}.");
            self.announce_as(at, event, cast::Kind::Fact, &says);
        }
        !grave
    }
}
