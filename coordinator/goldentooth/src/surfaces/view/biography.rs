//! A node's life, as everybody outside sees it, and as a page of Markdown.

use super::told::ToldView;
use super::{markdown, time};
use crate::biography::Life;
use crate::live::UnixMillis;
use fleet::words::span;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A node's life: `biography NAME --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Biography"))]
pub struct BiographyView {
    /// Whose.
    pub node: String,
    /// When it was heard of first.
    pub began: Option<Timestamp>,
    /// When it was forgotten; null while it serves.
    pub ended: Option<Timestamp>,
    /// How many whole days it served.
    pub days: u64,
    /// Its longest time without stress, crisis and silence; null where there was none.
    pub calm: Option<CalmView>,
    /// Its worst night; null where none was bad.
    pub night: Option<NightView>,
    /// How often it was in crisis.
    pub crises: u32,
    /// How often it fell silent.
    pub silences: u32,
    /// How often it started anew.
    pub restarts: u32,
    /// Which characters spoke of it, and in how many lines; most lines first.
    pub stood_by: Vec<StoodByView>,
    /// New boards, cards and names, and what was handed down.
    pub turns: Vec<TurnedView>,
    /// What people called its stress.
    pub habits: Vec<String>,
    /// All of it in a few sentences.
    pub words: String,
    /// The same as a character tells it: its node's own, unless another is named; null without a cast.
    #[serde(default)]
    pub told: Option<ToldView>,
}

/// A calm time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Calm"))]
pub struct CalmView {
    /// From when on.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// How long, in seconds.
    pub lasts_s: u64,
}

/// A night, from 18 h to 6 h UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Night"))]
pub struct NightView {
    /// When it began.
    pub at: Option<Timestamp>,
    /// For how long the node was in crisis or silent, in seconds.
    pub grave_s: u64,
}

/// Who spoke of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "StoodBy"))]
pub struct StoodByView {
    /// The character's sheet.
    pub by: String,
    /// In how many lines.
    pub lines: u32,
}

/// Something that became of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Turned"))]
pub struct TurnedView {
    /// When.
    pub at: Option<Timestamp>,
    /// What, in words.
    pub words: String,
}

impl BiographyView {
    /// A life as it is at `now`.
    pub fn of(life: &Life, now: UnixMillis) -> Self {
        let seconds = |millis: u64| millis / 1_000;
        Self {
            node: life.node.to_string(),
            began: time(life.began),
            ended: life.ended.and_then(time),
            days: life.days(now),
            calm: life.calm.map(|(from, until)| CalmView {
                from: time(from),
                until: time(until),
                lasts_s: seconds((until - from).unsigned_abs()),
            }),
            night: life.night.map(|(at, grave)| NightView { at: time(at), grave_s: seconds(grave) }),
            crises: life.crises,
            silences: life.silences,
            restarts: life.restarts,
            stood_by: life
                .stood_by
                .iter()
                .map(|(by, lines)| StoodByView { by: by.clone(), lines: *lines })
                .collect(),
            turns: life
                .turns
                .iter()
                .map(|(at, words)| TurnedView { at: time(*at), words: words.clone() })
                .collect(),
            habits: life.habits.clone(),
            words: life.words(now),
            told: None,
        }
    }

    /// What there is to say, each as a name and a few words.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let day = |at: Option<Timestamp>| {
            at.map_or_else(|| "?".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
        };
        let until = self.ended.map_or_else(|| "now".to_owned(), |at| day(Some(at)));
        let mut facts = vec![
            ("Served", format!("{} days, from {} until {until}", self.days, day(self.began))),
            ("Crises", self.crises.to_string()),
            ("Silences", self.silences.to_string()),
            ("Restarts", self.restarts.to_string()),
        ];
        if let Some(calm) = &self.calm {
            let lasts = span(calm.lasts_s * 1_000);
            facts.push((
                "Longest calm",
                format!("{lasts}, from {} until {}", day(calm.from), day(calm.until)),
            ));
        }
        if let Some(night) = &self.night {
            let grave = span(night.grave_s * 1_000);
            facts.push(("Worst night", format!("{}, {grave} in crisis or silence", day(night.at))));
        }
        let stood_by: Vec<String> =
            self.stood_by.iter().take(6).map(|one| format!("{} ({} lines)", one.by, one.lines)).collect();
        if !stood_by.is_empty() {
            facts.push(("Stood by it", stood_by.join(", ")));
        }
        if !self.habits.is_empty() {
            facts.push(("Habits", self.habits.join(", ")));
        }
        facts
    }

    /// The heading of its page.
    pub fn title(&self) -> String {
        if self.ended.is_some() {
            format!("In memory of {}", self.node)
        } else {
            format!("The life of {}", self.node)
        }
    }

    /// The page in Markdown.
    pub fn markdown(&self) -> String {
        let facts = self.facts();
        let facts = facts.iter().map(|(name, words)| format!("- **{name}**: {}\n", markdown(words)));
        let turns = self.turns.iter().map(|turn| {
            let at = turn.at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
            format!("- {at}: {}\n", markdown(&turn.words))
        });
        let title = format!("# {}\n\n", markdown(&self.title()));
        let told = self.told.iter().map(|told| {
            let lines: String = told.lines.iter().map(|line| format!("> {}  \n", markdown(line))).collect();
            let [words, opens, ends] = [&told.words(), &told.opens, &told.ends].map(|text| markdown(text));
            format!("\n*{words}*\n\n> {opens}  \n{lines}> {ends}\n")
        });
        std::iter::once(title).chain(facts).chain(turns).chain(told).collect()
    }
}
