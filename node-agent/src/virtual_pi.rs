//! A simulated Pi.

use crate::Millis;
use frames::{Readings, VitalSet};

/// A simulated Pi: the same seed and number live the same life.
#[derive(Clone, Debug)]
pub struct VirtualPi {
    seed: u64,
}

impl VirtualPi {
    /// The Pi of this number in the simulated fleet of this seed.
    pub fn new(seed: u64, number: u32) -> Self {
        Self { seed: seed ^ u64::from(number) }
    }

    /// What the hardware calls itself.
    pub fn hardware(&self) -> &'static str {
        if self.seed == 0 { "simulated Pi 4" } else { "simulated Pi 5" }
    }

    /// What it can measure.
    pub fn measurable(&self) -> VitalSet {
        VitalSet::default()
    }

    /// What it measures `at` this time.
    pub fn read(&mut self, _at: Millis) -> Readings {
        Readings::default()
    }
}
