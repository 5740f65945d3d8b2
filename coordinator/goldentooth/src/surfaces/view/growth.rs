//! How a character has grown, as everybody outside sees it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What changes a trait, or a strand of a tie, for a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Modifier"))]
pub struct ModifierView {
    /// Which trait or strand.
    pub name: String,
    /// By how much now.
    pub by: f64,
    /// By how much when it began: it goes in a straight line.
    #[serde(default)]
    pub at_first: f64,
    /// What caused it, in words.
    pub cause: String,
    /// Of what kind that is: `service_health`, `user_interaction`, `peer_relation`, `system_event` or `neglect`.
    #[serde(default)]
    pub catalyst: String,
    /// The event that caused it; null where time alone did.
    #[serde(default)]
    pub event: Option<String>,
    /// Since when.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// A plot line in which a character stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Thread"))]
pub struct ThreadView {
    /// Of what kind: `incident`, `evolution` or `drama`.
    pub plot: String,
    /// About whom: a node, a character, or two of them.
    pub about: String,
    /// What became of it last: `opened`, `advanced` or `closed`.
    pub turn: String,
    /// When it was opened.
    pub opened: Option<Timestamp>,
    /// When something was added last; of a closed one its end.
    pub last: Option<Timestamp>,
    /// How many events it has.
    pub chapters: u32,
    /// The event that opened it; of a closed one, that closed it.
    pub event: String,
    /// What became of it, in plain words.
    pub words: String,
    /// The same in the character's style.
    pub told: String,
}

/// How the traits of a character went of late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Nature"))]
pub struct NatureView {
    /// From when on.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Those that moved furthest.
    pub traits: Vec<TraitLineView>,
    /// What moved them, the newest first.
    pub causes: Vec<ChangeView>,
}

/// How one trait went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "TraitLine"))]
pub struct TraitLineView {
    /// Which.
    pub name: String,
    /// As the sheet has it, 0 to 1.
    pub sheet: f64,
    /// As it was, at equal distances in time.
    pub values: Vec<f64>,
}

/// Something that moved traits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Change"))]
pub struct ChangeView {
    /// When.
    pub at: Option<Timestamp>,
    /// By how much, and why.
    pub words: String,
    /// Of what kind the cause is.
    pub catalyst: String,
    /// The event that records it.
    pub event: String,
}

/// What binds a character to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Relationship"))]
pub struct RelationshipView {
    /// The other's sheet.
    pub to: String,
    /// What it is by the sheet, or mostly: alliance, rivalry, dependency, contempt, trust,
    /// affection or `shared_suffering`.
    pub kind: String,
    /// Why.
    pub why: String,
    /// Each strand that there is now: 0 to 1, trust and affection from -1.
    #[serde(default)]
    pub strands: BTreeMap<String, f64>,
    /// What moved it of late, the newest first.
    #[serde(default)]
    pub because: Vec<ModifierView>,
}

/// Something that a character remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Memory"))]
pub struct MemoryView {
    /// When it was.
    pub at: Option<Timestamp>,
    /// What: an event's kind, or an occasion.
    pub kind: String,
    /// The node that it was about; empty for none.
    pub node: String,
    /// What happened, as its event says.
    pub words: String,
    /// How much it weighs, 1 to 10.
    pub importance: u8,
    /// The event that records it.
    pub event: String,
}

/// Something that a character concluded from what it remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Insight"))]
pub struct InsightView {
    /// The claim, in words.
    pub words: String,
    /// The events that it is so of.
    pub cites: Vec<String>,
    /// When it was made.
    pub at: Option<Timestamp>,
}

/// What a character holds of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Acquaintance"))]
pub struct AcquaintanceView {
    /// Who.
    pub person: String,
    /// How often it was asked by them.
    pub asked: u32,
    /// How many memories it has of them.
    pub memories: u32,
    /// Each strand that there is now.
    pub strands: BTreeMap<String, f64>,
    /// What moved them, the newest first.
    pub because: Vec<ModifierView>,
}
