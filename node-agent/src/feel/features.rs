//! The feature schema, and the state from which features are computed.
//!
//! The vector holds [`FEATURES`] values and then as many presence flags (1 or
//! 0); an absent feature has value 0 and flag 0, and the model was trained with
//! sensors missing, so that absent is never read as zero. In order:
//!
//! 1. each signal of [`SIGNALS`] now;
//! 2. for each windowed signal: its change against the mean of the last 1, 5, 15
//!    and 60 minutes, and its spread over 15 minutes;
//! 3. for each vital with a normal: how far it is from it;
//! 4. what [`super::strange`] makes of all of them together.
//!
//! The fourth part names no vital, so machines whose metrics nobody could name
//! can teach and test it. [`schema`] is the text of all this and [`schema_hash`]
//! its SHA-256, which a model must carry.

use super::baseline::Baseline;
use super::signals::{FRESH, LEFT_FLOOR, NORMALS, SIGNALS, Scaling, Signal, WINDOWED};
use super::strange::{self, Course, STRANGE, signed};
use super::windows::{LONGEST, Window, Windows};
use crate::Millis;
use frames::{Readings, Vital};
use sha2::{Digest as _, Sha256};

/// The version of the schema: of its form, and of how what it names is computed.
pub const SCHEMA_VERSION: u32 = 4;

/// Features of one windowed quantity: four changes and a spread.
pub(super) const OF_WINDOWS: usize = Window::ALL.len() + 1;
/// Where the features of the windows begin.
const WINDOWS_AT: usize = SIGNALS.len();
/// Where the distances from the vitals' normals begin.
const NORMALS_AT: usize = WINDOWS_AT + WINDOWED * OF_WINDOWS;
/// Where the features that name no vital begin.
pub const STRANGE_AT: usize = NORMALS_AT + NORMALS;
/// How many features there are.
pub const FEATURES: usize = STRANGE_AT + STRANGE;
/// How many numbers the model takes: a value and a presence flag for each.
pub const INPUTS: usize = 2 * FEATURES;

/// The doubt while no normal is known, and for each sensor that has gone missing.
const YOUNG_DOUBT: f32 = 0.5;
const LOST_DOUBT: f32 = 0.05;

/// What the model takes.
pub type Vector = [f32; INPUTS];

/// The schema as text: a line per feature, with everything that gives it its meaning.
pub fn schema() -> String {
    let mut lines = vec![format!("goldentooth features {SCHEMA_VERSION}")];
    for signal in &SIGNALS {
        let scale = match signal.scaling {
            Scaling::Linear { zero, one } => format!("linear {zero} {one}"),
            Scaling::Logarithmic { floor, one } => format!("log {floor} {one}"),
            Scaling::Left => format!("left {LEFT_FLOOR}"),
            Scaling::Fresh => format!("fresh {FRESH}"),
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
    let normals = SIGNALS.iter().filter(|signal| signal.floor.is_some());
    lines.extend(normals.map(|signal| format!("{} deviation signed log", signal.vital.name())));
    lines.extend(strange::schema());
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

/// Which vital a feature speaks of; none for what names no vital.
pub fn vital_of(feature: usize) -> Option<Vital> {
    let nth = |place, which: fn(&&Signal) -> bool| SIGNALS.iter().filter(which).nth(place);
    let signal = match feature {
        0..WINDOWS_AT => SIGNALS.get(feature),
        WINDOWS_AT..NORMALS_AT => nth((feature - WINDOWS_AT) / OF_WINDOWS, |signal| signal.windowed),
        NORMALS_AT..STRANGE_AT => nth(feature - NORMALS_AT, |signal| signal.floor.is_some()),
        _ => None,
    };
    signal.map(|signal| signal.vital)
}

/// Takes a vital out of a vector, as if its sensor were missing.
pub fn without(vector: &mut Vector, vital: Vital) {
    let mut clear = |feature: usize| {
        vector[feature] = 0.0;
        vector[FEATURES + feature] = 0.0;
    };
    let (mut windowed, mut normal) = (WINDOWS_AT, NORMALS_AT);
    for (place, signal) in SIGNALS.iter().enumerate() {
        if signal.vital == vital {
            clear(place);
        }
        if signal.floor.is_some() {
            if signal.vital == vital {
                clear(normal);
            }
            normal += 1;
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
        self.rose.map_or(0.0, |rose| 1.0 / (1.0 + (at.saturating_sub(rose) as f32 / FRESH).powi(4)))
    }
}

/// What one node keeps to compute its features: about 40 KB, nothing allocated
/// per sample.
#[derive(Clone, Debug)]
pub struct Features {
    last: Option<Millis>,
    windows: [Windows; WINDOWED],
    counters: [Counter; SIGNALS.len()],
    baseline: Baseline,
    course: Course,
    /// Which signals were ever measured, and how many of them are missing now.
    seen: [bool; SIGNALS.len()],
    lost: u16,
    /// What the clock says at uptime 0, in milliseconds since 1970, if it is trusted.
    clock: Option<i64>,
    vector: Vector,
}

impl Default for Features {
    fn default() -> Self {
        let floors: heapless::Vec<f32, NORMALS> = SIGNALS.iter().filter_map(|signal| signal.floor).collect();
        Self {
            last: None,
            windows: [const { Windows::new() }; WINDOWED],
            counters: [Counter::default(); SIGNALS.len()],
            baseline: Baseline::new(&floors),
            course: Course::default(),
            seen: [false; SIGNALS.len()],
            lost: 0,
            clock: None,
            vector: [0.0; INPUTS],
        }
    }
}

impl Features {
    /// What the clock says at uptime 0, in milliseconds since 1970; none while it is
    /// not trusted, and then no hour of the day is known.
    pub fn set_clock(&mut self, offset: Option<i64>) {
        self.clock = offset;
    }

    /// Takes a sample, taken `at`, and computes its features. A sample that is
    /// not later than the last one is seen, but speaks for no time.
    pub fn observe(&mut self, at: Millis, readings: &Readings) {
        let from = self.last.map_or(at, |last| last.max(at.saturating_sub(LONGEST)).min(at));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        self.vector = [0.0; INPUTS];
        self.lost = 0;
        let (mut windowed, mut normal) = (0, 0);
        let mut levels = [None; NORMALS];
        for (place, signal) in SIGNALS.iter().enumerate() {
            let read = readings.get(signal.vital);
            self.seen[place] |= read.is_some();
            self.lost += u16::from(self.seen[place] && read.is_none());
            let scaled = match signal.scaling {
                Scaling::Fresh => self.counters[place].observe(at, read),
                scaling => read.map(|value| scaling.apply(value)),
            };
            set(&mut self.vector, place, scaled);
            if signal.windowed {
                if let Some(value) = scaled {
                    self.windows[windowed].push(from, at, value);
                }
                let begin = WINDOWS_AT + windowed * OF_WINDOWS;
                set_windows(&mut self.vector, begin, at, scaled, &self.windows[windowed]);
                windowed += 1;
            }
            if signal.floor.is_some() {
                levels[normal] = scaled;
                normal += 1;
            }
        }
        let seconds = (at - from) as f32 / 1_000.0;
        let strange = self.baseline.observe(&levels, seconds, self.hour(at));
        for place in 0..NORMALS {
            set(&mut self.vector, NORMALS_AT + place, self.baseline.deviation(place).map(signed));
        }
        self.course.write(from, at, strange.as_ref(), &mut self.vector);
    }

    /// The hour of the day in UTC, where the clock is trusted.
    fn hour(&self, at: Millis) -> Option<usize> {
        let unix = self.clock?.checked_add(i64::try_from(at).ok()?)?;
        usize::try_from(unix.div_euclid(3_600_000).rem_euclid(24)).ok()
    }

    /// Lets the node's normal learn from the last sample; not called in a crisis.
    pub fn learn(&mut self) {
        self.baseline.learn();
    }

    /// What the node knows about itself.
    pub fn baseline(&mut self) -> &mut Baseline {
        &mut self.baseline
    }

    /// The features of the last sample.
    pub fn vector(&self) -> &Vector {
        &self.vector
    }

    /// How far all vitals together are from this node's normal, in spreads:
    /// about 1 on an ordinary day; none while no normal is known.
    pub fn distance(&self) -> Option<f32> {
        self.baseline.strange().map(|strange| strange.joint)
    }

    /// How much to doubt what a model says of the last sample: half as much again
    /// while no normal is known, and a little for each sensor that has gone missing.
    pub fn doubt(&self) -> f32 {
        let young = if self.distance().is_none() { YOUNG_DOUBT } else { 0.0 };
        young + LOST_DOUBT * f32::from(self.lost)
    }

    /// How many spreads a vital lies above (or below) this node's normal.
    pub fn deviation(&self, vital: Vital) -> Option<f32> {
        self.baseline.deviation(normal_of(vital)?)
    }

    /// What is usual for this node, in the vital's unit; none while unknown.
    pub fn usual(&self, vital: Vital) -> Option<f32> {
        self.baseline.usual(normal_of(vital)?).and_then(|usual| undo(vital, usual))
    }

    /// The range in which a vital usually is, in its unit; none while unknown.
    pub fn range(&self, vital: Vital) -> Option<[f32; 2]> {
        let [low, high] = self.baseline.range(normal_of(vital)?)?;
        Some([undo(vital, low)?, undo(vital, high)?])
    }

    /// The mean of a windowed vital in its own unit.
    pub fn mean(&self, vital: Vital, window: Window) -> Option<f32> {
        let windowed =
            SIGNALS.iter().filter(|other| other.windowed).position(|other| other.vital == vital)?;
        let statistics = self.windows.get(windowed)?.statistics(self.last?, window)?;
        undo(vital, statistics.mean)
    }

    /// Whether a counter rose within the last `span`.
    pub fn rose_within(&self, vital: Vital, span: Millis) -> bool {
        place_of(vital)
            .and_then(|place| self.counters.get(place)?.rose)
            .zip(self.last)
            .is_some_and(|(rose, now)| now.saturating_sub(rose) <= span)
    }

    /// The bytes that features and baseline take in memory.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() - size_of::<Baseline>() + self.baseline.bytes()
    }
}

fn place_of(vital: Vital) -> Option<usize> {
    SIGNALS.iter().position(|signal| signal.vital == vital)
}

/// A vital's place among those with a normal.
fn normal_of(vital: Vital) -> Option<usize> {
    SIGNALS.iter().filter(|signal| signal.floor.is_some()).position(|signal| signal.vital == vital)
}

/// From the model's scale to the vital's unit.
fn undo(vital: Vital, scaled: f32) -> Option<f32> {
    Some(SIGNALS.get(place_of(vital)?)?.scaling.undo(scaled))
}

pub(super) fn set(vector: &mut Vector, feature: usize, value: Option<f32>) {
    if let Some(value) = value {
        vector[feature] = value;
        vector[FEATURES + feature] = 1.0;
    }
}

pub(super) fn set_windows(
    vector: &mut Vector,
    begin: usize,
    at: Millis,
    now: Option<f32>,
    windows: &Windows,
) {
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
