//! How a node feels.

use core::fmt;
use serde::{Deserialize, Serialize};

/// A node's own verdict on how it is. Their order is the order of the wire and
/// of the model's output: from calm to alarmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Mood {
    /// Little to do, and nothing wrong.
    Bored,
    /// At work, and well.
    Happy,
    /// Work or surroundings weigh on it.
    Stressed,
    /// It fails at its work, or soon will.
    Crisis,
}

/// How many moods there are.
pub const MOODS: usize = Mood::ALL.len();

impl Mood {
    /// Every mood, in the order of the wire and of the model's output.
    pub const ALL: [Self; 4] = [Self::Bored, Self::Happy, Self::Stressed, Self::Crisis];

    /// The mood's word, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bored => "bored",
            Self::Happy => "happy",
            Self::Stressed => "stressed",
            Self::Crisis => "crisis",
        }
    }

    /// The mood of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mood| mood.name() == name)
    }
}

impl fmt::Display for Mood {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
