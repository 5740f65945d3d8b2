//! Scenarios: what happens to a made-up fleet, on virtual time, through the real
//! cast and stage; and what its author expects of them. The same scenario and
//! seed give the same story, byte for byte.

mod alarms;
mod line;
mod moods;
mod play;

pub use alarms::{Alarms, Nights};
pub(crate) use play::play;

#[cfg(test)]
mod tests;

use cast::Cast;
use cast::trope::Tropes;
use fleet::words;
use frames::{NodeName, Vital};
use oorandom::Rand64;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use stage::{Millis, Stage};

/// 2026-01-01, where every scenario begins.
const BEGINS: i64 = 1_767_225_600_000;
const MINUTE: Millis = 60_000;
const DAY: Millis = 24 * 60 * MINUTE;
/// What is bounded: nodes, days, happenings, and what they come to.
const NODES: usize = 64;
const DAYS: u32 = 366;
/// At the level `vitals`, where every sample is taken: so many days of one node, fewer of more.
const NODE_DAYS_OF_VITALS: usize = 128;
const HAPPENS: usize = 1_000;
const CHANGES: usize = 100_000;

/// What a file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// How deep it goes.
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
    /// What somebody calls by its name.
    #[serde(default)]
    pub names: Vec<Naming>,
    /// What is expected of it.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

/// A person calls a node's latest stress by its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    /// When, after the beginning.
    #[serde(deserialize_with = "span")]
    at: Millis,
    /// Whose stress.
    node: NodeName,
    /// What it is.
    name: String,
}

/// How deep a scenario goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The fleet's events, as its author has them, into the real cast and stage.
    #[default]
    Moods,
    /// The whole line, for 128 days of one node at most, or of more fewer: readings into real agents that judge by their rules,
    /// sealed frames into the real intake, and what the fleet tells of them into cast and stage.
    Vitals,
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
    /// Until then it comes again; to the end without it.
    #[serde(default, deserialize_with = "some_span")]
    until: Option<Millis>,
    /// It comes up to so much later, each time by another draw.
    #[serde(default, deserialize_with = "some_span")]
    jitter: Option<Millis>,
    /// Whether it is nothing to be alarmed at: what is said of it as of trouble is a false alarm.
    #[serde(default)]
    harmless: bool,
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
    /// Not before then, after the beginning.
    #[serde(default, deserialize_with = "some_span")]
    after: Option<Millis>,
    /// And before then.
    #[serde(default, deserialize_with = "some_span")]
    before: Option<Millis>,
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
    /// When the trouble began that it tells of; none if it tells of none.
    #[serde(skip)]
    pub(crate) trouble: Option<Millis>,
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Played {
    /// What it is called.
    pub name: String,
    /// All that was said and recorded, in order of time.
    pub told: Vec<Told>,
    /// How everybody felt in the end.
    pub felt: Vec<Felt>,
    /// What names did to alarms; none where nothing was named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Alarms>,
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
        let most = NODE_DAYS_OF_VITALS / scenario.nodes.len().max(1);
        let short = scenario.level == Level::Moods || scenario.days as usize <= most;
        bounds(short, format!("days: at the level vitals at most {most} of so many nodes"))?;
        let names = scenario.level == Level::Vitals || scenario.names.is_empty();
        bounds(names, "names: at the level vitals alone".to_owned())?;
        bounds(scenario.names.len() <= NODES, format!("names: at most {NODES}"))?;
        bounds(scenario.happens.len() <= HAPPENS, format!("happens: at most {HAPPENS}"))?;
        if let Some(stranger) = scenario.names.iter().find(|one| !scenario.nodes.contains(&one.node)) {
            return Err(ScenarioError::Node(stranger.node.clone()));
        }
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
        for (number, of) in self.happens.iter().enumerate() {
            let nodes = if of.nodes.is_empty() { &self.nodes } else { &of.nodes };
            let mut chance = Rand64::new(u128::from(self.seed) << 64 | number as u128);
            let until = of.until.map_or(end, |until| until.min(end));
            let mut next = of.at;
            while next < until && turns.len() <= CHANGES {
                let at = next + of.jitter.map_or(0, |jitter| chance.rand_range(0..jitter + 1));
                for node in nodes {
                    turns.push(Turn { at, node, what: of.what, of: Some(of) });
                    if let Some(over) = of.lasts.map(|lasts| at + lasts).filter(|over| *over < end) {
                        turns.push(Turn { at: over, node, what: What::Happy, of: None });
                    }
                }
                let Some(every) = of.every else { break };
                next += every;
            }
        }
        turns.sort_by_key(|turn| turn.at);
        turns
    }

    /// Plays it; with another seed, in other words.
    ///
    /// # Errors
    /// [`ScenarioError::Cast`] if a built-in sheet or trope is faulty.
    pub fn play(&self, seed: Option<u64>) -> Result<Played, ScenarioError> {
        let seed = seed.unwrap_or(self.seed);
        let faulty = |error: &dyn std::error::Error| ScenarioError::Cast(error.to_string());
        let cast = Cast::built_in().map_err(|error| faulty(&error))?;
        let tropes = Tropes::built_in().map_err(|error| faulty(&error))?;
        let mut stage = Stage::new(cast, seed, stage::Settings::default());
        stage.know_tropes(tropes);
        stage.begin(BEGINS);
        let events = match self.level {
            Level::Moods => moods::events(self),
            Level::Vitals => line::events(self, seed),
        };
        let (told, felt) = play(stage, &events, (BEGINS, u64::from(self.days) * DAY));
        let alarms = self.names.iter().map(|naming| Alarms::of(self, naming, &events, &told)).collect();
        let unmet = self.expect.iter().filter_map(|expected| expected.unmet(&told)).collect();
        Ok(Played { name: self.name.clone(), told, felt, alarms, unmet })
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

impl Expectation {
    fn fits(&self, told: &Told) -> bool {
        let is = |wanted: &Option<String>, so: &str| wanted.as_ref().is_none_or(|wanted| wanted == so);
        is(&self.by, &told.by)
            && is(&self.node, &told.node)
            && is(&self.kind, &told.kind)
            && self.contains.as_ref().is_none_or(|words| told.text.contains(words.as_str()))
            && self.after.is_none_or(|after| told.at >= after)
            && self.before.is_none_or(|before| told.at < before)
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
        let when = [("after", self.after), ("before", self.before)];
        let when = when.iter().filter_map(|(key, at)| Some(format!("{key} {}", words::span((*at)?))));
        let most = self.at_most.map(|most| format!(", {most} at most")).unwrap_or_default();
        let wanted = wanted.chain(when).collect::<Vec<_>>().join(", ");
        Some(format!("{wanted}: {least} at least{most}, and it was {count}"))
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
