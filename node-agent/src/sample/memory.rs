//! Memory and swap from `/proc/meminfo`; swapping and kills from `/proc/vmstat`.

use super::Sink;
use super::files::Files;
use super::parse::{Rate, keyed, lines};
use crate::Millis;
use frames::Vital;

pub(super) const MEMINFO: &str = "/proc/meminfo";
pub(super) const VMSTAT: &str = "/proc/vmstat";

/// What is remembered between samples.
#[derive(Default)]
pub(crate) struct Memory {
    swap_in: Rate,
    swap_out: Rate,
}

impl Memory {
    /// Memory, swap and out-of-memory kills.
    pub(crate) fn read(&mut self, at: Millis, files: &mut Files, sink: &mut Sink<'_>) {
        let memory = files.read("proc/meminfo").map(Meminfo::parse).unwrap_or_default();
        sink.known(Vital::MemoryUsed, memory.used(), MEMINFO);
        sink.known(Vital::SwapUsed, memory.swap_used(), MEMINFO);

        let Some(bytes) = files.read("proc/vmstat") else { return };
        let counts = Vmstat::parse(bytes);
        sink.known(Vital::OomKills, counts.oom_kills.map(|kills| kills as f64), VMSTAT);
        if memory.swap_total.is_none_or(|total| total == 0) {
            // Without swap, nothing is swapped: absent, as swap itself is.
            self.swap_in.forget();
            self.swap_out.forget();
            return;
        }
        let page = rustix::param::page_size() as f64;
        for (vital, rate, count) in [
            (Vital::SwapIn, &mut self.swap_in, counts.swapped_in),
            (Vital::SwapOut, &mut self.swap_out, counts.swapped_out),
        ] {
            if let Some(count) = count {
                sink.put(vital, rate.next(at, count).map(|pages| pages * page), VMSTAT);
            }
        }
    }
}

/// What is wanted of `/proc/meminfo`, in KiB.
///
/// Not by `procfs-core`: it wants all of 17 lines, of which some are left out
/// by some kernels, and slices a name by bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Meminfo {
    total: Option<u64>,
    available: Option<u64>,
    swap_total: Option<u64>,
    swap_free: Option<u64>,
}

impl Meminfo {
    fn parse(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        for line in lines(bytes) {
            for (key, field) in [
                ("MemTotal", &mut found.total),
                ("MemAvailable", &mut found.available),
                ("SwapTotal", &mut found.swap_total),
                ("SwapFree", &mut found.swap_free),
            ] {
                if let Some(value) = keyed(line, key) {
                    *field = Some(value);
                }
            }
            if found.swap_free.is_some() {
                break; // it comes after the other three
            }
        }
        found
    }

    fn used(&self) -> Option<f64> {
        share(self.total?, self.available?)
    }

    fn swap_used(&self) -> Option<f64> {
        share(self.swap_total?, self.swap_free?)
    }
}

/// Percent of `total` that is not `left`; none of a total of zero.
fn share(total: u64, left: u64) -> Option<f64> {
    let used = total.checked_sub(left)?;
    (total > 0).then(|| used as f64 / total as f64 * 100.0)
}

/// What is wanted of `/proc/vmstat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Vmstat {
    swapped_in: Option<u64>,
    swapped_out: Option<u64>,
    oom_kills: Option<u64>,
}

impl Vmstat {
    fn parse(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        for line in lines(bytes).filter(|line| line.starts_with(['p', 'o'])) {
            for (key, field) in [
                ("pswpin", &mut found.swapped_in),
                ("pswpout", &mut found.swapped_out),
                ("oom_kill", &mut found.oom_kills),
            ] {
                if let Some(value) = keyed(line, key) {
                    *field = Some(value);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_used_is_what_is_not_available() {
        let text = b"MemTotal:        1000 kB\nMemFree: 10 kB\nMemAvailable:   250 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n";
        let memory = Meminfo::parse(text);
        assert_eq!(memory.used(), Some(75.0));
        assert_eq!(memory.swap_used(), None, "no swap is absent, not empty");
        assert_eq!(Meminfo::parse(b"MemTotal: 5 kB").used(), None);
        assert_eq!(share(10, 11), None);
    }

    #[test]
    fn a_longer_name_is_another_counter() {
        let counts = Vmstat::parse(b"pswpin 5\npswpout 7\noom_kill_other 1\noom_kill 2\n");
        assert_eq!(counts, Vmstat { swapped_in: Some(5), swapped_out: Some(7), oom_kills: Some(2) });
    }
}
