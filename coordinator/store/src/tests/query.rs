//! What readers find.

use super::sample::{T, events, node, row};
use crate::retention::{DAY, HOUR};
use crate::rollup::MINUTE;
use crate::{Batch, Event, EventQuery, KindPattern, MoodSpan, Resolution, SeriesQuery, Store, UnixMillis};
use fleet::{Dated, Now, VitalsRow};
use frames::{Mood, Vital};
use proptest::prelude::*;
use std::sync::Arc;

fn store(rows: Vec<VitalsRow>) -> Store {
    let mut store = Store::temporary().unwrap();
    store.commit(&Batch { rows, ..Batch::default() }).unwrap();
    store
}

/// Six reports a minute for `hours` before T, of two nodes.
fn day(hours: i64) -> Vec<VitalsRow> {
    (0..hours * 360)
        .flat_map(|n| {
            let at = T - hours * HOUR + n * 10_000;
            [row(1, 7, n as u32 + 1, at), row(2, 9, n as u32 + 1, at)]
        })
        .collect()
}

#[test]
fn events_are_found_by_every_part_of_a_query() {
    let mut store = Store::temporary().unwrap();
    let made = events(&mut store.event_ids().unwrap());
    assert_eq!(store.commit(&Batch { events: made.clone(), ..Batch::default() }).unwrap().events, 5);
    assert_eq!(store.commit(&Batch { events: made.clone(), ..Batch::default() }).unwrap().events, 0);
    let reader = store.reader().unwrap();
    let find = |query: EventQuery| -> Vec<Arc<Event>> {
        reader.events(&query).unwrap().into_iter().map(Arc::new).collect()
    };
    let all = EventQuery { ascending: true, ..EventQuery::default() };
    let only = |kind: &str| EventQuery { kind: Some(kind.parse().unwrap()), ..all.clone() };

    assert_eq!(find(all.clone()), made);
    assert!(find(EventQuery::default()).iter().eq(made.iter().rev()));
    assert_eq!(find(EventQuery { limit: 2, ..EventQuery::default() }), [made[4].clone(), made[3].clone()]);
    assert_eq!(find(EventQuery { after: Some(made[2].id), ..all.clone() }), made[3..]);
    assert_eq!(find(EventQuery { before: Some(made[2].id), ..all.clone() }), made[..2]);
    assert_eq!(find(EventQuery { node: Some(node(1)), ..all.clone() }), made[..3]);
    assert_eq!(find(EventQuery { node: Some(node(7)), ..all.clone() }), []);
    assert_eq!(find(EventQuery { correlation: Some(made[1].id), ..all.clone() }), made[1..3]);
    assert_eq!(find(only("s*")), made[2..4]);
    assert_eq!(find(only("silent")), made[3..4]);
    assert_eq!(find(only("mood")), []);
    let source = EventQuery { source: Some(made[1].source.clone()), ..all.clone() };
    assert_eq!(
        find(source.clone()),
        made.iter().filter(|one| one.source == made[1].source).cloned().collect::<Vec<_>>()
    );
    assert_eq!(find(EventQuery { source: Some("nobody".to_owned()), ..all.clone() }), []);
    assert_eq!(find(EventQuery { to: Some("crisis".to_owned()), ..all.clone() }), made[1..2]);
    assert_eq!(find(EventQuery { by: Some("malvo".to_owned()), ..all.clone() }), made[2..3]);
    assert_eq!(find(EventQuery { by: Some("caudex".to_owned()), ..all.clone() }), []);
    for query in [all.clone(), only("s*"), source, EventQuery { limit: 1, ..all.clone() }] {
        let found = find(EventQuery { limit: 100, ..query.clone() }).len();
        assert_eq!(reader.count_events(&query).unwrap(), found as u64, "whatever its limit");
    }
    let narrow = EventQuery { node: Some(node(1)), after: Some(made[0].id), limit: 1, ..only("*s*") };
    assert_eq!(find(narrow), made[2..3]);
    assert_eq!(reader.event(made[3].id).unwrap().as_ref(), Some(made[3].as_ref()));
    assert_eq!(reader.event(crate::Uuid::nil()).unwrap(), None);
}

#[test]
fn new_ids_continue_after_stored_ones_though_the_clock_was_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    let made = events(&mut store.event_ids().unwrap());
    store.commit(&Batch { events: made.clone(), ..Batch::default() }).unwrap();
    drop(store);
    let (store, _) = Store::open(folder.path()).unwrap();
    assert!(store.event_ids().unwrap().next(5) > made[4].id);
}

#[test]
fn a_pattern_of_strange_characters_is_refused() {
    for wrong in ["mood'", "Mood", "a?", "[a]", "a b", "ä"] {
        assert!(wrong.parse::<KindPattern>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn a_pattern_matches_live_what_it_finds_in_the_store(pattern in "[ab_*]{0,6}", kind in "[ab_]{0,8}") {
        thread_local!(static DB: rusqlite::Connection = rusqlite::Connection::open_in_memory().unwrap());
        let found: bool = DB.with(|db| {
            db.query_row("SELECT ?1 GLOB ?2", [&kind, &pattern], |row| row.get(0)).unwrap()
        });
        prop_assert_eq!(pattern.parse::<KindPattern>().unwrap().matches(&kind), found);
    }
}

#[test]
fn a_series_of_every_resolution_tells_the_same() {
    let rows = day(6);
    let store = store(rows.clone());
    let reader = store.reader().unwrap();
    let one = node(1);
    let mine: Vec<_> = rows.iter().filter(|row| row.node == one).collect();
    let vitals = [Vital::Cpu, Vital::NetReceived];
    for (step, resolution) in [
        (0, Resolution::Raw),
        (20_000, Resolution::Raw),
        (MINUTE, Resolution::Minute),
        (HOUR, Resolution::Quarter),
    ] {
        let query =
            SeriesQuery { node: &one, vitals: &vitals, from: T - 4 * HOUR, to: T - HOUR, step: Some(step) };
        let series = reader.series(&query).unwrap();
        assert_eq!((series.resolution, series.step), (resolution, step));
        let points = if step == 0 { 1_080 } else { 3 * HOUR / step };
        assert_eq!(series.points.len(), points as usize);
        for point in &series.points {
            let inside: Vec<_> = mine
                .iter()
                .filter(|row| (point.at..point.at + step.max(1)).contains(&row.at.bound()))
                .collect();
            assert_eq!(point.reports as usize, inside.len());
            let moods: u32 = point.moods.iter().sum();
            assert_eq!(moods as usize, inside.iter().filter(|row| row.report.mood.is_some()).count());
            for (vital, found) in vitals.iter().zip(&point.values) {
                let values: Vec<_> = inside.iter().filter_map(|row| row.report.vitals.get(*vital)).collect();
                assert_eq!(found.map_or(0, |found| found.count as usize), values.len());
                if let Some(found) = found {
                    assert_eq!(Some(found.min), values.iter().copied().reduce(f32::min));
                    assert_eq!(Some(found.max), values.iter().copied().reduce(f32::max));
                }
            }
        }
    }
}

#[test]
fn a_span_finds_its_own_resolution_and_what_is_forgotten_coarsens_it() {
    // Before the last six hours, one report a minute is enough.
    let mut rows = day(6);
    rows.extend((0..34 * 60).map(|n| row(1, 8, n + 1, T - 40 * HOUR + i64::from(n) * MINUTE)));
    let mut store = store(rows);
    let reader = store.reader().unwrap();
    let one = node(1);
    let ask = |from, to, step| SeriesQuery { node: &one, vitals: &[Vital::Cpu], from, to, step };
    let told = |from, to, step| reader.series(&ask(from, to, step)).unwrap();
    assert_eq!(told(T - HOUR, T, None).resolution, Resolution::Raw);
    assert_eq!(told(T - DAY, T, None).resolution, Resolution::Minute);
    assert_eq!(told(T - DAY, T, None).points.len(), 1_440);
    assert_eq!(told(T - 40 * DAY, T, None).resolution, Resolution::Quarter);
    assert_eq!(told(T - 40 * HOUR, T - 39 * HOUR, None).resolution, Resolution::Raw);
    for hours in 0..3 {
        let now = Now { mono: (hours * HOUR) as u64, unix: T + hours * HOUR, trusted: true };
        while store.retain(now).unwrap().more {}
    }
    assert_eq!(told(T - 40 * HOUR, T - 39 * HOUR, None).resolution, Resolution::Minute);
    assert_eq!(told(T - 40 * HOUR, T - 39 * HOUR, None).points.len(), 60);
    assert_eq!(told(T - HOUR, T, None).resolution, Resolution::Raw);
}

#[test]
fn a_series_is_bounded_and_any_times_are_answered() {
    let mut rows: Vec<_> = (0..5_100).map(|n| row(1, 7, n + 1, T - DAY + i64::from(n) * 10_000)).collect();
    // Clocks that were wrong: 1970, and far ahead.
    rows.push(row(1, 3, 1, 5));
    rows.push(row(2, 3, 1, T + 30_000 * DAY));
    let store = store(rows);
    let reader = store.reader().unwrap();
    let one = node(1);
    let (least, most) = (UnixMillis::MIN, UnixMillis::MAX);
    for (from, to) in [(least, most), (0, T), (T, 0), (T, T), (most, least)] {
        for step in [None, Some(-5), Some(MINUTE + 1), Some(most)] {
            let query = SeriesQuery { node: &one, vitals: &[Vital::Cpu], from, to, step };
            let series = reader.series(&query).unwrap();
            assert!(series.points.len() <= 5_001, "{from} {to} {step:?}: {}", series.points.len());
            assert!(series.points.is_sorted_by(|a, b| a.at < b.at));
            reader.moods(&one, from, to).unwrap();
        }
    }
    let stranger = node(77);
    let query = SeriesQuery { node: &stranger, vitals: &[], from: 0, to: T, step: None };
    assert!(reader.series(&query).unwrap().points.is_empty());
}

#[test]
fn moods_are_spans_and_silences_are_gaps() {
    let told = [
        (0, None),
        (10, Some(Mood::Bored)),
        (20, Some(Mood::Bored)),
        (30, Some(Mood::Crisis)),
        // A silence: the interval is 10 s.
        (100, Some(Mood::Crisis)),
        (110, Some(Mood::Happy)),
    ];
    let mut rows: Vec<_> = told
        .iter()
        .enumerate()
        .map(|(n, (second, mood))| {
            let mut row = row(1, 7, n as u32 + 1, T + second * 1_000);
            row.report.mood = *mood;
            row
        })
        .collect();
    let mut unknown = row(1, 6, 1, T + 15_000);
    unknown.at = Dated::Before(T + 15_000);
    rows.push(unknown);
    let store = store(rows);
    let span = |mood, from: i64, to: i64| MoodSpan { mood, from: T + from * 1_000, to: T + to * 1_000 };
    assert_eq!(
        store.reader().unwrap().moods(&node(1), T, T + 120_000).unwrap(),
        [
            span(None, 0, 10),
            span(Some(Mood::Bored), 10, 30),
            span(Some(Mood::Crisis), 30, 60),
            span(Some(Mood::Crisis), 100, 110),
            span(Some(Mood::Happy), 110, 120),
        ]
    );
}

#[test]
fn moods_of_long_ago_come_from_rollups() {
    let rows: Vec<_> = (0..240)
        .map(|n: u32| {
            let mut row = row(1, 7, n + 1, T - 3 * DAY + i64::from(n) * MINUTE / 2);
            row.report.mood = Some(if n < 120 { Mood::Happy } else { Mood::Stressed });
            row
        })
        .collect();
    let spans = store(rows).reader().unwrap().moods(&node(1), T - 4 * DAY, T).unwrap();
    let from = T - 3 * DAY;
    let happy = MoodSpan { mood: Some(Mood::Happy), from, to: from + HOUR };
    let stressed = MoodSpan { mood: Some(Mood::Stressed), from: from + HOUR, to: from + 2 * HOUR };
    assert_eq!(spans, [happy, stressed]);
}

#[test]
fn the_quarters_of_all_nodes_are_their_series_in_steps_of_a_quarter() {
    let store = store(day(3));
    let reader = store.reader().unwrap();
    let (from, to) = (T - 2 * HOUR, T);
    let found = reader.quarters(from, to).unwrap();
    assert_eq!(found.nodes.len(), 2);
    for (place, name) in found.nodes.iter().enumerate() {
        let quarter = 15 * MINUTE;
        // Whole quarters only.
        let from = (from + quarter - 1).div_euclid(quarter) * quarter;
        let query = SeriesQuery { node: name, vitals: &[], from, to, step: Some(quarter) };
        let expected: Vec<_> = reader.series(&query).unwrap().points;
        let of_node: Vec<_> = found.quarters.iter().filter(|quarter| quarter.node == place).collect();
        assert_eq!(of_node.len(), expected.len());
        assert!(expected.len() >= 7, "{}", expected.len());
        for (found, expected) in of_node.iter().zip(&expected) {
            assert_eq!((found.at, found.reports), (expected.at, expected.reports));
            assert_eq!(found.moods, expected.moods);
        }
    }
    assert_eq!(reader.quarters(T + HOUR, T + 2 * HOUR).unwrap().quarters, []);
}
