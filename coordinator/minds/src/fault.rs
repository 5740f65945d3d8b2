//! What can go wrong with a call.

use crate::Usage;
use std::time::Duration;

/// Why a provider gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nobody could be reached.
    #[error("it can't be reached: {0}")]
    Connect(String),
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Slow(Duration),
    /// It answered that it won't.
    #[error("it answers {status}: {words}")]
    Status {
        /// HTTP's number.
        status: u16,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
        /// What it says, without markup and secrets.
        words: String,
    },
    /// The answer ended before its end.
    #[error("its answer broke off")]
    Cut,
    /// The answer is none that its dialect knows.
    #[error("its answer can't be read: {0}")]
    Shape(String),
    /// It answered, and in another shape than the one that was asked for.
    #[error("its answer has not the shape that was asked for: {why}")]
    Unfit {
        /// What is wrong with it.
        why: String,
        /// What it took all the same.
        usage: Usage,
    },
    /// More than we read.
    #[error("its answer is longer than {0} bytes")]
    Long(usize),
    /// What was wanted is not in its power.
    #[error("{0}")]
    Unable(&'static str),
}

impl Fault {
    /// Whether the same call may succeed if it is made again.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connect(_) => true,
            Self::Status { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504 | 529),
            Self::Slow(_)
            | Self::Cut
            | Self::Shape(_)
            | Self::Unfit { .. }
            | Self::Long(_)
            | Self::Unable(_) => false,
        }
    }

    /// Whether it speaks against the provider, not against the call.
    pub fn is_the_providers(&self) -> bool {
        match self {
            // A wrong key is as good as no provider; too many calls are ours.
            Self::Status { status, .. } => !matches!(status, 400 | 404 | 413 | 422 | 429),
            Self::Unable(_) => false,
            _ => true,
        }
    }

    /// How long it wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
