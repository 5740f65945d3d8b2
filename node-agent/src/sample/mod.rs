//! One reading of this machine's vitals.

use crate::Millis;
use frames::{COUNT, Readings, Vital, VitalSet};
use std::path::Path;

/// One reading.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The values, in units.
    pub readings: Readings,
    sources: [&'static str; COUNT],
}

impl Sample {
    /// Where a present vital was read.
    pub fn source(&self, vital: Vital) -> &'static str {
        self.sources.get(vital as usize).copied().unwrap_or_default()
    }
}

/// Which of the sources that are not free of side effects may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Run `vcgencmd get_throttled` at most once a minute, where it is allowed.
    pub vcgencmd: bool,
    /// Read the firmware's deprecated `get_throttled` file, at whose first
    /// read the kernel logs a warning.
    pub get_throttled: bool,
    /// Run `systemctl` and `chronyc` at most once a minute, where they are.
    pub ask_services: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { vcgencmd: true, get_throttled: false, ask_services: true }
    }
}

/// Reads vitals below a root.
pub struct Sampler {
    measurable: VitalSet,
}

impl Sampler {
    /// A sampler of the machine below `root` (`/` for this one).
    pub fn new(root: &Path) -> Self {
        Self::with(root, Options::default())
    }

    /// A sampler with chosen sources.
    pub fn with(_root: &Path, _options: Options) -> Self {
        Self { measurable: VitalSet::default() }
    }

    /// Takes one reading at `at`, uptime in milliseconds. Rates need the reading before.
    pub fn sample(&mut self, _at: Millis) -> Sample {
        Sample { readings: Readings::default(), sources: [""; COUNT] }
    }

    /// What can be measured here, as far as the readings so far have shown:
    /// rates are in it from the first one.
    pub fn measurable(&self) -> VitalSet {
        self.measurable
    }
}
