//! From probabilities to the mood that stands: what is likeliest, held against this
//! node's own threshold, and held steady.
//!
//! - Which of the two calm moods is the likelier is smoothed over two minutes: after work
//!   both may be about as likely for a while, and noise would turn one into the other.
//!   Trouble is trouble at once.
//! - *Trouble* is P(stressed) + P(crisis), smoothed over two minutes.
//! - Trouble at or above the node's own threshold, until it is well below it again, is
//!   at least stressed: a crisis, if that is the likelier of the two.
//! - A crisis below it, with no vital near any of the rules' limits, is stressed:
//!   on this node such readings have been seen before, and nobody died.
//! - Where the rules see a crisis (a kill, a disk error, a limit far behind) it is at
//!   least stressed, and a crisis if the model sees trouble and can think of one.
//! - Without a threshold (the first two days) the likeliest mood stands.

use super::model::likeliest;
use super::steady::Steady;
use super::threshold::{Threshold, smoothed};
use crate::Millis;
use frames::{MOODS, Mood};

/// What one node keeps to turn probabilities into moods.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    /// The node's own threshold.
    pub threshold: Threshold,
    /// P(bored) − P(happy), smoothed.
    leisure: Option<f32>,
    steady: Steady,
    alarmed: bool,
}

/// An alarm ends when trouble is below this share of the threshold.
const OVER: f32 = 0.6;

/// With the rules, a crisis of this probability is one.
const THINKABLE: f32 = 0.29;

/// What became of one sample's probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The mood that stands; none at the first sample.
    pub mood: Option<Mood>,
    /// Trouble, smoothed.
    pub trouble: f32,
}

impl Judge {
    /// Takes the probabilities of a sample, taken `at`, that speaks for `seconds`.
    /// `ruled` is what the rules say of it; none where they mean nothing.
    pub fn judge(
        &mut self,
        at: Millis,
        seconds: f32,
        probabilities: &[f32; MOODS],
        ruled: Option<Mood>,
    ) -> Judgement {
        let [_, _, stressed, crisis] = *probabilities;
        let trouble = self.threshold.observe((stressed + crisis).clamp(0.0, 1.0), seconds);
        let likely = self.likely(probabilities, seconds);
        let own = self.threshold.known();
        self.alarmed = own.is_some_and(|own| trouble >= own * if self.alarmed { OVER } else { 1.0 });
        let verdict = match own {
            Some(_) if self.alarmed => {
                likely.max(if crisis >= stressed { Mood::Crisis } else { Mood::Stressed })
            }
            Some(_) if likely == Mood::Crisis && ruled.is_none_or(|ruled| ruled < Mood::Stressed) => {
                Mood::Stressed
            }
            _ => likely,
        };
        let verdict = match ruled {
            Some(Mood::Crisis) if stressed + crisis > 0.5 && crisis > THINKABLE => Mood::Crisis,
            Some(Mood::Crisis) => verdict.max(Mood::Stressed),
            _ => verdict,
        };
        Judgement { mood: self.steady.feel(at, verdict), trouble }
    }

    /// What is likeliest: of the calm moods, which was the likelier of late.
    fn likely(&mut self, probabilities: &[f32; MOODS], seconds: f32) -> Mood {
        let [bored, happy, ..] = *probabilities;
        let leisure = smoothed(self.leisure, bored - happy, seconds);
        self.leisure = Some(leisure);
        match likeliest(probabilities) {
            Mood::Bored | Mood::Happy if leisure >= 0.0 => Mood::Bored,
            Mood::Bored | Mood::Happy => Mood::Happy,
            trouble => trouble,
        }
    }

    /// Takes a verdict that came without a model.
    pub fn ruled(&mut self, at: Millis, verdict: Mood) -> Option<Mood> {
        self.steady.feel(at, verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: [f32; MOODS] = [0.3, 0.65, 0.03, 0.02];
    const ODD: [f32; MOODS] = [0.1, 0.5, 0.15, 0.25];
    const TENSE: [f32; MOODS] = [0.0, 0.28, 0.4, 0.32];
    const WILD: [f32; MOODS] = [0.0, 0.1, 0.2, 0.7];

    /// Days of calm with an odd hour each, at 60 s.
    fn lived(days: u64, hour: &[f32; MOODS]) -> (Judge, Millis) {
        let mut judge = Judge::default();
        for minute in 0..days * 1_440 {
            let said = if minute % 1_440 < 60 { hour } else { &CALM };
            judge.judge(minute * 60_000, 60.0, said, None);
        }
        (judge, days * 86_400_000)
    }

    fn after(judge: &mut Judge, at: Millis, said: &[f32; MOODS], ruled: Option<Mood>) -> Option<Mood> {
        let mut mood = None;
        for step in 0..5 {
            mood = judge.judge(at + step * 60_000, 60.0, said, ruled).mood;
        }
        mood
    }

    #[test]
    fn without_a_past_the_likeliest_stands() {
        let mut judge = Judge::default();
        assert_eq!(after(&mut judge, 0, &ODD, None), Some(Mood::Happy));
        let mut judge = Judge::default();
        assert_eq!(after(&mut judge, 0, &WILD, None), Some(Mood::Crisis));
    }

    #[test]
    fn noise_between_the_calm_moods_turns_nothing_and_trouble_is_not_smoothed() {
        let mut judge = Judge::default();
        for place in 0..600 {
            // Two samples in a row each way: enough to be borne out, were they not smoothed.
            let bored = if place % 6 < 2 { 0.46 } else { 0.6 };
            let mood = judge.judge(place * 10_000, 10.0, &[bored, 1.0 - bored, 0.0, 0.0], None).mood;
            assert!(place < 30 || mood == Some(Mood::Bored), "at {place}");
        }
        assert_eq!(judge.judge(6_000_000, 10.0, &WILD, None).mood, Some(Mood::Crisis));
    }

    #[test]
    fn a_kill_is_never_calm_whatever_the_model_says() {
        let (mut judge, at) = lived(4, &CALM);
        assert_eq!(after(&mut judge, at, &CALM, Some(Mood::Crisis)), Some(Mood::Stressed));
        assert_eq!(after(&mut judge, at + 600_000, &TENSE, Some(Mood::Crisis)), Some(Mood::Crisis));
        let (mut judge, at) = lived(14, &TENSE);
        assert_eq!(after(&mut judge, at, &[0.0, 0.1, 0.8, 0.1], Some(Mood::Crisis)), Some(Mood::Stressed));
    }

    #[test]
    fn what_this_node_has_never_seen_is_an_alarm() {
        let (mut calm, at) = lived(4, &CALM);
        assert_eq!(after(&mut calm, at, &ODD, None), Some(Mood::Crisis));
        let (mut odd, at) = lived(4, &ODD);
        assert_eq!(after(&mut odd, at + 7_200_000, &CALM, None), Some(Mood::Happy));
    }

    #[test]
    fn what_it_has_seen_daily_is_none_unless_a_limit_is_near() {
        let (mut judge, at) = lived(14, &[0.0, 0.02, 0.2, 0.78]);
        let mut other = judge.clone();
        assert_eq!(after(&mut judge, at + 7_200_000, &WILD, Some(Mood::Happy)), Some(Mood::Stressed));
        assert_eq!(after(&mut other, at + 7_200_000, &WILD, Some(Mood::Stressed)), Some(Mood::Crisis));
    }
}
