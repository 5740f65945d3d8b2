//! What a day costs: `cargo bench -p stage --bench day` tells it with prices.

// A test may fail by panicking; nobody outside uses what its files share.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

#[path = "day/play.rs"]
mod play;

use play::{bad, calm, play, pulse};

#[test]
fn a_pulse_takes_about_the_same_however_large_the_fleet() {
    for nodes in [10, 100, 10_000] {
        let one = pulse(nodes);
        assert!((20..=500).contains(&one.context) && one.output <= 300, "{nodes}: {one:?}");
        assert!(one.rules < one.prefix && one.prefix < 900, "{nodes}: {one:?}");
    }
}

#[test]
fn a_calm_day_costs_a_few_calls_and_a_bad_one_stays_within_the_budget() {
    let (calm, bad) = (play(&calm()), play(&bad()));
    assert!((1..=6).contains(&calm.calls) && calm.events >= 50, "{calm:?}");
    // At most every five minutes, however bad it is.
    assert!(bad.calls <= 288 && bad.events >= 200, "{bad:?}");
    let limit = minds::Limits::default().day;
    let spent = u64::from(bad.input + bad.output);
    assert!(spent > limit / 4, "it is a bad day: {bad:?}");
    for day in [calm, bad] {
        let naive = day.naive();
        assert!(naive.calls >= day.calls && naive.input >= day.input, "{day:?} {naive:?}");
    }
}
