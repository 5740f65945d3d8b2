//! What a pulse takes in fleets of every size, and what a day of pulses costs,
//! calm and bad, beside the naive way of a call for every event.
//!
//! `cargo bench -p stage --bench day -- [--in 3.0] [--out 15.0]`, with prices of a
//! million tokens. Nobody is called: tokens are our own estimate, which is some
//! 15 % too high, and what a provider keeps from before is not counted.
//! Lines that begin with `|` are rows of the table that `bench/run` makes: what,
//! goal, figure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

#[path = "../tests/day/play.rs"]
mod play;

use minds::Price;
use play::{Day, bad, calm, play, pulse};

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let number = |flag: &str, default: f64| {
        let at = given.iter().position(|argument| argument == flag);
        at.and_then(|at| given.get(at + 1)).map_or(default, |text| text.parse().expect("a price"))
    };
    for nodes in [10, 100, 10_000] {
        let one = pulse(nodes);
        println!(
            "| a pulse of {nodes} nodes, every seventh in trouble | 500 of context, 300 out | context {}, prefix {} (rules that stay the same: {}), out {} |",
            one.context, one.prefix, one.rules, one.output
        );
    }
    let price = Price { input: number("--in", 3.0), output: number("--out", 15.0), cached: None };
    for (what, turns) in [("a calm", calm()), ("a bad", bad())] {
        let day = play(&turns);
        println!(
            "| {what} day of pulses, 13 nodes, at {} in and {} out per million tokens | | {}; a call per event: {} |",
            price.input,
            price.output,
            told(day, price),
            told(day.naive(), price)
        );
    }
}

fn told(day: Day, price: Price) -> String {
    let money = price.of(day.input, day.output, 0) as f64 / 1e6;
    format!("{} calls, {} tokens in, {} out, {money:.4}", day.calls, day.input, day.output)
}
