//! One life: what has become of a character since its sheet was written, and
//! what it holds of people.

use super::shift::{Shift, Shifts};
use super::table::{BONDS, DAY, MINUTE, Why};
use crate::fact::UnixMillis;
use crate::memory::Stream;
use crate::regard::{Regard, Strand};
use crate::traits::Trait;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The most that a character remembers of one person.
pub const OF_A_PERSON: usize = 50;
/// The same question within this time is asked again.
const AGAIN: UnixMillis = 10 * MINUTE;

/// Since when something is so, and by which event; the event is empty where
/// there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// Since when: the time in which nobody watched is left out.
    pub at: UnixMillis,
    /// The event that began it.
    pub event: String,
}

impl Since {
    pub(super) fn new(at: UnixMillis, event: &str) -> Self {
        Self { at, event: event.to_owned() }
    }
}

/// What has become of one character.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Life {
    /// What moves its traits.
    pub nature: Shifts<Trait>,
    /// What moves its ties to others of the cast, by their names.
    pub ties: BTreeMap<String, Shifts<Strand>>,
    /// What it remembers.
    pub memory: Stream,
    /// Since when nothing of its own has failed; none before anything was heard of it.
    pub(super) well: Option<Since>,
    /// When a person last had to do with it.
    pub(super) spoken: Option<Since>,
    /// When its own failed within a day.
    pub(super) failures: VecDeque<UnixMillis>,
    /// When its secrets were asked for within a day.
    pub(super) accesses: VecDeque<UnixMillis>,
}

impl Life {
    /// Everything that lasts from a time on goes on later by so much.
    pub(super) fn later(&mut self, by: UnixMillis) {
        for since in [&mut self.well, &mut self.spoken].into_iter().flatten() {
            since.at = since.at.saturating_add(by);
        }
    }
}

/// Counts one more time within a day; true when there were more than so many,
/// and then it counts anew.
pub(super) fn is_more_than(times: &mut VecDeque<UnixMillis>, now: UnixMillis, most: usize) -> bool {
    times.retain(|at| (0..DAY).contains(&(now - at)));
    times.push_back(now);
    let more = times.len() > most;
    if more {
        times.clear();
    }
    more
}

/// Applies what a cause does to a tie; gives what it moved, and until when at the latest.
pub(super) fn bind(
    tie: &mut Shifts<Strand>,
    why: Why,
    (about, event): (&str, &str),
    now: UnixMillis,
) -> (Vec<(Strand, i16)>, UnixMillis) {
    let (mut moved, mut until) = (Vec::new(), now);
    for bond in BONDS.iter().filter(|bond| bond.why == why) {
        let ends = now.saturating_add(bond.lasts);
        let (about, event) = (about.to_owned(), event.to_owned());
        let shift = Shift { of: bond.strand, by: bond.by, why, about, event, begun: now, ends };
        if tie.add(shift, bond.most) {
            moved.push((bond.strand, bond.by));
            until = until.max(ends);
        }
    }
    (moved, until)
}

/// One thing that a person did, as a character remembers it. What was said stands
/// in the event alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// What.
    pub how: Why,
    /// When.
    pub at: UnixMillis,
    /// The event that records it.
    pub event: String,
}

/// What a character holds of one person. How often they speak, thanks, thumbs,
/// mutes and questions that are asked again are all that counts: nobody guesses
/// what is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acquaintance {
    /// What moves its tie to the person.
    pub tie: Shifts<Strand>,
    /// What it remembers, the oldest first.
    pub memories: VecDeque<Met>,
    /// How often the person asked it.
    pub asked: u32,
    /// The last question, as a number, and when.
    last: Option<(u64, UnixMillis)>,
}

impl Acquaintance {
    /// The person did something; `key` is the same for the same question. Gives
    /// what it counts as.
    pub(super) fn meet(&mut self, how: Why, key: u64, event: &str, now: UnixMillis) -> Why {
        let mut how = how;
        if how == Why::Asked {
            self.asked = self.asked.saturating_add(1);
            let again = |(last, at)| last == key && (0..AGAIN).contains(&(now - at));
            if self.last.is_some_and(again) {
                how = Why::Repeated;
            }
            self.last = Some((key, now));
        }
        bind(&mut self.tie, how, ("", event), now);
        if self.memories.len() >= OF_A_PERSON {
            self.memories.pop_front();
        }
        self.memories.push_back(Met { how, at: now, event: event.to_owned() });
        how
    }

    /// When the person was met last.
    pub(super) fn met(&self) -> UnixMillis {
        self.memories.back().map_or(UnixMillis::MIN, |met| met.at)
    }

    /// What it holds of the person.
    pub fn regard(&self, now: UnixMillis) -> Regard {
        moved(Regard::default(), &self.tie, now)
    }
}

/// A regard with all that moves it.
pub(super) fn moved(regard: Regard, tie: &Shifts<Strand>, now: UnixMillis) -> Regard {
    Strand::ALL.into_iter().fold(regard, |regard, strand| regard.moved(strand, tie.of(strand, now)))
}
