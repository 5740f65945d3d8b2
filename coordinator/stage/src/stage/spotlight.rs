//! What waits to be said about one node.

use super::Millis;
use crate::second::Second;
use cast::{Fact, Occasion, Signal};
use store::Uuid;

/// What is going on about one node. Forgotten when its minute is over and
/// nothing waits, so that only speakers of the last minute are held; small, for a
/// fleet that starts speaks all at once, and mostly nothing waits.
#[derive(Debug, Default)]
pub(super) struct Spotlight {
    /// Until when nothing more may be said; none if nothing was.
    pub(super) closed: Option<Millis>,
    /// Its latest mood that nobody has spoken of.
    pub(super) mood: Option<Box<Waiting>>,
    /// Its latest coming or going that nobody has spoken of.
    pub(super) presence: Option<Box<Waiting>>,
    /// Its latest signal that nobody has spoken of.
    pub(super) signal: Option<Box<Waiting>>,
    /// What another has to add, if nothing newer happens before.
    pub(super) second: Option<Box<Second>>,
    /// When its turn is, as in [`Stage::turns`].
    pub(super) turn: Option<Millis>,
}

#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) fact: Fact,
    /// What the event says in plain words.
    pub(crate) plain: String,
    pub(crate) signals: Vec<Signal>,
    pub(crate) event: Uuid,
    pub(crate) heard: Millis,
    pub(crate) due: Millis,
}

impl Spotlight {
    /// Takes what is to be said next, of what is due.
    pub(super) fn next(&mut self, at: Millis) -> Option<Waiting> {
        let rank = |waiting: &Option<Box<Waiting>>| {
            let due = waiting.as_ref().filter(|waiting| waiting.due <= at)?;
            // The urgent first, then what was heard first.
            Some((!due.fact.occasion.is_urgent(), due.fact.occasion == Occasion::Signal, due.heard))
        };
        let ranks = [rank(&self.mood), rank(&self.presence), rank(&self.signal)];
        let first = ranks.into_iter().enumerate().filter_map(|(place, rank)| Some((rank?, place))).min()?;
        let taken = match first.1 {
            0 => self.mood.take(),
            1 => self.presence.take(),
            _ => self.signal.take(),
        };
        taken.map(|waiting| *waiting)
    }

    /// Puts back what nobody was ready for, unless something newer came.
    pub(super) fn put_back(&mut self, waiting: Waiting) {
        let place = match waiting.fact.occasion {
            Occasion::Joined | Occasion::Silent | Occasion::Returned => &mut self.presence,
            Occasion::Signal => &mut self.signal,
            _ => &mut self.mood,
        };
        place.get_or_insert_with(|| Box::new(waiting));
    }

    pub(super) fn earliest(&self) -> Option<Millis> {
        let second = self.second.as_ref().map(|second| &second.waiting);
        [&self.mood, &self.presence, &self.signal]
            .into_iter()
            .flatten()
            .map(Box::as_ref)
            .chain(second)
            .map(|waiting| waiting.due)
            .min()
    }
}
