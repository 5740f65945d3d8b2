//! The facts of what changed, each with the event that records it if one is at hand.

use super::digest::{Scene, Stands, Trouble, Turned};
use cast::{Fact, Occasion, Reading};
use fleet::service::unit_name;
use minds::fence;
use serde_json::Value;
use store::{Event, Uuid};

/// Names of what is wrong besides nodes, as signs.
pub(super) const ALERT: &str = "alert";
pub(super) const SERVICE: &str = "service";
/// The most characters of a sign, and of what it is about.
const SIGN: usize = 160;
const SUBJECT: usize = 60;

/// The fact of an alert or of a service in trouble, and the event that records it.
pub(super) fn of_trouble(
    what: &str,
    trouble: &Trouble,
    scene: &Scene,
    events: &[Event],
) -> (Fact, Option<Uuid>) {
    let event = events.iter().rev().find(|event| records(event, trouble));
    let subject = if trouble.subject.is_empty() { &trouble.source } else { &trouble.subject };
    let words = if what == ALERT { format!("the alert {}", trouble.words) } else { trouble.words.clone() };
    let at = event.map_or(scene.now, |event| event.at);
    let fact = Fact {
        event: event.map(|event| event.id.to_string()).unwrap_or_default(),
        readings: vec![Reading::sign(what, &fence::clean(&words, SIGN))],
        ..Fact::of(fence::clean(subject, SUBJECT), at, Occasion::Signal)
    };
    (fact, event.map(|event| event.id))
}

/// Whether an event records that something is wrong.
fn records(event: &Event, trouble: &Trouble) -> bool {
    let text = |key: &str| event.payload.get(key).and_then(Value::as_str).unwrap_or_default();
    match event.kind.as_str() {
        "alert_raised" => text("source") == trouble.source && text("alert") == trouble.words,
        "service_reported" => trouble.words == format!("{} {}", text("service"), text("to")),
        "service_changed" => trouble.words == format!("{} {}", unit_name(text("unit")), text("to")),
        _ => false,
    }
}

/// The fact of a change: as its newest event tells it, if that says the same.
pub(super) fn of_turn(turned: &Turned, scene: &Scene, events: &[Event]) -> (Fact, Option<Uuid>) {
    let facts = events.iter().rev().filter_map(|event| Some((crate::facts::of(event)?, event.id)));
    let mut of_node =
        facts.filter(|(fact, _)| fact.node == turned.node && tells(fact.occasion) == Some(turned.to));
    if let Some((fact, event)) = of_node.next() {
        return (fact, Some(event));
    }
    let (occasion, mood) = match turned.to {
        Stands::Crisis => (Occasion::Crisis, Some(cast::Mood::Crisis)),
        Stands::Silent => (Occasion::Silent, None),
        Stands::Stressed => (Occasion::Stressed, Some(cast::Mood::Stressed)),
        Stands::Well if turned.from == Stands::Silent => (Occasion::Returned, None),
        Stands::Well => (Occasion::Happy, Some(cast::Mood::Happy)),
    };
    let since = scene.nodes.iter().find(|node| node.name == turned.node).and_then(|node| node.since);
    let fact = Fact { mood, ..Fact::of(&turned.node, since.unwrap_or(scene.now), occasion) };
    (fact, None)
}

/// How a node stands after an occasion; none where it doesn't tell.
fn tells(occasion: Occasion) -> Option<Stands> {
    match occasion {
        Occasion::Crisis => Some(Stands::Crisis),
        Occasion::Silent => Some(Stands::Silent),
        Occasion::Stressed => Some(Stands::Stressed),
        Occasion::Bored | Occasion::Happy | Occasion::Eased | Occasion::Returned => Some(Stands::Well),
        Occasion::Joined | Occasion::Signal => None,
    }
}
