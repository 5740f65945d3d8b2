//! From events to what a character can speak of. Nothing is looked up
//! elsewhere: what an event doesn't tell, nobody says.

use cast::{Direction, Fact, Mood, Occasion, Quantity, Reading, Signal};
use fleet::service::{state_word, unit_name};
use fleet::{Because, Change, Relations, words};
use frames::{Service, ServiceState};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use store::Event;

/// What can be said about an event; none if it is nothing for the cast.
pub fn of(event: &Event) -> Option<Fact> {
    let change = change(event)?;
    let fact =
        |occasion| Fact { event: event.id.to_string(), ..Fact::of(subject(&change), event.at, occasion) };
    match &change {
        Change::Joined { .. } => Some(fact(Occasion::Joined)),
        Change::MoodChanged { from, to, because, lasted, .. } => {
            let (was, mood) = (from.map(mood), mood(*to));
            Some(Fact {
                mood: Some(mood),
                was,
                lasted: lasted.map(span),
                readings: because.iter().map(reading).collect(),
                ..fact(Occasion::of(was, mood))
            })
        }
        Change::Silent { last_seen, .. } => Some(Fact {
            // A clock that was set back in between tells nothing.
            unheard: last_seen.and_then(|seen| u64::try_from(event.at - seen).ok()).map(span),
            ..fact(Occasion::Silent)
        }),
        Change::Returned { silent_for, .. } => {
            Some(Fact { unheard: silent_for.map(span), ..fact(Occasion::Returned) })
        }
        _ => sign(&change).map(|(name, words)| Fact {
            readings: vec![if is_relief(&change) {
                Reading::relief(name, &words)
            } else {
                Reading::sign(name, &words)
            }],
            ..fact(Occasion::Signal)
        }),
    }
}

/// The kind of the event that records what every eye saw in a node.
pub const LOOKED: &str = "looked";

/// What every eye saw in a node: the most alarmed first, the blind left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looked {
    pub(crate) node: String,
    pub(crate) mood: Option<Mood>,
    /// Who had just spoken about it, if they looked for that.
    pub(crate) after: Option<String>,
    pub(crate) seen: Vec<Seen>,
}

/// What one of them saw.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) by: String,
    pub(crate) verdict: cast::eye::Verdict,
    pub(crate) subject: Option<String>,
    #[serde(default)]
    pub(crate) value: f64,
    #[serde(default)]
    pub(crate) unit: String,
    /// The value, as people read it.
    #[serde(default)]
    pub(crate) text: String,
    /// What the subject is called.
    #[serde(default)]
    pub(crate) vital: String,
    /// The reading as a noun: "disk used of 93 %".
    #[serde(default)]
    pub(crate) sign: String,
    /// The reading in full.
    #[serde(default)]
    pub(crate) words: String,
}

/// What an event of the kind [`LOOKED`] tells; none if it can't be read.
pub(crate) fn looked(event: &Event) -> Option<Looked> {
    let text = |key: &str| event.payload.get(key).and_then(Value::as_str).map(str::to_owned);
    let seen: Vec<Seen> = serde_json::from_value(event.payload.get("readings")?.clone()).ok()?;
    let mood = text("mood").and_then(|word| serde_json::from_value(Value::from(word)).ok());
    Some(Looked { node: text("node")?, mood, after: text("after"), seen })
}

/// Whom a change concerns: its node, or a service that runs on none that is known.
fn subject(change: &Change) -> String {
    match change {
        Change::ServiceReported { service, node: None, .. } => service.to_string(),
        _ => change.node().map(ToString::to_string).unwrap_or_default(),
    }
}

/// What an event is a signal of, besides being one of its kind. A unit is the
/// services that are declared to be it, and the one of its own name.
pub fn signals(event: &Event, fact: &Fact, relations: &Relations) -> Vec<Signal> {
    let mut signals = vec![Signal::Event(event.kind.clone())];
    let text = |key: &str| event.payload.get(key).and_then(Value::as_str);
    if let Some(service) = text("service") {
        signals.push(Signal::Service(service.to_owned()));
    }
    if let Some(unit) = text("unit") {
        let declared = relations.of_unit(&fact.node, unit).map(|service| service.name.as_str());
        let names: BTreeSet<&str> = declared.chain([unit_name(unit)]).collect();
        signals.extend(names.into_iter().map(|name| Signal::Service(name.to_owned())));
    }
    if fact.occasion != Occasion::Signal {
        signals.extend(fact.readings.iter().map(|reading| Signal::Vital(reading.name.clone())));
    }
    signals
}

/// Whether anything here supplies a signal: a vital that is in the table, an
/// event that the fleet tells, a service whose state is heard of.
pub fn is_supplied(signal: &Signal, services: &[String]) -> bool {
    match signal {
        Signal::Vital(name) => frames::Vital::from_name(name).is_some(),
        Signal::Event(kind) => Change::KINDS.contains(&kind.as_str()),
        Signal::Service(name) => services.contains(name),
    }
}

/// What is told of a change that is no mood, coming or going: the name of the
/// signal, and its words as a noun.
fn sign(change: &Change) -> Option<(&'static str, String)> {
    let words = match change {
        Change::Restarted { machine: Some(true), .. } => "a reboot of the machine".to_owned(),
        Change::Restarted { .. } => "a restart of the agent".to_owned(),
        Change::ClockChanged { by: Some(by), .. } if by.unsigned_abs() >= 1_000 => {
            let way = if *by < 0 { "back" } else { "forwards" };
            format!("a clock set {way} by {}", words::span(by.unsigned_abs()))
        }
        Change::ClockChanged { trusted: true, .. } => "a clock that follows a time server".to_owned(),
        Change::ClockChanged { .. } => "a clock that follows no time server".to_owned(),
        Change::AgentChanged { to, .. } => format!("agent {to}"),
        Change::HardwareChanged { to, .. } => format!("other hardware, {to}"),
        Change::SettingsApplied { version, .. } => format!("settings version {version}"),
        Change::SpoolDropped { frames, .. } => format!("{frames} lost frames"),
        Change::TwoBootsAlternate { .. } => "one enrolment file on two machines".to_owned(),
        Change::FrameRefused { cause, count, .. } => format!("{count} refused frames ({cause})"),
        Change::ServiceChanged { unit, to, .. } if unit == Service::DATA_FOLDER => match to {
            ServiceState::Active => "a data folder on its disk again".to_owned(),
            ServiceState::Inactive => "a data folder that lies in memory".to_owned(),
            _ => "a data folder that takes nothing".to_owned(),
        },
        Change::ServiceChanged { unit, to, .. } => format!("{unit} {}", state_word(*to)),
        // Its own name stands where a node's would: "a failure on vault".
        Change::ServiceReported { node: None, to, .. } => deed(*to).to_owned(),
        Change::ServiceReported { service, to, .. } => format!("{service} {}", state_word(*to)),
        _ => return None,
    };
    Some((change.kind(), words))
}

/// What a service has done that came into this state, as a noun.
fn deed(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Active => "a return to work",
        ServiceState::Changing => "a change under way",
        ServiceState::Inactive => "a stop",
        ServiceState::Failed => "a failure",
        ServiceState::Missing => "an absence",
    }
}

/// Whether a change is a good one.
fn is_relief(change: &Change) -> bool {
    matches!(
        change,
        Change::ServiceChanged { to: ServiceState::Active, .. }
            | Change::ServiceReported { to: ServiceState::Active, .. }
            | Change::ClockChanged { trusted: true, by: None, .. }
            | Change::AgentChanged { .. }
            | Change::SettingsApplied { .. }
    )
}

/// The change that an event records, if it records one.
fn change(event: &Event) -> Option<Change> {
    match event.change()? {
        Ok(change) => Some(change),
        Err(error) => {
            tracing::warn!(event = %event.id, kind = event.kind, %error, "an event that the cast can't read");
            None
        }
    }
}

fn mood(mood: frames::Mood) -> Mood {
    match mood {
        frames::Mood::Bored => Mood::Bored,
        frames::Mood::Happy => Mood::Happy,
        frames::Mood::Stressed => Mood::Stressed,
        frames::Mood::Crisis => Mood::Crisis,
    }
}

fn reading(because: &Because) -> Reading {
    let vital = because.vital;
    // Values came from 32 bits, and go back without loss.
    let quantity = |value: f64| Quantity {
        value,
        unit: vital.unit().to_owned(),
        text: words::quantity(vital, value as f32),
    };
    let flag = vital.is_flag();
    Reading {
        name: vital.name().to_owned(),
        words: if flag { words::named(vital, because.value as f32) } else { vital.row().words.to_owned() },
        flag,
        value: quantity(because.value),
        direction: Some(match because.direction {
            frames::Direction::Above => Direction::Above,
            frames::Direction::Below => Direction::Below,
        }),
        usual: because.usual.map(quantity),
    }
}

fn span(millis: u64) -> Quantity {
    Quantity { value: millis as f64, unit: "ms".to_owned(), text: words::span(millis) }
}
