//! Fiction: told when nothing happens, wholly apart from facts, and over at once.

use super::*;
use crate::tale::Tale;
use cast::Kind;
use cast::boredom::Whim;
use cast::trope::Tropes;
use serde_json::Value;
use std::collections::BTreeSet;

const HOUR: Millis = 60 * 60_000;

fn teller() -> Stage {
    let mut stage = stage();
    stage.know_tropes(Tropes::built_in().unwrap());
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
fn who_is_bored_tells_a_tale_that_nothing_remembers() {
    let mut stage = teller();
    let before = (stage.kept().clone(), stage.portraits(2 * HOUR));
    let whim = stage.tale(2 * HOUR, Some(0.1)).unwrap();
    let event = begin(&mut stage, 2 * HOUR);
    let name = &stage.cast().get(&whim.by).unwrap().name;
    let words = event.payload["words"].as_str().unwrap();
    assert!(words.starts_with(&format!("It is quiet, and {name} is bored: a tale, “{}”", whim.title)));
    assert_eq!((&event.payload["kind"], &event.payload["activity"]), (&"fiction".into(), &0.1.into()));
    let mut told = Vec::new();
    while let Some(due) = stage.due() {
        told.extend(stage.tick(due));
    }
    assert_eq!(told.len(), whim.beats.len());
    for (line, beat) in told.iter().zip(&whim.beats) {
        assert_eq!((&line.by, &line.text, line.kind), (&beat.by, &beat.text, Kind::Fiction));
        assert_eq!((line.facts.len(), line.node.as_str(), line.cause), (0, "", event.id));
        assert_eq!(line.mind, "understudy");
    }
    let after = (stage.kept().clone(), stage.portraits(2 * HOUR));
    assert_eq!(before.0, after.0, "nothing of it is remembered");
    let last = |all: Vec<Portrait>| all.into_iter().map(|one| one.last).collect::<Vec<_>>();
    assert_eq!(last(before.1), last(after.1), "nor is it what anybody said last");
}

/// Its lines come back as events of a kind of their own, and as nothing else.
#[test]
fn what_was_told_as_fiction_is_no_fact_moves_nobody_and_proposes_nothing() {
    let mut stage = teller();
    let whim = stage.tale(HOUR, None).unwrap();
    begin(&mut stage, HOUR);
    while let Some(due) = stage.due() {
        stage.tick(due);
    }
    stage.notes();
    let before = (stage.kept().clone(), stage.portraits(2 * HOUR));
    for (place, beat) in (0_u64..).zip(&whim.beats) {
        // However it is dressed: as said of a node that it names, by somebody in crisis.
        let payload = serde_json::json!({
            "by": beat.by, "text": beat.text, "words": "pi-07 is in crisis.", "kind": "fiction", "node": "pi-07",
            "to": "crisis", "person": "ann",
        });
        let at = AT + (2 * HOUR + place).cast_signed();
        let event = Event::new(&mut EventIds::after(None), at, "tells", &beat.by, payload);
        assert_eq!((facts::of(&event), event.change().is_none()), (None, true));
        assert_eq!(stage.heard(2 * HOUR + place, &event), None);
    }
    assert_eq!(stage.notes(), [], "nothing is recorded of it, no trait or tie moved");
    assert_eq!((stage.kept().clone(), stage.portraits(2 * HOUR)), before);
    assert_eq!(stage.due(), None);
}

#[test]
fn none_comes_again_soon_and_half_of_the_days_lines_are_left_to_what_happens() {
    let mut stage = teller();
    let tell = |stage: &mut Stage, at: Millis, activity| -> Result<Whim, Untold> {
        let whim = stage.tale(at, activity)?;
        begin(stage, at);
        while let Some(due) = stage.due() {
            stage.tick(due);
        }
        Ok(whim)
    };
    let tropes: BTreeSet<String> =
        (1..=30).map(|hour| tell(&mut stage, hour * HOUR, None).unwrap().trope).collect();
    assert_eq!(tropes.len(), 30, "whoever asks is told another one each time");
    let first = tell(&mut stage, 31 * HOUR, Some(0.0)).unwrap();
    // One line was said of the node's mood, on the day before.
    assert!(first.beats.len() <= UNASKED / 2, "{first:?}");
    for hour in 32..36 {
        let _ = tell(&mut stage, hour * HOUR, Some(0.0));
    }
    assert_eq!(tell(&mut stage, 37 * HOUR, Some(0.0)), Err(Untold::Nobody), "the day's half is told");
    assert!(tell(&mut stage, 56 * HOUR, Some(0.0)).is_ok(), "another day");
}

#[test]
fn words_may_be_found_for_a_tale_before_it_begins() {
    let mut stage = teller();
    let (whim, trope) = stage.whim(HOUR, Some(0.0)).unwrap();
    assert_eq!((&whim.trope, stage.due()), (&trope.id, None), "nothing is told yet");
    assert_eq!(stage.whim(HOUR + 20_000, None), Err(Untold::Telling), "it is still to begin");
    let mut tale = Tale { whim, mind: "home".to_owned() };
    tale.whim.beats[0].text = "Hear.".to_owned();
    let at = HOUR + 20_001;
    stage.begin_tale(at, &tale, Some(0.0)).unwrap();
    let event = begin(&mut stage, at);
    assert_eq!(event.payload["mind"], "home");
    let line = stage.tick(at).remove(0);
    assert_eq!((line.text.as_str(), line.mind.as_str(), line.kind), ("Hear.", "home", Kind::Fiction));
    assert_eq!(stage.begin_tale(at, &tale, Some(0.0)), Err(Untold::Telling), "once is enough");
}

#[test]
fn what_was_taken_up_does_not_begin_when_a_node_is_not_calm_by_then_or_another_began() {
    let mut stage = teller();
    let (whim, _) = stage.whim(HOUR, Some(0.0)).unwrap();
    let late = Tale::plain(whim);
    let (other, _) = stage.whim(2 * HOUR, None).unwrap();
    assert_eq!(stage.begin_tale(2 * HOUR, &late, Some(0.0)), Err(Untold::Telling));
    play(&mut stage, &[(2 * HOUR + 1, mood("pi-07", Some(Mood::Happy), Mood::Stressed))]);
    assert_eq!(stage.begin_tale(2 * HOUR + 2, &Tale::plain(other), None), Err(Untold::Restless));
    assert!(stage.notes().iter().all(|note| note.kind != TALE));
}

/// Tells a first line, lets `disturb` happen, and gives what is told of the end.
fn ended(disturb: impl FnOnce(&mut Stage)) -> Value {
    let mut stage = teller();
    stage.tale(HOUR, None).unwrap();
    begin(&mut stage, HOUR);
    assert_eq!(stage.tale(HOUR, None), Err(Untold::Telling));
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
    assert_eq!(stage.tale(40 * HOUR, None), Err(Untold::Restless));
    assert!(stage.notes().iter().all(|note| note.kind != TALE));
    assert_eq!(super::stage().tale(0, None), Err(Untold::Nobody), "without tropes none is told");
}
