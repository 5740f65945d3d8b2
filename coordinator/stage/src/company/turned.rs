//! What is declined is counted with its cause until it is told.

use super::{Company, Matter};
use crate::stage::Millis;
use cast::life::{Cycle, Declined, Why};

/// The most causes of declining that are kept until they are told.
const CAUSES: usize = 64;

/// What was declined is told at most so often.
const TELLING: Millis = 10_000;

/// Messages that were declined for one cause: recorded, so that nothing
/// vanishes without a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Who declined them; empty for everybody.
    pub by: String,
    /// Why.
    pub why: Why,
    /// How many.
    pub count: u32,
    /// The room of the first: a node's name, or a person's conversation.
    pub room: String,
    /// The event that the first was about, if it was one.
    pub event: Option<String>,
    /// Of a wait that would have gone round in a circle: who would wait for whom.
    pub path: Vec<String>,
}

impl Company {
    /// A message was declined: it is counted with its cause until it is told.
    pub(crate) fn lose(&mut self, by: &str, declined: Declined<Matter>) {
        let Declined { message, why } = declined;
        let event = match &message.matter {
            Matter::Fact(fact) => Some(fact.event.clone()),
            Matter::Asked(_) => None,
        };
        self.turn(by, why, &message.room, event);
    }

    /// Counts something that was declined.
    pub(crate) fn turn(&mut self, by: &str, why: Why, room: &str, event: Option<String>) {
        let key = (by.to_owned(), why);
        if self.turned.len() >= CAUSES && !self.turned.contains_key(&key) {
            return;
        }
        let first =
            || Turned { by: by.to_owned(), why, count: 0, room: room.to_owned(), event, path: Vec::new() };
        self.turned.entry(key).or_insert_with(first).count += 1;
    }

    /// Counts a wait that is refused, since it would have gone round in a circle.
    pub(super) fn refuse(&mut self, by: &str, Cycle(path): Cycle, room: &str) {
        self.turn(by, Why::Cycle, room, None);
        if let Some(turned) = self.turned.get_mut(&(by.to_owned(), Why::Cycle)) {
            turned.path = path;
        }
    }

    /// What was declined since it was told last. The first of a cause is told at
    /// once, the others together.
    pub(crate) fn turned(&mut self, now: Millis) -> Vec<Turned> {
        if self.turned.is_empty() || self.told.is_some_and(|told| now.saturating_sub(told) < TELLING) {
            return Vec::new();
        }
        self.told = Some(now);
        std::mem::take(&mut self.turned).into_values().collect()
    }
}
