//! Drills: the stage is forked as it is now, and a failure of this very fleet is
//! played into the fork. What is said in it is fiction; what the drill finds is
//! computed from what is declared and known. Nothing real is touched.

use super::{CompanyError, Hosted};
use crate::intake::Order;
use crate::live::NodeSnapshot;
use crate::scenario::{Told, play};
use crate::surfaces::view::{DrillLineView, DrillView};
use cast::Cast;
use fleet::drill::{findings, missed_after, weakest};
use fleet::{Change, Relations, SilentReason};
use frames::{Classifier, Mood, NodeName};
use node_agent::clock::wall;
use serde_json::json;
use stage::{DRILL, Kept, MINUTE, Millis, Now, Settings, Stage};
use std::sync::Arc;
use store::{Event, EventIds};

/// So long before the failure everything is as it is now; so long it lasts, and then it is heard again.
const BEFORE: Millis = 30 * MINUTE;
const LASTS: Millis = 20 * MINUTE;
/// The most lines of the story that are kept.
const LINES: usize = 8;

/// A drill of the failure of this node, or of the one whose failure would take most
/// along. None where nobody speaks, or not every node is calm.
pub(crate) fn drill(
    now: &Now,
    (nodes, relations): (&[Arc<NodeSnapshot>], &Relations),
    node: Option<&NodeName>,
    seed: u64,
) -> Option<DrillView> {
    let calm =
        |node: &Arc<NodeSnapshot>| !node.silent && !matches!(node.mood, Some(Mood::Stressed | Mood::Crisis));
    if !nodes.iter().all(calm) {
        return None;
    }
    let speaking: Vec<NodeName> = nodes.iter().map(|node| node.name.clone()).collect();
    let node = node.or_else(|| weakest(relations, &speaking, seed))?;
    let interval = nodes.iter().find(|one| one.name == *node)?.interval;
    let found = findings(relations, node, &speaking, interval);
    let story = story(now, nodes, relations, (node, interval), seed);
    let line = |told: Told| DrillLineView { by: told.by, text: told.text };
    let words: Vec<&str> = found.iter().map(|finding| finding.words.as_str()).collect();
    Some(DrillView {
        node: node.to_string(),
        missed_after: missed_after(interval),
        words: format!("A drill, made up: {node} falls silent. Found: {}.", words.join("; ")),
        findings: found.into_iter().map(Into::into).collect(),
        story: story.into_iter().map(line).collect(),
    })
}

/// What the cast would say of it.
fn story(
    now: &Now,
    nodes: &[Arc<NodeSnapshot>],
    relations: &Relations,
    (victim, interval): (&NodeName, Option<u64>),
    seed: u64,
) -> Vec<Told> {
    let begins = wall();
    let settings = Settings { births: None, relations: relations.clone(), ..Settings::default() };
    let mut stage = Stage::new(Cast::clone(&now.cast), seed, settings);
    stage.remember(Kept::clone(&now.kept));
    stage.begin(begins);
    let feels = |node: &Arc<NodeSnapshot>| {
        let change = Change::MoodChanged {
            node: node.name.clone(),
            from: None,
            to: node.mood?,
            probability: 1.0,
            because: Vec::new(),
            classifier: Classifier::Rules,
            lasted: None,
        };
        Some((0, change))
    };
    let missed = BEFORE + missed_after(interval);
    let silent = Change::Silent {
        node: victim.clone(),
        reason: SilentReason::Missed,
        last_seen: Some(begins.saturating_add_unsigned(BEFORE)),
        interval: interval.unwrap_or(fleet::DEFAULT_INTERVAL),
    };
    let back = Change::Returned { node: victim.clone(), silent_for: Some(LASTS) };
    let changes = nodes.iter().filter_map(feels).chain([(missed, silent), (missed + LASTS, back)]);
    let mut ids = EventIds::after(None);
    let events: Vec<(Millis, Arc<Event>)> = changes
        .map(|(at, change)| {
            let mut payload = json!(change);
            if let Some(object) = payload.as_object_mut() {
                object.remove("kind");
                object.insert("words".to_owned(), change.sentence().into());
            }
            let when = begins.saturating_add_unsigned(at);
            (at, Arc::new(Event::new(&mut ids, when, change.kind(), "drill", payload)))
        })
        .collect();
    let (told, _) = play(stage, &events, (begins, missed + 2 * LASTS));
    told.into_iter().filter(|told| told.at >= missed && !told.by.is_empty()).take(LINES).collect()
}

/// What records a drill: all of its story is fiction, and its findings are not.
pub(crate) fn order(drill: &DrillView, lasting: bool) -> Order {
    let mut payload = json!(drill);
    payload["kind"] = json!("fiction");
    Order::Note { kind: DRILL, source: "stage", payload, cause: None, lasting }
}

impl Hosted {
    /// Has a drill made; gives what it found.
    pub(super) async fn drill(&self, node: Option<&NodeName>) -> Result<DrillView, CompanyError> {
        let nodes = self.live.nodes();
        if let Some(node) = node.filter(|node| nodes.iter().all(|one| one.name != **node)) {
            return Err(CompanyError::NoNode(node.to_string()));
        }
        let now = self.seen.borrow().clone();
        let seed = wall().unsigned_abs();
        let drill = drill(&now, (&nodes, self.services.relations()), node, seed);
        let restless = || CompanyError::Untold("it is no time for drills: not every node is calm".to_owned());
        let drill = drill.ok_or_else(restless)?;
        // Intake gone means that everything stops.
        let _ = self.orders.send(order(&drill, self.lasting)).await;
        Ok(drill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::fixtures::node;
    use stage::Stage;

    #[test]
    fn a_drill_finds_facts_tells_fiction_and_leaves_the_stage_alone() {
        let mut stage = Stage::new(Cast::built_in().unwrap(), 7, Settings::default());
        stage.begin(0);
        let now = Now::of(&stage);
        let nodes: Vec<Arc<NodeSnapshot>> =
            ["pi-1", "pi-2", "pi-3"].map(|name| Arc::new(node(name, Some(Mood::Happy)))).into();
        let services = vec![fleet::Declared {
            name: "vault".parse().unwrap(),
            nodes: vec!["pi-2".parse().unwrap()],
            unit: None,
            needs: Vec::new(),
            role: None,
        }];
        let relations = Relations::new(services).unwrap();
        let made = drill(&now, (&nodes, &relations), None, 3).unwrap();
        assert_eq!(made.node, "pi-2", "whose failure takes most along");
        assert_eq!(made.findings[0].words, "1 of 1 service on pi-2 would have no other home: vault");
        assert!(!made.story.is_empty(), "{made:?}");
        assert!(made.story.iter().any(|line| line.text.contains("pi-2")), "{made:?}");
        assert_eq!(Now::of(&stage).kept, now.kept);
        let Order::Note { kind, payload, .. } = order(&made, true) else { panic!("a note") };
        assert_eq!((kind, &payload["kind"]), (DRILL, &json!("fiction")));
        let restless = [Arc::new(node("pi-1", Some(Mood::Crisis)))];
        assert_eq!(drill(&now, (&restless, &relations), None, 3), None, "a crisis is no time for drills");
    }
}
