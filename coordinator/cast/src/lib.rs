//! The characters' sheets and rules. Pure.
//!
//! A [`Sheet`] says who a character is and holds its own words; a [`Fact`] is
//! what happened; [`utter`] makes a sentence of both. Whatever in it is a
//! number, a name, a time or a state was put there from the fact, by a
//! [`Slot`]: [`lexicon`] keeps such words out of the sheets themselves.
//!
//! No clock, file, environment or randomness: times and the seed are handed in.

pub mod act;
pub mod ask;
pub mod bet;
pub mod birth;
pub mod boredom;
pub mod card;
mod casting;
pub mod council;
pub mod eye;
mod fact;
mod grammar;
pub mod grow;
mod guess;
pub mod lexicon;
pub mod life;
pub mod lint;
pub mod memory;
mod moves;
mod regard;
mod sheet;
mod signal;
mod slot;
pub mod style;
pub mod thread;
mod traits;
pub mod trope;
pub mod truth;
mod utter;
pub mod voice;

#[cfg(test)]
mod tests;

pub use casting::{Cast, MOST};
pub use fact::{Cause, Direction, Fact, Mood, Occasion, Other, Past, Quantity, Reading, UnixMillis};
pub use grammar::{Grammar, GrammarError, Part, Template};
pub use guess::{Answer, AnswerError, SALT};
pub use moves::Move;
pub use regard::{Regard, Strand};
pub use sheet::{Office, Sheet, SheetError, Tie, TieKind, Trigger};
pub use signal::{Signal, SignalError};
pub use slot::{Filled, Slot, Slots, Value};
pub use traits::{Trait, Traits};
pub use utter::{Kind, Recent, Utterance, capital, reply, retort, utter};
