//! Stress that has a name: silent as usual, told where it differs.

use super::*;
use serde_json::{Value, json};

fn known(but: Option<&str>) -> Value {
    let differs = but.map(|but| format!(", but {but}")).unwrap_or_default();
    let words = format!("the backup, 02:10 UTC as usual{differs}");
    json!({ "name": "the backup", "usual": "02:10 UTC", "but": but, "words": words })
}

fn habit(at: i64, change: &Change, but: Option<&str>) -> Event {
    let mut event = event(AT + at, change);
    event.payload["habit"] = known(but);
    event
}

#[test]
fn as_usual_nobody_says_or_feels_anything() {
    let mut stage = stage();
    let before = stage.portraits(0);
    let night = [
        (10, habit(10, &mood("pi-07", Some(Mood::Happy), Mood::Crisis), None)),
        (90_000, habit(90_000, &mood("pi-07", Some(Mood::Crisis), Mood::Happy), None)),
    ];
    assert_eq!(play_events(&mut stage, &night), []);
    assert_eq!(stage.notes(), [], "no thread is opened for it");
    let feelings = |all: Vec<Portrait>| all.into_iter().map(|one| one.feeling).collect::<Vec<_>>();
    assert_eq!(feelings(stage.portraits(90_000)), feelings(before));
    let line = stage.heard(95_000, &event(AT + 95_000, &mood("pi-01", Some(Mood::Happy), Mood::Stressed)));
    assert!(line.is_some(), "everything else is told as ever");
}

#[test]
fn what_differs_is_told_and_a_graver_one_as_ever() {
    let mut stage = stage();
    let longer = habit(0, &mood("pi-07", Some(Mood::Stressed), Mood::Happy), Some("40 min longer"));
    let line = stage.heard(0, &longer).unwrap();
    assert_eq!(line.by, stage.embody("pi-07").unwrap().id);
    assert!(line.text.contains("pi-07: the backup, 02:10 UTC as usual, but 40 min longer."), "{}", line.text);
    let graver = mood("pi-07", Some(Mood::Happy), Mood::Crisis);
    let lines = play_events(&mut stage, &[(120_000, habit(120_000, &graver, Some("in crisis this time")))]);
    assert_eq!(lines.len(), 1);
    assert_eq!(state(&lines[0].1), "in crisis", "in a crisis the fact comes first");
}

#[test]
fn what_is_overdue_or_missed_is_told_by_its_node_s_character() {
    let mut stage = stage();
    for (at, kind) in [(0, "habit_overdue"), (100_000, "habit_missed")] {
        let payload =
            json!({ "node": "pi-07", "habit": "the backup", "words": "pi-07: the backup has not come." });
        let event = Event::new(&mut EventIds::after(None), AT, kind, "fleet", payload);
        let line = stage.heard(at, &event).unwrap();
        assert!(line.text.contains("the backup has not come."), "{}", line.text);
        assert_eq!((line.by.as_str(), line.cause), (stage.embody("pi-07").unwrap().id.as_str(), event.id));
    }
}
