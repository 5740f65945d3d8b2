//! A steady mood: it needs two samples to change, a crisis may come at once.
//!
//! - The first mood stands at the second sample, as that sample has it.
//! - A crisis stands at once.
//! - Any other change needs two samples in a row that disagree with the mood to
//!   the same side; of the two, the nearer to the mood is taken. So with one
//!   sample every 10 s a mood changes at most 3 times a minute, apart from the
//!   entry into a crisis, and a single odd sample changes nothing.

use frames::Mood;

/// Holds a mood steady.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steady {
    begun: bool,
    mood: Option<Mood>,
    /// What the last sample said, if it disagreed.
    doubt: Option<Mood>,
}

impl Steady {
    /// The mood that stands; none before the second sample.
    pub fn mood(&self) -> Option<Mood> {
        self.mood
    }

    /// Takes one sample's verdict and gives the mood that stands after it.
    pub fn feel(&mut self, verdict: Mood) -> Option<Mood> {
        let Some(mood) = self.mood else {
            self.mood = self.begun.then_some(verdict);
            self.begun = true;
            return self.mood;
        };
        if verdict == mood {
            self.doubt = None;
        } else if verdict == Mood::Crisis {
            (self.mood, self.doubt) = (Some(verdict), None);
        } else {
            match self.doubt {
                Some(doubt) if (doubt > mood) == (verdict > mood) => {
                    let nearer = if verdict > mood { doubt.min(verdict) } else { doubt.max(verdict) };
                    (self.mood, self.doubt) = (Some(nearer), None);
                }
                _ => self.doubt = Some(verdict),
            }
        }
        self.mood
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mood::{Bored, Crisis, Happy, Stressed};
    use proptest::prelude::*;

    fn felt(verdicts: &[Mood]) -> Vec<Option<Mood>> {
        let mut steady = Steady::default();
        verdicts.iter().map(|verdict| steady.feel(*verdict)).collect()
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
    fn a_crisis_comes_at_once_and_goes_after_two() {
        assert_eq!(
            felt(&[Happy, Happy, Crisis, Happy, Stressed, Stressed])[2..],
            [Some(Crisis), Some(Crisis), Some(Stressed), Some(Stressed)]
        );
    }

    #[test]
    fn disagreement_to_both_sides_changes_nothing() {
        assert_eq!(felt(&[Happy, Happy, Bored, Stressed, Bored, Stressed]).last(), Some(&Some(Happy)));
    }

    proptest! {
        #[test]
        fn a_change_is_confirmed_or_a_crisis(places in proptest::collection::vec(0_usize..4, 2..200)) {
            let verdicts: Vec<Mood> = places.into_iter().map(|place| Mood::ALL[place]).collect();
            let moods = felt(&verdicts);
            prop_assert!(moods[0].is_none() && moods[1..].iter().all(Option::is_some));
            for place in 2..moods.len() {
                if moods[place] != moods[place - 1] && moods[place] != Some(Crisis) {
                    // Both of the last two samples disagreed with the old mood.
                    prop_assert!(Some(verdicts[place]) != moods[place - 1]);
                    prop_assert!(Some(verdicts[place - 1]) != moods[place - 1]);
                    // And the change before was not at the last sample.
                    prop_assert!(place < 3 || moods[place - 1] == moods[place - 2]);
                }
            }
        }
    }
}
