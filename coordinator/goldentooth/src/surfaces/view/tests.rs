use super::*;
use crate::live::NodeSnapshot;
use crate::surfaces::fixtures::{NOW, hostile, node, silent};
use crate::surfaces::schemas::assert_valid;
use frames::Mood::{Bored, Crisis, Happy, Stressed};
use std::cmp::Ordering;

fn json(node: &NodeSnapshot) -> serde_json::Value {
    serde_json::to_value(NodeView::from(node)).unwrap()
}

#[test]
fn a_node_has_the_shape_that_other_tools_rely_on() {
    let json = json(&node("pi-07", Some(Crisis)));
    assert_valid("node", &json);
    insta::assert_json_snapshot!(json);
}

#[test]
fn a_node_without_a_mood_says_null_and_leaves_out_what_it_has_not_measured() {
    let json = json(&node("pi-07", None));
    assert_valid("node", &json);
    insta::assert_json_snapshot!(json);
}

#[test]
fn beside_a_mood_there_is_always_a_reason() {
    for mood in [Bored, Happy, Stressed, Crisis] {
        let view = NodeView::from(&node("pi-07", Some(mood)));
        assert!(!view.because.is_empty(), "{mood} without a reason");
        assert!(view.because.iter().all(|cause| !cause.words.is_empty()));
    }
}

#[test]
fn every_node_is_as_its_schema_says_and_reads_back() {
    let nodes = [node("a", None), node("b", Some(Bored)), silent("c"), hostile("d")];
    let views: Vec<NodeView> = nodes.iter().map(NodeView::from).collect();
    let json = serde_json::to_value(&views).unwrap();
    assert_valid("nodes", &json);
    assert_eq!(serde_json::from_value::<Vec<NodeView>>(json).unwrap(), views);
}

#[test]
fn worst_comes_first_and_numbers_count_by_value() {
    let nodes = [
        node("pi-10", Some(Happy)),
        node("pi-2", Some(Happy)),
        node("pi-1", Some(Bored)),
        node("pi-3", None),
        silent("pi-4"),
        node("pi-5", Some(Stressed)),
        node("pi-6", Some(Crisis)),
    ];
    let mut views: Vec<NodeView> = nodes.iter().map(NodeView::from).collect();
    worst_first(&mut views);
    let names: Vec<_> = views.iter().map(|view| view.name.as_str()).collect();
    assert_eq!(names, ["pi-6", "pi-4", "pi-5", "pi-3", "pi-2", "pi-10", "pi-1"]);
}

#[test]
fn names_are_ordered_as_people_do() {
    use super::fleet::natural;
    assert_eq!(natural("pi-2", "pi-10"), Ordering::Less);
    assert_eq!(natural("pi-02", "pi-2"), Ordering::Less, "equal numbers: as they are written");
    assert_eq!(natural("pi-2", "pi-2"), Ordering::Equal);
    assert_eq!(natural("pi", "pi-2"), Ordering::Less);
    assert_eq!(natural("a1b2", "a1b10"), Ordering::Less);
    assert_eq!(natural("99999999999999999999999", "100000000000000000000000"), Ordering::Less);
}

#[test]
fn the_fleet_is_told_in_a_sentence() {
    let of = |nodes: &[NodeSnapshot]| FleetView::of(nodes.iter());
    let many = |mood, count: usize| (0..count).map(move |i| node(&format!("pi-{i}"), Some(mood)));
    let with = |extra: Vec<NodeSnapshot>, rest: usize| -> Vec<NodeSnapshot> {
        extra.into_iter().chain(many(Happy, rest)).collect()
    };
    let fleets = [
        vec![],
        vec![node("oldpi", None)],
        vec![node("oldpi", Some(Happy))],
        vec![node("oldpi", Some(Bored))],
        vec![node("oldpi", Some(Crisis))],
        with(vec![], 12),
        many(Bored, 3).collect(),
        with(vec![node("x", None)], 2),
        with(vec![node("x", Some(Crisis))], 11),
        with(vec![node("x", Some(Stressed))], 1),
        with(vec![silent("x"), silent("y")], 4),
        with(vec![node("x", Some(Crisis)), node("y", Some(Stressed)), silent("z")], 4),
        many(Stressed, 2).collect(),
        many(Crisis, 7).chain(std::iter::once(node("x", None))).collect(),
    ];
    let told: Vec<String> = fleets
        .iter()
        .map(|nodes| {
            let view = of(nodes);
            assert_valid("fleet", &serde_json::to_value(&view).unwrap());
            format!("{:?}: {}", view.state, view.verdict)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_silent_node_counts_as_silent_only() {
    let nodes = [silent("a"), node("b", Some(Happy)), node("c", None)];
    let counts = FleetView::of(nodes.iter()).counts;
    assert_eq!(counts, Counts { happy: 1, silent: 1, learning: 1, ..Counts::default() });
}

#[test]
fn the_counters_are_as_their_schema_says() {
    let mut status =
        Status { since: NOW, nodes: 3, accepted: 12, stored: 10, pending: 2, ..Status::default() };
    status.refused.insert("bad_seal", 4);
    let json = serde_json::to_value(StatusView::from(status)).unwrap();
    assert_valid("status", &json);
    insta::assert_json_snapshot!(json);
}

#[test]
fn a_time_outside_of_the_calendar_is_null() {
    assert_eq!(time(i64::MAX), None);
    assert_eq!(time(NOW).unwrap().to_string(), "2026-11-21T03:23:53.123Z");
}

#[test]
fn an_event_is_told_in_words_and_a_saying_with_its_speaker() {
    let words = |kind: &str, payload: serde_json::Value| {
        let id = uuid::Uuid::from_u128(7);
        let (kind, source) = (kind.to_owned(), "fleet".to_owned());
        let event =
            crate::live::Event { id, at: NOW, kind, source, correlation: id, causation: Some(id), payload };
        let view = EventView::from(&event);
        assert_valid("event", &serde_json::to_value(&view).unwrap());
        view.words
    };
    let told = [
        words("joined", serde_json::json!({ "node": "pi-07", "words": "pi-07 joined the fleet." })),
        words("says", serde_json::json!({ "by": "operant-7", "text": "Noted.", "kind": "fact" })),
        words("tells", serde_json::json!({ "by": "malvo", "text": "Once.", "kind": "fiction" })),
        words("clock_changed", serde_json::json!(null)),
    ];
    assert_eq!(
        told,
        ["pi-07 joined the fleet.", "Operant-7: “Noted.”", "Malvo (fiction): “Once.”", "clock changed"]
    );
}
