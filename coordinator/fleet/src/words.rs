//! Numbers and causes in plain words, the same on every surface.

use frames::{Cause, Direction, Mood, Report, Scale, Vital};
use serde::{Deserialize, Serialize};

/// One reason for a mood, ready to be shown or said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Because {
    /// Which vital, by its name.
    #[serde(with = "vital_name")]
    pub vital: Vital,
    /// Its value, in the vital's unit, to four significant digits.
    pub value: f64,
    /// What is usual for this node, in the vital's unit; none while unknown.
    pub usual: Option<f64>,
    /// To which side of its normal, or of its limit, it lies.
    pub direction: Direction,
    /// All that as words: `memory pressure 34 % (usually under 2 %)`.
    pub words: String,
}

/// A vital as its name, in serde.
pub mod vital_name {
    use frames::Vital;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    /// Writes the vital's name.
    pub fn serialize<S: Serializer>(vital: &Vital, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(vital.name())
    }

    /// Reads a vital's name.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vital, D::Error> {
        let name = String::deserialize(deserializer)?;
        Vital::from_name(&name).ok_or_else(|| D::Error::custom(format!("no vital is called {name:?}")))
    }
}

/// The reasons in a report, loudest first. Never empty beside a mood, as long
/// as anything was measured: a verdict without causes names what the node does.
pub fn because(report: &Report) -> Vec<Because> {
    let mut all: Vec<Because> = report
        .causes
        .iter()
        .filter_map(|cause| Some(explain(cause, report.vitals.get(cause.vital)?)))
        .collect();
    if let (true, Some(mood)) = (all.is_empty(), report.mood) {
        all.extend(plain(report, mood));
    }
    all
}

/// One cause with the value that its vital had.
pub fn explain(cause: &Cause, value: f32) -> Because {
    let usual = cause.usual();
    Because {
        vital: cause.vital,
        value: tidy(value),
        usual: usual.map(tidy),
        direction: cause.direction,
        words: cause_words(cause.vital, value, usual, cause.direction),
    }
}

/// What a node does, when nothing stands out.
fn plain(report: &Report, mood: Mood) -> Option<Because> {
    const TELLING: [Vital; 4] = [Vital::Cpu, Vital::Load1, Vital::MemoryUsed, Vital::Temperature];
    let told = TELLING.into_iter().find_map(|vital| Some((vital, report.vitals.get(vital)?)));
    let (vital, value) = told.or_else(|| report.vitals.iter().next())?;
    Some(Because {
        vital,
        value: tidy(value),
        usual: None,
        direction: if mood == Mood::Bored { Direction::Below } else { Direction::Above },
        words: named(vital, value),
    })
}

/// A cause in words: `memory pressure 34 % (usually under 2 %)`,
/// `temperature 82.0 °C, near its limit`, `2 failed units (usually none)`.
pub fn cause_words(vital: Vital, value: f32, usual: Option<f32>, direction: Direction) -> String {
    let mut words = named(vital, value);
    if vital.is_flag() {
        return words;
    }
    match usual {
        Some(usual) => {
            words.push_str(" (usually ");
            words.push_str(&usually(vital, usual));
            words.push(')');
        }
        None if near_limit(vital, value, direction) => words.push_str(", near its limit"),
        // A count of what should not be speaks for itself.
        None if vital.row().scale == Scale::Count && direction == Direction::Above => {}
        None if direction == Direction::Above => words.push_str(", high"),
        None => words.push_str(", low"),
    }
    words
}

/// A vital and its value: `CPU 12 %`, `2 failed units`, `under-voltage now`.
pub fn named(vital: Vital, value: f32) -> String {
    let words = vital.row().words;
    match vital.row().scale {
        Scale::Flag => flag(vital, value >= 0.5),
        Scale::Count if value < 0.5 => format!("no {words}"),
        Scale::Count if value < 1.5 => format!("1 {}", one_of(vital)),
        Scale::Count => format!("{} {words}", quantity(vital, value)),
        _ => format!("{words} {}", quantity(vital, value)),
    }
}

/// A value with its unit, as people write it: `34 %`, `82.0 °C`, `1.2 MB/s`,
/// `0.4 /s`, `3`, `yes`.
pub fn quantity(vital: Vital, value: f32) -> String {
    let unit = vital.unit();
    match vital.row().scale {
        Scale::Flag => return if value >= 0.5 { "yes" } else { "no" }.to_owned(),
        Scale::Count => return format!("{value:.0}"),
        _ => {}
    }
    match unit {
        "B/s" => bytes_per_second(value),
        // Its scale has halves: one place says all there is.
        "°C" => format!("{value:.1} {unit}"),
        "MHz" | "rpm" => format!("{value:.0} {unit}"),
        "" => digits(value),
        _ => format!("{} {unit}", digits(value)),
    }
}

/// Bytes per second in the largest unit that keeps a digit before the point.
pub fn bytes_per_second(value: f32) -> String {
    // Half a unit below the next one, so that nothing reads "1000 kB/s".
    match value {
        v if v < 999.5 => format!("{v:.0} B/s"),
        v if v < 999.5e3 => format!("{} kB/s", digits(v / 1e3)),
        v if v < 999.5e6 => format!("{} MB/s", digits(v / 1e6)),
        v => format!("{} GB/s", digits(v / 1e9)),
    }
}

/// At most two places, fewer as the number grows, and no zeros behind.
fn digits(value: f32) -> String {
    let places = match value.abs() {
        v if v >= 9.95 => return format!("{value:.0}"),
        v if v >= 0.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// What is usual, in words: next to nothing is told as a bound.
fn usually(vital: Vital, usual: f32) -> String {
    let bound = match (vital.row().scale, vital.unit()) {
        (Scale::Count, _) if usual < 0.5 => return "none".to_owned(),
        (_, "%") => 2.0,
        (_, "B/s") => 1e3,
        (_, "/s") | (Scale::Logarithmic { .. }, "") => 0.1,
        _ => 0.0,
    };
    if usual < bound { format!("under {}", quantity(vital, bound)) } else { quantity(vital, usual) }
}

/// Whether the vital has a natural limit, and the value comes close to it.
fn near_limit(vital: Vital, value: f32, direction: Direction) -> bool {
    direction == Direction::Above
        && match vital {
            // A Pi slows down from 80 °C (soft limit) and at 85 °C at the latest.
            Vital::Temperature => value >= 75.0,
            Vital::Cpu
            | Vital::CpuBusiest
            | Vital::MemoryUsed
            | Vital::SwapUsed
            | Vital::DiskUsed
            | Vital::DiskBusy
            | Vital::OpenFiles => value >= 85.0,
            _ => false,
        }
}

fn flag(vital: Vital, yes: bool) -> String {
    let words = vital.row().words;
    let now = match vital {
        Vital::UnderVoltageNow | Vital::FrequencyCappedNow | Vital::ThrottledNow | Vital::SoftLimitNow => {
            " now"
        }
        _ => "",
    };
    match (vital, yes) {
        (Vital::ClockSynchronised, false) => "clock not synchronised".to_owned(),
        (_, true) => format!("{words}{now}"),
        (_, false) => format!("no {words}{now}"),
    }
}

/// The words of a count when there is just one of it.
fn one_of(vital: Vital) -> &'static str {
    match vital {
        Vital::Processes => "process",
        Vital::Blocked => "blocked process",
        Vital::FailedUnits => "failed unit",
        Vital::FilesystemErrors => "file system error",
        Vital::ReadOnlyMounts => "file system gone read-only",
        Vital::OomKills => "out-of-memory kill since boot",
        Vital::DiskErrors => "disk error since boot",
        _ => vital.row().words,
    }
}

/// A value to four significant digits, more than any scale on the wire has.
pub fn tidy(value: f32) -> f64 {
    let value = f64::from(value);
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let places = 3 - value.abs().log10().floor() as i32;
    if places >= 0 {
        let power = 10_f64.powi(places);
        (value * power).round() / power
    } else {
        let power = 10_f64.powi(-places);
        (value / power).round() * power
    }
}

/// A span of time as people say it: `8 s`, `4 min`, `3 h`, `2 days`.
pub fn span(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
// Rounded numbers are compared with what they round to, digit for digit.
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use frames::{Classifier, Headroom, Probability, Readings, Vitals};

    #[test]
    fn quantities_read_well() {
        for (vital, value, words) in [
            (Vital::Cpu, 34.0, "34 %"),
            (Vital::Cpu, 1.5, "1.5 %"),
            (Vital::Cpu, 0.0, "0 %"),
            (Vital::Cpu, 97.5, "98 %"),
            (Vital::Temperature, 82.0, "82.0 °C"),
            (Vital::Temperature, -3.5, "-3.5 °C"),
            (Vital::NetSent, 0.0, "0 B/s"),
            (Vital::NetSent, 412.0, "412 B/s"),
            (Vital::NetSent, 999.7, "1 kB/s"),
            (Vital::NetSent, 34_400.0, "34 kB/s"),
            (Vital::DiskWrite, 1_234_000.0, "1.2 MB/s"),
            (Vital::DiskWrite, 999_600.0, "1 MB/s"),
            (Vital::DiskWrite, 1.04e9, "1 GB/s"),
            (Vital::NetErrors, 0.42, "0.42 /s"),
            (Vital::Load1, 3.26, "3.3"),
            (Vital::CpuFrequency, 1500.0, "1500 MHz"),
            (Vital::Processes, 217.0, "217"),
            (Vital::ThrottledNow, 1.0, "yes"),
        ] {
            assert_eq!(quantity(vital, value), words);
        }
    }

    #[test]
    fn causes_read_well() {
        use Direction::{Above, Below};
        for (vital, value, usual, direction, words) in [
            (Vital::PsiMemorySome, 34.0, Some(0.5), Above, "memory pressure 34 % (usually under 2 %)"),
            (Vital::Cpu, 97.0, Some(12.5), Above, "CPU 97 % (usually 12 %)"),
            (Vital::Temperature, 82.0, None, Above, "temperature 82.0 °C, near its limit"),
            (Vital::DiskUsed, 91.0, None, Above, "disk used 91 %, near its limit"),
            (Vital::PsiIoSome, 40.0, None, Above, "I/O pressure 40 %, high"),
            (Vital::Cpu, 1.0, None, Below, "CPU 1 %, low"),
            (Vital::FailedUnits, 1.0, Some(0.0), Above, "1 failed unit (usually none)"),
            (Vital::FailedUnits, 2.0, None, Above, "2 failed units"),
            (Vital::NetReceived, 2.0e6, Some(300.0), Above, "network received 2 MB/s (usually under 1 kB/s)"),
            (Vital::UnderVoltageNow, 1.0, None, Above, "under-voltage now"),
            (Vital::ThrottledSinceBoot, 1.0, None, Above, "throttled since boot"),
            (Vital::ClockSynchronised, 0.0, None, Below, "clock not synchronised"),
        ] {
            assert_eq!(cause_words(vital, value, usual, direction), words);
        }
    }

    #[test]
    fn every_vital_has_words_for_any_value() {
        for vital in Vital::ALL {
            for value in [f32::NAN, f32::NEG_INFINITY, -1.0, 0.0, 1.0, 1e9, f32::INFINITY] {
                for usual in [None, Some(value)] {
                    assert!(!cause_words(*vital, value, usual, Direction::Above).is_empty());
                }
            }
        }
    }

    #[test]
    fn a_mood_is_never_without_a_reason() {
        let mut readings = Readings::default();
        readings.set(Vital::Cpu, 3.0);
        let mut report = Report {
            uptime: 0,
            vitals: Vitals::from(&readings),
            mood: Some(Mood::Bored),
            probabilities: [Probability::default(); 4],
            causes: heapless::Vec::new(),
            distance: None,
            classifier: Classifier::Rules,
            budget: frames::Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
            interval: 100,
            dropped: 0,
        };
        assert_eq!(because(&report)[0].words, "CPU 3 %");
        report.mood = None;
        assert!(because(&report).is_empty());
        let json = serde_json::to_string(&explain(
            &Cause { vital: Vital::Cpu, direction: Direction::Above, usual: None },
            34.0,
        ));
        assert_eq!(
            json.unwrap(),
            r#"{"vital":"cpu","value":34.0,"usual":null,"direction":"above","words":"CPU 34 %, high"}"#
        );
    }

    #[test]
    fn tidy_keeps_four_digits() {
        assert_eq!(tidy(0.935), 0.935);
        assert_eq!(tidy(1_234_567.0), 1_235_000.0);
        assert_eq!(tidy(-19.5), -19.5);
        assert_eq!(tidy(f32::NAN), 0.0);
    }
}
