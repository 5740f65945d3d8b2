//! Who is asked: by task, by a character's liking, by price and health; and
//! what is done when the first can't answer.

mod attempt;
mod choose;
mod state;

pub use state::{ProviderState, State};

use crate::access::Access;
use crate::breaker::Breaker;
use crate::budget::{Ask, Budget, Verdict};
use crate::provider::{Provider, Timeouts};
use crate::receipt::{Outcome, Receipt};
use crate::settings::Settings;
use crate::{Answer, Fault, Millis, Request, Task, Understudy, UnixMillis, Usage};
use attempt::{Attempt, Purse};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use state::Seen;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// For a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Attempts at one provider: three, 1 s and 2 s apart.
const ATTEMPTS: usize = 3;
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// A provider that asks for a longer wait is passed over instead: a person waits.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A provider that is too busy and doesn't say for how long.
const BUSY: Duration = Duration::from_secs(30);

/// An answer, and who gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The answer.
    pub answer: Answer,
    /// Which provider of the configuration.
    pub by: String,
    /// Which model.
    pub model: String,
    /// Tokens in, as the provider counts; our guess where it doesn't.
    pub input: u32,
    /// Tokens out.
    pub output: u32,
    /// Of those in: kept from before.
    pub cached: u32,
}

/// Why no model answered: the understudy does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nobody {
    /// None is configured for this.
    #[error("no model is configured for this")]
    Unconfigured,
    /// The budget says no.
    #[error("{}", .0.words())]
    Budget(Verdict),
    /// All of them failed or rest.
    #[error("no model answered: {}", told(.0))]
    Failed(Vec<(String, String)>),
}

fn told(faults: &[(String, String)]) -> String {
    faults.iter().map(|(name, why)| format!("{name}: {why}")).collect::<Vec<_>>().join("; ")
}

/// What comes of an answer before it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coming<'a> {
    /// This provider begins; what another, or an attempt before, has begun is void.
    Begins(&'a str),
    /// More words, or more of the JSON of a wanted shape.
    Words(&'a str),
}

/// Is told what comes; says whether anybody was shown any of it.
type Hear<'a> = &'a mut (dyn FnMut(Coming<'_>) -> bool + Send);

/// A call of before, as the ledger has it.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// When.
    pub at: UnixMillis,
    /// What for.
    pub task: Task,
    /// For whom.
    pub by: &'a [String],
    /// Whom was asked.
    pub provider: &'a str,
    /// Whether it answered.
    pub answered: bool,
    /// Tokens in.
    pub input: u32,
    /// Tokens out.
    pub output: u32,
    /// What we guessed of those in.
    pub estimate: u32,
}

/// Asks; cheap to clone.
#[derive(Clone, Debug)]
pub struct Router(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    desks: Vec<Desk>,
    settings: Settings,
    budget: Mutex<Budget>,
    receipts: mpsc::Sender<Receipt>,
    /// Receipts that nobody took.
    lost: AtomicU64,
    start: Instant,
    wall: fn() -> UnixMillis,
    /// Before a second attempt.
    first_wait: Duration,
}

#[derive(Debug)]
struct Desk {
    provider: Provider,
    breaker: Mutex<Breaker>,
    seen: Mutex<Seen>,
}

impl Router {
    /// A router over the providers of the configuration. Every call's receipt
    /// goes to `receipts`; `wall` tells the time.
    pub fn new(
        settings: Settings,
        access: BTreeMap<String, Access>,
        receipts: mpsc::Sender<Receipt>,
        wall: fn() -> UnixMillis,
    ) -> Self {
        Self::over(settings, access, (receipts, wall), FIRST_WAIT)
    }

    /// One that waits a hundredth as long before it tries again.
    #[cfg(test)]
    pub(crate) fn hasty(
        settings: Settings,
        access: BTreeMap<String, Access>,
        receipts: mpsc::Sender<Receipt>,
        wall: fn() -> UnixMillis,
    ) -> Self {
        Self::over(settings, access, (receipts, wall), FIRST_WAIT / 100)
    }

    fn over(
        settings: Settings,
        mut access: BTreeMap<String, Access>,
        (receipts, wall): (mpsc::Sender<Receipt>, fn() -> UnixMillis),
        first_wait: Duration,
    ) -> Self {
        let timeouts = Timeouts { connect: CONNECT.min(settings.timeout), call: settings.timeout };
        let desks = settings.providers.iter().map(|(name, one)| Desk {
            provider: Provider::new(name, one, access.remove(name).unwrap_or_default(), timeouts),
            breaker: Mutex::default(),
            seen: Mutex::default(),
        });
        let mut desks: Vec<Desk> = desks.collect();
        choose::sort(&mut desks, &settings);
        let budget = Mutex::new(Budget::new(settings.budget));
        let (lost, start) = (AtomicU64::new(0), Instant::now());
        Self(Arc::new(Inner { desks, settings, budget, receipts, lost, start, wall, first_wait }))
    }

    /// Whether any model is configured.
    pub fn has_any(&self) -> bool {
        !self.0.desks.is_empty()
    }

    /// Whether a model may ever be asked for a tale.
    pub fn tells_tales(&self) -> bool {
        self.has_any() && self.0.settings.budget.fiction > 0
    }

    /// A call that the ledger has of before a restart: what of this day it spent, and how
    /// its provider counts.
    pub fn remember(&self, past: &Past<'_>) {
        let tokens = u64::from(past.input) + u64::from(past.output);
        lock(&self.0.budget).remember((self.0.wall)(), past.at, (past.task, past.by), tokens);
        let desk = self.0.desks.iter().find(|desk| desk.provider.name == past.provider);
        if let Some(desk) = desk.filter(|_| past.answered) {
            lock(&desk.seen).counts(past.input, past.estimate);
        }
    }

    /// Asks nobody for the rest of this day: what was spent of it can't be known.
    pub fn close(&self) {
        let (now, limits) = ((self.0.wall)(), self.0.settings.budget);
        let mut budget = lock(&self.0.budget);
        budget.remember(now, now, (Task::Chat, &[]), limits.day);
        budget.remember(now, now, (Task::Fiction, &[]), limits.fiction);
    }

    /// Asks whoever is right for it, one after the other.
    ///
    /// # Errors
    /// [`Nobody`]: then the understudy speaks.
    pub async fn ask(&self, request: &Request) -> Result<Given, Nobody> {
        self.0.ask(request, None).await
    }

    /// Asks, and tells the words as they come. Once anybody was shown some, as `hear`
    /// says, nobody else is asked.
    ///
    /// # Errors
    /// [`Nobody`].
    pub async fn stream(&self, request: &Request, hear: Hear<'_>) -> Result<Given, Nobody> {
        self.0.ask(request, Some(hear)).await
    }

    /// Texts as vectors of one length, and who made them.
    ///
    /// # Errors
    /// [`Nobody`].
    pub async fn embed(&self, why: &str, texts: &[String]) -> Result<(Vec<Vec<f32>>, String), Nobody> {
        self.0.embed(why, texts).await
    }
}

impl Inner {
    fn now(&self) -> Millis {
        self.start.elapsed().as_millis() as Millis
    }

    async fn ask(&self, request: &Request, mut hear: Option<Hear<'_>>) -> Result<Given, Nobody> {
        let began = Instant::now();
        let order = choose::order(&self.desks, &self.settings, request.task, &request.by);
        if order.is_empty() {
            return Err(self.understudy(request, Outcome::Understudy, Nobody::Unconfigured));
        }
        let estimate = request.estimate();
        // Whoever counts most of those who may be asked must fit.
        let likely = order.iter().map(|desk| lock(&desk.seen).likely(estimate)).max().unwrap_or(estimate);
        let mut purse = self.open(request, likely.saturating_add(request.most))?;
        let mut faults = Vec::new();
        'all: for desk in order {
            if !lock(&desk.breaker).admits(self.now()) {
                faults.push((desk.provider.name.clone(), "it rests after failures".to_owned()));
                continue;
            }
            let mut waits = ExponentialBuilder::default()
                .with_min_delay(self.first_wait)
                .with_factor(2.0)
                .with_max_times(ATTEMPTS - 1)
                .build();
            loop {
                let mut attempt = Attempt::new(self, desk, request, estimate);
                let mut told = false;
                let answered = match &mut hear {
                    None => desk.provider.ask(request).await,
                    Some(hear) => {
                        hear(Coming::Begins(&desk.provider.name));
                        let mut tell = |piece: &str| told = hear(Coming::Words(piece));
                        desk.provider.stream(request, &mut tell).await
                    }
                };
                match answered {
                    Ok(answer) => {
                        let (input, output, cached) = attempt.answered(answer.usage, &answer.text);
                        purse.took += u64::from(input) + u64::from(output);
                        let (by, model) = (desk.provider.name.clone(), desk.provider.model.clone());
                        return Ok(Given { answer, by, model, input, output, cached });
                    }
                    Err(fault) => {
                        purse.took += attempt.failed(&fault);
                        let again = fault.is_passing() && !told;
                        let wait = waits.next().filter(|_| again);
                        let wait = wait.map(|wait| fault.retry_after().unwrap_or_default().max(wait));
                        let late = began.elapsed() > self.settings.timeout;
                        if let Some(wait) = wait.filter(|wait| *wait <= LONGEST_WAIT && !late) {
                            tokio::time::sleep(wait).await;
                            continue;
                        }
                        self.rest(desk, &fault);
                        faults.push((desk.provider.name.clone(), fault.to_string()));
                        if told {
                            break 'all;
                        }
                        break;
                    }
                }
            }
        }
        Err(self.understudy(request, Outcome::Understudy, Nobody::Failed(faults)))
    }

    async fn embed(&self, why: &str, texts: &[String]) -> Result<(Vec<Vec<f32>>, String), Nobody> {
        let request = Request {
            task: Task::Embedding,
            by: Vec::new(),
            why: why.to_owned(),
            rules: String::new(),
            turns: texts.iter().cloned().map(crate::Turn::Person).collect(),
            schema: None,
            tools: Vec::new(),
            most: 0,
        };
        let order = choose::order(&self.desks, &self.settings, Task::Embedding, &[]);
        if order.is_empty() {
            return Err(self.understudy(&request, Outcome::Understudy, Nobody::Unconfigured));
        }
        let estimate = request.estimate();
        let mut purse = self.open(&request, estimate)?;
        let mut faults = Vec::new();
        for desk in order {
            if !lock(&desk.breaker).admits(self.now()) {
                continue;
            }
            let mut attempt = Attempt::new(self, desk, &request, estimate);
            match desk.provider.embed(texts).await {
                Ok((vectors, usage)) => {
                    let (input, ..) = attempt.answered(Usage { output: Some(0), ..usage }, "");
                    purse.took += u64::from(input);
                    return Ok((vectors, desk.provider.name.clone()));
                }
                Err(fault) => {
                    purse.took += attempt.failed(&fault);
                    self.rest(desk, &fault);
                    faults.push((desk.provider.name.clone(), fault.to_string()));
                }
            }
        }
        Err(self.understudy(&request, Outcome::Understudy, Nobody::Failed(faults)))
    }

    /// Sets aside what a call may take.
    fn open<'a>(&'a self, request: &'a Request, tokens: u32) -> Result<Purse<'a>, Nobody> {
        let ask = Ask { by: &request.by, task: request.task, tokens };
        let verdict = lock(&self.budget).reserve((self.wall)(), ask);
        if verdict.allows() {
            Ok(Purse { inner: self, ask, took: 0 })
        } else {
            Err(self.understudy(request, Outcome::Budget, Nobody::Budget(verdict)))
        }
    }

    /// Leaves a provider alone that asked for it.
    fn rest(&self, desk: &Desk, fault: &Fault) {
        if let Fault::Status { status: 429, retry_after, .. } = fault {
            let rest = retry_after.unwrap_or(BUSY).as_millis() as Millis;
            lock(&desk.breaker).rests(self.now(), rest);
        }
    }

    /// A receipt for a call that no model answered.
    fn understudy(&self, request: &Request, outcome: Outcome, nobody: Nobody) -> Nobody {
        let mut receipt = self.blank(request);
        receipt.outcome = outcome;
        receipt.words = nobody.to_string();
        self.keep(receipt);
        nobody
    }

    fn blank(&self, request: &Request) -> Receipt {
        Receipt {
            at: (self.wall)(),
            task: request.task,
            by: request.by.clone(),
            why: request.why.clone(),
            provider: Understudy::NAME.to_owned(),
            model: String::new(),
            input: 0,
            output: 0,
            cached: 0,
            estimate: 0,
            money: 0,
            latency: 0,
            outcome: Outcome::Understudy,
            words: String::new(),
        }
    }

    fn keep(&self, receipt: Receipt) {
        if self.receipts.try_send(receipt).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("a receipt of a call found no room");
        }
    }
}

/// What is guarded is whole after a panic elsewhere, too.
fn lock<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
