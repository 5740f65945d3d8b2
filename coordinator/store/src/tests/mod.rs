//! What the store promises, tried on real files.

mod commit;
mod crash;
mod files;
mod forget;
mod query;
pub(crate) mod sample;
