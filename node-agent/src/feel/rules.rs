//! The rules that speak when the model is missing, refused or too costly.
//!
//! The first line that holds decides, worst mood first. An absent vital makes
//! no line hold; "new" means within the last five minutes.
//!
//! | mood | holds if |
//! | --- | --- |
//! | crisis | memory full pressure ≥ 20 %; I/O full pressure ≥ 60 % |
//! | | memory used ≥ 97 % and (no swap, or swap used ≥ 90 %) |
//! | | a new out-of-memory kill, disk error or file system error |
//! | | a file system gone read-only; disk used ≥ 99 % |
//! | | temperature ≥ 85 °C; blocked processes ≥ 32 |
//! | stressed | CPU ≥ 90 % (mean of 5 min; now, while that is unknown) |
//! | | CPU pressure ≥ 40 %, memory pressure ≥ 10 %, I/O pressure ≥ 40 % |
//! | | memory used ≥ 90 %; swap used ≥ 80 %; swapping in ≥ 1 MB/s |
//! | | disk used ≥ 90 %; disk busy ≥ 90 %; blocked processes ≥ 8 |
//! | | temperature ≥ 75 °C; under-voltage, throttled or soft limit now |
//! | | a failed unit; TCP retransmits ≥ 50/s; network errors ≥ 50/s; open files ≥ 90 % |
//! | bored | CPU < 8 %, disk busy < 8 %, network < 100 kB/s each way, of what is known, and one of CPU and load known (load alone: < 0.3) |
//! | happy | otherwise |
//!
//! A rule has no degrees: the probability of its mood is always 0.7, and the
//! rest is shared among the others, more to the neighbours.

use super::features::Features;
use super::windows::Window;
use frames::{MOODS, Mood, Readings, Vital};

/// How long a counter's rise is news, in milliseconds.
const NEWS: crate::Millis = 300_000;

/// The probability of a rule's own mood.
const CERTAINTY: f32 = 0.7;

/// Thresholds from which a vital alone means crisis, in its unit.
pub(super) const CRISIS: [(Vital, f32); 6] = [
    (Vital::PsiMemoryFull, 20.0),
    (Vital::PsiIoFull, 60.0),
    (Vital::ReadOnlyMounts, 1.0),
    (Vital::DiskUsed, 99.0),
    (Vital::Temperature, 85.0),
    (Vital::Blocked, 32.0),
];

/// Thresholds from which a vital alone means stressed, in its unit. The CPU has
/// its own line, over five minutes.
pub(super) const STRESSED: [(Vital, f32); 17] = [
    (Vital::PsiCpuSome, 40.0),
    (Vital::PsiMemorySome, 10.0),
    (Vital::PsiIoSome, 40.0),
    (Vital::MemoryUsed, 90.0),
    (Vital::SwapUsed, 80.0),
    (Vital::SwapIn, 1e6),
    (Vital::DiskUsed, 90.0),
    (Vital::DiskBusy, 90.0),
    (Vital::Blocked, 8.0),
    (Vital::Temperature, 75.0),
    (Vital::UnderVoltageNow, 1.0),
    (Vital::ThrottledNow, 1.0),
    (Vital::SoftLimitNow, 1.0),
    (Vital::FailedUnits, 1.0),
    (Vital::TcpRetransmits, 50.0),
    (Vital::NetErrors, 50.0),
    (Vital::OpenFiles, 90.0),
];

/// Counters whose rise is a crisis.
pub(super) const RISES: [Vital; 3] = [Vital::OomKills, Vital::DiskErrors, Vital::FilesystemErrors];

/// The CPU that stresses, in %.
pub(super) const BUSY: f32 = 90.0;

/// Below these a machine has nothing to do, in the vital's unit.
const IDLE: [(Vital, f32); 4] =
    [(Vital::Cpu, 8.0), (Vital::DiskBusy, 8.0), (Vital::NetReceived, 100_000.0), (Vital::NetSent, 100_000.0)];

/// What the rules say of one sample, after `features` has observed it.
pub fn judge(readings: &Readings, features: &Features) -> Mood {
    let reaches =
        |(vital, threshold): (Vital, f32)| readings.get(vital).is_some_and(|value| value >= threshold);
    let full = readings.get(Vital::MemoryUsed).is_some_and(|used| used >= 97.0)
        && readings.get(Vital::SwapUsed).is_none_or(|used| used >= 90.0);
    if full
        || CRISIS.into_iter().any(reaches)
        || RISES.into_iter().any(|vital| features.rose_within(vital, NEWS))
    {
        return Mood::Crisis;
    }
    let cpu = features.mean(Vital::Cpu, Window::Five).or_else(|| readings.get(Vital::Cpu));
    if cpu.is_some_and(|cpu| cpu >= BUSY) || STRESSED.into_iter().any(reaches) {
        return Mood::Stressed;
    }
    let calm =
        IDLE.into_iter().all(|(vital, threshold)| readings.get(vital).is_none_or(|value| value < threshold));
    let known =
        readings.get(Vital::Cpu).is_some() || readings.get(Vital::Load1).is_some_and(|load| load < 0.3);
    if calm && known { Mood::Bored } else { Mood::Happy }
}

/// The probabilities that go with a rule's verdict.
pub fn probabilities(verdict: Mood) -> [f32; MOODS] {
    let near = |mood: Mood| 1.0 / f32::from((verdict as u8).abs_diff(mood as u8));
    let others: f32 = Mood::ALL.into_iter().filter(|mood| *mood != verdict).map(near).sum();
    Mood::ALL.map(|mood| if mood == verdict { CERTAINTY } else { (1.0 - CERTAINTY) * near(mood) / others })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(pairs: &[(Vital, f32)]) -> Mood {
        let mut readings = Readings::default();
        for (vital, value) in pairs {
            readings.set(*vital, *value);
        }
        let mut features = Features::default();
        features.observe(0, &readings);
        judge(&readings, &features)
    }

    #[test]
    fn each_threshold_speaks_alone() {
        for (vital, threshold) in CRISIS {
            assert_eq!(judged(&[(vital, threshold)]), Mood::Crisis, "{vital:?}");
        }
        for (vital, threshold) in STRESSED {
            assert_eq!(judged(&[(vital, threshold)]), Mood::Stressed, "{vital:?}");
            assert!(judged(&[(vital, threshold * 0.7)]) < Mood::Stressed, "{vital:?}");
        }
    }

    #[test]
    fn an_idle_box_is_bored_and_a_working_one_happy() {
        assert_eq!(judged(&[(Vital::Cpu, 2.0)]), Mood::Bored);
        assert_eq!(judged(&[(Vital::Load1, 0.1)]), Mood::Bored);
        assert_eq!(judged(&[(Vital::Cpu, 2.0), (Vital::NetSent, 5e6)]), Mood::Happy);
        assert_eq!(judged(&[(Vital::Cpu, 40.0)]), Mood::Happy);
        assert_eq!(judged(&[]), Mood::Happy);
    }

    #[test]
    fn a_kill_is_a_crisis_for_five_minutes() {
        let mut features = Features::default();
        let mut readings = Readings::default();
        for (at, kills, mood) in [
            (0, 3.0, Mood::Happy),
            (10_000, 4.0, Mood::Crisis),
            (300_000, 4.0, Mood::Crisis),
            (320_000, 4.0, Mood::Happy),
        ] {
            readings.set(Vital::OomKills, kills);
            features.observe(at, &readings);
            assert_eq!(judge(&readings, &features), mood, "at {at}");
        }
    }

    #[test]
    fn probabilities_sum_to_one_and_favour_the_verdict() {
        for mood in Mood::ALL {
            let given = probabilities(mood);
            assert!((given.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            assert!((given[mood as usize] - 0.7).abs() < 1e-6);
        }
    }
}
