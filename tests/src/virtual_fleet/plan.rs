//! What shall happen to a virtual fleet, and what came of it.

use goldentooth::live::{Event, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What shall happen to a fleet.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many nodes.
    pub nodes: usize,
    /// The shortest interval between samples, in ms.
    pub floor: u64,
    /// How long they speak, in ms.
    pub length: u64,
    /// Whether the link drops and doubles, cuts come, and the coordinator dies.
    pub faults: bool,
    /// A cut of everybody's link, from and to, in ms.
    pub cut: Option<(u64, u64)>,
    /// The coordinator and its broker are away, from and to, in ms.
    pub coordinator_down: Option<(u64, u64)>,
    /// So often, in ms, the power of one node after the other fails; its machine starts anew,
    /// with a clock that nobody has set yet.
    pub power_fails: Option<u64>,
}

impl Plan {
    /// What the suite runs: 50 nodes for a quarter of an hour.
    pub fn suite() -> Self {
        Self {
            nodes: 50,
            floor: 10_000,
            length: 900_000,
            faults: true,
            cut: None,
            coordinator_down: None,
            power_fails: None,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Ending {
    /// Samples that each node took.
    pub samples: BTreeMap<String, usize>,
    /// Rows that the store has of each.
    pub rows: BTreeMap<String, usize>,
    /// Rows by minute since the start, of all.
    pub per_minute: BTreeMap<i64, usize>,
    /// Nodes with something undecided.
    pub unsettled: BTreeSet<String>,
    /// Frames that agents lost.
    pub dropped: u32,
    /// Silences told of nodes that had just been heard, and whose frames had all arrived.
    pub false_silences: Vec<String>,
    /// The coordinator's counters, since its last start.
    pub status: Status,
    /// Every event.
    pub events: Vec<Arc<Event>>,
    /// The same in a line each, with the time of the world.
    pub trace: Vec<String>,
}
