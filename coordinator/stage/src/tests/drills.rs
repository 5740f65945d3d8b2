//! A drill is remembered, and held against what happens when it really does.

use super::*;
use serde_json::json;

#[test]
fn a_silence_that_was_rehearsed_is_held_against_the_drill() {
    let mut stage = stage();
    let payload = json!({
        "node": "pi-07", "missed_after": 30_000, "kind": "fiction", "words": "A drill, made up.",
        "findings": [{ "words": "1 of 1 service on pi-07 would have no other home: vault", "asks": "Where?" }],
        "story": [],
    });
    let drill = Event::new(&mut EventIds::after(None), AT - 7_200_000, DRILL, "stage", payload);
    assert_eq!(stage.heard(0, &drill), None, "nobody speaks of what is made up");
    let compared = |stage: &mut Stage, change: &Change| {
        stage.heard(1_000, &event(AT, change));
        stage.notes().into_iter().find(|note| note.kind == COMPARED)
    };
    assert_eq!(compared(&mut stage, &silent("pi-08")), None, "of another node there was none");
    let note = compared(&mut stage, &silent("pi-07")).unwrap();
    assert_eq!(note.payload["drill"], json!(drill.id));
    assert_eq!(
        note.payload["words"],
        "pi-07 fell silent, as in the drill 2 h ago. It was missed after 31 s; the drill said 30 s. The drill found: \
         1 of 1 service on pi-07 would have no other home: vault."
    );
    // It is told as the fact that it is, by the node's own, once all is calm again.
    let recorded =
        Event::new(&mut EventIds::after(None), AT + 1_001, COMPARED, "stage", note.payload.clone());
    let lines = play_events(
        &mut stage,
        &[
            (1_001, recorded.clone()),
            (120_000, event(AT + 120_000, &returned("pi-07"))),
            (4 * CALM, event(AT + 4 * CALM.cast_signed(), &joined("pi-08"))),
        ],
    );
    let told: Vec<_> = lines.iter().filter(|(_, line)| line.cause == recorded.id).collect();
    let [(when, line)] = told.as_slice() else { panic!("{lines:#?}") };
    assert!(*when >= CALM && line.kind == cast::Kind::Fact, "{when}: {line:?}");
    assert!(line.text.contains("the drill said 30 s"), "{}", line.text);
    assert_eq!(Some(line.by.as_str()), stage.embody("pi-07").map(|sheet| sheet.id.as_str()));
    // It outlives a restart.
    let kept = serde_json::to_value(stage.kept()).unwrap();
    let mut again = seeded(8);
    again.remember(serde_json::from_value(kept).unwrap());
    assert!(compared(&mut again, &silent("pi-07")).is_some());
    for number in 0..100 {
        let payload = json!({ "node": format!("pi-{number}"), "findings": [] });
        let at = AT + number;
        again.heard(2_000, &Event::new(&mut EventIds::after(None), at, DRILL, "stage", payload));
    }
    assert_eq!(again.kept().drills.len(), 64);
    assert!(!again.kept().drills.contains_key("pi-07"), "the oldest makes room");
}
