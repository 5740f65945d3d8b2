//! What has been decided of one boot's frames: a contiguous mark, and a
//! bitmap above it.
//!
//! *Decided* means stored, a double, or refused for good: the node need not
//! say it again. The store's unique key is the truth; this is its cache.

use frames::{Ack, MAX_RUNS, Run};
use std::collections::VecDeque;

/// How far above the contiguous mark a sequence is still taken. The largest
/// spool sets it: 8 MiB on a node's disk at 70 bytes a frame are 120,000
/// frames, and live ones overtake them all.
pub const WINDOW: u32 = 131_072;

/// The most runs above the mark that the store keeps. What is cut off is
/// decided again after a restart, and the store finds it a double.
pub const MAX_KEPT_RUNS: usize = 64;

const BITS: u64 = u64::BITS as u64;

/// What becomes of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Never seen: it is decided from now on.
    New,
    /// Decided before.
    Double,
    /// Beyond the window, or numbered impossibly; it is not decided.
    Refused,
}

/// What has been decided of one boot.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Everything up to here is decided. A u64, so that sums can't overflow.
    through: u64,
    /// The sequence of the lowest bit of `words`: a multiple of 64, at most
    /// `through + 1`, and less than 64 below that.
    base: u64,
    /// One bit per sequence from `base`, none behind the highest decided one.
    words: VecDeque<u64>,
    /// How many bits above the mark are set.
    above: u32,
    /// Whether any frame came yet: what lay below the first is not ours to miss.
    begun: bool,
    /// Sequences that the mark was moved over without a decision.
    skipped: u64,
}

impl Marks {
    /// Marks as they were: `runs` lie above `through`, in any order.
    pub fn restore(through: u32, runs: &[Run]) -> Self {
        let mut marks = Self { begun: true, ..Self::default() };
        marks.move_to(u64::from(through));
        marks.skipped = 0;
        for run in runs {
            // A run is never longer than the window, whatever the record says.
            for sequence in (run.first..=run.last).take(WINDOW as usize) {
                marks.set(sequence);
            }
        }
        marks
    }

    /// Decides one frame. `oldest` is the lowest sequence that the node still
    /// holds: what lies below it will never come, and the mark moves over it.
    pub fn decide(&mut self, sequence: u32, oldest: u32) -> Decision {
        if sequence == 0 || oldest == 0 || oldest > sequence {
            return Decision::Refused;
        }
        let below = u64::from(oldest) - 1;
        if below > self.through {
            self.move_to(below);
        }
        self.begun = true;
        self.set(sequence)
    }

    /// Everything up to this sequence has been decided.
    pub fn through(&self) -> u32 {
        self.through as u32
    }

    /// Sequences that the node gave up, as far as this coordinator saw.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Whether this sequence has been decided.
    pub fn decided(&self, sequence: u32) -> bool {
        let sequence = u64::from(sequence);
        sequence <= self.through || self.bit(sequence)
    }

    /// The runs above the mark, lowest first.
    pub fn runs(&self) -> Runs<'_> {
        Runs { marks: self, next: self.through + 1 }
    }

    /// The acknowledgement: the mark, and the longest runs beyond it.
    pub fn ack(&self, boot: u32) -> Ack {
        let mut runs = heapless::Vec::<Run, MAX_RUNS>::new();
        for run in self.runs() {
            if let Err(run) = runs.push(run) {
                let shortest = runs.iter().enumerate().min_by_key(|(_, run)| run.last - run.first);
                if let Some((place, short)) = shortest
                    && run.last - run.first > short.last - short.first
                {
                    runs.remove(place);
                    // One was just taken out, so there is room.
                    let _ = runs.push(run);
                }
            }
        }
        Ack { boot, through: self.through(), runs }
    }

    /// Moves the mark up to `to`, and on over what is decided beyond it.
    fn move_to(&mut self, to: u64) {
        let mut known = 0;
        if self.above > 0 {
            // At most the window's words, and only while there are gaps.
            known = (self.through + 1..=to.min(self.highest())).filter(|s| self.bit(*s)).count() as u64;
        }
        if self.begun {
            self.skipped += to - self.through - known;
        }
        self.above -= known as u32;
        self.through = to;
        self.trim();
        self.advance();
    }

    /// Sets one bit, if it is in the window.
    fn set(&mut self, sequence: u32) -> Decision {
        let sequence = u64::from(sequence);
        if sequence <= self.through {
            return Decision::Double;
        }
        if sequence - self.through > u64::from(WINDOW) {
            return Decision::Refused;
        }
        if sequence == self.through + 1 && self.above == 0 {
            // The common case: in order, with nothing beyond.
            self.through = sequence;
            self.trim();
            return Decision::New;
        }
        let place = ((sequence - self.base) / BITS) as usize;
        if place >= self.words.len() {
            self.words.resize(place + 1, 0);
        }
        let Some(word) = self.words.get_mut(place) else { return Decision::Refused };
        let bit = 1 << (sequence % BITS);
        if *word & bit != 0 {
            return Decision::Double;
        }
        *word |= bit;
        self.above += 1;
        self.advance();
        Decision::New
    }

    /// Moves the mark over the decided run that follows it.
    fn advance(&mut self) {
        while self.above > 0 && self.bit(self.through + 1) {
            self.through += 1;
            self.above -= 1;
            if (self.through + 1).is_multiple_of(BITS) {
                self.trim();
            }
        }
        if self.above == 0 {
            self.trim();
        }
    }

    /// Lets go of the words below the mark.
    fn trim(&mut self) {
        let base = (self.through + 1) / BITS * BITS;
        if self.above == 0 {
            // Keep no room: a long outage would else be paid for ever.
            if self.words.capacity() > 16 {
                self.words = VecDeque::new();
            } else {
                self.words.clear();
            }
        } else {
            let gone = ((base - self.base) / BITS) as usize;
            self.words.drain(..gone.min(self.words.len()));
        }
        self.base = base;
    }

    fn bit(&self, sequence: u64) -> bool {
        let Some(offset) = sequence.checked_sub(self.base) else { return false };
        self.words.get((offset / BITS) as usize).is_some_and(|word| word & (1 << (offset % BITS)) != 0)
    }

    /// One below the first sequence that `words` has no room for.
    fn highest(&self) -> u64 {
        self.base + self.words.len() as u64 * BITS
    }

    /// The first sequence from `from` whose bit is as `set` says, within `words`.
    fn find(&self, from: u64, set: bool) -> Option<u64> {
        let offset = from.checked_sub(self.base)?;
        let mut place = (offset / BITS) as usize;
        let mut mask = u64::MAX << (offset % BITS);
        loop {
            let word = *self.words.get(place)?;
            let wanted = if set { word } else { !word };
            let hits = wanted & mask;
            if hits != 0 {
                return Some(self.base + place as u64 * BITS + u64::from(hits.trailing_zeros()));
            }
            place += 1;
            mask = u64::MAX;
        }
    }
}

/// The runs above a mark.
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    marks: &'a Marks,
    next: u64,
}

impl Iterator for Runs<'_> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        if self.marks.above == 0 {
            return None;
        }
        let first = self.marks.find(self.next, true)?;
        let end = self.marks.find(first, false).unwrap_or_else(|| self.marks.highest());
        self.next = end;
        Some(Run { first: first as u32, last: (end - 1) as u32 })
    }
}

#[cfg(test)]
mod tests;
