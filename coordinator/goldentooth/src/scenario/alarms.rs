//! What a habit's name does to false alarms: how often what is harmless was told
//! as trouble before it had its name, and after.

use super::{DAY, Naming, Scenario, Told};
use fleet::Known;
use serde::Serialize;
use stage::Millis;
use std::sync::Arc;
use store::Event;

/// What comes of something harmless may be told so long after its end, in milliseconds.
const AFTERWARDS: Millis = 60 * 60_000;

/// False alarms of one node, before and after somebody named what they come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarms {
    /// Whose.
    pub node: String,
    /// What it was called.
    pub name: String,
    /// Before.
    pub before: Nights,
    /// After.
    pub after: Nights,
}

/// What was harmless within some time, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Nights {
    /// How long that is, in days of the node.
    pub days: f64,
    /// How often something harmless happened.
    pub harmless: u32,
    /// How often a crisis of it called for people: none that its name excused.
    pub crises: u32,
    /// How many lines told of it as of trouble.
    pub lines: u32,
    /// Of these for each day.
    pub lines_a_day: f64,
}

impl Alarms {
    pub(super) fn of(
        scenario: &Scenario,
        naming: &Naming,
        events: &[(Millis, Arc<Event>)],
        told: &[Told],
    ) -> Self {
        let mut spans: Vec<(Millis, Millis)> = Vec::new();
        for turn in scenario.turns() {
            let Some(of) = turn.of.filter(|of| of.harmless && *turn.node == naming.node) else { continue };
            spans.push((turn.at, turn.at + of.lasts.unwrap_or_default() + AFTERWARDS));
        }
        let is_harmless = |at: Millis| spans.iter().any(|(from, to)| (*from..*to).contains(&at));
        let count = |from: Millis, to: Millis| {
            let within = |at: Millis| (from..to).contains(&at);
            let crises = events.iter().filter(|(at, event)| {
                let is_of_node = event.node() == Some(naming.node.as_str());
                within(*at) && is_of_node && is_harmless(*at) && calls(event)
            });
            let lines = told.iter().filter(|one| {
                let of_node = !one.by.is_empty() && one.node == naming.node.as_str();
                of_node && one.trouble.is_some_and(|at| within(at) && is_harmless(at))
            });
            let days = (to - from) as f64 / DAY as f64;
            let lines = lines.count() as u32;
            Nights {
                days: (days * 100.0).round() / 100.0,
                harmless: spans.iter().filter(|(from, _)| within(*from)).count() as u32,
                crises: crises.count() as u32,
                lines,
                lines_a_day: (f64::from(lines) / days.max(f64::MIN_POSITIVE) * 100.0).round() / 100.0,
            }
        };
        let end = (u64::from(scenario.days) * DAY).max(naming.at);
        Self {
            node: naming.node.to_string(),
            name: naming.name.clone(),
            before: count(0, naming.at),
            after: count(naming.at, end),
        }
    }
}

/// Whether it is a crisis that no name excuses.
fn calls(event: &Event) -> bool {
    let text = |key: &str| event.payload.get(key).and_then(serde_json::Value::as_str);
    event.kind == "mood_changed" && text("to") == Some("crisis") && !is_excused(event)
}

fn is_excused(event: &Event) -> bool {
    let known = event.payload.get("habit").cloned();
    known.is_some_and(|known| serde_json::from_value::<Known>(known).is_ok_and(|known| known.but.is_none()))
}

/// Whether an event tells of trouble.
pub(super) fn is_trouble(event: &Event) -> bool {
    let to = event.payload.get("to").and_then(serde_json::Value::as_str);
    match event.kind.as_str() {
        "mood_changed" => matches!(to, Some("stressed" | "crisis")),
        "habit_overdue" | "habit_missed" => true,
        _ => false,
    }
}
