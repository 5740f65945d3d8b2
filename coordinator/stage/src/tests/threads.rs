//! Threads are recorded, and what a newer fact denies is not said.

use super::*;
use serde_json::Value;

/// The notes of a kind, since they were last taken.
fn notes(stage: &mut Stage, kind: &str) -> Vec<Value> {
    stage.notes().into_iter().filter(|note| note.kind == kind).map(|note| note.payload).collect()
}

#[test]
fn an_incident_is_recorded_when_it_begins_and_when_it_ends() {
    let mut stage = stage();
    play(&mut stage, &[(0, mood("a", Some(Mood::Happy), Mood::Stressed))]);
    assert_eq!(notes(&mut stage, THREAD), Vec::<Value>::new());
    let crisis = event(AT + 200_000, &mood("a", Some(Mood::Stressed), Mood::Crisis));
    play_events(&mut stage, &[(200_000, crisis.clone())]);
    let opened = notes(&mut stage, THREAD).remove(0);
    assert_eq!((opened["turn"].as_str(), opened["about"].as_str()), (Some("opened"), Some("a")));
    assert_eq!(opened["opened"], crisis.id.to_string());
    let says = |told: &Value, word: &str| told[word].as_str().unwrap().to_owned();
    assert_eq!(says(&opened, "by"), stage.embody("a").unwrap().id, "told by whom it concerns");
    assert!(says(&opened, "says").contains(&says(&opened, "words")) && opened["says"] != opened["words"]);
    assert_eq!(stage.kept().threads.len(), 1, "it outlives a restart");

    let mut again = stage_of(stage.kept().clone());
    play(&mut again, &[(0, mood("a", Some(Mood::Crisis), Mood::Happy))]);
    let closed = notes(&mut again, THREAD).remove(0);
    assert_eq!((closed["turn"].as_str(), &closed["opened"]), (Some("closed"), &opened["opened"]));
    assert!(again.kept().threads.is_empty());
}

fn stage_of(kept: Kept) -> Stage {
    let mut stage = stage();
    stage.remember(kept);
    stage
}

#[test]
fn nobody_tells_how_a_silent_node_feels() {
    let mut stage = stage();
    let script = [
        (0, mood("a", Some(Mood::Happy), Mood::Stressed)),
        // Both wait for the minute's end, and the silence goes first.
        (10_000, mood("a", Some(Mood::Stressed), Mood::Happy)),
        (20_000, silent("a")),
    ];
    let lines = play(&mut stage, &script);
    assert_eq!(said(&lines).iter().map(|(_, state)| *state).collect::<Vec<_>>(), ["stressed", "silent"]);
    let refused = notes(&mut stage, REFUSED).remove(0);
    assert_eq!(refused["node"], "a");
    assert!(refused["words"].as_str().unwrap().contains("a is silent since 03:05 UTC"), "{refused}");
}
