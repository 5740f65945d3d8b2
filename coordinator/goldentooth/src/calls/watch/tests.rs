//! When people are called, over hours of made-up time.

use super::*;
use crate::surfaces::fixtures::{node, silent};

const NOBODY: fn(&NodeName, Cause) -> bool = |_, _| false;
const GATHER: UnixMillis = Cause::Crisis.gather();
const MISSED: UnixMillis = Cause::Silent.gather();

fn hear(watch: &mut Watch, now: UnixMillis, nodes: &[NodeSnapshot]) {
    for node in nodes {
        watch.hear(now, node, || "hot".to_owned());
    }
}

fn titles(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.title.as_str()).collect()
}

#[test]
fn a_crisis_is_told_once_repeated_with_growing_pauses_and_told_to_be_over() {
    let mut watch = Watch::default();
    let (ill, well) = (node("pi-1", Some(Mood::Crisis)), node("pi-1", Some(Mood::Happy)));
    hear(&mut watch, 0, std::slice::from_ref(&ill));
    assert!(watch.due(GATHER - 1, NOBODY).is_empty());
    let calls = watch.due(GATHER, NOBODY);
    assert_eq!(titles(&calls), ["pi-1 is in crisis"]);
    assert_eq!(calls[0].words, "pi-1: hot");
    let mut told = Vec::new();
    for minute in 1..=24 * 60 {
        hear(&mut watch, minute * 60_000, std::slice::from_ref(&ill));
        told.extend(watch.due(minute * 60_000, NOBODY).into_iter().map(|_| minute));
    }
    // After 30 minutes, 2 hours more and 8 hours more.
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0] >= 30 && told[1] - told[0] >= 120 && told[2] - told[1] >= 480, "{told:?}");
    let end = 25 * 3_600_000;
    hear(&mut watch, end, std::slice::from_ref(&well));
    // A short relief is none.
    hear(&mut watch, end + 10_000, std::slice::from_ref(&ill));
    hear(&mut watch, end + 20_000, std::slice::from_ref(&well));
    assert!(watch.due(end + SETTLE, NOBODY).is_empty());
    let calls = watch.due(end + 20_000 + SETTLE, NOBODY);
    assert_eq!(calls[0].state, State::Over);
    assert!(calls[0].title.starts_with("pi-1 is out of crisis after "), "{}", calls[0].title);
    assert!(watch.due(end + 10 * SETTLE, NOBODY).is_empty());
}

#[test]
fn an_outage_of_the_fleet_is_one_message_and_so_is_its_end() {
    let mut watch = Watch::default();
    let names: Vec<String> = (0..300).map(|i| format!("pi-{i:03}")).collect();
    for (at, name) in (0..).step_by(40).zip(&names) {
        hear(&mut watch, at, &[silent(name)]);
    }
    assert!(watch.due(GATHER, NOBODY).is_empty(), "others still join");
    let calls = watch.due(12_000 + MISSED, NOBODY);
    assert_eq!(titles(&calls), ["300 nodes are silent: pi-000, pi-001 and 298 more"]);
    for name in &names {
        hear(&mut watch, 600_000, &[node(name, Some(Mood::Happy))]);
    }
    let calls = watch.due(600_000 + SETTLE, NOBODY);
    assert_eq!((calls.len(), calls[0].nodes.len()), (1, 300));
}

#[test]
fn nobody_is_called_in_a_quiet_time_nor_for_what_was_over_before_its_end() {
    let mut watch = Watch::default();
    hear(&mut watch, 0, &[silent("pi-1"), node("pi-2", Some(Mood::Crisis))]);
    assert!(watch.due(GATHER, |_, _| true).is_empty());
    hear(&mut watch, 60_000, &[node("pi-2", Some(Mood::Happy))]);
    assert!(watch.due(60_000 + SETTLE, |_, _| true).is_empty());
    assert_eq!(titles(&watch.due(200_000, NOBODY)), ["pi-1 is silent"]);
}

#[test]
fn simulated_nodes_call_nobody_and_a_silent_node_keeps_its_other_troubles() {
    let mut watch = Watch::default();
    hear(&mut watch, 0, &[node("sim-01", Some(Mood::Crisis)), node("pi-1", Some(Mood::Crisis))]);
    assert_eq!(titles(&watch.due(GATHER, NOBODY)), ["pi-1 is in crisis"]);
    hear(&mut watch, 20_000, &[silent("pi-1")]);
    assert_eq!(titles(&watch.due(20_000 + SETTLE, NOBODY)), ["pi-1 is silent"], "its crisis is not over");
}

#[test]
fn nodes_missed_one_after_another_are_one_message_but_nobody_waits_for_ever() {
    let mut watch = Watch::default();
    for (at, name) in [(0, "pi-1"), (25_000, "pi-2"), (50_000, "pi-3"), (75_000, "pi-4")] {
        hear(&mut watch, at, &[silent(name)]);
        assert!(watch.due(at + 24_000.min(GATHER_MOST - at - 1), NOBODY).is_empty(), "{name}");
    }
    let calls = watch.due(GATHER_MOST, NOBODY);
    assert_eq!(titles(&calls), ["4 nodes are silent: pi-1, pi-2 and 2 more"]);
}

#[test]
fn a_trouble_that_comes_and_goes_must_be_over_for_longer_each_time() {
    let mut watch = Watch::default();
    let (ill, well) = (node("pi-1", Some(Mood::Crisis)), node("pi-1", Some(Mood::Happy)));
    let mut told = Vec::new();
    // Three minutes ill, three minutes well, for four hours.
    for second in (0..4 * 3_600).step_by(10) {
        let now = second * 1_000;
        let is_ill = (second / 180) % 2 == 0;
        hear(&mut watch, now, std::slice::from_ref(if is_ill { &ill } else { &well }));
        told.extend(watch.due(now, NOBODY).into_iter().map(|call| call.state));
    }
    let count = |state| told.iter().filter(|told| **told == state).count();
    assert_eq!((count(State::Began), count(State::Over)), (3, 2), "{told:?}");
    assert!(count(State::Lasts) >= 2, "{told:?}");
}

#[test]
fn what_a_silent_node_said_last_is_not_said_again() {
    let mut watch = Watch::default();
    hear(&mut watch, 0, &[node("pi-1", Some(Mood::Crisis))]);
    assert_eq!(watch.due(GATHER, NOBODY).len(), 1);
    hear(&mut watch, 60_000, &[silent("pi-1")]);
    assert_eq!(titles(&watch.due(60_000 + MISSED, NOBODY)), ["pi-1 is silent"]);
    let later = watch.due(10 * 3_600_000, NOBODY);
    assert!(later.iter().all(|call| call.cause == Some(Cause::Silent)), "{later:?}");
}

#[test]
fn a_restart_goes_on_and_says_nothing_before_every_node_could_speak() {
    let mut watch = Watch::default();
    hear(&mut watch, 0, &[node("pi-1", Some(Mood::Crisis))]);
    assert_eq!(watch.due(GATHER, NOBODY).len(), 1);
    let kept: Vec<Trouble> = watch.open().cloned().collect();
    let mut after = Watch::default();
    let now = 40 * 3_600_000;
    after.restore(now, kept);
    assert!(after.due(now + 30_000, NOBODY).is_empty());
    hear(&mut after, now + 40_000, &[node("pi-1", Some(Mood::Happy))]);
    let calls = after.due(now + 40_000 + SETTLE, NOBODY);
    assert_eq!(titles(&calls), ["pi-1 is out of crisis after 40 h"]);
}
