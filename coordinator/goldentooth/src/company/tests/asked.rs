//! What is asked of a past that is long, of services, and of one character by name.

use super::*;
use frames::ServiceState;
use serde_json::json;
use store::EventIds;

const MINUTE: i64 = 60_000;

/// A store of a loud day: each minute a node is stressed, three characters speak of it, and at the
/// end it fell into a crisis.
fn loud() -> Store {
    let (mut ids, now) = (EventIds::after(None), node_agent::clock::wall());
    let mut events = Vec::new();
    for minute in (2..1_200).rev() {
        let at = now - minute * MINUTE;
        let mood =
            json!({ "node": "pi-1", "to": "stressed", "words": format!("pi-1 is stressed, {minute}.") });
        events.push(Event::new(&mut ids, at, "mood_changed", "fleet", mood));
        for by in ["caudex", "malvo", "umbrell"] {
            let says = json!({ "node": "pi-1", "by": by, "text": "So it is.", "words": "So it is." });
            events.push(Event::new(&mut ids, at, "says", by, says));
        }
    }
    let crisis = json!({ "node": "pi-1", "to": "crisis", "words": "pi-1 is in crisis." });
    events.push(Event::new(&mut ids, now - MINUTE, "mood_changed", "fleet", crisis));
    recorded(events)
}

#[tokio::test]
async fn of_a_loud_past_the_newest_is_told_and_all_of_it_is_counted() {
    let store = loud();
    let nodes = vec![node("pi-1", Some(Crisis))];
    let fleet = setup_after(&store, nodes);
    let off = async |text: &str| {
        let asked = fleet.company.ask(text, text, Flavour::Off).await;
        asked.unwrap().answers.remove(0)
    };
    let changed = off("what changed today").await;
    assert!(changed.text.starts_with("1199 events. The newest: "), "{}", changed.text);
    assert!(changed.text.contains(": pi-1 is in crisis. ") && changed.text.contains("pi-1 is stressed, 2."));
    let often = off("how often was pi-1 stressed this week").await;
    assert!(often.text.starts_with("Stress of pi-1 was recorded 1198 times since "), "{}", often.text);
    assert_eq!(often.facts[0].value, 1_198);
    let yesterday = off("how often was pi-1 stressed yesterday").await;
    assert!(yesterday.text.starts_with("Stress of pi-1 was recorded 0 times between "), "{}", yesterday.text);
    let last = off("when was the last crisis").await;
    assert!(last.text.contains(" ago: pi-1 is in crisis."), "{}", last.text);
    let stress = off("when was pi-1 last in trouble").await;
    assert!(stress.text.contains(" ago: pi-1 is stressed, 2."), "{}", stress.text);
}

#[tokio::test]
async fn services_are_told_as_they_are_and_those_that_failed_by_name() {
    let services = crate::services::Services::default();
    let report = |state| fleet::Report { state, node: None, note: None, at: 7 };
    for (name, state) in [("db", ServiceState::Failed), ("web", ServiceState::Active)] {
        services.take(0, name.parse().unwrap(), report(state)).unwrap();
    }
    let fleet = setup_among(vec![node("pi-1", Some(Happy))], minds::Settings::default(), services);
    for (text, answer) in [
        ("which services have failed", "Services: db is failed."),
        ("is web running?", "web is active."),
        ("and db?", "db is failed."),
    ] {
        let told = fleet.company.ask(text, "ann", Flavour::Off).await.unwrap().answers.remove(0);
        assert!(told.text.starts_with(answer), "{text}: {}", told.text);
        let fact = &told.facts[0];
        assert_eq!(
            (fact.kind.as_str(), fact.subject.as_str()),
            ("service", answer.split_whitespace().rev().nth(2).unwrap())
        );
    }
    let there = fleet.ask("are there failed units on pi-1").await;
    assert!(
        !there.answers[0].text.contains("db"),
        "nothing says that it runs there: {}",
        there.answers[0].text
    );
}

#[tokio::test]
async fn what_goes_on_from_a_question_is_for_whom_that_was() {
    let fleet = fleet();
    let by = async |text: &str| {
        let answers = fleet.company.ask(text, "ann", Flavour::Full).await.unwrap();
        speakers(&answers).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let of_the_node = by("how is pi-2").await;
    assert_ne!(of_the_node, ["prometheus"]);
    assert_eq!(by("@prometheus how is pi-2").await, ["prometheus"]);
    assert_eq!(by("and yesterday?").await, ["prometheus"]);
    assert_eq!(by("and pi-3?").await, ["prometheus"], "as long as it goes on");
    assert_ne!(by("how is the fleet").await, ["prometheus"], "another question is anybody's");
    assert_ne!(by("and pi-3?").await, ["prometheus"]);
}
