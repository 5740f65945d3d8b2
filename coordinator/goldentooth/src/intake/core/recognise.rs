//! Stress that has a name: an event says so, and what differs is told.

use super::Core;
use crate::intake::Cause;
use fleet::{Change, News, Now};
use frames::NodeName;
use serde_json::json;
use store::Event;

impl Core {
    /// Adds to the event of a change of mood what a habit's name makes of it.
    pub(super) fn recognise(&self, now: Now, change: &Change, event: &mut Event) {
        let Some(known) = self.habits.hear(now.unix, change) else { return };
        event.payload["words"] = format!("{} It is {}.", change.sentence(), known.words).into();
        event.payload["habit"] = json!(known);
    }

    /// A new board under an old name goes on with its habits, as does one that takes the
    /// name of a node that was forgotten; a board under a new name goes on as it was.
    pub(super) fn hand_down(&mut self, now: Now, change: &Change, cause: Cause) {
        let gone = |node: &NodeName| self.fleet.node(node).is_none_or(fleet::Node::is_silent);
        let (node, from, names) = match change {
            Change::BoardRenamed { node, before, .. } if gone(before) => {
                (node, before.as_str(), self.habits.inherit(before, node))
            }
            Change::HardwareChanged { node, .. } => (node, "the board before it", self.habits.of(node)),
            Change::Joined { node, .. } => (node, "whoever had its name before", self.habits.of(node)),
            _ => return,
        };
        let moved = matches!(change, Change::BoardRenamed { .. });
        if names.is_empty() && !moved {
            return;
        }
        let words = if names.is_empty() {
            format!("{node} goes on as {from}: it is the same board.")
        } else {
            format!("{node} goes on with the habits of {from}: {}.", names.join(", "))
        };
        let payload = json!({ "node": node, "from": from, "habits": names, "words": words });
        self.note(now, !node.is_simulated(), ("inherited", "fleet"), Some(cause), payload);
    }

    /// What lasts too long, and what has not come.
    pub(super) fn look_at_habits(&mut self, now: Now) {
        let fleet = &self.fleet;
        let speaks = |node: &NodeName| fleet.node(node).is_some_and(|node| !node.is_silent());
        for News { kind, node, name, words } in self.habits.tick(now.unix, speaks) {
            let payload = json!({ "node": node, "habit": name, "words": words });
            self.note(now, !node.is_simulated(), (kind, "fleet"), None, payload);
        }
    }
}
