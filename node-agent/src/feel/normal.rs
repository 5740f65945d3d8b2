//! What is usual for this node: a slow centre and spread per signal.
//!
//! In memory only, so a restart begins anew: nothing is said before half an hour
//! has been watched ([`WARM_UP`]). It forgets with a time constant of a day
//! ([`MEMORY`]), pulls in outliers to three spreads before it learns from them
//! (so that an incident of an hour hardly moves it), and is not told of samples
//! taken in a crisis. 12 bytes per signal.

/// How much time must have been watched before a normal counts, in seconds.
pub const WARM_UP: f32 = 30.0 * 60.0;

/// The time constant of forgetting, in seconds: a day, so that the hours of a
/// day weigh alike.
pub const MEMORY: f32 = 24.0 * 3_600.0;

/// An outlier teaches no more than this many spreads.
const CLIP: f32 = 3.0;

/// A deviation counts no more than this many spreads: beyond, "how much more"
/// says nothing.
pub const FARTHEST: f32 = 20.0;

/// Mean absolute deviation of a Gaussian, inverted: √(π/2).
const TO_SPREAD: f32 = 1.253_314;

/// The normal of several signals.
#[derive(Clone, Debug)]
pub struct Normal<const SIGNALS: usize> {
    signals: [Signal; SIGNALS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Signal {
    centre: f32,
    /// Mean absolute deviation.
    deviation: f32,
    /// Seconds that it has been watched, up to [`MEMORY`].
    watched: f32,
}

impl<const SIGNALS: usize> Default for Normal<SIGNALS> {
    fn default() -> Self {
        Self { signals: [Signal::default(); SIGNALS] }
    }
}

impl<const SIGNALS: usize> Normal<SIGNALS> {
    /// Learns one value that speaks for `seconds`. `floor` is the least spread
    /// that the signal is granted.
    pub fn learn(&mut self, place: usize, value: f32, seconds: f32, floor: f32) {
        let Some(signal) = self.signals.get_mut(place) else { return };
        if !value.is_finite() || seconds <= 0.0 {
            return;
        }
        signal.watched = (signal.watched + seconds).min(MEMORY);
        // A plain mean at first, then an exponential one.
        let share = (seconds / signal.watched).min(1.0);
        let spread = (signal.deviation * TO_SPREAD).max(floor);
        let step = if signal.watched <= WARM_UP {
            value - signal.centre
        } else {
            (value - signal.centre).clamp(-CLIP * spread, CLIP * spread)
        };
        if share >= 1.0 {
            // The first value: its distance from nothing is no deviation.
            signal.centre = value;
            return;
        }
        signal.centre += share * step;
        signal.deviation += share * (step.abs() - signal.deviation);
    }

    /// What is usual, once enough was watched.
    pub fn usual(&self, place: usize) -> Option<f32> {
        let signal = self.signals.get(place)?;
        (signal.watched >= WARM_UP).then_some(signal.centre)
    }

    /// How many spreads a value lies above (or below) what is usual, within
    /// ±[`FARTHEST`].
    pub fn deviation(&self, place: usize, value: f32, floor: f32) -> Option<f32> {
        let usual = self.usual(place)?;
        let spread = (self.signals.get(place)?.deviation * TO_SPREAD).max(floor).max(f32::EPSILON);
        Some(((value - usual) / spread).clamp(-FARTHEST, FARTHEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_usual_before_the_warm_up() {
        let mut normal = Normal::<1>::default();
        for _ in 0..179 {
            normal.learn(0, 0.5, 10.0, 0.01);
        }
        assert_eq!(normal.usual(0), None);
        normal.learn(0, 0.5, 10.0, 0.01);
        assert!((normal.usual(0).unwrap() - 0.5).abs() < 1e-6);
        assert!(normal.deviation(0, 0.6, 0.01).unwrap() > 9.0);
        assert_eq!(normal.usual(7), None, "no such signal");
    }

    #[test]
    fn an_hour_of_trouble_in_a_day_moves_it_little() {
        let mut normal = Normal::<1>::default();
        for place in 0..8_640 {
            normal.learn(0, 0.3 + 0.02 * ((place % 7) as f32 - 3.0) / 3.0, 10.0, 0.01);
        }
        let before = normal.usual(0).unwrap();
        for _ in 0..360 {
            normal.learn(0, 1.0, 10.0, 0.01);
        }
        assert!((normal.usual(0).unwrap() - before).abs() < 0.01);
        assert!(normal.deviation(0, 1.0, 0.01).unwrap() > 10.0);
        // A new usage does become normal in the end.
        for _ in 0..8_640 * 14 {
            normal.learn(0, 1.0, 10.0, 0.01);
        }
        assert!(normal.usual(0).unwrap() > 0.9);
    }

    #[test]
    fn not_a_number_teaches_nothing() {
        let mut normal = Normal::<1>::default();
        for _ in 0..400 {
            normal.learn(0, 0.5, 10.0, 0.01);
            normal.learn(0, f32::NAN, 10.0, 0.01);
        }
        assert!((normal.usual(0).unwrap() - 0.5).abs() < 1e-6);
    }
}
