//! The commands that start nothing, and change or look at the data folder.

pub mod backup;
pub mod doctor;
pub mod enroll;
pub mod members;
mod running;
#[cfg(feature = "stage")]
pub mod simulate;
pub mod token;
