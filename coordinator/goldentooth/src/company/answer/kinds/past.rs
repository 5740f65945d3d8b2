//! Questions about what was.
#![allow(clippy::unnecessary_wraps)] // every kind answers in one shape: none where it can't

use super::super::{Scene, Told, clock, fact, span};
use super::{MOST, capital};
use crate::ask::{EventQuery, PastQuery, RecordQuery};
use crate::live::{Event, NodeSnapshot};
use crate::surfaces::view::FactView;
use cast::ask::{Asked, Stretch};
use frames::Vital;
use node_agent::clock::wall;
use serde_json::Value;

const HOUR: i64 = 60 * 60 * 1000;

/// The stretch that is asked for, else the last day.
pub(super) fn stretch(asked: &Asked) -> (i64, i64) {
    let Stretch { from, to } = asked.stretch.unwrap_or(Stretch { from: 24, to: 0 });
    (wall() - i64::from(from) * HOUR, wall() - i64::from(to) * HOUR)
}

/// How much the fleet recorded in a stretch, and the newest of it, oldest first.
async fn events(
    scene: &Scene<'_>,
    asked: &Asked,
    wanted: Option<&str>,
    (from, to): (i64, i64),
) -> Option<(u64, Vec<Event>)> {
    let (kind, became) = match wanted {
        Some("silent") => (Some("silent"), None),
        Some("restart") => (Some("restarted"), None),
        Some(mood) => (Some("mood_changed"), Some(mood.to_owned())),
        None => (None, None),
    };
    let node = asked.nodes.first().and_then(|node| node.parse().ok());
    let query = RecordQuery { from, to, node, kind: kind.map(str::to_owned), became, newest: MOST };
    scene.ask.recorded(query).await.ok()
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
    let (count, newest) = events(scene, asked, None, (from, to)).await?;
    if newest.is_empty() {
        let text = format!("Nothing was recorded between {} and {}.", clock(from), clock(to));
        return Some(Told::fact(text, vec![fact("events", "fleet", 0, "", Some(to))]));
    }
    let told: Vec<String> = newest
        .iter()
        .rev()
        .filter_map(|event| Some(format!("{}: {}", clock(event.at), sentence(event)?)))
        .collect();
    let facts = newest.iter().rev().map(recorded).collect();
    Some(Told::fact(format!("{count} events. The newest: {}", told.join(" ")), facts))
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
    let (count, newest) = events(scene, asked, Some(wanted), (from, to)).await?;
    let subject = asked.nodes.first().map_or("the fleet", String::as_str);
    let mut facts = vec![fact(wanted, subject, count, "", Some(to))];
    facts.extend(newest.iter().rev().map(recorded));
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let when = if asked.stretch.is_some_and(Stretch::has_ended) {
        format!("between {} and {}", clock(from), clock(to))
    } else {
        format!("since {}", clock(from))
    };
    Some(Told::fact(format!("{} of {subject} was recorded {times} {when}.", capital(noun(wanted))), facts))
}

pub(super) async fn last(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let wanted = wanted(asked);
    let (_, newest) = events(scene, asked, Some(wanted), (wall() - 31 * 24 * HOUR, wall())).await?;
    let subject = asked.nodes.first().map_or("the fleet", String::as_str);
    let Some(found) = newest.last() else {
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
