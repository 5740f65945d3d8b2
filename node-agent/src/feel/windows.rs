//! Time-weighted statistics over the last 1, 5, 15 and 60 minutes.
//!
//! The interval between samples changes with the thermal budget, so a sample
//! counts for the time since the one before, not as one of many. Time is cut
//! into buckets of 5 s, 1 min and 5 min in three fixed rings (about 700 bytes in
//! all); the oldest bucket of a window counts by its part inside it. Nothing is
//! allocated, and pushing costs the same for ever.

use crate::Millis;

/// The longest time that one sample speaks for: two ceiling intervals. After a
/// longer gap the time before is unknown, not the same as now.
pub const LONGEST: Millis = 120_000;

/// The end of time: 680 years of uptime, so that a mad clock can't overflow.
const END: Millis = 5_000 * (u32::MAX as Millis - 60);

/// Over which time statistics are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// The last minute.
    One,
    /// The last five minutes.
    Five,
    /// The last fifteen minutes.
    Fifteen,
    /// The last hour.
    Sixty,
}

impl Window {
    /// Every window, shortest first.
    pub const ALL: [Self; 4] = [Self::One, Self::Five, Self::Fifteen, Self::Sixty];

    /// Its length in milliseconds.
    pub fn length(self) -> Millis {
        match self {
            Self::One => 60_000,
            Self::Five => 300_000,
            Self::Fifteen => 900_000,
            Self::Sixty => 3_600_000,
        }
    }

    /// Its length in words, as in the names of features.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "1m",
            Self::Five => "5m",
            Self::Fifteen => "15m",
            Self::Sixty => "60m",
        }
    }
}

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// The mean, weighted by time.
    pub mean: f32,
    /// The standard deviation, weighted by time.
    pub spread: f32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// Which stretch of time it holds: its start divided by its width.
    place: u32,
    /// Samples taken in it.
    samples: u16,
    /// Seconds that they speak for, and the sums of value and its square over them.
    seconds: f32,
    sum: f32,
    squares: f32,
}

/// Buckets of one width, the newest overwriting the oldest.
#[derive(Clone, Debug)]
struct Ring<const WIDTH: Millis, const BUCKETS: usize>([Bucket; BUCKETS]);

impl<const WIDTH: Millis, const BUCKETS: usize> Ring<WIDTH, BUCKETS> {
    const EMPTY: Self =
        Self([Bucket { place: 0, samples: 0, seconds: 0.0, sum: 0.0, squares: 0.0 }; BUCKETS]);

    fn bucket(&mut self, at: Millis) -> Option<&mut Bucket> {
        let place = (at / WIDTH) as u32;
        let bucket = self.0.get_mut(place as usize % BUCKETS)?;
        if bucket.place != place {
            *bucket = Bucket { place, ..Bucket::default() };
        }
        Some(bucket)
    }

    fn push(&mut self, from: Millis, to: Millis, value: f32) {
        if let Some(bucket) = self.bucket(to) {
            bucket.samples = bucket.samples.saturating_add(1);
        }
        // Time beyond the ring would only overwrite itself.
        let mut start = from.max(to.saturating_sub(WIDTH * (BUCKETS as u64 - 1)));
        while start < to {
            let end = ((start / WIDTH + 1) * WIDTH).min(to);
            let seconds = (end - start) as f32 / 1_000.0;
            if let Some(bucket) = self.bucket(start) {
                bucket.seconds += seconds;
                bucket.sum += seconds * value;
                bucket.squares += seconds * value * value;
            }
            start = end;
        }
    }

    fn statistics(&self, now: Millis, length: Millis) -> Option<Statistics> {
        let begin = now.saturating_sub(length);
        let mut samples = 0_u32;
        let (mut seconds, mut sum, mut squares) = (0.0_f32, 0.0_f32, 0.0_f32);
        for bucket in &self.0 {
            let start = Millis::from(bucket.place) * WIDTH;
            let end = (start + WIDTH).min(now);
            if bucket.samples == 0 && bucket.seconds <= 0.0 || end < begin || start > now {
                continue;
            }
            samples += u32::from(bucket.samples);
            if start >= begin || end <= start {
                seconds += bucket.seconds;
                sum += bucket.sum;
                squares += bucket.squares;
            } else {
                let part = (end - begin) as f32 / (end - start) as f32;
                seconds += bucket.seconds * part;
                sum += bucket.sum * part;
                squares += bucket.squares * part;
            }
        }
        (samples >= 2 && seconds > 0.0).then(|| {
            let mean = sum / seconds;
            Statistics { mean, spread: (squares / seconds - mean * mean).max(0.0).sqrt() }
        })
    }
}

/// One quantity over the last hour.
#[derive(Clone, Debug)]
pub struct Windows {
    // One bucket more than the window, for the part that has begun.
    fine: Ring<5_000, 13>,
    minutes: Ring<60_000, 16>,
    coarse: Ring<300_000, 13>,
}

impl Default for Windows {
    fn default() -> Self {
        Self::new()
    }
}

impl Windows {
    /// Windows that have seen nothing.
    pub const fn new() -> Self {
        Self { fine: Ring::EMPTY, minutes: Ring::EMPTY, coarse: Ring::EMPTY }
    }

    /// Takes a sample, taken at `to`, that speaks for the time since `from`
    /// (equal to `to` for the first one), at most [`LONGEST`]. Not a number is
    /// no sample.
    pub fn push(&mut self, from: Millis, to: Millis, value: f32) {
        if !value.is_finite() || from > to || to > END {
            return;
        }
        let from = from.max(to.saturating_sub(LONGEST));
        self.fine.push(from, to, value);
        self.minutes.push(from, to, value);
        self.coarse.push(from, to, value);
    }

    /// The statistics of a window that ends now; none under two samples.
    pub fn statistics(&self, now: Millis, window: Window) -> Option<Statistics> {
        let now = now.min(END);
        match window {
            Window::One => self.fine.statistics(now, window.length()),
            Window::Five | Window::Fifteen => self.minutes.statistics(now, window.length()),
            Window::Sixty => self.coarse.statistics(now, window.length()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(samples: &[(Millis, f32)]) -> Windows {
        let mut windows = Windows::new();
        let mut last = None;
        for (at, value) in samples {
            windows.push(last.unwrap_or(*at), *at, *value);
            last = Some(*at);
        }
        windows
    }

    #[test]
    fn under_two_samples_nothing_is_known() {
        assert_eq!(Windows::new().statistics(0, Window::Sixty), None);
        let one = filled(&[(7_000, 3.0)]);
        assert_eq!(one.statistics(7_000, Window::One), None);
        let two = filled(&[(7_000, 3.0), (8_000, 5.0)]);
        assert!((two.statistics(8_000, Window::One).unwrap().mean - 5.0).abs() < 1e-6);
        // A minute later the window of one minute has lost them.
        assert_eq!(two.statistics(80_000, Window::One), None);
    }

    #[test]
    fn a_sample_counts_for_its_time() {
        // 10 s at 1, then 30 s at 5.
        let windows = filled(&[(100_000, 9.0), (110_000, 1.0), (140_000, 5.0)]);
        let one = windows.statistics(140_000, Window::One).unwrap();
        assert!((one.mean - 4.0).abs() < 1e-5, "{one:?}");
        assert!((one.spread - 3.0_f32.sqrt()).abs() < 1e-4, "{one:?}");
    }

    #[test]
    fn after_a_gap_the_time_between_is_unknown() {
        let windows = filled(&[(0, 0.0), (10_000, 0.0), (3_000_000, 8.0), (3_010_000, 8.0)]);
        let hour = windows.statistics(3_010_000, Window::Sixty).unwrap();
        // 10 s of zero against 130 s of eight.
        assert!((hour.mean - 8.0 * 130.0 / 140.0).abs() < 0.01, "{hour:?}");
    }

    #[test]
    fn a_clock_that_goes_back_and_not_a_number_change_nothing() {
        let mut windows = filled(&[(50_000, 1.0), (60_000, 1.0)]);
        windows.push(60_000, 40_000, 100.0);
        windows.push(60_000, 70_000, f32::NAN);
        assert!((windows.statistics(60_000, Window::One).unwrap().mean - 1.0).abs() < 1e-6);
    }

    proptest! {
        /// Against the plain definition, for any mixture of intervals.
        #[test]
        fn equal_to_the_definition_within_a_bucket(
            steps in proptest::collection::vec((1_000_u64..60_000, 0.0_f32..1.0), 2..300),
            start in 0_u64..10_000_000,
        ) {
            let mut samples = vec![(start, 0.5)];
            for (step, value) in &steps {
                samples.push((samples.last().unwrap().0 + step, *value));
            }
            let windows = filled(&samples);
            let now = samples.last().unwrap().0;
            for (window, width) in
                [(Window::One, 5.0), (Window::Five, 60.0), (Window::Fifteen, 60.0), (Window::Sixty, 300.0)]
            {
                let begin = now.saturating_sub(window.length());
                let (mut sum, mut seconds) = (0.0, 0.0);
                for pair in samples.windows(2) {
                    let from = pair[0].0.max(begin);
                    let time = pair[1].0.saturating_sub(from) as f64 / 1_000.0;
                    sum += time * f64::from(pair[1].1);
                    seconds += time;
                }
                let Some(statistics) = windows.statistics(now, window) else { continue };
                let exact = (sum / seconds) as f32;
                // Within the oldest bucket the values are smeared, no further.
                let most = width / seconds as f32 + 1e-4;
                prop_assert!((statistics.mean - exact).abs() <= most, "{window:?}: {statistics:?}, {exact}");
            }
        }
    }
}
