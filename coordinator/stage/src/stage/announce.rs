//! What events say of themselves, told by whomever they concern: the whole of
//! it is the event's own words, begun in the character's way.

use super::bets::{BET, SETTLED};
use super::drills::COMPARED;
use super::saying::{Place, Saying, Words};
use super::{MINUTE, Millis, Stage};
use crate::line::{Line, Told};
use cast::life::{Bearing, Reason, Thought, Why};
use cast::{Filled, Kind, Slot, UnixMillis, Value};
use minds::Understudy;
use serde_json::Value as Json;
use store::{Event, Uuid};

/// The kinds of events that are told so, and what telling them claims to be.
const ANNOUNCED: [(&str, Kind); 10] = [
    (BET, Kind::Suspicion),
    (SETTLED, Kind::Fact),
    (COMPARED, Kind::Fact),
    ("habit_named", Kind::Fact),
    ("habit_overdue", Kind::Fact),
    ("habit_missed", Kind::Fact),
    ("inherited", Kind::Fact),
    ("board_renamed", Kind::Fact),
    ("card_changed", Kind::Fact),
    (OBITUARY, Kind::Fact),
];
/// The kind of the event of a life that is over.
const OBITUARY: &str = "obituary";
/// The most that waits to be told; beyond it nothing more does.
const WAITING: usize = 32;
/// How long it waits for a calm moment; after that it is told all the same.
const PATIENCE: Millis = 24 * 60 * MINUTE;

/// Something to be told in an event's own words.
#[derive(Clone, Debug)]
pub(super) struct Announcement {
    by: String,
    node: String,
    /// What its speaker says.
    says: String,
    /// The same, as others tell it.
    plain: String,
    kind: Kind,
    event: Uuid,
    at: UnixMillis,
    heard: Millis,
    due: Millis,
}

impl Stage {
    /// Takes in an event that is told in its own words: by whom it names, else by
    /// its node's character.
    pub(super) fn announce(&mut self, at: Millis, event: &Event) {
        let Some((_, kind)) = ANNOUNCED.iter().find(|(kind, _)| *kind == event.kind) else { return };
        let says =
            ["says", "words"].into_iter().find_map(|key| event.payload.get(key).and_then(Json::as_str));
        self.announce_as(at, event, *kind, says.unwrap_or_default());
    }

    /// Has these words of an event told.
    pub(super) fn announce_as(&mut self, at: Millis, event: &Event, kind: Kind, says: &str) {
        let text = |key: &str| event.payload.get(key).and_then(Json::as_str);
        let (Some(node), Some(plain)) = (text("node"), text("words")) else { return };
        let named = text("by").and_then(|by| self.cast.get(by));
        let Some(by) = named.or_else(|| self.cast.embody(node)) else { return };
        // A whole life is told in a form of its own.
        let styled = by.style.filter(|_| event.kind == OBITUARY);
        let styled = styled.map(|style| style.whole([says], event.at.unsigned_abs()).text());
        if self.announcements.len() >= WAITING {
            return self.company.turn(&by.id, Why::Full, node, Some(event.id.to_string()));
        }
        self.announcements.push_back(Announcement {
            by: by.id.clone(),
            node: node.to_owned(),
            says: styled.unwrap_or_else(|| says.to_owned()),
            plain: plain.to_owned(),
            kind,
            event: event.id,
            at: event.at,
            heard: at,
            due: at,
        });
    }

    /// When something is to be told next.
    pub(super) fn announcing(&self) -> Option<Millis> {
        self.announcements.iter().map(|one| one.due).min()
    }

    /// What is due; it waits while something is grave.
    pub(super) fn announced(&mut self, at: Millis) -> Option<Line> {
        while let Some(place) = self.announcements.iter().position(|one| one.due <= at) {
            let one = self.announcements.remove(place)?;
            if !self.company.is_calm(at) && at.saturating_sub(one.heard) < PATIENCE {
                self.announcements.push_back(Announcement { due: at + MINUTE, ..one });
            } else if let Some(line) = self.tell(at, one) {
                return Some(line);
            }
        }
        None
    }

    fn tell(&mut self, at: Millis, one: Announcement) -> Option<Line> {
        let Announcement { by, node, says, plain, kind, event, at: happened, heard, .. } = one;
        if self.company.is_muted(&by) {
            self.company.turn(&by, Why::Muted, &node, Some(event.to_string()));
            return None;
        }
        let sheet = self.as_now(at, &by)?;
        let regard = self.toward(at, &sheet, &node);
        let bearing = Bearing { regard, ..self.company.bearing(at, &by) };
        let thought = Thought::new(&by, 500, Reason::Embodies, &plain, self.company.lately(at, &by));
        self.company.spoke(at, &sheet);
        self.company.speaks_in(at, &node, &by);
        let seed = self.draw();
        let words = Words {
            text: Understudy::answer(&sheet, &says, Some(bearing), seed),
            bare: Understudy::answer(&sheet, &says, None, seed),
            frame: String::new(),
            made: None,
            kind,
            facts: vec![Told {
                filled: Filled {
                    slot: Slot::Answer,
                    text: says.clone(),
                    value: Value::Text(says),
                    unit: String::new(),
                },
                event,
            }],
            mind: Understudy::NAME.to_owned(),
        };
        let thoughts = vec![thought];
        let since = (happened, heard);
        let saying = Saying { by, node, plain, event, since, bearing, thoughts, place: Place::Unasked };
        Some(self.say(at, saying, words))
    }
}
