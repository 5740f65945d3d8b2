//! Disks: work from `/proc/diskstats`, failed requests from the SCSI layer and
//! from software RAID.

use super::Sink;
use super::files::{Files, Tree};
use super::parse::{Counter, Rescan, Rises, lines, seconds};
use crate::Millis;
use frames::Vital;
use procfs_core::DiskStat;

pub(super) const DISKSTATS: &str = "/proc/diskstats";
pub(super) const ERRORS: &str = "/sys/block/*/device/ioerr_cnt, /sys/block/md*/md/dev-*/errors";
/// `/proc/diskstats` counts sectors of 512 B, whatever the disk's own are.
const SECTOR: f64 = 512.0;
const MOST_DISKS: usize = 1024;

/// What is remembered between samples.
#[derive(Default)]
pub(crate) struct Disks {
    known: Vec<Disk>,
    at: Option<Millis>,
    rescan: Rescan,
    errors: Vec<String>,
}

#[derive(Default)]
struct Disk {
    name: String,
    /// A whole disk with hardware behind it; partitions, loop devices, zram
    /// and mappings only pass on what a disk does.
    hardware: bool,
    seen: bool,
    read: Counter,
    written: Counter,
    busy: Counter,
}

impl Disks {
    /// Bytes, busy share and failed requests.
    pub(crate) fn read(&mut self, at: Millis, files: &mut Files, sink: &mut Sink<'_>) {
        let elapsed = self.at.replace(at).and_then(|last| seconds(last, at));
        if let Some((bytes, tree)) = files.read_beside("proc/diskstats") {
            self.work(bytes, tree, elapsed, sink);
        }
        if self.rescan.due(at) {
            self.errors = error_counters(files);
        }
        let mut errors = None;
        for path in &self.errors {
            if let Some(count) = files.line(path).and_then(error_count) {
                errors = Some(errors.unwrap_or(0_u64).saturating_add(count));
            }
        }
        sink.known(Vital::DiskErrors, errors.map(|errors| errors as f64), ERRORS);
    }

    fn work(&mut self, bytes: &[u8], tree: &Tree, elapsed: Option<f64>, sink: &mut Sink<'_>) {
        let (mut read, mut written) = (Rises::default(), Rises::default());
        let mut busiest: Option<f64> = None;
        let mut unknown = false;
        let mut any = false;
        for line in lines(bytes) {
            let Some(name) = line.split_ascii_whitespace().nth(2) else { continue };
            let Some(disk) = self.disk(name, tree) else { continue };
            disk.seen = true;
            if !disk.hardware {
                continue;
            }
            let Ok(stat) = DiskStat::from_line(line) else { continue };
            any = true;
            read.add(&mut disk.read, stat.sectors_read);
            written.add(&mut disk.written, stat.sectors_written);
            let new = disk.busy.is_new();
            match disk.busy.rise(stat.time_in_progress) {
                Some(busy) => {
                    let share = elapsed.map(|elapsed| (busy as f64 / (elapsed * 10.0)).min(100.0));
                    busiest = busiest.into_iter().chain(share).reduce(f64::max);
                }
                None => unknown |= !new,
            }
        }
        self.known.retain_mut(|disk| std::mem::take(&mut disk.seen));
        if any {
            let bytes = |rises: Rises| rises.per_second(elapsed).map(|sectors| sectors * SECTOR);
            sink.put(Vital::DiskRead, bytes(read), DISKSTATS);
            sink.put(Vital::DiskWrite, bytes(written), DISKSTATS);
            sink.put(Vital::DiskBusy, busiest.filter(|_| !unknown), DISKSTATS);
        }
    }

    /// What is remembered of a disk, from now on if it is new.
    fn disk(&mut self, name: &str, tree: &Tree) -> Option<&mut Disk> {
        let place = self.known.iter().position(|disk| disk.name == name);
        if let Some(place) = place {
            return self.known.get_mut(place);
        }
        if self.known.len() >= MOST_DISKS || name.contains('/') {
            return None;
        }
        // Partitions are not in /sys/block; loop, ram, zram, dm and md have no device.
        let hardware = tree.exists(&format!("sys/block/{name}/device")) && !is_removable_medium(name);
        self.known.push(Disk { name: name.to_owned(), hardware, ..Disk::default() });
        self.known.last_mut()
    }
}

/// CD and floppy drives: never what a node lives on.
fn is_removable_medium(name: &str) -> bool {
    ["sr", "fd"].iter().any(|kind| {
        name.strip_prefix(kind).is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// The files that count failed requests: one per SCSI disk (USB and SATA ones
/// too), and one per member of a software RAID. SD cards and `NVMe` have none.
fn error_counters(tree: &Tree) -> Vec<String> {
    let mut paths = Vec::new();
    for name in tree.names("sys/block") {
        if name.starts_with("sd") {
            paths.push(format!("sys/block/{name}/device/ioerr_cnt"));
        } else if name.starts_with("md") {
            let folder = format!("sys/block/{name}/md");
            let members = tree.names(&folder).into_iter().filter(|member| member.starts_with("dev-"));
            paths.extend(members.map(|member| format!("{folder}/{member}/errors")));
        }
    }
    paths.retain(|path| tree.exists(path));
    paths
}

/// `0x1f`, as the SCSI layer writes, or `31`, as software RAID does.
fn error_count(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_counts_come_in_two_bases() {
        assert_eq!(error_count("0x1f"), Some(31));
        assert_eq!(error_count("31"), Some(31));
        assert_eq!(error_count("1f"), None);
        assert_eq!(error_count(""), None);
    }

    #[test]
    fn a_disk_is_no_drive() {
        assert!(is_removable_medium("sr0"));
        assert!(!is_removable_medium("sda"));
        assert!(!is_removable_medium("srv"));
    }
}
