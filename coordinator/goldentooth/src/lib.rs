//! The coordinator: configuration, broker, intake, live state and surfaces.
//!
//! [`up`] puts the rooms together; each knows nothing of the others but what
//! [`live`] and [`ask`] say.

pub mod access;
pub mod announce;
pub mod ask;
pub mod backup;
pub mod biography;
pub mod broker;
pub mod calls;
#[cfg(feature = "stage")]
pub mod cards;
pub mod care;
pub mod cli;
pub mod commands;
pub mod company;
pub mod config;
pub mod data;
pub mod enrol;
pub mod flavour;
pub mod habits;
pub mod intake;
pub mod live;
pub mod members;
pub mod models;
#[cfg(feature = "stage")]
pub mod scenario;
pub mod services;
pub mod simulate;
pub mod story;
pub mod surfaces;
pub mod thinking;
pub mod up;
#[cfg(feature = "stage")]
mod voices;
mod words;
