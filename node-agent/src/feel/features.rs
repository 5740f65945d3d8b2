//! The feature schema, and the state from which features are computed.
//!
//! The vector holds [`FEATURES`] values and then as many presence flags (1 or
//! 0); an absent feature has value 0 and flag 0, and the model was trained with
//! sensors missing, so that absent is never read as zero. In order:
//!
//! 1. each signal of [`SIGNALS`] now;
//! 2. for each windowed signal: its change against the mean of the last 1, 5, 15
//!    and 60 minutes, and its spread over 15 minutes;
//! 3. the joint distance from this node's own normal now, its changes and spread
//!    likewise, and the three largest single deviations.
//!
//! The third part names no vital, so machines whose metrics nobody could name
//! can teach and test it. [`schema`] is the text of all this and [`schema_hash`]
//! its SHA-256, which a model must carry.

use super::normal::{FARTHEST, Normal};
use super::signals::{FRESH_HALVES, SIGNALS, Scaling, WINDOWED};
use super::windows::{LONGEST, Window, Windows};
use crate::Millis;
use frames::{Readings, Vital};
use sha2::{Digest as _, Sha256};

/// The version of the schema's own form.
pub const SCHEMA_VERSION: u32 = 1;

/// Features of one windowed quantity: four changes and a spread.
const OF_WINDOWS: usize = Window::ALL.len() + 1;
/// How many of the largest deviations are features.
const LARGEST: usize = 3;
/// Where the features of the windows begin.
const WINDOWS_AT: usize = SIGNALS.len();
/// Where the features of the distance from normal begin.
pub const DISTANCE_AT: usize = WINDOWS_AT + WINDOWED * OF_WINDOWS;
/// How many features there are.
pub const FEATURES: usize = DISTANCE_AT + 1 + OF_WINDOWS + LARGEST;
/// How many numbers the model takes: a value and a presence flag for each.
pub const INPUTS: usize = 2 * FEATURES;

/// What the model takes.
pub type Vector = [f32; INPUTS];

/// A distance of so many spreads becomes 1 on the model's scale.
const DISTANCE: Scaling = Scaling::Logarithmic { floor: 1.0, one: FARTHEST };

/// The schema as text: a line per feature, with everything that gives it its meaning.
pub fn schema() -> String {
    let mut lines = vec![format!("goldentooth features {SCHEMA_VERSION}")];
    for signal in &SIGNALS {
        let scale = match signal.scaling {
            Scaling::Linear { zero, one } => format!("linear {zero} {one}"),
            Scaling::Logarithmic { floor, one } => format!("log {floor} {one}"),
            Scaling::Fresh => format!("fresh {FRESH_HALVES}"),
        };
        lines.push(format!("{} {scale}", signal.vital.name()));
    }
    let windows = |name: &str| {
        let spread = format!("{name} spread {}", Window::Fifteen.name());
        Window::ALL.map(|window| format!("{name} change {}", window.name())).into_iter().chain([spread])
    };
    for signal in SIGNALS.iter().filter(|signal| signal.windowed) {
        lines.extend(windows(signal.vital.name()));
    }
    lines.push(format!("distance log 1 {FARTHEST}"));
    lines.extend(windows("distance"));
    lines.extend((1..=LARGEST).map(|place| format!("deviation largest {place} log 1 {FARTHEST}")));
    for signal in &SIGNALS {
        if let Some(floor) = signal.floor {
            lines.push(format!("{} least spread {floor}", signal.vital.name()));
        }
    }
    lines.join("\n")
}

/// The schema's SHA-256 in lower-case hex, as a model's metadata has it.
pub fn schema_hash() -> String {
    hex::encode(Sha256::digest(schema()))
}

/// Which vital a feature speaks of; none for the distance from normal.
pub fn vital_of(feature: usize) -> Option<Vital> {
    if let Some(signal) = SIGNALS.get(feature) {
        return Some(signal.vital);
    }
    let windowed = (feature - WINDOWS_AT) / OF_WINDOWS;
    SIGNALS.iter().filter(|signal| signal.windowed).nth(windowed).map(|signal| signal.vital)
}

/// Takes a vital out of a vector, as if its sensor were missing.
pub fn without(vector: &mut Vector, vital: Vital) {
    let mut clear = |feature: usize| {
        vector[feature] = 0.0;
        vector[FEATURES + feature] = 0.0;
    };
    let mut windowed = WINDOWS_AT;
    for (place, signal) in SIGNALS.iter().enumerate() {
        if signal.vital == vital {
            clear(place);
        }
        if signal.windowed {
            if signal.vital == vital {
                (windowed..windowed + OF_WINDOWS).for_each(&mut clear);
            }
            windowed += OF_WINDOWS;
        }
    }
}

/// When a counter last rose.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    last: Option<f32>,
    rose: Option<Millis>,
}

impl Counter {
    /// How fresh its last rise is; none until it was seen twice.
    fn observe(&mut self, at: Millis, value: Option<f32>) -> Option<f32> {
        let value = value?;
        let before = self.last.replace(value)?;
        // A counter that fell was reset, and says nothing about what happened.
        if value > before {
            self.rose = Some(at);
        }
        Some(self.freshness(at))
    }

    fn freshness(&self, at: Millis) -> f32 {
        self.rose.map_or(0.0, |rose| (-(at.saturating_sub(rose) as f32) / FRESH_HALVES).exp2())
    }
}

/// What one node keeps to compute its features: about 10 KB, nothing allocated
/// per sample.
#[derive(Clone, Debug)]
pub struct Features {
    last: Option<Millis>,
    windows: [Windows; WINDOWED],
    distance_windows: Windows,
    normal: Normal<{ SIGNALS.len() }>,
    counters: [Counter; SIGNALS.len()],
    /// The signals of the last sample, and how long they speak for, to learn from.
    now: [Option<f32>; SIGNALS.len()],
    seconds: f32,
    distance: Option<f32>,
    vector: Vector,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            last: None,
            windows: [const { Windows::new() }; WINDOWED],
            distance_windows: Windows::new(),
            normal: Normal::default(),
            counters: [Counter::default(); SIGNALS.len()],
            now: [None; SIGNALS.len()],
            seconds: 0.0,
            distance: None,
            vector: [0.0; INPUTS],
        }
    }
}

impl Features {
    /// Takes a sample, taken `at`, and computes its features. A sample that is
    /// not later than the last one is seen, but speaks for no time.
    pub fn observe(&mut self, at: Millis, readings: &Readings) {
        let from = self.last.map_or(at, |last| last.max(at.saturating_sub(LONGEST)).min(at));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        self.seconds = (at - from) as f32 / 1_000.0;
        self.vector = [0.0; INPUTS];
        let mut windowed = 0;
        for (place, signal) in SIGNALS.iter().enumerate() {
            let read = readings.get(signal.vital);
            let scaled = match signal.scaling {
                Scaling::Fresh => self.counters[place].observe(at, read),
                scaling => read.map(|value| scaling.apply(value)),
            };
            self.now[place] = scaled;
            set(&mut self.vector, place, scaled);
            if signal.windowed {
                let windows = &mut self.windows[windowed];
                if let Some(value) = scaled {
                    windows.push(from, at, value);
                }
                let begin = WINDOWS_AT + windowed * OF_WINDOWS;
                set_windows(&mut self.vector, begin, at, scaled, windows);
                windowed += 1;
            }
        }
        self.compare(from, at);
    }

    /// The features that compare with the node's own normal.
    fn compare(&mut self, from: Millis, at: Millis) {
        let mut largest = [0.0_f32; LARGEST];
        let (mut sum, mut count) = (0.0_f32, 0_u32);
        for place in 0..SIGNALS.len() {
            let Some(deviation) = self.deviation_at(place).map(f32::abs) else { continue };
            sum += deviation * deviation;
            count += 1;
            let mut falling = deviation;
            for kept in &mut largest {
                if falling > *kept {
                    core::mem::swap(kept, &mut falling);
                }
            }
        }
        self.distance = (count > 0).then(|| (sum / count as f32).sqrt());
        let scaled = self.distance.map(|distance| DISTANCE.apply(distance));
        if let Some(scaled) = scaled {
            self.distance_windows.push(from, at, scaled);
        }
        set(&mut self.vector, DISTANCE_AT, scaled);
        set_windows(&mut self.vector, DISTANCE_AT + 1, at, scaled, &self.distance_windows);
        for (place, deviation) in largest.into_iter().enumerate() {
            let known = (count as usize > place).then(|| DISTANCE.apply(deviation));
            set(&mut self.vector, DISTANCE_AT + 1 + OF_WINDOWS + place, known);
        }
    }

    /// Lets the node's normal learn from the last sample; not called in a crisis.
    pub fn learn(&mut self) {
        for (place, signal) in SIGNALS.iter().enumerate() {
            if let (Some(value), Some(floor)) = (self.now[place], signal.floor) {
                self.normal.learn(place, value, self.seconds, floor);
            }
        }
    }

    /// The features of the last sample.
    pub fn vector(&self) -> &Vector {
        &self.vector
    }

    /// How far all vitals together are from this node's normal, in spreads:
    /// about 1 on an ordinary day; none while no normal is known.
    pub fn distance(&self) -> Option<f32> {
        self.distance
    }

    /// How many spreads a vital lies above (or below) this node's normal.
    pub fn deviation(&self, vital: Vital) -> Option<f32> {
        self.deviation_at(place_of(vital)?)
    }

    fn deviation_at(&self, place: usize) -> Option<f32> {
        let floor = SIGNALS.get(place)?.floor?;
        self.normal.deviation(place, (*self.now.get(place)?)?, floor)
    }

    /// What is usual for this node, in the vital's unit; none while unknown.
    pub fn usual(&self, vital: Vital) -> Option<f32> {
        let place = place_of(vital)?;
        let signal = SIGNALS.get(place)?;
        signal.floor?;
        self.normal.usual(place).map(|usual| signal.scaling.undo(usual))
    }

    /// The mean of a windowed vital in its own unit.
    pub fn mean(&self, vital: Vital, window: Window) -> Option<f32> {
        let signal = SIGNALS.get(place_of(vital)?)?;
        let windowed =
            SIGNALS.iter().filter(|other| other.windowed).position(|other| other.vital == vital)?;
        let statistics = self.windows.get(windowed)?.statistics(self.last?, window)?;
        Some(signal.scaling.undo(statistics.mean))
    }

    /// Whether a counter rose within the last `span`.
    pub fn rose_within(&self, vital: Vital, span: Millis) -> bool {
        place_of(vital)
            .and_then(|place| self.counters.get(place)?.rose)
            .zip(self.last)
            .is_some_and(|(rose, now)| now.saturating_sub(rose) <= span)
    }
}

fn place_of(vital: Vital) -> Option<usize> {
    SIGNALS.iter().position(|signal| signal.vital == vital)
}

fn set(vector: &mut Vector, feature: usize, value: Option<f32>) {
    if let Some(value) = value {
        vector[feature] = value;
        vector[FEATURES + feature] = 1.0;
    }
}

fn set_windows(vector: &mut Vector, begin: usize, at: Millis, now: Option<f32>, windows: &Windows) {
    let Some(now) = now else { return };
    for (place, window) in Window::ALL.into_iter().enumerate() {
        let statistics = windows.statistics(at, window);
        set(vector, begin + place, statistics.map(|statistics| now - statistics.mean));
        if window == Window::Fifteen {
            set(vector, begin + OF_WINDOWS - 1, statistics.map(|statistics| statistics.spread));
        }
    }
}

#[cfg(test)]
mod tests;
