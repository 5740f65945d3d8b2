//! Doubles, roll-ups, records, settings, errors that keep a batch.

use super::sample::{T, dump, events, node, record, report, row};
use crate::rollup::{MINUTE, QUARTER, Rollup};
use crate::{Batch, Committed, EventQuery, RawFrame, Store, StoreError, UnixMillis};
use fleet::{Dated, VitalsRow};
use frames::Vital;
use proptest::prelude::*;
use serde_json::json;
use serde_json::value::to_raw_value;
use std::collections::{BTreeMap, BTreeSet};

fn batch(rows: Vec<VitalsRow>) -> Batch {
    Batch { rows, ..Batch::default() }
}

#[test]
fn doubles_change_nothing_within_a_batch_between_batches_and_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<_> =
        (1..=30).map(|sequence| row(1, 7, sequence, T + 10_000 * i64::from(sequence))).collect();
    let mut twice = rows.clone();
    twice.extend(rows.clone());
    let (mut store, _) = Store::open(folder.path()).unwrap();
    assert_eq!(store.commit(&batch(twice)).unwrap(), Committed { rows: 30, doubles: 30, events: 0 });
    let before = dump(&store);
    assert_eq!(store.commit(&batch(rows.clone())).unwrap().doubles, 30);
    drop(store);
    let (mut store, _) = Store::open(folder.path()).unwrap();
    assert_eq!(store.commit(&batch(rows)).unwrap(), Committed { rows: 0, doubles: 30, events: 0 });
    assert_eq!(dump(&store), before);
}

#[test]
fn the_same_sequence_of_another_boot_or_node_is_no_double() {
    let mut store = Store::temporary().unwrap();
    let rows = vec![row(1, 7, 1, T), row(1, 8, 1, T), row(2, 7, 1, T), row(1, u32::MAX, u32::MAX, T)];
    assert_eq!(store.commit(&batch(rows)).unwrap().rows, 4);
}

#[test]
fn rows_of_unknown_time_are_kept_but_enter_no_rollup() {
    let mut store = Store::temporary().unwrap();
    let mut unknown = row(1, 7, 1, T);
    unknown.at = Dated::Before(T);
    assert_eq!(store.commit(&batch(vec![unknown.clone()])).unwrap().rows, 1);
    assert_eq!(store.commit(&batch(vec![unknown])).unwrap().doubles, 1);
    let stats = store.reader().unwrap().stats().unwrap();
    assert_eq!((stats.raw, stats.minutes, stats.quarters), (1, 0, 0));
}

#[test]
fn unreadable_frames_are_kept_as_they_came_and_bounded() {
    let mut store = Store::temporary().unwrap();
    let frame = |number: u32| RawFrame {
        node: node(number % 3),
        received: T + i64::from(number),
        version: 200,
        bytes: number.to_le_bytes().to_vec(),
    };
    let all: Vec<_> = (0..3_000).map(frame).collect();
    for part in all.chunks(700) {
        store.commit(&Batch { unreadable: part.to_vec(), ..Batch::default() }).unwrap();
    }
    assert_eq!(store.reader().unwrap().unreadable().unwrap(), all[3_000 - 2_048..]);
}

#[test]
fn settings_rise_in_version_above_the_store_and_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(store.settings(&node(1)).unwrap(), None);
    assert_eq!(store.set_settings(&node(1), 100, 600, 0).unwrap().version, 1);
    assert_eq!(store.set_settings(&node(1), 50, 600, 0).unwrap().version, 2);
    assert_eq!(store.set_settings(&node(1), 50, 700, 9).unwrap().version, 10);
    assert_eq!(store.set_settings(&node(2), 50, 600, 0).unwrap().version, 1);
    let kept = reader.settings(&node(1)).unwrap().unwrap();
    assert_eq!((kept.version, kept.floor, kept.ceiling), (10, 50, 700));
    drop((store, reader));
    let (store, _) = Store::open(folder.path()).unwrap();
    assert_eq!(store.settings(&node(1)).unwrap(), Some(kept));
}

#[test]
fn records_come_back_as_they_went() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    assert_eq!(store.records().unwrap(), []);
    let mut records = vec![record(2), record(1)];
    store.commit(&Batch { records: records.clone(), ..Batch::default() }).unwrap();
    records[0].dropped_before = 77;
    store.commit(&Batch { records: records[..1].to_vec(), ..Batch::default() }).unwrap();
    records.reverse();
    assert_eq!(store.reader().unwrap().records().unwrap(), records);
    drop(store);
    assert_eq!(Store::open(folder.path()).unwrap().0.records().unwrap(), records);
}

/// A full disk, as far as SQLite can tell: the file may not grow.
#[test]
fn a_full_disk_keeps_the_batch_for_later() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    store.commit(&batch(vec![row(1, 7, 1, T)])).unwrap();
    let before = dump(&store);
    let pages: i64 = store.db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.db.pragma_update(None, "max_page_count", pages + 4).unwrap();
    let mut big = batch((0..2_000).map(|n| row(n % 40, 7, 10 + n, T + i64::from(n) * 1_000)).collect());
    big.events = events(&mut store.event_ids().unwrap());
    for _ in 0..3 {
        let error = store.commit(&big).unwrap_err();
        assert!(matches!(error, StoreError::Full(_)) && error.is_passing(), "{error:?}");
        assert_eq!(dump(&store), before);
    }
    // Small things still fit, under names that the failed batch had brought.
    assert_eq!(store.commit(&batch(vec![row(3, 7, 1, T)])).unwrap().rows, 1);
    store.db.pragma_update(None, "max_page_count", 1 << 20).unwrap();
    let done = store.commit(&big).unwrap();
    assert_eq!((done.rows, done.events), (2_000, 5));
    assert_whole(&store, &[big.rows, vec![row(1, 7, 1, T), row(3, 7, 1, T)]].concat());
}

#[test]
fn a_store_gone_read_only_keeps_the_batch_for_later() {
    let mut store = Store::temporary().unwrap();
    store.db.pragma_update(None, "query_only", true).unwrap();
    let rows = batch(vec![row(1, 7, 1, T)]);
    let error = store.commit(&rows).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly(_)) && error.is_passing(), "{error:?}");
    store.db.pragma_update(None, "query_only", false).unwrap();
    assert_eq!(store.commit(&rows).unwrap().rows, 1);
}

#[test]
fn a_readers_long_look_does_not_hold_up_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    store.commit(&batch((1..500).map(|n| row(1, 7, n, T)).collect())).unwrap();
    let reader = store.reader().unwrap();
    let mut look = reader.db.prepare("SELECT sequence FROM vitals").unwrap();
    let mut rows = look.query([]).unwrap();
    rows.next().unwrap();
    assert_eq!(store.commit(&batch(vec![row(1, 7, 1_000, T)])).unwrap().rows, 1);
    let mut seen = 1;
    while rows.next().unwrap().is_some() {
        seen += 1;
    }
    assert_eq!(seen, 499, "a reader sees whole commits only");
}

#[test]
fn many_commits_and_reads_at_once_in_memory() {
    let mut store = Store::temporary().unwrap();
    let reader = store.reader().unwrap();
    let other = std::thread::spawn(move || {
        for _ in 0..100 {
            reader.events(&EventQuery::default()).unwrap();
            reader.moods(&node(1), T, T + 50).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    });
    for n in 1..200 {
        store.commit(&batch(vec![row(1, 7, n, T + i64::from(n))])).unwrap();
    }
    other.join().unwrap();
}

/// Checks every table against naive sums over the rows that must be in it.
pub(super) fn assert_whole(store: &Store, rows: &[VitalsRow]) {
    let mut keys = BTreeSet::new();
    let rows: Vec<_> =
        rows.iter().filter(|row| keys.insert((row.node.clone(), row.boot, row.sequence))).collect();
    let reader = store.reader().unwrap();
    assert_eq!(reader.stats().unwrap().raw, rows.len() as u64);
    for (width, table) in [(MINUTE, "minute"), (QUARTER, "quarter")] {
        let mut expected: BTreeMap<(i64, String), Vec<&VitalsRow>> = BTreeMap::new();
        for row in &rows {
            if let Dated::At(at) = row.at {
                expected.entry((at.div_euclid(width), row.node.to_string())).or_default().push(row);
            }
        }
        let mut stored = store
            .db
            .prepare(&format!(
                "SELECT bucket, name, sums FROM {table} JOIN node ON node.id = node ORDER BY 1, 2"
            ))
            .unwrap();
        let stored: BTreeMap<(i64, String), Vec<u8>> = stored
            .query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(stored.keys().eq(expected.keys()), "{table}: the buckets that have rows, and no other");
        for (key, sums) in stored {
            let rollup = Rollup::decode(&sums).unwrap();
            let rows = &expected[&key];
            assert_eq!(rollup.rows as usize, rows.len(), "{table} {key:?}");
            for vital in [Vital::Cpu, Vital::Temperature, Vital::NetSent, Vital::ThrottledNow] {
                let values: Vec<f32> = rows.iter().filter_map(|row| row.report.vitals.get(vital)).collect();
                let found = rollup.aggregate(vital);
                assert_eq!(found.map_or(0, |found| found.count as usize), values.len());
                if let Some(found) = found {
                    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
                    assert!((f64::from(found.mean) - mean).abs() <= 1e-4 * mean.abs().max(1.0));
                    assert_eq!(Some(found.max), values.iter().copied().reduce(f32::max));
                }
            }
        }
    }
}

/// Few nodes, boots, sequences and minutes, so that doubles and shared buckets are common.
fn any_row() -> impl Strategy<Value = VitalsRow> {
    (0..3_u32, 0..2_u32, 1..12_u32, 0..40 * MINUTE, any::<bool>(), any::<u64>()).prop_map(
        |(number, boot, sequence, at, known, seed)| {
            let at: UnixMillis = T - 20 * MINUTE + at;
            let mut row = row(number, boot, sequence, at);
            row.report = report(seed);
            if !known {
                row.at = Dated::Before(at);
            }
            row
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn rollups_equal_the_naive_sums_whatever_comes_when(
        batches in prop::collection::vec(prop::collection::vec(any_row(), 0..20), 1..8),
    ) {
        let mut store = Store::temporary().unwrap();
        let mut new = 0;
        for rows in &batches {
            new += store.commit(&batch(rows.clone())).unwrap().rows;
        }
        let all = batches.concat();
        let keys: BTreeSet<_> = all.iter().map(|row| (row.node.clone(), row.boot, row.sequence)).collect();
        prop_assert_eq!(new, keys.len() as u64);
        assert_whole(&store, &all);
    }
}

#[test]
fn what_the_cast_remembers_is_kept_with_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    assert_eq!(store.cast().unwrap(), None);
    for muted in ["malvo", "umbrell"] {
        let batch = Batch { cast: to_raw_value(&json!({ "muted": [muted] })).ok(), ..Batch::default() };
        assert!(!batch.is_empty());
        store.commit(&batch).unwrap();
    }
    store.commit(&Batch::default()).unwrap();
    drop(store);
    let (store, _) = Store::open(folder.path()).unwrap();
    assert_eq!(store.cast().unwrap(), Some(json!({ "muted": ["umbrell"] })));
}
