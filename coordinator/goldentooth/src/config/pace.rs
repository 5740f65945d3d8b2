//! How often the store commits, if nobody says: by what the data folder lies on.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// Where writing wears nothing out that anybody would notice.
const USUAL: Duration = Duration::from_secs(2);
/// On an SD card, whose pages are written whole: the agents still hold the frames meanwhile.
const SPARING: Duration = Duration::from_secs(30);

/// The pace for a block device, by the kernel's name for it: `mmcblk` is an SD card (or an eMMC).
pub(crate) fn on(device: Option<&str>) -> Duration {
    match device {
        Some(name) if name.starts_with("mmcblk") => SPARING,
        _ => USUAL,
    }
}

/// The block device below a folder, which need not exist yet, by the kernel's name: `mmcblk0p2`.
/// None where there is none, or several: in memory, on a network, across disks.
pub(crate) fn device(folder: &Path) -> Option<String> {
    let there = folder.ancestors().find_map(|folder| folder.metadata().ok())?;
    let (major, minor) = (rustix::fs::major(there.dev()), rustix::fs::minor(there.dev()));
    let device = std::fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    Some(device.file_name()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sd_card_is_spared_and_nothing_else() {
        for (device, seconds) in [
            (Some("mmcblk0p2"), 30),
            (Some("mmcblk1"), 30),
            (Some("sda2"), 2),
            (Some("nvme0n1p2"), 2),
            (Some("vda1"), 2),
            (None, 2),
        ] {
            assert_eq!(on(device).as_secs(), seconds, "{device:?}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_lies_where_its_parent_does() {
        let there = std::env::temp_dir();
        assert_eq!(device(&there.join("not/there/yet")), device(&there));
        assert_eq!(device(Path::new("/proc/self")), None, "it is on no disk");
    }
}
