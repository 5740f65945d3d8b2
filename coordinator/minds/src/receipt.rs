//! A receipt for every call: what the ledger is made of.

use crate::settings::Price;
use crate::{Fault, Task, UnixMillis, Verdict};
use serde::{Deserialize, Serialize};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With an answer.
    Answered,
    /// Nobody was reached.
    Unreachable,
    /// No answer in time.
    Slow,
    /// 429: too many calls.
    Limited,
    /// 401 or 403: a wrong key.
    Unauthorized,
    /// Another 4xx: it took the call for a wrong one.
    Refused,
    /// 5xx: its own trouble.
    Failed,
    /// The answer broke off.
    Cut,
    /// The answer could not be read, or was too long.
    Unreadable,
    /// Whoever asked went away.
    Cancelled,
    /// No call was made: the budget says no, and the understudy spoke.
    Budget,
    /// No call was made or none was left to make: the understudy spoke.
    Understudy,
}

impl Outcome {
    /// Its word in JSON, in metrics and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
            Self::Limited => "limited",
            Self::Unauthorized => "unauthorized",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cut => "cut",
            Self::Unreadable => "unreadable",
            Self::Cancelled => "cancelled",
            Self::Budget => "budget",
            Self::Understudy => "understudy",
        }
    }
}

impl From<&Fault> for Outcome {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Connect(_) => Self::Unreachable,
            Fault::Slow(_) => Self::Slow,
            Fault::Status { status: 429, .. } => Self::Limited,
            Fault::Status { status: 401 | 403, .. } => Self::Unauthorized,
            Fault::Status { status: 500.., .. } => Self::Failed,
            Fault::Status { .. } | Fault::Unable(_) => Self::Refused,
            Fault::Cut => Self::Cut,
            Fault::Shape(_) | Fault::Unfit { .. } | Fault::Long(_) => Self::Unreadable,
        }
    }
}

impl From<Verdict> for Outcome {
    fn from(_: Verdict) -> Self {
        Self::Budget
    }
}

/// One call as the ledger has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// When it was made.
    pub at: UnixMillis,
    /// What for.
    pub task: Task,
    /// For which characters.
    pub by: Vec<String>,
    /// Why then.
    pub why: String,
    /// Who was asked: a provider of the configuration, or the understudy.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// Tokens in, by the provider's count; 0 where there was no answer.
    pub input: u32,
    /// Tokens out.
    pub output: u32,
    /// Of those in: kept by the provider from before.
    pub cached: u32,
    /// Our own guess at the tokens in.
    pub estimate: u32,
    /// What it cost, in millionths of the currency.
    pub money: i64,
    /// How long it took, in milliseconds.
    pub latency: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong, in words; empty if nothing did.
    pub words: String,
}

impl Price {
    /// What a call costs, in millionths of the currency: prices are for a
    /// million tokens, so that a token costs as many millionths as its price says.
    pub fn of(&self, input: u32, output: u32, cached: u32) -> i64 {
        let fresh = f64::from(input.saturating_sub(cached));
        let cached = f64::from(cached) * self.cached.unwrap_or(self.input);
        (fresh * self.input + cached + f64::from(output) * self.output).round() as i64
    }
}
