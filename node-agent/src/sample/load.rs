//! Load averages from `/proc/loadavg`, and pressure from `/proc/pressure`.

use super::Sink;
use super::files::Files;
use super::parse::lines;
use frames::Vital;
use procfs_core::{FromRead, LoadAverage};

pub(super) const LOADAVG: &str = "/proc/loadavg";

/// Load over 1, 5 and 15 minutes.
pub(crate) fn load(files: &mut Files, sink: &mut Sink<'_>) {
    let Some(load) = files.read("proc/loadavg").and_then(|bytes| LoadAverage::from_read(bytes).ok()) else {
        return;
    };
    sink.put(Vital::Load1, Some(f64::from(load.one)), LOADAVG);
    sink.put(Vital::Load5, Some(f64::from(load.five)), LOADAVG);
    sink.put(Vital::Load15, Some(f64::from(load.fifteen)), LOADAVG);
}

/// Shares of the last 10 s in which tasks waited. On Raspberry Pi OS the files
/// exist but can't be read until `psi=1` stands in `cmdline.txt`.
pub(crate) fn pressure(files: &mut Files, sink: &mut Sink<'_>) {
    const FILES: [(&str, &str, Vital, Option<Vital>); 3] = [
        ("proc/pressure/cpu", "/proc/pressure/cpu", Vital::PsiCpuSome, None),
        ("proc/pressure/memory", "/proc/pressure/memory", Vital::PsiMemorySome, Some(Vital::PsiMemoryFull)),
        ("proc/pressure/io", "/proc/pressure/io", Vital::PsiIoSome, Some(Vital::PsiIoFull)),
    ];
    for (path, source, some, full) in FILES {
        let Some(bytes) = files.read(path) else { continue };
        for line in lines(bytes) {
            let vital = match line.split(' ').next() {
                Some("some") => Some(some),
                Some("full") => full,
                _ => None,
            };
            if let (Some(vital), Some(share)) = (vital, average(line)) {
                sink.put(vital, Some(share), source);
            }
        }
    }
}

/// `avg10` of a line such as `some avg10=0.12 avg60=0.05 avg300=0.00 total=1`.
///
/// Not by `procfs-core`: it panics on a line of four bytes, and refuses the
/// file of a kernel before 5.13, which has no `full` line for the processor.
fn average(line: &str) -> Option<f64> {
    let field = line.split(' ').find_map(|field| field.strip_prefix("avg10="))?;
    field.parse().ok().filter(|share| (0.0..=100.0).contains(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_a_share_or_nothing() {
        assert_eq!(average("some avg10=1.53 avg60=0.87 avg300=0.22 total=1"), Some(1.53));
        assert_eq!(average("some"), None);
        assert_eq!(average("full avg10=nan"), None);
        assert_eq!(average("full avg10=-1"), None);
        assert_eq!(average("full avg10=101"), None);
    }
}
