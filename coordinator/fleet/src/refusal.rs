//! Why a message on a frame topic is refused, and the counters of intake.

use frames::FrameError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Why a message was refused. Each variant is a label in the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No bytes at all.
    Empty,
    /// Longer than the largest frame.
    TooLong,
    /// Too short to hold a seal and a body.
    TooShort,
    /// The seal doesn't fit topic and body under the node's current key.
    BadSeal,
    /// A version byte that this coordinator can't read.
    UnknownVersion,
    /// No body of the version that it claims.
    Malformed,
    /// Bytes are left after the body.
    TrailingBytes,
    /// The broker kept it from before: no frame is ever retained.
    Retained,
    /// The topic is no frame topic of this fleet.
    BadTopic,
    /// What a service reports is not as `schemas/mqtt-service.json` says.
    BadReport,
    /// Nobody enrolled this node.
    NotEnrolled,
    /// The broker's rules forbid this account to write there.
    NotAllowed,
    /// Further above the contiguous mark than the window is wide. Not
    /// decided: the node says it again once its oldest frame has moved up.
    BeyondWindow,
    /// A replay inside a replay.
    NestedReplay,
    /// A replay without a body in it.
    EmptyReplay,
    /// More nodes than [`MAX_NODES`](crate::MAX_NODES). Not decided.
    FleetFull,
    /// Intake is full, since the store can't keep up. Not decided.
    Overloaded,
}

impl Refusal {
    /// Every cause, in the order of a frame's way through intake.
    pub const ALL: [Self; 17] = [
        Self::Empty,
        Self::TooLong,
        Self::TooShort,
        Self::BadSeal,
        Self::UnknownVersion,
        Self::Malformed,
        Self::TrailingBytes,
        Self::Retained,
        Self::BadTopic,
        Self::BadReport,
        Self::NotEnrolled,
        Self::NotAllowed,
        Self::BeyondWindow,
        Self::NestedReplay,
        Self::EmptyReplay,
        Self::FleetFull,
        Self::Overloaded,
    ];

    /// The cause as a label: `snake_case`, never changed once published.
    pub fn label(self) -> &'static str {
        match self {
            Self::Empty => FrameError::Empty.label(),
            Self::TooLong => FrameError::TooLong.label(),
            Self::TooShort => FrameError::TooShort.label(),
            Self::BadSeal => FrameError::BadSeal.label(),
            Self::UnknownVersion => FrameError::UnknownVersion(0).label(),
            Self::Malformed => FrameError::Malformed.label(),
            Self::TrailingBytes => FrameError::TrailingBytes.label(),
            Self::Retained => "retained",
            Self::BadTopic => "bad_topic",
            Self::BadReport => "bad_report",
            Self::NotEnrolled => "not_enrolled",
            Self::NotAllowed => "not_allowed",
            Self::BeyondWindow => "beyond_window",
            Self::NestedReplay => "nested_replay",
            Self::EmptyReplay => "empty_replay",
            Self::FleetFull => "fleet_full",
            Self::Overloaded => "overloaded",
        }
    }

    /// Whether a frame refused for this cause must never be said again. The
    /// others may be read, or find room, later.
    pub fn decides(self) -> bool {
        matches!(self, Self::Malformed | Self::TrailingBytes | Self::NestedReplay)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "the message is empty",
            Self::TooLong => "longer than the largest frame",
            Self::TooShort => "too short for a seal and a body",
            Self::BadSeal => "the seal does not fit: altered, forged or an old key",
            Self::UnknownVersion => "a newer frame version: upgrade the coordinator first",
            Self::Malformed => "not a body of its version",
            Self::TrailingBytes => "bytes are left after the body",
            Self::Retained => "a retained message, and frames never are",
            Self::BadTopic => "not a frame topic of this fleet",
            Self::BadReport => "no report of a service: see schemas/mqtt-service.json",
            Self::NotEnrolled => "nobody enrolled this node: use `goldentooth enroll`",
            Self::NotAllowed => "this account may not write there",
            Self::BeyondWindow => "too far ahead of what the node still holds",
            Self::NestedReplay => "a replay inside a replay",
            Self::EmptyReplay => "a replay of nothing",
            Self::FleetFull => "the fleet has no room for another node",
            Self::Overloaded => "intake is full, since the store can't keep up",
        })
    }
}

impl std::error::Error for Refusal {}

impl From<FrameError> for Refusal {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Empty => Self::Empty,
            FrameError::TooLong => Self::TooLong,
            FrameError::TooShort => Self::TooShort,
            FrameError::BadSeal => Self::BadSeal,
            FrameError::UnknownVersion(_) => Self::UnknownVersion,
            FrameError::Malformed => Self::Malformed,
            FrameError::TrailingBytes => Self::TrailingBytes,
        }
    }
}

/// What became of every frame since the coordinator started. Each is in
/// exactly one of the three; the bodies of a replay count one each, and the
/// replay around them not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Admitted.
    pub accepted: u64,
    /// Decided before.
    pub doubles: u64,
    /// Refused, by [`Refusal::label`].
    pub refused: BTreeMap<&'static str, u64>,
}

impl Counters {
    /// All refused frames.
    pub fn refused_total(&self) -> u64 {
        self.refused.values().sum()
    }

    pub(crate) fn refuse(&mut self, cause: Refusal) {
        *self.refused.entry(cause.label()).or_default() += 1;
    }
}
