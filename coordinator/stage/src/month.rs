//! A month of a small fleet, made up from a seed: what each character says in
//! it, for people to read.

use crate::facts;
use crate::line::Line;
use crate::settings::Settings;
use crate::stage::{MINUTE, Millis, Stage};
use cast::{Cast, Fact, Occasion, UnixMillis};
use fleet::{Because, Change, Refusal, SilentReason, words};
use frames::{Classifier, Direction, Mood, NodeName, ServiceState, Vital};
use oorandom::Rand64;
use std::collections::BTreeMap;
use store::{Event, EventIds, Uuid};

/// The nodes of the fleet: a dozen Pis.
const NODES: u64 = 12;
const DAY: Millis = 24 * 60 * MINUTE;
/// The most months that are played until everybody has said enough.
const MONTHS: u64 = 12;
/// 2026-01-01, where it begins.
const BEGINS: UnixMillis = 1_767_225_600_000;

/// What troubles a Pi: a vital, a bad value of it, and its usual one.
const TROUBLES: [(Vital, f32, Option<f32>); 16] = [
    (Vital::Temperature, 82.0, Some(51.0)),
    (Vital::PsiMemorySome, 34.0, Some(0.5)),
    (Vital::DiskUsed, 93.0, Some(61.0)),
    (Vital::UnderVoltageNow, 1.0, None),
    (Vital::Load5, 7.4, Some(0.8)),
    (Vital::ThrottledNow, 1.0, None),
    (Vital::NetReceived, 2.4e6, Some(90_000.0)),
    (Vital::FailedUnits, 2.0, Some(0.0)),
    (Vital::TcpRetransmits, 14.0, Some(0.2)),
    (Vital::Blocked, 6.0, Some(0.0)),
    (Vital::OomKills, 1.0, None),
    (Vital::ReadOnlyMounts, 1.0, None),
    (Vital::DiskErrors, 3.0, None),
    (Vital::FrequencyCappedNow, 1.0, None),
    (Vital::NetErrors, 9.0, Some(0.0)),
    (Vital::ClockSynchronised, 0.0, None),
];
const UNITS: [&str; 5] =
    ["consul.service", "vault.service", "prometheus.service", "nginx.service", "cron.service"];

/// What each character says in a simulated month, at most so many lines of each;
/// the month goes on for those who have said less, up to a year. The same cast
/// and seed give the same lines.
pub fn month(cast: &Cast, seed: u64, most: usize) -> BTreeMap<String, Vec<Line>> {
    let mut play = Play::new(cast.clone(), seed);
    let mut said: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for month in 1..=MONTHS {
        play.until(month * MONTH, &mut |seen| {
            let lines = said.entry(seen.line.by.clone()).or_default();
            if lines.len() < most {
                lines.push(seen.line.clone());
            }
        });
        if said.len() == cast.sheets().len() && said.values().all(|lines| lines.len() >= most) {
            break;
        }
    }
    said
}

/// How long a month is.
pub(crate) const MONTH: Millis = 30 * DAY;

/// Plays so many months; `hear` is shown each line when it is said.
pub(crate) fn play(cast: &Cast, seed: u64, months: u64, hear: &mut dyn FnMut(&Seen<'_>)) {
    Play::new(cast.clone(), seed).until(months * MONTH, hear);
}

/// A line, and how all is when it is said.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) at: Millis,
    pub(crate) line: &'a Line,
    /// All that has happened.
    pub(crate) events: &'a BTreeMap<Uuid, Event>,
    /// What was told last of each node's coming and going (true), and of its mood.
    pub(crate) newest: &'a BTreeMap<(String, bool), Uuid>,
}

impl Seen<'_> {
    /// What was told last of a node's coming and going, or of its mood.
    pub(crate) fn newest(&self, node: &str, presence: bool) -> Option<Fact> {
        let newest = self.newest.get(&(node.to_owned(), presence))?;
        facts::of(self.events.get(newest)?)
    }
}

struct Play {
    stage: Stage,
    chance: Rand64,
    ids: EventIds,
    now: Millis,
    moods: BTreeMap<u64, (Mood, Millis)>,
    events: BTreeMap<Uuid, Event>,
    newest: BTreeMap<(String, bool), Uuid>,
}

impl Play {
    fn new(cast: Cast, seed: u64) -> Self {
        Self {
            stage: Stage::new(cast, seed, Settings { births: None, ..Settings::default() }),
            chance: Rand64::new(u128::from(seed)),
            ids: EventIds::after(None),
            now: 0,
            moods: BTreeMap::new(),
            events: BTreeMap::new(),
            newest: BTreeMap::new(),
        }
    }

    fn until(&mut self, end: Millis, hear: &mut dyn FnMut(&Seen<'_>)) {
        while self.now < end {
            // About fifty things a day, in no step with anything.
            self.now += 5 * MINUTE + self.draw(48) * MINUTE;
            self.tick(hear);
            self.stage.pulse(self.now);
            let change = self.change();
            let mut payload = serde_json::to_value(&change).unwrap_or_default();
            if let Some(object) = payload.as_object_mut() {
                object.remove("kind");
                object.insert("words".to_owned(), change.sentence().into());
            }
            let at = BEGINS + UnixMillis::try_from(self.now).unwrap_or_default();
            let event = Event::new(&mut self.ids, at, change.kind(), "fleet", payload);
            self.note(&event);
            let line = self.stage.heard(self.now, &event);
            self.tell(line, hear);
            // Nobody records what the stage wants recorded.
            drop(self.stage.notes());
        }
    }

    fn tick(&mut self, hear: &mut dyn FnMut(&Seen<'_>)) {
        while let Some(due) = self.stage.due().filter(|due| *due <= self.now) {
            let lines = self.stage.tick(due);
            self.tell(lines, hear);
        }
    }

    /// Keeps what happened, and whether it is the newest of its kind.
    fn note(&mut self, event: &Event) {
        if let Some(fact) = facts::of(event) {
            let presence = match fact.occasion {
                Occasion::Silent | Occasion::Returned => Some(true),
                Occasion::Joined | Occasion::Signal => None,
                _ => Some(false),
            };
            if let Some(presence) = presence {
                self.newest.insert((fact.node, presence), event.id);
            }
        }
        self.events.insert(event.id, event.clone());
    }

    fn tell(&self, lines: impl IntoIterator<Item = Line>, hear: &mut dyn FnMut(&Seen<'_>)) {
        let Self { stage, now, events, newest, .. } = self;
        for line in lines {
            hear(&Seen { stage, at: *now, line: &line, events, newest });
        }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.chance.rand_range(0..below)
    }

    fn change(&mut self) -> Change {
        let number = self.draw(NODES);
        let node: NodeName =
            format!("pi-{:02}", number + 1).parse().unwrap_or_else(|_| unreachable!("a name"));
        let at = BEGINS + UnixMillis::try_from(self.now).unwrap_or_default();
        match self.draw(100) {
            0..3 => Change::Silent {
                node,
                reason: SilentReason::Missed,
                last_seen: Some(at - 31_000),
                interval: 10_000,
            },
            3..6 => Change::Returned { node, silent_for: Some(45_000 + self.draw(3_600_000)) },
            6..8 => Change::Joined { node, simulated: false },
            8..14 => Change::ServiceChanged {
                node,
                unit: UNITS[self.draw(UNITS.len() as u64) as usize].to_owned(),
                from: Some(ServiceState::Active),
                to: [ServiceState::Failed, ServiceState::Inactive, ServiceState::Active]
                    [self.draw(3) as usize],
            },
            14..18 => {
                Change::Restarted { node, boot: self.draw(9_999) as u32, machine: Some(true), uptime: 20_000 }
            }
            18..21 => Change::ClockChanged { node, by: Some(3_600_000), trusted: true },
            21..23 => Change::HardwareChanged {
                node,
                from: "Raspberry Pi 4".to_owned(),
                to: "Raspberry Pi 5".to_owned(),
            },
            23..25 => Change::AgentChanged { node, from: "0.1.0".to_owned(), to: "0.2.0".to_owned() },
            25..27 => Change::SettingsApplied { node, version: self.draw(40) as u32 },
            27..29 => Change::SpoolDropped { node, frames: 1 + self.draw(40) as u32, total: 90 },
            29..31 => Change::TwoBootsAlternate { node, boots: [7, 9] },
            31..33 => {
                Change::FrameRefused { node: Some(node), cause: Refusal::BadSeal, count: 1 + self.draw(9) }
            }
            _ => self.mood(number, node),
        }
    }

    /// Mostly between bored and happy; every third time into trouble, and out of it again.
    fn mood(&mut self, number: u64, node: NodeName) -> Change {
        let before = self.moods.get(&number).copied();
        let to = match (before.map(|(mood, _)| mood), self.draw(9)) {
            (Some(Mood::Stressed), 0..2) => Mood::Crisis,
            (Some(Mood::Stressed | Mood::Crisis), _) | (Some(Mood::Bored), 0..5) => Mood::Happy,
            (_, 5..9) => Mood::Stressed,
            _ => Mood::Bored,
        };
        self.moods.insert(number, (to, self.now));
        let mut because = Vec::new();
        if matches!(to, Mood::Stressed | Mood::Crisis) {
            let (vital, value, usual) = TROUBLES[self.draw(TROUBLES.len() as u64) as usize];
            let words = words::cause_words(vital, value, usual, Direction::Above);
            let usual = usual.map(words::tidy);
            because.push(Because {
                vital,
                value: words::tidy(value),
                usual,
                direction: Direction::Above,
                words,
            });
        } else if self.draw(2) == 0 {
            let value = 1.0 + self.draw(40) as f32;
            let words = words::cause_words(Vital::Cpu, value, None, Direction::Below);
            let direction = Direction::Below;
            because.push(Because {
                vital: Vital::Cpu,
                value: words::tidy(value),
                usual: None,
                direction,
                words,
            });
        }
        Change::MoodChanged {
            node,
            from: before.map(|(mood, _)| mood),
            to,
            probability: 0.9,
            because,
            classifier: Classifier::Model,
            lasted: before.map(|(_, since)| self.now - since),
        }
    }
}
