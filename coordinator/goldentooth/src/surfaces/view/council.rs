//! A council about one node, as everybody outside sees it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What every eye of the cast sees in one node, and how they are divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Council"))]
pub struct CouncilView {
    /// The node.
    pub node: String,
    /// When they looked.
    pub at: Option<Timestamp>,
    /// How a question about it is answered now: consensus, debate or emergency.
    pub sitting: String,
    /// What they find: trouble, undecided, calm, or blind where none can see.
    pub finding: String,
    /// How many see something that stands out.
    pub uneasy: u32,
    /// How many see nothing that does.
    pub calm: u32,
    /// How many lack what they look at, and have no vote.
    pub blind: u32,
    /// The share of those who see that is of one mind, 0.5 to 1; null where nobody sees.
    pub agreement: Option<f64>,
    /// The count in a sentence.
    pub words: String,
    /// Each eye's reading: the most alarmed first, the blind last.
    pub readings: Vec<GazeView>,
}

/// What one character's eye sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Gaze"))]
pub struct GazeView {
    /// The character's sheet.
    pub by: String,
    /// Its full name.
    pub name: String,
    /// How it looks; empty while what it embodies is for people to find out.
    pub eye: String,
    /// blind, calm, uneasy or alarmed.
    pub verdict: String,
    /// What stands out most to it: a vital's name, a kind of event or a service; null where
    /// it sees nothing, or is veiled.
    pub subject: Option<String>,
    /// What that is now, in its own unit.
    pub value: Option<f64>,
    /// What it is held against.
    pub against: Option<f64>,
    /// What that is: usual, yesterday, last week, siblings, limit or mean; needs for how many
    /// services are needed there, of which the value are in trouble; empty for nothing.
    pub measure: String,
    /// The reading in words.
    pub words: String,
}
