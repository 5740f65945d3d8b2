//! What the store promises, tried on real files.

mod calls;
mod commit;
mod crash;
mod files;
mod forget;
mod members;
mod people;
mod query;
pub(crate) mod sample;
