//! Drills on stage: what one found is remembered, and held against what happens
//! when it really does.

use super::Stage;
use crate::kept::Drilled;
use crate::line::Note;
use cast::{Fact, Occasion, UnixMillis};
use fleet::drill::Finding;
use fleet::words::span;
use serde_json::{Value, json};
use store::Event;

/// The kind of the event that records a drill.
pub const DRILL: &str = "drill";
/// And of the one that holds it against what happened.
pub const COMPARED: &str = "drill_compared";
/// Of so many nodes the last drill is remembered.
const REMEMBERED: usize = 64;

impl Stage {
    /// Remembers what a drill found.
    pub(super) fn drill_heard(&mut self, event: &Event) {
        let Some(node) = event.node().filter(|_| event.kind == DRILL) else { return };
        let found = event.payload.get("findings").cloned().unwrap_or_default();
        let Ok(found) = serde_json::from_value::<Vec<Finding>>(found) else { return };
        let missed_after = event.payload.get("missed_after").and_then(Value::as_u64).unwrap_or_default();
        let drills = &mut self.company.kept.drills;
        if drills.len() >= REMEMBERED && !drills.contains_key(node) {
            let oldest = drills.iter().min_by_key(|(_, drilled)| drilled.at).map(|(node, _)| node.clone());
            oldest.and_then(|oldest| drills.remove(&oldest));
        }
        let found = found.into_iter().map(|finding| finding.words).collect();
        drills.insert(
            node.to_owned(),
            Drilled { event: event.id.to_string(), at: event.at, found, missed_after },
        );
    }

    /// Holds a silence against the drill of it, if there was one.
    pub(super) fn compare(&mut self, event: &Event, fact: &Fact) {
        if fact.occasion != Occasion::Silent {
            return;
        }
        let Some(drilled) = self.company.kept.drills.get(&fact.node) else { return };
        let since = |at: UnixMillis| span(u64::try_from(event.at.saturating_sub(at)).unwrap_or_default());
        let unheard = fact.unheard.as_ref().map(|unheard| {
            format!(" It was missed after {}; the drill said {}.", unheard.text, span(drilled.missed_after))
        });
        let told = format!(
            "{} fell silent, as in the drill {} ago.{} The drill found: {}.",
            fact.node,
            since(drilled.at),
            unheard.unwrap_or_default(),
            drilled.found.join("; ")
        );
        let payload = json!({ "node": fact.node, "drill": drilled.event, "words": told, "says": told });
        self.notes.push(Note { kind: COMPARED, payload, cause: Some(event.id) });
    }
}
