//! Calls for help: what is wrong with nodes is told to people where they are,
//! by webhook or ntfy, said again with growing pauses, and tried again until
//! it arrives.

pub mod send;
pub mod watch;

use crate::care::Care;
use crate::live::{Live, NodeSnapshot, UnixMillis, Update};
use crate::words::lock;
use node_agent::clock;
use send::{Kind, Place};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use watch::{Call, State, Watch};

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(1);
/// The most messages that are remembered, delivered or not.
const REMEMBERED: usize = 200;
/// Pauses between attempts, in milliseconds; the last one until it is given up.
const RETRIES: [UnixMillis; 6] = [5_000, 15_000, 60_000, 300_000, 900_000, 1_800_000];
/// When a message is given up, in milliseconds: a day later it helps nobody.
const GIVEN_UP: UnixMillis = 24 * 3_600_000;

/// A call on its way to one place.
#[derive(Clone, Debug)]
pub struct Message {
    /// What is told.
    pub call: Arc<Call>,
    /// To which place, by its number in the configuration.
    pub place: usize,
    /// How often it was tried.
    pub attempts: usize,
    /// When it arrived.
    pub delivered: Option<UnixMillis>,
    /// Whether it was given up.
    pub given_up: bool,
    /// What went wrong last.
    pub error: Option<String>,
    next: UnixMillis,
}

/// What one place said to a test.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What is understood there.
    pub kind: Kind,
    /// Where it is, without secrets.
    pub place: String,
    /// What went wrong; none if it arrived.
    pub error: Option<String>,
}

/// Calls for help; cheap to clone.
#[derive(Clone)]
pub struct Calls(Arc<Inner>);

struct Inner {
    places: Vec<Place>,
    messages: Mutex<VecDeque<Message>>,
    counts: Mutex<(u64, u64)>,
}

impl Calls {
    /// Calls to these places; nothing happens before [`Calls::run`].
    pub fn new(places: Vec<Place>) -> Self {
        Self(Arc::new(Inner { places, messages: Mutex::default(), counts: Mutex::default() }))
    }

    /// Where calls go to.
    pub fn places(&self) -> &[Place] {
        &self.0.places
    }

    /// The last messages, the newest first.
    pub fn messages(&self) -> Vec<Message> {
        lock::mutex(&self.0.messages).iter().rev().cloned().collect()
    }

    /// How many messages were delivered, and how many given up.
    pub fn counts(&self) -> (u64, u64) {
        *lock::mutex(&self.0.counts)
    }

    /// Sends a test to every place and waits for the answers.
    pub async fn test(&self) -> Vec<Tried> {
        let call = Arc::new(Call {
            cause: None,
            state: State::Test,
            nodes: Vec::new(),
            title: "Goldentooth tries whether calls for help arrive".to_owned(),
            words: "Nothing is wrong. Somebody pressed the button.".to_owned(),
            at: clock::wall(),
        });
        let mut tries = Vec::new();
        for place in self.0.places.clone() {
            let call = Arc::clone(&call);
            let (kind, shown) = (place.kind, place.shown());
            let sent = tokio::task::spawn_blocking(move || place.send(&call)).await;
            let error = sent.unwrap_or_else(|error| Err(error.to_string())).err();
            tries.push(Tried { kind, place: shown, error });
        }
        tries
    }

    /// Watches the fleet and calls, for as long as the program runs.
    pub async fn run(self, live: Live, care: Care) {
        let mut updates = live.subscribe();
        let mut watch = Watch::default();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let hear = |watch: &mut Watch, node: &NodeSnapshot| {
            watch.hear(clock::wall(), node, || crate::surfaces::view::because_words(node));
        };
        for node in live.nodes() {
            hear(&mut watch, &node);
        }
        loop {
            tokio::select! {
                update = updates.recv() => match update {
                    Ok(Update::Node(node)) => hear(&mut watch, &node),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => live.nodes().iter().for_each(|node| hear(&mut watch, node)),
                    Err(RecvError::Closed) => return,
                },
                _ = look.tick() => {
                    let now = clock::wall();
                    for call in watch.due(now, |node| care.is_quiet(now, node)) {
                        tracing::info!(title = call.title, "a call for help");
                        self.enter(now, call);
                    }
                    self.deliver(now);
                }
            }
        }
    }

    fn enter(&self, now: UnixMillis, call: Call) {
        let call = Arc::new(call);
        let mut messages = lock::mutex(&self.0.messages);
        for place in 0..self.0.places.len() {
            if messages.len() == REMEMBERED {
                messages.pop_front();
            }
            let call = Arc::clone(&call);
            messages.push_back(Message {
                call,
                place,
                attempts: 0,
                delivered: None,
                given_up: false,
                error: None,
                next: now,
            });
        }
    }

    /// Starts what is due to be sent; each on a thread of its own, so that a
    /// place that hangs holds up no other.
    fn deliver(&self, now: UnixMillis) {
        let mut messages = lock::mutex(&self.0.messages);
        for message in messages.iter_mut() {
            if message.delivered.is_some() || message.given_up || now < message.next {
                continue;
            }
            if now - message.call.at > GIVEN_UP {
                message.given_up = true;
                lock::mutex(&self.0.counts).1 += 1;
                continue;
            }
            let pause = RETRIES.get(message.attempts).or(RETRIES.last()).copied().unwrap_or_default();
            message.attempts += 1;
            // The attempt itself takes 20 s at most.
            message.next = now + pause + 20_000;
            let Some(place) = self.0.places.get(message.place).cloned() else { continue };
            let (calls, call, number) = (self.clone(), Arc::clone(&message.call), message.place);
            tokio::task::spawn_blocking(move || {
                let sent = place.send(&call);
                calls.sent(&call, number, pause, sent);
            });
        }
    }

    fn sent(&self, call: &Arc<Call>, place: usize, pause: UnixMillis, sent: Result<(), String>) {
        let now = clock::wall();
        let mut messages = lock::mutex(&self.0.messages);
        let found =
            messages.iter_mut().find(|message| message.place == place && Arc::ptr_eq(&message.call, call));
        let Some(message) = found else { return };
        match sent {
            Ok(()) => {
                message.delivered = Some(now);
                message.error = None;
                lock::mutex(&self.0.counts).0 += 1;
            }
            Err(error) => {
                tracing::warn!(
                    error,
                    title = call.title,
                    "a call for help did not arrive; it is tried again"
                );
                message.error = Some(error);
                message.next = now + pause;
            }
        }
    }
}
