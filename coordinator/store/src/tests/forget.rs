//! Retention on a real store.

use super::commit::assert_whole;
use super::sample::{T, events, row};
use crate::retention::{DAY, HOUR};
use crate::rollup::MINUTE;
use crate::{Batch, EventQuery, Retained, Stats, Store, UnixMillis, Verdict};
use fleet::{Now, VitalsRow};

/// A clock that is right, or wrong by `error`.
fn now(since: UnixMillis, error: UnixMillis) -> Now {
    Now { mono: u64::try_from(since).unwrap(), unix: T + since + error, trusted: true }
}

fn store(rows: &[VitalsRow]) -> Store {
    let mut store = Store::temporary().unwrap();
    store.commit(&Batch { rows: rows.to_vec(), ..Batch::default() }).unwrap();
    store
}

fn stats(store: &Store) -> Stats {
    store.reader().unwrap().stats().unwrap()
}

/// Looks at the clock every five minutes from `from` to `to` hours.
fn pass(store: &mut Store, from: i64, to: i64, error: UnixMillis) -> Vec<Retained> {
    (from * 12..to * 12).map(|n| store.retain(now(n * 5 * MINUTE, error)).unwrap()).collect()
}

#[test]
fn each_level_is_forgotten_in_its_time_and_events_never() {
    // One report an hour for 20 days up to T.
    let rows: Vec<_> = (0..480).map(|n| row(1, 7, n + 1, T - i64::from(480 - n) * HOUR)).collect();
    let mut store = store(&rows);
    let events = events(&mut store.event_ids().unwrap());
    store.commit(&Batch { events, ..Batch::default() }).unwrap();
    let before = stats(&store);
    assert_eq!((before.raw, before.minutes, before.quarters), (480, 480, 480));
    pass(&mut store, 0, 40, 0);
    let after = stats(&store);
    // 40 h on, nothing new: no raw vitals are left of the last day, but the
    // minutes of the last 14 days are, and every quarter.
    assert_eq!((after.raw, after.quarters), (0, 480));
    assert!((14 * 24 - 41..14 * 24 - 38).contains(&after.minutes), "{after:?}");
    let reader = store.reader().unwrap();
    assert_eq!(reader.events(&EventQuery::default()).unwrap().len(), 5);
}

#[test]
fn one_hour_takes_at_most_a_days_worth() {
    let rows: Vec<_> = (0..480).map(|n| row(1, 7, n + 1, T - i64::from(480 - n) * HOUR)).collect();
    let mut store = store(&rows);
    let done = pass(&mut store, 0, 6, 0);
    assert!(done[..12].iter().all(|done| matches!(done.verdict, Verdict::Held { .. })));
    for hour in 1..6 {
        let hour = &done[hour * 12..(hour + 1) * 12];
        assert_eq!(hour.iter().filter(|done| done.verdict == Verdict::Due).count(), 1);
        assert_eq!(hour.iter().map(|done| done.raw).sum::<u64>(), 24);
        assert_eq!(hour.iter().map(|done| done.minutes).sum::<u64>(), 24);
    }
}

#[test]
fn no_wrong_clock_costs_a_row() {
    // The last day before T, a report a minute.
    let rows: Vec<_> = (0..1_440).map(|n| row(1, 7, n + 1, T - i64::from(1_440 - n) * MINUTE)).collect();
    let ten_years = 3_652 * DAY;
    // In 1970, then ten years on; and right at first, then wrong in many ways.
    for errors in [[-T, ten_years - T], [0, ten_years], [0, -ten_years], [0, 40 * DAY], [0, -DAY]] {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open(folder.path()).unwrap();
        store.commit(&Batch { rows: rows.clone(), ..Batch::default() }).unwrap();
        store.retain(now(0, errors[0])).unwrap();
        pass(&mut store, 1, 20, errors[1]);
        drop(store);
        // A restart on the wrong clock is no proof that it is right.
        let (mut store, _) = Store::open(folder.path()).unwrap();
        for n in 0..24 {
            let at = now(20 * HOUR + n * 5 * MINUTE, errors[1]);
            store.retain(Now { mono: at.mono - 60_000_000, ..at }).unwrap();
        }
        assert_whole(&store, &rows);
    }
}

#[test]
fn without_a_trusted_clock_nothing_is_forgotten() {
    let rows: Vec<_> = (0..480).map(|n| row(1, 7, n + 1, T - i64::from(480 - n) * HOUR)).collect();
    let mut store = store(&rows);
    for n in 0..100 {
        let done = store.retain(Now { trusted: false, ..now(n * HOUR, 0) }).unwrap();
        assert_eq!(done.verdict, Verdict::NoClock);
    }
    assert_whole(&store, &rows);
}

#[test]
fn a_large_plan_is_done_in_parts() {
    let rows: Vec<_> =
        (0..5_000).map(|n| row(n % 20, 7, n + 1, T - 30 * HOUR + i64::from(n / 20) * 10_000)).collect();
    let mut store = store(&rows);
    store.retain(now(0, 0)).unwrap();
    let parts: Vec<_> = (0..4).map(|n| store.retain(now(HOUR + n, 0)).unwrap()).collect();
    // All nodes of a minute go together, so a part may be a minute larger.
    assert!(parts.iter().all(|part| part.raw <= 2_000 + 20 * 6), "{parts:?}");
    assert!(parts.iter().map(|part| part.more).eq([true, true, false, false]), "{parts:?}");
    assert_eq!(parts.iter().map(|part| part.raw).sum::<u64>(), 5_000);
    assert_eq!(stats(&store).raw, 0);
    assert_eq!(stats(&store).minutes, 42 * 20);
    // They are still known as doubles.
    let again = store.commit(&Batch { rows, ..Batch::default() }).unwrap();
    assert_eq!((again.rows, again.doubles), (0, 5_000));
}

#[test]
fn a_row_from_the_future_does_not_hold_up_those_behind_it() {
    let mut rows: Vec<_> = (0..100).map(|n| row(1, 7, n + 1, T - 30 * HOUR + i64::from(n))).collect();
    rows[40] = row(1, 7, 41, T + 300 * DAY);
    let mut store = store(&rows);
    pass(&mut store, 0, 2, 0);
    assert_eq!(stats(&store).raw, 1);
}

#[test]
fn a_boot_is_forgotten_a_year_after_its_last_word() {
    let mut store = store(&[row(1, 7, 1, T - 400 * DAY), row(1, 8, 1, T - 300 * DAY)]);
    pass(&mut store, 0, 40 * 24, 0);
    let runs: Vec<u32> = (7..9)
        .filter(|boot| {
            let query = "SELECT count(*) FROM run WHERE boot = ?1";
            store.db.query_row(query, [boot], |row| row.get::<_, bool>(0)).unwrap()
        })
        .collect();
    assert_eq!(runs, [8]);
}

#[test]
fn the_file_does_not_grow_when_days_pass() {
    let mut store = Store::temporary().unwrap();
    let mut sizes = Vec::new();
    for hour in 0..72 {
        let rows = (0..90)
            .map(|n| row(n % 4, 7, hour * 90 + n / 4 + 1, T + i64::from(hour) * HOUR + i64::from(n) * 40_000))
            .collect();
        store.commit(&Batch { rows, ..Batch::default() }).unwrap();
        pass(&mut store, i64::from(hour), i64::from(hour) + 1, HOUR);
        sizes.push(stats(&store));
    }
    let (day, end) = (sizes[30], sizes[71]);
    assert!(end.raw <= 26 * 90, "{end:?}");
    // Minutes and quarters go on growing for two weeks and a year.
    let rollups = (end.minutes + end.quarters - day.minutes - day.quarters) * 700;
    assert!(end.bytes < day.bytes + rollups, "{day:?} {end:?}");
}
