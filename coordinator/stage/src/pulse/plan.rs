//! Who speaks about what, by rules; and what becomes of an answer.

use super::digest::{Changes, Digest, Scene, Stands, Turned};
use super::judge::{Passed, judge};
use super::outside::Outside;
use super::style::Styles;
use super::{Dropped, FactToSay, PulseLine, Report, changed, context, prompt};
use cast::life::{Bearing, Tone};
use cast::{Cast, Fact, Kind, Move, Occasion, Slot, Slots, truth};
use minds::{Request, Understudy, estimate};
use oorandom::Rand64;
use std::collections::{BTreeMap, BTreeSet};
use store::{Event, Uuid};

/// The most speakers that a model is asked for.
const SPEAKERS: usize = 4;
/// The most facts that a speaker is given.
const FACTS: usize = 3;
/// The most lines of an answer: of 20 words, with what is around them, they take about 45 tokens
/// each, and must have room in [`prompt::OUTPUT`], or all of them are lost.
const ASKED: usize = 6;
/// The most characters of an earlier line.
const EARLIER: usize = 160;
/// The most characters of a line about an alert or a service.
const LONGEST: usize = 220;
/// The most facts that are told one by one; the rest is told together.
pub(super) const EACH: usize = 16;

/// What a plan needs to know besides what changed.
#[derive(Debug)]
pub struct House<'a> {
    /// Everybody.
    pub cast: &'a Cast,
    /// How they write.
    pub styles: &'a Styles,
    /// Who may not speak.
    pub muted: &'a BTreeSet<String>,
    /// What each said before, newest first.
    pub earlier: &'a BTreeMap<String, Vec<String>>,
    /// Whether names leave the house as aliases alone.
    pub aliases: bool,
    /// Whether a model may be asked about simulated nodes.
    pub simulated: bool,
}

/// A fact of this pulse.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What the prompt calls it.
    pub id: String,
    /// The fact.
    pub fact: Fact,
    /// How its node stood before.
    pub from: Stands,
    /// The event that records it.
    pub event: Option<Uuid>,
    /// Whose it is.
    pub by: String,
    /// What is made of it.
    pub made: Option<Move>,
    /// Whether the model is asked for it.
    pub asked: bool,
}

/// A model's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// In the wanted shape, if it has one.
    pub json: Option<serde_json::Value>,
    /// Who gave it.
    pub mind: String,
    /// Tokens out.
    pub output: u32,
    /// Tokens in that were kept from before.
    pub cached: u32,
}

/// A pulse under way.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is to be said.
    pub found: Vec<Found>,
    /// What to ask; none if nothing changed or nobody may speak.
    pub request: Option<Request>,
    names: BTreeSet<String>,
    rest: Vec<Turned>,
    /// New alerts and services in trouble, in full.
    troubles: Vec<String>,
    missing: BTreeMap<String, String>,
    prompt: String,
    context: u32,
    because: String,
}

impl Digest {
    /// The digest of now, what changed, and of which nodes the newest event is wanted.
    pub fn look(&self, scene: &Scene) -> (Self, Changes, Vec<String>) {
        let (next, changes) = self.next(scene);
        let wanted = changes.nodes.iter().take(EACH).map(|turned| turned.node.clone()).collect();
        (next, changes, wanted)
    }
}

impl Plan {
    /// Plans a pulse. `events` are the newest ones of the nodes that [`Digest::look`] named.
    pub fn new(
        house: &House<'_>,
        scene: &Scene,
        changes: &Changes,
        events: &[Event],
        why: &str,
        seed: u64,
    ) -> Self {
        let mut nodes = changes.nodes.clone();
        let mut rest = nodes.split_off(nodes.len().min(EACH));
        let grave = nodes.iter().any(|turned| turned.to.is_grave());
        let bearing = Bearing { tone: if grave { Tone::Sober } else { Tone::Full }, ..Bearing::default() };
        let mut chance = Rand64::new(u128::from(seed));
        let mut found: Vec<Found> = Vec::new();
        for turned in &nodes {
            let (fact, event) = changed::of_turn(turned, scene, events);
            let Some(sheet) = speaker(house, &fact) else {
                // With everybody muted it is told in plain words.
                rest.push(turned.clone());
                continue;
            };
            let made = choose(sheet, &fact, bearing, &mut chance);
            let id = format!("f{}", found.len() + 1);
            let (by, from) = (sheet.id.clone(), turned.from);
            found.push(Found { id, fact, from, event, by, made, asked: false });
        }
        let mut given: BTreeMap<String, usize> = BTreeMap::new();
        let alerts = changes.alerts.iter().map(|one| (changed::ALERT, one));
        let services = changes.services.iter().map(|one| (changed::SERVICE, one));
        let room = EACH.saturating_sub(found.len());
        for (what, trouble) in alerts.chain(services).take(room) {
            let (fact, event) = changed::of_trouble(what, trouble, scene, events);
            let Some(sheet) = speaker(house, &fact) else { continue };
            let made = choose(sheet, &fact, bearing, &mut chance);
            let id = format!("f{}", found.len() + 1);
            found.push(Found {
                id,
                fact,
                from: Stands::Well,
                event,
                by: sheet.id.clone(),
                made,
                asked: false,
            });
        }
        let simulated: BTreeSet<&str> =
            scene.nodes.iter().filter(|node| node.simulated).map(|node| node.name.as_str()).collect();
        let is_asked = |found: &Found| house.simulated || !simulated.contains(found.fact.node.as_str());
        let left = found.iter().filter(|found| !is_asked(found)).count();
        for found in found.iter_mut().filter(|found| is_asked(found)) {
            let known = given.get(&found.by).copied();
            let fits = known.map_or(given.len() < SPEAKERS, |facts| facts < FACTS);
            found.asked = fits && given.values().sum::<usize>() < ASKED;
            if found.asked {
                *given.entry(found.by.clone()).or_default() += 1;
            }
        }
        let names: BTreeSet<String> = scene.nodes.iter().map(|node| node.name.clone()).collect();
        let alerts = changes.alerts.iter();
        let alerts = alerts.map(|one| format!("A new alert: {}", one.with(&scene.alerts)));
        let services = changes.services.iter();
        let services = services.map(|one| format!("Newly in trouble: {}", one.with(&scene.services)));
        let left = match left {
            0 => String::new(),
            left => format!("; {left} of them simulated, and left to the understudy"),
        };
        let mut plan = Self {
            request: None,
            rest,
            // A fact of its own says less than all that is known of it.
            troubles: alerts.chain(services).collect(),
            missing: scene.missing.clone(),
            prompt: String::new(),
            context: 0,
            because: format!("{why}: {}{left}", changes.words()),
            names,
            found,
        };
        if changes.is_empty() || !plan.found.iter().any(|found| found.asked) {
            return plan;
        }
        let outside = Outside::new(house.aliases, &plan.found, scene);
        let context = context::write(scene, changes, &plan.found, (house.cast, &outside));
        let mut earlier = house.earlier.clone();
        earlier.values_mut().flatten().for_each(|line| *line = outside.words(line, EARLIER));
        plan.context = estimate::tokens(&context);
        let (request, prompt) = prompt::write(house.cast, &plan.found, &context, &earlier, &plan.because);
        (plan.request, plan.prompt) = (Some(request), prompt);
        plan
    }

    /// What this pulse would be, without a call.
    pub fn report(&self) -> Report {
        let facts = self.found.iter().map(|found| FactToSay {
            id: found.id.clone(),
            by: found.by.clone(),
            node: found.fact.node.clone(),
            occasion: found.fact.occasion,
            made: found.made,
            event: found.event,
            asked: found.asked,
        });
        Report {
            prompt: self.prompt.clone(),
            tokenizer: estimate::NAME.to_owned(),
            context: self.context,
            prefix: estimate::tokens(&self.prompt).saturating_sub(self.context),
            because: self.because.clone(),
            facts: facts.collect(),
            missing: self.missing.clone(),
            ..Report::default()
        }
    }

    /// What is said in the end: the lines of the answer that may be, and for
    /// every fact without one the understudy's. `nobody` says why there is no answer.
    pub fn settle(
        &self,
        house: &House<'_>,
        understudy: &mut Understudy,
        given: Result<Given, String>,
        seed: u64,
    ) -> Report {
        let mut report = self.report();
        let mut said: BTreeMap<&str, PulseLine> = BTreeMap::new();
        match given {
            Ok(given) => {
                report.called = true;
                (report.output, report.cached) = (given.output, given.cached);
                for judged in judge(given.json.as_ref(), &self.found, house, &self.names) {
                    match judged {
                        Ok((found, passed)) if !said.contains_key(found.id.as_str()) => {
                            // How it would be said plainly, by one who remembers nothing.
                            let sheet = house.cast.get(&found.by);
                            let plain = sheet.and_then(|sheet| {
                                Understudy::default().compose(sheet, &found.fact, Bearing::default(), seed)
                            });
                            let bare = plain.map_or_else(|| passed.text.clone(), |plain| plain.bare);
                            said.insert(&found.id, line(found, passed, bare, &given.mind));
                        }
                        Ok((_, passed)) => {
                            let cause = "the fact has its line already".to_owned();
                            report.dropped.push(Dropped { line: passed.text, cause });
                        }
                        Err((line, refusal)) => {
                            report.dropped.push(Dropped { line, cause: refusal.to_string() });
                        }
                    }
                }
            }
            Err(why) => {
                report.because.push_str("; ");
                report.because.push_str(&why);
            }
        }
        for (place, found) in self.found.iter().enumerate() {
            let composed = || {
                let sheet = house.cast.get(&found.by)?;
                let seed = seed.wrapping_add(place as u64);
                let said = understudy.compose(sheet, &found.fact, Bearing::default(), seed)?;
                let passed = Passed { text: said.text, kind: said.kind, filled: said.facts };
                Some(line(found, passed, said.bare, Understudy::NAME))
            };
            // Who has no fresh words for it says the fact itself: nothing is left out.
            let own = said.remove(found.id.as_str()).or_else(composed);
            report.lines.extend(own.or_else(|| plainly(found)));
        }
        report.lines.extend(self.rest());
        report
    }

    /// What is too much to be told one by one, alerts and services, in plain words.
    fn rest(&self) -> Vec<PulseLine> {
        let plain = |text: String| PulseLine {
            by: Understudy::NAME.to_owned(),
            bare: text.clone(),
            filled: Vec::new(),
            text,
            kind: Kind::Fact,
            mind: Understudy::NAME.to_owned(),
            facts: Vec::new(),
        };
        let mut lines = Vec::new();
        for stands in [Stands::Crisis, Stands::Silent, Stands::Stressed, Stands::Well] {
            let names: Vec<&str> = self
                .rest
                .iter()
                .filter(|turned| turned.to == stands)
                .map(|turned| turned.node.as_str())
                .collect();
            if !names.is_empty() {
                lines.push(plain(format!("Also {}: {}.", stands.word(), names.join(", "))));
            }
        }
        lines.extend(self.troubles.iter().map(|trouble| plain(minds::fence::clean(trouble, LONGEST))));
        lines
    }
}

/// The fact alone, in no voice.
fn plainly(found: &Found) -> Option<PulseLine> {
    let slots = Slots::of(&found.fact, &[]);
    let template = if slots.get(Slot::State).is_some() { "{node} is {state}." } else { "{node}: {sign}." };
    let text = truth::fill(template, &[], &slots).ok()?;
    let filled = [Slot::Node, Slot::State, Slot::Sign].into_iter();
    let filled = filled.filter(|slot| template.contains(slot.name())).filter_map(|slot| slots.get(slot));
    let passed = Passed { text: text.clone(), kind: Kind::Fact, filled: filled.cloned().collect() };
    Some(line(found, passed, text, Understudy::NAME))
}

fn line(found: &Found, passed: Passed, bare: String, mind: &str) -> PulseLine {
    let Passed { text, kind, filled } = passed;
    let facts = vec![found.id.clone()];
    PulseLine { by: found.by.clone(), text, kind, mind: mind.to_owned(), facts, bare, filled }
}

/// Who speaks about a fact: who stands for the service that it is about, or the
/// head of the node's household; if that one is muted whoever else may.
fn speaker<'a>(house: &House<'a>, fact: &Fact) -> Option<&'a cast::Sheet> {
    let may = |sheet: &&cast::Sheet| !house.muted.contains(&sheet.id);
    let own = house.cast.stands_for(&fact.node).filter(|_| fact.occasion == Occasion::Signal);
    let head = own.or_else(|| house.cast.embody(&fact.node)).filter(may);
    head.or_else(|| house.cast.sheets().iter().find(may))
}

/// The move: by the character's nature among those that the fact has slots for.
fn choose(sheet: &cast::Sheet, fact: &Fact, bearing: Bearing, chance: &mut Rand64) -> Option<Move> {
    if fact.occasion.is_urgent() {
        return None;
    }
    let slots = Slots::of(fact, &sheet.notices);
    let fits =
        |made: &Move| made.needs().is_empty() || made.needs().iter().any(|slot| slots.get(*slot).is_some());
    let possible: Vec<(Move, u64)> = Move::ALL
        .into_iter()
        .filter(fits)
        .map(|made| (made, u64::from(made.weight(fact.occasion, &sheet.traits, &bearing))))
        .filter(|(_, weight)| *weight > 0)
        .collect();
    let total: u64 = possible.iter().map(|(_, weight)| weight).sum();
    let mut drawn = if total == 0 { return None } else { chance.rand_range(0..total) };
    possible.into_iter().find_map(|(made, weight)| {
        if drawn < weight {
            return Some(made);
        }
        drawn -= weight;
        None
    })
}

/// Whether a line tells its fact: names the node, and how it is.
pub(super) fn tells_its_fact(template: &str, fact: &Fact) -> bool {
    let has = |slot: Slot| template.contains(&format!("{{{}}}", slot.name()));
    let slots = Slots::of(fact, &[]);
    let state = if slots.get(Slot::State).is_some() { Slot::State } else { Slot::Sign };
    has(Slot::Node) && has(state)
}
