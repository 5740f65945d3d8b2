//! Who puts words in a character's mouth.
//!
//! For now that is the [`Understudy`] alone, which asks nobody: it composes
//! from the sheets, offline, and says so.

mod understudy;

pub use understudy::Understudy;
