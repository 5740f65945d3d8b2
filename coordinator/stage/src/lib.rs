//! The loops that host the cast.
//!
//! Events come in, lines go out: [`Stage`] decides without a clock or a socket
//! who speaks about what and when; [`run`] drives it in real time. What a
//! character knows, it knows from the event: see [`facts`].

mod company;
pub mod facts;
pub mod gates;
mod growth;
mod kept;
mod line;
mod month;
mod past;
pub mod pulse;
pub mod reply;
mod run;
mod second;
mod settings;
mod stage;
pub mod tale;
mod talk;

#[cfg(test)]
mod tests;

pub use company::{CALM, Turned};
pub use kept::{Birth, Drilled, Kept, Troubles};
pub use line::{Born, Line, Note, Portrait, Told};
pub use month::month;
pub use run::{Now, Request, Wanted, run};
pub use settings::{Births, Settings};
pub use stage::{
    BET, COMPARED, DRILL, GATHER, GRACE, Glance, MINUTE, Millis, RATE, REFUSED, SCAN, SETTLED, Stage, TALE,
    TALE_ENDED, THREAD, UNASKED, Untold,
};
pub use talk::{Asking, Heard};
