//! What the store keeps of a node, so that a restart forgets nothing.

use crate::change::SilentReason;
use crate::time::{Dated, UnixMillis};
use frames::{Clock, Hello, Mood, NodeName, Report, Run, Service};
use serde::{Deserialize, Serialize};

/// One node as kept by the store. Both JSON and postcard can hold it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// Its name.
    pub name: NodeName,
    /// When it first spoke.
    pub first_seen: UnixMillis,
    /// When its newest frame was made.
    pub last_seen: UnixMillis,
    /// Its last mood.
    pub mood: Option<Mood>,
    /// Since when it is in this mood.
    pub mood_since: Option<UnixMillis>,
    /// Since when and why it is silent, if it is.
    pub silent: Option<(UnixMillis, SilentReason)>,
    /// What its last `Hello` said.
    pub hello: Option<Hello>,
    /// Its last report, and when that was made.
    pub report: Option<(Dated, Report)>,
    /// The units that it watches, as last said.
    pub services: Vec<Service>,
    /// Which of its enrolments it was last heard with; 0 while unknown.
    #[serde(default)]
    pub epoch: u32,
    /// The version of the settings that it shall have; none if none were set.
    pub settings: Option<u32>,
    /// Frames that boots which are no longer kept have lost.
    pub dropped_before: u64,
    /// The boot that speaks.
    pub running: Option<u32>,
    /// The boots that are kept, at most [`MAX_BOOTS`](crate::MAX_BOOTS).
    pub boots: Vec<BootRecord>,
    /// Boots of which only the number is kept, oldest first.
    pub retired: Vec<u32>,
}

/// One boot of a node as kept by the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootRecord {
    /// The random number that names it.
    pub boot: u32,
    /// Everything up to this sequence has been decided.
    pub through: u32,
    /// Runs decided beyond it, lowest first, at most
    /// [`MAX_KEPT_RUNS`](crate::marks::MAX_KEPT_RUNS).
    pub runs: Vec<Run>,
    /// The highest sequence that was heard live; 0 if none.
    pub newest: u32,
    /// The highest downlink counter that was used.
    pub downlink: u32,
    /// Frames that it says it has lost.
    pub dropped: u32,
    /// The kernel's boot id; zero if unknown.
    pub kernel: [u8; 16],
    /// What its own clock said.
    pub clock: Option<Clock>,
    /// When its kernel started, by the coordinator's clock, and whether that
    /// was trusted.
    pub started: Option<(UnixMillis, bool)>,
    /// When its first frame arrived, by the coordinator's clock.
    pub first_heard: UnixMillis,
    /// Whether it was retired once: its live frames no longer count as news.
    pub old: bool,
}
