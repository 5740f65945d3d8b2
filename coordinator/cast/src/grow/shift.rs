//! A change for a time: it has a cause, and decays towards nothing.

use super::table::Why;
use crate::fact::UnixMillis;
use serde::{Deserialize, Serialize};

/// The most changes of one nature, or of one tie, at a time.
pub const MOST: usize = 24;
/// How far all changes of one trait or strand move it together, in thousandths.
pub const REACH: i32 = 500;

/// A change of a trait or of a strand, that begins whole and is gone at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift<W> {
    /// What it moves.
    pub of: W,
    /// By how much when it begins, in thousandths.
    pub by: i16,
    /// Why.
    pub why: Why,
    /// Whom it is about, a node or another character; empty for none.
    #[serde(default)]
    pub about: String,
    /// The event that caused it; empty where time alone did.
    #[serde(default)]
    pub event: String,
    /// When it begins.
    pub begun: UnixMillis,
    /// When nothing is left of it.
    pub ends: UnixMillis,
}

impl<W> Shift<W> {
    /// What is left of it, in thousandths: it goes in a straight line.
    pub fn left(&self, now: UnixMillis) -> i32 {
        let span = self.ends.saturating_sub(self.begun).max(1);
        let rest = self.ends.saturating_sub(now).clamp(0, span);
        i32::try_from(i64::from(self.by).saturating_mul(rest) / span).unwrap_or(0)
    }
}

/// All changes of one nature or tie. What is left of each is computed when it
/// is read: nothing rewrites them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shifts<W>(Vec<Shift<W>>);

impl<W> Default for Shifts<W> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<W: Copy + PartialEq> Shifts<W> {
    /// Adds a change; one for the same cause that is not yet gone is renewed, and
    /// grows with it up to `most` thousandths. Where all places are taken, the
    /// weakest makes room. False if that is as good as nothing new.
    pub fn add(&mut self, shift: Shift<W>, most: u16) -> bool {
        let now = shift.begun;
        let same = |old: &Shift<W>| old.of == shift.of && old.why == shift.why;
        let before: i32 = self.0.iter().filter(|old| same(old)).map(|old| old.left(now)).sum();
        let most = i32::from(most).min(REACH);
        let by = (before + i32::from(shift.by)).clamp(-most, most);
        // Within a tenth of what it was: not worth a word.
        if by == 0 || (by.signum() == before.signum() && (by.abs() - before.abs()) * 10 < by.abs()) {
            return false;
        }
        self.0.retain(|old| old.left(now) != 0 && !same(old));
        if self.0.len() >= MOST {
            let strength = |place: &usize| self.0.get(*place).map(|old| old.left(now).abs());
            if let Some(weakest) = (0..self.0.len()).min_by_key(strength) {
                self.0.remove(weakest);
            }
        }
        self.0.push(Shift { by: i16::try_from(by).unwrap_or(0), ..shift });
        true
    }

    /// By how much something is moved now, in thousandths.
    pub fn of(&self, what: W, now: UnixMillis) -> i16 {
        let left = self.0.iter().filter(|shift| shift.of == what).map(|shift| shift.left(now));
        i16::try_from(left.sum::<i32>().clamp(-REACH, REACH)).unwrap_or(0)
    }

    /// The changes of which anything is left, the newest first.
    pub fn lasting(&self, now: UnixMillis) -> impl Iterator<Item = &Shift<W>> {
        self.0.iter().rev().filter(move |shift| shift.left(now) != 0)
    }

    /// How many are held, those that are gone included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trait;
    use proptest::prelude::*;

    const HOUR: UnixMillis = 3_600_000;

    fn shift(of: Trait, by: i16, why: Why, begun: UnixMillis) -> Shift<Trait> {
        let ends = begun + 10 * HOUR;
        Shift { of, by, why, about: String::new(), event: String::new(), begun, ends }
    }

    #[test]
    fn it_goes_in_a_straight_line_whenever_it_is_read() {
        let one = shift(Trait::Paranoia, 400, Why::Threat, 0);
        assert_eq!([0, 5, 10, 99].map(|hour| one.left(hour * HOUR)), [400, 200, 0, 0]);
        assert_eq!(one.left(-HOUR), 400, "a clock that was set back makes it no larger");
    }

    #[test]
    fn the_same_cause_again_renews_and_does_not_pile_up() {
        let mut all = Shifts::default();
        assert!(all.add(shift(Trait::Aggression, 200, Why::Incident, 0), 200));
        assert!(!all.add(shift(Trait::Aggression, 200, Why::Incident, HOUR / 10), 200), "nothing new");
        assert!(all.add(shift(Trait::Aggression, 200, Why::Incident, 5 * HOUR), 200));
        assert_eq!((all.of(Trait::Aggression, 5 * HOUR), all.len()), (200, 1));
        assert!(all.add(shift(Trait::Aggression, 100, Why::Strain, 5 * HOUR), 100));
        assert_eq!(all.of(Trait::Aggression, 5 * HOUR), 300, "two causes are two");
        // What may grow grows to its most.
        for minute in 0..60 {
            all.add(shift(Trait::Social, 50, Why::Asked, minute * 60_000), 300);
        }
        assert!((270..=300).contains(&all.of(Trait::Social, HOUR)), "{}", all.of(Trait::Social, HOUR));
    }

    proptest! {
        #[test]
        fn bounded_in_number_and_reach_and_gone_in_the_end(
            given in prop::collection::vec((0..16_usize, -1_000..1_000_i16, 0..8_usize, 0..1_000_000_i64), 0..120),
            at in -1_000_000..100_000_000_i64,
        ) {
            let whys = [Why::Strain, Why::Incident, Why::Success, Why::Threat, Why::Stability, Why::Failures, Why::Asked, Why::Neglect];
            let mut all = Shifts::default();
            for (which, by, why, begun) in given {
                all.add(shift(Trait::ALL[which], by, whys[why], begun), by.unsigned_abs());
                prop_assert!(all.len() <= MOST);
            }
            for which in Trait::ALL {
                prop_assert!(i32::from(all.of(*which, at)).abs() <= REACH);
                prop_assert_eq!(all.of(*which, 1_000_000 + 10 * HOUR), 0, "towards the sheet");
            }
        }

        #[test]
        fn what_is_left_of_one_never_grows(by in -1_000..=1_000_i16, first in 0..40_000_000_i64, later in 0..40_000_000_i64) {
            let one = shift(Trait::Humor, by, Why::Strain, 0);
            let (first, later) = (first.min(later), first.max(later));
            prop_assert!(one.left(first).abs() >= one.left(later).abs());
        }
    }
}
