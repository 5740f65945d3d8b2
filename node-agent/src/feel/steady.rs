//! A steady mood: it stands for two minutes at least, and a crisis comes at once.
//!
//! - The first mood stands at the second sample, as that sample has it.
//! - A crisis stands at once.
//! - Any other change needs two samples in a row that disagree with the mood to the
//!   same side, of which the nearer to the mood is taken; and the mood must have
//!   stood for [`LEAST`].
//!
//! So whatever comes in, a mood changes at most 60 times an hour (into a crisis and
//! out of it every two minutes), and a single odd sample changes nothing but by a
//! crisis.

use crate::Millis;
use frames::Mood;

/// The least time that a mood stands, unless a crisis comes.
pub const LEAST: Millis = 120_000;

/// Holds a mood steady.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steady {
    begun: bool,
    mood: Option<Mood>,
    /// Since when the mood stands.
    since: Millis,
    /// What the last sample said, if it disagreed.
    doubt: Option<Mood>,
}

impl Steady {
    /// The mood that stands; none before the second sample.
    pub fn mood(&self) -> Option<Mood> {
        self.mood
    }

    /// Takes the verdict on a sample, taken `at`, and gives the mood that stands after it.
    pub fn feel(&mut self, at: Millis, verdict: Mood) -> Option<Mood> {
        let Some(mood) = self.mood else {
            // The first mood may be wrong: it has not to be borne for long.
            if self.begun {
                (self.mood, self.since) = (Some(verdict), at.saturating_sub(LEAST));
            }
            self.begun = true;
            return self.mood;
        };
        // A clock that went back began anew.
        self.since = self.since.min(at);
        let stood = at - self.since >= LEAST;
        if verdict == mood {
            self.doubt = None;
        } else if verdict == Mood::Crisis {
            self.change(at, verdict);
        } else {
            match self.doubt {
                Some(doubt) if stood && (doubt > mood) == (verdict > mood) => {
                    let nearer = if verdict > mood { doubt.min(verdict) } else { doubt.max(verdict) };
                    self.change(at, nearer);
                }
                _ => self.doubt = Some(verdict),
            }
        }
        self.mood
    }

    fn change(&mut self, at: Millis, mood: Mood) {
        (self.mood, self.since, self.doubt) = (Some(mood), at, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mood::{Bored, Crisis, Happy, Stressed};
    use proptest::prelude::*;

    /// At one sample a minute.
    fn felt(verdicts: &[Mood]) -> Vec<Option<Mood>> {
        let mut steady = Steady::default();
        verdicts
            .iter()
            .enumerate()
            .map(|(place, verdict)| steady.feel(place as u64 * 60_000, *verdict))
            .collect()
    }

    #[test]
    fn the_first_mood_stands_at_the_second_sample() {
        assert_eq!(felt(&[Bored, Happy]), [None, Some(Happy)]);
        assert_eq!(felt(&[Crisis, Crisis]), [None, Some(Crisis)]);
    }

    #[test]
    fn one_odd_sample_changes_nothing_and_two_do() {
        assert_eq!(
            felt(&[Happy, Happy, Stressed, Happy, Stressed, Stressed])[2..],
            [Some(Happy), Some(Happy), Some(Happy), Some(Stressed)]
        );
    }

    #[test]
    fn a_crisis_comes_at_once_and_stands_for_two_minutes() {
        assert_eq!(
            felt(&[Happy, Happy, Crisis, Happy, Stressed, Stressed])[2..],
            [Some(Crisis), Some(Crisis), Some(Stressed), Some(Stressed)]
        );
        let mut steady = Steady::default();
        for (at, verdict, mood) in [(0, Happy, None), (10, Happy, Some(Happy)), (20, Crisis, Some(Crisis))] {
            assert_eq!(steady.feel(at * 1_000, verdict), mood);
        }
        for at in 3..14 {
            assert_eq!(steady.feel(at * 10_000, Happy), Some(Crisis), "after {} s", at * 10 - 20);
        }
        assert_eq!(steady.feel(140_000, Happy), Some(Happy));
    }

    #[test]
    fn disagreement_to_both_sides_changes_nothing() {
        assert_eq!(felt(&[Happy, Happy, Bored, Stressed, Bored, Stressed]).last(), Some(&Some(Happy)));
    }

    proptest! {
        /// The bound that is stated above, for noise of any kind.
        #[test]
        fn at_most_sixty_changes_an_hour(
            places in proptest::collection::vec(0_usize..4, 360..1_200),
            step in 1_000_u64..60_000,
        ) {
            let mut steady = Steady::default();
            let mut changes: Vec<u64> = Vec::new();
            let mut last = None;
            for (place, mood) in places.into_iter().enumerate() {
                let at = place as u64 * step;
                let stands = steady.feel(at, Mood::ALL[mood]);
                if last.is_some() && stands != last {
                    // Every change is into a crisis or from a mood that has stood.
                    changes.push(at);
                }
                last = stands;
                let hour = changes.iter().filter(|change| at - **change < 3_600_000).count();
                prop_assert!(hour <= 61, "{hour} changes");
            }
        }
    }
}
