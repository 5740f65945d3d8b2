//! Where a node is heading: a quick average beside a slow one, both weighted
//! by time, so that a changing interval doesn't bend them.

use crate::time::Millis;
use crate::words::tidy;
use frames::{COUNT, Report, Vital};

/// Time constant of the quick average: five minutes.
const QUICK: f32 = 5.0 * 60_000.0;
/// Time constant of the slow average: an hour.
const SLOW: f32 = 60.0 * 60_000.0;
/// No heading is told before this much was heard without a break.
const SETTLED: Millis = 10 * 60_000;
/// After a break this long the averages start anew.
const BREAK: Millis = 30 * 60_000;
/// How many times its own quantisation a vital has to move to have a heading:
/// 2 % points of a percentage, 2 °C, a fifth of a rate.
const STEPS: f32 = 8.0;
/// How far the strain (0 to 1) has to move to have a heading.
const STRAIN_STEP: f32 = 0.1;

/// Where something is heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heading {
    /// Upwards: for a mood, towards crisis.
    Rising,
    /// Nowhere.
    Steady,
    /// Downwards: for a mood, towards calm.
    Falling,
}

/// The quick and the slow average of one vital, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// Over about five minutes.
    pub quick: f64,
    /// Over about an hour.
    pub slow: f64,
    /// Where it goes.
    pub heading: Heading,
}

/// The averages of one node. It forgets them when the coordinator stops.
#[derive(Clone, Debug)]
pub struct Trend {
    /// When the first and the last report were made; none before the first.
    heard: Option<(Millis, Millis)>,
    /// By vital; not a number while never measured.
    vitals: Box<[(f32, f32); COUNT]>,
    strain: Option<(f32, f32)>,
}

impl Default for Trend {
    fn default() -> Self {
        Self { heard: None, vitals: Box::new([(f32::NAN, f32::NAN); COUNT]), strain: None }
    }
}

impl Trend {
    /// Takes a report that was made at `mono`; older ones are left out.
    pub(crate) fn heard(&mut self, mono: Millis, report: &Report) {
        let elapsed = match self.heard {
            Some((_, last)) if mono <= last => return,
            Some((_, last)) if mono - last > BREAK => {
                *self = Self::default();
                0
            }
            Some((_, last)) => mono - last,
            None => 0,
        } as f32;
        let first = self.heard.map_or(mono, |(first, _)| first);
        self.heard = Some((first, mono));
        // The share of the new value: elapsed / (constant + elapsed) follows
        // 1 - exp(-elapsed / constant) closely enough, without the exp.
        let (quick, slow) = (elapsed / (QUICK + elapsed), elapsed / (SLOW + elapsed));
        let step = |old: &mut (f32, f32), new: f32| {
            if old.0.is_nan() {
                *old = (new, new);
            } else {
                old.0 += (new - old.0) * quick;
                old.1 += (new - old.1) * slow;
            }
        };
        for (vital, value) in report.vitals.iter() {
            if let Some(old) = self.vitals.get_mut(vital as usize) {
                step(old, value);
            }
        }
        if report.mood.is_some() {
            let [_, _, stressed, crisis] = report.probabilities;
            let strain = crisis.get() + stressed.get() / 2.0;
            step(self.strain.get_or_insert((strain, strain)), strain);
        }
    }

    /// Where the mood is heading; none in the first ten minutes.
    pub fn mood(&self) -> Option<Heading> {
        let (quick, slow) = self.strain.filter(|_| self.is_settled())?;
        Some(heading(quick, slow, STRAIN_STEP))
    }

    /// Where a vital is heading; none in the first ten minutes, and for flags.
    pub fn vital(&self, vital: Vital) -> Option<Slope> {
        let (quick, slow) = *self.vitals.get(vital as usize)?;
        if !self.is_settled() || vital.is_flag() || quick.is_nan() {
            return None;
        }
        let least = STEPS * vital.row().scale.tolerance(slow.abs());
        Some(Slope { quick: tidy(quick), slow: tidy(slow), heading: heading(quick, slow, least) })
    }

    fn is_settled(&self) -> bool {
        self.heard.is_some_and(|(first, last)| last - first >= SETTLED)
    }
}

fn heading(quick: f32, slow: f32, least: f32) -> Heading {
    match quick - slow {
        up if up > least => Heading::Rising,
        down if down < -least => Heading::Falling,
        _ => Heading::Steady,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frames::{Budget, Classifier, Headroom, Mood, Probability, Readings, Vitals};

    fn report(temperature: f32, crisis: f32) -> Report {
        let mut readings = Readings::default();
        readings.set(Vital::Temperature, temperature);
        Report {
            uptime: 0,
            vitals: Vitals::from(&readings),
            mood: Some(Mood::Happy),
            probabilities: [
                Probability::default(),
                Probability::new(1.0 - crisis),
                Probability::default(),
                Probability::new(crisis),
            ],
            causes: heapless::Vec::new(),
            distance: None,
            classifier: Classifier::Rules,
            budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
            interval: 100,
            dropped: 0,
        }
    }

    #[test]
    fn up_down_and_nowhere() {
        for (per_hour, wanted) in [
            (20.0, Heading::Rising),
            (0.0, Heading::Steady),
            (-20.0, Heading::Falling),
            (1.0, Heading::Steady),
        ] {
            let mut trend = Trend::default();
            for i in 0..360_u16 {
                // The interval changes, and that bends nothing.
                let mono = u64::from(i) * 10_000 + u64::from(i % 7) * 1_000;
                let share = mono as f32 / 3_600_000.0;
                trend.heard(mono, &report(50.0 + per_hour * share, 0.0));
                assert_eq!(trend.mood().is_some(), mono >= SETTLED, "{mono}");
            }
            assert_eq!(trend.vital(Vital::Temperature).unwrap().heading, wanted);
            assert_eq!(trend.mood(), Some(Heading::Steady));
            assert_eq!(trend.vital(Vital::Cpu), None);
        }
    }

    #[test]
    fn strain_rises_and_a_break_forgets() {
        let mut trend = Trend::default();
        for i in 0..60 {
            trend.heard(i * 20_000, &report(50.0, if i < 50 { 0.0 } else { 0.9 }));
        }
        assert_eq!(trend.mood(), Some(Heading::Rising));
        trend.heard(59 * 20_000, &report(0.0, 0.0));
        trend.heard(60 * 20_000 + BREAK, &report(50.0, 0.0));
        assert_eq!(trend.mood(), None);
    }
}
