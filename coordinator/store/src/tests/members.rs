//! Nodes that leave, or get another name.

use super::sample::{T, events, node, record, row};
use crate::{Batch, EventQuery, Stats, Store};

fn store() -> Store {
    let mut store = Store::temporary().unwrap();
    let rows = [1, 2].into_iter().flat_map(|who| (1..=3).map(move |n| row(who, 7, n, T))).collect();
    let events = events(&mut store.event_ids().unwrap());
    store.commit(&Batch { rows, records: vec![record(1), record(2)], events, ..Batch::default() }).unwrap();
    store
}

fn stats(store: &Store) -> Stats {
    store.reader().unwrap().stats().unwrap()
}

fn names(store: &Store) -> Vec<frames::NodeName> {
    store.records().unwrap().into_iter().map(|record| record.name).collect()
}

#[test]
fn a_forgotten_node_is_not_remembered_and_its_past_stays() {
    let mut store = store();
    let before = stats(&store);
    store.forget(&node(1), false).unwrap();
    assert_eq!(names(&store), [node(2)]);
    assert_eq!(stats(&store), before);
    // Who comes back goes on with it, and what was stored is a double.
    let again = store.commit(&Batch { rows: vec![row(1, 7, 1, T)], ..Batch::default() }).unwrap();
    assert_eq!((again.rows, again.doubles), (0, 1));
    store.forget(&node(9), false).unwrap();
}

#[test]
fn a_purge_leaves_the_others_alone_and_of_its_events_only_that_they_were() {
    let mut store = store();
    store.forget(&node(1), true).unwrap();
    let reader = store.reader().unwrap();
    assert!(!reader.knows(&node(1)).unwrap() && reader.knows(&node(2)).unwrap());
    let left = stats(&store);
    assert_eq!((left.nodes, left.raw, left.minutes, left.quarters, left.events), (1, 3, 1, 1, 5));
    let told = reader.events(&EventQuery { node: Some(node(1)), ..EventQuery::default() }).unwrap();
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|event| event.payload["words"] == "What was recorded of pi-01 was removed."));
    assert!(told.iter().all(|event| event.payload.get("text").is_none()));
    // One of that name begins anew.
    let anew = store.commit(&Batch { rows: vec![row(1, 7, 1, T)], ..Batch::default() }).unwrap();
    assert_eq!((anew.rows, anew.doubles), (1, 0));
    // Also what was forgotten before can be purged.
    store.forget(&node(2), false).unwrap();
    store.forget(&node(2), true).unwrap();
    assert_eq!(stats(&store).raw, 1);
}

#[test]
fn a_renamed_nodes_past_goes_along() {
    let mut store = store();
    let attic = "attic".parse().unwrap();
    assert!(store.rename(&node(1), &node(2)).is_err(), "it is taken");
    store.rename(&node(1), &attic).unwrap();
    assert_eq!(names(&store), [attic.clone(), node(2)]);
    let mut said = row(1, 7, 1, T);
    said.node = attic;
    let again = store.commit(&Batch { rows: vec![said], ..Batch::default() }).unwrap();
    assert_eq!((again.rows, again.doubles), (0, 1), "its frames are known");
    assert_eq!(stats(&store).nodes, 2);
}
