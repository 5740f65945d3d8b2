//! The table of vitals, and one reading in its two forms: [`Readings`]
//! (numbers in units, as sampled) and [`Vitals`] (one byte each, as sent).

use crate::scale::Scale;
use crate::set::{BITMAP, VitalSet};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One row of the table of vitals.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The name in JSON, in topics and in the model's schema: `snake_case`.
    pub name: &'static str,
    /// The unit as people read it (`%`, `°C`, `B/s`, …); empty for plain numbers.
    pub unit: &'static str,
    /// How it is put in one byte.
    pub scale: Scale,
    /// What people call it in a sentence.
    pub words: &'static str,
}

macro_rules! vitals {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $unit:literal, $scale:expr, $words:literal;)*) => {
        /// One of the things that a node can measure about itself.
        ///
        /// The table only grows at its end, and a new row is a new version byte.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Vital { $($(#[$doc])* $variant),* }

        impl Vital {
            /// Every vital, in the order of the wire.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            const ROWS: &'static [Row] = &[$(Row {
                name: $name, unit: $unit, scale: $scale, words: $words,
            }),*];
        }
    };
}

/// Half percents: 0 to 127.5 %.
const PERCENT: Scale = Scale::Linear { min: 0.0, step: 0.5 };
/// Bytes per second: steps of 205 B/s near zero, up to 1.0 GB/s.
const BYTES: Scale = Scale::Logarithmic { floor: 4096.0 };
/// Loads and events per second: steps of 0.0005 near zero, up to 2,400.
const RATE: Scale = Scale::Logarithmic { floor: 0.01 };

vitals! {
    /// Busy share of all processors.
    Cpu = "cpu", "%", PERCENT, "CPU";
    /// Busy share of the busiest processor.
    CpuBusiest = "cpu_busiest", "%", PERCENT, "the busiest core";
    /// Load average over one minute: runnable and blocked tasks.
    Load1 = "load1", "", RATE, "load over 1 min";
    /// Load average over five minutes.
    Load5 = "load5", "", RATE, "load over 5 min";
    /// Load average over fifteen minutes.
    Load15 = "load15", "", RATE, "load over 15 min";
    /// Share of the last 10 s in which some task waited for a processor.
    PsiCpuSome = "psi_cpu_some", "%", PERCENT, "CPU pressure";
    /// Share of the last 10 s in which some task waited for memory.
    PsiMemorySome = "psi_memory_some", "%", PERCENT, "memory pressure";
    /// Share of the last 10 s in which all tasks waited for memory.
    PsiMemoryFull = "psi_memory_full", "%", PERCENT, "full memory pressure";
    /// Share of the last 10 s in which some task waited for I/O.
    PsiIoSome = "psi_io_some", "%", PERCENT, "I/O pressure";
    /// Share of the last 10 s in which all tasks waited for I/O.
    PsiIoFull = "psi_io_full", "%", PERCENT, "full I/O pressure";
    /// Memory not available to programs, of all memory.
    MemoryUsed = "memory_used", "%", PERCENT, "memory used";
    /// Swap in use, of all swap.
    SwapUsed = "swap_used", "%", PERCENT, "swap used";
    /// Read back from swap.
    SwapIn = "swap_in", "B/s", BYTES, "swapping in";
    /// Written out to swap.
    SwapOut = "swap_out", "B/s", BYTES, "swapping out";
    /// Space used on the fullest real file system.
    DiskUsed = "disk_used", "%", PERCENT, "disk used";
    /// Share of time in which the busiest disk had work.
    DiskBusy = "disk_busy", "%", PERCENT, "disk busy";
    /// Read from all disks.
    DiskRead = "disk_read", "B/s", BYTES, "disk reads";
    /// Written to all disks.
    DiskWrite = "disk_write", "B/s", BYTES, "disk writes";
    /// Received on all interfaces but loopback.
    NetReceived = "net_received", "B/s", BYTES, "network received";
    /// Sent on all interfaces but loopback.
    NetSent = "net_sent", "B/s", BYTES, "network sent";
    /// Errors and drops on all interfaces but loopback.
    NetErrors = "net_errors", "/s", RATE, "network errors";
    /// TCP segments sent again.
    TcpRetransmits = "tcp_retransmits", "/s", RATE, "TCP retransmits";
    /// Temperature of the processor.
    Temperature = "temperature", "°C", Scale::Linear { min: -20.0, step: 0.5 }, "temperature";
    /// Current frequency of the fastest processor.
    CpuFrequency = "cpu_frequency", "MHz", Scale::Linear { min: 0.0, step: 25.0 }, "CPU frequency";
    /// Fan speed.
    Fan = "fan", "rpm", Scale::Linear { min: 0.0, step: 50.0 }, "fan";
    /// Processes that exist.
    Processes = "processes", "", Scale::Count, "processes";
    /// Processes in uninterruptible sleep, mostly waiting for a disk.
    Blocked = "blocked", "", Scale::Count, "blocked processes";
    /// systemd units in state failed.
    FailedUnits = "failed_units", "", Scale::Count, "failed units";
    /// Open files, of the kernel's limit.
    OpenFiles = "open_files", "%", PERCENT, "open files";
    /// Errors that file systems recorded since they were made.
    FilesystemErrors = "filesystem_errors", "", Scale::Count, "file system errors";
    /// Real file systems that are mounted read-only though they began writable.
    ReadOnlyMounts = "read_only_mounts", "", Scale::Count, "file systems gone read-only";
    /// Processes killed for want of memory since boot.
    OomKills = "oom_kills", "", Scale::Count, "out-of-memory kills since boot";
    /// Disk requests that failed since boot.
    DiskErrors = "disk_errors", "", Scale::Count, "disk errors since boot";
    /// The supply is below 4.63 V now.
    UnderVoltageNow = "under_voltage_now", "", Scale::Flag, "under-voltage";
    /// The frequency is capped now.
    FrequencyCappedNow = "frequency_capped_now", "", Scale::Flag, "frequency capped";
    /// The processor is throttled now.
    ThrottledNow = "throttled_now", "", Scale::Flag, "throttled";
    /// The soft temperature limit is active now.
    SoftLimitNow = "soft_limit_now", "", Scale::Flag, "soft temperature limit";
    /// Under-voltage has occurred since boot.
    UnderVoltageSinceBoot = "under_voltage_since_boot", "", Scale::Flag, "under-voltage since boot";
    /// The frequency has been capped since boot.
    FrequencyCappedSinceBoot = "frequency_capped_since_boot", "", Scale::Flag, "frequency capped since boot";
    /// The processor has been throttled since boot.
    ThrottledSinceBoot = "throttled_since_boot", "", Scale::Flag, "throttled since boot";
    /// The soft temperature limit has been active since boot.
    SoftLimitSinceBoot = "soft_limit_since_boot", "", Scale::Flag, "soft temperature limit since boot";
    /// The clock follows a time server.
    ClockSynchronised = "clock_synchronised", "", Scale::Flag, "clock synchronised";
}

/// How many vitals there are.
pub const COUNT: usize = Vital::ALL.len();
/// How many vitals are flags, one bit each on the wire.
const FLAGS: usize = {
    let mut flags = 0;
    let mut i = 0;
    while i < COUNT {
        if matches!(Vital::ROWS[i].scale, Scale::Flag) {
            flags += 1;
        }
        i += 1;
    }
    flags
};
const FLAG_BYTES: usize = FLAGS.div_ceil(8);

impl Vital {
    /// Its row in the table.
    pub fn row(self) -> &'static Row {
        &Self::ROWS[self as usize]
    }

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Its unit, as people read it.
    pub fn unit(self) -> &'static str {
        self.row().unit
    }

    /// The vital at this place of the table.
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(usize::from(index)).copied()
    }

    /// The vital of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|vital| vital.name() == name)
    }

    /// Whether it is a yes or a no.
    pub fn is_flag(self) -> bool {
        matches!(self.row().scale, Scale::Flag)
    }
}

/// One reading in units, as sampled. What is absent was not measured; it is
/// never zero instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings([Option<f32>; COUNT]);

impl Default for Readings {
    fn default() -> Self {
        Self([None; COUNT])
    }
}

impl Readings {
    /// The value in the vital's unit, if it was measured.
    pub fn get(&self, vital: Vital) -> Option<f32> {
        self.0[vital as usize]
    }

    /// Sets a value in the vital's unit; anything but a finite number means absent.
    pub fn set(&mut self, vital: Vital, value: impl Into<Option<f32>>) {
        self.0[vital as usize] = value.into().filter(|value| value.is_finite());
    }

    /// What was measured, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (Vital, f32)> {
        Vital::ALL.iter().filter_map(|vital| Some((*vital, self.get(*vital)?)))
    }

    /// Which vitals were measured.
    pub fn present(&self) -> VitalSet {
        self.iter().map(|(vital, _)| vital).collect()
    }
}

/// One reading as sent: a presence bitmap and a byte (or a bit) each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vitals {
    present: VitalSet,
    codes: [u8; COUNT],
}

impl Default for Vitals {
    fn default() -> Self {
        Self { present: VitalSet::default(), codes: [0; COUNT] }
    }
}

impl Vitals {
    /// The value in the vital's unit, if present.
    pub fn get(&self, vital: Vital) -> Option<f32> {
        self.code(vital).map(|code| vital.row().scale.decode(code))
    }

    /// The byte as sent, if present.
    pub fn code(&self, vital: Vital) -> Option<u8> {
        self.present.contains(vital).then(|| self.codes[vital as usize])
    }

    /// Which vitals are present.
    pub fn present(&self) -> VitalSet {
        self.present
    }

    /// What is present, in units, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (Vital, f32)> {
        self.present.iter().filter_map(|vital| Some((vital, self.get(vital)?)))
    }
}

impl From<&Readings> for Vitals {
    fn from(readings: &Readings) -> Self {
        let mut vitals = Self::default();
        for (vital, value) in readings.iter() {
            if let Some(code) = vital.row().scale.encode(value) {
                vitals.present.insert(vital);
                vitals.codes[vital as usize] = code;
            }
        }
        vitals
    }
}

// On the wire: the bitmap, one byte for each present vital that is no flag,
// then the present flags packed into bits, lowest first.

impl Serialize for Vitals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(BITMAP + COUNT + FLAG_BYTES)?;
        for byte in self.present.to_bytes() {
            tuple.serialize_element(&byte)?;
        }
        let mut flags = [0_u8; FLAG_BYTES];
        let mut flag_count = 0;
        for vital in self.present.iter() {
            let code = self.codes[vital as usize];
            if vital.is_flag() {
                flags[flag_count / 8] |= code.min(1) << (flag_count % 8);
                flag_count += 1;
            } else {
                tuple.serialize_element(&code)?;
            }
        }
        for byte in &flags[..flag_count.div_ceil(8)] {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Vitals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(BITMAP + COUNT + FLAG_BYTES, VitalsVisitor)
    }
}

struct VitalsVisitor;

impl<'de> Visitor<'de> for VitalsVisitor {
    type Value = Vitals;

    fn expecting(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("a bitmap of vitals and their codes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Vitals, A::Error> {
        let mut next = || bytes.next_element::<u8>()?.ok_or_else(|| A::Error::custom("vitals cut short"));
        let mut bitmap = [0; BITMAP];
        for byte in &mut bitmap {
            *byte = next()?;
        }
        let present =
            VitalSet::from_bytes(bitmap).ok_or_else(|| A::Error::custom("a vital beyond the table"))?;
        let mut codes = [0; COUNT];
        for vital in present.iter().filter(|vital| !vital.is_flag()) {
            codes[vital as usize] = next()?;
        }
        let mut byte = 0;
        for (place, vital) in present.iter().filter(|vital| vital.is_flag()).enumerate() {
            if place % 8 == 0 {
                byte = next()?;
            }
            codes[vital as usize] = (byte >> (place % 8)) & 1;
        }
        Ok(Vitals { present, codes })
    }
}
