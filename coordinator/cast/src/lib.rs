//! The characters' sheets and rules. Pure.
//!
//! A [`Sheet`] says who a character is and holds its own words; a [`Fact`] is
//! what happened; [`utter`] makes a sentence of both. Whatever in it is a
//! number, a name, a time or a state was put there from the fact, by a
//! [`Slot`]: [`lexicon`] keeps such words out of the sheets themselves.
//!
//! No clock, file, environment or randomness: times and the seed are handed in.

mod casting;
mod fact;
mod grammar;
pub mod lexicon;
mod sheet;
mod slot;
mod traits;
mod utter;

#[cfg(test)]
mod tests;

pub use casting::Cast;
pub use fact::{Direction, Fact, Mood, Occasion, Quantity, Reading, UnixMillis};
pub use grammar::{Grammar, GrammarError, Part, Template};
pub use sheet::{Office, Sheet, SheetError, Tie, TieKind};
pub use slot::{Filled, Slot, Slots, Value};
pub use traits::Traits;
pub use utter::{Kind, Recent, Utterance, utter};
