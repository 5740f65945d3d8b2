//! Loads on the real coordinator. It is a process of its own, started from the
//! binary; this process is the load.
//!
//! `cargo bench -p tests --bench load -- rate|page|ask|fleet [--nodes N] [--seconds S]`
//!
//! - `rate`: how many messages per second reach the store through the broker,
//!   beside what the same broker carries to a subscriber that does nothing.
//! - `page`: from a sample's frame until its event is read from the page's stream.
//! - `ask`: how long a question to the cast takes.
//! - `fleet`: what the coordinator takes while a virtual fleet speaks.
//!
//! Lines that begin with `|` are rows of the table that `bench/run` makes:
//! what, goal, figure.

// A benchmark that can't go on stops, and says where.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod ask;
mod fleet;
#[path = "../../src/harness/mod.rs"]
#[allow(dead_code, unused_imports)]
mod harness;
mod house;
mod link;
mod page;
mod rate;
mod speech;

use std::time::Duration;

/// As the coordinator has it, so that the bare broker is the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // Cargo adds --bench.
    let given: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |flag: &str| -> Option<u64> {
        let at = given.iter().position(|argument| argument == flag)?;
        Some(given.get(at + 1).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{flag} N")))
    };
    let nodes = number("--nodes").map(|nodes| usize::try_from(nodes).expect("some nodes"));
    let seconds = number("--seconds").map(Duration::from_secs);
    match given.first().map(String::as_str) {
        Some("rate") => rate::run(nodes.unwrap_or(64), seconds.unwrap_or(Duration::from_secs(15))),
        // The broker alone, for `rate`; ended by its parent.
        Some(listener @ (rate::BARE | rate::LOCAL)) => {
            rate::broker(listener, given.get(1).expect("a data folder").as_ref());
        }
        Some("page") => page::run(),
        Some("ask") => ask::run(),
        Some("fleet") => fleet::run(nodes.unwrap_or(1_000), seconds.unwrap_or(Duration::from_mins(5))),
        other => {
            eprintln!("load: {other:?} is none of rate, page, ask, fleet");
            std::process::exit(2);
        }
    }
}
