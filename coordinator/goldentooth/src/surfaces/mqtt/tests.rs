use super::*;
use crate::live::{Event, Recorded};
use crate::surfaces::fixtures::{NOW, node, silent};
use crate::surfaces::schemas::assert_valid;
use std::sync::Arc;

fn outlet() -> Outlet {
    Outlet::new("home".parse().unwrap(), crate::flavour::Flavour::Full, true)
}

fn topics(messages: &[Publication]) -> Vec<&str> {
    messages.iter().map(|message| message.topic.as_str()).collect()
}

fn heard(outlet: &mut Outlet, now: u64, node: NodeSnapshot) -> Vec<Publication> {
    outlet.heard(now, &Update::Node(Arc::new(node)))
}

fn json(message: &Publication) -> serde_json::Value {
    serde_json::from_str(&message.payload).unwrap()
}

#[test]
fn a_mood_is_told_when_it_changes_and_kept_for_whoever_comes_later() {
    let mut outlet = outlet();
    let first = heard(&mut outlet, 0, node("pi-07", Some(Mood::Happy)));
    assert_eq!(topics(&first), ["gt/1/home/pi-07/mood", "gt/1/home/pi-07/vitals"]);
    assert!(first.iter().all(|message| message.retain));
    assert_eq!((first[0].qos, first[1].qos), (QoS::AtLeastOnce, QoS::AtMostOnce), "vitals come again");
    assert_valid("mqtt-mood", &json(&first[0]));
    assert_valid("mqtt-vitals", &json(&first[1]));
    insta::assert_json_snapshot!(json(&first[0]));

    assert_eq!(heard(&mut outlet, 1_000, node("pi-07", Some(Mood::Happy))), []);
    let changed = heard(&mut outlet, 2_000, node("pi-07", Some(Mood::Stressed)));
    assert_eq!(topics(&changed), ["gt/1/home/pi-07/mood"]);
}

#[test]
fn vitals_are_told_at_most_every_ten_seconds_and_not_of_the_silent() {
    let mut outlet = outlet();
    let told: Vec<u64> = (0..=60)
        .map(|second| second * 1_000)
        .filter(|now| {
            let messages = heard(&mut outlet, *now, node("pi-07", Some(Mood::Happy)));
            topics(&messages).contains(&"gt/1/home/pi-07/vitals")
        })
        .collect();
    assert_eq!(told, [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
    // A clock that is a little fast doesn't halve the pace.
    let mut hasty = self::outlet();
    let told = (0..=6).filter(|i| heard(&mut hasty, i * 9_990, node("pi-07", Some(Mood::Happy))).len() == 1);
    assert_eq!(told.count(), 6, "the first has its mood, too");
    let fell_silent = heard(&mut outlet, 90_000, silent("pi-07"));
    assert_eq!(topics(&fell_silent), ["gt/1/home/pi-07/mood"]);
    assert_eq!(json(&fell_silent[0])["silent"], true);
}

#[test]
fn a_large_fleet_is_told_less_often() {
    assert_eq!(pace(1), 10_000);
    assert_eq!(pace(2_000), 10_000);
    assert_eq!(pace(10_000), 50_000);
}

#[test]
fn a_node_that_has_measured_nothing_has_no_vitals_to_tell() {
    let messages = heard(&mut outlet(), 0, node("pi-07", None));
    assert_eq!(topics(&messages), ["gt/1/home/pi-07/mood"]);
    assert_eq!(json(&messages[0])["mood"], serde_json::Value::Null);
    assert_valid("mqtt-mood", &json(&messages[0]));
}

#[test]
fn of_a_node_that_is_gone_nothing_is_kept() {
    let mut outlet = outlet();
    heard(&mut outlet, 0, node("pi-07", Some(Mood::Happy)));
    let last = outlet.heard(1_000, &Update::Gone("pi-07".parse().unwrap()));
    assert_eq!(
        topics(&last),
        [
            "gt/1/home/pi-07/mood",
            "gt/1/home/pi-07/vitals",
            "gt/1/home/pi-07/status",
            "homeassistant/device/goldentooth_home_pi-07/config"
        ]
    );
    assert!(last.iter().all(|message| message.retain && message.payload.is_empty()));
    // One of that name that comes later is told anew.
    assert_eq!(heard(&mut outlet, 2_000, node("pi-07", Some(Mood::Happy))).len(), 2);
}

#[test]
fn events_and_words_have_topics_of_their_own_and_are_not_kept() {
    let id = uuid::Uuid::from_u128(7);
    let event = Event {
        id,
        at: NOW,
        kind: "mood_changed".to_owned(),
        source: "fleet".to_owned(),
        correlation: id,
        causation: None,
        payload: serde_json::json!({ "node": "pi-07", "words": "pi-07 is stressed." }),
    };
    let told = outlet().heard(0, &Update::Event(Arc::new(event)));
    assert_eq!(topics(&told), ["gt/1/home/events/mood_changed"]);
    assert!(!told[0].retain);
    assert_valid("event", &json(&told[0]));
    insta::assert_json_snapshot!(json(&told[0]));

    let said = |kind| Said {
        by: "operant-7".to_owned(),
        text: "pi-07 is stressed, and so it begins.".to_owned(),
        bare: String::new(),
        plain: String::new(),
        kind,
        facts: Recorded::new(&serde_json::json!([
            { "slot": "node", "text": "pi-07", "value": "pi-07", "unit": "", "event": id.to_string() },
        ])),
        node: Some("pi-07".parse().unwrap()),
        at: NOW,
        cause: id.to_string(),
        aside: false,
    };
    let fact = outlet().heard(0, &Update::Said(Arc::new(said(SaidKind::Fact))));
    assert_eq!(topics(&fact), ["gt/1/home/cast/operant-7/says"]);
    assert_valid("mqtt-says", &json(&fact[0]));
    let fiction = outlet().heard(0, &Update::Said(Arc::new(said(SaidKind::Fiction))));
    assert_eq!(topics(&fiction), ["gt/1/home/cast/operant-7/tells"]);
}
