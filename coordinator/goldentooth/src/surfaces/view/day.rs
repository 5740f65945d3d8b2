//! A node's day in equal steps: what the sparklines and the ribbon of moods draw.

use frames::Mood;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many steps a day has: a quarter of an hour each.
pub const DAY_BUCKETS: usize = 96;

/// The last 24 hours of a node. Every list has one entry per step, oldest
/// first; null where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Day"))]
pub struct DayView {
    /// Where the first step begins.
    pub from: Option<Timestamp>,
    /// The length of a step, in seconds.
    pub step_s: u32,
    /// Mean temperature in °C.
    pub temperature: Vec<Option<f64>>,
    /// Mean load over one minute.
    pub load1: Vec<Option<f64>>,
    /// The worst mood in the step.
    #[cfg_attr(test, schemars(with = "Vec<Option<crate::surfaces::schemas::Mood>>"))]
    pub mood: Vec<Option<Mood>>,
}
