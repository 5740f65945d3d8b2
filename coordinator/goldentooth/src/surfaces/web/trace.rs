//! The last quarter of an hour of a node's temperature and load, for the
//! sparklines on its card: under 1 KiB a node.

use frames::{Vital, Vitals};
use std::collections::VecDeque;

/// One point stands for so many milliseconds.
const BUCKET: i64 = 15_000;
/// How many points are kept: 15 minutes.
const POINTS: usize = 60;

/// The newest value of each bucket; not a number where nothing was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace(VecDeque<(i64, [f32; 2])>);

impl Trace {
    /// Adds a reading that arrived at `at` (milliseconds since 1970).
    pub(super) fn push(&mut self, at: i64, vitals: &Vitals) {
        let value = |vital| vitals.get(vital).unwrap_or(f32::NAN);
        let point = (at.div_euclid(BUCKET), [value(Vital::Temperature), value(Vital::Load1)]);
        match self.0.back_mut() {
            Some(last) if last.0 == point.0 => *last = point,
            _ => {
                if self.0.len() == POINTS {
                    self.0.pop_front();
                }
                self.0.push_back(point);
            }
        }
    }

    /// The temperatures in °C, oldest first.
    pub(super) fn temperature(&self) -> Vec<f32> {
        self.0.iter().map(|point| point.1[0]).filter(|value| value.is_finite()).collect()
    }

    /// The loads over one minute, oldest first.
    pub(super) fn load1(&self) -> Vec<f32> {
        self.0.iter().map(|point| point.1[1]).filter(|value| value.is_finite()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frames::Readings;

    #[test]
    fn it_keeps_the_newest_of_each_bucket_and_a_quarter_of_an_hour() {
        let mut trace = Trace::default();
        for i in 0..200_u16 {
            let mut readings = Readings::default();
            readings.set(Vital::Temperature, f32::from(i) / 2.0);
            trace.push(i64::from(i) * 5_000, &Vitals::from(&readings));
        }
        let kept = trace.temperature();
        assert_eq!((kept.len(), kept[59], kept[58]), (60, 99.5, 98.5));
        assert!(trace.load1().is_empty());
    }
}
