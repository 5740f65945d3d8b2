//! Feel: from readings to a mood.
//!
//! [`windows`] → [`normal`] → [`features`] → [`model`] (or [`rules`]) →
//! [`steady`], and [`causes`] says why. Nothing here reads a clock or a file:
//! the time of a sample comes in with it.

pub mod baseline;
pub mod causes;
pub mod features;
pub mod joint;
pub mod judge;
pub mod kept;
pub mod model;
pub mod normal;
pub mod rules;
pub mod signals;
pub mod steady;
pub mod strange;
pub mod swap;
pub mod threshold;
pub mod trace;
pub mod windows;

mod feeler;

pub use feeler::{Feeler, Feeling};
pub use model::{Model, ModelError};

/// The most causes beside a mood.
pub const CAUSES: usize = 2;
