//! The router with its ledger, and the pulse's task.

use super::pulse::{self, Order as PulseOrder};
use super::watch::Lookout;
use super::{ThinkingError, Wanted};
use crate::ask::Ask;
use crate::company::CompanyError;
use crate::intake::Order;
use crate::live::{Live, UnixMillis};
use crate::services::Services;
use crate::surfaces::view::{
    CallView, FaultView, LedgerDayView, LedgerView, MindsView, ProviderView, PulseView, PurseView, time,
};
use cast::Cast;
use minds::proxy::Proxies;
use minds::{Access, Outcome, Past, Receipt, Router, Settings, Task, Understudy};
use node_agent::clock;
use stage::{Now, Request};
use std::collections::BTreeMap;
use store::{Call, Uuid};
use tokio::sync::{mpsc, oneshot, watch};

/// Receipts that wait for intake.
const RECEIPTS: usize = 256;
const DAY: UnixMillis = 24 * 60 * 60 * 1000;
/// The most calls, the newest of a week, that are read after a restart: those of this day
/// count into the budget, and all of them tell how a provider counts.
const REMEMBERED: u32 = 10_000;
const WEEK: i64 = 7;

/// What it takes to start.
pub(crate) struct Setting {
    pub(crate) settings: Settings,
    pub(crate) access: BTreeMap<String, Access>,
    pub(crate) proxies: Proxies,
    pub(crate) services: Services,
    pub(crate) boredom: f32,
    pub(crate) cast: Cast,
    pub(crate) live: Live,
    pub(crate) ask: Ask,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) requests: mpsc::Sender<Request>,
    /// The cast as it is.
    pub(crate) seen: watch::Receiver<Now>,
    /// Whether what happens to the cast is kept.
    pub(crate) lasting: bool,
    pub(crate) seed: u64,
}

/// The running models and the pulse.
pub(crate) struct Held {
    router: Router,
    ask: Ask,
    currency: String,
    pulses: mpsc::Sender<PulseOrder>,
}

impl Held {
    /// Starts the ledger and the pulse. Both end with intake, or when nobody can ask any more.
    pub(crate) async fn start(setting: Setting) -> Self {
        let (receipts, taken) = mpsc::channel(RECEIPTS);
        let currency = setting.settings.currency.clone();
        let (every, simulated) = (setting.settings.pulse, setting.settings.simulated);
        let router = Router::new(setting.settings, setting.access, receipts, clock::wall);
        // Before anybody can ask: else the first call might take what is spent already.
        let from = (clock::wall().div_euclid(DAY) + 1 - WEEK) * DAY;
        match setting.ask.calls(from, REMEMBERED).await {
            Ok(calls) => calls.iter().for_each(|call| router.remember(&past(call))),
            Err(error) => {
                tracing::warn!(%error, "what was spent today can't be read: no model is asked until midnight UTC");
                router.close();
            }
        }
        let (pulses, asked) = mpsc::channel(8);
        let live = setting.live;
        let heart = pulse::Heart {
            router: router.clone(),
            cast: setting.cast,
            live: live.clone(),
            ask: setting.ask.clone(),
            orders: setting.orders.clone(),
            requests: setting.requests,
            settings: every,
            simulated,
            services: setting.services,
            proxies: setting.proxies.clone(),
            boredom: setting.boredom,
            seen: setting.seen,
            lasting: setting.lasting,
            seed: setting.seed,
        };
        if !setting.proxies.is_empty() {
            let (proxies, orders) = (setting.proxies, setting.orders.clone());
            tokio::spawn(Lookout { proxies, live, ask: setting.ask.clone(), orders }.run());
        }
        tokio::spawn(keep(taken, setting.orders));
        tokio::spawn(heart.run(asked));
        Self { router, ask: setting.ask, currency, pulses }
    }

    /// Whom others may ask, too: what they ask is in the same ledger and budget.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(super) fn minds(&self) -> MindsView {
        let state = self.router.state();
        let providers = state.providers.into_iter().map(|one| {
            let calls: u64 = one.outcomes.values().sum();
            ProviderView {
                name: one.name,
                dialect: one.dialect.name().to_owned(),
                url: one.url,
                model: one.model,
                health: one.health.name().to_owned(),
                rests_for: one.rests.map(|rests| rests.div_ceil(1_000)),
                calls,
                outcomes: one
                    .outcomes
                    .into_iter()
                    .map(|(how, count)| (how.name().to_owned(), count))
                    .collect(),
                input: one.input,
                output: one.output,
                cached: one.cached,
                money: money(one.money),
                latency: one.latency.checked_div(calls),
                last_fault: one.last_fault.map(|(at, words)| FaultView { at: time(at), words }),
            }
        });
        MindsView {
            providers: providers.collect(),
            understudy: "always there: it composes from the sheets, and asks nobody".to_owned(),
            budget: PurseView {
                hour: state.spent.hour,
                hour_limit: state.limits.hour,
                day: state.spent.day,
                day_limit: state.limits.day,
                call_limit: state.limits.call.into(),
                pulse_limit: state.limits.pulse.into(),
                persona_limit: state.limits.persona,
                fiction: state.spent.fiction,
                fiction_limit: state.limits.fiction,
            },
            currency: self.currency.clone(),
            lost: state.lost,
        }
    }

    pub(super) async fn ledger(&self, limit: u32, days: u32) -> Result<LedgerView, ThinkingError> {
        let from = (clock::wall().div_euclid(DAY) + 1 - i64::from(days)) * DAY;
        let calls = self.ask.calls(0, limit).await?.into_iter().map(|call| CallView {
            at: time(call.at),
            task: call.task,
            by: call.by,
            why: call.why,
            provider: call.provider,
            model: call.model,
            input: call.input,
            output: call.output,
            cached: call.cached,
            estimate: call.estimate,
            money: money(call.money),
            latency: call.latency,
            outcome: call.outcome,
            words: call.words,
        });
        let days = self.ask.days_of_calls(from).await?.into_iter().map(|day| LedgerDayView {
            day: time(day.day),
            provider: day.provider,
            calls: day.calls,
            answered: day.answered,
            input: day.input,
            output: day.output,
            cached: day.cached,
            money: money(day.money),
        });
        let (calls, days) = (calls.collect(), days.collect());
        let tokenizer = minds::estimate::NAME.to_owned();
        Ok(LedgerView { currency: self.currency.clone(), tokenizer, days, calls })
    }

    pub(super) async fn pulse(&self, wanted: Wanted) -> Result<PulseView, ThinkingError> {
        let (sender, answer) = oneshot::channel();
        let away = || ThinkingError::Away(CompanyError::Away);
        self.pulses.send((wanted, sender)).await.map_err(|_| away())?;
        answer.await.map_err(|_| away())
    }
}

/// A call as the router remembers it.
fn past(call: &Call) -> Past<'_> {
    Past {
        at: call.at,
        // What an older or a newer version asked for counts like an answer.
        task: Task::named(&call.task).unwrap_or(Task::Chat),
        by: &call.by,
        provider: &call.provider,
        answered: call.outcome == Outcome::Answered.name(),
        input: call.input,
        output: call.output,
        estimate: call.estimate,
    }
}

/// Millionths of a currency as the currency.
fn money(millionths: i64) -> f64 {
    millionths as f64 / 1e6
}

/// Hands every receipt to the store, by way of intake.
async fn keep(mut taken: mpsc::Receiver<Receipt>, orders: mpsc::Sender<Order>) {
    while let Some(receipt) = taken.recv().await {
        let call = Call {
            id: Uuid::now_v7(),
            at: receipt.at,
            task: receipt.task.name().to_owned(),
            by: receipt.by,
            why: receipt.why,
            provider: receipt.provider,
            model: receipt.model,
            input: receipt.input,
            output: receipt.output,
            cached: receipt.cached,
            estimate: receipt.estimate,
            money: receipt.money,
            latency: receipt.latency,
            outcome: receipt.outcome.name().to_owned(),
            words: receipt.words,
        };
        if call.provider != Understudy::NAME {
            tracing::info!(
                provider = call.provider,
                outcome = call.outcome,
                input = call.input,
                "a model was asked"
            );
        }
        if orders.send(Order::Call(Box::new(call))).await.is_err() {
            return;
        }
    }
}
