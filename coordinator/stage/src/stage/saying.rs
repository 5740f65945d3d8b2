//! From the floor to a line: whoever speaks, of whatever, every line is made here.

use super::{DAY, Millis, Stage, Waiting};
use crate::company::{Floor, Granted};
use crate::line::{Line, Told};
use cast::life::{Bearing, Thought, Why};
use cast::{Fact, Filled, Kind, Move, Slot, UnixMillis, Utterance};
use minds::Understudy;
use std::collections::VecDeque;
use store::Uuid;

/// What came of trying to speak.
pub(super) enum Said {
    Line(Box<Line>),
    Later(Millis),
    Nothing,
}

/// Words that were found, and what stands behind them.
pub(super) struct Words {
    pub(super) text: String,
    pub(super) bare: String,
    pub(super) frame: String,
    pub(super) made: Option<Move>,
    pub(super) kind: Kind,
    pub(super) facts: Vec<Told>,
    /// Who found them.
    pub(super) mind: String,
}

impl Words {
    /// The understudy's, about a fact that this event records.
    pub(super) fn of(utterance: Utterance, fact: &Fact, event: Uuid) -> Self {
        let Utterance { text, kind, facts, frame, bare, made } = utterance;
        let facts = facts.into_iter().map(|filled| told(filled, fact, event)).collect();
        Self { text, bare, frame, made, kind, facts, mind: Understudy::NAME.to_owned() }
    }
}

/// Who says something, and of what.
pub(super) struct Saying {
    pub(super) by: String,
    /// The node that it is about; none in a tale.
    pub(super) node: String,
    /// The same in plain words.
    pub(super) plain: String,
    pub(super) event: Uuid,
    /// When that happened, on the clock of the wall, and when the stage heard of it.
    pub(super) since: (UnixMillis, Millis),
    pub(super) bearing: Bearing,
    pub(super) thoughts: Vec<Thought>,
    pub(super) place: Place,
}

/// Where a line is heard.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// By everybody: it is grave, or somebody asked for it.
    Front,
    /// By everybody, unless so much was told today that it stands beside its node.
    Unasked,
    /// Beside its node: another line has told it.
    Aside,
}

impl Stage {
    /// The seed of the next words. Neighbouring seeds give unrelated lines: the
    /// generator sees to that.
    pub(super) fn draw(&mut self) -> u64 {
        self.composed += 1;
        self.seed.wrapping_add(self.composed)
    }

    /// A line of these words, said now. What is told is what its speaker said last;
    /// a tale never is.
    pub(super) fn say(&mut self, at: Millis, saying: Saying, words: Words) -> Line {
        let Saying { by, node, plain, event, since: (happened, heard), bearing, thoughts, place } = saying;
        let Words { text, bare, frame, made, kind, facts, mind } = words;
        let waited = UnixMillis::try_from(at.saturating_sub(heard)).unwrap_or(0);
        let said = happened.saturating_add(waited);
        let aside = match place {
            Place::Front => false,
            Place::Unasked => is_too_much(&mut self.unasked, said, self.settings.unasked),
            Place::Aside => true,
        };
        let (feeling, readiness) = (bearing.feeling, bearing.readiness);
        let line = Line {
            by,
            text,
            frame,
            made,
            bare,
            plain,
            kind,
            facts,
            node,
            at: said,
            cause: event,
            mind,
            aside,
            feeling,
            readiness,
            thoughts,
        };
        if kind != Kind::Fiction {
            self.last.insert(line.by.clone(), line.clone());
        }
        line
    }

    /// Says what waits about a node, if somebody has the floor and words for it.
    pub(super) fn speak(&mut self, at: Millis, waiting: &Waiting) -> Said {
        let Waiting { fact, plain, event, heard, signals, .. } = waiting;
        let granted = match self.company.floor(at, &self.cast, (fact, *heard), signals) {
            Floor::Granted(granted) => granted,
            Floor::Later(due) => return Said::Later(due),
            Floor::Nobody => {
                self.company.turn("", Why::Muted, &fact.node, Some(fact.event.clone()));
                return Said::Nothing;
            }
        };
        let Granted { by, bearing, thoughts, after } = granted;
        if self.is_denied(&by, fact, *event) {
            return Said::Nothing;
        }
        let Some(sheet) = self.as_now(at, &by) else { return Said::Nothing };
        let bearing = Bearing { regard: self.toward(at, &sheet, &fact.node), ..bearing };
        let seed = self.draw();
        let Some(utterance) = self.understudy.compose(&sheet, fact, bearing, seed) else {
            self.company.turn(&by, Why::Words, &fact.node, Some(fact.event.clone()));
            return Said::Nothing;
        };
        let gathered = self.gathered.remove(event);
        if !gathered {
            self.company.spoke(at, &sheet);
        }
        self.passed(at, (&by, utterance.made), fact);
        self.company.speaks_in(at, &fact.node, &by);
        self.ask_for_more(at, waiting, &by, after);
        let also = utterance.facts.iter().find(|filled| filled.slot == Slot::Also);
        let also = also.map(|filled| format!(" Also: {}.", filled.text)).unwrap_or_default();
        let place = match fact.occasion.is_urgent() {
            // What was gathered is told by one line; the others stand beside their nodes.
            _ if gathered => Place::Aside,
            true => Place::Front,
            false => Place::Unasked,
        };
        let saying = Saying {
            by,
            node: fact.node.clone(),
            plain: format!("{plain}{also}"),
            event: *event,
            since: (fact.at, *heard),
            bearing,
            thoughts,
            place,
        };
        Said::Line(Box::new(self.say(at, saying, Words::of(utterance, fact, *event))))
    }
}

/// Whether an unasked line more would be too much for a day.
fn is_too_much(unasked: &mut VecDeque<UnixMillis>, at: UnixMillis, most: usize) -> bool {
    unasked.retain(|told| at - told < DAY);
    if unasked.len() >= most {
        return true;
    }
    unasked.push_back(at);
    false
}

/// A slot with the event that records what fills it: mostly the line's own.
fn told(filled: Filled, fact: &Fact, event: Uuid) -> Told {
    let other = match filled.slot {
        Slot::Cause => fact.past.cause.as_ref().map(|cause| cause.event.as_str()),
        Slot::Before => fact.past.earlier.as_deref(),
        _ => None,
    };
    Told { event: other.and_then(|id| id.parse().ok()).unwrap_or(event), filled }
}
