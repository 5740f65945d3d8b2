//! What no crate can test alone, in one test binary.
//!
//! To add tests: a file (or a folder) beside this one, and its line here.
//! `cargo test -p tests -- tidy` runs one module, `-- --list` names them all.

// A test may fail by panicking: that is how it tells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Nobody outside uses a test binary: `pub` in it says what its files share.
#![allow(unreachable_pub)]

mod cast_asked;
mod faults_agent_disk;
mod faults_backup;
mod faults_clock;
mod faults_driven;
mod faults_kill;
mod faults_link;
mod faults_moved;
mod faults_place;
mod faults_spool;
mod faults_store_disk;
mod faults_tools;
mod faults_up;
mod harness;
mod minds_llama;
mod minds_proxies;
mod minds_pulse;
mod models_push;
mod tidy;
mod trust_downlinks;
mod trust_frames;
mod trust_keys;
mod trust_members;
mod trust_place;
mod trust_poison;
mod trust_topics;
mod virtual_fleet;
