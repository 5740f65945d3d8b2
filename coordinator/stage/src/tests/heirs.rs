//! A new board is an heir, a new name is the same soul, a new card a resurrection.

use super::*;
use crate::settings::Births;
use cast::birth::Why;
use serde_json::json;

fn told(at: i64, kind: &str, source: &str, payload: serde_json::Value) -> Event {
    Event::new(&mut EventIds::after(None), at, kind, source, payload)
}

/// What a character remembers of a node, and how much of it was handed down.
fn remembers(stage: &Stage, id: &str, node: &str) -> (usize, usize) {
    let life = stage.grown().life(id);
    let of_node = || life.iter().flat_map(|life| life.memory.memories()).filter(|one| one.node == node);
    (of_node().count(), of_node().filter(|one| one.inherited).count())
}

fn troubled(stage: &mut Stage, node: &str) {
    for (hour, to) in [Mood::Crisis, Mood::Happy, Mood::Crisis].into_iter().enumerate() {
        let at = hour as u64 * 60 * MINUTE;
        stage.heard(at, &event(AT + at.cast_signed(), &mood(node, None, to)));
    }
    stage.notes();
}

#[test]
fn a_new_board_under_an_old_name_inherits_what_is_remembered() {
    let mut stage = stage();
    let head = stage.embody("pi-1").unwrap().id.clone();
    troubled(&mut stage, "pi-1");
    let (before, none) = remembers(&stage, &head, "pi-1");
    assert!(before >= 2 && none == 0);
    let changed = Change::HardwareChanged {
        node: "pi-1".parse().unwrap(),
        from: "Raspberry Pi 4".to_owned(),
        to: "Raspberry Pi 5".to_owned(),
    };
    let changed = event(AT + 5 * 3_600_000, &changed);
    stage.heard(300 * MINUTE, &changed);
    // The new board's own is its own.
    assert_eq!(remembers(&stage, &head, "pi-1"), (before + 1, before));
    let notes = stage.notes();
    let note = notes.iter().find(|note| note.kind == "inherited").unwrap();
    assert_eq!((note.cause, &note.payload["memories"]), (Some(changed.id), &json!(before)));
    // What it told of it hands nothing down once more, and is told by the heir.
    let recorded = told(AT + 5 * 3_600_000, "inherited", "stage", note.payload.clone());
    stage.heard(301 * MINUTE, &recorded);
    assert!(stage.notes().iter().all(|note| note.kind != "inherited"));
}

#[test]
fn who_takes_the_name_of_a_forgotten_one_inherits_too() {
    let mut stage = stage();
    let head = stage.embody("pi-1").unwrap().id.clone();
    troubled(&mut stage, "pi-1");
    let (before, _) = remembers(&stage, &head, "pi-1");
    stage.heard(300 * MINUTE, &told(AT, "forgotten", "members", json!({ "node": "pi-1", "purged": false })));
    assert_eq!(remembers(&stage, &head, "pi-1"), (before, before));
    stage.heard(310 * MINUTE, &event(AT + 20_000_000, &joined("pi-1")));
    assert_eq!(remembers(&stage, &head, "pi-1"), (before + 1, before));
}

#[test]
fn a_board_under_a_new_name_is_remembered_by_whoever_it_lives_with_now() {
    let mut stage = stage();
    let before = stage.embody("pi-1").unwrap().id.clone();
    let mut names = (0..1_000).map(|number| format!("attic-{number}"));
    let to = names.find(|name| stage.embody(name).unwrap().id != before).unwrap();
    let heir = stage.embody(&to).unwrap().id.clone();
    troubled(&mut stage, "pi-1");
    let (had, _) = remembers(&stage, &before, "pi-1");
    stage.heard(
        300 * MINUTE,
        &told(AT, "inherited", "fleet", json!({ "node": to, "from": "pi-1", "words": "w" })),
    );
    assert_eq!(remembers(&stage, &heir, "pi-1"), (had, had));
}

#[test]
fn a_character_of_its_own_moves_with_its_board_and_stays_there() {
    let mut stage = Stage::new(
        Cast::built_in().unwrap(),
        7,
        Settings { births: Some(Births::default()), ..Settings::default() },
    );
    let own = stage.bear(0, AT, "pi-1", Why::Wish, None).unwrap();
    troubled(&mut stage, "pi-1");
    let (had, _) = remembers(&stage, &own, "pi-1");
    assert!(had >= 2);
    stage.heard(
        300 * MINUTE,
        &told(AT, "renamed", "members", json!({ "node": "attic", "from": "pi-1", "words": "w" })),
    );
    assert_eq!(stage.embody("attic").unwrap().id, own);
    assert_ne!(stage.embody("pi-1").unwrap().id, own);
    // It is its own past: nothing of it was handed down.
    assert_eq!(remembers(&stage, &own, "pi-1"), (had, 0));
    // And after a restart, when its sheet says the old name.
    let mut again = Stage::new(stage.cast().as_ref().clone(), 7, Settings::default());
    Arc::make_mut(&mut again.cast).follow(&own, "pi-1");
    again.remember(stage.kept().clone());
    assert_eq!(again.embody("attic").unwrap().id, own);
}
