//! How fast rows are committed, how much a commit writes, and how fast a
//! node's day is read.
//!
//! `cargo bench -p store --bench commit [-- FOLDER]`; FOLDER is where the
//! files are made (the system's temporary folder otherwise): name one on the
//! card that is to be measured.
// A benchmark that can't go on stops.
#![allow(clippy::expect_used, clippy::panic)]

use fleet::{Admission, Dated, Fleet, Now, VitalsRow};
use frames::{
    Body, Budget, Classifier, Head, Headroom, Hello, Mood, NodeName, Probability, Readings, Report, Say,
    VERSION, Vital, VitalSet, Vitals,
};
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::{Batch, SeriesQuery, Store, UnixMillis};

const START: UnixMillis = 1_800_000_000_000;
const DAY: UnixMillis = 86_400_000;

/// A report as a Pi makes it: 36 of the vitals, slowly changing.
fn report(node: u32, sequence: u32) -> Report {
    let mut readings = Readings::default();
    for (place, vital) in Vital::ALL.iter().enumerate().take(36) {
        let code = (node * 7 + place as u32 * 31 + sequence / 8 % 16) % 200;
        readings.set(*vital, vital.row().scale.decode(code as u8));
    }
    Report {
        uptime: sequence * 100,
        vitals: Vitals::from(&readings),
        mood: Some(Mood::Happy),
        probabilities: [Probability::new(0.25); 4],
        causes: heapless::Vec::new(),
        distance: Some(3),
        classifier: Classifier::Model,
        budget: Budget { headroom: Probability::new(0.8), source: Headroom::Temperature },
        interval: 100,
        dropped: 0,
    }
}

fn row(node: u32, sequence: u32) -> VitalsRow {
    let at = START + i64::from(sequence) * 10_000 + i64::from(node % 100) * 100;
    VitalsRow {
        node: name(node),
        boot: node.wrapping_mul(0x9e37_79b9),
        sequence,
        at: Dated::At(at),
        received: at + 30,
        report: report(node, sequence),
    }
}

fn name(node: u32) -> NodeName {
    format!("pi-{node:04}").parse().expect("a good name")
}

/// The fleet of the twelve, so that records are what they really are.
fn hello(fleet: &mut Fleet, now: Now, node: u32) {
    let hello = Hello {
        kernel_boot: [0x5a; 16],
        agent: "0.1.0".try_into().expect("short"),
        model: Some("mood-2027.1".try_into().expect("short")),
        hardware: "Raspberry Pi 5 Model B Rev 1.0".try_into().expect("short"),
        serial: Some("10000000deadbeef".try_into().expect("short")),
        measurable: Vital::ALL.iter().copied().take(36).collect::<VitalSet>(),
        uptime: 1,
        clock: None,
        settings: 0,
        downlink: 0,
    };
    admit(fleet, now, node, 1, Say::Hello(hello));
}

/// Has the fleet admit one body, and returns the row that it makes of it.
fn admit(fleet: &mut Fleet, now: Now, node: u32, sequence: u32, say: Say<'_>) -> Option<VitalsRow> {
    let head = Head { version: VERSION, boot: node + 1, sequence, oldest: sequence };
    match fleet.admit(now, &name(node), &Body { head, say }, true) {
        Admission::Admitted(admitted) => admitted.row,
        other => panic!("{other:?}"),
    }
}

/// Bytes that this process had the kernel write to files so far.
fn written() -> u64 {
    let counters = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let bytes = counters.lines().find_map(|line| line.strip_prefix("wchar: "));
    bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

/// Seconds of processor time that this process has used, or 0 where the kernel
/// doesn't say: on a busy machine a better measure than the clock.
fn processor() -> f64 {
    let counters = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = counters.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// Batches of 20,000 rows, 20 of each of 1,000 nodes.
fn throughput(folder: &Path) {
    let (mut store, _) = Store::open(&folder.join("throughput")).expect("a store");
    let batches: Vec<Batch> = (0..20)
        .map(|batch| {
            let rows = (0..20).flat_map(|n| (0..1_000).map(move |node| row(node, batch * 20 + n + 1)));
            Batch { rows: rows.collect(), ..Batch::default() }
        })
        .collect();
    let mut longest = 0.0_f64;
    let (begin, used) = (Instant::now(), processor());
    for batch in &batches {
        let one = Instant::now();
        assert_eq!(store.commit(batch).expect("a commit").rows, 20_000);
        longest = longest.max(one.elapsed().as_secs_f64());
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "commit 20,000 rows of 1,000 nodes: {:>9.0} rows/s, {:.0} a second of processor time; \
         the longest of 20 took {:.0} ms",
        400_000.0 / seconds,
        400_000.0 / (processor() - used),
        longest * 1e3
    );
    let begin = Instant::now();
    assert_eq!(store.commit(&batches[7]).expect("a commit").doubles, 20_000);
    println!("refuse 20,000 doubles:             {:>9.0} rows/s", 20_000.0 / begin.elapsed().as_secs_f64());
}

/// 12 nodes at 10 s for an hour, with a commit every so many seconds.
fn card(folder: &Path, every: u32) {
    let (mut store, _) = Store::open(&folder.join(format!("card-{every}"))).expect("a store");
    let now = |second: u32| Now {
        mono: u64::from(second) * 1_000 + 1_000_000,
        unix: START + i64::from(second) * 1_000,
        trusted: true,
    };
    let mut fleet = Fleet::new(now(0));
    (0..12).for_each(|node| hello(&mut fleet, now(0), node));
    let mut rows = 0;
    let (begin, time) = (written(), Instant::now());
    let mut commits = 0;
    for from in (0..3_600).step_by(every as usize) {
        let mut batch = Batch::default();
        for second in from..from + every {
            for node in (0..12).filter(|node| (second + node * 5 / 6) % 10 == 0) {
                let sequence = second / 10 + 2;
                let report = Report { uptime: second * 10 + 10, ..report(node, sequence) };
                batch.rows.extend(admit(&mut fleet, now(second), node, sequence, Say::Vitals(report)));
            }
        }
        batch.records = fleet.records();
        rows += store.commit(&batch).expect("a commit").rows;
        commits += 1;
    }
    let (seconds, reader) = (time.elapsed().as_secs_f64(), store.reader().expect("a reader"));
    let stats = reader.stats().expect("stats");
    drop((store, reader));
    let bytes = written() - begin;
    println!(
        "12 nodes at 10 s, commit every {every:>2} s: {:>5.1} KiB a commit, {:>6.0} B a row, \
         {:>5.0} MiB a day; {:.1} ms a commit; file {:.1} MiB after {rows} rows",
        bytes as f64 / 1_024.0 / f64::from(commits),
        bytes as f64 / rows as f64,
        bytes as f64 * 24.0 / 1_048_576.0,
        seconds * 1e3 / f64::from(commits),
        stats.bytes as f64 / 1_048_576.0,
    );
}

/// A node's day among twelve.
fn reading(folder: &Path) {
    let (mut store, _) = Store::open(&folder.join("reading")).expect("a store");
    for from in (0..8_640).step_by(1_000) {
        let rows = (from..(from + 1_000).min(8_640))
            .flat_map(|sequence| (0..12).map(move |node| row(node, sequence + 1)));
        store.commit(&Batch { rows: rows.collect(), ..Batch::default() }).expect("a commit");
    }
    let reader = store.reader().expect("a reader");
    let node = name(5);
    let vitals = [Vital::Cpu, Vital::Temperature];
    for (what, step) in [("as reported", 0), ("by minute", 60_000), ("by quarter", 900_000)] {
        let query =
            SeriesQuery { node: &node, vitals: &vitals, from: START, to: START + DAY, step: Some(step) };
        let begin = Instant::now();
        let points = reader.series(&query).expect("a series").points.len();
        println!("a day {what:<12} {points:>5} points in {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    }
    let begin = Instant::now();
    let spans = reader.moods(&node, START, START + DAY).expect("moods").len();
    println!("a day of moods    {spans:>5} spans in {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    println!("{:?}", reader.stats().expect("stats"));
    drop((store, reader));
    let begin = Instant::now();
    Store::open(&folder.join("reading")).expect("a store");
    println!("opening and checking it again: {:.0} ms", begin.elapsed().as_secs_f64() * 1e3);
}

fn main() {
    let parent = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let parent = parent.map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(parent).expect("a folder to write in");
    throughput(folder.path());
    card(folder.path(), 2);
    card(folder.path(), 30);
    reading(folder.path());
}
