//! When the next pulse is.

use crate::stage::Millis;

/// Between two pulses at the least, however urgent it is.
const LEAST: Millis = 5 * 60_000;
/// What is urgent waits for what belongs to it: a power cut is many silences.
const GATHER: Millis = 20_000;

/// When pulses are. Time is handed in.
#[derive(Clone, Debug)]
pub struct Timing {
    every: Millis,
    last: Millis,
    urgent: Option<Millis>,
}

impl Timing {
    /// The first is one span after `now`.
    pub fn new(now: Millis, every: Millis) -> Self {
        Self { every, last: now, urgent: None }
    }

    /// Something urgent happened.
    pub fn urgent(&mut self, now: Millis) {
        self.urgent.get_or_insert(now);
    }

    /// When the next one is due.
    pub fn due(&self) -> Millis {
        let regular = self.last + self.every;
        self.urgent.map_or(regular, |since| regular.min((since + GATHER).max(self.last + LEAST)))
    }

    /// Whether what is due is so because it is urgent.
    pub fn is_urgent(&self) -> bool {
        self.urgent.is_some()
    }

    /// One was made.
    pub fn made(&mut self, now: Millis) {
        (self.last, self.urgent) = (now, None);
    }
}
