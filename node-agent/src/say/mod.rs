//! Say: from a body to the coordinator's decision on it.
//!
//! [`spool`] holds what is undecided and says what is due, [`disk`] keeps it
//! through a long outage, [`keep`] moves it between the two, and [`link`] is
//! the connection to the broker.

pub mod disk;
pub mod find;
pub mod folder;
pub mod keep;
pub mod link;
mod ring;
pub mod spool;
pub mod tls;
mod wrap;

#[cfg(test)]
pub(crate) mod tests;
