//! The sync point: who of those who want to speak has the floor.

use serde::{Deserialize, Serialize};

/// Why a character wants to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It was named.
    Named,
    /// It embodies what this is about.
    Embodies,
    /// A trigger of its sheet was pulled.
    Trigger,
    /// Its eye finds something there.
    Eye,
    /// It waited for another, who is done.
    Dependency,
    /// It came upon it when it looked about.
    Territory,
    /// Its eye sees otherwise than the one who spoke.
    Dissent,
    /// It speaks for all while something is grave: one speaker.
    Emergency,
}

/// The most words of a thought.
pub(super) const THOUGHT_WORDS: usize = 12;

/// What a character shares before anybody speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thought {
    /// Who.
    pub by: String,
    /// How much it is its business, in thousandths.
    pub relevance: u16,
    /// Why it would speak.
    pub reason: Reason,
    /// What it has in mind, in at most twelve words.
    pub thought: String,
    /// How many lines it had of late: whoever spoke much stands back.
    pub lately: u16,
}

impl Thought {
    /// A thought, cut to twelve words.
    pub fn new(by: &str, relevance: u16, reason: Reason, thought: &str, lately: u16) -> Self {
        let thought = thought.split_whitespace().take(THOUGHT_WORDS).collect::<Vec<_>>().join(" ");
        Self { by: by.to_owned(), relevance: relevance.min(1_000), reason, thought, lately }
    }

    /// What it weighs at the sync point. Being named is beyond fairness.
    fn weight(&self) -> (bool, i32) {
        let named = self.reason == Reason::Named;
        let fairness = if named { 0 } else { i32::from(self.lately) * 60 };
        (named, i32::from(self.relevance) - fairness)
    }
}

/// Gives the floor to at most so many, by relevance and fairness; equals go by
/// name, so that nothing is left to chance.
pub fn grant(thoughts: &[Thought], seats: usize) -> Vec<&Thought> {
    let mut order: Vec<&Thought> = thoughts.iter().collect();
    order.sort_by(|a, b| b.weight().cmp(&a.weight()).then_with(|| a.by.cmp(&b.by)));
    order.truncate(seats);
    order
}
