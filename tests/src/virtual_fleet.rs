//! Fifty nodes and their coordinator on virtual time: the real agent and the
//! real intake and store, over a link that delays, drops and doubles, cuts
//! that last up to ten minutes, and a coordinator that loses what it had not
//! committed. The same seed gives the same trace, to the letter.
//!
//! More seeds, or one that failed: `SEEDS=1000 cargo test …`, `SEED=17 …`.

mod node;
mod plan;
mod queue;
mod week;
mod world;

use node_agent::feel::Model;
use plan::{Ending, Plan};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

/// How many seeds the suite runs.
const SEEDS: u64 = 200;

fn run(seed: u64, model: &Model, plan: Plan) -> Ending {
    World::new(seed, model, plan).run()
}

/// What must hold at the end of every run, whatever happened.
fn check(seed: u64, ending: &Ending) {
    let Ending { samples, rows, unsettled, dropped, false_silences, status, trace, .. } = ending;
    assert_eq!(unsettled, &BTreeSet::new(), "seed {seed}: spools that did not drain");
    assert_eq!(*dropped, 0, "seed {seed}: frames lost though there was room");
    assert_eq!(rows, samples, "seed {seed}: every sample is stored once");
    let told = trace.iter().filter(|line| false_silences.iter().any(|node| line.contains(&node[..5])));
    let story: Vec<&String> = told.collect();
    assert!(
        false_silences.is_empty(),
        "seed {seed}: silences of nodes that were heard: {false_silences:?}\n{story:#?}"
    );
    assert_eq!(status.accepted, status.stored + status.pending, "seed {seed}: accepted = stored + pending");
    assert_eq!(status.refused.values().sum::<u64>(), 0, "seed {seed}: refused {:?}", status.refused);
}

#[test]
fn fifty_nodes_lose_nothing_and_store_nothing_twice() {
    let model = Model::embedded().expect("the checked-in model");
    let only: Option<u64> = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let most = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    // Each seed has a world of its own: as many at once as there are cores.
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= most {
                        return;
                    }
                    if only.is_none_or(|only| only == seed) {
                        check(seed, &run(seed, &model, Plan::suite()));
                    }
                }
            });
        }
    });
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let model = Model::embedded().expect("the checked-in model");
    let (one, again) = (run(7, &model, Plan::suite()), run(7, &model, Plan::suite()));
    assert!(one.trace.len() > 100, "a trace worth comparing: {} lines", one.trace.len());
    assert_eq!(one.trace, again.trace);
    let other = run(8, &model, Plan::suite());
    assert_ne!(one.trace, other.trace);
}

/// TRUST's promise: a partition of ten minutes at 5 s, 120 of 120 samples, no
/// doubles, in the right minutes.
#[test]
fn a_partition_of_ten_minutes_loses_no_sample_and_misplaces_none() {
    let model = Model::embedded().expect("the checked-in model");
    let plan = Plan { nodes: 1, floor: 5_000, faults: false, cut: Some((120_000, 720_000)), ..Plan::suite() };
    let ending = run(1, &model, plan);
    check(1, &ending);
    let minutes: Vec<usize> =
        (2..12).map(|minute| ending.per_minute.get(&minute).copied().unwrap_or(0)).collect();
    assert_eq!(minutes.iter().sum::<usize>(), 120, "{minutes:?}");
    assert!(minutes.iter().all(|count| (11..=13).contains(count)), "{minutes:?}");
}

#[test]
fn a_coordinator_that_is_away_for_an_hour_misses_nobody_and_gets_every_sample() {
    const HOUR: u64 = 3_600_000;
    let model = Model::embedded().expect("the checked-in model");
    let back = 120_000 + HOUR;
    let plan = Plan {
        nodes: 10,
        length: back + 300_000,
        faults: false,
        coordinator_down: Some((120_000, back)),
        ..Plan::suite()
    };
    let ending = run(1, &model, plan);
    check(1, &ending);
    let silent = ending.trace.iter().filter(|line| {
        let mut words = line.split_whitespace();
        let at: u64 = words.next().and_then(|at| at.parse().ok()).expect("a time");
        words.next() == Some("silent") && at < plan.length
    });
    assert_eq!(silent.collect::<Vec<_>>(), Vec::<&String>::new(), "only the coordinator was away");
}
