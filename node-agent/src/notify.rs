//! What systemd hears from us: ready, status, stopping, and the watchdog.

use sd_notify::NotifyState;
use std::time::Duration;

/// The line to systemd. Without systemd every call does nothing, and a failure
/// to reach it is not worth more than a line in the log.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    on: bool,
    watchdog: Option<Duration>,
}

impl Notify {
    /// Looks into the environment for systemd's socket and watchdog.
    pub fn from_environment() -> Self {
        Self { on: std::env::var_os("NOTIFY_SOCKET").is_some(), watchdog: sd_notify::watchdog_enabled() }
    }

    /// A line to nobody: for an agent inside another program, which systemd
    /// hears instead.
    pub fn off() -> Self {
        Self::default()
    }

    /// systemd's `WatchdogSec`, if it watches: it must hear [`Self::alive`]
    /// within each such time, so it has to be longer than the longest interval
    /// between two samples.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// Start-up is done.
    pub fn ready(&self) {
        self.say(NotifyState::Ready);
    }

    /// One line for `systemctl status`.
    pub fn status(&self, status: &str) {
        self.say(NotifyState::Status(status));
    }

    /// Feeds the watchdog. Only the loop that the program is for calls it (the
    /// agent's after a sample, the coordinator's intake each second): one that
    /// hangs must not be kept alive by something else.
    pub fn alive(&self) {
        if self.watchdog.is_some() {
            self.say(NotifyState::Watchdog);
        }
    }

    /// We stop on purpose.
    pub fn stopping(&self) {
        self.say(NotifyState::Stopping);
    }

    fn say(&self, state: NotifyState<'_>) {
        if self.on
            && let Err(error) = sd_notify::notify(&[state])
        {
            tracing::debug!(%error, "systemd can't be told");
        }
    }
}
