//! The words on the wire: vitals, moods, frames, topics and seals.
//!
//! The only thing that a node and the coordinator share. No std, no heap, no
//! clock, no I/O: every function here is plain data in, plain data out.
//!
//! A frame is `postcard(Body) ‖ seal`: see [`Body`], [`Down`] and [`NodeKey`].
#![no_std]

#[cfg(test)]
extern crate std;

mod body;
mod cause;
mod down;
mod error;
mod mood;
mod scale;
mod seal;
mod set;
mod topic;
mod vitals;

pub use body::{
    Body, Budget, Classifier, Clock, Farewell, Head, Headroom, Hello, MAX_REPLAY, MAX_SERVICES, Probability,
    Replay, Report, Say, Service, ServiceState, Services, distance_code, distance_from_code,
};
pub use cause::{Cause, Direction};
pub use down::{Ack, Command, Down, MAX_CHUNK, MAX_RUNS, ModelChunk, Run, Settings};
pub use error::FrameError;
pub use mood::{MOODS, Mood};
pub use scale::Scale;
pub use seal::{FleetKey, KEY_BYTES, NodeKey, SEAL_BYTES};
pub use set::VitalSet;
pub use topic::{
    FleetName, Leaf, MAX_TOPIC, NameError, NodeName, Place, Topic, cast_topic, event_topic, services_filter,
};
pub use vitals::{COUNT, Readings, Row, Vital, Vitals};

/// The version byte that leads every body. It rises with each change of the
/// vitals table or of a body; a coordinator reads every older one.
pub const VERSION: u8 = 1;

/// The largest sealed frame, in bytes.
pub const MAX_FRAME: usize = 4096;

/// A sealed frame, or a body on its way to become one.
pub type Frame = heapless::Vec<u8, MAX_FRAME>;
