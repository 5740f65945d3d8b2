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
