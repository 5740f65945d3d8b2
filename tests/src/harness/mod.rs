//! What a test needs to play a user: the real binaries, a real broker, a raw
//! MQTT client, and patience.

mod broker;
mod client;
mod process;

pub use broker::Mosquitto;
pub use client::{Forger, Wire};
pub use process::{Agent, Coordinator, binary, run};

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder of its own for a test, removed at the end unless the test failed.
pub struct Scratch(Option<tempfile::TempDir>);

impl Scratch {
    /// A new empty folder.
    pub fn new() -> Self {
        Self(Some(
            tempfile::Builder::new().prefix("goldentooth-test-").tempdir().expect("a temporary folder"),
        ))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.as_ref().expect("not dropped yet").path()
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let (true, Some(kept)) = (std::thread::panicking(), self.0.take()) {
            eprintln!("the failed test's files are kept in {}", kept.keep().display());
        }
    }
}

/// Asks again and again until there is an answer.
///
/// # Panics
/// After `patience`, with `what` was waited for.
pub fn eventually<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {patience:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Demands that something stays true for a while.
///
/// # Panics
/// As soon as it isn't.
pub fn always(what: &str, period: Duration, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + period;
    while Instant::now() < end {
        assert!(holds(), "{what}: no longer so");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Seconds, shortly.
pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
