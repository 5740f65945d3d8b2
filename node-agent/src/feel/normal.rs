//! What is usual for this node: centre, spread, range and hours of each vital.
//!
//! Learned in a stream, with a time constant of a week ([`MEMORY`]). An outlier is
//! pulled in to [`CLIP`] spreads before it teaches, so that an incident of an hour
//! hardly moves anything; samples taken in a crisis are not told at all. Nothing is
//! said before half an hour has been watched ([`WARM_UP`]). 128 bytes per vital.

/// How much time must have been watched before a normal counts, in seconds.
pub const WARM_UP: f32 = 30.0 * 60.0;

/// The time constant of forgetting, in seconds: a week, so that its days weigh alike.
pub const MEMORY: f32 = 7.0 * 24.0 * 3_600.0;

/// An outlier teaches no more than this many spreads.
pub const CLIP: f32 = 5.0;

/// A deviation counts no more than this many spreads: beyond, "how much more" says
/// nothing.
pub const FARTHEST: f32 = 20.0;

/// The shares below and above which a value is out of its usual range.
const RANGE: [f32; 2] = [0.05, 0.95];

/// An hour of the day counts by half once it was watched for so many seconds, on the
/// second day. Before, the day as a whole counts for more.
const HOUR_HALF: f32 = 3_600.0;

/// One vital's normal, on the model's scale.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signal {
    pub(super) centre: f32,
    pub(super) variance: f32,
    /// Seconds that it has been watched, up to [`MEMORY`].
    pub(super) watched: f32,
    /// The values that [`RANGE`] of the time stayed below.
    pub(super) range: [f32; 2],
    /// How far each hour of the day (UTC) lies from the centre.
    pub(super) hours: [f32; 24],
}

/// Which hour of the day it is, and how long that hour has been watched, in seconds.
pub type Hour = Option<(usize, f32)>;

impl Signal {
    /// Learns one value that speaks for `seconds`. `floor` is the least spread that
    /// the vital is granted.
    pub fn learn(&mut self, value: f32, seconds: f32, floor: f32, hour: Hour) {
        if !value.is_finite() || seconds <= 0.0 {
            return;
        }
        self.watched = (self.watched + seconds).min(MEMORY);
        // A plain mean at first, then an exponential one.
        let share = (seconds / self.watched).min(1.0);
        if share >= 1.0 {
            // The first value: its distance from nothing is no deviation.
            self.centre = value;
            self.range = [value; 2];
            return;
        }
        let spread = self.spread(floor);
        let young = self.watched <= WARM_UP;
        let most = if young { f32::MAX } else { CLIP * spread };
        if let Some((hour, watched)) = hour
            && let Some(own) = self.hours.get_mut(hour)
        {
            let share = (seconds / watched.max(seconds)).min(1.0);
            // What happens daily may be large.
            *own += share * ((value - self.centre).clamp(-4.0 * most, 4.0 * most) - *own);
        }
        let step = (value - self.centre).clamp(-most, most);
        let apart = (value - self.expected(hour)).clamp(-most, most);
        self.centre += share * step;
        self.variance += share * (apart * apart - self.variance);
        // Each end rises by its share when passed, and falls by the rest: it
        // stands where both happen as often.
        let pace = (2.0 * share).clamp(1e-4, 0.1) * spread;
        for (end, below) in self.range.iter_mut().zip(RANGE) {
            *end += pace * if value > *end { below } else { below - 1.0 };
        }
    }

    fn spread(&self, floor: f32) -> f32 {
        self.variance.sqrt().max(floor).max(f32::EPSILON)
    }

    /// Where it is expected now: by the hour, as far as that is known.
    fn expected(&self, hour: Hour) -> f32 {
        let own =
            hour.and_then(|(hour, watched)| Some(self.hours.get(hour)? * watched / (watched + HOUR_HALF)));
        self.centre + own.unwrap_or(0.0)
    }

    /// Whether enough was watched to say what is usual.
    pub fn is_known(&self) -> bool {
        self.watched >= WARM_UP
    }

    /// What is usual now; none while unknown.
    pub fn usual(&self, hour: Hour) -> Option<f32> {
        self.is_known().then(|| self.expected(hour))
    }

    /// The range in which it usually is; none while unknown.
    pub fn range(&self) -> Option<[f32; 2]> {
        self.is_known().then_some(self.range)
    }

    /// How many spreads a value lies above (or below) what is usual, within
    /// ±[`FARTHEST`].
    pub fn deviation(&self, value: f32, floor: f32, hour: Hour) -> Option<f32> {
        let usual = self.usual(hour)?;
        Some(((value - usual) / self.spread(floor)).clamp(-FARTHEST, FARTHEST))
    }

    /// A difference in spreads, within ±[`FARTHEST`].
    pub fn steps(&self, difference: f32, floor: f32) -> f32 {
        (difference / self.spread(floor)).clamp(-FARTHEST, FARTHEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lived(values: impl IntoIterator<Item = f32>) -> Signal {
        let mut signal = Signal::default();
        for value in values {
            signal.learn(value, 10.0, 0.01, None);
        }
        signal
    }

    fn days(count: usize) -> impl Iterator<Item = f32> {
        (0..8_640 * count).map(|place| 0.3 + 0.02 * ((place % 7) as f32 - 3.0) / 3.0)
    }

    #[test]
    fn nothing_is_usual_before_the_warm_up() {
        let mut signal = lived([0.5; 179]);
        assert_eq!(signal.usual(None), None);
        assert_eq!(signal.range(), None);
        signal.learn(0.5, 10.0, 0.01, None);
        assert!((signal.usual(None).unwrap() - 0.5).abs() < 1e-6);
        assert!(signal.deviation(0.6, 0.01, None).unwrap() > 9.0);
    }

    #[test]
    fn an_hour_of_trouble_in_a_week_moves_it_little_and_a_new_usage_does_in_the_end() {
        let mut signal = lived(days(7));
        let before = signal.usual(None).unwrap();
        for _ in 0..360 {
            signal.learn(1.0, 10.0, 0.01, None);
        }
        assert!((signal.usual(None).unwrap() - before).abs() < 0.01);
        assert!(signal.deviation(1.0, 0.01, None).unwrap() > 10.0);
        for _ in 0..8_640 * 60 {
            signal.learn(1.0, 10.0, 0.01, None);
        }
        assert!(signal.usual(None).unwrap() > 0.9, "{signal:?}");
    }

    #[test]
    fn the_range_holds_nine_tenths() {
        let mut random = fastrand::Rng::with_seed(3);
        let signal = lived((0..60_000).map(|_| random.f32()));
        let [low, high] = signal.range().unwrap();
        assert!((low - 0.05).abs() < 0.03 && (high - 0.95).abs() < 0.03, "{low} {high}");
    }

    #[test]
    fn an_hour_of_the_day_has_its_own_centre() {
        let mut signal = Signal::default();
        let mut watched = [0.0_f32; 24];
        for minute in 0..14 * 1_440 {
            let hour = minute / 60 % 24;
            watched[hour] += 60.0;
            let value = if hour == 3 { 0.8 } else { 0.2 };
            signal.learn(value, 60.0, 0.02, Some((hour, watched[hour])));
        }
        let at = |hour: usize, value| signal.deviation(value, 0.02, Some((hour, watched[hour]))).unwrap();
        assert!(at(3, 0.8).abs() < 3.0, "{}", at(3, 0.8));
        assert!(at(12, 0.8) > 3.0 * at(3, 0.8).abs(), "{}", at(12, 0.8));
        // Who knows no hour judges by the whole day.
        assert!(signal.deviation(0.8, 0.02, None).unwrap() > 2.0);
    }

    #[test]
    fn not_a_number_teaches_nothing() {
        let mut signal = lived([0.5; 400]);
        signal.learn(f32::NAN, 10.0, 0.01, None);
        signal.learn(f32::INFINITY, 10.0, 0.01, None);
        assert!((signal.usual(None).unwrap() - 0.5).abs() < 1e-6);
    }
}
