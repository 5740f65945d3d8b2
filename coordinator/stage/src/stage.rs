//! Who speaks about what, and when: without a clock, so that a test can be its own.

use crate::company::{Company, Turned};
use crate::facts;
use crate::line::{Born, Line, Note};
use crate::past::Memory;
use crate::settings::Settings;
use crate::talk::{Asking, Heard};
use cast::thread::Threads;
use cast::{Cast, Occasion, Sheet, UnixMillis};
use minds::Understudy;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use store::{Event, Uuid};

mod announce;
mod bets;
mod drills;
mod grave;
mod habits;
mod heirs;
mod lasting;
mod saying;
mod seconds;
mod spotlight;
mod tales;
mod threads;

use announce::Announcement;
pub use bets::{BET, SETTLED};
pub use drills::{COMPARED, DRILL};
use saying::Said;
use spotlight::Spotlight;
pub(crate) use spotlight::Waiting;
pub use tales::{TALE, TALE_ENDED, Untold};
pub use threads::{REFUSED, THREAD};

/// Milliseconds of a monotonic clock, from any start.
pub type Millis = u64;

/// Between two lines about one node, at least.
pub const MINUTE: Millis = 60_000;

/// How long a newcomer may take to say how it feels before it is introduced
/// without; mostly its first mood introduces it.
pub const GRACE: Millis = 15_000;

/// Within this time of a grave line what else becomes grave is gathered, and
/// told in one by the same speaker: nobody waits 10 s for it.
pub const GATHER: Millis = 8_000;
/// So many messages in a second does a character take in: what is beyond them is
/// declined at once, unless it names it or is grave.
pub const RATE: u32 = 200;
/// How often somebody looks about.
pub const SCAN: Millis = 15 * MINUTE;
/// The most glances that wait for the host.
const GLANCES: usize = 16;

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
    pub(crate) cast: Arc<Cast>,
    pub(crate) company: Company,
    pub(crate) settings: Settings,
    memory: Memory,
    /// When unasked lines were told, on the clock of the wall.
    unasked: VecDeque<UnixMillis>,
    last: BTreeMap<String, Line>,
    /// Nodes for which nobody can be born: told once.
    unborn: BTreeSet<String>,
    newborn: Vec<Born>,
    /// What the host is asked to record.
    pub(crate) notes: Vec<Note>,
    /// Fiction.
    tales: tales::Tales,
    /// The plot lines that run, and how the nodes stand.
    threads: Threads,
    /// What is to be told in the words of its event.
    announcements: VecDeque<Announcement>,
    understudy: Understudy,
    seed: u64,
    /// How many lines have been composed: makes each seed another.
    composed: u64,
    nodes: BTreeMap<String, Spotlight>,
    /// When whose turn is: what [`Self::tick`] looks at.
    turns: BTreeSet<(Millis, String)>,
    /// When something grave was told last, and the events that were told with it.
    graved: Option<Millis>,
    gathered: BTreeSet<Uuid>,
    /// Questions are numbered.
    tickets: u64,
    /// Glances that the host is asked for.
    glances: Vec<Glance>,
    /// When somebody looks about next.
    scan: Millis,
    /// What was found by looking about, and when: it is told once a day.
    found: BTreeMap<(String, String), UnixMillis>,
    /// When time alone is next looked at.
    pub(crate) aged: Millis,
    /// Who was forgotten, until an event is heard that is newer than that.
    pub(crate) forgotten: Vec<(String, Uuid)>,
}

/// A look at a node that the host is asked for: it has every eye look, and
/// records what they see as an event of the kind `looked`, which comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// The node; none for any that it has not looked at for long.
    pub node: Option<String>,
    /// Who has just spoken about it, if it is looked at for that.
    pub after: Option<String>,
}

impl Stage {
    /// A stage for this cast. The same seed, settings and events give the same lines.
    pub fn new(cast: Cast, seed: u64, settings: Settings) -> Self {
        let mut stage = Self {
            company: Company::new(&cast, (settings.rhythm.clone(), settings.calm)),
            settings,
            cast: Arc::new(cast),
            memory: Memory::default(),
            unasked: VecDeque::new(),
            last: BTreeMap::new(),
            unborn: BTreeSet::new(),
            newborn: Vec::new(),
            notes: Vec::new(),
            announcements: VecDeque::new(),
            threads: Threads::default(),
            tales: tales::Tales::default(),
            understudy: Understudy::default(),
            seed,
            composed: 0,
            nodes: BTreeMap::new(),
            turns: BTreeSet::new(),
            graved: None,
            gathered: BTreeSet::new(),
            tickets: 0,
            glances: Vec::new(),
            scan: SCAN,
            found: BTreeMap::new(),
            aged: 0,
            forgotten: Vec::new(),
        };
        stage.company.kept.grown.fix(!stage.settings.grows);
        let declared: Vec<_> =
            stage.settings.relations.iter().flat_map(|service| service.nodes.clone()).collect();
        for node in declared {
            let role = stage.settings.relations.role_of(node.as_str()).map(str::to_owned);
            stage.settle(node.as_str(), role.as_deref());
        }
        stage.bind();
        stage
    }

    /// Who embodies the node of this name.
    pub fn embody(&self, node: &str) -> Option<&Sheet> {
        self.cast.embody(node)
    }

    /// Takes in an event; gives the line that is said about it at once, if any.
    pub fn heard(&mut self, at: Millis, event: &Event) -> Option<Line> {
        self.forgotten.retain(|(_, before)| event.id < *before);
        if event.kind == facts::LOOKED {
            self.looked(at, event);
            self.foretell(event);
            return None;
        }
        self.bets_heard(event);
        self.tale_heard(at, event);
        self.drill_heard(event);
        self.inherit(event);
        self.announce(at, event);
        let fact = facts::of(event).filter(|_| !self.is_habit(at, event));
        self.live(at, event, fact.as_ref());
        self.weave(event, fact.as_ref());
        let Some(mut fact) = fact else { return self.announced(at) };
        if fact.node.is_empty() {
            return None;
        }
        self.compare(event, &fact);
        let signals = facts::signals(event, &fact, &self.settings.relations);
        fact.past = self.memory.past(&fact, &self.settings.relations.places_needed_on(&fact.node));
        self.earn(at, &fact, event.id);
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
        light.second = None;
        let waiting = Box::new(Waiting { event: event.id, heard: at, due, fact, plain, signals });
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
        self.turns
            .first()
            .map(|(due, _)| *due)
            .into_iter()
            .chain(self.announcing())
            .chain(self.telling())
            .min()
    }

    /// Every line whose turn has come.
    pub fn tick(&mut self, at: Millis) -> Vec<Line> {
        let mut lines = Vec::new();
        while self.turns.first().is_some_and(|(due, _)| *due <= at) {
            let Some((_, node)) = self.turns.pop_first() else { break };
            if let Some(light) = self.nodes.get_mut(&node) {
                light.turn = None;
            }
            lines.extend(self.turn_of(at, &node));
            self.reschedule(at, node);
        }
        while let Some(line) = self.announced(at) {
            lines.push(line);
        }
        lines.extend(self.tale_goes_on(at));
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
        let Some(waiting) = light.next(at) else {
            let second = light.second.take_if(|second| second.waiting.due <= at)?;
            let line = self.add(at, *second)?;
            if let Some(light) = self.nodes.get_mut(node) {
                light.closed = Some(at + MINUTE);
            }
            return Some(line);
        };
        if let Some(due) = self.gathers_until(at, &waiting) {
            if let Some(light) = self.nodes.get_mut(node) {
                light.put_back(Waiting { due, ..waiting });
            }
            return None;
        }
        let mut waiting = waiting;
        if waiting.fact.occasion.is_urgent() && !self.gathered.contains(&waiting.event) {
            waiting.fact.past.also = self.gather(at, node);
            self.graved = Some(at);
        }
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

    /// Every now and then: who waits too long is declined, and somebody looks
    /// about. Gives the questions of which something became.
    pub fn pulse(&mut self, at: Millis) -> Vec<(u64, Heard)> {
        self.company.rest(at, &self.cast);
        self.age(at);
        self.company.expire(at);
        if at >= self.scan {
            self.scan = at + SCAN;
            // In an emergency nobody strolls.
            if self.company.is_calm(at) {
                self.glance(Glance { node: None, after: None });
            }
        }
        self.company.attend(at)
    }

    /// A person's question: its number, and what became of it, if that is known
    /// at once; else [`Self::done`] or [`Self::pulse`] tells it.
    pub fn ask(&mut self, at: Millis, asking: Asking) -> (u64, Option<Heard>) {
        self.tickets += 1;
        self.interrupt();
        (self.tickets, self.company.ask(at, &self.cast, self.tickets, asking))
    }

    /// Somebody who had the floor has answered.
    pub fn done(&mut self, at: Millis, by: &str) -> Vec<(u64, Heard)> {
        if let Some(sheet) = self.as_now(at, by) {
            self.company.spoke(at, &sheet);
        }
        self.company.done(at, by)
    }

    /// What was declined since it was asked last, by cause.
    pub fn turned(&mut self, at: Millis) -> Vec<Turned> {
        self.company.turned(at)
    }

    /// The whole cast, as it is now.
    pub fn cast(&self) -> &Arc<Cast> {
        &self.cast
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
