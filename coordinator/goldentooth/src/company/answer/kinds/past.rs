//! Questions about what was.
#![allow(clippy::unnecessary_wraps)] // every kind answers in one shape: none where it can't

use super::super::{Scene, Told, clock, fact, span};
use super::{MOST, capital};
use crate::ask::{EventQuery, PastQuery, id_at};
use crate::live::{Event, NodeSnapshot};
use crate::surfaces::view::FactView;
use cast::ask::{Asked, Stretch};
use frames::Vital;
use node_agent::clock::wall;
use serde_json::Value;
use std::sync::Arc;

const HOUR: i64 = 60 * 60 * 1000;

/// The stretch that is asked for, else the last day.
pub(super) fn stretch(asked: &Asked) -> (i64, i64) {
    let Stretch { from, to } = asked.stretch.unwrap_or(Stretch { from: 24, to: 0 });
    (wall() - i64::from(from) * HOUR, wall() - i64::from(to) * HOUR)
}

/// What the fleet recorded in a stretch, oldest first.
async fn events(scene: &Scene<'_>, asked: &Asked, kind: Option<&str>, from: i64, to: i64) -> Vec<Arc<Event>> {
    let query = EventQuery {
        after: Some(id_at(from)),
        kind: kind.map(str::to_owned),
        node: asked.nodes.first().and_then(|node| node.parse().ok()),
        limit: 1_000,
    };
    let events = scene.ask.events(query).await.unwrap_or_default();
    let ours = |event: &Arc<Event>| event.at < to && event.source == "fleet";
    events.into_iter().filter(ours).collect()
}

fn recorded(event: &Event) -> FactView {
    let subject = event.node().unwrap_or("fleet");
    let value = event.payload.get("to").cloned().unwrap_or_else(|| Value::from(event.kind.as_str()));
    FactView { event: Some(event.id.to_string()), ..fact(&event.kind, subject, value, "", Some(event.at)) }
}

fn sentence(event: &Event) -> Option<&str> {
    event.payload.get("words").and_then(Value::as_str)
}

pub(super) async fn changed(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let (from, to) = stretch(asked);
    let events = events(scene, asked, None, from, to).await;
    if events.is_empty() {
        let text = format!("Nothing was recorded between {} and {}.", clock(from), clock(to));
        return Some(Told::fact(text, vec![fact("events", "fleet", 0, "", Some(to))]));
    }
    let newest: Vec<&Arc<Event>> = events.iter().rev().take(MOST).collect();
    let told: Vec<String> = newest
        .iter()
        .filter_map(|event| Some(format!("{}: {}", clock(event.at), sentence(event)?)))
        .collect();
    let facts = newest.iter().map(|event| recorded(event)).collect();
    Some(Told::fact(format!("{} events. The newest: {}", events.len(), told.join(" ")), facts))
}

pub(super) async fn trend(scene: &Scene<'_>, asked: &Asked, node: &NodeSnapshot) -> Option<Told> {
    let cause = node.causes.first().map(|cause| cause.vital);
    let vital = asked.vital.as_deref().and_then(Vital::from_name).or(cause).unwrap_or(Vital::Temperature);
    let (from, to) = stretch(asked);
    let query = PastQuery { node: node.name.clone(), vitals: vec![vital], from, to, step: (to - from) / 24 };
    let points = scene.ask.past(query).await.ok()?;
    let means: Vec<(i64, f32)> = points
        .iter()
        .filter_map(|point| Some((point.at, point.values.first().copied().flatten()?.mean)))
        .collect();
    let (Some(first), Some(last)) = (means.first(), means.last()) else { return None };
    let name = node.name.as_str();
    let words = |value: f32| fleet::words::quantity(vital, value);
    let told = |(at, mean): &(i64, f32)| {
        fact(vital.name(), name, fleet::words::tidy(*mean), vital.unit(), Some(*at))
    };
    let facts = vec![told(first), told(last)];
    let scale = first.1.abs().max(last.1.abs()).max(1e-6);
    let way = match (last.1 - first.1) / scale {
        change if change > 0.05 => "rose",
        change if change < -0.05 => "fell",
        _ => "held",
    };
    let text = format!(
        "The {} of {name} {way} from {} ({}) to {} ({}).",
        vital.row().words,
        words(first.1),
        clock(first.0),
        words(last.1),
        clock(last.0)
    );
    Some(Told::fact(text, facts))
}

/// Whether an event is of the state that is asked about, and the word for it.
fn is_of(event: &Event, wanted: &str) -> bool {
    match wanted {
        "silent" => event.kind == "silent",
        "restart" => event.kind == "restarted",
        mood => event.kind == "mood_changed" && event.payload.get("to").and_then(Value::as_str) == Some(mood),
    }
}

fn wanted(asked: &Asked) -> &str {
    asked.state.as_deref().filter(|state| !matches!(*state, "failed" | "hot")).unwrap_or("crisis")
}

fn noun(wanted: &str) -> &str {
    match wanted {
        "crisis" => "a crisis",
        "silent" => "a silence",
        "restart" => "a restart",
        "stressed" => "stress",
        "happy" => "happiness",
        _ => "boredom",
    }
}

pub(super) async fn often(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let (from, to) =
        stretch(&Asked { stretch: asked.stretch.or(Some(Stretch { from: 24 * 7, to: 0 })), ..asked.clone() });
    let wanted = wanted(asked);
    let events = events(scene, asked, None, from, to).await;
    let found: Vec<&Arc<Event>> = events.iter().filter(|event| is_of(event, wanted)).collect();
    let subject = asked.nodes.first().map_or("the fleet", String::as_str);
    let mut facts = vec![fact(wanted, subject, found.len(), "", Some(to))];
    facts.extend(found.iter().rev().take(MOST).map(|event| recorded(event)));
    let times = if found.len() == 1 { "once".to_owned() } else { format!("{} times", found.len()) };
    Some(Told::fact(
        format!("{} of {subject} was recorded {times} since {}.", capital(noun(wanted)), clock(from)),
        facts,
    ))
}

pub(super) async fn last(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let wanted = wanted(asked);
    let events = events(scene, asked, None, wall() - 31 * 24 * HOUR, wall()).await;
    let subject = asked.nodes.first().map_or("the fleet", String::as_str);
    let Some(found) = events.iter().rev().find(|event| is_of(event, wanted)) else {
        let facts = vec![fact(wanted, subject, 0, "", Some(wall()))];
        return Some(Told::fact(format!("No record of {} of {subject} is at hand.", noun(wanted)), facts));
    };
    let text = format!("{}, {} ago: {}", clock(found.at), span(wall() - found.at), sentence(found)?);
    Some(Told::fact(text, vec![recorded(found)]))
}

pub(super) async fn said(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let query = EventQuery {
        kind: Some("says".to_owned()),
        node: asked.nodes.first().and_then(|node| node.parse().ok()),
        limit: 500,
        ..EventQuery::default()
    };
    let lines = scene.ask.events(query).await.ok()?;
    let by = |event: &Event| event.payload.get("by").and_then(Value::as_str).map(str::to_owned);
    let who = asked.characters.first();
    let found = lines.iter().rev().find(|event| who.is_none() || by(event).as_ref() == who);
    let Some(found) = found else {
        let name = who.and_then(|who| scene.cast.get(who)).map_or("anybody", |sheet| sheet.name.as_str());
        return Some(Told::fact(format!("No word of {name} about it is recorded."), Vec::new()));
    };
    let name = by(found)?;
    let name = scene.cast.get(&name).map_or(name.clone(), |sheet| sheet.name.clone());
    let text = found.payload.get("text").and_then(Value::as_str)?;
    let told =
        FactView { event: Some(found.id.to_string()), ..fact("says", &name, text, "", Some(found.at)) };
    Some(Told::fact(format!("{}, {name}: “{text}”", clock(found.at)), vec![told]))
}
