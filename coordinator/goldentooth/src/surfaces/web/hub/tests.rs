use super::*;
use crate::surfaces::fixtures::node;
use frames::Mood::{Crisis, Happy};

struct Setup {
    live: Live,
    hub: Hub,
}

impl Setup {
    fn new() -> Self {
        let live = Live::new(1_000);
        Self { hub: Hub::new(live.clone()), live }
    }

    fn tell(&self, name: &str, mood: Mood) {
        let update = Update::Node(Arc::new(node(name, Some(mood))));
        self.live.tell([update.clone()]);
        self.hub.take(std::iter::once(update));
    }

    fn event(&self, number: u128) {
        let id = uuid::Uuid::from_u128(number);
        let event = Event {
            id,
            at: 0,
            kind: "joined".to_owned(),
            source: "fleet".to_owned(),
            correlation: id,
            causation: None,
            payload: serde_json::json!({}),
        };
        self.hub.take(std::iter::once(Update::Event(Arc::new(event))));
    }
}

fn told(batch: &Batch) -> Vec<String> {
    let name = |item: &Item| {
        let json: serde_json::Value = serde_json::from_str(&item.json).unwrap();
        let key = match item.kind {
            "node" => "name",
            "event" => "id",
            _ => "state",
        };
        format!("{} {}", item.kind, json[key].as_str().unwrap())
    };
    batch.items.iter().map(name).collect()
}

#[test]
fn of_a_node_only_the_newest_state_is_told() {
    let setup = Setup::new();
    setup.tell("a", Happy);
    setup.tell("b", Happy);
    for _ in 0..1_000 {
        setup.tell("a", Crisis);
    }
    let batch = setup.hub.since(setup.hub.start(), 10, &Wanted::Nodes);
    assert_eq!(told(&batch), ["node b", "node a", "fleet crisis"]);
    assert!(batch.items[1].json.contains("\"mood\":\"crisis\""));
    assert_eq!(batch.reached, setup.hub.place());
    let nothing = setup.hub.since(batch.reached, 10, &Wanted::Nodes);
    assert!(nothing.items.is_empty() && !nothing.missed);
}

#[test]
fn a_long_absence_is_told_in_steps_and_none_is_left_out() {
    let setup = Setup::new();
    for i in 0..25 {
        setup.tell(&format!("n{i:02}"), Happy);
        setup.event(i);
    }
    let (mut place, mut all) = (setup.hub.start(), Vec::new());
    loop {
        let batch = setup.hub.since(place, 10, &Wanted::All);
        if batch.items.is_empty() {
            break;
        }
        assert!(batch.items.windows(2).all(|pair| pair[0].number <= pair[1].number), "numbers rise");
        all.extend(told(&batch).into_iter().filter(|item| !item.starts_with("fleet")));
        place = batch.reached;
    }
    let of = |kind: &str| all.iter().filter(|item| item.starts_with(kind)).count();
    assert_eq!((of("node"), of("event")), (25, 25));
    all.dedup();
    assert_eq!(all.len(), 50, "none twice");
}

#[test]
fn each_is_told_what_it_wants() {
    let setup = Setup::new();
    setup.tell("a", Happy);
    setup.tell("b", Happy);
    setup.event(1);
    let of = |wanted| told(&setup.hub.since(setup.hub.start(), 10, &wanted));
    let event = "event 00000000-0000-0000-0000-000000000001";
    assert_eq!(of(Wanted::Events), [event]);
    assert_eq!(of(Wanted::Nodes), ["node a", "node b", "fleet well"]);
    assert_eq!(of(Wanted::Node("a".parse().unwrap())), ["node a", event]);
    assert_eq!(of(Wanted::All), ["node a", "node b", event, "fleet well"]);
}

#[test]
fn events_that_are_kept_no_more_are_reported_missing() {
    let setup = Setup::new();
    setup.event(0);
    let place = setup.hub.place();
    for i in 0..EVENTS as u128 {
        setup.event(i + 1);
    }
    assert!(!setup.hub.since(place, 10, &Wanted::Events).missed, "all that followed are still there");
    setup.event(9_999);
    assert!(setup.hub.since(place, 10, &Wanted::Events).missed);
    assert!(!setup.hub.since(place, 10, &Wanted::Nodes).missed, "who wants none misses none");
    assert_eq!(setup.hub.since(setup.hub.start(), 10, &Wanted::Events).items.len(), EVENTS);
}

#[test]
fn the_verdict_is_told_only_when_it_may_have_changed() {
    let setup = Setup::new();
    setup.tell("a", Happy);
    let place = setup.hub.since(setup.hub.start(), 10, &Wanted::Nodes).reached;
    setup.tell("a", Happy);
    let batch = setup.hub.since(place, 10, &Wanted::Nodes);
    assert_eq!(told(&batch), ["node a"]);
    setup.tell("a", Crisis);
    assert_eq!(told(&setup.hub.since(batch.reached, 10, &Wanted::Nodes)), ["node a", "fleet crisis"]);
}

#[test]
fn a_place_of_another_run_is_not_known() {
    let setup = Setup::new();
    setup.tell("a", Happy);
    let place = setup.hub.place();
    assert_eq!(Place::parse(&place.to_string()), Some(place));
    assert!(setup.hub.knows(place));
    assert!(!Setup::new().hub.knows(place), "a number that it has not reached");
    assert!(!Hub::new(Live::new(2_000)).knows(place.at(0)), "another start");
    for wrong in ["", "-", "3e8", "x-1", "3e8-x", "3e8--1", "3e8-99999999999999999999999"] {
        assert_eq!(Place::parse(wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn it_hears_what_live_tells_until_it_is_stopped() {
    let setup = Setup::new();
    let stopping = watch::Sender::new(false);
    let hub = Arc::new(setup.hub);
    let listening = tokio::spawn({
        let (hub, stop) = (Arc::clone(&hub), stopping.subscribe());
        async move { hub.listen(stop).await }
    });
    let mut newest = hub.newest();
    newest.changed().await.unwrap();
    // More than the stream holds: those that were not heard one by one are read again.
    for i in 0..crate::live::STREAM * 2 {
        setup.live.tell([Update::Node(Arc::new(node(&format!("n{}", i % 50), Some(Happy))))]);
    }
    while hub.since(hub.start(), 100, &Wanted::Nodes).items.len() < 51 {
        newest.changed().await.unwrap();
    }
    stopping.send_replace(true);
    listening.await.unwrap();
}

#[test]
fn a_page_of_cards_is_told_less_of_each_node() {
    let setup = Setup::new();
    setup.tell("a", Crisis);
    let json = |wanted: &Wanted| setup.hub.since(setup.hub.start(), 10, wanted).items[0].json.clone();
    let (whole, card) = (json(&Wanted::Nodes), json(&Wanted::Cards));
    assert!(card.len() * 3 < whole.len() * 2, "{} of {}", card.len(), whole.len());
    // Each is kept in its own shape.
    assert_eq!((json(&Wanted::Cards), json(&Wanted::All)), (card, whole));
}
