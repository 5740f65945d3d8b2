//! What one decoded frame costs here, in a fleet of 1,000.
//! `cargo bench -p fleet`
// A benchmark is no public interface.
#![allow(missing_docs, clippy::unwrap_used)]

use divan::{Bencher, black_box};
use fleet::{Admission, Fleet, Marks, Now};
use frames::{
    Body, Budget, Classifier, Head, Headroom, Mood, NodeName, Probability, Readings, Report, Say, VERSION,
    Vital, Vitals,
};

const NODES: u32 = 1_000;

fn main() {
    divan::main();
}

fn body() -> Body<'static> {
    let mut readings = Readings::default();
    for vital in Vital::ALL {
        readings.set(*vital, 12.0);
    }
    let report = Report {
        uptime: 36_000,
        vitals: Vitals::from(&readings),
        mood: Some(Mood::Happy),
        probabilities: [Probability::new(0.25); 4],
        causes: heapless::Vec::new(),
        distance: None,
        classifier: Classifier::Model,
        budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
        interval: 100,
        dropped: 0,
    };
    let head = Head { version: VERSION, boot: 1, sequence: 0, oldest: 1 };
    Body { head, say: Say::Vitals(report) }
}

fn names() -> Vec<NodeName> {
    (0..NODES).map(|i| format!("pi-{i:04}").parse().unwrap()).collect()
}

/// One live frame after the other, each of the next node, all known already.
#[divan::bench(sample_count = 100, sample_size = 2_000)]
fn live(bencher: Bencher<'_, '_>) {
    let (mut fleet, mut body, names) = (Fleet::new(now(0)), body(), names());
    let mut count = 0_u32;
    let mut admit = || {
        let name = &names[(count % NODES) as usize];
        body.head.sequence = count / NODES + 1;
        let mono = u64::from(body.head.sequence) * 10_000;
        if let Say::Vitals(report) = &mut body.say {
            report.uptime = body.head.sequence * 100;
        }
        count += 1;
        matches!(fleet.admit(now(mono), name, black_box(&body), true), Admission::Admitted(_))
    };
    assert!((0..NODES).all(|_| admit()));
    bencher.bench_local(admit);
}

/// A backlog that drains backwards, so that the bitmap has to work.
#[divan::bench(sample_count = 100, sample_size = 2_000)]
fn marks_far_above(bencher: Bencher<'_, '_>) {
    let mut marks = Marks::default();
    let mut sequence = 100_000;
    bencher.bench_local(|| {
        sequence = if sequence < 10 { 100_000 } else { sequence - 2 };
        black_box(marks.decide(black_box(sequence), 1))
    });
}

/// One tick over the whole fleet.
#[divan::bench]
fn tick(bencher: Bencher<'_, '_>) {
    let (mut fleet, mut body, names) = (Fleet::new(now(0)), body(), names());
    body.head.sequence = 1;
    for name in &names {
        fleet.admit(now(0), name, &body, true);
    }
    bencher.bench_local(|| black_box(fleet.tick(now(1_000))).len());
}

fn now(mono: u64) -> Now {
    Now { mono, unix: mono.cast_signed(), trusted: true }
}
