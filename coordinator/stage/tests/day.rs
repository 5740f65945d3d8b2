//! What a day costs: `cargo bench -p stage --bench day` tells it with prices.

// A test may fail by panicking; nobody outside uses what its files share.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

#[path = "day/keeper.rs"]
mod keeper;
#[path = "day/play.rs"]
mod play;

use keeper::Rule;
use play::{asked, asked_twice, bad, calm, play, pulse};

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

#[test]
fn the_rules_stand_first_so_that_a_server_which_keeps_beginnings_has_them() {
    for nodes in [10, 10_000] {
        let asked = asked_twice(nodes);
        let rules = minds::estimate::tokens(&asked[0].rules);
        let counts = keeper::ask(Rule::Blocks, &asked);
        assert_eq!(counts[0].1, 0, "nothing was there before: {counts:?}");
        assert!(counts[1].1 >= rules - rules % 16 && counts[1].1 < counts[1].0, "{rules}: {counts:?}");
        // A pulse is shorter than what these two keep at all.
        for rule in [Rule::OpenAi, Rule::Anthropic] {
            let counts = keeper::ask(rule, &asked);
            assert!(
                counts.iter().all(|(input, cached)| *cached == 0 && *input < 1_400),
                "{rule:?} {counts:?}"
            );
        }
    }
    let day = keeper::ask(Rule::Blocks, &asked(&bad()));
    assert!(day.len() > 50 && day[1..].iter().all(|(_, cached)| *cached >= 256), "{day:?}");
    // What is long enough is marked, and kept, by the one as by the other.
    let mut long = asked_twice(10);
    for request in &mut long {
        request.rules = request.rules.repeat(6);
    }
    for (rule, least) in [(Rule::OpenAi, 0), (Rule::Anthropic, 0), (Rule::Blocks, 1_500)] {
        let counts = keeper::ask(rule, &long);
        assert!(counts[0].1 == 0 && counts[1].1 >= least, "{rule:?}: {counts:?}");
    }
}
