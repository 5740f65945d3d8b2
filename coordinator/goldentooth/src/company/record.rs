//! Facts by their id, out of the events that record them.
//!
//! `EVENT.SLOT` is what filled a slot of a line about that event; `ANSWER.N` is
//! the N-th fact of an answer.

use crate::ask::{Ask, AskError, EventQuery};
use crate::live::Event;
use crate::surfaces::view::{FactView, time};
use serde_json::Value;
use uuid::Uuid;

/// An answer's event is made this long after its id at most.
const LATE: u32 = 200;

/// The fact of this id; none if nothing records it.
///
/// # Errors
/// [`AskError`] if the store can't be read.
pub(super) async fn fact(ask: &Ask, id: &str) -> Result<Option<FactView>, AskError> {
    let Some((of, which)) = id.split_once('.') else { return Ok(None) };
    let Ok(of) = of.parse::<Uuid>() else { return Ok(None) };
    let after = |kind: &str| EventQuery {
        after: Some(before(of)),
        kind: Some(kind.to_owned()),
        limit: LATE as usize,
        ..EventQuery::default()
    };
    for event in ask.events(after("answered")).await? {
        let facts = event.payload.get("facts").and_then(Value::as_array);
        if let Some(found) = facts.into_iter().flatten().find(|fact| fact.get("id") == Some(&Value::from(id)))
        {
            return Ok(serde_json::from_value(found.clone()).ok());
        }
    }
    // No fact stands on a tale.
    for event in ask.events(after("says")).await? {
        if event.causation == Some(of)
            && let Some(fact) = slot(&event, which, id)
        {
            return Ok(Some(fact));
        }
    }
    Ok(None)
}

/// The fact in a slot of a line.
fn slot(event: &Event, slot: &str, id: &str) -> Option<FactView> {
    let facts = event.payload.get("facts")?.as_array()?;
    let told = facts.iter().find(|told| told.get("slot").and_then(Value::as_str) == Some(slot))?;
    let text = |key: &str| told.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(FactView {
        id: id.to_owned(),
        kind: slot.to_owned(),
        subject: event.payload.get("node").and_then(Value::as_str).unwrap_or("fleet").to_owned(),
        value: told.get("value").cloned().unwrap_or_default(),
        unit: text("unit"),
        at: time(event.at),
        event: told.get("event").and_then(Value::as_str).map(str::to_owned),
    })
}

/// An id just before this one.
pub(super) fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1 << 80))
}
