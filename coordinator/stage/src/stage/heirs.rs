//! Heirs: a new board under an old name remembers what the old one went through, and
//! a board under a new name is the same soul. A new card in the same board is a
//! resurrection, which the cast itself knows.

use super::Stage;
use crate::kept::Kept;
use crate::line::Note;
use serde_json::{Value, json};
use std::sync::Arc;
use store::Event;

/// Something was handed down.
const INHERITED: &str = "inherited";

impl Stage {
    /// Takes in that a node has another board, or another name.
    pub(super) fn inherit(&mut self, event: &Event) {
        let text = |key: &str| event.payload.get(key).and_then(Value::as_str).unwrap_or_default();
        let (node, from) = (text("node"), text("from"));
        match event.kind.as_str() {
            // Another board under its name, now or whenever one comes.
            "hardware_changed" | "forgotten" => self.hand_down(event, node, node),
            // A board that was known by another name, which is silent; or a person renamed it.
            INHERITED | "renamed" if event.source != SOURCE && from != node => {
                if let Some(own) = self.cast.own_of(from).map(|sheet| sheet.id.clone()) {
                    // The same soul: it remembers all of its own, and nothing is handed down.
                    Arc::make_mut(&mut self.cast).follow(&own, node);
                    if let Some(birth) = self.company.kept.born.get_mut(&own) {
                        node.clone_into(&mut birth.node);
                    }
                } else {
                    self.hand_down(event, from, node);
                }
            }
            _ => {}
        }
    }

    fn hand_down(&mut self, event: &Event, from: &str, to: &str) {
        let handed = self.company.kept.grown.hand_down(&self.cast, (from, to));
        // Of a node that is no more nobody has inherited yet.
        let Some((by, count)) = handed.filter(|_| event.kind != "forgotten") else { return };
        let name = self.cast.get(&by).map_or(by.as_str(), |sheet| sheet.name.as_str());
        let whose = if from == to { "the board before it".to_owned() } else { from.to_owned() };
        let plural = if count == 1 { "memory" } else { "memories" };
        let words = format!("{name} of {to} keeps {count} {plural} of {whose}.");
        let payload = json!({ "by": by, "node": to, "from": whose, "memories": count, "words": words });
        self.notes.push(Note { kind: INHERITED, payload, cause: Some(event.id) });
    }

    /// Whoever was born lives where its node is now.
    pub(super) fn follow(&mut self, kept: &Kept) {
        for (id, birth) in &kept.born {
            if self.cast.get(id).is_some_and(|sheet| sheet.node.as_deref() != Some(&birth.node)) {
                Arc::make_mut(&mut self.cast).follow(id, &birth.node);
            }
        }
    }
}

/// Who records what the stage wants recorded.
const SOURCE: &str = "stage";
