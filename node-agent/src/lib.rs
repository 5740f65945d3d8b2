//! The agent on every Pi, as a library, so that the virtual fleet, the node
//! inside `goldentooth up` and `goldentooth-node` are the same code.
//!
//! Four steps, each its own module: [`sample`] → [`feel`] → [`budget`] →
//! [`say`]. [`agent`] joins them without clock or socket; [`run`] is the loop
//! that has both.

pub mod agent;
pub mod budget;
pub mod cli;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod enrolment;
pub mod feel;
pub mod hardware;
pub mod memory;
pub mod notify;
pub mod run;
pub mod sample;
pub mod say;
pub mod virtual_pi;

/// Milliseconds since the kernel started, suspended time included.
pub type Millis = u64;
/// Milliseconds since 1970 in UTC.
pub type UnixMillis = i64;
