//! What a card of the fleet's page shows of a node: a third of the whole, since
//! a page of 2,000 nodes is told them all.

use super::node::{NodeView, VitalValue, VitalView};
use crate::live::SaidKind;
use frames::{Mood, Vital};
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The vitals that a card shows, or is sorted by.
const VITALS: [Vital; 8] = [
    Vital::Temperature,
    Vital::Load1,
    Vital::ThrottledNow,
    Vital::UnderVoltageNow,
    Vital::ThrottledSinceBoot,
    Vital::UnderVoltageSinceBoot,
    Vital::ReadOnlyMounts,
    Vital::FailedUnits,
];

/// A part of [`NodeView`], with its names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardView {
    name: String,
    mood: Option<Mood>,
    since: Option<Timestamp>,
    because: Vec<Words>,
    silent: bool,
    simulated: bool,
    learning: bool,
    last_seen: Option<Timestamp>,
    vitals: BTreeMap<Cow<'static, str>, VitalView>,
    character: Option<String>,
    last_said: Option<Line>,
    interval_s: Option<f64>,
    hardware: Option<String>,
    unreadable_version: Option<u8>,
    group: Option<String>,
    labels: Vec<String>,
}

/// A reason in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Words {
    words: String,
}

/// A sentence without its facts.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Line {
    by: String,
    text: String,
    bare: String,
    plain: String,
    kind: SaidKind,
    at: Option<Timestamp>,
}

impl From<NodeView> for CardView {
    fn from(node: NodeView) -> Self {
        let mut vitals = node.vitals;
        // A flag that isn't up, and a count of nothing, is as good as absent.
        vitals.retain(|name, vital| {
            let nothing = match vital.value {
                VitalValue::Flag(up) => !up,
                VitalValue::Number(number) => number.abs() < f64::EPSILON && name != Vital::Load1.name(),
            };
            !nothing && VITALS.iter().any(|vital| vital.name() == name)
        });
        Self {
            name: node.name,
            mood: node.mood,
            since: node.since,
            because: node.because.into_iter().map(|cause| Words { words: cause.words }).collect(),
            silent: node.silent,
            simulated: node.simulated,
            learning: node.learning,
            last_seen: node.last_seen,
            vitals,
            character: node.character,
            last_said: node.last_said.map(|said| Line {
                by: said.by,
                text: said.text,
                bare: said.bare,
                plain: said.plain,
                kind: said.kind,
                at: said.at,
            }),
            interval_s: node.interval_s,
            hardware: node.hardware,
            unreadable_version: node.unreadable_version,
            group: node.group,
            labels: node.labels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::fixtures::node;

    #[test]
    fn a_card_is_a_small_part_of_its_node_with_the_same_names() {
        let whole = NodeView::from(&node("pi-1", Some(Mood::Crisis)));
        let whole_json = serde_json::to_value(&whole).unwrap();
        let card = serde_json::to_value(CardView::from(whole)).unwrap();
        for (name, value) in card.as_object().unwrap() {
            match name.as_str() {
                "because" => assert_eq!(value[0]["words"], whole_json["because"][0]["words"]),
                "vitals" => {
                    for (vital, value) in value.as_object().unwrap() {
                        assert_eq!(value, &whole_json["vitals"][vital]);
                    }
                }
                _ => assert_eq!(value, &whole_json[name], "{name}"),
            }
        }
        assert_eq!(card["vitals"]["throttled_now"]["value"], true);
        assert!(card["vitals"].get("cpu").is_none());
    }
}
