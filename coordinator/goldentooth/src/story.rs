//! The fleet's story of a week: what is recorded of it, gathered into chapters.
//! Nothing in it is made up; what was told as fiction has no place here.

use crate::ask::{Ask, AskError, EventQuery, id_at};
use crate::live::{Event, UnixMillis};
use crate::words::counted;
use fleet::Change;
use fleet::words::span;
use frames::{Mood, NodeName};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// How long a week is, in milliseconds.
pub const WEEK: UnixMillis = 7 * 24 * 60 * 60 * 1000;
/// The most events that are read of a week.
const MOST: usize = 200_000;
/// The most incidents that are told, the gravest.
const INCIDENTS: usize = 8;
/// The most sentences of a chapter.
const LINES: usize = 30;

/// The chapters after the incidents, and the kinds of events whose own words stand in them.
const CHAPTERS: [(&str, &[&str]); 4] = [
    ("What was foretold", &["bet", "bet_settled"]),
    ("Habits", &["habit_named", "habit_forgotten", "habit_overdue", "habit_missed", "inherited"]),
    (
        "Who came and went",
        &["joined", "forgotten", "renamed", "obituary", "hardware_changed", "board_renamed", "card_changed"],
    ),
    ("On stage", &["born", "guessed"]),
];

/// The place of the chapter on habits.
const HABITS: usize = 1;

/// A part of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its heading.
    pub title: &'static str,
    /// Its sentences.
    pub lines: Vec<String>,
}

/// A week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// When it begins.
    pub from: UnixMillis,
    /// When it ends.
    pub until: UnixMillis,
    /// All of it in a sentence or two.
    pub words: String,
    /// Chapter by chapter; none is empty.
    pub chapters: Vec<Chapter>,
}

/// A stretch of trouble of one node.
#[derive(Clone, Debug)]
struct Incident {
    node: NodeName,
    from: UnixMillis,
    /// None while it lasts.
    until: Option<UnixMillis>,
    crisis: bool,
    silent: bool,
    /// What spoke for its gravest mood.
    why: Option<String>,
    /// Who said first what about it.
    quote: Option<(String, String)>,
}

impl Incident {
    fn lasts(&self, until: UnixMillis) -> u64 {
        u64::try_from(self.until.unwrap_or(until) - self.from).unwrap_or(0)
    }

    fn tell(&self, until: UnixMillis) -> String {
        let what = match (self.crisis, self.silent) {
            (true, true) => "in crisis and silent",
            (true, false) => "in crisis",
            (false, true) => "silent",
            (false, false) => "stressed",
        };
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let lasts = match self.until {
            Some(_) => format!("for {}", span(self.lasts(until))),
            None => "and is so still".to_owned(),
        };
        let quote = self.quote.as_ref().map(|(by, text)| format!(" {by}: “{text}”")).unwrap_or_default();
        format!("{}: {} was {what} {lasts}{why}.{quote}", stamp(self.from), self.node)
    }
}

/// How a node is while its events are read.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    strained: bool,
    silent: bool,
    /// The place of its open incident.
    open: Option<usize>,
}

/// Gathers a week from its events, in order of time.
#[derive(Debug, Default)]
struct Teller {
    heard: BTreeSet<NodeName>,
    nodes: BTreeMap<NodeName, Standing>,
    incidents: Vec<Incident>,
    /// By the place of the chapter.
    lines: BTreeMap<usize, Vec<String>>,
    /// How often a habit came as usual.
    as_usual: BTreeMap<String, u32>,
}

impl Teller {
    fn hear(&mut self, event: &Event) {
        let text = |key: &str| event.payload.get(key).and_then(Value::as_str);
        let node = event.node().and_then(|node| node.parse::<NodeName>().ok());
        if event.kind == "says" {
            let said = text("by").zip(text("text")).filter(|_| text("kind") == Some("fact"));
            if let (Some(node), Some((by, said))) = (node, said) {
                self.quote(&node, by, said);
            }
            return;
        }
        let chapter = CHAPTERS.iter().position(|(_, kinds)| kinds.contains(&event.kind.as_str()));
        if let (Some(chapter), Some(words)) = (chapter, text("words")) {
            self.lines.entry(chapter).or_default().push(format!("{}: {words}", stamp(event.at)));
        }
        let habit = event.payload.get("habit").filter(|habit| habit.is_object());
        let as_usual = habit.is_some_and(|habit| habit.get("but").is_none_or(Value::is_null));
        let Some(Ok(change)) = event.change() else { return };
        self.heard.extend(node);
        match &change {
            Change::MoodChanged { node, to, because, .. } => {
                let strained = matches!(to, Mood::Stressed | Mood::Crisis);
                if as_usual {
                    let name = habit.and_then(|habit| habit.get("name")).and_then(Value::as_str);
                    if let Some(name) = name.filter(|_| strained) {
                        *self.as_usual.entry(format!("{name} on {node}")).or_default() += 1;
                    }
                    return;
                }
                let why = because.iter().map(|because| because.words.as_str()).collect::<Vec<_>>();
                self.nodes.entry(node.clone()).or_default().strained = strained;
                self.turn(event.at, node, *to == Mood::Crisis, &why.join(" and "));
            }
            Change::Silent { node, .. } => {
                self.nodes.entry(node.clone()).or_default().silent = true;
                self.turn(event.at, node, false, "");
            }
            Change::Returned { node, .. } => {
                self.nodes.entry(node.clone()).or_default().silent = false;
                self.turn(event.at, node, false, "");
            }
            _ => {}
        }
    }

    /// A node's incident begins, goes on or ends.
    fn turn(&mut self, at: UnixMillis, node: &NodeName, crisis: bool, why: &str) {
        let standing = self.nodes.entry(node.clone()).or_default();
        if !standing.strained && !standing.silent {
            if let Some(incident) = standing.open.take().and_then(|place| self.incidents.get_mut(place)) {
                incident.until = Some(at);
            }
            return;
        }
        let place = *standing.open.get_or_insert(self.incidents.len());
        let silent = standing.silent;
        if place == self.incidents.len() {
            let (node, from) = (node.clone(), at);
            let fresh =
                Incident { node, from, until: None, crisis: false, silent: false, why: None, quote: None };
            self.incidents.push(fresh);
        }
        if let Some(incident) = self.incidents.get_mut(place) {
            if !why.is_empty() && (incident.why.is_none() || (crisis && !incident.crisis)) {
                incident.why = Some(why.to_owned());
            }
            incident.crisis |= crisis;
            incident.silent |= silent;
        }
    }

    /// What was said first about what goes on at a node.
    fn quote(&mut self, node: &NodeName, by: &str, text: &str) {
        let open = self.nodes.get(node).and_then(|standing| standing.open);
        if let Some(incident) = open.and_then(|place| self.incidents.get_mut(place)) {
            incident.quote.get_or_insert_with(|| (by.to_owned(), text.to_owned()));
        }
    }

    fn tell(mut self, from: UnixMillis, until: UnixMillis) -> Story {
        let count = |such: fn(&Incident) -> bool| self.incidents.iter().filter(|one| such(one)).count();
        let (crises, silences) = (count(|one| one.crisis), count(|one| one.silent));
        let troubled: BTreeSet<&NodeName> = self.incidents.iter().map(|one| &one.node).collect();
        let words = match self.incidents.len() {
            0 => format!("{}, and nothing troubled any of them.", nodes(self.heard.len())),
            all => format!(
                "{}; {} in {} of them, {} and {} among it.",
                nodes(self.heard.len()),
                counted(all, "trouble", "troubles"),
                troubled.len(),
                counted(crises, "crisis", "crises"),
                counted(silences, "silence", "silences"),
            ),
        };
        let mut gravest = self.incidents.clone();
        gravest.sort_by_key(|one| (!(one.crisis || one.silent), std::cmp::Reverse(one.lasts(until))));
        gravest.truncate(INCIDENTS);
        gravest.sort_by_key(|one| one.from);
        let told = gravest.iter().map(|one| one.tell(until)).collect();
        for (habit, times) in &self.as_usual {
            let habits = self.lines.entry(HABITS).or_default();
            habits.push(format!("{habit} came {times} times as usual, and called nobody."));
        }
        let others = CHAPTERS.iter().enumerate().map(|(place, (title, _))| {
            let mut lines = self.lines.remove(&place).unwrap_or_default();
            let more = lines.len().saturating_sub(LINES);
            lines.truncate(LINES);
            lines.extend((more > 0).then(|| format!("And {more} more.")));
            Chapter { title, lines }
        });
        let chapters = std::iter::once(Chapter { title: "What troubled it", lines: told }).chain(others);
        let chapters = chapters.filter(|chapter| !chapter.lines.is_empty()).collect();
        Story { from, until, words, chapters }
    }
}

fn nodes(count: usize) -> String {
    format!("{} had news", counted(count, "node", "nodes"))
}

/// A time within a week: "Fri 14:02 UTC".
fn stamp(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at)
        .map_or_else(|_| "?".to_owned(), |at| at.strftime("%a %H:%M UTC").to_string())
}

/// The story of the week that ends at `until`.
///
/// # Errors
/// [`AskError`] if the store can't be read.
pub async fn week(ask: &Ask, until: UnixMillis) -> Result<Story, AskError> {
    let from = until - WEEK;
    let mut teller = Teller::default();
    let query = EventQuery { after: Some(id_at(from)), ..EventQuery::default() };
    ask.every(query, MOST, |event| {
        if event.at < until {
            teller.hear(event);
        }
    })
    .await?;
    Ok(teller.tell(from, until))
}
