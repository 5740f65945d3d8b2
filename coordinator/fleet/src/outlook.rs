//! Where a stored trend leads: the straight line that fits a vital's past best,
//! and when it comes to a limit.

use crate::time::{Millis, UnixMillis};

/// Fewer points than this make no trend: three hours of quarters.
const FEWEST: usize = 12;
/// A slope is one only if it is so many times its own standard error: readings
/// lean on those before them, which makes the plain error look too small.
const SURE: f64 = 4.0;
/// No line is surer of its arrival than this share of the way ahead: what rises
/// today need not rise tomorrow.
const DRIFT: f64 = 0.15;
const HOUR: f64 = 3_600_000.0;
/// What lies further ahead, in hours, is no outlook.
const FARTHEST: f64 = 365.0 * 24.0;

/// A vital's past as a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// When the last point was.
    last: UnixMillis,
    /// Where the line is then, in the vital's unit.
    level: f64,
    /// How it rises, in the vital's unit per hour.
    pub per_hour: f64,
    /// The standard error of that.
    error: f64,
    /// How far points lie from it: a standard deviation.
    scatter: f64,
}

/// When a line comes to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: UnixMillis,
    /// By how much that may be off: a standard deviation.
    pub give_or_take: Millis,
}

impl Outlook {
    /// The line through these points (when, and how much), in order of time; none
    /// through too few, or through points of one moment.
    pub fn through(points: &[(UnixMillis, f64)]) -> Option<Self> {
        let last = points.last().filter(|_| points.len() >= FEWEST)?.0;
        let count = points.len() as f64;
        let hours = |at: UnixMillis| at.saturating_sub(last) as f64 / HOUR;
        let (sum_x, sum_y) =
            points.iter().fold((0.0, 0.0), |(x, y), (at, value)| (x + hours(*at), y + value));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (mut xx, mut xy) = (0.0, 0.0);
        for (at, value) in points {
            let x = hours(*at) - mean_x;
            xx += x * x;
            xy += x * (value - mean_y);
        }
        if xx <= 0.0 {
            return None;
        }
        let per_hour = xy / xx;
        let level = mean_y - per_hour * mean_x;
        let off = points.iter().map(|(at, value)| (value - level - per_hour * hours(*at)).powi(2));
        let scatter = (off.sum::<f64>() / (count - 2.0)).sqrt();
        let line = Self { last, level, per_hour, error: scatter / xx.sqrt(), scatter };
        (level + per_hour + scatter).is_finite().then_some(line)
    }

    /// When it comes up to this limit; none if it is there already, or doesn't
    /// rise for sure.
    pub fn reaches(&self, limit: f64) -> Option<Arrival> {
        let Self { last, level, per_hour, error, scatter } = *self;
        if per_hour <= 0.0 || per_hour < SURE * error || level >= limit {
            return None;
        }
        let hours = (limit - level) / per_hour;
        if hours.is_nan() || hours > FARTHEST {
            return None;
        }
        let off = (hours * error / per_hour).hypot(scatter / per_hour).max(DRIFT * hours);
        Some(Arrival {
            at: last.saturating_add((hours * HOUR) as UnixMillis),
            give_or_take: (off * HOUR) as Millis,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUARTER: UnixMillis = 15 * 60_000;

    fn points(count: i64, value: impl Fn(i64) -> f64) -> Vec<(UnixMillis, f64)> {
        (0..count).map(|place| (place * QUARTER, value(place))).collect()
    }

    #[test]
    fn a_disk_that_fills_by_a_percent_an_hour_is_full_in_time() {
        let line = Outlook::through(&points(96, |place| 60.0 + place as f64 / 4.0)).unwrap();
        assert!((line.per_hour - 1.0).abs() < 1e-9);
        let arrival = line.reaches(95.0).unwrap();
        // 83.75 % at the last point: 11 h 15 min to go, and 15 % of that give or take.
        assert!((arrival.at - 95 * QUARTER - 11 * 3_600_000 - QUARTER).abs() < 1_000);
        assert!(arrival.give_or_take.abs_diff(6_075_000) < 1_000);
        assert_eq!(line.reaches(80.0), None, "it is there already");
    }

    #[test]
    fn what_swings_falls_or_is_hardly_known_leads_nowhere() {
        let swings = points(96, |place| 50.0 + 20.0 * (place as f64 / 5.0).sin());
        assert_eq!(Outlook::through(&swings).unwrap().reaches(95.0), None);
        let falls = points(96, |place| 90.0 - place as f64 / 4.0);
        assert_eq!(Outlook::through(&falls).unwrap().reaches(95.0), None);
        assert_eq!(Outlook::through(&points(11, |place| place as f64)), None);
        assert_eq!(Outlook::through(&[(5, 1.0); 20]), None);
    }

    #[test]
    fn noise_makes_it_less_sure() {
        let noisy =
            points(96, |place| 60.0 + place as f64 / 4.0 + [3.0, -4.0, 2.0, -1.0][place as usize % 4]);
        let clean = points(96, |place| 60.0 + place as f64 / 4.0);
        let off = |points: &[(UnixMillis, f64)]| Outlook::through(points).unwrap().reaches(95.0).unwrap();
        assert!(off(&noisy).give_or_take > off(&clean).give_or_take);
    }

    proptest! {
        #[test]
        fn an_arrival_lies_ahead(
            values in prop::collection::vec((0..1_000_000_000_i64, -1e6..1e6_f64), 0..60),
            limit in -1e6..1e6_f64,
        ) {
            let mut values = values;
            values.sort_by_key(|(at, _)| *at);
            if let Some(arrival) = Outlook::through(&values).and_then(|line| line.reaches(limit)) {
                prop_assert!(arrival.at >= values.last().unwrap().0);
            }
        }
    }
}
