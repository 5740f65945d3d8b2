//! The company: every character's own loop, and the sync point at which one of
//! them is given the floor.

use crate::kept::Kept;
use crate::stage::Millis;
use crate::talk::Waiting;
use cast::life::{Bearing, Felt, Needs, Persona, Readiness, Rhythm, Room, Tone, Why};
use cast::{Cast, Fact, Occasion, Sheet, Signal, TieKind, UnixMillis};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

mod floor;
mod turned;

pub(crate) use floor::{Floor, Granted};
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
    /// What the clock of the wall says when ours is at 0; none before it is known.
    pub(crate) wall: Option<UnixMillis>,
    /// When something grave began or ended.
    grave: Option<Millis>,
    /// The nodes that are in crisis.
    burning: BTreeSet<String>,
    /// Who speaks for all while it is grave.
    voice: Option<String>,
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
            wall: None,
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
        if up {
            self.touch(now, sheet, Felt::Thanks);
        }
    }

    /// Something touches a character, as it is now.
    pub(crate) fn touch(&mut self, now: Millis, sheet: &Sheet, felt: Felt) {
        let traits = self.traits(now, sheet);
        if let Some(persona) = self.personas.get_mut(&sheet.id) {
            persona.heart.feel(now, felt, &traits);
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
            if sheet.id == head.id {
                if let Some(felt) = own {
                    self.touch(now, sheet, felt);
                }
            } else if trouble && let Some(tie) = sheet.ties.iter().find(|tie| tie.to == head.id) {
                let felt = match tie.kind {
                    TieKind::Rivalry | TieKind::Contempt => Felt::RivalsTrouble,
                    TieKind::Alliance | TieKind::Dependency => Felt::FriendsTrouble,
                };
                self.touch(now, sheet, felt);
            }
            if let Some(trigger) = signals.iter().find_map(|signal| sheet.trigger(signal)) {
                self.touch(now, sheet, Felt::Trigger(trigger.feeling));
            }
        }
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
            let overloaded = persona.readiness(now, &self.rhythm) == Readiness::Overwhelmed;
            let heard = self.heard.get(&sheet.id).copied().unwrap_or(0);
            if now.saturating_sub(heard) > DAY && (sheet.heads_a_house() || sheet.node.is_some()) {
                self.touch(now, sheet, Felt::Quiet);
            }
            if overloaded {
                self.touch(now, sheet, Felt::Overload);
            }
        }
    }
}
