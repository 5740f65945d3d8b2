//! Scenarios: what happens to a made-up fleet, on virtual time, through the real
//! cast and stage; and what its author expects of them. The same scenario and
//! seed give the same story, byte for byte.

use cast::{Cast, Kind};
use fleet::{Because, Change, SilentReason, words};
use frames::{Classifier, Direction, Mood, NodeName, ServiceState, Vital};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use stage::{Line, Millis, Note, Stage};
use std::collections::BTreeMap;
use store::{Event, EventIds};

#[cfg(test)]
mod tests;

/// 2026-01-01, where every scenario begins.
const BEGINS: i64 = 1_767_225_600_000;
const MINUTE: Millis = 60_000;
const DAY: Millis = 24 * 60 * MINUTE;
/// The stage looks after itself so often.
const PULSE: Millis = 5 * MINUTE;
/// What is bounded: nodes, days, happenings, and what they come to.
const NODES: usize = 64;
const DAYS: u32 = 366;
const HAPPENS: usize = 1_000;
const CHANGES: usize = 100_000;
/// What the stage records may have it record more, so often at most.
const ROUNDS: usize = 8;

/// What a file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// How deep it goes: `moods`, real events into the real cast and stage.
    #[serde(default)]
    pub level: Level,
    /// The fleet.
    pub nodes: Vec<NodeName>,
    /// How long it lasts.
    pub days: u32,
    /// Another seed, other words.
    #[serde(default)]
    pub seed: u64,
    /// What happens.
    #[serde(default)]
    pub happens: Vec<Happening>,
    /// What is expected of it.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

/// How deep a scenario goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Fleet's events, cast and stage.
    #[default]
    Moods,
}

/// Something that happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// When, after the beginning: "2days 14h".
    #[serde(deserialize_with = "span")]
    at: Millis,
    /// To whom; to everybody without it.
    #[serde(default)]
    nodes: Vec<NodeName>,
    /// What.
    what: What,
    /// How long it lasts; for good without it.
    #[serde(default, deserialize_with = "some_span")]
    lasts: Option<Millis>,
    /// It comes again so often; once without it.
    #[serde(default, deserialize_with = "some_span")]
    every: Option<Millis>,
    /// What speaks for it, loudest first.
    #[serde(default)]
    because: Vec<Sign>,
    /// Of which unit it is told.
    unit: Option<String>,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Joined,
    Bored,
    Happy,
    Stressed,
    Crisis,
    Silent,
    Restarted,
    UnitFailed,
}

/// A reading that speaks for a mood.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    #[serde(with = "words::vital_name")]
    vital: Vital,
    value: f32,
    usual: Option<f32>,
}

/// Something that must come of it: of all that is said and recorded, what fits each
/// of these is counted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Said by this character.
    by: Option<String>,
    /// About this node.
    node: Option<String>,
    /// `fact`, `suspicion` or `fiction`, or the kind of an event that the stage records.
    kind: Option<String>,
    /// With these words in it.
    contains: Option<String>,
    /// So often at least.
    #[serde(default)]
    at_least: usize,
    /// So often at most.
    at_most: Option<usize>,
}

/// Why a scenario can't be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// It is no scenario.
    #[error("it can't be read: {0}")]
    Unreadable(String),
    /// Too much, or nothing.
    #[error("{0}")]
    Bounds(String),
    /// Of somebody who is not there.
    #[error("{0} is none of its nodes")]
    Node(NodeName),
    /// A unit's failure without a unit.
    #[error("unit_failed needs a unit")]
    Unit,
    /// A built-in sheet is faulty.
    #[error("{0}")]
    Cast(String),
}

/// Something that was said or recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// When, in milliseconds after the beginning.
    pub at: Millis,
    /// Who said it; empty for what the stage records.
    pub by: String,
    /// About which node; empty for none.
    pub node: String,
    /// `fact`, `suspicion` or `fiction`, or the kind of the event.
    pub kind: String,
    /// In these words.
    pub text: String,
}

/// How somebody felt in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Felt {
    /// Who.
    pub by: String,
    /// How.
    pub feeling: String,
    /// Why; none if nothing made it.
    pub because: Option<String>,
}

/// A scenario that was played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Played {
    /// What it is called.
    pub name: String,
    /// All that was said and recorded, in order of time.
    pub told: Vec<Told>,
    /// How everybody felt in the end.
    pub felt: Vec<Felt>,
    /// What was expected and did not come, in words.
    pub unmet: Vec<String>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// [`ScenarioError`] says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self =
            toml::from_str(text).map_err(|error| ScenarioError::Unreadable(error.to_string()))?;
        let bounds =
            |fits: bool, words: String| if fits { Ok(()) } else { Err(ScenarioError::Bounds(words)) };
        bounds((1..=NODES).contains(&scenario.nodes.len()), format!("nodes: from 1 to {NODES}"))?;
        bounds((1..=DAYS).contains(&scenario.days), format!("days: from 1 to {DAYS}"))?;
        bounds(scenario.happens.len() <= HAPPENS, format!("happens: at most {HAPPENS}"))?;
        for happening in &scenario.happens {
            if let Some(stranger) = happening.nodes.iter().find(|node| !scenario.nodes.contains(node)) {
                return Err(ScenarioError::Node(stranger.clone()));
            }
            if happening.what == What::UnitFailed && happening.unit.is_none() {
                return Err(ScenarioError::Unit);
            }
            bounds(happening.every.is_none_or(|every| every >= MINUTE), "every: 1min at least".to_owned())?;
        }
        bounds(scenario.turns().len() <= CHANGES, format!("more than {CHANGES} things happen"))?;
        Ok(scenario)
    }

    /// Everything that happens, in order of time.
    fn turns(&self) -> Vec<Turn<'_>> {
        let end = u64::from(self.days) * DAY;
        let mut turns: Vec<Turn<'_>> =
            self.nodes.iter().map(|node| Turn { at: 0, node, what: What::Joined, of: None }).collect();
        for of in &self.happens {
            let nodes = if of.nodes.is_empty() { &self.nodes } else { &of.nodes };
            let mut at = of.at;
            while at < end && turns.len() <= CHANGES {
                for node in nodes {
                    turns.push(Turn { at, node, what: of.what, of: Some(of) });
                    if let Some(over) = of.lasts.map(|lasts| at + lasts).filter(|over| *over < end) {
                        turns.push(Turn { at: over, node, what: What::Happy, of: None });
                    }
                }
                let Some(every) = of.every else { break };
                at += every;
            }
        }
        turns.sort_by_key(|turn| turn.at);
        turns
    }

    /// Plays it; with another seed, in other words.
    ///
    /// # Errors
    /// [`ScenarioError::Cast`] if a built-in sheet is faulty.
    pub fn play(&self, seed: Option<u64>) -> Result<Played, ScenarioError> {
        let cast = Cast::built_in().map_err(|error| ScenarioError::Cast(error.to_string()))?;
        let stage = Stage::new(cast, seed.unwrap_or(self.seed), stage::Settings::default());
        let mut play = Play { stage, ids: EventIds::after(None), told: Vec::new(), nodes: BTreeMap::new() };
        let end = u64::from(self.days) * DAY;
        let mut pulses = (0..=end).step_by(PULSE as usize).peekable();
        for turn in self.turns() {
            while let Some(at) = pulses.next_if(|at| *at <= turn.at) {
                play.pulse(at);
            }
            play.turn(&turn);
        }
        pulses.for_each(|at| play.pulse(at));
        let felt = play.stage.portraits(end).into_iter().map(|one| Felt {
            by: one.id,
            feeling: word(&one.feeling),
            because: one.cause.map(str::to_owned),
        });
        let felt = felt.collect();
        let unmet = self.expect.iter().filter_map(|expected| expected.unmet(&play.told)).collect();
        Ok(Played { name: self.name.clone(), told: play.told, felt, unmet })
    }
}

/// One thing that happens to one node.
#[derive(Clone, Copy, Debug)]
struct Turn<'a> {
    at: Millis,
    node: &'a NodeName,
    what: What,
    of: Option<&'a Happening>,
}

/// How a node is while a scenario is played.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    mood: Option<(Mood, Millis)>,
    silent: Option<Millis>,
}

struct Play {
    stage: Stage,
    ids: EventIds,
    told: Vec<Told>,
    nodes: BTreeMap<NodeName, Node>,
}

impl Play {
    /// Time passes until now.
    fn until(&mut self, at: Millis) {
        while let Some(due) = self.stage.due().filter(|due| *due <= at) {
            let lines = self.stage.tick(due);
            self.keep(due, lines);
        }
    }

    fn pulse(&mut self, at: Millis) {
        self.until(at);
        self.stage.pulse(at);
        self.keep(at, []);
    }

    fn turn(&mut self, turn: &Turn<'_>) {
        self.until(turn.at);
        for change in self.changes(turn) {
            let mut payload = serde_json::to_value(&change).unwrap_or_default();
            if let Some(object) = payload.as_object_mut() {
                object.remove("kind");
                object.insert("words".to_owned(), change.sentence().into());
            }
            let event = Event::new(&mut self.ids, wall(turn.at), change.kind(), "fleet", payload);
            let line = self.stage.heard(turn.at, &event);
            self.keep(turn.at, line);
        }
    }

    /// What was said; and what the stage wants recorded, which it then hears.
    fn keep(&mut self, at: Millis, lines: impl IntoIterator<Item = Line>) {
        let mut lines: Vec<Line> = lines.into_iter().collect();
        for _ in 0..ROUNDS {
            for line in lines.drain(..) {
                let kind = match line.kind {
                    Kind::Fact => "fact",
                    Kind::Suspicion => "suspicion",
                    Kind::Fiction => "fiction",
                };
                let Line { by, node, text, .. } = line;
                self.told.push(Told { at, by, node, kind: kind.to_owned(), text });
            }
            for Note { kind, payload, .. } in self.stage.notes() {
                let text =
                    |key: &str| payload.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                let (node, text) = (text("node"), text("words"));
                self.told.push(Told { at, by: String::new(), node, kind: kind.to_owned(), text });
                let event = Event::new(&mut self.ids, wall(at), kind, "stage", payload);
                lines.extend(self.stage.heard(at, &event));
            }
            if lines.is_empty() {
                return;
            }
        }
    }

    /// What the fleet would tell of it: nothing of what is so already.
    fn changes(&mut self, turn: &Turn<'_>) -> Vec<Change> {
        let Turn { at, node, what, of } = *turn;
        let known = self.nodes.entry(node.clone()).or_default();
        let mut changes = Vec::new();
        let node = node.clone();
        match what {
            What::Joined => changes.push(Change::Joined { node, simulated: false }),
            What::Silent if known.silent.is_none() => {
                known.silent = Some(at);
                let last_seen = Some(wall(at) - 30_000);
                changes.push(Change::Silent {
                    node,
                    reason: SilentReason::Missed,
                    last_seen,
                    interval: 10_000,
                });
            }
            What::Silent => {}
            What::Restarted => {
                changes.push(Change::Restarted {
                    node,
                    boot: at as u32,
                    machine: Some(true),
                    uptime: 20_000,
                });
            }
            What::UnitFailed => {
                let unit = of.and_then(|of| of.unit.clone()).unwrap_or_default();
                let (from, to) = (Some(ServiceState::Active), ServiceState::Failed);
                changes.push(Change::ServiceChanged { node, unit, from, to });
            }
            What::Bored | What::Happy | What::Stressed | What::Crisis => {
                if let Some(since) = known.silent.take() {
                    changes.push(Change::Returned { node: node.clone(), silent_for: Some(at - since) });
                }
                let to = match what {
                    What::Bored => Mood::Bored,
                    What::Stressed => Mood::Stressed,
                    What::Crisis => Mood::Crisis,
                    _ => Mood::Happy,
                };
                let before = known.mood.filter(|(mood, _)| *mood != to);
                if before.is_some() || known.mood.is_none() {
                    known.mood = Some((to, at));
                    changes.push(Change::MoodChanged {
                        node,
                        from: before.map(|(mood, _)| mood),
                        to,
                        probability: 0.9,
                        because: of
                            .map(|of| of.because.iter().map(Sign::because).collect())
                            .unwrap_or_default(),
                        classifier: Classifier::Model,
                        lasted: before.map(|(_, since)| at - since),
                    });
                }
            }
        }
        changes
    }
}

impl Sign {
    fn because(&self) -> Because {
        let Self { vital, value, usual } = *self;
        let direction =
            if usual.is_some_and(|usual| value < usual) { Direction::Below } else { Direction::Above };
        Because {
            vital,
            value: words::tidy(value),
            usual: usual.map(words::tidy),
            direction,
            words: words::cause_words(vital, value, usual, direction),
        }
    }
}

impl Expectation {
    fn fits(&self, told: &Told) -> bool {
        let is = |wanted: &Option<String>, so: &str| wanted.as_ref().is_none_or(|wanted| wanted == so);
        is(&self.by, &told.by)
            && is(&self.node, &told.node)
            && is(&self.kind, &told.kind)
            && self.contains.as_ref().is_none_or(|words| told.text.contains(words.as_str()))
    }

    /// What did not come, in words; none if it did.
    fn unmet(&self, told: &[Told]) -> Option<String> {
        let count = told.iter().filter(|one| self.fits(one)).count();
        // Without any number it must come once.
        let least = if self.at_most.is_none() { self.at_least.max(1) } else { self.at_least };
        if count >= least && self.at_most.is_none_or(|most| count <= most) {
            return None;
        }
        let parts =
            [("by", &self.by), ("node", &self.node), ("kind", &self.kind), ("contains", &self.contains)];
        let wanted = parts.iter().filter_map(|(key, value)| Some(format!("{key} {:?}", value.as_ref()?)));
        let most = self.at_most.map(|most| format!(", {most} at most")).unwrap_or_default();
        Some(format!("{}: {least} at least{most}, and it was {count}", wanted.collect::<Vec<_>>().join(", ")))
    }
}

impl Told {
    /// When it was, as people read it: "day 2, 14:03".
    pub fn when(&self) -> String {
        let minutes = self.at / MINUTE;
        format!("day {}, {:02}:{:02}", minutes / 1_440 + 1, minutes / 60 % 24, minutes % 60)
    }
}

fn wall(at: Millis) -> i64 {
    BEGINS.saturating_add_unsigned(at)
}

/// The word that a value is in JSON.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Millis, D::Error> {
    let text = String::deserialize(from)?;
    let wrong = || D::Error::custom(format!("{text:?} is no time, as in \"2days 14h\""));
    let span = humantime::parse_duration(&text).map_err(|_| wrong())?;
    Millis::try_from(span.as_millis())
        .ok()
        .filter(|millis| *millis <= u64::from(DAYS) * DAY)
        .ok_or_else(wrong)
}

fn some_span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Millis>, D::Error> {
    span(from).map(Some)
}
