//! Processor time from `/proc/stat`, and frequency from cpufreq.

use super::Sink;
use super::files::Files;
use super::parse::{Rescan, keyed, lines};
use crate::Millis;
use frames::Vital;

pub(super) const STAT: &str = "/proc/stat";
pub(super) const FREQUENCY: &str = "/sys/devices/system/cpu/cpufreq/policy*/scaling_cur_freq";
const POLICIES: &str = "sys/devices/system/cpu/cpufreq";
/// More processors than Linux is built for anywhere; a bound on odd input.
const MOST_CORES: usize = 8192;

/// What is remembered between samples.
#[derive(Default)]
pub(crate) struct Cpu {
    all: Share,
    cores: Vec<Share>,
    rescan: Rescan,
    policies: Vec<String>,
}

impl Cpu {
    /// Busy shares, blocked processes and frequency.
    pub(crate) fn read(&mut self, at: Millis, files: &mut Files, sink: &mut Sink<'_>) {
        if let Some(bytes) = files.read("proc/stat") {
            self.stat(bytes, sink);
        }
        if self.rescan.due(at) {
            self.policies = files
                .names(POLICIES)
                .into_iter()
                .filter(|name| name.starts_with("policy"))
                .map(|name| format!("{POLICIES}/{name}/scaling_cur_freq"))
                .collect();
        }
        let fastest = self.policies.iter().filter_map(|path| files.number(path)).max();
        if let Some(kilohertz) = fastest.filter(|kilohertz| *kilohertz > 0) {
            sink.put(Vital::CpuFrequency, Some(kilohertz as f64 / 1000.0), FREQUENCY);
        }
    }

    fn stat(&mut self, bytes: &[u8], sink: &mut Sink<'_>) {
        let mut busiest: Option<f64> = None;
        let mut cores_seen = false;
        for line in lines(bytes) {
            if let Some(rest) = line.strip_prefix("cpu") {
                let Some(times) = Times::parse(rest) else { continue };
                if let Some(core) = core_number(rest) {
                    cores_seen = true;
                    if core >= self.cores.len() {
                        self.cores.resize(core + 1, Share::default());
                    }
                    let share = self.cores.get_mut(core).and_then(|share| share.next(times));
                    busiest = busiest.into_iter().chain(share).reduce(f64::max);
                } else if rest.starts_with(' ') {
                    sink.put(Vital::Cpu, self.all.next(times), STAT);
                }
            } else if let Some(blocked) = keyed(line, "procs_blocked") {
                sink.put(Vital::Blocked, Some(blocked as f64), STAT);
            }
        }
        if cores_seen {
            sink.put(Vital::CpuBusiest, busiest, STAT);
        }
    }
}

/// The number in `0 123 …`, what follows `cpu` on a core's line.
fn core_number(rest: &str) -> Option<usize> {
    let digits = rest.split(' ').next()?;
    digits.parse().ok().filter(|core| *core < MOST_CORES)
}

/// Ticks that one processor, or all, spent since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    busy: u64,
    total: u64,
}

impl Times {
    /// Reads `N user nice system idle iowait irq softirq steal …`. Guest time
    /// is already in user; stolen time counts as busy, since the processor was
    /// wanted and not to be had.
    fn parse(rest: &str) -> Option<Self> {
        let mut fields = rest.split(' ').skip(1).filter(|field| !field.is_empty());
        let mut total = 0_u64;
        let mut idle = 0_u64;
        for place in 0..8 {
            let Some(field) = fields.next() else {
                // Kernels before 2.6 had four fields; later ones added more.
                if place < 4 {
                    return None;
                }
                break;
            };
            let ticks: u64 = field.parse().ok()?;
            total = total.checked_add(ticks)?;
            if matches!(place, 3 | 4) {
                idle = idle.checked_add(ticks)?;
            }
        }
        Some(Self { busy: total.checked_sub(idle)?, total })
    }
}

/// The busy share between two samples.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    last: Option<Times>,
}

impl Share {
    /// Percent busy since the times before; none at first, when no tick has
    /// passed, and when a count fell (a processor went and came back).
    fn next(&mut self, times: Times) -> Option<f64> {
        let last = self.last.replace(times)?;
        let busy = times.busy.checked_sub(last.busy)?;
        let total = times.total.checked_sub(last.total).filter(|total| *total > 0)?;
        // The kernel's idle time may step back a little; busy is never above all.
        Some((busy as f64 / total as f64 * 100.0).min(100.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(line: &str) -> Option<Times> {
        Times::parse(line)
    }

    #[test]
    fn idle_and_waiting_for_io_are_not_busy() {
        assert_eq!(times("  10 1 5 80 4 0 0 0 3 0"), Some(Times { busy: 16, total: 100 }));
        assert_eq!(times("0 10 1 5 80"), Some(Times { busy: 16, total: 96 }));
        assert_eq!(times("0 10 1 5"), None);
        assert_eq!(times("0 10 x 5 80"), None);
        assert_eq!(times("0 18446744073709551615 1 0 0"), None);
    }

    #[test]
    fn a_share_needs_two_samples_and_rising_counts() {
        let mut share = Share::default();
        assert_eq!(share.next(Times { busy: 100, total: 1000 }), None);
        assert_eq!(share.next(Times { busy: 150, total: 1100 }), Some(50.0));
        assert_eq!(share.next(Times { busy: 150, total: 1100 }), None, "no tick has passed");
        assert_eq!(share.next(Times { busy: 10, total: 50 }), None, "the counts were reset");
        assert_eq!(share.next(Times { busy: 20, total: 100 }), Some(20.0));
    }
}
