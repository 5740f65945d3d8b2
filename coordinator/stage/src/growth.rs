//! How the cast grows on its stage: which events are taken in, on the clock of
//! the wall, and what is told of each change.

use crate::company::Company;
use crate::facts;
use crate::line::Note;
use crate::stage::{MINUTE, Millis, Stage};
use cast::grow::{Change, Growth, Happened, Meeting, NOBODY, What, Why};
use cast::life::Felt;
use cast::{Cast, Fact, Move, Regard, Sheet, Signal, Traits, UnixMillis};
use serde_json::{Map, Value, json};
use store::{Event, Uuid};

/// A clock that is off by more than this was set.
const SET: u64 = 60_000;
/// The most changes that wait to be told.
const UNTOLD: usize = 256;
/// The most that one is believed before nobody objects, in thousandths.
const BELIEVED: u16 = 850;
/// Whoever says nothing else than these gives thanks.
const THANKS: [&str; 12] =
    ["thanks", "thank", "you", "cheers", "many", "so", "very", "much", "a", "lot", "all", "well"];

impl Company {
    /// What the clock of the wall says; the beginning of time before it is known.
    pub(crate) fn wall(&self, now: Millis) -> UnixMillis {
        self.wall.unwrap_or(0).saturating_add(UnixMillis::try_from(now).unwrap_or(UnixMillis::MAX))
    }

    /// The traits of a character as they are now.
    pub(crate) fn traits(&self, now: Millis, sheet: &Sheet) -> Traits {
        self.kept.grown.traits(sheet, self.wall(now))
    }

    /// What one holds of another now.
    pub(crate) fn regard(&self, now: Millis, sheet: &Sheet, to: &str) -> Regard {
        self.kept.grown.regard(sheet, to, self.wall(now))
    }

    /// How far one believes another, in thousandths; none if it takes the other's word.
    pub(crate) fn doubts(&self, now: Millis, sheet: &Sheet, of: &str) -> Option<u16> {
        Some(self.regard(now, sheet, of).belief()).filter(|belief| *belief < BELIEVED)
    }

    /// Takes the time of the wall. Where it was set, what lasts goes on all the same.
    fn clock(&mut self, now: Millis, wall: UnixMillis) {
        let zero = wall.saturating_sub(UnixMillis::try_from(now).unwrap_or(UnixMillis::MAX));
        let off = self.wall.map_or(0, |before| zero.saturating_sub(before));
        if self.wall.is_none() || off.unsigned_abs() > SET {
            self.kept.grown.away(off);
            self.wall = Some(zero);
        }
    }
}

impl Stage {
    /// Begins: the clock of the wall says this when ours is at 0. Time since somebody
    /// last watched has made nobody lonely.
    pub fn begin(&mut self, wall: UnixMillis) {
        let grown = &mut self.company.kept.grown;
        if let Some(seen) = grown.seen() {
            grown.away(wall.saturating_sub(seen));
        }
        self.company.wall = Some(wall);
    }

    /// A character as it is now: its sheet, with the traits that it has come to have.
    pub(crate) fn as_now(&self, at: Millis, id: &str) -> Option<Sheet> {
        let mut sheet = self.cast.get(id)?.clone();
        sheet.traits = self.company.traits(at, &sheet);
        Some(sheet)
    }

    /// What a character holds of whoever embodies a node: nothing of itself.
    pub(crate) fn toward(&self, at: Millis, sheet: &Sheet, node: &str) -> Regard {
        let head = self.cast.embody(node).filter(|head| head.id != sheet.id);
        head.map_or_else(Regard::default, |head| self.company.regard(at, sheet, &head.id))
    }

    /// Takes in an event, whatever it is.
    pub(crate) fn live(&mut self, at: Millis, event: &Event, fact: Option<&Fact>) {
        self.company.clock(at, event.at);
        let text = |key: &str| event.payload.get(key).and_then(Value::as_str).unwrap_or_default();
        let id = event.id.to_string();
        if let Some(meetings) = meetings(event) {
            for (with, how) in meetings {
                // What was under way when they were forgotten was nobody's.
                let is_forgotten = |person: &str| self.forgotten.iter().any(|(who, _)| who == person);
                let person = Some(text("person")).filter(|one| !one.is_empty() && !is_forgotten(one));
                let person = person.unwrap_or(NOBODY);
                let key = event.payload.get("key").and_then(Value::as_u64).unwrap_or_default();
                let met = Meeting { person, with, how, key, event: &id, at: event.at };
                let changes = self.company.kept.grown.met(&self.cast, met);
                if how == Why::Thanked
                    && let Some(sheet) = self.cast.get(with)
                {
                    self.company.touch(at, sheet, Felt::Thanks);
                }
                self.note_all(&changes);
            }
            return;
        }
        if event.kind == "born" {
            self.company.kept.grown.born(text("by"), text("node"), text("words"), &id, event.at);
            return;
        }
        let signals = fact.map_or_else(
            || {
                let service = Some(text("service")).filter(|service| !service.is_empty());
                let service = service.map(|service| Signal::Service(service.to_owned()));
                std::iter::once(Signal::Event(event.kind.clone())).chain(service).collect()
            },
            |fact| facts::signals(event, fact, &self.settings.relations),
        );
        let told_by = matches!(event.kind.as_str(), "service_changed" | "service_reported");
        let happened = Happened {
            event: &id,
            at: event.at,
            kind: &event.kind,
            node: fact.map_or(text("node"), |fact| fact.node.as_str()),
            words: text("words"),
            fact,
            signals: &signals,
            failed: match text("to") {
                "failed" if told_by => Some(true),
                "active" if told_by => Some(false),
                _ => None,
            },
            times: event.payload.get("count").and_then(Value::as_u64).map_or(1, |count| count as u32),
        };
        let changes = self.company.kept.grown.heard(&self.cast, &happened);
        self.note_all(&changes);
    }

    /// What time alone brings: once a minute, when the wall's clock is known.
    pub(crate) fn age(&mut self, at: Millis) {
        if at < self.aged || self.company.wall.is_none() {
            return;
        }
        self.aged = at + MINUTE;
        let wall = self.company.wall(at);
        let changes = self.company.kept.grown.tick(&self.cast, wall);
        for change in &changes {
            if let (What::Nature(Why::Neglect, ..), Some(sheet)) = (&change.what, self.cast.get(&change.by)) {
                self.company.touch(at, sheet, Felt::Neglect);
            }
        }
        self.note_all(&changes);
    }

    /// Somebody made something of a node's trouble: whoever it concerns takes note.
    pub(crate) fn passed(&mut self, at: Millis, (by, made): (&str, Option<Move>), fact: &Fact) {
        let (node, why) = match made {
            Some(Move::Tease) => (fact.node.as_str(), Why::Teased),
            Some(Move::Praise) => (fact.node.as_str(), Why::Praised),
            Some(Move::Blame) => match &fact.past.cause {
                Some(cause) => (cause.node.as_str(), Why::Blamed),
                None => return,
            },
            _ => return,
        };
        let Some(whose) = self.cast.embody(node).map(|sheet| sheet.id.clone()) else { return };
        self.relate(at, (&whose, by), why, &fact.event);
    }

    /// Something happened between two: it changes what one holds of the other.
    pub(crate) fn relate(&mut self, at: Millis, both: (&str, &str), why: Why, event: &str) {
        let wall = self.company.wall(at);
        let change = self.company.kept.grown.between(both, why, event, wall);
        self.note_all(change.as_slice());
    }

    /// Somebody's bet was settled: it and whoever is tied to it take note.
    pub(crate) fn proved(&mut self, by: &str, right: bool, event: &Event) {
        let changes = self.company.kept.grown.proved(&self.cast, by, right, &event.id.to_string(), event.at);
        self.note_all(&changes);
    }

    /// Has changes recorded.
    fn note_all(&mut self, changes: &[Change]) {
        let room = UNTOLD.saturating_sub(self.notes.len());
        let told = changes.iter().take(room).map(|change| told(&self.cast, change));
        self.notes.extend(told);
    }

    /// Forgets all that anybody holds of a person, also by events that are older than
    /// this one and were not heard yet; whether anything was held.
    pub fn forget_person(&mut self, person: &str, before: Uuid) -> bool {
        self.forgotten.push((person.to_owned(), before));
        self.company.leave(person);
        self.company.kept.grown.forget(person)
    }

    /// How everybody has grown.
    pub fn grown(&self) -> &Growth {
        &self.company.kept.grown
    }
}

/// With whom an event says that a person had to do, and how; none if it is about no person.
fn meetings(event: &Event) -> Option<Vec<(&str, Why)>> {
    let text = |key: &str| event.payload.get(key).and_then(Value::as_str).unwrap_or_default();
    let yes = |key: &str| event.payload.get(key).and_then(Value::as_bool).unwrap_or_default();
    let one = |how| Some(vec![(text("by"), how)]);
    match event.kind.as_str() {
        "answered" => {
            let how = if is_thanks(text("question")) { Why::Thanked } else { Why::Asked };
            let answers = event.payload.get("answers").and_then(Value::as_array);
            let mut all: Vec<(&str, Why)> = Vec::new();
            for answer in answers.into_iter().flatten() {
                let Some(by) = answer.get("by").and_then(Value::as_str) else { continue };
                if all.iter().all(|(known, _)| *known != by) {
                    all.push((by, how));
                }
            }
            Some(all)
        }
        "thumbed" => one(if yes("up") { Why::ThumbUp } else { Why::ThumbDown }),
        "muted" => one(if yes("muted") { Why::Muted } else { Why::Unmuted }),
        _ => None,
    }
}

/// Whether somebody says thanks and nothing else. Names behind an `@` don't count.
fn is_thanks(question: &str) -> bool {
    let words: Vec<String> = question
        .split_whitespace()
        .filter(|word| !word.starts_with('@'))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().any(|word| matches!(word.as_str(), "thanks" | "thank" | "cheers"))
        && words.iter().all(|word| THANKS.contains(&word.as_str()))
}

/// `curiosity +.15`, for each of them.
fn sizes<W: Copy>(moves: &[(W, i16)], name: impl Fn(W) -> &'static str) -> (Map<String, Value>, String) {
    let map = moves.iter().map(|(of, by)| (name(*of).to_owned(), json!(f64::from(*by) / 1_000.0)));
    let words = moves.iter().map(|(of, by)| {
        let sign = if *by < 0 { '−' } else { '+' };
        let size = format!("{:.2}", f64::from(by.unsigned_abs()) / 1_000.0);
        format!("{} {sign}{}", name(*of).replace('_', " "), size.trim_start_matches('0'))
    });
    (map.collect(), words.collect::<Vec<_>>().join(", "))
}

/// A change as it is told: `grew` (its traits), `tied`, `reflected`, `died` or `resurrected`.
fn told(cast: &Cast, change: &Change) -> Note {
    let name = |id: &str| cast.get(id).map_or_else(|| id.to_owned(), |sheet| sheet.name.clone());
    let whose = name(&change.by);
    let about = change.about.as_str();
    let mut payload = json!({ "by": change.by, "event": change.event });
    let (kind, words) = match &change.what {
        What::Nature(why, moves, until) => {
            let (sizes, words) = sizes(moves, cast::Trait::name);
            payload["why"] = json!(why);
            payload["catalyst"] = json!(why.catalyst());
            payload["traits"] = sizes.into();
            payload["until"] = json!(until);
            ("grew", format!("{whose}: {words}, since {}.", why.words(&name(about))))
        }
        What::Tie(why, strands, until) => {
            let (sizes, words) = sizes(strands, cast::Strand::name);
            payload["why"] = json!(why);
            payload["catalyst"] = json!(why.catalyst());
            payload["to"] = json!(about);
            payload["strands"] = sizes.into();
            payload["until"] = json!(until);
            ("tied", format!("{whose} towards {}: {words}, since {}.", name(about), why.words(&name(about))))
        }
        What::Insight(insight) => {
            payload["insight"] = json!(insight);
            ("reflected", format!("{whose} looked back: {}.", insight.claim.words()))
        }
        What::Fate(fate) => {
            let words = if *fate == "died" { "takes it for dead" } else { "is back from the dead" };
            (*fate, format!("{whose} of {about} {words}."))
        }
    };
    // A node's event is found with the node's.
    if cast.get(about).is_none() && !about.is_empty() {
        payload["node"] = json!(about);
    }
    payload["words"] = json!(words);
    Note { kind, payload, cause: change.event.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thanks_are_thanks_and_nothing_is_guessed() {
        for thanks in ["thanks", "Thank you, @caudex!", "@malvo many thanks", "cheers all"] {
            assert!(is_thanks(thanks), "{thanks}");
        }
        for other in ["", "you", "thanks for nothing", "how is pi-1, thanks", "thank goodness"] {
            assert!(!is_thanks(other), "{other}");
        }
    }

    #[test]
    fn sizes_read_as_hundredths() {
        let (map, words) =
            sizes(&[(cast::Trait::Curiosity, 150), (cast::Trait::Empathy, -50)], cast::Trait::name);
        assert_eq!(words, "curiosity +.15, empathy −.05");
        assert_eq!(Value::from(map), json!({ "curiosity": 0.15, "empathy": -0.05 }));
    }
}
