//! What can be wrong with a frame.

use core::fmt;

/// Why a frame can't be made or read. Each variant is a label in the
/// coordinator's counters: see [`FrameError::label`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameError {
    /// No bytes at all.
    Empty,
    /// More than [`MAX_FRAME`](crate::MAX_FRAME) bytes.
    TooLong,
    /// Too short to hold a seal and a body.
    TooShort,
    /// The seal doesn't fit the topic and body: altered, forged, moved to
    /// another topic, or sealed with an older key.
    BadSeal,
    /// The version byte is one that this program doesn't know.
    UnknownVersion(u8),
    /// The bytes are no body of the version that they claim.
    Malformed,
    /// Bytes are left after the body.
    TrailingBytes,
}

impl FrameError {
    /// The cause as a label: `snake_case`, never changed once published.
    pub fn label(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::TooShort => "too_short",
            Self::BadSeal => "bad_seal",
            Self::UnknownVersion(_) => "unknown_version",
            Self::Malformed => "malformed",
            Self::TrailingBytes => "trailing_bytes",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the message is empty"),
            Self::TooLong => write!(formatter, "longer than {} bytes", crate::MAX_FRAME),
            Self::TooShort => formatter.write_str("too short for a seal and a body"),
            Self::BadSeal => formatter.write_str("the seal does not fit: altered, forged or an old key"),
            Self::UnknownVersion(version) => write!(
                formatter,
                "frame version {version}, but this program reads up to {}: upgrade the coordinator first",
                crate::VERSION
            ),
            Self::Malformed => formatter.write_str("not a body of its version"),
            Self::TrailingBytes => formatter.write_str("bytes are left after the body"),
        }
    }
}

impl core::error::Error for FrameError {}
