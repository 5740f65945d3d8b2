//! How the providers and the purse stand.

use super::{Router, lock};
use crate::breaker::Health;
use crate::budget::{Limits, Spent};
use crate::receipt::Outcome;
use crate::settings::Dialect;
use crate::{Millis, UnixMillis};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// A provider that counts more than so many times what we guess is not believed.
const DEARER: u32 = 4;
/// One of which nothing was counted yet is taken to count so many times what we guess: the
/// guess is above OpenAI's tokenizers, not above everybody's.
const UNKNOWN: u64 = 2;

/// What was seen of a provider since the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) outcomes: BTreeMap<Outcome, u64>,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cached: u64,
    pub(super) money: i64,
    pub(super) latency: u64,
    pub(super) last_fault: Option<(UnixMillis, String)>,
    /// Of calls whose tokens in it counted: the count, and our guess.
    pub(super) counted: (u64, u64),
}

impl Seen {
    /// Notes what a call's tokens in were counted as, and guessed.
    pub(super) fn counts(&mut self, counted: u32, guess: u32) {
        self.counted.0 += u64::from(counted);
        self.counted.1 += u64::from(guess);
    }

    /// A guess as this provider is likely to count it: never less than the guess.
    pub(super) fn likely(&self, guess: u32) -> u32 {
        let (counted, guessed) = self.counted;
        let likely = (u64::from(guess) * counted).checked_div(guessed).unwrap_or(u64::from(guess) * UNKNOWN);
        u32::try_from(likely).unwrap_or(u32::MAX).clamp(guess, guess.saturating_mul(DEARER))
    }
}

/// How a provider is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProviderState {
    /// What the configuration calls it.
    pub name: String,
    /// What it speaks.
    pub dialect: Dialect,
    /// Where it is.
    pub url: String,
    /// Which model answers.
    pub model: String,
    /// How it is seen.
    pub health: Health,
    /// For how much longer it rests, in milliseconds.
    pub rests: Option<Millis>,
    /// How many calls ended how, since the start.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Tokens in, since the start.
    pub input: u64,
    /// Tokens out.
    pub output: u64,
    /// Of those in: kept from before.
    pub cached: u64,
    /// What that cost, in millionths of the currency.
    pub money: i64,
    /// How long its calls took in all, in milliseconds.
    pub latency: u64,
    /// What went wrong last, and when.
    pub last_fault: Option<(UnixMillis, String)>,
}

/// How all of it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// Every provider, in the order in which they are asked.
    pub providers: Vec<ProviderState>,
    /// The limits.
    pub limits: Limits,
    /// What is spent of them.
    pub spent: Spent,
    /// What prices are in.
    pub currency: String,
    /// Receipts that never reached the ledger.
    pub lost: u64,
}

impl State {
    /// How much may still be asked of the models, in thousandths: what is left of the hour's
    /// and the day's tokens, and nothing while every provider rests. All of it where none is
    /// configured, since then nobody is asked.
    pub fn calls_left(&self) -> u16 {
        if self.providers.is_empty() {
            return 1_000;
        }
        if self.providers.iter().all(|one| one.health == Health::Open) {
            return 0;
        }
        let left = |spent: u64, limit: u64| {
            (u128::from(limit.saturating_sub(spent)) * 1_000).checked_div(u128::from(limit)).unwrap_or(0)
                as u16
        };
        left(self.spent.hour, self.limits.hour).min(left(self.spent.day, self.limits.day))
    }
}

impl Router {
    /// How all of it stands.
    pub fn state(&self) -> State {
        let inner = &self.0;
        let now = inner.now();
        let providers = inner.desks.iter().map(|desk| {
            let (breaker, seen) = (lock(&desk.breaker).clone(), lock(&desk.seen).clone());
            ProviderState {
                name: desk.provider.name.clone(),
                dialect: desk.provider.dialect,
                url: desk.provider.url.clone(),
                model: desk.provider.model.clone(),
                health: breaker.health(now),
                rests: breaker.rests_until(now).map(|until| until - now),
                outcomes: seen.outcomes,
                input: seen.input,
                output: seen.output,
                cached: seen.cached,
                money: seen.money,
                latency: seen.latency,
                last_fault: seen.last_fault,
            }
        });
        let mut budget = lock(&inner.budget);
        State {
            providers: providers.collect(),
            limits: budget.limits(),
            spent: budget.spent((inner.wall)()),
            currency: inner.settings.currency.clone(),
            lost: inner.lost.load(Ordering::Relaxed),
        }
    }
}
