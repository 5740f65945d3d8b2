//! When the next pulse is.

use crate::stage::Millis;

/// Between two pulses at the least, however urgent it is.
const LEAST: Millis = 5 * 60_000;
/// What is urgent waits for what belongs to it (a power cut is many silences),
/// and for the minute to pass in which its node has had its line.
const GATHER: Millis = crate::stage::MINUTE;

/// When pulses are. Time is handed in.
#[derive(Clone, Debug)]
pub struct Timing {
    every: Millis,
    /// When the span began: with the last one, or at the start.
    since: Millis,
    /// Before this there is none, however urgent it is.
    earliest: Millis,
    urgent: Option<Millis>,
}

impl Timing {
    /// The first is one span after `now`.
    pub fn new(now: Millis, every: Millis) -> Self {
        Self { every, since: now, earliest: now, urgent: None }
    }

    /// Something urgent happened.
    pub fn urgent(&mut self, now: Millis) {
        self.urgent.get_or_insert(now);
    }

    /// When the next one is due.
    pub fn due(&self) -> Millis {
        let regular = self.since + self.every;
        self.urgent.map_or(regular, |since| regular.min((since + GATHER).max(self.earliest)))
    }

    /// Whether what is due is so because it is urgent.
    pub fn is_urgent(&self) -> bool {
        self.urgent.is_some()
    }

    /// One was made.
    pub fn made(&mut self, now: Millis) {
        (self.since, self.earliest, self.urgent) = (now, now + LEAST, None);
    }
}
