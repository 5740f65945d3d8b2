//! What the stage remembers for good: what people said of characters, who was
//! found out, who was born. Plain data: whoever hosts the stage keeps it, and
//! hands it back at the next start.

use crate::settings::Births;
use cast::bet::Book;
use cast::birth::{Why, unique_role};
use cast::grow::Growth;
use cast::thread::Thread;
use cast::{Cast, Fact, Occasion, UnixMillis};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Thumbs count so many ways at most.
const THUMBS: i32 = 5;
/// The most nodes whose troubles are remembered.
const MOST: usize = 1_024;

/// What is remembered. A key that an older version wrote and this one doesn't
/// know is passed over; one that it lacks begins empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Who was muted.
    pub muted: BTreeSet<String>,
    /// Thumbs up less thumbs down, by character.
    pub thumbs: BTreeMap<String, i32>,
    /// Whose veil was lifted, and by which answer.
    pub guessed: BTreeMap<String, String>,
    /// Who was born here.
    pub born: BTreeMap<String, Birth>,
    /// When each node was in crisis, and when silent, of late.
    pub troubles: BTreeMap<String, Troubles>,
    /// Who bets on what, and how well they did.
    pub bets: Book,
    /// The plot lines that run.
    pub threads: Vec<Thread>,
    /// What the last drill of each node found.
    pub drills: BTreeMap<String, Drilled>,
    /// What has become of everybody, and whom they know.
    #[serde(deserialize_with = "grown")]
    pub grown: Growth,
}

/// Lives that another version wrote and this one can't read begin anew: mutes and
/// births shall not go with them.
fn grown<'de, D: Deserializer<'de>>(from: D) -> Result<Growth, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_else(|error| {
        tracing::error!(%error, "how the cast has grown can't be read: it begins as its sheets say");
        Growth::default()
    }))
}

/// What a drill found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drilled {
    /// The event that records it.
    pub event: String,
    /// When it was.
    pub at: UnixMillis,
    /// What it found, in words.
    pub found: Vec<String>,
    /// After how long the node would have been missed, in milliseconds.
    pub missed_after: u64,
}

/// How somebody came on stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    /// Whose character it is.
    pub node: String,
    /// What earned it.
    pub why: Why,
    /// When.
    pub at: UnixMillis,
    /// The event that caused it; none for a wish.
    pub cause: Option<String>,
}

/// The times of a node's troubles, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Troubles {
    crises: VecDeque<UnixMillis>,
    silences: VecDeque<UnixMillis>,
}

impl Kept {
    /// A thumb, up or down.
    pub(crate) fn thumb(&mut self, id: &str, up: bool) {
        let thumbs = self.thumbs.entry(id.to_owned()).or_default();
        *thumbs = (*thumbs + if up { 1 } else { -1 }).clamp(-THUMBS, THUMBS);
    }

    /// Counts what happened to a node; says what it has earned by that, if anything.
    pub(crate) fn earn(&mut self, cast: &Cast, fact: &Fact, rules: Births) -> Option<Why> {
        if cast.own_of(&fact.node).is_some() {
            return None;
        }
        if let Some(role) = unique_role(cast, &fact.node) {
            return Some(Why::UniqueRole(role.to_owned()));
        }
        if !matches!(fact.occasion, Occasion::Crisis | Occasion::Silent) {
            return None;
        }
        if self.troubles.len() >= MOST && !self.troubles.contains_key(&fact.node) {
            return None;
        }
        let troubles = self.troubles.entry(fact.node.clone()).or_default();
        let times = match fact.occasion {
            Occasion::Crisis => &mut troubles.crises,
            _ => &mut troubles.silences,
        };
        times.retain(|at| fact.at - at < rules.within);
        times.push_back(fact.at);
        let count = times.len();
        if count < rules.after {
            return None;
        }
        self.troubles.remove(&fact.node);
        Some(match fact.occasion {
            Occasion::Crisis => Why::Crises(count),
            _ => Why::Silences(count),
        })
    }
}
