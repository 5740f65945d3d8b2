//! What the coordinator says to one node: the downward bodies.

use crate::body::append;
use crate::{Frame, FrameError, VERSION};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// The most runs beyond the mark that one [`Ack`] names.
pub const MAX_RUNS: usize = 4;
/// The most bytes of a model in one [`ModelChunk`].
pub const MAX_CHUNK: usize = 1024;

/// One downward body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Down<'a> {
    /// [`VERSION`] of the body.
    pub version: u8,
    /// The boot that it is meant for.
    #[serde(with = "postcard::fixint::le")]
    pub boot: u32,
    /// Rises with every downlink to this boot; one that doesn't is stale.
    pub counter: u32,
    /// What to do.
    #[serde(borrow)]
    pub command: Command<'a>,
}

/// What the coordinator asks of a node. The order of the variants is the wire's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command<'a> {
    /// What has been decided, and need not be held any longer.
    Ack(Ack),
    /// How the node shall be from now on.
    Settings(Settings),
    /// Take a sample now and say it.
    SampleNow,
    /// A piece of a mood model.
    #[serde(borrow)]
    Model(ModelChunk<'a>),
    /// The node's frames are of a version that can't be read here.
    Unsupported {
        /// The highest version that can be read.
        max: u8,
    },
}

/// Everything from the node's `oldest` up to `through` has been decided, and
/// so has each run beyond it. Only what lies outside is said again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The boot whose frames are meant, which may be an earlier one.
    #[serde(with = "postcard::fixint::le")]
    pub boot: u32,
    /// The contiguous mark.
    pub through: u32,
    /// Runs decided beyond the mark, lowest first.
    pub runs: Vec<Run, MAX_RUNS>,
}

/// Consecutive sequences, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

impl Ack {
    /// Whether this sequence of [`Ack::boot`] has been decided.
    pub fn covers(&self, sequence: u32) -> bool {
        sequence <= self.through || self.runs.iter().any(|run| (run.first..=run.last).contains(&sequence))
    }
}

/// Desired state of a node, versioned by the coordinator's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Rises with every change; a node ignores what isn't newer than its own.
    pub version: u32,
    /// The shortest interval between samples, in tenths of a second.
    pub floor: u16,
    /// The longest interval between samples, in tenths of a second.
    pub ceiling: u16,
}

/// A piece of a mood model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChunk<'a> {
    /// SHA-256 of the whole model.
    pub hash: [u8; 32],
    /// The whole model's length, in bytes.
    pub length: u32,
    /// Where this piece begins, in bytes.
    pub offset: u32,
    /// The piece, at most [`MAX_CHUNK`] bytes.
    pub bytes: &'a [u8],
}

impl<'a> Down<'a> {
    /// Appends the encoded body to `out`.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if body and seal together exceed the largest frame.
    pub fn encode(&self, out: &mut Frame) -> Result<(), FrameError> {
        append(self, out)
    }

    /// Reads a downward body.
    ///
    /// # Errors
    /// [`FrameError::UnknownVersion`], [`FrameError::Malformed`] (also a chunk
    /// over [`MAX_CHUNK`]) or [`FrameError::TrailingBytes`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        match bytes.first() {
            None => return Err(FrameError::Empty),
            Some(&VERSION) => {}
            Some(&version) => return Err(FrameError::UnknownVersion(version)),
        }
        let (down, rest): (Self, _) = postcard::take_from_bytes(bytes).map_err(|_| FrameError::Malformed)?;
        match &down.command {
            Command::Model(chunk) if chunk.bytes.len() > MAX_CHUNK => Err(FrameError::Malformed),
            _ if !rest.is_empty() => Err(FrameError::TrailingBytes),
            _ => Ok(down),
        }
    }
}
