//! Drills, as everybody outside sees them.

use serde::{Deserialize, Serialize};

/// A drill: `cast drill --json`. Its story is fiction, its findings are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Drill"))]
pub struct DrillView {
    /// The node that falls silent in it.
    pub node: String,
    /// After how long it would be missed, in milliseconds.
    pub missed_after: u64,
    /// All of it in a sentence.
    pub words: String,
    /// What is so, computed from what is declared and known.
    pub findings: Vec<DrillFindingView>,
    /// What the cast says in it: fiction.
    pub story: Vec<DrillLineView>,
}

/// Something that a drill found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "DrillFinding"))]
pub struct DrillFindingView {
    /// What is so.
    pub words: String,
    /// What people are asked about it.
    pub asks: String,
}

impl From<fleet::drill::Finding> for DrillFindingView {
    fn from(fleet::drill::Finding { words, asks }: fleet::drill::Finding) -> Self {
        Self { words, asks }
    }
}

/// A line of a drill's story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "DrillLine"))]
pub struct DrillLineView {
    /// Who says it: the sheet's name.
    pub by: String,
    /// What.
    pub text: String,
}
