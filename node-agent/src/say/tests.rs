//! Spool, log and a coordinator made by hand.

mod disk;
pub(crate) mod party;
mod properties;
mod spool;
