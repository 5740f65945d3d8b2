//! File systems: fullness, recorded errors, and those gone read-only.

use super::Sink;
use super::files::{Files, Tree};
use super::parse::{Rescan, keyed, lines, unescape};
use crate::Millis;
use frames::Vital;
use procfs_core::process::MountInfo;
use rustix::fs::OFlags;

pub(super) const MOUNTS: &str = "/proc/1/mountinfo";
pub(super) const SPACE: &str = "statvfs of what /proc/1/mountinfo lists";
pub(super) const ERRORS: &str = "/sys/fs/ext4/*/errors_count, /sys/fs/btrfs/*/devinfo/*/error_stats";

/// File systems that keep a machine's data. Not squashfs and the like (always
/// full, always read-only), not overlays (the same space again), not network
/// ones (asking them may hang).
const REAL: [&str; 14] = [
    "ext4", "vfat", "btrfs", "xfs", "f2fs", "ext3", "ext2", "exfat", "ntfs3", "ntfs", "zfs", "bcachefs",
    "jfs", "nilfs2",
];
/// Those whose files carry another device number than their mount.
const OWN_NUMBERS: [&str; 3] = ["btrfs", "zfs", "bcachefs"];

/// What is remembered between samples.
#[derive(Default)]
pub(crate) struct Filesystems {
    writable: Vec<String>,
    rescan: Rescan,
    ext4: Vec<String>,
    btrfs: Vec<String>,
}

impl Filesystems {
    /// Fullness, errors and read-only mounts.
    pub(crate) fn read(&mut self, at: Millis, files: &mut Files, sink: &mut Sink<'_>) {
        self.mounts(files, sink);
        if self.rescan.due(at) {
            self.ext4 = ext4(files);
            self.btrfs = btrfs(files);
        }
        let mut errors = None;
        for path in &self.ext4 {
            let count = files.line(path).and_then(|line| line.parse().ok());
            errors = add(errors, count);
        }
        for path in &self.btrfs {
            errors = add(errors, files.read(path).map(btrfs_errors));
        }
        sink.known(Vital::FilesystemErrors, errors.map(|errors| errors as f64), ERRORS);
    }

    fn mounts(&mut self, files: &mut Files, sink: &mut Sink<'_>) {
        // The first process sees the machine's mounts; ours, in a sandbox, sees
        // read-only views of them. Where /proc hides it, ours has to do.
        let path = ["proc/1/mountinfo", "proc/self/mountinfo"].into_iter().find(|path| files.readable(path));
        let Some((bytes, tree)) = path.and_then(|path| files.read_beside(path)) else { return };
        let mut fullest: Option<f64> = None;
        let mut gone_read_only = None;
        let mut seen: Vec<String> = Vec::new();
        for line in lines(bytes).filter(|line| is_real(line)) {
            let Ok(mount) = MountInfo::from_line(line) else { continue };
            if seen.contains(&mount.majmin) {
                continue; // the same file system at a second place
            }
            if tree.running() {
                fullest = fullest.into_iter().chain(used(tree, &mount)).reduce(f64::max);
            }
            let gone = u64::from(self.gone_read_only(tree, &mount));
            gone_read_only = add(gone_read_only, Some(gone));
            seen.push(mount.majmin);
        }
        self.writable.retain(|known| seen.contains(known));
        sink.known(Vital::DiskUsed, fullest, SPACE);
        sink.known(Vital::ReadOnlyMounts, gone_read_only.map(|count| count as f64), MOUNTS);
    }

    /// Whether a file system is read-only now though it began writable: we have
    /// seen it writable, or it says that an error made it so.
    ///
    /// The options of the file system itself count, not those of the mount: a
    /// sandbox or a bind mount may be read-only on purpose.
    fn gone_read_only(&mut self, tree: &Tree, mount: &MountInfo) -> bool {
        if !mount.super_options.contains_key("ro") {
            if !mount.super_options.contains_key("emergency_ro") {
                if !self.writable.contains(&mount.majmin) {
                    self.writable.push(mount.majmin.clone());
                }
                return false;
            }
            return true;
        }
        self.writable.contains(&mount.majmin)
            || mount.super_options.contains_key("emergency_ro")
            || (mount.fs_type == "ext4" && has_errors(tree, mount))
    }
}

/// Whether a line of mountinfo is of a file system that counts: the type
/// stands behind the ` - `.
fn is_real(line: &str) -> bool {
    line.split_once(" - ")
        .and_then(|(_, rest)| rest.split(' ').next())
        .is_some_and(|kind| REAL.contains(&kind))
}

/// Percent of the space that programs may use that is used, as `df` has it.
fn used(tree: &Tree, mount: &MountInfo) -> Option<f64> {
    let point = unescape(&mount.mount_point.to_string_lossy());
    let below = match point.trim_start_matches('/') {
        "" => ".",
        below => below,
    };
    let place = tree.open(below, OFlags::PATH).ok()?;
    // A sandbox may show something else at this place than the machine has there.
    let device = rustix::fs::fstat(&place).ok()?.st_dev;
    let number = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    if number != mount.majmin && !OWN_NUMBERS.contains(&mount.fs_type.as_str()) {
        return None;
    }
    let space = rustix::fs::fstatvfs(&place).ok()?;
    share(space.f_blocks, space.f_bfree, space.f_bavail)
}

fn share(blocks: u64, free: u64, available: u64) -> Option<f64> {
    let used = blocks.checked_sub(free)?;
    let usable = used.checked_add(available).filter(|usable| *usable > 0)?;
    Some(used as f64 / usable as f64 * 100.0)
}

/// Whether ext4 recorded an error on the device of this mount.
fn has_errors(tree: &Tree, mount: &MountInfo) -> bool {
    let link = format!("sys/dev/block/{}", mount.majmin);
    let Some(name) = tree.link_name(&link) else { return false };
    let Ok(file) = tree.open(&format!("sys/fs/ext4/{name}/errors_count"), OFlags::RDONLY) else {
        return false;
    };
    let mut digits = [0; 20];
    let length = rustix::io::read(&file, &mut digits).unwrap_or(0);
    digits.get(..length).is_some_and(|digits| digits.iter().any(|digit| matches!(digit, b'1'..=b'9')))
}

fn ext4(tree: &Tree) -> Vec<String> {
    let names = tree.names("sys/fs/ext4").into_iter();
    let mut paths: Vec<_> = names.map(|name| format!("sys/fs/ext4/{name}/errors_count")).collect();
    paths.retain(|path| tree.exists(path)); // `features` is a folder there too
    paths
}

fn btrfs(tree: &Tree) -> Vec<String> {
    let mut paths = Vec::new();
    for system in tree.names("sys/fs/btrfs") {
        let folder = format!("sys/fs/btrfs/{system}/devinfo");
        paths.extend(tree.names(&folder).into_iter().map(|device| format!("{folder}/{device}/error_stats")));
    }
    paths.retain(|path| tree.exists(path));
    paths
}

/// The sum of `write_errs N`, `read_errs N`, `flush_errs N`, …
fn btrfs_errors(bytes: &[u8]) -> u64 {
    const KINDS: [&str; 5] = ["write_errs", "read_errs", "flush_errs", "corruption_errs", "generation_errs"];
    let count = |line| KINDS.iter().find_map(|kind| keyed(line, kind));
    lines(bytes).filter_map(count).fold(0, u64::saturating_add)
}

fn add(sum: Option<u64>, more: Option<u64>) -> Option<u64> {
    match (sum, more) {
        (None, more) => more,
        (sum, None) => sum,
        (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fullness_is_what_df_shows() {
        assert_eq!(share(100, 50, 40), Some(50.0 / 90.0 * 100.0));
        assert_eq!(share(0, 0, 0), None);
        assert_eq!(share(10, 20, 20), None);
    }

    #[test]
    fn only_file_systems_that_keep_data_count() {
        assert!(is_real("27 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw"));
        assert!(!is_real("28 27 0:25 / /tmp rw - tmpfs tmpfs rw"));
        assert!(!is_real("40 27 7:0 / /snap/x ro - squashfs /dev/loop0 ro"));
        assert!(!is_real("27 1 179:2 / / rw,noatime"));
    }

    #[test]
    fn btrfs_errors_add_up() {
        assert_eq!(btrfs_errors(b"write_errs 1\nread_errs 2\nflush_errs 0\ncorruption_errs 4\n"), 7);
        assert_eq!(btrfs_errors(b"\xff\xfe"), 0);
    }
}
