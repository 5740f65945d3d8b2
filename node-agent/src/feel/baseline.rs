//! The node knows itself: each vital's normal, and how far all of them together
//! are from it, with or without the vitals' names.
//!
//! What comes out ([`Strangeness`]) names no vital: joint distances, the largest
//! deviations sorted, how many are out of their usual range, and how strange all of
//! that is by this node's own experience. So machines whose metrics nobody can name
//! can teach the model and be judged by it.
//!
//! Before anything is held together, deviations and steps are put on a logarithmic
//! scale (`compressed`): ten spreads are not twice as strange as five, and one wild
//! vital does not drown the rest.
//!
//! For the agent's 20 vitals it takes about 25 KB, allocated once, and 10 KB on the
//! disk ([`Baseline::keep`]).

use super::joint::{Distances, Joint};
use super::normal::{FARTHEST, Hour, MEMORY, Signal, WARM_UP};

/// The most vitals that one baseline takes.
pub const MOST_VITALS: usize = 40;

/// How many of the largest deviations are told, and of the largest steps.
pub const LARGEST: usize = 5;
/// How many of the largest steps are told.
pub const LARGEST_STEPS: usize = 3;

/// The time constants of the means that steps are measured against, in seconds: what
/// jumps, and what climbs.
const RECENT: [f32; 2] = [120.0, 600.0];

/// Dimensions of the joint distance per vital: its level, and a step against each mean.
const OF_VITAL: usize = 1 + RECENT.len();

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
    /// Joint distance of all vitals and their steps: the mean of what is left of each
    /// dimension when those before are known.
    pub joint: f32,
    /// The same of the vitals alone.
    pub levels: f32,
    /// The root mean square of what `joint` is the mean of.
    pub joint_root: f32,
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
    recent: Box<[Option<[f32; RECENT.len()]>]>,
    joint: Joint,
    /// The logarithm of the joint distance.
    distances: Signal,
    /// Seconds that each hour of the day was watched, with a trusted clock.
    hours: [f32; 24],
    /// The last sample, to learn from: values, deviations in spreads, and the point in
    /// the joint distance's dimensions: all levels, then the steps against each mean.
    values: Box<[Option<f32>]>,
    deviations: Box<[f32]>,
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
            joint: Joint::new(OF_VITAL * count),
            distances: Signal::default(),
            hours: [0.0; 24],
            values: vec![None; count].into_boxed_slice(),
            deviations: vec![f32::NAN; count].into_boxed_slice(),
            point: vec![f32::NAN; OF_VITAL * count].into_boxed_slice(),
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
        let forget = RECENT.map(|recent| (-seconds / recent).exp());
        let count = self.signals.len();
        let mut known = 0;
        self.deviations.fill(f32::NAN);
        self.point.fill(f32::NAN);
        for place in 0..count {
            let value = values.get(place).copied().flatten().filter(|value| value.is_finite());
            self.values[place] = value;
            let Some(value) = value else { continue };
            let mut recent = self.recent[place].unwrap_or([value; RECENT.len()]);
            for (recent, forget) in recent.iter_mut().zip(forget) {
                *recent = value + forget * (*recent - value);
            }
            self.recent[place] = Some(recent);
            let (signal, floor) = (&self.signals[place], self.floors[place]);
            if let Some(deviation) = signal.deviation(value, floor, now) {
                self.deviations[place] = deviation;
                self.point[place] = compressed(deviation);
                for (nth, recent) in recent.into_iter().enumerate() {
                    self.point[(1 + nth) * count + place] = compressed(signal.steps(value - recent, floor));
                }
                known += 1;
            }
        }
        self.strange = (known > 0).then(|| self.measure(known));
        self.strange
    }

    fn measure(&mut self, known: usize) -> Strangeness {
        let count = self.signals.len();
        let Distances { first, mean, root } = self.joint.distances(&self.point, count);
        let mut strange =
            Strangeness { joint: mean, levels: first, joint_root: root, ..Strangeness::default() };
        let (mut squares, mut sum) = (0.0_f32, 0.0_f32);
        for place in 0..count {
            let deviation = self.deviations[place].abs();
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
        strange.own = self.distances.deviation(mean.max(1e-3).ln(), 0.1, None).unwrap_or(0.0);
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
            self.joint.learn(&self.point, seconds, MEMORY);
            self.joint.renew(self.seconds);
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
        self.deviations.get(place).copied().filter(|deviation| deviation.is_finite())
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
        let of_vital = size_of::<Signal>()
            + size_of::<Option<[f32; RECENT.len()]>>()
            + size_of::<Option<f32>>()
            // Floor, deviation, point.
            + (2 + OF_VITAL) * size_of::<f32>();
        size_of::<Self>() + count * of_vital + self.joint.heap_bytes()
    }
}

/// A length in spreads on a logarithmic scale, with its sign.
fn compressed(length: f32) -> f32 {
    length.abs().ln_1p().copysign(length)
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
