//! Character cards, versions 2 and 3: what others' tools write and read. A card
//! is kept whole, so that what came in goes out again; a sheet is made of it.
//!
//! What a card would say to a language model (`system_prompt`,
//! `post_history_instructions`) is [`Withheld`]: it goes out with the card, and
//! nowhere else.

mod adopt;

pub use adopt::{AdoptError, Adopted, adopt};

use crate::sheet::Sheet;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// The longest card, in bytes of JSON.
pub const LONGEST: usize = 1 << 20;
/// The most entries of a card's book.
pub const MOST_ENTRIES: usize = 500;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
/// The keys that are withheld.
const WITHHELD: [&str; 2] = ["system_prompt", "post_history_instructions"];
/// The keys whose words people see, or that a sheet takes.
const SHOWN: [&str; 9] = [
    "name",
    "nickname",
    "creator",
    "character_version",
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
];
/// Marks between angle brackets that belong to the format, and are no markup.
const MARKS: [&str; 4] = ["<START>", "<USER>", "<BOT>", "<CHAR>"];
/// Where a sheet of ours lies in a card.
const OURS: &str = "goldentooth";

/// The version of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `chara_card_v2`
    V2,
    /// `chara_card_v3`
    V3,
}

impl Version {
    fn spec(self) -> (&'static str, &'static str) {
        match self {
            Self::V2 => ("chara_card_v2", "2.0"),
            Self::V3 => ("chara_card_v3", "3.0"),
        }
    }
}

/// What a card tells a language model to do. It is kept for the card's export
/// alone: there is no way to read it, and it prints nothing of itself.
#[derive(Clone, PartialEq)]
pub struct Withheld(Value);

impl fmt::Debug for Withheld {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Withheld")
    }
}

/// A character card.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The version in which it came.
    pub version: Version,
    /// What stands beside `data` and isn't the version.
    beside: Map<String, Value>,
    /// What stands under `data`, without what is withheld.
    data: Map<String, Value>,
    withheld: BTreeMap<&'static str, Withheld>,
}

/// Why a card can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// More bytes than a card may have.
    #[error("the card has {0} bytes, and {LONGEST} is the most")]
    TooLong(usize),
    /// No JSON.
    #[error("the card is no JSON: {0}")]
    Json(String),
    /// Another kind of JSON.
    #[error(
        "{0}: it is no character card of version 2 or 3 (`spec` \"chara_card_v2\" or \"chara_card_v3\", and `data`)"
    )]
    Spec(&'static str),
    /// Something of the wrong type, or missing.
    #[error("data.{key}: {why}")]
    Key {
        /// Where.
        key: String,
        /// What is wrong.
        why: String,
    },
}

fn wrong(key: &str, why: impl Into<String>) -> CardError {
    CardError::Key { key: key.to_owned(), why: why.into() }
}

impl Card {
    /// Reads a card and checks what people would see of it.
    ///
    /// # Errors
    /// [`CardError`] names the key and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        if text.len() > LONGEST {
            return Err(CardError::TooLong(text.len()));
        }
        let whole: Value = serde_json::from_str(text).map_err(|error| CardError::Json(error.to_string()))?;
        let Value::Object(mut beside) = whole else { return Err(CardError::Spec("it is no object")) };
        let spec = beside.get("spec").and_then(Value::as_str).unwrap_or_default();
        let version = [Version::V2, Version::V3]
            .into_iter()
            .find(|version| version.spec().0 == spec)
            .ok_or(CardError::Spec("`spec` says otherwise"))?;
        let Some(Value::Object(mut data)) = beside.remove("data") else {
            return Err(CardError::Spec("`data` is missing"));
        };
        check(&data)?;
        let withheld =
            WITHHELD.into_iter().filter_map(|key| Some((key, Withheld(data.remove(key)?)))).collect();
        Ok(Self { version, beside, data, withheld })
    }

    /// The card of a sheet, with the sheet itself in it. Of who is veiled it
    /// tells no domain.
    pub fn of(sheet: &Sheet, text: &str) -> Self {
        let domain = if sheet.veiled { String::new() } else { format!(" It stands for {}.", sheet.domain) };
        let lines = sheet.grammar.answers.iter().map(|lead| lead.source.replace("{answer}", "…"));
        let data = json!({
            "name": sheet.name,
            "description": format!("{}, {}, of {}.{domain}", sheet.name, sheet.archetype, sheet.house),
            "personality": sheet.voice.join(" "),
            "scenario": "",
            "first_mes": lines.clone().next().unwrap_or_default(),
            "mes_example": lines.map(|line| format!("<START>\n{{{{char}}}}: {line}\n")).collect::<String>(),
            "creator_notes": sheet.opinions.join(" "),
            "alternate_greetings": [],
            "tags": ["goldentooth"],
            "creator": "goldentooth",
            "character_version": env!("CARGO_PKG_VERSION"),
            "extensions": { OURS: { "sheet": text } },
        });
        let Value::Object(data) = data else { unreachable!("an object as written") };
        let withheld = WITHHELD.into_iter().map(|key| (key, Withheld(Value::from("")))).collect();
        Self { version: Version::V2, beside: Map::new(), data, withheld }
    }

    /// The card as JSON, of its own version or another.
    pub fn to_json(&self, version: Option<Version>) -> Value {
        let version = version.unwrap_or(self.version);
        let mut data = self.data.clone();
        data.extend(self.withheld.iter().map(|(key, Withheld(words))| ((*key).to_owned(), words.clone())));
        let mut whole = self.beside.clone();
        if version != self.version || !whole.contains_key("spec") {
            let (spec, number) = version.spec();
            whole.insert("spec".to_owned(), spec.into());
            whole.insert("spec_version".to_owned(), number.into());
        }
        if version == Version::V3 {
            // The one key that version 3 demands besides.
            data.entry("group_only_greetings").or_insert_with(|| json!([]));
        }
        whole.insert("data".to_owned(), data.into());
        whole.into()
    }

    /// The same card under another name.
    ///
    /// # Errors
    /// [`CardError::Key`] if nobody can be called so.
    pub fn renamed(mut self, name: &str) -> Result<Self, CardError> {
        self.data.insert("name".to_owned(), name.into());
        check(&self.data)?;
        Ok(self)
    }

    /// The same card with the sheet that lies in it as `text`; one without a sheet stays as it is.
    #[must_use]
    pub fn with_sheet(mut self, text: &str) -> Self {
        let ours = self.data.get_mut("extensions").and_then(|all| all.get_mut(OURS));
        if let Some(sheet) = ours.and_then(|ours| ours.get_mut("sheet")).filter(|sheet| sheet.is_string()) {
            *sheet = text.into();
        }
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// The sheet of ours that lies in it.
    pub fn sheet(&self) -> Option<&str> {
        self.data.get("extensions")?.get(OURS)?.get("sheet")?.as_str()
    }

    fn text(&self, key: &str) -> &str {
        self.data.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What people would see is text, of a bearable length, and no markup.
fn check(data: &Map<String, Value>) -> Result<(), CardError> {
    for key in SHOWN {
        match data.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => check_text(key, text)?,
            Some(_) => return Err(wrong(key, "it is no text")),
        }
    }
    let name = data.get("name").and_then(Value::as_str).unwrap_or_default().trim();
    let letters = name.chars().filter(|c| c.is_alphanumeric()).count();
    if letters == 0 || name.chars().count() > LONGEST_NAME || name.contains(['{', '}', '<', '>', '\n']) {
        return Err(wrong("name", format!("a name has 1 to {LONGEST_NAME} characters, and no brackets")));
    }
    let entries = data.get("character_book").and_then(|book| book.get("entries"));
    match entries {
        Some(Value::Array(entries)) if entries.len() > MOST_ENTRIES => {
            let why = format!("{} entries, and {MOST_ENTRIES} is the most", entries.len());
            return Err(wrong("character_book.entries", why));
        }
        None | Some(Value::Null | Value::Array(_)) => {}
        Some(_) => return Err(wrong("character_book.entries", "it is no list")),
    }
    if !matches!(data.get("extensions"), None | Some(Value::Null | Value::Object(_))) {
        return Err(wrong("extensions", "it is no object"));
    }
    Ok(())
}

fn check_text(key: &str, text: &str) -> Result<(), CardError> {
    if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(wrong(key, format!("it holds the control character {control:?}")));
    }
    for (at, _) in text.match_indices('<') {
        let rest = text.get(at..).unwrap_or_default();
        let tag = rest.chars().nth(1).is_some_and(|c| c.is_alphabetic() || matches!(c, '/' | '!' | '?'));
        if tag && !MARKS.iter().any(|mark| rest.to_uppercase().starts_with(mark)) {
            let shown: String = rest.chars().take(12).collect();
            return Err(wrong(key, format!("it holds markup ({shown:?} …); take that out of the card")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
