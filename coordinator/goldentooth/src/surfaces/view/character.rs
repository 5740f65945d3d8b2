//! Characters, answers and facts, as everybody outside sees them.

use super::event::SaidView;
use super::growth::{
    AcquaintanceView, InsightView, MemoryView, ModifierView, NatureView, RelationshipView, ThreadView,
};
use crate::flavour::Flavour;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One character as it is now: an entry of `cast --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Character"))]
pub struct CharacterView {
    /// Its sheet's file name.
    pub id: String,
    /// Its full name.
    pub name: String,
    /// Where it belongs.
    pub house: String,
    /// Who it is, in a phrase.
    pub archetype: String,
    /// The form in which it tells tales, threads, lives and weeks; null for none.
    #[serde(default)]
    pub style: Option<String>,
    /// The office that it holds, as behind an `@`; null for none.
    pub office: Option<String>,
    /// What it stands for; null while that is for people to find out.
    pub embodies: Option<String>,
    /// How ready it is for work: idle, active, tired or overwhelmed.
    pub readiness: String,
    /// Why it is so ready.
    #[serde(default)]
    pub readiness_because: String,
    /// How it feels.
    pub feeling: String,
    /// Why it feels so; null where nothing made it.
    #[serde(default)]
    pub feeling_because: Option<String>,
    /// 0 to 1.
    pub energy: f64,
    /// 0 to 1.
    pub attention: f64,
    /// Sixteen traits as they are now, each 0 to 1.
    pub traits: BTreeMap<String, f64>,
    /// The same as its sheet has them: they go back to these.
    #[serde(default)]
    pub sheet_traits: BTreeMap<String, f64>,
    /// What changes its traits for a time, each with its cause and its end.
    pub modifiers: Vec<ModifierView>,
    /// What binds it to others.
    pub relationships: Vec<RelationshipView>,
    /// The last thing that it said; null for nothing yet.
    pub last_said: Option<SaidView>,
    /// The nodes that live in its household.
    pub nodes: Vec<String>,
    /// Whether a person muted it.
    pub muted: bool,
    /// What it reacts to.
    pub triggers: Vec<TriggerView>,
    /// How it looks at a node.
    pub eye: String,
    /// How it came on stage, if it was born here; null for who came with a sheet.
    #[serde(default)]
    pub born: Option<BornView>,
    /// What it bets on, and how well it did.
    #[serde(default)]
    pub bets: BetsView,
    /// What comes to its mind first.
    #[serde(default)]
    pub memories: Vec<MemoryView>,
    /// What it concluded from what it remembers, the newest first.
    #[serde(default)]
    pub insights: Vec<InsightView>,
    /// The people whom it knows.
    #[serde(default)]
    pub people: Vec<AcquaintanceView>,
}

/// What became of a character: its arc.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Arc"))]
pub struct ArcView {
    /// How its traits went of late; null where nothing moved them.
    #[serde(default)]
    pub nature: Option<NatureView>,
    /// The plot lines in which it stands: those that run, then the newest that are over.
    #[serde(default)]
    pub threads: Vec<ThreadView>,
}

/// One character and what became of it: `cast show --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Profile"))]
pub struct ProfileView {
    /// As it is now.
    #[serde(flatten)]
    pub character: CharacterView,
    /// How it came to be so.
    #[serde(flatten)]
    pub arc: ArcView,
}

/// What a character foretells, and how well it did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Bets"))]
pub struct BetsView {
    /// How many of its settled bets came true.
    pub right: u32,
    /// How many are settled.
    pub settled: u32,
    /// Their mean Brier score: 0 for a seer, 0.25 for a coin; null before the first.
    pub brier: Option<f64>,
    /// The open ones, the oldest first.
    pub open: Vec<BetView>,
}

impl BetsView {
    /// How well it did, in words: "right 7 of 9"; none before the first.
    pub fn words(&self) -> Option<String> {
        (self.settled > 0).then(|| format!("right {} of {}", self.right, self.settled))
    }
}

/// One open bet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Bet"))]
pub struct BetView {
    /// The event that records it.
    pub event: String,
    /// About which node.
    pub node: String,
    /// About which vital.
    pub vital: String,
    /// What is foretold, in words.
    pub claim: String,
    /// How sure its maker is, 0 to 1.
    pub chance: f64,
    /// Until when it must come true.
    pub before: Option<Timestamp>,
}

/// How a character came on stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Born"))]
pub struct BornView {
    /// Whose own character it is.
    pub node: String,
    /// What earned it, in words.
    pub why: String,
    /// When.
    pub at: Option<Timestamp>,
    /// The event that caused it; null for a wish.
    pub event: Option<String>,
}

impl CharacterView {
    /// The same, with what it said in this flavour.
    #[must_use]
    pub fn in_flavour(mut self, flavour: Flavour) -> Self {
        self.last_said = self.last_said.map(|said| said.in_flavour(flavour));
        self
    }
}

/// What a character reacts to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Trigger"))]
pub struct TriggerView {
    /// The signal: `vital:NAME`, `event:KIND` or `service:NAME`.
    pub signal: String,
    /// How it feels then.
    pub feeling: String,
    /// Why.
    pub why: String,
    /// Whether anything here supplies the signal; else it never fires.
    pub supplied: bool,
    /// What supplies it, in words, or why nothing does.
    #[serde(default)]
    pub supply: String,
}

/// Something recorded that a sentence stands on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RecordedFact"))]
pub struct FactView {
    /// Names it; `/api/v1/facts/ID` has it.
    pub id: String,
    /// What kind of fact: a vital's name, `mood`, `silent`, `count`, or an event's kind.
    pub kind: String,
    /// Whom it is about: a node, a character, or `fleet`.
    pub subject: String,
    /// What is so: a number in `unit`, a word, or a yes or no.
    pub value: serde_json::Value,
    /// The unit; empty where there is none.
    pub unit: String,
    /// When it was so.
    pub at: Option<Timestamp>,
    /// The event that records it; null for a reading.
    pub event: Option<String>,
}

/// One character's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Answer"))]
pub struct AnswerView {
    /// Who answers: the sheet's file name.
    pub by: String,
    /// The answer.
    pub text: String,
    /// What it stands on.
    pub facts: Vec<FactView>,
    /// Which mind composed it: the understudy, or a provider of the configuration.
    pub mind: String,
    /// fact, suspicion or fiction.
    pub kind: String,
}

/// What of an answer may be shown before it is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceView {
    /// Which of the answers it belongs to, counted from 0.
    pub place: usize,
    /// Who answers: the sheet's file name.
    pub by: String,
    /// Which provider composes it.
    pub mind: String,
    /// fact, suspicion or fiction.
    pub kind: String,
    /// What goes on from the pieces before.
    pub text: String,
}

/// What a question was answered: `ask --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Answers"))]
pub struct AnswersView {
    /// One per character that had the floor.
    pub answers: Vec<AnswerView>,
}
