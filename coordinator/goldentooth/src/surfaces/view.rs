//! The shapes that other tools rely on: what `nodes`, `node`, `status` and
//! `events` print with `--json`, what the HTTP API answers and what the page
//! draws. Each has a JSON Schema in `schemas/`, which a test keeps equal.
//!
//! Times are RFC 3339 in UTC, or null. What was not measured is left out.

mod biography;
mod card;
mod care;
mod character;
mod council;
mod day;
mod drill;
mod event;
mod fleet;
mod growth;
mod habit;
mod history;
mod node;
mod service;
mod story;
#[cfg(test)]
mod tests;
mod thinking;
mod told;
mod words;

pub use biography::{BiographyView, CalmView, NightView, StoodByView, TurnedView};
pub use card::CardView;
pub use care::{CallsView, MessageView, PlaceView, QuietView, TriedView, TroubleView};
pub use character::{
    AnswerView, AnswersView, ArcView, BetView, BetsView, BornView, CharacterView, FactView, PieceView,
    ProfileView, TriggerView,
};
pub use council::{CouncilView, GazeView};
pub use day::{DAY_BUCKETS, DayView};
pub use drill::{DrillFindingView, DrillLineView, DrillView};
pub use event::{EventView, SaidView};
pub use fleet::{Counts, FleetState, FleetView, GroupView, Standing, worst_first};
pub use growth::{
    AcquaintanceView, ChangeView, InsightView, MemoryView, ModifierView, NatureView, RelationshipView,
    ThreadView, TraitLineView,
};
pub use habit::HabitView;
pub use history::{HistoryView, MoodsView, SeriesView, Span, TurnView, letter};
pub use node::{BudgetView, CauseView, Keeps, NodeView, VitalValue, VitalView};
pub(crate) use node::{Reading, because_words};
pub use service::{ServiceView, UnitView};
pub use story::{ChapterView, StoryView};
pub use thinking::{
    CallView, DroppedView, FaultView, LedgerDayView, LedgerView, MindsView, ProviderView, PulseFactView,
    PulseLineView, PulseView, PurseView, WhimBeatView, WhimView,
};
pub use told::ToldView;
pub use words::{age, markdown, plain, show};

use crate::live::{Status, UnixMillis};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A point in time as views carry it; none for one outside of what a calendar holds.
pub fn time(unix: UnixMillis) -> Option<Timestamp> {
    Timestamp::from_millisecond(unix).ok()
}

/// The counters of intake: `status --json`. Every message on a frame topic is
/// in exactly one of `accepted`, `doubles` and `refused`, and
/// `accepted = stored + pending`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Status"))]
pub struct StatusView {
    /// When this coordinator started to count.
    pub since: Option<Timestamp>,
    /// How many nodes are known.
    pub nodes: u64,
    /// Frames admitted.
    pub accepted: u64,
    /// Admitted frames that the store has committed.
    pub stored: u64,
    /// Frames that had been decided before.
    pub doubles: u64,
    /// Admitted frames that wait for the next commit.
    pub pending: u64,
    /// Frames that agents say they have lost.
    pub dropped: u64,
    /// Frames refused, by cause.
    pub refused: BTreeMap<String, u64>,
    /// Whether the link to the broker is up.
    pub connected: bool,
    /// Why the store takes nothing at the moment; null while all is well.
    pub degraded: Option<String>,
}

impl From<Status> for StatusView {
    fn from(status: Status) -> Self {
        Self {
            since: time(status.since),
            nodes: status.nodes,
            accepted: status.accepted,
            stored: status.stored,
            doubles: status.doubles,
            pending: status.pending,
            dropped: status.dropped,
            refused: status.refused.into_iter().map(|(cause, count)| (cause.to_owned(), count)).collect(),
            connected: status.connected,
            degraded: status.degraded,
        }
    }
}

/// The one line that `up --json` prints when all is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Up"))]
pub struct UpView {
    /// Always true: the line comes only then.
    pub ready: bool,
    /// Where the page and the API are, without a trailing slash.
    pub http: String,
    /// Where the broker is, without a trailing slash.
    pub mqtt: String,
    /// The data folder.
    pub data: String,
}
