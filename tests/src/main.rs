//! What no crate can test alone, in one test binary.
//!
//! To add tests: a file (or a folder) beside this one, and its line here.
//! `cargo test -p tests -- tidy` runs one module, `-- --list` names them all.

// A test may fail by panicking: that is how it tells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tidy;
