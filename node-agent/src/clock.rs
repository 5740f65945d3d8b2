//! The clocks of this machine. The only module, besides [`crate::run`], that
//! asks for the time.

use crate::{Millis, UnixMillis};
use clap::ValueEnum;
use rustix::time::{ClockId, Timespec, clock_gettime};
use serde::Deserialize;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the kernel started, suspended time included
/// (`CLOCK_BOOTTIME`): never steps, and the same for every process.
pub fn uptime() -> Millis {
    u64::try_from(duration(clock_gettime(ClockId::Boottime)).as_millis()).unwrap_or(Millis::MAX)
}

/// What the wall clock says, in milliseconds since 1970 in UTC; negative before.
pub fn wall() -> UnixMillis {
    let since = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => since(after),
        Err(before) => -since(before.duration()),
    }
}

/// The processor time that this thread has used, in nanoseconds' resolution.
pub fn thread_cpu() -> Duration {
    duration(clock_gettime(ClockId::ThreadCPUTime))
}

fn duration(time: Timespec) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos)
}

/// Whether the wall clock may be believed: a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// If a time server is followed.
    #[default]
    Auto,
    /// Always: a machine with a clock of its own.
    Always,
    /// Never.
    Never,
}

impl Trust {
    /// The setting applied to what is known of the clock: the vital
    /// `clock_synchronised`, none if it could not be measured.
    pub fn says(self, synchronised: Option<bool>) -> bool {
        match self {
            Self::Auto => synchronised == Some(true),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Where systemd-timesyncd says that it has once set the clock by a time server
/// since the kernel started, below the root.
pub(crate) const SYNCHRONISED: &str = "run/systemd/timesync/synchronized";

/// Whether the wall clock may be believed, by the setting and by what
/// systemd-timesyncd left in `/run`. A machine with chrony is known by the
/// vital `clock_synchronised` instead: see [`Trust::says`].
pub fn trusted(root: &Path, setting: Trust) -> bool {
    setting.says(Some(root.join(SYNCHRONISED).exists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_go_forwards() {
        let (up, cpu) = (uptime(), thread_cpu());
        assert!(up > 0);
        let mut busy = 0_u64;
        while thread_cpu() == cpu {
            busy = busy.wrapping_add(1);
        }
        assert!(thread_cpu() > cpu, "{busy} rounds");
        assert!(uptime() >= up);
        assert!(wall() > 1_600_000_000_000, "this machine's clock is before 2020");
    }

    #[test]
    fn trust_follows_the_time_server_unless_a_setting_says_otherwise() {
        let root = tempfile::tempdir().unwrap();
        assert!(!trusted(root.path(), Trust::Auto));
        assert!(trusted(root.path(), Trust::Always));
        std::fs::create_dir_all(root.path().join("run/systemd/timesync")).unwrap();
        std::fs::write(root.path().join(SYNCHRONISED), "").unwrap();
        assert!(trusted(root.path(), Trust::Auto));
        assert!(!trusted(root.path(), Trust::Never));
        assert!(!Trust::Auto.says(None) && !Trust::Auto.says(Some(false)) && Trust::Auto.says(Some(true)));
    }
}
