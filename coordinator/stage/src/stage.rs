//! Who speaks about what, and when: without a clock, so that a test can be its own.

use crate::company::{Company, Floor, Granted};
use crate::facts;
use crate::line::{Line, Portrait, Told};
use crate::past::Memory;
use cast::life::Rhythm;
use cast::{Cast, Fact, Filled, Occasion, Sheet, Signal, Slot, UnixMillis};
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

/// Lines that nobody asked for, at most so many a day: what is beyond them is
/// kept beside its node, and told to nobody. What is grave isn't counted.
pub const UNASKED: usize = 12;
const DAY: UnixMillis = 24 * 60 * 60 * 1000;

/// The cast on its stage.
///
/// At most one line per node and minute. What happens within the minute waits
/// for its end, a crisis or a silence before anything else, and is then said if
/// it is still so; if it is over, the line tells of its end instead.
#[derive(Debug)]
pub struct Stage {
    cast: Cast,
    company: Company,
    memory: Memory,
    /// When unasked lines were told, on the clock of the wall.
    unasked: std::collections::VecDeque<UnixMillis>,
    last: BTreeMap<String, Line>,
    guessed: BTreeSet<String>,
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
    /// Its latest signal that nobody has spoken of.
    signal: Option<Waiting>,
    /// When its turn is, as in [`Stage::turns`].
    turn: Option<Millis>,
}

#[derive(Clone, Debug)]
struct Waiting {
    fact: Fact,
    /// What the event says in plain words.
    plain: String,
    signals: Vec<Signal>,
    event: Uuid,
    heard: Millis,
    due: Millis,
}

impl Stage {
    /// A stage for this cast. The same seed and events give the same lines.
    pub fn new(cast: Cast, seed: u64) -> Self {
        Self {
            company: Company::new(&cast, Rhythm::default()),
            cast,
            memory: Memory::default(),
            unasked: std::collections::VecDeque::new(),
            last: BTreeMap::new(),
            guessed: BTreeSet::new(),
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
        let mut fact = facts::of(event)?;
        if fact.node.is_empty() {
            return None;
        }
        let signals = facts::signals(event, &fact);
        fact.past = self.memory.past(&fact, &[]);
        self.company.feel(at, &self.cast, &fact, &signals);
        let reacts = |sheet: &Sheet| signals.iter().any(|signal| sheet.trigger(signal).is_some());
        if fact.occasion == Occasion::Signal && !self.cast.sheets().iter().any(reacts) {
            return None;
        }
        let node = fact.node.clone();
        let light = self.nodes.entry(node.clone()).or_default();
        let open = light.closed.unwrap_or(0).max(at);
        let due = if fact.occasion == Occasion::Joined { open.max(at + GRACE) } else { open };
        let plain = event.payload.get("words").and_then(serde_json::Value::as_str).unwrap_or_default();
        let plain = plain.to_owned();
        let waiting = Waiting { event: event.id, heard: at, due, fact, plain, signals };
        match waiting.fact.occasion {
            Occasion::Joined | Occasion::Silent | Occasion::Returned => light.presence = Some(waiting),
            Occasion::Signal => light.signal = Some(waiting),
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
        let line = match self.speak(at, &waiting) {
            Said::Line(line) => *line,
            Said::Nothing => return None,
            Said::Later(due) => {
                if let Some(light) = self.nodes.get_mut(node) {
                    light.put_back(Waiting { due, ..waiting });
                }
                return None;
            }
        };
        if let Some(light) = self.nodes.get_mut(node) {
            light.closed = Some(at + MINUTE);
        }
        Some(line)
    }

    fn speak(&mut self, at: Millis, waiting: &Waiting) -> Said {
        let Waiting { fact, plain, event, heard, signals, .. } = waiting;
        let granted = match self.company.floor(at, &self.cast, (fact, *heard), signals) {
            Floor::Granted(granted) => granted,
            Floor::Later(due) => return Said::Later(due),
            Floor::Nobody => return Said::Nothing,
        };
        let Granted { by, bearing, thoughts } = granted;
        let Some(sheet) = self.cast.get(&by) else { return Said::Nothing };
        self.composed += 1;
        // Neighbouring seeds give unrelated lines: the generator sees to that.
        let seed = self.seed.wrapping_add(self.composed);
        let Some(utterance) = self.understudy.compose(sheet, fact, bearing, seed) else {
            return Said::Nothing;
        };
        self.company.spoke(at, sheet);
        let delay = UnixMillis::try_from(at.saturating_sub(*heard)).unwrap_or(0);
        let said = fact.at.saturating_add(delay);
        let line = Line {
            by: sheet.id.clone(),
            text: utterance.text,
            bare: utterance.bare,
            plain: plain.clone(),
            kind: utterance.kind,
            facts: utterance.facts.into_iter().map(|filled| told(filled, fact, *event)).collect(),
            node: fact.node.clone(),
            at: said,
            cause: *event,
            mind: Understudy::NAME,
            aside: !fact.occasion.is_urgent() && is_too_much(&mut self.unasked, said),
            feeling: bearing.feeling,
            readiness: bearing.readiness,
            thoughts,
        };
        self.last.insert(sheet.id.clone(), line.clone());
        Said::Line(Box::new(line))
    }

    /// The whole cast.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Everybody on stage, as they are now.
    pub fn portraits(&mut self, at: Millis) -> Vec<Portrait> {
        self.company.rest(at, &self.cast);
        let all = self.cast.sheets().iter().filter_map(|sheet| {
            let persona = self.company.persona(&sheet.id)?;
            let bearing = self.company.bearing(at, &sheet.id);
            Some(Portrait {
                id: sheet.id.clone(),
                known: !sheet.veiled || self.guessed.contains(&sheet.id),
                readiness: bearing.readiness,
                feeling: bearing.feeling,
                energy: f64::from(persona.state.energy) / 1_000.0,
                attention: f64::from(persona.state.attention) / 1_000.0,
                waiting: persona.inbox.len(),
                muted: self.company.is_muted(&sheet.id),
                thumbs: self.company.thumbs(&sheet.id),
                last: self.last.get(&sheet.id).cloned(),
            })
        });
        all.collect()
    }

    /// Mutes a character, or lets it speak again. False if there is none of that name.
    pub fn mute(&mut self, id: &str, mute: bool) -> bool {
        let known = self.cast.get(id).is_some();
        if known {
            self.company.mute(id, mute);
        }
        known
    }

    /// A person's thumb for a character. False if there is none of that name.
    pub fn thumb(&mut self, at: Millis, id: &str, up: bool) -> bool {
        let Some(sheet) = self.cast.get(id) else { return false };
        self.company.thumb(at, sheet, up);
        true
    }

    /// Whether a guess tells what a veiled character stands for; a right one
    /// lifts its veil. None if there is none of that name, or it has no veil.
    pub fn guess(&mut self, id: &str, guess: &str) -> Option<bool> {
        let sheet = self.cast.get(id).filter(|sheet| sheet.veiled)?;
        let right = sheet.is_guessed_by(guess);
        if right {
            self.guessed.insert(id.to_owned());
        }
        Some(right)
    }

    /// Lifts the veil of who was guessed before.
    pub fn remember_guessed(&mut self, id: &str) {
        self.guessed.insert(id.to_owned());
    }

    /// What the host can spare, in thousandths: see [`cast::life::compute_budget`].
    pub fn budget(&mut self, budget: u16) {
        self.company.budget(budget);
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

/// Whether an unasked line more would be too much for a day.
fn is_too_much(unasked: &mut std::collections::VecDeque<UnixMillis>, at: UnixMillis) -> bool {
    unasked.retain(|told| at - told < DAY);
    if unasked.len() >= UNASKED {
        return true;
    }
    unasked.push_back(at);
    false
}

/// What came of trying to speak.
enum Said {
    Line(Box<Line>),
    Later(Millis),
    Nothing,
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

impl Spotlight {
    /// Takes what is to be said next, of what is due.
    fn next(&mut self, at: Millis) -> Option<Waiting> {
        let rank = |waiting: &Option<Waiting>| {
            let due = waiting.as_ref().filter(|waiting| waiting.due <= at)?;
            // The urgent first, then what was heard first.
            Some((!due.fact.occasion.is_urgent(), due.fact.occasion == Occasion::Signal, due.heard))
        };
        let ranks = [rank(&self.mood), rank(&self.presence), rank(&self.signal)];
        let first = ranks.into_iter().enumerate().filter_map(|(place, rank)| Some((rank?, place))).min()?;
        match first.1 {
            0 => self.mood.take(),
            1 => self.presence.take(),
            _ => self.signal.take(),
        }
    }

    /// Puts back what nobody was ready for, unless something newer came.
    fn put_back(&mut self, waiting: Waiting) {
        let place = match waiting.fact.occasion {
            Occasion::Joined | Occasion::Silent | Occasion::Returned => &mut self.presence,
            Occasion::Signal => &mut self.signal,
            _ => &mut self.mood,
        };
        place.get_or_insert(waiting);
    }

    fn earliest(&self) -> Option<Millis> {
        [&self.mood, &self.presence, &self.signal].into_iter().flatten().map(|waiting| waiting.due).min()
    }
}
