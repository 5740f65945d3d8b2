//! The messages on their way: what is due to be sent, and what became of it.
//! Pure: time comes in, and whoever sends tells how it went.

use super::watch::Call;
use crate::live::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// The most messages that are remembered, delivered or not.
const REMEMBERED: usize = 200;
/// The most delivered messages that are kept over a restart.
const KEPT: usize = 50;
/// Pauses between attempts, in milliseconds; the last one until it is given up.
const RETRIES: [UnixMillis; 6] = [5_000, 15_000, 60_000, 300_000, 900_000, 1_800_000];
/// When a message is given up, in milliseconds: a day later it helps nobody.
const GIVEN_UP: UnixMillis = 24 * 3_600_000;
/// How long an attempt may take at most, in milliseconds.
pub(super) const ATTEMPT: UnixMillis = 20_000;

/// A call on its way to one place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// What is told.
    pub call: Arc<Call>,
    /// To which place: [`Place::key`](super::send::Place::key).
    pub place: String,
    /// Where that is, without secrets.
    pub shown: String,
    /// How often it was tried.
    pub attempts: usize,
    /// When it arrived.
    pub delivered: Option<UnixMillis>,
    /// Whether it was given up.
    pub given_up: bool,
    /// What went wrong last.
    pub error: Option<String>,
    next: UnixMillis,
    id: u64,
}

/// A message that is due now.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) id: u64,
    pub(super) place: String,
    pub(super) call: Arc<Call>,
}

/// The last messages, and how many arrived or were given up.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<Message>,
    last: u64,
    delivered: u64,
    given_up: u64,
}

impl Outbox {
    /// Puts a call on its way to places, each by key and shown name.
    pub(super) fn enter<'a>(
        &mut self,
        now: UnixMillis,
        call: &Arc<Call>,
        places: impl Iterator<Item = (&'a str, String)>,
    ) {
        for (place, shown) in places {
            if self.messages.len() == REMEMBERED {
                self.make_room();
            }
            self.last += 1;
            self.messages.push_back(Message {
                call: Arc::clone(call),
                place: place.to_owned(),
                shown,
                attempts: 0,
                delivered: None,
                given_up: false,
                error: None,
                next: now,
                id: self.last,
            });
        }
    }

    /// The oldest that is settled goes; if none is, the oldest of all.
    fn make_room(&mut self) {
        let settled = self.messages.iter().position(|one| one.delivered.is_some() || one.given_up);
        if settled.is_none() {
            self.given_up += 1;
        }
        self.messages.remove(settled.unwrap_or(0));
    }

    /// What is due to be sent now. Each is tried again after a pause, unless
    /// [`Outbox::sent`] says that it arrived.
    pub(super) fn due(&mut self, now: UnixMillis) -> Vec<Due> {
        let mut due = Vec::new();
        for message in &mut self.messages {
            if message.delivered.is_some() || message.given_up || now < message.next {
                continue;
            }
            if now - message.call.at > GIVEN_UP {
                message.given_up = true;
                self.given_up += 1;
                continue;
            }
            message.next = now + ATTEMPT + pause(message.attempts);
            message.attempts += 1;
            due.push(Due { id: message.id, place: message.place.clone(), call: Arc::clone(&message.call) });
        }
        due
    }

    /// How an attempt went.
    pub(super) fn sent(&mut self, now: UnixMillis, id: u64, sent: Result<(), String>) {
        let Some(message) = self.messages.iter_mut().find(|message| message.id == id) else { return };
        match sent {
            Ok(()) => {
                message.delivered = Some(now);
                message.error = None;
                self.delivered += 1;
            }
            Err(error) => {
                message.error = Some(error);
                message.next = now + pause(message.attempts - 1);
            }
        }
    }

    /// A place that is configured no more gets nothing: that is told of its message.
    pub(super) fn nowhere(&mut self, id: u64) {
        let Some(message) = self.messages.iter_mut().find(|message| message.id == id) else { return };
        message.given_up = true;
        message.error = Some("its place is configured no more".to_owned());
        self.given_up += 1;
    }

    /// The last messages, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter().rev()
    }

    /// How many messages were delivered, and how many given up.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.delivered, self.given_up)
    }

    /// What a restart shall find: all that is on its way, and the last others,
    /// of which the title is enough.
    pub(super) fn kept(&self) -> Vec<Message> {
        let settled = |message: &Message| message.delivered.is_some() || message.given_up;
        let surplus = self.messages.iter().filter(|message| settled(message)).count().saturating_sub(KEPT);
        let mut passed = 0;
        let mut kept = Vec::new();
        for message in &self.messages {
            let mut message = message.clone();
            if settled(&message) {
                passed += 1;
                if passed <= surplus {
                    continue;
                }
                let call = Arc::make_mut(&mut message.call);
                call.nodes.clear();
                call.words.clear();
            }
            kept.push(message);
        }
        kept
    }

    /// Goes on from what was kept.
    pub(super) fn restore(&mut self, messages: Vec<Message>) {
        self.last = messages.iter().map(|message| message.id).max().unwrap_or(0);
        self.messages = messages.into_iter().take(REMEMBERED).collect();
    }
}

fn pause(attempts: usize) -> UnixMillis {
    RETRIES.get(attempts).or(RETRIES.last()).copied().unwrap_or_default()
}
