//! What a pulse takes in fleets of every size, and what a day of pulses costs,
//! calm and bad, beside the naive way of a call for every event.
//!
//! `cargo bench -p stage --bench day -- [--in 3.0] [--out 15.0]`, with prices of a
//! million tokens. No model is called: tokens are our own estimate, which is some
//! 15 % too high. What a provider would keep from before is counted by a server on
//! this machine that follows its rule; no real one was asked.
//! Lines that begin with `|` are rows of the table that `bench/run` makes: what,
//! goal, figure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

#[path = "../tests/day/keeper.rs"]
mod keeper;
#[path = "../tests/day/play.rs"]
mod play;

use keeper::Rule;
use minds::Price;
use play::{Day, asked, asked_twice, bad, calm, play, pulse};

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
    for rule in [Rule::Blocks, Rule::OpenAi, Rule::Anthropic] {
        let second = |nodes| {
            let (input, cached) = keeper::ask(rule, &asked_twice(nodes))[1];
            format!("{cached} of {input}")
        };
        let day = keeper::ask(rule, &asked(&bad()));
        let sum = |of: fn(&(u32, u32)) -> u32| day.iter().map(of).sum::<u32>();
        println!(
            "| kept by the rule {rule:?}: of the second pulse of 10, 100 and 10,000 nodes; of a bad day | | {}, {}, {}; {} of {} |",
            second(10),
            second(100),
            second(10_000),
            sum(|one| one.1),
            sum(|one| one.0),
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
