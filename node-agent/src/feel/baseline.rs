//! The node knows itself: each vital's normal, and how far all of them together
//! are from it, with or without the vitals' names.
//!
//! What comes out ([`Strangeness`]) names no vital: joint distances, the largest
//! deviations sorted, how many are out of their usual range, and how strange all of
//! that is by this node's own experience. So machines whose metrics nobody can name
//! can teach the model and be judged by it.
//!
//! For the agent's 24 vitals it takes about 19 KB, allocated once, and 9 KB on the
//! disk ([`Baseline::keep`]).

use super::joint::Joint;
use super::normal::{CLIP, FARTHEST, Hour, MEMORY, Signal, WARM_UP};

/// The most vitals that one baseline takes.
pub const MOST_VITALS: usize = 40;

/// How many of the largest deviations are told, and of the largest steps.
pub const LARGEST: usize = 5;
/// How many of the largest steps are told.
pub const LARGEST_STEPS: usize = 3;

/// The time constant of the mean that steps are measured against, in seconds.
const RECENT: f32 = 300.0;

/// Deviations are pulled in to so many spreads before the covariance learns them.
const JOINT_CLIP: f32 = 2.0 * CLIP;

/// What is stranger than this many spreads of the node's own experience teaches only
/// a tenth: an incident of hours is not to become normal, a new life is, in the end.
const STRANGE: f32 = 3.0;
const STRANGE_TEACHES: f32 = 0.1;

/// Beyond so many spreads a vital is out, and far out.
const OUT: f32 = 3.0;
const FAR_OUT: f32 = 6.0;

/// How strange a sample is, by the node's own normal. All lengths in spreads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Strangeness {
    /// Joint distance of all vitals and their steps.
    pub joint: f32,
    /// Joint distance of the vitals alone.
    pub levels: f32,
    /// Root mean square of the single deviations, and their mean.
    pub root: f32,
    /// The mean of the single deviations.
    pub mean: f32,
    /// The largest single deviations, largest first; none beyond the vitals known.
    pub largest: [Option<f32>; LARGEST],
    /// The largest single steps in their own spreads, largest first.
    pub steps: [Option<f32>; LARGEST_STEPS],
    /// The share of vitals that are out, far out, and out of their usual range.
    pub out: f32,
    /// The share far out.
    pub far_out: f32,
    /// The share out of the range in which they usually are.
    pub unusual: f32,
    /// How many spreads the joint distance (its logarithm) lies above what this
    /// node's joint distance usually is.
    pub own: f32,
}

/// What one node knows about itself.
#[derive(Clone, Debug)]
pub struct Baseline {
    floors: Box<[f32]>,
    signals: Box<[Signal]>,
    recent: Box<[Option<f32>]>,
    joint: Joint,
    /// The logarithm of the joint distance.
    distances: Signal,
    /// Seconds that each hour of the day was watched, with a trusted clock.
    hours: [f32; 24],
    /// The last sample, to learn from: values, deviations and steps in spreads.
    values: Box<[Option<f32>]>,
    point: Box<[f32]>,
    seconds: f32,
    hour: Option<usize>,
    strange: Option<Strangeness>,
    counted: bool,
}

impl Baseline {
    /// A node that knows nothing about itself. `floors`: the least spread that each
    /// vital is granted, at most [`MOST_VITALS`] of them.
    pub fn new(floors: &[f32]) -> Self {
        let count = floors.len().min(MOST_VITALS);
        Self {
            floors: floors.iter().take(count).copied().collect(),
            signals: vec![Signal::default(); count].into_boxed_slice(),
            recent: vec![None; count].into_boxed_slice(),
            joint: Joint::new(2 * count),
            distances: Signal::default(),
            hours: [0.0; 24],
            values: vec![None; count].into_boxed_slice(),
            point: vec![f32::NAN; 2 * count].into_boxed_slice(),
            seconds: 0.0,
            hour: None,
            strange: None,
            counted: false,
        }
    }

    /// Takes one sample, on the model's scale, that speaks for `seconds`, in an hour
    /// of the day (UTC) if the clock is trusted; says how strange it is, once enough
    /// was watched to say.
    pub fn observe(
        &mut self,
        values: &[Option<f32>],
        seconds: f32,
        hour: Option<usize>,
    ) -> Option<Strangeness> {
        self.seconds = seconds;
        self.hour = hour.filter(|hour| *hour < self.hours.len());
        let now = self.hour_now();
        let forget = (-seconds / RECENT).exp();
        let count = self.signals.len();
        let mut known = 0;
        for place in 0..count {
            let value = values.get(place).copied().flatten().filter(|value| value.is_finite());
            self.values[place] = value;
            (self.point[place], self.point[count + place]) = (f32::NAN, f32::NAN);
            let Some(value) = value else { continue };
            let recent = self.recent[place].map_or(value, |recent| value + forget * (recent - value));
            self.recent[place] = Some(recent);
            if let Some(deviation) = self.signals[place].deviation(value, self.floors[place], now) {
                self.point[place] = deviation;
                self.point[count + place] = self.signals[place].steps(value - recent, self.floors[place]);
                known += 1;
            }
        }
        self.strange = (known > 0).then(|| self.measure(known));
        self.strange
    }

    fn measure(&mut self, known: usize) -> Strangeness {
        let count = self.signals.len();
        let (levels, joint) = self.joint.distances(&self.point, count);
        let mut strange = Strangeness { joint, levels, ..Strangeness::default() };
        let (mut squares, mut sum) = (0.0_f32, 0.0_f32);
        for place in 0..count {
            let deviation = self.point[place].abs();
            if !deviation.is_finite() {
                continue;
            }
            squares += deviation * deviation;
            sum += deviation;
            strange.out += f32::from(u8::from(deviation > OUT));
            strange.far_out += f32::from(u8::from(deviation > FAR_OUT));
            if let (Some([low, high]), Some(value)) = (self.signals[place].range(), self.values[place]) {
                let slack = self.floors[place];
                strange.unusual += f32::from(u8::from(value < low - slack || value > high + slack));
            }
            sort_in(&mut strange.largest, deviation);
            let step = self.point[count + place].abs() / self.joint.spread(count + place);
            sort_in(&mut strange.steps, step.min(FARTHEST));
        }
        let known = known as f32;
        strange.root = (squares / known).sqrt();
        strange.mean = sum / known;
        strange.out /= known;
        strange.far_out /= known;
        strange.unusual /= known;
        strange.own = self.distances.deviation(joint.max(1e-3).ln(), 0.1, None).unwrap_or(0.0);
        strange
    }

    /// Learns the last sample; not called in a crisis.
    pub fn learn(&mut self) {
        if self.seconds <= 0.0 {
            return;
        }
        let is_strange = self.strange.is_some_and(|strange| strange.own > STRANGE);
        let seconds = self.seconds * if is_strange { STRANGE_TEACHES } else { 1.0 };
        if let Some(watched) = self.hour.and_then(|hour| self.hours.get_mut(hour)) {
            // An hour of the day is a twenty-fourth of the memory.
            *watched = (*watched + seconds).min(MEMORY / 24.0);
        }
        let now = self.hour_now();
        for (place, value) in self.values.iter().enumerate() {
            if let Some(value) = value {
                self.signals[place].learn(*value, seconds, self.floors[place], now);
            }
        }
        if let Some(strange) = self.strange {
            self.joint.learn(&self.point, seconds, MEMORY, JOINT_CLIP);
            // At first the factor follows what is learned; then it is renewed bit by bit.
            if !self.counted && self.joint.kept().0 >= WARM_UP {
                self.counted = true;
                self.joint.refactor();
            }
            self.distances.learn(strange.joint.max(1e-3).ln(), seconds, 0.1, None);
        }
    }

    fn hour_now(&self) -> Hour {
        self.hour.and_then(|hour| Some((hour, *self.hours.get(hour)?)))
    }

    /// How strange the last sample was; none in the warm-up.
    pub fn strange(&self) -> Option<&Strangeness> {
        self.strange.as_ref()
    }

    /// How many spreads a vital lies above (or below) its normal.
    pub fn deviation(&self, place: usize) -> Option<f32> {
        self.point.get(..self.signals.len())?.get(place).copied().filter(|deviation| deviation.is_finite())
    }

    /// What is usual for a vital now, on the model's scale.
    pub fn usual(&self, place: usize) -> Option<f32> {
        self.signals.get(place)?.usual(self.hour_now())
    }

    /// The range in which a vital usually is, on the model's scale.
    pub fn range(&self, place: usize) -> Option<[f32; 2]> {
        self.signals.get(place)?.range()
    }

    /// Every number that is kept over a restart, in a fixed order.
    fn numbers(&mut self, mut each: impl FnMut(&mut f32)) {
        for signal in self.signals.iter_mut().chain([&mut self.distances]) {
            [&mut signal.centre, &mut signal.variance, &mut signal.watched].into_iter().for_each(&mut each);
            signal.range.iter_mut().chain(&mut signal.hours).for_each(&mut each);
        }
        self.hours.iter_mut().for_each(each);
    }

    /// Appends what is kept over a restart, as little-endian `f32`.
    pub fn keep(&mut self, out: &mut Vec<u8>) {
        self.numbers(|number| out.extend(number.to_le_bytes()));
        let (watched, cells) = self.joint.kept();
        for number in core::iter::once(&watched).chain(cells) {
            out.extend(number.to_le_bytes());
        }
    }

    /// Takes what was kept; whether it fits. What does not fit changes nothing.
    pub fn restore(&mut self, kept: &[u8]) -> bool {
        let (words, rest) = kept.as_chunks::<4>();
        let numbers: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        let mut fresh = Self::new(&self.floors);
        let mut own = 0;
        fresh.numbers(|_| own += 1);
        let Some((own, joint)) = numbers.split_at_checked(own) else { return false };
        let Some((watched, cells)) = joint.split_first() else { return false };
        if !rest.is_empty()
            || own.iter().any(|number| !number.is_finite())
            || !fresh.joint.restore(*watched, cells)
        {
            return false;
        }
        let mut next = own.iter();
        fresh.numbers(|number| *number = next.next().copied().unwrap_or_default());
        fresh.counted = *watched >= WARM_UP;
        *self = fresh;
        true
    }

    /// The bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        let count = self.signals.len();
        let triangle = 2 * count * (2 * count + 1) / 2 * 4;
        size_of::<Self>()
            + count * (4 + size_of::<Signal>() + 2 * 8 + 2 * 4)
            + 3 * triangle
            + 2 * 2 * count * 4
    }
}

/// Sorts a value into the largest, largest first.
fn sort_in<const N: usize>(largest: &mut [Option<f32>; N], value: f32) {
    let mut falling = value;
    for kept in largest {
        match kept {
            Some(kept) if falling <= *kept => {}
            Some(kept) => core::mem::swap(kept, &mut falling),
            None => {
                *kept = Some(falling);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
