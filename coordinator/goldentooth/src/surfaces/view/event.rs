//! Events and what characters say, as everybody outside sees them.

use super::time;
use crate::flavour::Flavour;
use crate::live::{Event, Said, SaidKind};
use crate::words::capital;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One immutable fact on the mesh: a line of `events --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Event"))]
pub struct EventView {
    /// Its id, a `UUIDv7`: events sort by it.
    pub id: String,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// What kind of event it is, in `snake_case`.
    pub kind: String,
    /// The node that it is about; null if it is about none.
    pub node: Option<String>,
    /// Who reported it.
    pub source: String,
    /// The same for all events of one story.
    pub correlation: String,
    /// The event that led to this one.
    pub causation: Option<String>,
    /// What happened, in words.
    pub words: String,
    /// What was recorded.
    pub payload: serde_json::Value,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        let text = |key: &str| event.payload.get(key).and_then(serde_json::Value::as_str);
        let words = text("words").map(str::to_owned).or_else(|| spoken(&event.payload, Flavour::Full));
        // An event without a sentence of its own is at least named.
        let words = words.unwrap_or_else(|| event.kind.replace('_', " "));
        Self {
            id: event.id.to_string(),
            at: time(event.at),
            kind: event.kind.clone(),
            node: text("node").map(str::to_owned),
            source: event.source.clone(),
            correlation: event.correlation.to_string(),
            causation: event.causation.map(|id| id.to_string()),
            words,
            payload: event.payload.clone(),
        }
    }
}

impl EventView {
    /// The same, with a character's words in this flavour.
    #[must_use]
    pub fn in_flavour(mut self, flavour: Flavour) -> Self {
        if flavour != Flavour::Full
            && matches!(self.kind.as_str(), "says" | "tells")
            && let Some(words) = spoken(&self.payload, flavour)
        {
            self.words = words;
        }
        self
    }
}

/// What a character said, in quotes and with its name; without its voice it is
/// no quotation.
fn spoken(payload: &serde_json::Value, flavour: Flavour) -> Option<String> {
    let text = |key: &str| payload.get(key)?.as_str();
    let version = |key: &str| text(key).unwrap_or_default();
    let (by, said) = (text("by")?, flavour.of(version("plain"), version("bare"), text("text")?));
    if flavour == Flavour::Off && !version("plain").is_empty() {
        return Some(said.to_owned());
    }
    let name = capital(by);
    let kind =
        text("kind").filter(|kind| *kind != "fact").map(|kind| format!(" ({kind})")).unwrap_or_default();
    Some(format!("{name}{kind}: “{said}”"))
}

/// One sentence of a character: `last_said` of a node, and the message on its topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Said"))]
pub struct SaidView {
    /// Who said it: the sheet's file name.
    pub by: String,
    /// The sentence, with all that its speaker makes of it.
    pub text: String,
    /// The fact alone, as its speaker puts it: what the flavour `light` shows.
    pub bare: String,
    /// The fact in plain words: what the flavour `off` shows.
    pub plain: String,
    /// Wholly a fact, a suspicion or fiction.
    #[cfg_attr(test, schemars(with = "crate::surfaces::schemas::SaidKind"))]
    pub kind: SaidKind,
    /// What its slots were filled from, as recorded.
    #[cfg_attr(test, schemars(with = "Vec<crate::surfaces::schemas::Fact>"))]
    pub facts: serde_json::Value,
    /// When it was said.
    pub at: Option<Timestamp>,
}

impl From<&Said> for SaidView {
    fn from(said: &Said) -> Self {
        Self {
            by: said.by.clone(),
            text: said.text.clone(),
            bare: said.bare.clone(),
            plain: said.plain.clone(),
            kind: said.kind,
            facts: said.facts.value(),
            at: time(said.at),
        }
    }
}

impl SaidView {
    /// The sentence in this flavour.
    pub fn words(&self, flavour: Flavour) -> &str {
        flavour.of(&self.plain, &self.bare, &self.text)
    }

    /// The same, with its text in this flavour.
    #[must_use]
    pub fn in_flavour(mut self, flavour: Flavour) -> Self {
        self.text = self.words(flavour).to_owned();
        self
    }
}
