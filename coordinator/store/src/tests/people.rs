//! A forgotten person: no byte of the name is left.

use crate::{Batch, Event, EventQuery, Store};
use serde_json::json;
use serde_json::value::to_raw_value;
use std::path::Path;

/// A name that nothing else holds.
const NAME: &str = "Wilhelmina-Zweig";

/// Every file of the folder that holds these bytes.
fn holding(folder: &Path, name: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(name.len()).any(|window| window == name.as_bytes())
    };
    files.filter(|path| holds(path)).map(|path| path.display().to_string()).collect()
}

#[test]
fn nothing_of_a_forgotten_person_is_left_in_any_byte_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    let reader = store.reader().unwrap();
    let mut ids = store.event_ids().unwrap();
    // Long payloads lie on pages of their own; the cast's memory is replaced time and again.
    for number in 0..200_i64 {
        let person = if number % 3 == 0 { "bob" } else { NAME };
        let question = format!("{person} asks again {}", "and again ".repeat(number as usize % 60));
        let payload = json!({ "person": person, "question": question, "words": format!("{person} asked") });
        let event = Event::new(&mut ids, number, "answered", "stage", payload);
        let people = vec![NAME; number as usize];
        let cast = to_raw_value(&json!({ "grown": { "people": people } })).ok();
        store.commit(&Batch { events: vec![std::sync::Arc::new(event)], cast, ..Batch::default() }).unwrap();
    }
    let all = EventQuery { limit: 1_000, ..EventQuery::default() };
    let before = reader.events(&all).unwrap();
    assert!(!holding(folder.path(), NAME).is_empty(), "it was there");
    let kept = json!({ "grown": { "people": ["bob"] } });
    let done = store.forget_person(NAME, to_raw_value(&kept).ok().as_deref()).unwrap();
    assert_eq!((done.events, done.others), (133, 0));
    assert_eq!(holding(folder.path(), NAME), Vec::<String>::new(), "while it runs");
    let after = reader.events(&all).unwrap();
    assert_eq!(after.len(), before.len());
    for (old, new) in before.iter().zip(&after) {
        assert_eq!((old.id, old.at, &old.kind), (new.id, new.at, &new.kind));
        let theirs = old.payload["person"] == NAME;
        assert_eq!(old.payload == new.payload, !theirs, "bob's stay");
    }
    assert_eq!(store.cast().unwrap(), Some(kept));
    // The store goes on, and a second time does no harm.
    let event = Event::new(&mut ids, 201, "answered", "stage", json!({ "person": "bob" }));
    store.commit(&Batch { events: vec![std::sync::Arc::new(event)], ..Batch::default() }).unwrap();
    assert_eq!(store.forget_person(NAME, None).unwrap().events, 0);
    drop((reader, store));
    assert_eq!(holding(folder.path(), NAME), Vec::<String>::new());
    let (store, opened) = Store::open(folder.path()).unwrap();
    assert_eq!((opened, store.reader().unwrap().events(&all).unwrap().len()), (crate::Opened::Existing, 201));
}

#[test]
fn whoever_names_somebody_else_is_told_of_and_kept() {
    let mut store = Store::temporary().unwrap();
    let mut ids = store.event_ids().unwrap();
    let payload = json!({ "person": "bob", "question": format!("where is {NAME}?") });
    let event = Event::new(&mut ids, 1, "answered", "stage", payload);
    store.commit(&Batch { events: vec![std::sync::Arc::new(event)], ..Batch::default() }).unwrap();
    let done = store.forget_person(NAME, None).unwrap();
    assert_eq!((done.events, done.others), (0, 1));
}
