//! A node's life, from what is recorded of it and nothing else: how long it
//! served, its longest calm, its worst night, and who stood by it. Of one that
//! was forgotten it is the obituary.

use crate::ask::{Ask, AskError, EventQuery};
use crate::live::{Event, UnixMillis};
use fleet::Change;
use fleet::words::span;
use frames::{Mood, NodeName};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// The most events that are read of one name.
const MOST: usize = 500_000;
/// The most names that one node is followed through.
const NAMES: usize = 16;
/// The most turns that are kept, and the most names of habits.
const TURNS: usize = 100;
const HOUR: UnixMillis = 60 * 60 * 1000;
const DAY: UnixMillis = 24 * HOUR;
/// A night begins in this hour of UTC, and lasts as long as a day.
const DUSK: UnixMillis = 18 * HOUR;
const NIGHT: UnixMillis = 12 * HOUR;
/// So many nights at most are told apart.
const NIGHTS: usize = 10_000;

/// One life of a node: from its joining until it was forgotten, or until now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Whose, as it is called now.
    pub node: NodeName,
    /// When it was heard of first.
    pub began: UnixMillis,
    /// When it was forgotten; none while it serves.
    pub ended: Option<UnixMillis>,
    /// Its longest time without stress, crisis and silence: from when on, and until when.
    pub calm: Option<(UnixMillis, UnixMillis)>,
    /// When its worst night began, and for how long it was in crisis or silent in it, in milliseconds.
    pub night: Option<(UnixMillis, u64)>,
    /// How often it was in crisis.
    pub crises: u32,
    /// How often it fell silent.
    pub silences: u32,
    /// How often it started anew.
    pub restarts: u32,
    /// Who spoke of it, and in how many lines; most lines first.
    pub stood_by: Vec<(String, u32)>,
    /// New boards, cards and names, and what was handed down: when, and what.
    pub turns: Vec<(UnixMillis, String)>,
    /// What people called its stress.
    pub habits: Vec<String>,
}

impl Life {
    /// How many whole days it served until `now`.
    pub fn days(&self, now: UnixMillis) -> u64 {
        u64::try_from((self.ended.unwrap_or(now) - self.began) / DAY).unwrap_or(0)
    }

    /// All of it in a few plain sentences.
    pub fn words(&self, now: UnixMillis) -> String {
        self.sentences(now).join(" ")
    }

    /// The same, one by one.
    pub fn sentences(&self, now: UnixMillis) -> Vec<String> {
        let days = self.days(now);
        let (node, plural) = (&self.node, if days == 1 { "" } else { "s" });
        let calm = self.calm.map(|(from, until)| (until - from).unsigned_abs());
        let stood_by = self.stood_by.first();
        let sentences = [
            Some(format!("{node} served {days} day{plural}.")),
            calm.map(|calm| format!("Its longest calm: {}.", span(calm))),
            self.night.map(|(_, grave)| format!("Its worst night: {} in crisis or silence.", span(grave))),
            stood_by.map(|(by, lines)| format!("{by} stood by it with {lines} lines.")),
        ];
        sentences.into_iter().flatten().collect()
    }
}

/// Tells a life from a node's events, in order of time.
#[derive(Clone, Debug)]
struct Teller {
    node: NodeName,
    life: Option<Life>,
    strained: bool,
    crisis: bool,
    silent: bool,
    /// Since when it is as it is.
    since: UnixMillis,
    /// Since when it is calm; none while it isn't.
    calm: Option<UnixMillis>,
    nights: BTreeMap<i64, u64>,
    lines: BTreeMap<String, u32>,
}

impl Teller {
    fn new(node: &NodeName) -> Self {
        Self {
            node: node.clone(),
            life: None,
            strained: false,
            crisis: false,
            silent: false,
            since: 0,
            calm: None,
            nights: BTreeMap::new(),
            lines: BTreeMap::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.ended.is_some())
    }

    /// The life that goes on, or begins; none after its end.
    fn life(&mut self, at: UnixMillis) -> Option<&mut Life> {
        let (node, since, calm) = (&self.node, &mut self.since, &mut self.calm);
        let life = self.life.get_or_insert_with(|| {
            (*since, *calm) = (at, Some(at));
            Life {
                node: node.clone(),
                began: at,
                ended: None,
                calm: None,
                night: None,
                crises: 0,
                silences: 0,
                restarts: 0,
                stood_by: Vec::new(),
                turns: Vec::new(),
                habits: Vec::new(),
            }
        });
        Some(life).filter(|life| life.ended.is_none())
    }

    fn hear(&mut self, event: &Event) {
        let text = |key: &str| event.payload.get(key).and_then(Value::as_str);
        match event.kind.as_str() {
            "forgotten" => {
                self.close(event.at);
                if let Some(life) = self.life.as_mut().filter(|life| life.ended.is_none()) {
                    life.ended = Some(event.at);
                }
            }
            "says" => {
                if let Some(by) = text("by") {
                    *self.lines.entry(by.to_owned()).or_default() += 1;
                }
            }
            "renamed" | "inherited" | "hardware_changed" | "board_renamed" | "card_changed" => {
                let words = text("words").unwrap_or_default().to_owned();
                if let Some(life) = self.life(event.at).filter(|life| life.turns.len() < TURNS) {
                    life.turns.push((event.at, words));
                }
            }
            "habit_named" => {
                let habit = text("habit").unwrap_or_default().to_owned();
                let is_new = |life: &&mut Life| life.habits.len() < TURNS && !life.habits.contains(&habit);
                if let Some(life) = self.life(event.at).filter(is_new) {
                    life.habits.push(habit);
                }
            }
            _ => {
                if let Some(Ok(change)) = event.change() {
                    self.turn(event.at, &change);
                }
            }
        }
    }

    fn turn(&mut self, at: UnixMillis, change: &Change) {
        // Whoever joins after it was forgotten begins another life.
        if self.is_over() && matches!(change, Change::Joined { .. }) {
            *self = Self::new(&self.node);
        }
        if self.is_over() {
            return;
        }
        let (crisis, silent) = (self.crisis, self.silent);
        match change {
            Change::MoodChanged { to, .. } => {
                self.pass(at);
                self.crisis = *to == Mood::Crisis;
                self.strained = matches!(to, Mood::Stressed | Mood::Crisis);
            }
            Change::Silent { .. } | Change::Returned { .. } => {
                self.pass(at);
                self.silent = matches!(change, Change::Silent { .. });
            }
            Change::Joined { .. } | Change::Restarted { .. } => {}
            // What others say under its name is nothing of its life.
            _ => return,
        }
        let (crisis, silent) = (self.crisis && !crisis, self.silent && !silent);
        let Some(life) = self.life(at) else { return };
        life.crises += u32::from(crisis);
        life.silences += u32::from(silent);
        life.restarts += u32::from(matches!(change, Change::Restarted { .. }));
        if self.strained || self.silent {
            self.rest(at);
        } else {
            self.calm.get_or_insert(at);
        }
    }

    /// The time since the last change belongs to its night, if it was a grave one.
    fn pass(&mut self, at: UnixMillis) {
        let from = std::mem::replace(&mut self.since, at);
        if !(self.crisis || self.silent) || from >= at {
            return;
        }
        let night = |at: UnixMillis| (at - DUSK).div_euclid(DAY);
        for number in night(from)..=night(at) {
            let dusk = number * DAY + DUSK;
            let grave = at.min(dusk + NIGHT) - from.max(dusk);
            if grave > 0 && (self.nights.len() < NIGHTS || self.nights.contains_key(&number)) {
                *self.nights.entry(number).or_default() += grave.unsigned_abs();
            }
        }
    }

    /// A calm ends.
    fn rest(&mut self, at: UnixMillis) {
        let Some(from) = self.calm.take() else { return };
        let Some(life) = &mut self.life else { return };
        if at > from && life.calm.is_none_or(|(begins, ends)| at - from > ends - begins) {
            life.calm = Some((from, at));
        }
    }

    /// Whatever goes on is over.
    fn close(&mut self, at: UnixMillis) {
        if !self.is_over() {
            self.pass(at);
            self.rest(at);
        }
    }

    /// The life as it is at `now`; none of whom nothing is recorded.
    fn tell(mut self, now: UnixMillis) -> Option<Life> {
        self.close(now);
        let mut life = self.life?;
        let worst = self.nights.iter().max_by_key(|(number, grave)| (**grave, -**number));
        life.night = worst.map(|(number, grave)| (number * DAY + DUSK, *grave));
        life.stood_by = self.lines.into_iter().collect();
        life.stood_by.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        Some(life)
    }
}

/// The life of a node at `now`, also of one that was forgotten or had another
/// name before; none of whom nothing is recorded.
///
/// # Errors
/// [`AskError`] if the store can't be read.
pub async fn life(ask: &Ask, node: &NodeName, now: UnixMillis) -> Result<Option<Life>, AskError> {
    let mut names = vec![(node.clone(), None)];
    // The newest name first; each of the older ones until it was given up.
    while names.len() < NAMES {
        let Some((name, until)) = names.last().cloned() else { break };
        let Some((from, renamed)) = named_before(ask, &name, until).await? else { break };
        if names.iter().any(|(known, _)| *known == from) {
            break;
        }
        names.push((from, Some(renamed)));
    }
    let mut teller = Teller::new(node);
    for (name, until) in names.into_iter().rev() {
        let query = EventQuery { node: Some(name), ..EventQuery::default() };
        let hear = |event: &Event| {
            if until.is_none_or(|until| event.id < until) {
                teller.hear(event);
            }
        };
        ask.every(query, MOST, hear).await?;
    }
    Ok(teller.tell(now))
}

/// Which name this one had before, and the event of its renaming.
async fn named_before(
    ask: &Ask,
    name: &NodeName,
    until: Option<Uuid>,
) -> Result<Option<(NodeName, Uuid)>, AskError> {
    let query =
        EventQuery { kind: Some("renamed".to_owned()), node: Some(name.clone()), ..EventQuery::default() };
    let events = ask.events(query).await?;
    let last = events.iter().rev().find(|event| until.is_none_or(|until| event.id < until));
    Ok(last.and_then(|event| {
        let from = event.payload.get("from")?.as_str()?.parse().ok()?;
        Some((from, event.id))
    }))
}
