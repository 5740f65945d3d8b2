//! What a character said, with the facts behind it.

use cast::{Filled, Kind, UnixMillis};
use serde::Serialize;
use store::Uuid;

/// A slot of a line, and where what fills it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// The slot, its words, its value and its unit.
    #[serde(flatten)]
    pub filled: Filled,
    /// The event that records it.
    pub event: Uuid,
}

/// One sentence of a character.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The character's sheet.
    pub by: String,
    /// The sentence.
    pub text: String,
    /// What it claims to be.
    pub kind: Kind,
    /// Every slot in it.
    pub facts: Vec<Told>,
    /// The node that it is about.
    pub node: String,
    /// When it was said.
    pub at: UnixMillis,
    /// The event that it is about.
    pub cause: Uuid,
    /// Which mind composed it.
    pub mind: &'static str,
}
