//! Lives, from events to facts.

use super::*;
use fleet::SilentReason;
use frames::Classifier;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use store::{Batch, EventIds, Store};

/// 2025-11-21T00:00:00Z.
const BEGINS: UnixMillis = 1_763_683_200_000;

fn node(name: &str) -> NodeName {
    name.parse().unwrap()
}

struct Script {
    ids: EventIds,
    events: Vec<Event>,
}

impl Script {
    fn new() -> Self {
        Self { ids: EventIds::after(None), events: Vec::new() }
    }

    /// So many hours after the beginning.
    fn note(&mut self, hours: i64, kind: &str, payload: Value) -> &mut Self {
        let event = Event::new(&mut self.ids, BEGINS + hours * HOUR, kind, "test", payload);
        self.events.push(event);
        self
    }

    fn change(&mut self, hours: i64, change: &Change) -> &mut Self {
        let mut payload = serde_json::to_value(change).unwrap();
        payload.as_object_mut().unwrap().remove("kind");
        payload["words"] = change.sentence().into();
        self.note(hours, change.kind(), payload)
    }

    fn mood(&mut self, hours: i64, name: &str, to: Mood) -> &mut Self {
        self.change(
            hours,
            &Change::MoodChanged {
                node: node(name),
                from: None,
                to,
                probability: 0.9,
                because: Vec::new(),
                classifier: Classifier::Model,
                lasted: None,
            },
        )
    }

    fn joined(&mut self, hours: i64, name: &str) -> &mut Self {
        self.change(hours, &Change::Joined { node: node(name), simulated: false })
    }

    async fn life(&self, name: &str, hours: i64) -> Option<Life> {
        let mut store = Store::temporary().unwrap();
        let batch = Batch { events: self.events.iter().cloned().map(Arc::new).collect(), ..Batch::default() };
        store.commit(&batch).unwrap();
        life(&Ask::new(store.reader().unwrap(), None), &node(name), BEGINS + hours * HOUR).await.unwrap()
    }
}

#[tokio::test]
async fn a_life_is_told_from_what_is_recorded() {
    let mut script = Script::new();
    script.joined(0, "pi-07").mood(1, "pi-07", Mood::Happy);
    // Four hours of crisis, of which two are of the night; then ten days of calm.
    script.mood(16, "pi-07", Mood::Crisis).mood(19, "pi-07", Mood::Stressed).mood(20, "pi-07", Mood::Crisis);
    script.mood(21, "pi-07", Mood::Happy);
    let silent = Change::Silent {
        node: node("pi-07"),
        reason: SilentReason::Missed,
        last_seen: None,
        interval: 10_000,
    };
    script
        .change(21 + 240, &silent)
        .change(21 + 241, &Change::Returned { node: node("pi-07"), silent_for: None });
    for (by, hours) in [("caudex", 16), ("malvo", 17), ("caudex", 20)] {
        script.note(hours, "says", json!({ "node": "pi-07", "by": by }));
    }
    script.note(30, "habit_named", json!({ "node": "pi-07", "habit": "the backup" }));
    script.note(31, "habit_named", json!({ "node": "pi-07", "habit": "the backup" }));
    script.note(400, "forgotten", json!({ "node": "pi-07", "purged": false }));
    let life = script.life("pi-07", 9_999).await.unwrap();
    assert_eq!((life.began, life.ended), (BEGINS, Some(BEGINS + 400 * HOUR)));
    assert_eq!(life.calm, Some((BEGINS + 21 * HOUR, BEGINS + 261 * HOUR)));
    assert_eq!(life.night, Some((BEGINS + 18 * HOUR, 2 * HOUR.unsigned_abs())));
    assert_eq!((life.crises, life.silences), (2, 1));
    assert_eq!(life.stood_by, [("caudex".to_owned(), 2), ("malvo".to_owned(), 1)]);
    assert_eq!(life.habits, ["the backup"]);
    assert_eq!(
        life.words(BEGINS + 9_999 * HOUR),
        "pi-07 served 16 days. Its longest calm: 10 days. Its worst night: 2 h in crisis or silence. \
         caudex stood by it with 2 lines."
    );
}

#[tokio::test]
async fn whoever_comes_again_begins_another_life_and_a_name_is_followed_back() {
    let mut script = Script::new();
    script.joined(0, "pi-07").note(10, "forgotten", json!({ "node": "pi-07", "purged": false }));
    script.note(11, "says", json!({ "node": "pi-07", "by": "caudex" }));
    // Its agent goes on to knock.
    script.note(12, "frame_refused", json!({ "node": "pi-07", "cause": "not_enrolled", "count": 1 }));
    script.joined(100, "pi-07");
    let again = script.life("pi-07", 124).await.unwrap();
    assert_eq!((again.began, again.ended), (BEGINS + 100 * HOUR, None));
    assert_eq!(again.days(BEGINS + 124 * HOUR), 1);

    let mut renamed = Script::new();
    renamed.joined(0, "raspberrypi").mood(2, "raspberrypi", Mood::Crisis).mood(3, "raspberrypi", Mood::Happy);
    renamed.note(
        24,
        "renamed",
        json!({ "node": "attic", "from": "raspberrypi", "words": "It is attic now." }),
    );
    // Another takes the old name.
    renamed.joined(30, "raspberrypi").mood(31, "raspberrypi", Mood::Crisis);
    let life = renamed.life("attic", 48).await.unwrap();
    assert_eq!((life.node.as_str(), life.began, life.crises), ("attic", BEGINS, 1));
    assert_eq!(life.turns, [(BEGINS + 24 * HOUR, "It is attic now.".to_owned())]);
    assert_eq!(renamed.life("nobody", 48).await, None);
}

proptest! {
    #[test]
    fn no_life_has_more_calm_or_night_than_time(steps in prop::collection::vec((0..48_i64, 0..8_u8), 1..60)) {
        let mut script = Script::new();
        let mut hours = 0;
        for (after, what) in steps {
            hours += after;
            match what {
                0..4 => script.mood(hours, "a", Mood::ALL[usize::from(what)]),
                4 => script.change(hours, &Change::Silent { node: node("a"), reason: SilentReason::Missed, last_seen: None, interval: 1 }),
                5 => script.change(hours, &Change::Returned { node: node("a"), silent_for: None }),
                6 => script.note(hours, "forgotten", json!({ "node": "a" })),
                _ => script.joined(hours, "a"),
            };
        }
        let now = BEGINS + (hours + 1) * HOUR;
        let mut teller = Teller::new(&node("a"));
        script.events.iter().for_each(|event| teller.hear(event));
        if let Some(life) = teller.tell(now) {
            let all = life.ended.unwrap_or(now) - life.began;
            prop_assert!(all >= 0);
            if let Some((from, until)) = life.calm {
                prop_assert!(life.began <= from && from < until && until - from <= all);
            }
            if let Some((_, grave)) = life.night {
                prop_assert!(grave > 0 && grave <= NIGHT.unsigned_abs() && grave <= all.unsigned_abs());
            }
        }
    }
}
