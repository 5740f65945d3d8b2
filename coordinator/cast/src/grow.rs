//! How the cast grows: what happens moves traits and ties for a time, is
//! remembered, and leaves everybody again as its sheet says.
//!
//! All of it is a fold over events: the same events give the same lives. Nothing
//! is without a cause, nothing grows without end, and no trait leaves its range.
//! Decay is computed when it is read. Time in which nobody watched (see
//! [`Growth::away`]) decays, and neglects nobody.

mod heard;
mod heirs;
mod life;
mod shift;
mod table;

#[cfg(test)]
mod tests;

pub use heard::Happened;
pub use life::{Acquaintance, Life, Met, OF_A_PERSON, Since};
pub use shift::{MOST, REACH, Shift, Shifts};
pub use table::{BONDS, Bond, Catalyst, LONGEST, NATURE, Row, Sort, Who, Why};

use crate::casting::Cast;
use crate::fact::UnixMillis;
use crate::memory::{Insight, Memory};
use crate::regard::{Regard, Strand};
use crate::sheet::Sheet;
use crate::traits::{Trait, Traits};
use life::{bind, moved};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use table::{DAY, HOUR, rows};

/// The most people that are held in mind: who was met longest ago makes room.
pub const PEOPLE: usize = 32;
/// The most nodes whose trouble is followed.
const TROUBLED: usize = 1_024;
/// Who asks without a name: nobody in particular, of whom nothing is held.
pub const NOBODY: &str = "somebody";

/// Everybody's lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Growth {
    lives: BTreeMap<String, Life>,
    /// What each character holds of each person, by person and character.
    people: BTreeMap<String, BTreeMap<String, Acquaintance>>,
    /// The nodes that are in trouble.
    troubled: BTreeMap<String, Trouble>,
    /// Nodes with a character of their own that are silent, and whether they were
    /// taken for dead.
    absent: BTreeMap<String, (Since, bool)>,
    /// Who failed within ten minutes.
    failing: VecDeque<(String, Since)>,
    /// Up to when somebody watched, to the hour.
    seen: UnixMillis,
    /// Whether characters stay as their sheets say: then they only remember.
    #[serde(skip)]
    fixed: bool,
}

/// The trouble of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Trouble {
    since: Since,
    /// Since when it is in crisis.
    crisis: Option<Since>,
    /// Which strains it is under.
    sorts: Vec<Sort>,
    /// What has come of it already.
    told: Vec<Why>,
}

/// Something that changed of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Of whom: a sheet's name.
    pub by: String,
    /// What.
    pub what: What,
    /// Whom it is about, a node or another character; empty for none.
    pub about: String,
    /// The event that caused it; empty where time alone did.
    pub event: String,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Its traits, each by so many thousandths, until then.
    Nature(Why, Vec<(Trait, i16)>, UnixMillis),
    /// Its tie to the one whom it is about, each strand by so many thousandths, until then.
    Tie(Why, Vec<(Strand, i16)>, UnixMillis),
    /// It concluded something.
    Insight(Insight),
    /// It takes its node for dead, or sees it come back.
    Fate(&'static str),
}

/// What a person did.
#[derive(Clone, Copy, Debug)]
pub struct Meeting<'a> {
    /// Who.
    pub person: &'a str,
    /// With which character.
    pub with: &'a str,
    /// What.
    pub how: Why,
    /// The same for the same question.
    pub key: u64,
    /// The event that records it.
    pub event: &'a str,
    /// When.
    pub at: UnixMillis,
}

impl Growth {
    /// Keeps everybody as their sheets say, or lets them change.
    pub fn fix(&mut self, fixed: bool) {
        self.fixed = fixed;
    }

    /// The traits of a character as they are now.
    pub fn traits(&self, sheet: &Sheet, now: UnixMillis) -> Traits {
        let Some(life) = self.lives.get(&sheet.id).filter(|_| !self.fixed) else { return sheet.traits };
        let by = |which: Trait| f32::from(life.nature.of(which, now)) / 1_000.0;
        Trait::ALL.iter().fold(sheet.traits, |traits, which| traits.moved(*which, by(*which)))
    }

    /// What one holds of another now.
    pub fn regard(&self, sheet: &Sheet, to: &str, now: UnixMillis) -> Regard {
        let on_paper = Regard::on_paper(&sheet.ties, to);
        let tie = self.lives.get(&sheet.id).filter(|_| !self.fixed).and_then(|life| life.ties.get(to));
        tie.map_or(on_paper, |tie| moved(on_paper, tie, now))
    }

    /// What a character holds of a person now: nothing of a stranger.
    pub fn regard_of(&self, id: &str, person: &str, now: UnixMillis) -> Regard {
        let known = self.people.get(person).filter(|_| !self.fixed).and_then(|all| all.get(id));
        known.map_or_else(Regard::default, |known| known.regard(now))
    }

    /// What has become of a character; none if nothing has.
    pub fn life(&self, id: &str) -> Option<&Life> {
        self.lives.get(id)
    }

    /// Whether changes are kept from showing.
    pub fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// Whom a character knows.
    pub fn people(&self, id: &str) -> impl Iterator<Item = (&str, &Acquaintance)> {
        self.people.iter().filter_map(move |(person, all)| Some((person.as_str(), all.get(id)?)))
    }

    /// A person did something with a character.
    pub fn met(&mut self, cast: &Cast, met: Meeting<'_>) -> Vec<Change> {
        let Some(sheet) = cast.get(met.with) else { return Vec::new() };
        self.life_of(met.with).spoken = Some(Since::new(met.at, met.event));
        let mut how = met.how;
        if met.person != NOBODY && !met.person.is_empty() {
            if !self.people.contains_key(met.person) && self.people.len() >= PEOPLE {
                self.lose_sight();
            }
            let known = self.people.entry(met.person.to_owned()).or_default();
            how = known.entry(met.with.to_owned()).or_default().meet(met.how, met.key, met.event, met.at);
        }
        let mut changes = Vec::new();
        self.change(&mut changes, (sheet, how, 1_000), ("", met.event), met.at);
        changes
    }

    fn lose_sight(&mut self) {
        let last = |all: &BTreeMap<String, Acquaintance>| all.values().map(Acquaintance::met).max();
        let longest = self.people.iter().min_by_key(|(_, all)| last(all)).map(|(person, _)| person.clone());
        if let Some(person) = longest {
            self.people.remove(&person);
        }
    }

    /// Forgets all that anybody holds of a person; whether anything was held.
    pub fn forget(&mut self, person: &str) -> bool {
        self.people.remove(person).is_some()
    }

    /// Nobody watched for so long, or the clock was set by so much: what lasts
    /// since before goes on as if that time had not been.
    pub fn away(&mut self, by: UnixMillis) {
        self.lives.values_mut().for_each(|life| life.later(by));
        let troubles = self.troubled.values_mut();
        let troubles =
            troubles.flat_map(|trouble| std::iter::once(&mut trouble.since).chain(&mut trouble.crisis));
        let absences = self.absent.values_mut().map(|(since, _)| since);
        for since in troubles.chain(absences) {
            since.at = since.at.saturating_add(by);
        }
    }

    /// Up to when somebody watched, to the hour; none before anybody did.
    pub fn seen(&self) -> Option<UnixMillis> {
        Some(self.seen).filter(|seen| *seen != 0)
    }

    /// What time alone brings; once a minute is often enough.
    pub fn tick(&mut self, cast: &Cast, now: UnixMillis) -> Vec<Change> {
        // To the hour, so that it is not kept anew each minute.
        if !(self.seen..self.seen.saturating_add(HOUR)).contains(&now) {
            self.seen = now.div_euclid(HOUR) * HOUR;
        }
        let mut changes = Vec::new();
        self.strain(cast, now, &mut changes);
        for sheet in cast.sheets() {
            for why in [Why::Stability, Why::Neglect] {
                let life = self.life_of(&sheet.id);
                let since = if why == Why::Stability { &mut life.well } else { &mut life.spoken };
                // Who has just come is not neglected; what was never heard of is not stable.
                if why == Why::Neglect && since.is_none() {
                    *since = Some(Since::new(now, ""));
                }
                let Some(begun) = since else { continue };
                let lasted = now - begun.at;
                let due = rows(sheet, why).iter().any(|row| lasted >= row.after);
                if due {
                    // It counts anew.
                    begun.at = now;
                    let event = begun.event.clone();
                    self.change(&mut changes, (sheet, why, 1_000), ("", &event), now);
                }
            }
        }
        self.mourn(cast, now, &mut changes);
        changes
    }

    /// Trouble that has lasted long enough changes whoever embodies it.
    fn strain(&mut self, cast: &Cast, now: UnixMillis, changes: &mut Vec<Change>) {
        let mut due = Vec::new();
        for (node, trouble) in &mut self.troubled {
            let Some(sheet) = cast.embody(node) else { continue };
            for why in [Why::Strain, Why::Incident] {
                let since = if why == Why::Incident { trouble.crisis.as_ref() } else { Some(&trouble.since) };
                let Some(since) = since.filter(|_| !trouble.told.contains(&why)) else { continue };
                let intensity = if trouble.crisis.is_some() { 1_000 } else { 750 };
                let lasting = |row: &&Row| {
                    intensity >= row.above
                        && now - since.at >= row.after
                        && (row.sort == Sort::Any || trouble.sorts.contains(&row.sort))
                };
                if rows(sheet, why).iter().any(lasting) {
                    due.push((sheet, why, intensity, node.clone(), since.event.clone()));
                    trouble.told.push(why);
                }
            }
        }
        for (sheet, why, intensity, node, event) in due {
            self.change(changes, (sheet, why, intensity), (&node, &event), now);
        }
    }

    /// A node with a character of its own that has been silent for a day is taken for dead.
    fn mourn(&mut self, cast: &Cast, now: UnixMillis, changes: &mut Vec<Change>) {
        let mut dead = Vec::new();
        for (node, (since, told)) in &mut self.absent {
            if !*told && now - since.at >= DAY {
                *told = true;
                dead.push((node.clone(), since.event.clone()));
            }
        }
        for (node, event) in dead {
            if let Some(sheet) = cast.own_of(&node) {
                self.fate(&sheet.id, "died", (&node, &event), now, changes);
            }
        }
    }

    /// Its node died or came back: that is never forgotten.
    fn fate(
        &mut self,
        id: &str,
        kind: &'static str,
        (node, event): (&str, &str),
        now: UnixMillis,
        changes: &mut Vec<Change>,
    ) {
        let words = format!(
            "{node} {}",
            if kind == "died" { "was taken for dead" } else { "came back from the dead" }
        );
        let change = Change {
            by: id.to_owned(),
            what: What::Fate(kind),
            about: node.to_owned(),
            event: event.to_owned(),
        };
        changes.push(change);
        self.remember(id, Memory::of((event, now), kind, node, &words, 0), changes);
    }

    fn life_of(&mut self, id: &str) -> &mut Life {
        self.lives.entry(id.to_owned()).or_default()
    }

    /// Applies the rows of a character for a cause.
    fn change(
        &mut self,
        changes: &mut Vec<Change>,
        (sheet, why, intensity): (&Sheet, Why, u16),
        (about, event): (&str, &str),
        now: UnixMillis,
    ) {
        if self.fixed {
            return;
        }
        let (mut moves, mut until) = (Vec::new(), now);
        let nature = &mut self.life_of(&sheet.id).nature;
        for row in rows(sheet, why) {
            let ends = now.saturating_add(row.lasts);
            for (of, by) in row.moves {
                let by = (i32::from(*by) * i32::from(intensity) / 1_000) as i16;
                let (about, event) = (about.to_owned(), event.to_owned());
                let shift = Shift { of: *of, by, why, about, event, begun: now, ends };
                if nature.add(shift, by.unsigned_abs()) {
                    moves.push((*of, by));
                    until = until.max(ends);
                }
            }
        }
        if !moves.is_empty() {
            let what = What::Nature(why, moves, until);
            changes.push(Change {
                by: sheet.id.clone(),
                what,
                about: about.to_owned(),
                event: event.to_owned(),
            });
        }
    }

    /// Something happened between two of the cast: it changes what `who` holds of `whom`.
    pub fn between(
        &mut self,
        (who, whom): (&str, &str),
        why: Why,
        event: &str,
        now: UnixMillis,
    ) -> Option<Change> {
        if self.fixed || who == whom {
            return None;
        }
        let tie = self.life_of(who).ties.entry(whom.to_owned()).or_default();
        let (moved, until) = bind(tie, why, (whom, event), now);
        (!moved.is_empty()).then(|| Change {
            by: who.to_owned(),
            what: What::Tie(why, moved, until),
            about: whom.to_owned(),
            event: event.to_owned(),
        })
    }

    /// A bet of a character's was settled: it is the surer of itself for it or the less,
    /// and whoever is tied to it trusts it the more or the less.
    pub fn proved(
        &mut self,
        cast: &Cast,
        by: &str,
        right: bool,
        event: &str,
        now: UnixMillis,
    ) -> Vec<Change> {
        let Some(prophet) = cast.get(by) else { return Vec::new() };
        let why = if right { Why::ProvedRight } else { Why::ProvedWrong };
        let mut changes = Vec::new();
        self.change(&mut changes, (prophet, why, 1_000), ("", event), now);
        let tied = cast.sheets().iter().filter(|sheet| sheet.ties.iter().any(|tie| tie.to == by));
        changes.extend(tied.filter_map(|sheet| self.between((&sheet.id, by), why, event, now)));
        changes
    }

    fn remember(&mut self, id: &str, memory: Option<Memory>, changes: &mut Vec<Change>) {
        let Some(memory) = memory else { return };
        let (about, event) = (memory.node.clone(), memory.event.clone());
        if let Some(insight) = self.life_of(id).memory.remember(memory) {
            changes.push(Change { by: id.to_owned(), what: What::Insight(insight), about, event });
        }
    }
}
