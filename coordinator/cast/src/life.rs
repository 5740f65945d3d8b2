//! How a character lives: an inbox, energy and attention, a readiness and a
//! feeling, rooms, and who has the floor. All of it rules on plain numbers:
//! whoever hosts the cast brings the time and the messages.
//!
//! What a message is about is a type of the host's: the same rules run a chat,
//! a fleet's events, or the moves of a game.

mod feeling;
mod floor;
mod inbox;
mod needs;
mod persona;
mod rhythm;
mod room;
mod state;

#[cfg(test)]
mod tests;

pub use feeling::{Feeling, Felt, Heart};
pub use floor::{Reason, Thought, grant};
pub use inbox::{Declined, Inbox, Message, Why};
pub use needs::{Cycle, Needs};
pub use persona::{Arrival, Persona, Slice};
pub use rhythm::{Rhythm, compute_budget};
pub use room::{Call, Hold, Room};
pub use state::{Readiness, State};

use crate::regard::Regard;

/// Milliseconds of a monotonic clock, from any start.
pub type Millis = u64;

/// How free a character is in what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// The fact alone.
    Plain,
    /// The fact and what helps; no jest, no quarrel.
    Sober,
    /// Everything that its sheet holds.
    #[default]
    Full,
}

/// How a character is when it opens its mouth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bearing {
    /// How ready it is for work.
    pub readiness: Readiness,
    /// How it feels.
    pub feeling: Feeling,
    /// How free it is.
    pub tone: Tone,
    /// What it holds of whomever it is about; nothing of its own household.
    pub regard: Regard,
}
