//! `goldentooth enroll` and `goldentooth doctor`.

pub mod doctor;
pub mod enroll;
