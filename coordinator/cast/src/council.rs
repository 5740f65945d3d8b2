//! A council: several eyes look at one node, and how they are divided says how
//! sure anybody may be.
//!
//! Each eye sees something else, so the calm of many is no answer to the alarm
//! of one: a disk that is full is full, however cool the machine. The count is
//! told in any case.

use crate::ask::Question;
use crate::eye::{Eye, Gaze, Verdict, View};
use serde::{Deserialize, Serialize};

/// How a question is answered: by how much it asks, and how things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sitting {
    /// One character answers.
    One,
    /// One answers, and tells what the eyes have found together.
    Consensus,
    /// Where the eyes disagree, one of each side speaks.
    Debate,
    /// In a crisis: one speaker, the next useful act first, then the count.
    Emergency,
}

impl Sitting {
    /// How a question about one node is answered.
    pub fn of(kind: Question, in_crisis: bool) -> Self {
        let sitting = match kind {
            Question::How | Question::Worst | Question::Trouble | Question::Usual => Self::Consensus,
            Question::Why | Question::Advice | Question::Council => Self::Debate,
            _ => Self::One,
        };
        if in_crisis && sitting != Self::One { Self::Emergency } else { sitting }
    }
}

/// What a council finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// No eye has what it looks at.
    Blind,
    /// Most see nothing that stands out, and none is alarmed.
    Calm,
    /// As many are uneasy as are calm.
    Undecided,
    /// More are uneasy than are calm, or one is alarmed.
    Trouble,
}

/// One who looks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seat {
    /// The character's sheet.
    pub by: String,
    /// How it looks.
    pub eye: Eye,
    /// What it sees.
    pub gaze: Gaze,
}

impl Seat {
    fn is_uneasy(&self) -> bool {
        self.gaze.verdict >= Verdict::Uneasy
    }
}

/// A council that has looked.
#[derive(Clone, Debug, PartialEq)]
pub struct Council {
    /// Everybody: who is most alarmed first, the blind last, equals by name.
    pub seats: Vec<Seat>,
    /// What follows from it.
    pub finding: Finding,
    /// How many see something that stands out.
    pub uneasy: usize,
    /// How many see nothing that does.
    pub calm: usize,
    /// How many lack what they look at, and have no vote.
    pub blind: usize,
}

impl Council {
    /// Has each of these look at the node.
    pub fn of<'a>(eyes: impl IntoIterator<Item = (&'a str, Eye)>, view: &View) -> Self {
        Self::count(
            eyes.into_iter().map(|(by, eye)| Seat { by: by.to_owned(), eye, gaze: eye.look(view) }).collect(),
        )
    }

    /// Counts what they have seen. The order of the seats makes no difference.
    pub fn count(mut seats: Vec<Seat>) -> Self {
        seats.sort_by(|one, other| {
            let much = other.gaze.much.total_cmp(&one.gaze.much);
            other.gaze.verdict.cmp(&one.gaze.verdict).then(much).then_with(|| one.by.cmp(&other.by))
        });
        let of = |verdict| seats.iter().filter(|seat| seat.gaze.verdict == verdict).count();
        let (blind, calm, alarmed) = (of(Verdict::Blind), of(Verdict::Calm), of(Verdict::Alarmed));
        let uneasy = of(Verdict::Uneasy) + alarmed;
        let finding = match uneasy.cmp(&calm) {
            _ if uneasy + calm == 0 => Finding::Blind,
            _ if alarmed > 0 => Finding::Trouble,
            std::cmp::Ordering::Greater => Finding::Trouble,
            std::cmp::Ordering::Equal => Finding::Undecided,
            std::cmp::Ordering::Less => Finding::Calm,
        };
        Self { seats, finding, uneasy, calm, blind }
    }

    /// The share of those who see anything that is of one mind, 0.5 to 1: how
    /// sure one may be. None where nobody sees.
    pub fn agreement(&self) -> Option<f64> {
        let seeing = self.uneasy + self.calm;
        (seeing > 0).then(|| self.uneasy.max(self.calm) as f64 / seeing as f64)
    }

    /// Who speaks for either side: the most alarmed, and of the calm the one that
    /// saw most and can show it. None where the eyes agree: then there is nothing
    /// to argue.
    pub fn sides(&self) -> Option<(&Seat, &Seat)> {
        let alarmed = self.seats.iter().find(|seat| seat.is_uneasy())?;
        let calm = self.seats.iter().filter(|seat| seat.gaze.verdict == Verdict::Calm);
        // Who leads the roll has seen the fleet, not this node.
        let mut shown = calm.filter(|seat| seat.gaze.value.is_some() && seat.eye != Eye::Roll);
        Some((alarmed, shown.next()?))
    }

    /// The seat of this character.
    pub fn seat(&self, by: &str) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.by == by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VERDICTS: [Verdict; 4] = [Verdict::Blind, Verdict::Calm, Verdict::Uneasy, Verdict::Alarmed];

    fn seat(number: usize, verdict: Verdict) -> Seat {
        let much = match verdict {
            Verdict::Blind => 0.0,
            Verdict::Calm => 0.2,
            Verdict::Uneasy => 1.2,
            Verdict::Alarmed => 2.5,
        };
        let known = verdict != Verdict::Blind;
        let gaze = Gaze {
            verdict,
            subject: known.then(|| "cpu".to_owned()),
            value: known.then_some(much),
            against: known.then_some(1.0),
            measure: "limit",
            much,
        };
        Seat { by: format!("who-{number:02}"), eye: Eye::Heat, gaze }
    }

    fn council(verdicts: &[Verdict]) -> Council {
        Council::count(verdicts.iter().enumerate().map(|(number, one)| seat(number, *one)).collect())
    }

    #[test]
    fn four_against_two_is_two_thirds() {
        use Verdict::{Blind, Calm, Uneasy};
        let council = council(&[Calm, Uneasy, Blind, Uneasy, Calm, Uneasy, Uneasy]);
        assert_eq!((council.uneasy, council.calm, council.blind), (4, 2, 1));
        assert_eq!(council.finding, Finding::Trouble);
        assert!((council.agreement().unwrap() - 2.0 / 3.0).abs() < 1e-9);
        let (for_it, against) = council.sides().unwrap();
        assert_eq!((for_it.by.as_str(), against.by.as_str()), ("who-01", "who-00"));
    }

    #[test]
    fn one_alarm_is_not_outvoted_and_the_blind_have_no_vote() {
        use Verdict::{Alarmed, Blind, Calm, Uneasy};
        assert_eq!(council(&[Calm, Calm, Calm, Calm, Alarmed]).finding, Finding::Trouble);
        assert_eq!(council(&[Calm, Calm, Uneasy]).finding, Finding::Calm);
        assert_eq!(council(&[Calm, Uneasy]).finding, Finding::Undecided);
        let blind = council(&[Blind, Blind]);
        assert_eq!((blind.finding, blind.agreement()), (Finding::Blind, None));
        assert!(council(&[Calm, Calm]).sides().is_none(), "who agree have nothing to argue");
    }

    #[test]
    fn a_question_gets_as_many_as_it_is_worth() {
        assert_eq!(Sitting::of(Question::Value, true), Sitting::One);
        assert_eq!(Sitting::of(Question::How, false), Sitting::Consensus);
        assert_eq!(Sitting::of(Question::Why, false), Sitting::Debate);
        assert_eq!(Sitting::of(Question::Why, true), Sitting::Emergency);
    }

    proptest! {
        /// Everybody is counted once, in whatever order they sit; and whoever
        /// becomes more alarmed never makes the council calmer.
        #[test]
        fn a_count_is_whole_and_monotonous(
            verdicts in prop::collection::vec(prop::sample::select(VERDICTS.to_vec()), 1..16),
            who in any::<prop::sample::Index>(),
            turned in any::<prop::sample::Index>(),
        ) {
            let one = council(&verdicts);
            prop_assert_eq!(one.uneasy + one.calm + one.blind, verdicts.len());
            let mut seats = one.seats.clone();
            let middle = turned.index(seats.len());
            seats.rotate_left(middle);
            prop_assert_eq!(&Council::count(seats), &one);
            if let Some(agreement) = one.agreement() {
                prop_assert!((0.5..=1.0).contains(&agreement));
            }
            let mut worse = verdicts.clone();
            let who = who.index(worse.len());
            if worse[who] != Verdict::Blind {
                worse[who] = Verdict::Alarmed;
                prop_assert!(council(&worse).finding >= one.finding);
            }
        }
    }
}
