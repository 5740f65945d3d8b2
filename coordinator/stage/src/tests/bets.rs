//! Bets: made of what a look has found, recorded, and owned.

use super::*;
use cast::Kind;
use cast::bet::{LIMITS, Prospect};
use serde_json::{Value, json};

fn made(kind: &str, payload: Value) -> Event {
    Event::new(&mut EventIds::after(None), AT, kind, "stage", payload)
}

fn looked(node: &str) -> Event {
    let trend = Prospect {
        vital: "disk_used".to_owned(),
        words: "disk used".to_owned(),
        limit: 95,
        text: "95 %".to_owned(),
        pace: "1.2 % an hour".to_owned(),
        reaches: AT + 20 * 3_600_000,
        give_or_take: 3 * 3_600_000,
    };
    let payload = json!({ "node": node, "mood": "happy", "after": null, "readings": [], "trends": [trend] });
    made(facts::LOOKED, payload)
}

/// Has somebody bet on pi-07, and gives the event that records it.
fn bet(stage: &mut Stage) -> Event {
    let look = looked("pi-07");
    assert_eq!(stage.heard(0, &look), None);
    let note = stage.notes().remove(0);
    assert_eq!((note.kind, note.cause), (BET, Some(look.id)));
    assert!(stage.kept().bets.open().is_empty(), "it stands only once it is recorded");
    made(note.kind, note.payload)
}

fn settled(bet: &Event, outcome: &str) -> Event {
    let by = bet.payload["by"].clone();
    let payload = json!({
        "node": "pi-07", "by": by, "bet": bet.id, "outcome": outcome,
        "words": "It was wrong.", "says": "I was wrong.",
    });
    made(SETTLED, payload)
}

#[test]
fn a_bet_is_recorded_then_told_as_a_suspicion_and_owned_in_the_end() {
    let mut stage = stage();
    let event = bet(&mut stage);
    let line = stage.heard(1, &event).unwrap();
    assert_eq!((&line.by, line.kind), (&event.payload["by"].as_str().unwrap().to_owned(), Kind::Suspicion));
    assert!(line.text.contains("pi-07's disk used comes to 95 % before Saturday"), "{}", line.text);
    assert_eq!((line.cause, line.facts[0].filled.slot), (event.id, Slot::Answer));
    let portrait = stage.portraits(2).into_iter().find(|one| one.id == line.by).unwrap();
    assert_eq!(portrait.bets.len(), 1);

    assert_eq!(stage.heard(2, &looked("pi-07")), None);
    assert!(stage.notes().is_empty(), "one bet on each trend is enough");

    let owned = stage.heard(3, &settled(&event, "wrong")).unwrap();
    assert_eq!((&owned.by, owned.kind), (&line.by, Kind::Fact));
    assert!(owned.text.contains("I was wrong."), "{}", owned.text);
    let moved: Vec<Note> = stage.notes();
    let of = |kind: &str| moved.iter().filter(|note| note.kind == kind).collect::<Vec<_>>();
    assert_eq!(of("grew")[0].payload["traits"]["confidence"], -0.1);
    assert!(of("tied").iter().all(|note| note.payload["strands"]["trust"] == -0.1), "{moved:#?}");
    assert!(moved.iter().all(|note| note.cause.is_some()));
    let portrait = stage.portraits(4).into_iter().find(|one| one.id == line.by).unwrap();
    assert_eq!((portrait.bets.len(), portrait.record.words().as_str()), (0, "Right 0 of 1"));
    assert_eq!(stage.kept().bets.record(&line.by).settled, 1, "it is kept for good");
}

#[test]
fn nobody_owns_a_bet_while_something_burns() {
    let mut stage = stage();
    let event = bet(&mut stage);
    assert!(stage.heard(1, &event).is_some());
    let lines = play_events(
        &mut stage,
        &[
            (10, self::event(AT, &mood("pi-01", Some(Mood::Happy), Mood::Crisis))),
            (20, settled(&event, "right")),
            (120_000, self::event(AT + 120_000, &mood("pi-01", Some(Mood::Crisis), Mood::Happy))),
        ],
    );
    let owned = lines.iter().find(|(_, line)| line.text.contains("I was wrong.")).unwrap();
    assert!(owned.0 >= 120_000 + CALM, "{}", owned.0);
}

#[test]
fn a_muted_prophet_says_nothing_and_its_bet_counts() {
    let mut stage = stage();
    let event = bet(&mut stage);
    let by = event.payload["by"].as_str().unwrap().to_owned();
    stage.mute(&by, true);
    assert_eq!(stage.heard(1, &event), None);
    assert_eq!(stage.kept().bets.open().len(), 1);
    assert_eq!(stage.turned(1)[0].by, by);
}

#[test]
fn every_limit_is_one_of_a_vital() {
    for (name, limit) in LIMITS {
        let vital = Vital::from_name(name).unwrap();
        assert!(limit > 0 && !vital.is_flag(), "{name}");
    }
}
