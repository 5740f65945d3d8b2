//! What rises and falls together, and whether what is needed is well.

use super::{Gaze, View, apart, found};

/// So many vitals that go together are a pattern.
const PATTERN: f64 = 3.0;
/// A vital that is off its usual, or moved within its course, by more than this share.
const FAR: f64 = 0.25;
/// From this correlation on two courses go together.
const ALIKE: f64 = 0.8;
/// A shorter course shows nothing.
const STEPS: usize = 6;

/// A service that what runs on a node needs, directly or through others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What it is called.
    pub service: String,
    /// Whether it is in trouble.
    pub ill: bool,
}

/// A vital with its value and its usual one.
type Off<'a> = (&'a str, f64, f64);

impl View {
    /// What is needed, and what goes together; none where neither is known.
    pub(super) fn together(&self) -> Option<Vec<Gaze>> {
        let all: Vec<Gaze> = [self.needed(), self.pattern()].into_iter().flatten().collect();
        (!all.is_empty()).then_some(all)
    }

    /// One needed service in trouble is reason for unease, two for alarm.
    fn needed(&self) -> Option<Gaze> {
        let ill = self.needs.iter().filter(|need| need.ill);
        let subject = ill.clone().next().or_else(|| self.needs.first())?;
        let ill = ill.count() as f64;
        Some(found(&subject.service, ill, self.needs.len() as f64, NEEDS, ill))
    }

    /// The most vitals that are off their usual and go together.
    fn pattern(&self) -> Option<Gaze> {
        let known: Vec<Off<'_>> = self
            .usual
            .iter()
            .filter_map(|(name, usual)| Some((name.as_str(), *self.now.get(name)?, *usual)))
            .collect();
        let off: Vec<Off<'_>> =
            known.iter().copied().filter(|(name, value, usual)| apart(name, *value, *usual) > FAR).collect();
        let company = |lead: &Off<'_>| off.iter().filter(|other| self.go_together(lead, other)).count();
        // Of equals the one that is named first.
        let lead = off.iter().map(|lead| (company(lead), *lead));
        let lead = lead.reduce(|most, one| if one.0 > most.0 { one } else { most });
        let (side, (name, value, usual)) = match lead {
            Some(lead) => lead,
            None => (0, *known.first()?),
        };
        Some(found(name, value, usual, "usual", side as f64 / PATTERN))
    }

    /// Whether two rose and fell together; where that can't be seen, whether
    /// they left their usual to the same side.
    fn go_together(&self, one: &Off<'_>, other: &Off<'_>) -> bool {
        match (self.moved(one.0), self.moved(other.0)) {
            (Some(these), Some(those)) => correlation(these, those) >= ALIKE,
            _ => (one.1 > one.2) == (other.1 > other.2),
        }
    }

    /// A vital's course, if it is long enough and went anywhere.
    fn moved(&self, name: &str) -> Option<&[f64]> {
        let course = self.course.get(name).filter(|course| course.len() >= STEPS)?;
        let least = course.iter().copied().fold(f64::INFINITY, f64::min);
        let most = course.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (apart(name, least, most) > FAR).then_some(course)
    }
}

/// The measure of what is needed: how many of how many are in trouble.
pub const NEEDS: &str = "needs";

/// Pearson's coefficient over the newest steps that both have; 0 where one stands still.
fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let pairs = || one.iter().rev().zip(other.iter().rev());
    let count = pairs().count() as f64;
    let (these, those) =
        pairs().fold((0.0, 0.0), |(these, those), (a, b)| (these + a / count, those + b / count));
    let (both, first, second) = pairs().fold((0.0, 0.0, 0.0), |(both, first, second), (a, b)| {
        let (a, b) = (a - these, b - those);
        (both + a * b, first + a * a, second + b * b)
    });
    let scale = (first * second).sqrt();
    if scale > 0.0 { both / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eye::{Eye, Verdict};
    use proptest::prelude::*;

    /// A node whose vitals read so, usually so, and went so.
    fn view(vitals: &[(&str, f64, f64, &[f64])]) -> View {
        let mut view = View::default();
        for (name, now, usual, course) in vitals {
            view.now.insert((*name).to_owned(), *now);
            view.usual.insert((*name).to_owned(), *usual);
            view.course.insert((*name).to_owned(), course.to_vec());
        }
        view
    }

    const UP: [f64; 6] = [10.0, 20.0, 35.0, 50.0, 70.0, 90.0];
    const DOWN: [f64; 6] = [90.0, 70.0, 50.0, 35.0, 20.0, 10.0];
    const TO_AND_FRO: [f64; 6] = [90.0, 10.0, 80.0, 20.0, 85.0, 90.0];

    #[test]
    fn three_that_rise_together_are_a_pattern_and_three_by_chance_are_none() {
        let seen = view(&[
            ("cpu", 90.0, 10.0, &UP),
            ("memory_used", 90.0, 30.0, &UP),
            ("psi_io_some", 90.0, 5.0, &UP),
        ]);
        let gaze = Eye::Together.look(&seen);
        assert_eq!((gaze.verdict, gaze.subject.as_deref()), (Verdict::Uneasy, Some("cpu")));
        assert_eq!((gaze.value, gaze.against, gaze.measure), (Some(90.0), Some(10.0), "usual"));
        // All above their usual, and each for a reason of its own.
        let chance = view(&[
            ("cpu", 90.0, 10.0, &UP),
            ("memory_used", 90.0, 30.0, &TO_AND_FRO),
            ("psi_io_some", 40.0, 5.0, &DOWN),
        ]);
        assert_eq!(Eye::Together.look(&chance).verdict, Verdict::Calm);
        // Falling together is a pattern as well.
        let fall = view(&[
            ("cpu", 10.0, 80.0, &DOWN),
            ("memory_used", 10.0, 60.0, &DOWN),
            ("disk_busy", 10.0, 70.0, &DOWN),
        ]);
        assert_eq!(Eye::Together.look(&fall).verdict, Verdict::Uneasy);
    }

    #[test]
    fn without_a_course_the_side_decides() {
        let seen = view(&[
            ("cpu", 90.0, 10.0, &[]),
            ("memory_used", 90.0, 30.0, &[90.0; 8]),
            ("psi_io_some", 90.0, 5.0, &UP),
        ]);
        assert_eq!(Eye::Together.look(&seen).verdict, Verdict::Uneasy);
    }

    #[test]
    fn what_is_needed_counts_and_what_is_known_of_it() {
        let need = |service: &str, ill| Need { service: service.to_owned(), ill };
        let mut seen = View { needs: vec![need("api", false), need("db", true)], ..View::default() };
        let gaze = Eye::Together.look(&seen);
        assert_eq!((gaze.verdict, gaze.subject.as_deref()), (Verdict::Uneasy, Some("db")));
        assert_eq!((gaze.value, gaze.against, gaze.measure), (Some(1.0), Some(2.0), NEEDS));
        seen.needs[0].ill = true;
        assert_eq!(Eye::Together.look(&seen).verdict, Verdict::Alarmed);
        seen.needs = vec![need("api", false)];
        assert_eq!(Eye::Together.look(&seen).verdict, Verdict::Calm, "it sees, and all is well");
        assert_eq!(Eye::Together.look(&View::default()).verdict, Verdict::Blind);
    }

    proptest! {
        /// It is a share, the same both ways, and whole for one and the same course.
        #[test]
        fn a_correlation_is_one(
            one in prop::collection::vec(-1e6..1e6_f64, 2..30),
            other in prop::collection::vec(-1e6..1e6_f64, 2..30),
        ) {
            let both = correlation(&one, &other);
            prop_assert!((-1.000_001..=1.000_001).contains(&both), "{}", both);
            prop_assert!((both - correlation(&other, &one)).abs() < 1e-9);
            prop_assert!((correlation(&one, &one) - 1.0).abs() < 1e-6 || correlation(&one, &one) == 0.0);
        }
    }
}
