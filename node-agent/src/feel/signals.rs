//! The table of what the model sees: one row per vital, with its scale.
//!
//! Every value is put on a scale that means the same on every machine: a
//! percentage is a percentage, bytes per second are logarithmic, a temperature
//! is measured against what a Pi's firmware allows.

use frames::Vital;

/// How a vital's unit becomes a number near 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scaling {
    /// `(value − zero) / (one − zero)`.
    Linear {
        /// The value that becomes 0.
        zero: f32,
        /// The value that becomes 1.
        one: f32,
    },
    /// `ln(1 + value / floor) / ln(1 + one / floor)`.
    Logarithmic {
        /// Where linear turns into logarithmic.
        floor: f32,
        /// The value that becomes 1.
        one: f32,
    },
    /// How little is left of a whole, in %: each halving of it counts alike, down to
    /// [`LEFT_FLOOR`]. 50 % used is 0.13, 90 % is 0.43, 99 % is 0.79.
    Left,
    /// `1 / (1 + (age / FRESH)⁴)` of a counter's last rise: 1 right after it, and falling
    /// fastest where news ends.
    Fresh,
}

/// How long a risen counter is news, in milliseconds: five minutes, as in the rules.
pub const FRESH: f32 = 300_000.0;

/// What is left below this, in %, makes no difference any more.
pub const LEFT_FLOOR: f32 = 0.5;
/// All of a whole, in %, and the floor.
const LEFT_ALL: f32 = 100.0 + LEFT_FLOOR;

/// The least and greatest value that reaches the model.
const RANGE: core::ops::RangeInclusive<f32> = -0.5..=1.5;

impl Scaling {
    /// From the vital's unit to the model's scale.
    pub fn apply(self, value: f32) -> f32 {
        let scaled = match self {
            Self::Linear { zero, one } => (value - zero) / (one - zero),
            Self::Logarithmic { floor, one } => (value.max(0.0) / floor).ln_1p() / (one / floor).ln_1p(),
            Self::Left => {
                (LEFT_ALL / (100.0 - value.min(100.0) + LEFT_FLOOR)).ln() / (LEFT_ALL / LEFT_FLOOR).ln()
            }
            Self::Fresh => value,
        };
        scaled.clamp(*RANGE.start(), *RANGE.end())
    }

    /// Back from the model's scale to the vital's unit.
    pub fn undo(self, scaled: f32) -> f32 {
        match self {
            Self::Linear { zero, one } => zero + scaled * (one - zero),
            Self::Logarithmic { floor, one } => (scaled * (one / floor).ln_1p()).exp_m1() * floor,
            Self::Left => LEFT_ALL - LEFT_ALL * (LEFT_FLOOR / LEFT_ALL).powf(scaled),
            Self::Fresh => scaled,
        }
    }
}

/// One row: a vital and how the model sees it.
#[derive(Clone, Copy, Debug)]
pub struct Signal {
    /// The vital.
    pub vital: Vital,
    /// Its scale.
    pub scaling: Scaling,
    /// Whether its changes and spread over the windows are features.
    pub windowed: bool,
    /// The least spread that its normal is granted, on the model's scale; none
    /// if no normal is learned.
    pub floor: Option<f32>,
}

const fn percent(vital: Vital, windowed: bool, floor: Option<f32>) -> Signal {
    Signal { vital, scaling: Scaling::Linear { zero: 0.0, one: 100.0 }, windowed, floor }
}

const fn logarithmic(vital: Vital, floor: f32, one: f32, windowed: bool, spread: f32) -> Signal {
    Signal { vital, scaling: Scaling::Logarithmic { floor, one }, windowed, floor: Some(spread) }
}

/// 4 KiB/s to 1 GB/s: an SD card's and a wire's whole range.
const fn bytes(vital: Vital, windowed: bool) -> Signal {
    logarithmic(vital, 4_096.0, 1e9, windowed, 0.05)
}

const fn flag(vital: Vital) -> Signal {
    Signal { vital, scaling: Scaling::Linear { zero: 0.0, one: 1.0 }, windowed: false, floor: None }
}

const fn fresh(vital: Vital) -> Signal {
    Signal { vital, scaling: Scaling::Fresh, windowed: false, floor: None }
}

const fn few(vital: Vital, one: f32) -> Signal {
    Signal { vital, scaling: Scaling::Linear { zero: 0.0, one }, windowed: false, floor: None }
}

/// Every signal, in the order of the features. Changing anything here changes
/// the schema and needs a new model.
pub const SIGNALS: [Signal; 33] = [
    percent(Vital::Cpu, true, Some(0.03)),
    percent(Vital::CpuBusiest, false, None),
    // From one waiting task in a hundred to a fork storm's 128.
    logarithmic(Vital::Load1, 0.25, 128.0, true, 0.05),
    percent(Vital::PsiCpuSome, false, Some(0.03)),
    percent(Vital::PsiMemorySome, true, Some(0.02)),
    percent(Vital::PsiMemoryFull, false, None),
    percent(Vital::PsiIoSome, true, Some(0.03)),
    percent(Vital::PsiIoFull, false, None),
    percent(Vital::MemoryUsed, true, Some(0.02)),
    percent(Vital::SwapUsed, true, Some(0.03)),
    bytes(Vital::SwapIn, true),
    bytes(Vital::SwapOut, false),
    // One byte too few is a failure, whatever the card's size.
    Signal { vital: Vital::DiskUsed, scaling: Scaling::Left, windowed: true, floor: Some(0.005) },
    percent(Vital::DiskBusy, true, Some(0.04)),
    bytes(Vital::DiskRead, false),
    bytes(Vital::DiskWrite, false),
    bytes(Vital::NetReceived, true),
    bytes(Vital::NetSent, false),
    logarithmic(Vital::NetErrors, 0.1, 1_000.0, false, 0.05),
    logarithmic(Vital::TcpRetransmits, 0.1, 1_000.0, true, 0.05),
    // 85 °C is every Pi's hard limit.
    Signal {
        vital: Vital::Temperature,
        scaling: Scaling::Linear { zero: 20.0, one: 85.0 },
        windowed: true,
        floor: Some(0.03),
    },
    logarithmic(Vital::Processes, 16.0, 32_768.0, false, 0.02),
    logarithmic(Vital::Blocked, 1.0, 64.0, true, 0.1),
    // One that falls and comes back, over and over, is up at most samples.
    Signal { windowed: true, ..few(Vital::FailedUnits, 2.0) },
    Signal { vital: Vital::OpenFiles, scaling: Scaling::Left, windowed: false, floor: None },
    few(Vital::ReadOnlyMounts, 2.0),
    fresh(Vital::FilesystemErrors),
    fresh(Vital::OomKills),
    fresh(Vital::DiskErrors),
    flag(Vital::UnderVoltageNow),
    flag(Vital::FrequencyCappedNow),
    flag(Vital::ThrottledNow),
    flag(Vital::SoftLimitNow),
];

/// How many signals have features over the windows.
pub const WINDOWED: usize = count(true);

/// How many signals have a normal.
pub const NORMALS: usize = count(false);

/// Signals with windows, or else those with a normal.
const fn count(windowed: bool) -> usize {
    let (mut count, mut place) = (0, 0);
    while place < SIGNALS.len() {
        let signal = &SIGNALS[place];
        count += if windowed { signal.windowed } else { signal.floor.is_some() } as usize;
        place += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_come_back() {
        for signal in SIGNALS {
            for scaled in [0.0, 0.1, 0.5, 0.9] {
                let value = signal.scaling.undo(scaled);
                let back = signal.scaling.apply(value);
                assert!((back - scaled).abs() < 1e-4, "{:?} {scaled} {value} {back}", signal.vital);
            }
        }
    }

    #[test]
    fn no_vital_stands_twice() {
        for (place, signal) in SIGNALS.iter().enumerate() {
            assert!(SIGNALS[..place].iter().all(|before| before.vital != signal.vital));
        }
    }
}
