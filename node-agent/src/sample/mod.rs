//! One reading of this machine's vitals.
//!
//! Everything is read from files below a root, so that tests hand in recorded
//! trees and a container says `--root /host`; programs (`vcgencmd`,
//! `systemctl`, `chronyc`) are asked only if the root is this machine's own,
//! at most once a minute, and a sample never waits for them.
//!
//! What the hardware or the kernel does not have is absent, never zero. Rates
//! need two samples; a counter that fell (wrapped, or its device came anew)
//! makes its rate absent once. [`about::absence`] has a sentence for each.
//!
//! `procfs-core` parses load, disk statistics and mounts. The other files are
//! read by a few lines of ours, where it panics on odd input (pressure,
//! memory), wants lines that some kernels leave out, or builds a map of
//! hundreds of lines of which three are wanted.

pub mod about;
mod asked;
mod cpu;
mod disks;
mod files;
mod filesystems;
mod heat;
mod load;
mod memory;
mod network;
mod parse;
pub mod print;
mod processes;
mod services;
#[cfg(test)]
mod tests;
mod throttle;
mod trips;
mod units;

pub use trips::slows_at;

use crate::Millis;
use files::Files;
use frames::{COUNT, Readings, ServiceState, Services, Vital, VitalSet};
use std::path::Path;
pub use units::UnitName;

/// One reading.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The values, in units.
    pub readings: Readings,
    sources: [&'static str; COUNT],
}

impl Sample {
    /// Where a vital was read: a path or a command line; empty if it is absent.
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
    /// Run `systemctl` at most once a minute and `chronyc` at most once in
    /// five, where they are.
    pub ask_services: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { vcgencmd: true, get_throttled: false, ask_services: true }
    }
}

/// Reads vitals below a root.
pub struct Sampler {
    files: Files,
    options: Options,
    measurable: VitalSet,
    cpu: cpu::Cpu,
    memory: memory::Memory,
    disks: disks::Disks,
    filesystems: filesystems::Filesystems,
    network: network::Network,
    heat: heat::Heat,
    throttle: throttle::Throttle,
    services: services::Services,
    units: units::Units,
}

impl Sampler {
    /// A sampler of the machine below `root` (`/` for this one).
    pub fn new(root: &Path) -> Self {
        Self::with(root, Options::default())
    }

    /// A sampler with chosen sources.
    pub fn with(root: &Path, options: Options) -> Self {
        Self {
            files: Files::new(root),
            options,
            measurable: VitalSet::default(),
            cpu: cpu::Cpu::default(),
            memory: memory::Memory::default(),
            disks: disks::Disks::default(),
            filesystems: filesystems::Filesystems::default(),
            network: network::Network::default(),
            heat: heat::Heat::default(),
            throttle: throttle::Throttle::default(),
            services: services::Services::default(),
            units: units::Units::new(Vec::new()),
        }
    }

    /// Takes one reading at `at`, uptime in milliseconds. Rates need the reading before.
    pub fn sample(&mut self, at: Millis) -> Sample {
        let mut sample = Sample { readings: Readings::default(), sources: [""; COUNT] };
        let mut sink = Sink { sample: &mut sample, measurable: &mut self.measurable };
        let files = &mut self.files;
        self.cpu.read(at, files, &mut sink);
        load::load(files, &mut sink);
        load::pressure(files, &mut sink);
        self.memory.read(at, files, &mut sink);
        self.disks.read(at, files, &mut sink);
        self.filesystems.read(at, files, &mut sink);
        self.network.read(at, files, &mut sink);
        self.heat.read(at, files, &mut sink);
        self.throttle.read(at, files, self.options, &mut sink);
        processes::read(files, &mut sink);
        self.services.read(at, files, self.options, &mut sink);
        self.units.read(at, files);
        sample
    }

    /// Takes two readings a second apart, so that rates are known and programs
    /// have answered, and returns the second: for a single look at a machine.
    pub fn settle(&mut self) -> Sample {
        self.sample(crate::clock::uptime());
        std::thread::sleep(std::time::Duration::from_secs(1));
        self.sample(crate::clock::uptime())
    }

    /// What can be measured here, as far as the readings so far have shown:
    /// rates are in it from the first one.
    pub fn measurable(&self) -> VitalSet {
        self.measurable
    }

    /// Watches these units from now on.
    #[must_use]
    pub fn watching(mut self, units: Vec<UnitName>) -> Self {
        self.units = units::Units::new(units);
        self
    }

    /// Every watched unit and the agent's own data folder (none without one), if one has
    /// changed since this was last asked.
    pub fn services(&mut self, data: Option<ServiceState>) -> Option<Services> {
        self.units.news(data)
    }

    /// Where it reads.
    pub fn root(&self) -> &Path {
        self.files.root()
    }
}

/// Whether this process may run `vcgencmd` with success below `root`: it talks
/// through `/dev/vcio`, which belongs to the group `video`.
pub fn vcgencmd_allowed(root: &Path) -> bool {
    throttle::allowed(&Files::new(root))
}

/// Where the readers put what they found.
struct Sink<'a> {
    sample: &'a mut Sample,
    measurable: &'a mut VitalSet,
}

impl Sink<'_> {
    /// A vital that has a source here; none if it has no value this time (a
    /// rate at its first sample, a counter that was reset).
    fn put(&mut self, vital: Vital, value: Option<f64>, source: &'static str) {
        self.measurable.insert(vital);
        // Nothing but the temperature can be below zero.
        let value = value.filter(|value| *value >= 0.0 || vital == Vital::Temperature);
        self.sample.readings.set(vital, value.map(|value| value as f32));
        if let Some(slot) = self.sample.sources.get_mut(vital as usize) {
            *slot = if self.sample.readings.get(vital).is_some() { source } else { "" };
        }
    }

    /// A vital that has a source here only if it has a value.
    fn known(&mut self, vital: Vital, value: Option<f64>, source: &'static str) {
        if value.is_some() {
            self.put(vital, value, source);
        }
    }

    /// A yes or a no.
    fn flag(&mut self, vital: Vital, value: bool, source: &'static str) {
        self.put(vital, Some(f64::from(u8::from(value))), source);
    }
}
