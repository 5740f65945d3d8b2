//! `goldentooth enroll`, `goldentooth doctor` and `goldentooth token`.

pub mod doctor;
pub mod enroll;
pub mod token;
