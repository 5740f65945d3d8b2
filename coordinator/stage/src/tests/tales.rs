//! Fiction: told when nothing happens, wholly apart from facts, and over at once.

use super::*;
use cast::Kind;
use cast::tale::Tale;
use serde_json::Value;

const HOUR: Millis = 60 * 60_000;

fn teller() -> Stage {
    let settings = Settings { tales: true, ..Settings::default() };
    let mut stage = Stage::new(Cast::built_in().unwrap(), 7, settings);
    stage.know_tales(Tale::built_in().unwrap());
    play(&mut stage, &[(0, mood("pi-07", None, Mood::Happy))]);
    stage
}

/// Records what the stage wants recorded of a tale's beginning, and has it hear that.
fn begin(stage: &mut Stage, at: Millis) -> Event {
    let note = stage.notes().into_iter().find(|note| note.kind == TALE).unwrap();
    let event =
        Event::new(&mut EventIds::after(None), AT + at.cast_signed(), note.kind, "stage", note.payload);
    assert_eq!(stage.heard(at, &event), None);
    event
}

#[test]
fn a_tale_is_told_after_an_hour_of_nothing_once_a_day() {
    let mut stage = teller();
    stage.pulse(HOUR / 2);
    assert!(stage.notes().is_empty(), "too soon");
    let before = (stage.kept().clone(), stage.portraits(2 * HOUR));
    stage.pulse(2 * HOUR);
    let event = begin(&mut stage, 2 * HOUR);
    let mut told = Vec::new();
    while let Some(due) = stage.due() {
        told.extend(stage.tick(due));
    }
    assert!(told.len() >= 3);
    for line in &told {
        assert_eq!(
            (line.kind, line.facts.len(), line.node.as_str(), line.cause),
            (Kind::Fiction, 0, "", event.id)
        );
        assert!(!line.text.contains("pi-07"));
    }
    let speakers: std::collections::BTreeSet<&str> = told.iter().map(|line| line.by.as_str()).collect();
    assert_eq!(speakers.len(), 2);
    let after = (stage.kept().clone(), stage.portraits(2 * HOUR));
    assert_eq!(before.0, after.0, "nothing of it is remembered");
    let last = |all: Vec<Portrait>| all.into_iter().map(|one| one.last).collect::<Vec<_>>();
    assert_eq!(last(before.1), last(after.1), "nor is it what anybody said last");
    stage.pulse(6 * HOUR);
    assert!(stage.notes().is_empty(), "once a day");
    stage.pulse(27 * HOUR);
    assert_eq!(stage.notes().remove(0).kind, TALE);
}

/// Tells a first line, lets `disturb` happen, and gives what is told of the end.
fn ended(disturb: impl FnOnce(&mut Stage)) -> Value {
    let mut stage = teller();
    stage.tale(HOUR).unwrap();
    begin(&mut stage, HOUR);
    assert_eq!(stage.tale(HOUR), Err(Untold::Telling));
    assert_eq!(stage.tick(HOUR)[0].kind, Kind::Fiction);
    disturb(&mut stage);
    let mut told = Vec::new();
    while let Some(due) = stage.due().filter(|due| *due < 2 * HOUR) {
        told.extend(stage.tick(due));
    }
    assert!(told.iter().all(|line| line.kind != Kind::Fiction), "{told:?}");
    stage.notes().into_iter().find(|note| note.kind == TALE_ENDED).unwrap().payload
}

#[test]
fn a_node_that_is_not_calm_or_a_question_ends_it_before_the_next_line() {
    let stress = event(AT, &mood("pi-07", Some(Mood::Happy), Mood::Stressed));
    let why = ended(|stage| drop(stage.heard(HOUR + 1, &stress)))["why"].clone();
    assert_eq!(why, "not every node is calm");
    let asking = Asking {
        room: "ann's".to_owned(),
        person: "ann".to_owned(),
        concerned: vec![("caudex".to_owned(), 1_000)],
        ..Asking::default()
    };
    assert_eq!(ended(|stage| drop(stage.ask(HOUR + 1, asking)))["why"], "somebody asked for facts");
}

#[test]
fn it_is_no_time_for_tales_while_a_node_is_silent() {
    let mut stage = teller();
    play(&mut stage, &[(HOUR, silent("pi-07"))]);
    assert_eq!(stage.tale(40 * HOUR), Err(Untold::Restless));
    stage.pulse(40 * HOUR);
    assert!(stage.notes().iter().all(|note| note.kind != TALE));
    let mut nobody = super::stage();
    assert_eq!(nobody.tale(0), Err(Untold::Nobody), "without tales none is told");
}
