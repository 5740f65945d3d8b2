//! Killed, and cut off from power, at any moment.

use super::commit::assert_whole;
use super::sample::{T, events, row};
use crate::{Batch, EventQuery, Opened, Store};
use fleet::VitalsRow;
use rusqlite::TransactionBehavior;
use std::fs;
use std::path::Path;

/// Copies the files as they lie there now: what a kill leaves behind.
fn snapshot(from: &Path, to: &Path) {
    for ending in ["", "-wal"] {
        let name = format!("store.sqlite{ending}");
        fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
}

fn rows(batch: u32) -> Vec<VitalsRow> {
    (0..40).map(|n| row(n % 4, 7, batch * 10 + n / 4 + 1, T + i64::from(batch * 100 + n) * 1_000)).collect()
}

#[test]
fn killed_in_the_middle_of_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    store.commit(&Batch { rows: rows(0), ..Batch::default() }).unwrap();
    // A cache of few pages, so that the open transaction has spilled to the log.
    store.db.pragma_update(None, "cache_size", 2).unwrap();
    let transaction = store.db.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    for n in 0..3_000 {
        transaction.execute("INSERT INTO vitals VALUES (1, 1, 8, ?1, 0, 1, 0, zeroblob(90))", [n]).unwrap();
    }
    let killed = tempfile::tempdir().unwrap();
    snapshot(folder.path(), killed.path());
    drop(transaction);
    assert!(fs::metadata(killed.path().join("store.sqlite-wal")).unwrap().len() > 100_000);

    let (mut store, opened) = Store::open(killed.path()).unwrap();
    assert_eq!(opened, Opened::Existing);
    assert_whole(&store, &rows(0));
    assert_eq!(store.commit(&Batch { rows: rows(0), ..Batch::default() }).unwrap().doubles, 40);
    assert_eq!(store.commit(&Batch { rows: rows(1), ..Batch::default() }).unwrap().rows, 40);
    assert_whole(&store, &[rows(0), rows(1)].concat());
}

/// The log ends anywhere, with or without rubbish behind: what remains is a
/// number of whole commits, and its roll-ups are its rows' own.
#[test]
fn power_lost_at_any_byte_leaves_whole_commits() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    let mut ids = store.event_ids().unwrap();
    for batch in 0..4 {
        let batch = Batch { rows: rows(batch), events: events(&mut ids), ..Batch::default() };
        store.commit(&batch).unwrap();
    }
    let whole = tempfile::tempdir().unwrap();
    snapshot(folder.path(), whole.path());
    drop(store);
    let log = fs::read(whole.path().join("store.sqlite-wal")).unwrap();
    let mut seen = [false; 5];
    // A header of 32 bytes, then frames of 24 bytes and a page of 2,048 each: every other frame, and the last.
    let ends = (32..log.len()).step_by(2 * 2_072).chain([log.len()]);
    for cut in ends.flat_map(|end| [end, end - 7, end + 1_111]) {
        for rubbish in [0, 9_000] {
            let cut = cut.min(log.len());
            let mut torn = log[..cut].to_vec();
            torn.extend(std::iter::repeat_n(0xc3, rubbish));
            let power_lost = tempfile::tempdir().unwrap();
            fs::copy(whole.path().join("store.sqlite"), power_lost.path().join("store.sqlite")).unwrap();
            fs::write(power_lost.path().join("store.sqlite-wal"), torn).unwrap();
            let (store, opened) = Store::open(power_lost.path()).unwrap();
            assert!(matches!(opened, Opened::Existing | Opened::Fresh), "cut at {cut}: {opened:?}");
            let stored = store.reader().unwrap().stats().unwrap().raw;
            assert_eq!(stored % 40, 0, "cut at {cut}");
            let commits = stored as usize / 40;
            seen[commits] = true;
            let expected: Vec<_> = (0..commits as u32).flat_map(rows).collect();
            assert_whole(&store, &expected);
            let events = store.reader().unwrap().events(&EventQuery::default()).unwrap();
            assert_eq!(events.len(), 5 * commits);
        }
    }
    assert_eq!(seen, [true; 5], "every number of commits was met");
}
