//! What a character remembers: a stream of what happened to its own, scored when
//! it is looked for; claims that are made of it and can be checked; and what is
//! forgotten.
//!
//! Memory is data. It is shown, counted and cited by the id of its event; no
//! rule reads an instruction out of it, and no line is made of its words.

mod reflect;
mod score;

#[cfg(test)]
mod tests;

pub use reflect::{Claim, Insight, THRESHOLD};
pub use score::{WEIGHTS, recency};

use crate::fact::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The most that one character remembers; reflections are kept beside it.
pub const MOST: usize = 32;
/// The most claims that are kept.
pub const INSIGHTS: usize = 12;
/// The longest words of a memory, in characters.
const WORDS: usize = 96;
/// What weighs so much is never forgotten for something lighter.
const FOR_GOOD: u8 = 10;
/// What a story is made of weighs so much at least.
const TELLING: u8 = 5;
/// The most in the short window, and in the narrative one.
pub const TECHNICAL: usize = 8;
/// See [`TECHNICAL`].
pub const NARRATIVE: usize = 16;

const HOUR: UnixMillis = 60 * 60 * 1_000;
const WEEK: UnixMillis = 7 * 24 * HOUR;

/// How much each kind of event weighs, 1 to 10: an occasion's name, or the
/// event's own. What isn't here isn't remembered.
const IMPORTANCE: [(&str, u8); 22] = [
    ("born", 10),
    ("died", 10),
    ("resurrected", 10),
    ("crisis", 8),
    ("two_boots_alternate", 8),
    ("shared_failure", 8),
    ("silent", 7),
    ("hardware_changed", 7),
    ("card_changed", 7),
    ("board_renamed", 7),
    ("service_failed", 6),
    ("frame_refused", 5),
    ("joined", 5),
    ("returned", 5),
    ("stressed", 4),
    ("eased", 4),
    ("restarted", 4),
    ("spool_dropped", 4),
    ("service_changed", 3),
    ("service_reported", 3),
    ("clock_changed", 3),
    ("agent_changed", 2),
];

/// How much an event of this kind weighs; none if it isn't remembered.
pub fn importance(kind: &str) -> Option<u8> {
    IMPORTANCE.iter().find(|(known, _)| *known == kind).map(|(_, weight)| *weight)
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The event that records it.
    pub event: String,
    /// When it was.
    pub at: UnixMillis,
    /// Of which kind: a key of the table of importance.
    pub kind: String,
    /// Which node it was about.
    pub node: String,
    /// What happened, as its event says it, cut to 96 characters.
    pub words: String,
    /// How much it weighs, 1 to 10.
    pub importance: u8,
    /// How long what ended by it had lasted, in milliseconds; 0 where that isn't known.
    #[serde(default)]
    pub lasted: u64,
    /// Whether it was handed down: by a board that is gone, or by whoever embodied it before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
}

impl Memory {
    /// A memory of an event of this kind; none if such are not remembered.
    pub fn of(
        (event, at): (&str, UnixMillis),
        kind: &str,
        node: &str,
        words: &str,
        lasted: u64,
    ) -> Option<Self> {
        Some(Self {
            event: event.to_owned(),
            at,
            kind: kind.to_owned(),
            node: node.to_owned(),
            words: words.chars().take(WORDS).collect(),
            importance: importance(kind)?,
            lasted,
            inherited: false,
        })
    }

    /// Its words, and that it was handed down, if it was.
    pub fn told(&self) -> String {
        let Self { words, inherited, .. } = self;
        if *inherited { format!("{words} (handed down)") } else { words.clone() }
    }
}

/// Everything that one character remembers, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stream {
    memories: VecDeque<Memory>,
    insights: VecDeque<Insight>,
    /// What has been remembered since the last reflection weighs so much.
    weighs: u32,
}

impl Stream {
    /// Takes something in, and reflects if enough has happened since the last
    /// time: gives what it concludes.
    ///
    /// Beyond [`MOST`] the memory is forgotten that is worth least: a tenth of
    /// its importance plus its recency. Births, deaths and resurrections stay
    /// while anything else is left to forget.
    pub fn remember(&mut self, memory: Memory) -> Option<Insight> {
        let now = memory.at;
        self.weighs = self.weighs.saturating_add(u32::from(memory.importance));
        self.memories.push_back(memory);
        if self.memories.len() > MOST {
            self.forget_one(now);
        }
        if self.weighs < THRESHOLD {
            return None;
        }
        self.weighs = 0;
        let insight = reflect::reflect(&self.memories, &self.insights, now)?;
        if self.insights.len() >= INSIGHTS {
            self.insights.pop_front();
        }
        self.insights.push_back(insight.clone());
        Some(insight)
    }

    /// What it remembers of a node is a predecessor's from now on; gives what is so.
    pub(crate) fn hand_down(&mut self, node: &str) -> Vec<Memory> {
        let of_node = self.memories.iter_mut().filter(|memory| memory.node == node);
        let handed = of_node.map(|memory| {
            memory.inherited = true;
            memory.clone()
        });
        handed.collect()
    }

    /// Takes over what another remembers; nobody reflects on what it has not lived through.
    pub(crate) fn inherit(&mut self, handed: Vec<Memory>) {
        for memory in handed {
            if self.memories.iter().all(|known| known.event != memory.event) {
                let place = self.memories.partition_point(|known| known.at <= memory.at);
                self.memories.insert(place, memory);
            }
        }
        let now = self.memories.back().map_or(0, |memory| memory.at);
        while self.memories.len() > MOST {
            self.forget_one(now);
        }
    }

    fn forget_one(&mut self, now: UnixMillis) {
        let worth = |memory: &Memory| {
            let worth = f64::from(memory.importance) / 10.0 + recency(memory.at, now);
            (memory.importance >= FOR_GOOD, worth)
        };
        let least = self
            .memories
            .iter()
            .enumerate()
            .min_by(|(_, one), (_, other)| {
                let (one, other) = (worth(one), worth(other));
                one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
            })
            .map(|(place, _)| place);
        if let Some(least) = least {
            self.memories.remove(least);
        }
    }

    /// What it remembers, the oldest first.
    pub fn memories(&self) -> impl DoubleEndedIterator<Item = &Memory> {
        self.memories.iter()
    }

    /// What it concluded, the oldest first.
    pub fn insights(&self) -> impl DoubleEndedIterator<Item = &Insight> {
        self.insights.iter()
    }

    /// What comes to mind first for these words, at most so many, each with its score.
    pub fn recall(&self, now: UnixMillis, words: &str, most: usize) -> Vec<(f64, &Memory)> {
        score::recall(self.memories.iter(), now, words, most)
    }

    /// The short window: the newest that happened within an hour, whatever they weigh, the
    /// newest first, [`TECHNICAL`] at most.
    pub fn technical(&self, now: UnixMillis) -> impl Iterator<Item = &Memory> {
        self.memories.iter().rev().take_while(move |memory| now - memory.at < HOUR).take(TECHNICAL)
    }

    /// The narrative window: what a story is made of (5 or more) within a week, in its
    /// order; of more than [`NARRATIVE`] the newest.
    pub fn narrative(&self, now: UnixMillis) -> Vec<&Memory> {
        let telling = |memory: &&Memory| memory.importance >= TELLING && now - memory.at < WEEK;
        let mut week: Vec<&Memory> = self.memories.iter().filter(telling).collect();
        let most = week.len().saturating_sub(NARRATIVE);
        week.drain(..most);
        week
    }

    /// The long window: what it concluded, the newest [`INSIGHTS`], and what it never
    /// forgets, however long ago.
    pub fn long(&self) -> (Vec<&Insight>, Vec<&Memory>) {
        let for_good = self.memories.iter().filter(|memory| memory.importance >= FOR_GOOD);
        (self.insights.iter().collect(), for_good.collect())
    }
}
