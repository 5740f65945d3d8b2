//! The company: every character's own loop, and the sync point at which one of
//! them is given the floor.

use crate::kept::Kept;
use crate::stage::Millis;
use crate::talk::Waiting;
use cast::life::{
    Arrival, Bearing, Felt, Needs, Persona, Readiness, Reason, Rhythm, Room, Thought, Tone, Why, grant,
};
use cast::{Cast, Fact, Occasion, Sheet, Signal, TieKind};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

mod turned;

pub use turned::Turned;

/// Lines of this time count for fairness.
const LATELY: Millis = 10 * 60_000;
/// How long it must have been calm before anybody jests again, unless another time is set.
pub const CALM: Millis = 15 * 60_000;
/// How much a line costs, in milliseconds of work, for each unit of verbosity.
const LINE: f32 = 4_000.0;
/// How often a household's crises make its head resigned.
const AGAIN: usize = 3;
const HOUR: Millis = 60 * 60_000;
const DAY: Millis = 24 * HOUR;
/// The most that a long silence counts at the sync point.
const RESTED: i32 = 40;

/// What came in too fast is offered again after this.
const AGAIN_AFTER: Millis = 1_000;
/// How long one waits for what another has to say.
const PATIENCE: Millis = 30_000;
/// What a message to a character is about: the same loop sees to both.
#[derive(Clone, Debug)]
pub(crate) enum Matter {
    /// Something that happened.
    Fact(Box<Fact>),
    /// A person's question, by its number.
    Asked(u64),
}

impl Matter {
    pub(crate) fn ticket(&self) -> Option<u64> {
        match self {
            Self::Asked(ticket) => Some(*ticket),
            Self::Fact(_) => None,
        }
    }
}

/// Everybody on stage, as they are now.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) rhythm: Rhythm,
    pub(crate) personas: BTreeMap<String, Persona<Matter>>,
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) waiting: BTreeMap<u64, Waiting>,
    turned: BTreeMap<(String, Why), Turned>,
    /// When what was declined was told last.
    told: Option<Millis>,
    needs: Needs,
    /// About which node each of them waits.
    deferred: BTreeMap<String, String>,
    /// How long it must have been calm before anybody jests again.
    calm: Millis,
    spoke: BTreeMap<String, VecDeque<Millis>>,
    crises: BTreeMap<String, VecDeque<Millis>>,
    /// When each household heard of something.
    heard: BTreeMap<String, Millis>,
    pub(crate) kept: Kept,
    /// When something grave began or ended.
    grave: Option<Millis>,
    /// The nodes that are in crisis.
    burning: BTreeSet<String>,
    /// Who speaks for all while it is grave.
    voice: Option<String>,
}

/// Whom the sync point gave the floor, and how they are.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) by: String,
    pub(crate) bearing: Bearing,
    pub(crate) thoughts: Vec<Thought>,
    /// Who waited for it, and may speak after it.
    pub(crate) after: Vec<String>,
}

/// What became of a fact at the sync point.
pub(crate) enum Floor {
    /// Somebody speaks.
    Granted(Granted),
    /// Nobody is ready now: it is asked again then.
    Later(Millis),
    /// It is nobody's business, or all of them are muted.
    Nobody,
}

impl Company {
    pub(crate) fn new(cast: &Cast, (rhythm, calm): (Rhythm, Millis)) -> Self {
        let personas = cast
            .sheets()
            .iter()
            .map(|sheet| (sheet.id.clone(), Persona::new(&sheet.id, 0, &rhythm)))
            .collect();
        Self {
            rhythm,
            calm,
            personas,
            rooms: BTreeMap::new(),
            waiting: BTreeMap::new(),
            turned: BTreeMap::new(),
            told: None,
            needs: Needs::default(),
            deferred: BTreeMap::new(),
            spoke: BTreeMap::new(),
            crises: BTreeMap::new(),
            heard: BTreeMap::new(),
            kept: Kept::default(),
            grave: None,
            burning: BTreeSet::new(),
            voice: None,
        }
    }

    /// A newcomer, rested.
    pub(crate) fn enter(&mut self, now: Millis, id: &str) {
        self.personas.insert(id.to_owned(), Persona::new(id, now, &self.rhythm));
    }

    /// Mutes a character, or lets it speak again.
    pub(crate) fn mute(&mut self, id: &str, mute: bool) {
        if mute {
            self.kept.muted.insert(id.to_owned());
        } else {
            self.kept.muted.remove(id);
        }
    }

    pub(crate) fn is_muted(&self, id: &str) -> bool {
        self.kept.muted.contains(id)
    }

    /// A person's thumb, up or down: it counts in who speaks next.
    pub(crate) fn thumb(&mut self, now: Millis, sheet: &Sheet, up: bool) {
        self.kept.thumb(&sheet.id, up);
        if up && let Some(persona) = self.personas.get_mut(&sheet.id) {
            persona.heart.feel(now, Felt::Thanks, &sheet.traits);
        }
    }

    pub(crate) fn thumbs(&self, id: &str) -> i32 {
        self.kept.thumbs.get(id).copied().unwrap_or(0)
    }

    /// What the host can spare, in thousandths.
    pub(crate) fn budget(&mut self, budget: u16) {
        for persona in self.personas.values_mut() {
            persona.state.budget = budget;
        }
    }

    /// Whether nothing is grave, and has not been for a while.
    pub(crate) fn is_calm(&self, now: Millis) -> bool {
        self.burning.is_empty() && self.grave.is_none_or(|grave| now.saturating_sub(grave) >= self.calm)
    }

    pub(crate) fn persona(&self, id: &str) -> Option<&Persona<Matter>> {
        self.personas.get(id)
    }

    /// Everybody feels what happened: the head of the household first, then its
    /// friends and rivals, and whoever has a trigger for it.
    pub(crate) fn feel(&mut self, now: Millis, cast: &Cast, fact: &Fact, signals: &[Signal]) {
        if self.is_calm(now) {
            self.voice = None;
        }
        // A crisis is grave while it lasts, a silence when it begins: what is
        // switched off for good must not end all jests.
        let burns = fact.occasion == Occasion::Crisis;
        let changed = match fact.occasion {
            Occasion::Signal => false,
            _ if burns => self.burning.insert(fact.node.clone()),
            _ => self.burning.remove(&fact.node),
        };
        if fact.occasion.is_urgent() || changed {
            self.grave = Some(now);
        }
        let Some(head) = cast.embody(&fact.node) else { return };
        self.heard.insert(head.id.clone(), now);
        let own = match fact.occasion {
            Occasion::Crisis => {
                let crises = self.crises.entry(head.id.clone()).or_default();
                crises.retain(|at| now.saturating_sub(*at) < DAY);
                if crises.len() < AGAIN * 4 {
                    crises.push_back(now);
                }
                Some(if crises.len() >= AGAIN { Felt::OwnCrisisAgain } else { Felt::OwnCrisis })
            }
            Occasion::Stressed => Some(Felt::OwnStress),
            Occasion::Eased => Some(Felt::OwnRelief),
            Occasion::Silent => Some(Felt::OwnSilence),
            Occasion::Returned | Occasion::Joined => Some(Felt::OwnReturn),
            Occasion::Bored | Occasion::Happy | Occasion::Signal => None,
        };
        let trouble = matches!(fact.occasion, Occasion::Crisis | Occasion::Silent);
        for sheet in cast.sheets() {
            let Some(persona) = self.personas.get_mut(&sheet.id) else { continue };
            if sheet.id == head.id {
                if let Some(felt) = own {
                    persona.heart.feel(now, felt, &sheet.traits);
                }
            } else if trouble && let Some(tie) = sheet.ties.iter().find(|tie| tie.to == head.id) {
                let felt = match tie.kind {
                    TieKind::Rivalry | TieKind::Contempt => Felt::RivalsTrouble,
                    TieKind::Alliance | TieKind::Dependency => Felt::FriendsTrouble,
                };
                persona.heart.feel(now, felt, &sheet.traits);
            }
            if let Some(trigger) = signals.iter().find_map(|signal| sheet.trigger(signal)) {
                persona.heart.feel(now, Felt::Trigger(trigger.feeling), &sheet.traits);
            }
        }
    }

    /// The sync point: everybody whose business it is gets the fact, wakes, and
    /// decides; of those who engage, one is given the floor.
    pub(crate) fn floor(
        &mut self,
        now: Millis,
        cast: &Cast,
        (fact, heard): (&Fact, Millis),
        signals: &[Signal],
    ) -> Floor {
        let (mut thoughts, mut later) = (Vec::new(), None);
        let waited = now.saturating_sub(heard).min(self.rhythm.ageing);
        let age = waited * u64::from(self.rhythm.age_most) / self.rhythm.ageing.max(1);
        for (sheet, relevance, reason) in self.concerned(cast, fact, signals) {
            let (lately, rested) = (self.lately(now, &sheet.id), self.rested(now, &sheet.id));
            let thumbs = self.thumbs(&sheet.id) * 30;
            let Some(persona) = self.personas.get_mut(&sheet.id) else { continue };
            let base = match fact.occasion {
                Occasion::Crisis | Occasion::Silent => 900,
                Occasion::Stressed | Occasion::Returned => 500,
                // The tired leave it for a while.
                _ => 200,
            };
            let arrival = Arrival { base: base + age as u16, named: false, active: false, relevant: true };
            let arrival = if fact.occasion.is_urgent() {
                arrival
            } else {
                // Age admits, and never makes urgent.
                Arrival { base: arrival.base.min(self.rhythm.urgent_above), ..arrival }
            };
            let matter = Matter::Fact(Box::new(fact.clone()));
            let declined = persona.deliver(now, arrival, (&fact.node, "fleet", now), matter, &self.rhythm);
            // Somebody at work is not displaced: what is not urgent waits for it.
            let slice = persona.wake(now, &self.rhythm);
            if let Some(no) = declined {
                // On record, and offered again: what a node has to say is not lost for haste.
                persona.inbox.forget(|message| message.room == fact.node);
                let again = now + AGAIN_AFTER;
                later = Some(later.map_or(again, |wakes: Millis| wakes.min(again)));
                self.lose(&sheet.id, no);
                continue;
            }
            if slice.rooms.iter().any(|(room, _)| *room == fact.node) {
                let relevance = (i32::from(relevance) + thumbs + rested).clamp(1, 1_000) as u16;
                thoughts.push(Thought::new(&sheet.id, relevance, reason, fact.occasion.name(), lately));
            } else {
                // Left for later: asked again when it wakes, as the host says it anew.
                persona.inbox.forget(|message| message.room == fact.node);
                later = Some(later.map_or(persona.wakes, |wakes: Millis| wakes.min(persona.wakes)));
            }
        }
        if !fact.occasion.is_urgent() {
            self.defer(now, cast, &mut thoughts, &fact.node);
        }
        let Some(first) = grant(&thoughts, 1).first().map(|thought| thought.by.clone()) else {
            return later.map_or(Floor::Nobody, |wakes| Floor::Later(wakes.max(now + 500)));
        };
        let bearing = self.bearing(now, &first);
        if fact.occasion.is_urgent() {
            self.voice.get_or_insert_with(|| first.clone());
        }
        let waited = |who: &String| self.deferred.remove(who).is_some_and(|room| room == fact.node);
        let after = self.needs.done(&first).into_iter().filter(waited).collect();
        Floor::Granted(Granted { by: first, bearing, thoughts, after })
    }

    /// Who needs another to speak first waits for it, where both have something
    /// to say: it may add its own when the other is done. A circle of waits is
    /// refused, and told with its path.
    fn defer(&mut self, now: Millis, cast: &Cast, thoughts: &mut Vec<Thought>, room: &str) {
        let by: Vec<String> = thoughts.iter().map(|thought| thought.by.clone()).collect();
        let mut waits = BTreeSet::new();
        for who in &by {
            let ties = cast.get(who).map(|sheet| sheet.ties.as_slice()).unwrap_or_default();
            let needed = ties.iter().find(|tie| tie.kind == TieKind::Dependency && by.contains(&tie.to));
            let Some(tie) = needed else { continue };
            match self.needs.wait(who, &tie.to, now + PATIENCE) {
                Ok(()) => {
                    self.deferred.insert(who.clone(), room.to_owned());
                    waits.insert(who.clone());
                }
                Err(cycle) => self.refuse(who, cycle, room),
            }
        }
        thoughts.retain(|thought| !waits.contains(&thought.by));
    }

    /// Whose business a fact is, how much, and why. In a crisis and a silence it
    /// is the household's alone: one speaker.
    fn concerned<'a>(
        &self,
        cast: &'a Cast,
        fact: &Fact,
        signals: &[Signal],
    ) -> Vec<(&'a Sheet, u16, Reason)> {
        let head = cast.embody(&fact.node).map(|sheet| sheet.id.as_str());
        let loudest = fact.readings.first().map(|reading| reading.name.as_str());
        let is_signal = fact.occasion == Occasion::Signal;
        let mut all = Vec::new();
        let voice = self.voice.as_ref().filter(|voice| !self.is_muted(voice));
        if fact.occasion.is_urgent()
            && let Some(voice) = voice.and_then(|voice| cast.get(voice))
        {
            return vec![(voice, 600, Reason::Emergency)];
        }
        for sheet in cast.sheets().iter().filter(|sheet| !self.is_muted(&sheet.id)) {
            let pulled = signals.iter().any(|signal| sheet.trigger(signal).is_some());
            let sees = sheet.notices.iter().take(2).any(|name| Some(name.as_str()) == loudest);
            if Some(sheet.id.as_str()) == head && !is_signal {
                all.push((sheet, 600, Reason::Embodies));
            } else if fact.occasion.is_urgent() {
            } else if pulled && (is_signal || fact.occasion == Occasion::Stressed) {
                all.push((sheet, 650, Reason::Trigger));
            } else if pulled {
                // A coming or going is the household's as much as theirs.
                all.push((sheet, 600, Reason::Trigger));
            } else if sees && !is_signal {
                all.push((sheet, 300, Reason::Eye));
            }
        }
        // A muted head of a household leaves what is grave to whoever else is there.
        if all.is_empty() && fact.occasion.is_urgent() {
            let other = cast.sheets().iter().find(|sheet| !self.is_muted(&sheet.id));
            all.extend(other.map(|sheet| (sheet, 500, Reason::Dependency)));
        }
        all
    }

    pub(crate) fn lately(&self, now: Millis, id: &str) -> u16 {
        let lines = self.spoke.get(id).into_iter().flatten();
        lines.filter(|at| now.saturating_sub(**at) < LATELY).count() as u16
    }

    /// The longer somebody has said nothing, the sooner it is heard: a point for
    /// each hour, so that of equals all have their turn.
    fn rested(&self, now: Millis, id: &str) -> i32 {
        let last = self.spoke.get(id).and_then(VecDeque::back);
        last.map_or(RESTED, |at| (now.saturating_sub(*at) / HOUR).min(RESTED as u64) as i32)
    }

    /// How somebody would say something now.
    pub(crate) fn bearing(&self, now: Millis, id: &str) -> Bearing {
        let tone = if self.is_calm(now) { Tone::Full } else { Tone::Sober };
        self.personas.get(id).map_or(Bearing { tone, ..Bearing::default() }, |persona| {
            persona.bearing(now, tone, &self.rhythm)
        })
    }

    /// Somebody spoke: it costs energy, and counts for fairness.
    pub(crate) fn spoke(&mut self, now: Millis, sheet: &Sheet) {
        if let Some(persona) = self.personas.get_mut(&sheet.id) {
            let effort = (LINE * (0.25 + sheet.traits.verbosity)) as Millis;
            persona.state.work(now, effort, 1, &self.rhythm);
        }
        let spoke = self.spoke.entry(sheet.id.clone()).or_default();
        if spoke.len() >= 16 {
            spoke.pop_front();
        }
        spoke.push_back(now);
    }

    /// Ends waits that have lasted too long: somebody else had the floor.
    pub(crate) fn expire(&mut self, now: Millis) {
        for who in self.needs.expire(now) {
            let room = self.deferred.remove(&who).unwrap_or_default();
            self.turn(&who, Why::Floor, &room, None);
        }
    }

    /// Lets everybody rest until now, and feel that a day has passed without news.
    pub(crate) fn rest(&mut self, now: Millis, cast: &Cast) {
        for sheet in cast.sheets() {
            let Some(persona) = self.personas.get_mut(&sheet.id) else { continue };
            persona.state.rest(now, &self.rhythm);
            let heard = self.heard.get(&sheet.id).copied().unwrap_or(0);
            if now.saturating_sub(heard) > DAY && (sheet.heads_a_house() || sheet.node.is_some()) {
                persona.heart.feel(now, Felt::Quiet, &sheet.traits);
            }
            if persona.readiness(now, &self.rhythm) == Readiness::Overwhelmed {
                persona.heart.feel(now, Felt::Overload, &sheet.traits);
            }
        }
    }
}
