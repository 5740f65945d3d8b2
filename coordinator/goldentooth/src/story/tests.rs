//! A week, from events to chapters.

use super::*;
use fleet::{Because, SilentReason};
use frames::{Classifier, Direction, Vital};
use serde_json::json;
use std::sync::Arc;
use store::{Batch, EventIds, Store};

/// 2025-11-21T00:00:00Z, a Friday.
const BEGINS: UnixMillis = 1_763_683_200_000;
const HOUR: UnixMillis = 3_600_000;

fn mood(node: &str, to: Mood, disk: f32) -> Change {
    let words = fleet::words::cause_words(Vital::DiskBusy, disk, Some(4.0), Direction::Above);
    let because = Because {
        vital: Vital::DiskBusy,
        value: f64::from(disk),
        usual: Some(4.0),
        direction: Direction::Above,
        words,
    };
    Change::MoodChanged {
        node: node.parse().unwrap(),
        from: None,
        to,
        probability: 0.9,
        because: vec![because],
        classifier: Classifier::Model,
        lasted: None,
    }
}

fn payload(change: &Change) -> Value {
    let mut payload = serde_json::to_value(change).unwrap();
    payload.as_object_mut().unwrap().remove("kind");
    payload["words"] = change.sentence().into();
    payload
}

async fn told(script: Vec<(i64, &str, Value)>) -> Story {
    let mut ids = EventIds::after(None);
    let events = script.into_iter().map(|(hours, kind, payload)| {
        Arc::new(Event::new(&mut ids, BEGINS + hours * HOUR, kind, "test", payload))
    });
    let batch = Batch { events: events.collect(), ..Batch::default() };
    let mut store = Store::temporary().unwrap();
    store.commit(&batch).unwrap();
    week(&Ask::new(store.reader().unwrap(), None), BEGINS + WEEK).await.unwrap()
}

fn changed(hours: i64, change: &Change) -> (i64, &'static str, Value) {
    (hours, change.kind(), payload(change))
}

#[tokio::test]
async fn incidents_are_told_with_their_cause_their_length_and_who_spoke() {
    let silent = Change::Silent {
        node: "pi-02".parse().unwrap(),
        reason: SilentReason::Missed,
        last_seen: None,
        interval: 10_000,
    };
    let story = told(vec![
        // The week before is another story.
        changed(-30, &mood("pi-09", Mood::Crisis, 99.0)),
        changed(2, &mood("pi-07", Mood::Stressed, 60.0)),
        changed(3, &mood("pi-07", Mood::Crisis, 95.0)),
        (3, "says", json!({ "node": "pi-07", "by": "caudex", "text": "A fever.", "kind": "fact" })),
        (3, "says", json!({ "node": "pi-07", "by": "malvo", "text": "Me, too.", "kind": "fact" })),
        (
            4,
            "tells",
            json!({ "node": "pi-07", "by": "malvo", "text": "Once upon a time.", "kind": "fiction" }),
        ),
        changed(6, &mood("pi-07", Mood::Happy, 3.0)),
        changed(50, &silent),
        (60, "bet", json!({ "node": "pi-07", "words": "Dr. Caudex Thorne bets." })),
        (61, "joined", json!({ "node": "pi-11", "simulated": false, "words": "pi-11 joined the fleet." })),
    ])
    .await;
    assert_eq!(story.words, "3 nodes had news; 2 troubles in 2 of them, 1 crisis and 1 silence among it.");
    let chapters: Vec<(&str, Vec<&str>)> = story
        .chapters
        .iter()
        .map(|chapter| (chapter.title, chapter.lines.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(
        chapters,
        [
            (
                "What troubled it",
                vec![
                    "Fri 02:00 UTC: pi-07 was in crisis for 4 h: disk busy 95 % (usually 4 %). caudex: “A fever.”",
                    "Sun 02:00 UTC: pi-02 was silent and is so still.",
                ]
            ),
            ("What was foretold", vec!["Sun 12:00 UTC: Dr. Caudex Thorne bets."]),
            ("Who came and went", vec!["Sun 13:00 UTC: pi-11 joined the fleet."]),
        ]
    );
}

#[tokio::test]
async fn a_habit_as_usual_is_no_incident_and_a_quiet_week_says_so() {
    let known = json!({ "name": "the backup", "usual": "02:10 UTC", "but": null, "words": "" });
    let mut script = Vec::new();
    for day in 0..3 {
        for (hour, to) in [(2, Mood::Crisis), (3, Mood::Happy)] {
            let mut event = changed(day * 24 + hour, &mood("pi-07", to, 95.0));
            event.2["habit"] = known.clone();
            script.push(event);
        }
    }
    let story = told(script).await;
    assert_eq!(story.words, "1 node had news, and nothing troubled any of them.");
    assert_eq!(story.chapters[0].lines, ["the backup on pi-07 came 3 times as usual, and called nobody."]);
    assert_eq!(told(Vec::new()).await.chapters, []);
}
