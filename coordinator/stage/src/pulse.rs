//! The pulse: a look at the whole fleet every half hour, or when something is
//! urgent; one call for the whole cast, and none if nothing changed.
//!
//! All of it is decided here, without a clock or a socket: [`Digest`] says what
//! changed, [`Plan`] who speaks about what and what the prompt is, and
//! [`Plan::settle`] what of an answer may be said. What may not, and what nobody
//! said, the understudy says.

mod changed;
mod context;
mod digest;
pub(crate) mod judge;
pub(crate) mod outside;
mod plan;
pub(crate) mod prompt;
mod style;
#[cfg(test)]
mod tests;
mod timing;

pub use context::CONTEXT;
pub use digest::{Digest, NodeNow, Scene, Stands, Trouble, Turned};
pub use judge::Refusal;
pub use plan::{Found, Given, House, Plan};
pub use style::Styles;
pub use timing::Timing;

use cast::{Filled, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::Uuid;

/// What a pulse saw, asked and said: `goldentooth pulse --json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The whole prompt; empty if there was nothing to ask about.
    pub prompt: String,
    /// What counted the tokens.
    pub tokenizer: String,
    /// Tokens of what happened.
    pub context: u32,
    /// Tokens of the rules and voices before it.
    pub prefix: u32,
    /// Tokens of the answer.
    pub output: u32,
    /// Tokens in that the provider had kept from before.
    pub cached: u32,
    /// Whether a model was called.
    pub called: bool,
    /// Why it was, or was not.
    pub because: String,
    /// What was to be said.
    pub facts: Vec<FactToSay>,
    /// What was said.
    pub lines: Vec<PulseLine>,
    /// What was refused.
    pub dropped: Vec<Dropped>,
    /// Who told nothing, and why.
    pub missing: BTreeMap<String, String>,
}

/// Something that was to be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactToSay {
    /// What the prompt calls it.
    pub id: String,
    /// Whose it is.
    pub by: String,
    /// Whom it is about.
    pub node: String,
    /// What it is an occasion for.
    pub occasion: cast::Occasion,
    /// What its speaker makes of it; none for no more than the fact.
    #[serde(rename = "move")]
    pub made: Option<cast::Move>,
    /// The event that records it; none if none was at hand.
    pub event: Option<Uuid>,
    /// Whether the model was asked for it, or the understudy alone.
    pub asked: bool,
}

/// A line of a pulse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PulseLine {
    /// Who says it.
    pub by: String,
    /// The sentence.
    pub text: String,
    /// What it claims to be.
    pub kind: Kind,
    /// Which mind composed it.
    pub mind: String,
    /// Which facts it tells.
    pub facts: Vec<String>,
    /// The fact alone, without what the character made of it.
    #[serde(skip)]
    pub bare: String,
    /// Every slot in it.
    #[serde(skip)]
    pub filled: Vec<Filled>,
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// As it came, without what could do harm.
    pub line: String,
    /// Why.
    pub cause: String,
}
