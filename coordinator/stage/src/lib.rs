//! The loops that host the cast.
//!
//! Events come in, lines go out: [`Stage`] decides without a clock or a socket
//! who speaks about what and when; [`run`] drives it in real time. What a
//! character knows, it knows from the event: see [`facts`].

mod company;
pub mod facts;
mod line;
mod past;
mod run;
mod stage;

#[cfg(test)]
mod tests;

pub use company::CALM;
pub use line::{Line, Portrait, Told};
pub use run::{Request, run};
pub use stage::{GRACE, MINUTE, Millis, Stage, UNASKED};
