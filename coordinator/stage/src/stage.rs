//! Who speaks about what, and when: without a clock, so that a test can be its own.

use crate::facts;
use crate::line::{Line, Told};
use cast::{Cast, Fact, Occasion, Sheet, UnixMillis};
use minds::Understudy;
use std::collections::{BTreeMap, BTreeSet};
use store::{Event, Uuid};

/// Milliseconds of a monotonic clock, from any start.
pub type Millis = u64;

/// Between two lines about one node, at least.
pub const MINUTE: Millis = 60_000;

/// How long a newcomer may take to say how it feels before it is introduced
/// without; mostly its first mood introduces it.
pub const GRACE: Millis = 15_000;

/// The cast on its stage.
///
/// At most one line per node and minute. What happens within the minute waits
/// for its end, a crisis or a silence before anything else, and is then said if
/// it is still so; if it is over, the line tells of its end instead.
#[derive(Debug)]
pub struct Stage {
    cast: Cast,
    understudy: Understudy,
    seed: u64,
    /// How many lines have been composed: makes each seed another.
    composed: u64,
    nodes: BTreeMap<String, Spotlight>,
    /// When whose turn is: what [`Self::tick`] looks at.
    turns: BTreeSet<(Millis, String)>,
}

/// What is going on about one node. Forgotten when its minute is over and
/// nothing waits, so that only speakers of the last minute are held.
#[derive(Debug, Default)]
struct Spotlight {
    /// Until when nothing more may be said; none if nothing was.
    closed: Option<Millis>,
    /// Its latest mood that nobody has spoken of.
    mood: Option<Waiting>,
    /// Its latest coming or going that nobody has spoken of.
    presence: Option<Waiting>,
    /// When its turn is, as in [`Stage::turns`].
    turn: Option<Millis>,
}

#[derive(Debug)]
struct Waiting {
    fact: Fact,
    event: Uuid,
    heard: Millis,
    due: Millis,
}

impl Stage {
    /// A stage for this cast. The same seed and events give the same lines.
    pub fn new(cast: Cast, seed: u64) -> Self {
        Self {
            cast,
            understudy: Understudy::default(),
            seed,
            composed: 0,
            nodes: BTreeMap::new(),
            turns: BTreeSet::new(),
        }
    }

    /// Who embodies the node of this name.
    pub fn embody(&self, node: &str) -> Option<&Sheet> {
        self.cast.embody(node)
    }

    /// Takes in an event; gives the line that is said about it at once, if any.
    pub fn heard(&mut self, at: Millis, event: &Event) -> Option<Line> {
        let fact = facts::of(event)?;
        let node = fact.node.clone();
        let light = self.nodes.entry(node.clone()).or_default();
        let open = light.closed.unwrap_or(0).max(at);
        let due = if fact.occasion == Occasion::Joined { open.max(at + GRACE) } else { open };
        let waiting = Waiting { event: event.id, heard: at, due, fact };
        match waiting.fact.occasion {
            Occasion::Joined | Occasion::Silent | Occasion::Returned => light.presence = Some(waiting),
            _ => {
                light.mood = Some(waiting);
                // Whoever says how it feels has been introduced.
                light.presence.take_if(|presence| presence.fact.occasion == Occasion::Joined);
            }
        }
        let line = self.turn_of(at, &node);
        self.reschedule(at, node);
        line
    }

    /// When [`Self::tick`] should be called; none while nothing waits.
    pub fn due(&self) -> Option<Millis> {
        self.turns.first().map(|(due, _)| *due)
    }

    /// Every line whose turn has come.
    pub fn tick(&mut self, at: Millis) -> Vec<Line> {
        let mut lines = Vec::new();
        while self.due().is_some_and(|due| due <= at) {
            let Some((_, node)) = self.turns.pop_first() else { break };
            if let Some(light) = self.nodes.get_mut(&node) {
                light.turn = None;
            }
            lines.extend(self.turn_of(at, &node));
            self.reschedule(at, node);
        }
        lines
    }

    /// How many nodes are held in mind.
    pub fn held(&self) -> usize {
        self.nodes.len()
    }

    /// The line about this node that is due now.
    fn turn_of(&mut self, at: Millis, node: &str) -> Option<Line> {
        let light = self.nodes.get_mut(node)?;
        if light.closed.is_some_and(|closed| at < closed) {
            return None;
        }
        let waiting = light.next(at)?;
        let line = self.speak(at, &waiting)?;
        if let Some(light) = self.nodes.get_mut(node) {
            light.closed = Some(at + MINUTE);
        }
        Some(line)
    }

    fn speak(&mut self, at: Millis, waiting: &Waiting) -> Option<Line> {
        let Waiting { fact, event, heard, .. } = waiting;
        let sheet = self.cast.embody(&fact.node)?;
        self.composed += 1;
        // Neighbouring seeds give unrelated lines: the generator sees to that.
        let seed = self.seed.wrapping_add(self.composed);
        let utterance = self.understudy.compose(sheet, fact, seed)?;
        let delay = UnixMillis::try_from(at.saturating_sub(*heard)).unwrap_or(0);
        Some(Line {
            by: sheet.id.clone(),
            text: utterance.text,
            kind: utterance.kind,
            facts: utterance.facts.into_iter().map(|filled| Told { filled, event: *event }).collect(),
            node: fact.node.clone(),
            at: fact.at.saturating_add(delay),
            cause: *event,
            mind: Understudy::NAME,
        })
    }

    fn reschedule(&mut self, at: Millis, node: String) {
        let Some(light) = self.nodes.get_mut(&node) else { return };
        if let Some(turn) = light.turn.take() {
            self.turns.remove(&(turn, node.clone()));
        }
        // With nothing waiting it has one more turn, to be forgotten.
        match light.earliest().map(|due| due.max(light.closed.unwrap_or(0))).or(light.closed) {
            Some(turn) if turn > at || light.earliest().is_some() => {
                light.turn = Some(turn);
                self.turns.insert((turn, node));
            }
            _ => {
                self.nodes.remove(&node);
            }
        }
    }
}

impl Spotlight {
    /// Takes what is to be said next, of what is due.
    fn next(&mut self, at: Millis) -> Option<Waiting> {
        let rank = |waiting: &Option<Waiting>| {
            let due = waiting.as_ref().filter(|waiting| waiting.due <= at)?;
            // The urgent first, then what was heard first.
            Some((!due.fact.occasion.is_urgent(), due.heard))
        };
        match (rank(&self.mood), rank(&self.presence)) {
            (Some(mood), Some(presence)) if presence < mood => self.presence.take(),
            (Some(_), _) => self.mood.take(),
            (None, _) => self.presence.take_if(|presence| presence.due <= at),
        }
    }

    fn earliest(&self) -> Option<Millis> {
        [&self.mood, &self.presence].into_iter().flatten().map(|waiting| waiting.due).min()
    }
}
