//! Time as this crate knows it: plain numbers that are handed in.

use serde::{Deserialize, Serialize};

/// Milliseconds on a clock that never jumps, since an arbitrary start.
pub type Millis = u64;
/// Wall-clock milliseconds since 1970, in UTC.
pub type UnixMillis = i64;

/// The coordinator's clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock: decides everything about liveness and order.
    pub mono: Millis,
    /// The wall clock: what people and the store are told.
    pub unix: UnixMillis,
    /// Whether a time server is followed.
    pub trusted: bool,
}

/// When something was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dated {
    /// At this time.
    At(UnixMillis),
    /// Time unknown, but before this: the running boot began here.
    Before(UnixMillis),
}

impl Dated {
    /// The time, if it is known.
    pub fn known(self) -> Option<UnixMillis> {
        match self {
            Self::At(unix) => Some(unix),
            Self::Before(_) => None,
        }
    }

    /// The time, or the one before which it was.
    pub fn bound(self) -> UnixMillis {
        match self {
            Self::At(unix) | Self::Before(unix) => unix,
        }
    }
}

/// A moment in the past, told on the wall clock as it stands *now*: while the
/// coordinator runs, a jump of its wall clock moves the moment along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// On the monotonic clock; none if it was before this coordinator started.
    pub mono: Option<Millis>,
    /// On the wall clock as it stood then.
    pub unix: UnixMillis,
}

impl Moment {
    /// The moment `age` milliseconds before `now`.
    pub(crate) fn ago(now: Now, age: Millis) -> Self {
        Self {
            mono: now.mono.checked_sub(age),
            unix: now.unix.saturating_sub(i64::try_from(age).unwrap_or(i64::MAX)),
        }
    }

    /// A moment that is only known by the wall clock.
    pub(crate) fn wall(unix: UnixMillis) -> Self {
        Self { mono: None, unix }
    }

    /// The moment on the wall clock as it stands now.
    pub fn unix(&self, now: Now) -> UnixMillis {
        match self.mono {
            Some(mono) => {
                now.unix.saturating_sub(i64::try_from(now.mono.saturating_sub(mono)).unwrap_or(i64::MAX))
            }
            None => self.unix,
        }
    }

    /// How long ago it was, if that is known for sure.
    pub fn age(&self, now: Now) -> Option<Millis> {
        self.mono.map(|mono| now.mono.saturating_sub(mono))
    }
}
