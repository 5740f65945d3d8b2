//! From events to what a character can speak of. Nothing is looked up
//! elsewhere: what an event doesn't tell, nobody says.

use cast::{Direction, Fact, Mood, Occasion, Quantity, Reading};
use fleet::{Because, Change, words};
use serde_json::Value;
use store::Event;

/// What can be said about an event; none if it is nothing for the cast.
pub fn of(event: &Event) -> Option<Fact> {
    let change = change(event)?;
    let fact = |occasion| Fact {
        event: event.id.to_string(),
        at: event.at,
        node: change.node().map(ToString::to_string).unwrap_or_default(),
        occasion,
        mood: None,
        was: None,
        lasted: None,
        readings: Vec::new(),
        unheard: None,
    };
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
        _ => None,
    }
}

/// The change that an event records, if it records one.
fn change(event: &Event) -> Option<Change> {
    if !matches!(event.kind.as_str(), "joined" | "mood_changed" | "silent" | "returned") {
        return None;
    }
    let mut payload = event.payload.clone();
    payload.as_object_mut()?.insert("kind".to_owned(), Value::from(event.kind.as_str()));
    match serde_json::from_value(payload) {
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
