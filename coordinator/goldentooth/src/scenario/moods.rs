//! The level of moods: what the fleet would tell of what happens.

use super::{Scenario, Sign, Turn, What, wall};
use fleet::{Because, Change, SilentReason, words};
use frames::{Classifier, Direction, Mood, NodeName, ServiceState};
use stage::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Event, EventIds};

/// How a node is while a scenario is played.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    mood: Option<(Mood, Millis)>,
    silent: Option<Millis>,
}

/// Everything that the fleet tells, in order of time.
pub(super) fn events(scenario: &Scenario) -> Vec<(Millis, Arc<Event>)> {
    let mut ids = EventIds::after(None);
    let mut nodes: BTreeMap<NodeName, Node> = BTreeMap::new();
    let mut events = Vec::new();
    for turn in scenario.turns() {
        let known = nodes.entry(turn.node.clone()).or_default();
        for change in changes(known, &turn) {
            let mut payload = serde_json::to_value(&change).unwrap_or_default();
            if let Some(object) = payload.as_object_mut() {
                object.remove("kind");
                object.insert("words".to_owned(), change.sentence().into());
            }
            let event = Event::new(&mut ids, wall(turn.at), change.kind(), "fleet", payload);
            events.push((turn.at, Arc::new(event)));
        }
    }
    events
}

/// What the fleet would tell of it: nothing of what is so already.
fn changes(known: &mut Node, turn: &Turn<'_>) -> Vec<Change> {
    let Turn { at, node, what, of } = *turn;
    let mut changes = Vec::new();
    let node = node.clone();
    match what {
        What::Joined => changes.push(Change::Joined { node, simulated: false }),
        What::Silent if known.silent.is_none() => {
            known.silent = Some(at);
            let last_seen = Some(wall(at) - 30_000);
            changes.push(Change::Silent { node, reason: SilentReason::Missed, last_seen, interval: 10_000 });
        }
        What::Silent => {}
        What::Restarted => {
            changes.push(Change::Restarted { node, boot: at as u32, machine: Some(true), uptime: 20_000 });
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
                    because: of.map(|of| of.because.iter().map(Sign::because).collect()).unwrap_or_default(),
                    classifier: Classifier::Model,
                    lasted: before.map(|(_, since)| at - since),
                });
            }
        }
    }
    changes
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
