//! What waits for a character: bounded, ordered by priority and age.

use super::{Millis, Rhythm};
use std::collections::VecDeque;

/// Something to see to. What it is about is the host's.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<M> {
    /// Names it.
    pub id: u64,
    /// Where it was said.
    pub room: String,
    /// Who said it.
    pub from: String,
    /// When it arrived.
    pub at: Millis,
    /// Its priority at arrival, in thousandths.
    pub priority: u16,
    /// Whether it is urgent: fixed at arrival.
    pub urgent: bool,
    /// Two with the same key say the same.
    pub key: u64,
    /// What it is about.
    pub matter: M,
}

/// Why a message was declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// More came in a second than is taken in.
    Rate,
    /// The inbox is full, and this one was the least.
    Full,
    /// It says what another one says.
    Double,
    /// Its room has had its answers.
    Room,
    /// Another was given the floor.
    Floor,
    /// Whoever could see to it is at work on something else, for too long.
    Busy,
    /// Whoever's business it is was muted.
    Muted,
    /// Nobody has fresh words for it.
    Words,
    /// It would have waited for somebody who waits for it.
    Cycle,
}

impl Why {
    /// Why, for whoever sent it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Rate => "more messages came in this second than anybody can take in: ask again in a moment",
            Self::Full => "the inbox is full, and this was the least of what waits there",
            Self::Double => "it says what another message said a moment ago",
            Self::Room => "the room has had its answers for now",
            Self::Floor => "another was given the floor",
            Self::Busy => "whoever could answer is at work on something else: ask again in a moment",
            Self::Muted => "whoever's business it is was muted",
            Self::Words => "nobody has fresh words for it",
            Self::Cycle => "it would have waited for somebody who waits for it",
        }
    }

    /// The word under which it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Full => "full",
            Self::Double => "double",
            Self::Room => "room",
            Self::Floor => "floor",
            Self::Busy => "busy",
            Self::Muted => "muted",
            Self::Words => "words",
            Self::Cycle => "cycle",
        }
    }
}

/// A message that won't be seen to now, and why: its sender is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Declined<M> {
    /// The message.
    pub message: Message<M>,
    /// Why.
    pub why: Why,
}

impl<M> Message<M> {
    /// Its priority now: age raises it, and only orders and admits.
    pub fn effective(&self, now: Millis, rhythm: &Rhythm) -> u32 {
        let waited = now.saturating_sub(self.at).min(rhythm.ageing);
        let age = waited * u64::from(rhythm.age_most) / rhythm.ageing.max(1);
        u32::from(self.priority) + age as u32
    }

    /// Whether it has all the age that it can have.
    pub fn has_aged(&self, now: Millis, rhythm: &Rhythm) -> bool {
        now.saturating_sub(self.at) >= rhythm.ageing
    }
}

/// The messages that wait for one character.
#[derive(Clone, Debug)]
pub struct Inbox<M> {
    waiting: Vec<Message<M>>,
    /// What was declined and may be offered again, oldest first.
    deferred: VecDeque<Message<M>>,
    /// The second that is being counted, and how many came in it.
    second: (u64, u32),
}

impl<M> Default for Inbox<M> {
    fn default() -> Self {
        Self { waiting: Vec::new(), deferred: VecDeque::new(), second: (0, 0) }
    }
}

impl<M> Inbox<M> {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many were deferred and are still kept.
    pub fn deferred(&self) -> usize {
        self.deferred.len()
    }

    /// Those that wait, in no order.
    pub fn waiting(&self) -> impl Iterator<Item = &Message<M>> {
        self.waiting.iter()
    }

    /// Takes a message in. Gives whichever is declined for it: itself, or a
    /// lesser one that had to make room. An urgent one is never declined while
    /// a lesser waits, nor for the rate.
    pub fn take_in(&mut self, message: Message<M>, rhythm: &Rhythm) -> Option<Declined<M>>
    where
        M: Clone,
    {
        let second = message.at / 1_000;
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        if !message.urgent {
            if self.second.1 > rhythm.rate_per_second {
                return Some(self.defer(message, Why::Rate, rhythm));
            }
            let crowded = self.waiting.len() * 10 > rhythm.inbox * 6;
            let double = |other: &Message<M>| {
                other.key == message.key
                    && other.room == message.room
                    && message.at.saturating_sub(other.at) < rhythm.double_within
            };
            if crowded && self.waiting.iter().any(double) {
                return Some(Declined { message, why: Why::Double });
            }
        }
        self.waiting.push(message);
        if self.waiting.len() <= rhythm.inbox {
            return None;
        }
        // Age protects nobody here: urgency, then priority, then who came first.
        let least = self
            .waiting
            .iter()
            .enumerate()
            .min_by_key(|(_, one)| {
                (one.urgent, one.priority, std::cmp::Reverse(one.at), std::cmp::Reverse(one.id))
            })
            .map(|(place, _)| place)?;
        let dropped = self.waiting.swap_remove(least);
        Some(self.defer(dropped, Why::Full, rhythm))
    }

    fn defer(&mut self, message: Message<M>, why: Why, rhythm: &Rhythm) -> Declined<M>
    where
        M: Clone,
    {
        if self.deferred.len() >= rhythm.deferred {
            self.deferred.pop_front();
        }
        self.deferred.push_back(message.clone());
        Declined { message, why }
    }

    /// Offers again what was deferred, while few wait. It comes as if new, but
    /// not urgent: that was fixed when it first came.
    pub fn offer_again(&mut self, now: Millis, rhythm: &Rhythm) -> usize {
        let mut offered = 0;
        while self.waiting.len() < rhythm.offer_below {
            let Some(mut message) = self.deferred.pop_front() else { break };
            message.at = now;
            self.waiting.push(message);
            offered += 1;
        }
        offered
    }

    /// Takes out those that need no seeing to any longer.
    pub fn forget(&mut self, which: impl Fn(&Message<M>) -> bool) {
        self.waiting.retain(|message| !which(message));
        self.deferred.retain(|message| !which(message));
    }

    /// Takes out every message of these rooms: they are answered together.
    pub fn take_rooms(&mut self, rooms: &[String]) -> Vec<(String, Vec<Message<M>>)> {
        let mut taken: Vec<(String, Vec<Message<M>>)> =
            rooms.iter().map(|room| (room.clone(), Vec::new())).collect();
        let mut kept = Vec::with_capacity(self.waiting.len());
        for message in self.waiting.drain(..) {
            match taken.iter_mut().find(|(room, _)| *room == message.room) {
                Some((_, list)) => list.push(message),
                None => kept.push(message),
            }
        }
        self.waiting = kept;
        for (_, list) in &mut taken {
            list.sort_by_key(|message| (message.at, message.id));
        }
        taken.retain(|(_, list)| !list.is_empty());
        taken
    }
}
