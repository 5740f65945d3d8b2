//! A node's past in equal steps, over an hour, a day, a week or a month: what
//! the charts draw; and the moods of the whole fleet over a day.

use super::{Standing, time};
use crate::live::Event;
use frames::Mood;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How far back a history goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Span {
    /// 60 steps of a minute.
    Hour,
    /// 288 steps of five minutes.
    #[default]
    Day,
    /// 336 steps of half an hour.
    Week,
    /// 360 steps of two hours: 30 days.
    Month,
}

impl Span {
    /// Every span, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The length of a step in seconds, and how many steps there are.
    pub fn steps(self) -> (u32, usize) {
        match self {
            Self::Hour => (60, 60),
            Self::Day => (300, 288),
            Self::Week => (1_800, 336),
            Self::Month => (7_200, 360),
        }
    }
}

/// A node's past. Every list of a series, and `mood` and `reports`, has one
/// entry per step, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "History"))]
pub struct HistoryView {
    /// Whose.
    pub node: String,
    /// How far back it goes.
    pub span: Span,
    /// Where the first step begins.
    pub from: Option<Timestamp>,
    /// The length of a step, in seconds.
    pub step_s: u32,
    /// How many reports came in the step, also later than they were made; 0 is a gap.
    pub reports: Vec<u32>,
    /// The worst mood in the step; null where none was said.
    #[cfg_attr(test, schemars(with = "Vec<Option<crate::surfaces::schemas::Mood>>"))]
    pub mood: Vec<Option<Mood>>,
    /// When its mood turned, oldest first; the first turn may lie before the first step.
    pub turns: Vec<TurnView>,
    /// Each vital that was measured in it.
    pub vitals: BTreeMap<Cow<'static, str>, SeriesView>,
}

/// A vital over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Series"))]
pub struct SeriesView {
    /// The unit; empty for plain numbers and flags.
    pub unit: Cow<'static, str>,
    /// The mean of the step; of a flag, the share of reports that had it.
    pub mean: Vec<Option<f64>>,
    /// The lowest in the step.
    pub min: Vec<Option<f64>>,
    /// The highest in the step.
    pub max: Vec<Option<f64>>,
}

/// A turn of a node's mood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Turn"))]
pub struct TurnView {
    /// When.
    pub at: Option<Timestamp>,
    /// How the node stands from then on; null after its return from a silence,
    /// when it has yet to say.
    pub standing: Option<Standing>,
    /// What happened, in words.
    pub words: String,
}

impl TurnView {
    /// Of a `mood_changed`, `silent` or `returned` event.
    pub fn of(event: &Event) -> Self {
        let text = |key: &str| event.payload.get(key).and_then(serde_json::Value::as_str);
        let standing = match event.kind.as_str() {
            "silent" => Some(Standing::Silent),
            "mood_changed" => {
                text("to").and_then(Mood::from_name).map(|mood| Standing::new(Some(mood), false))
            }
            _ => None,
        };
        Self { at: time(event.at), standing, words: text("words").unwrap_or_default().to_owned() }
    }
}

/// The moods of every node over the last day, a letter for each quarter of an
/// hour, oldest first: `b` bored, `h` happy, `s` stressed, `c` crisis (the
/// worst in it), `?` heard without a mood, `.` nothing heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Moods"))]
pub struct MoodsView {
    /// Where the first quarter begins.
    pub from: Option<Timestamp>,
    /// The length of a step, in seconds.
    pub step_s: u32,
    /// The letters of each node, by its name.
    pub nodes: BTreeMap<String, String>,
}

/// The letter of a mood in [`MoodsView`].
pub fn letter(mood: Option<Mood>) -> u8 {
    match mood {
        Some(Mood::Bored) => b'b',
        Some(Mood::Happy) => b'h',
        Some(Mood::Stressed) => b's',
        Some(Mood::Crisis) => b'c',
        None => b'?',
    }
}
