//! Language models, what they cost, and the pulse.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who can be asked, and what is left to spend: `minds --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Minds"))]
pub struct MindsView {
    /// Every provider of the configuration, in the order in which they are asked.
    pub providers: Vec<ProviderView>,
    /// What stands behind them all.
    pub understudy: String,
    /// Limits, and what is spent of them.
    pub budget: PurseView,
    /// What prices are in.
    pub currency: String,
    /// Calls that never reached the ledger.
    pub lost: u64,
}

/// One provider, since the coordinator started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Provider"))]
pub struct ProviderView {
    /// What the configuration calls it.
    pub name: String,
    /// Which dialect it speaks: `anthropic` or `openai`.
    pub dialect: String,
    /// Where it is.
    pub url: String,
    /// Which model answers.
    pub model: String,
    /// Its circuit breaker: `closed`, `open` or `half_open`.
    pub health: String,
    /// For how many seconds more nobody asks it.
    pub rests_for: Option<u64>,
    /// How many calls were made.
    pub calls: u64,
    /// How many of them ended how.
    pub outcomes: BTreeMap<String, u64>,
    /// Tokens in.
    pub input: u64,
    /// Tokens out.
    pub output: u64,
    /// Of those in: kept by the provider from before.
    pub cached: u64,
    /// What that cost.
    pub money: f64,
    /// How long a call took on average, in milliseconds; null before the first.
    pub latency: Option<u64>,
    /// What went wrong last.
    pub last_fault: Option<FaultView>,
}

/// What went wrong, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Fault"))]
pub struct FaultView {
    /// When.
    pub at: Option<Timestamp>,
    /// What, in words.
    pub words: String,
}

/// Tokens that may be spent, and that are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Purse"))]
pub struct PurseView {
    /// Spent within this hour of UTC.
    pub hour: u64,
    /// The most within an hour.
    pub hour_limit: u64,
    /// Spent within this day of UTC.
    pub day: u64,
    /// The most within a day: then the understudy speaks alone.
    pub day_limit: u64,
    /// The most of one call.
    pub call_limit: u64,
    /// The most of one pulse.
    pub pulse_limit: u64,
    /// The most of one character within a day.
    pub persona_limit: u64,
    /// Spent on tales within this day of UTC, apart from all else.
    pub fiction: u64,
    /// The most for tales within a day; 0 leaves them to the understudy.
    pub fiction_limit: u64,
}

/// What was asked of models, and what it took: `minds ledger --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Ledger"))]
pub struct LedgerView {
    /// What prices are in.
    pub currency: String,
    /// What made the estimates.
    pub tokenizer: String,
    /// By day of UTC and provider, oldest first.
    pub days: Vec<LedgerDayView>,
    /// The last calls, newest first.
    pub calls: Vec<CallView>,
}

/// One day of one provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LedgerDay"))]
pub struct LedgerDayView {
    /// When it begins.
    pub day: Option<Timestamp>,
    /// Who was asked; `understudy` where no model answered.
    pub provider: String,
    /// How many calls.
    pub calls: u64,
    /// How many were answered.
    pub answered: u64,
    /// Tokens in.
    pub input: u64,
    /// Tokens out.
    pub output: u64,
    /// Of those in: kept from before.
    pub cached: u64,
    /// What it cost.
    pub money: f64,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Call"))]
pub struct CallView {
    /// When it was made.
    pub at: Option<Timestamp>,
    /// What for: `pulse`, `chat`, `review`, `reflection`, `fiction` or `embedding`.
    pub task: String,
    /// For which characters.
    pub by: Vec<String>,
    /// Why then.
    pub why: String,
    /// Who was asked.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// Tokens in, by the provider's count.
    pub input: u32,
    /// Tokens out.
    pub output: u32,
    /// Of those in: kept from before.
    pub cached: u32,
    /// Our own estimate of those in.
    pub estimate: u32,
    /// What it cost.
    pub money: f64,
    /// How long it took, in milliseconds.
    pub latency: u64,
    /// How it ended.
    pub outcome: String,
    /// What went wrong; empty if nothing did.
    pub words: String,
}

/// One pulse: `pulse --json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Pulse"))]
#[serde(default)]
pub struct PulseView {
    /// When it was made; null for one that was not.
    pub at: Option<Timestamp>,
    /// When the next one is due.
    pub due: Option<Timestamp>,
    /// The whole prompt; empty if there was nothing to ask about.
    pub prompt: String,
    /// What counted the tokens.
    pub tokenizer: String,
    /// Tokens of what happened.
    pub context: u32,
    /// Tokens of the rules and voices.
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
    pub facts: Vec<PulseFactView>,
    /// What was said.
    pub lines: Vec<PulseLineView>,
    /// What was refused.
    pub dropped: Vec<DroppedView>,
    /// Who was asked and told nothing, and why.
    pub missing: BTreeMap<String, String>,
    /// How much goes on in the fleet, 0 to 1.
    pub activity: f64,
    /// What somebody had in mind who was bored; null where nobody was.
    pub bored: Option<WhimView>,
}

/// What a bored character has in mind. The beats are fiction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Whim"))]
pub struct WhimView {
    /// Whose: the sheet's name.
    pub by: String,
    /// `traffic_drama`, `security_paranoia`, `metric_anomalies` or `dependency_changes`.
    pub behaviour: String,
    /// What becomes of it: a `tale`, a `drill` in words, or a `question` to people.
    pub becomes: String,
    /// The trope's id.
    pub trope: String,
    /// What people call the trope.
    pub title: String,
    /// What this character reads the story as.
    pub reads: String,
    /// Who takes which role.
    pub roles: BTreeMap<String, String>,
    /// What happens in it.
    pub beats: Vec<WhimBeatView>,
    /// What people are asked; null where nothing is.
    pub asks: Option<String>,
    /// Who found the words of the beats: a provider, or the understudy, who takes the trope's own.
    pub mind: String,
}

/// A line of a tale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "WhimBeat"))]
pub struct WhimBeatView {
    /// Who says it: the sheet's name.
    pub by: String,
    /// What.
    pub text: String,
}

/// Something that was to be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "PulseFact"))]
pub struct PulseFactView {
    /// What the prompt calls it.
    pub id: String,
    /// Whose it is.
    pub by: String,
    /// Which node it is about.
    pub node: String,
    /// What it is an occasion for.
    pub occasion: String,
    /// What its speaker makes of it; null for no more than the fact.
    pub r#move: Option<String>,
    /// The event that records it.
    pub event: Option<String>,
    /// Whether a model was to be asked for it.
    pub asked: bool,
}

/// A line of a pulse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "PulseLine"))]
pub struct PulseLineView {
    /// Who says it.
    pub by: String,
    /// The sentence.
    pub text: String,
    /// What it is.
    #[cfg_attr(test, schemars(with = "crate::surfaces::schemas::SaidKind"))]
    pub kind: crate::live::SaidKind,
    /// Which mind composed it.
    pub mind: String,
    /// Which facts it tells.
    pub facts: Vec<String>,
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Dropped"))]
pub struct DroppedView {
    /// As it came, without what could do harm.
    pub line: String,
    /// Why.
    pub cause: String,
}
