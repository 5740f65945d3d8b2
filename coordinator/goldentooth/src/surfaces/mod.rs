//! Everything that faces outwards: the command line, the web page and its API,
//! and the JSON on MQTT, and what Prometheus reads. Surfaces know views, never rules: [`view`] holds the
//! only types that leave this program.

pub mod cli;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod metrics;
pub mod mqtt;
#[cfg(test)]
pub(crate) mod schemas;
pub mod view;
pub mod web;
