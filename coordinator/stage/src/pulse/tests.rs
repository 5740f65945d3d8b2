//! What a pulse sees, asks and says.

mod injections;
mod lines;

use super::context::CONTEXT;
use super::*;
use cast::{Cast, Occasion};
use minds::{Understudy, estimate};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use store::Event;

const T: i64 = 1_763_694_300_000;
const MINUTE: i64 = 60_000;

static CAST: LazyLock<Cast> = LazyLock::new(|| Cast::built_in().unwrap());
static STYLES: LazyLock<Styles> = LazyLock::new(|| Styles::of(&CAST));
static NOBODY: BTreeSet<String> = BTreeSet::new();
static NOTHING: BTreeMap<String, Vec<String>> = BTreeMap::new();

fn house(aliases: bool) -> House<'static> {
    House { cast: &CAST, styles: &STYLES, muted: &NOBODY, earlier: &NOTHING, aliases, simulated: false }
}

fn node(name: &str, stands: Stands, minutes: i64) -> NodeNow {
    let why = if stands == Stands::Well { "" } else { "memory pressure 34 %, usual 0.5 %" };
    NodeNow {
        name: name.to_owned(),
        simulated: name.starts_with("sim-"),
        stands,
        since: Some(T - minutes * MINUTE),
        why: why.to_owned(),
    }
}

fn scene(nodes: Vec<NodeNow>) -> Scene {
    Scene { now: T, nodes, ..Scene::default() }
}

/// A fleet in which every seventh node is in trouble.
fn fleet(count: usize) -> Scene {
    let stands = |place: usize| match place % 28 {
        0 => Stands::Crisis,
        7 => Stands::Silent,
        14 | 21 => Stands::Stressed,
        _ => Stands::Well,
    };
    scene((0..count).map(|place| node(&format!("pi-{place:05}"), stands(place), 20)).collect())
}

fn plan(house: &House<'_>, scene: &Scene) -> Plan {
    let (_, changes, _) = Digest::default().look(scene);
    Plan::new(house, scene, &changes, &[], "every 30 min", 7)
}

fn given(lines: &Value) -> Given {
    Given { json: Some(json!({ "lines": lines })), mind: "tiny".to_owned(), output: 40, cached: 0 }
}

/// What a well-behaved model answers.
fn honest(plan: &Plan) -> Value {
    let asked = plan.found.iter().filter(|found| found.asked);
    asked.map(|found| json!({ "by": found.by, "fact": found.id, "text": "{node} is {state}." })).collect()
}

#[test]
fn the_context_holds_500_tokens_whatever_the_size() {
    for count in [1, 10, 100, 10_000] {
        let report = plan(&house(false), &fleet(count)).report();
        println!("{count} nodes: context {}, prefix {}", report.context, report.prefix);
        assert!(report.context <= CONTEXT && report.context > 20, "{count}: {}", report.context);
        assert!(report.prompt.contains(&format!("Fleet of {count}:")));
        assert!(estimate::tokens(&report.prompt) < 1_600, "{count}");
        assert!(count < 1_000 || report.prompt.contains("more"), "what has no room is counted");
    }
}

#[test]
fn what_changed_and_what_hurts_comes_first() {
    let scene = scene(vec![
        node("a", Stands::Well, 90),
        node("b", Stands::Stressed, 30),
        node("c", Stands::Crisis, 1),
        node("d", Stands::Silent, 2),
    ]);
    let plan = plan(&house(false), &scene);
    let order: Vec<_> =
        plan.found.iter().map(|found| (found.fact.node.as_str(), found.fact.occasion)).collect();
    assert_eq!(order, [("c", Occasion::Crisis), ("d", Occasion::Silent), ("b", Occasion::Stressed)]);
    assert!(
        plan.found[..2].iter().all(|found| found.made.is_none()),
        "nobody makes anything of what is grave"
    );
    insta::assert_snapshot!(plan.report().prompt);
}

#[test]
fn nothing_changed_means_no_call() {
    let scene = fleet(100);
    let (next, _, _) = Digest::default().look(&scene);
    let (same, changes, wanted) = next.look(&Scene { now: T + 30 * MINUTE, ..scene.clone() });
    assert!(changes.is_empty() && wanted.is_empty() && same == next);
    let plan = Plan::new(&house(false), &scene, &changes, &[], "every 30 min", 7);
    assert!(plan.request.is_none());
    assert_eq!(plan.report().because, "every 30 min: nothing changed");
}

#[test]
fn a_wobble_is_no_change_and_what_is_grave_is_at_once() {
    let at = |stands, minutes| scene(vec![node("a", stands, minutes)]);
    let (calm, changes, _) = Digest::default().look(&at(Stands::Stressed, 9));
    assert!(changes.is_empty(), "stress counts once it has lasted");
    let (stressed, changes, _) = calm.look(&at(Stands::Stressed, 10));
    assert_eq!(changes.words(), "1 newly stressed");
    let (held, changes, _) = stressed.look(&at(Stands::Well, 4));
    assert!(changes.is_empty() && held == stressed, "and its end as well");
    let (crisis, changes, _) = held.look(&at(Stands::Crisis, 0));
    assert_eq!(changes.words(), "1 new in crisis");
    let (_, changes, _) = crisis.look(&at(Stands::Stressed, 5));
    assert_eq!(changes.words(), "1 newly stressed");
    assert_eq!(crisis.troubled(), 1);
    let (_, changes, _) = crisis.look(&at(Stands::Well, 5));
    assert_eq!(changes.words(), "1 well again");
}

#[test]
fn alerts_and_services_that_come_and_go_are_told_once() {
    let at = |minutes: i64, alerts: &[&str], missing: &[&str]| Scene {
        now: T + minutes * MINUTE,
        // What is said of an alert changes all the time, and is no news.
        alerts: alerts
            .iter()
            .map(|words| (Trouble::new("prom", "nas", words), minutes.to_string()))
            .collect(),
        missing: missing.iter().map(|who| ((*who).to_owned(), "no answer".to_owned())).collect(),
        ..Scene::default()
    };
    let (one, changes, _) = Digest::default().look(&at(0, &["HostDown on nas"], &[]));
    assert_eq!(changes.words(), "1 new alerts");
    let (same, changes, _) = one.look(&at(30, &["HostDown on nas"], &[]));
    assert!(changes.is_empty() && same == one);
    let (gone, changes, _) = same.look(&at(60, &[], &[]));
    assert!(changes.is_empty(), "not over before it has lasted");
    let (back, changes, _) = gone.look(&at(63, &["HostDown on nas"], &[]));
    assert!(changes.is_empty() && back == one, "and back it is no news");
    let (unknown, changes, _) = back.look(&at(90, &[], &["prom"]));
    assert!(changes.is_empty() && unknown == one, "who says nothing does not say that it is over");
    let (gone, _, _) = unknown.look(&at(120, &[], &[]));
    let (_, changes, _) = gone.look(&at(125, &[], &[]));
    assert_eq!(changes.words(), "1 alerts or services over");
    let kept: Digest = serde_json::from_value(json!(gone)).unwrap();
    assert_eq!(kept, gone, "over a restart, too");
}

#[test]
fn alerts_and_services_are_facts_with_their_events() {
    let mut scene = scene(vec![node("nas", Stands::Well, 90)]);
    scene.alerts.insert(Trouble::new("prom", "nas", "HostDown (page) on nas"), "for 3 min".to_owned());
    scene.services.insert(Trouble::new(Trouble::FLEET, "vault", "vault failed"), String::new());
    let mut ids = store::EventIds::after(None);
    let mut event = |kind: &str, payload: Value| Event::new(&mut ids, T, kind, "watch", payload);
    let events = [
        event("alert_raised", json!({ "source": "prom", "alert": "HostDown (page) on nas" })),
        event("service_reported", json!({ "service": "vault", "to": "failed" })),
        event("service_reported", json!({ "service": "vault", "to": "active" })),
    ];
    let (_, changes, _) = Digest::default().look(&scene);
    let plan = Plan::new(&house(false), &scene, &changes, &events, "every 30 min", 7);
    let found: Vec<_> = plan.found.iter().map(|found| (found.fact.node.as_str(), found.event)).collect();
    assert_eq!(found, [("nas", Some(events[0].id)), ("vault", Some(events[1].id))]);
    assert_eq!(plan.found[1].by, "vault", "who stands for a service speaks of it");
    let report = plan.report();
    assert!(report.prompt.contains("f1: {node}=nas") && report.prompt.contains("{sign}=the alert HostDown"));
    let lines: Value = plan
        .found
        .iter()
        .map(|found| json!({ "by": found.by, "fact": found.id, "text": "{node}: {sign}." }))
        .collect();
    let report = plan.settle(&house(false), &mut Understudy::default(), Ok(given(&lines)), 7);
    assert!(report.dropped.is_empty(), "{:?}", report.dropped);
    assert_eq!(report.lines[0].text, "nas: the alert HostDown (page) on nas.");
    assert_eq!(report.lines[1].text, "vault: vault failed.");
    // What else is known of it stands in plain words besides.
    assert!(report.lines.iter().any(|line| line.text == "A new alert: HostDown (page) on nas: for 3 min"));
}

#[test]
fn simulated_nodes_cost_nothing_unless_they_shall() {
    let scene = scene(vec![node("sim-01", Stands::Crisis, 1), node("pi-07", Stands::Silent, 1)]);
    let asked = |simulated: bool| {
        let plan = plan(&House { simulated, ..house(false) }, &scene);
        let asked = plan.found.iter().filter(|found| found.asked).map(|found| found.fact.node.clone());
        (asked.collect::<Vec<_>>(), plan.report().because)
    };
    let (nodes, because) = asked(false);
    assert_eq!(nodes, ["pi-07"]);
    assert!(because.ends_with("1 of them simulated, and left to the understudy"), "{because}");
    assert_eq!(asked(true).0, ["sim-01", "pi-07"]);
    let alone = Scene { nodes: vec![node("sim-01", Stands::Crisis, 1)], ..Scene::default() };
    let plan = plan(&house(false), &alone);
    assert!(plan.request.is_none(), "nobody is called for them alone");
    let none = Err("nobody was called".to_owned());
    let report = plan.settle(&house(false), &mut Understudy::default(), none, 7);
    assert!(report.lines.iter().any(|line| line.text.contains("sim-01")), "but they are told of");
}

#[test]
fn with_aliases_no_name_leaves_the_house() {
    let mut all = fleet(100);
    all.nodes.push(node("node", Stands::Crisis, 1));
    all.nodes[0].why = "after a restart of pi-00007 at 10.0.0.7 by ana@home.lan".to_owned();
    all.alerts.insert(
        Trouble::new("a", "pi-00014", "pi-00014.lan (192.168.1.14) is down"),
        "see pi-00028".to_owned(),
    );
    all.told.push(("kuma".to_owned(), "2 of 9 monitors down: pi-00035 of 10.0.0.7".to_owned()));
    let earlier =
        CAST.sheets().iter().map(|sheet| (sheet.id.clone(), vec!["pi-00021 is back.".to_owned()])).collect();
    let house = House { earlier: &earlier, ..house(true) };
    let plan = plan(&house, &all);
    let report = plan.report();
    for node in all.nodes.iter().filter(|node| node.name != "node") {
        assert!(!report.prompt.contains(&node.name), "{}", node.name);
    }
    for gone in ["10.0.0.7", "192.168.1.14", "ana@", ".lan"] {
        assert!(!report.prompt.contains(gone), "{gone} in {}", report.prompt);
    }
    assert!(report.prompt.contains("{node}=node-1"), "slots keep their names: {}", report.prompt);
    let report = plan.settle(&house, &mut Understudy::default(), Ok(given(&honest(&plan))), 7);
    assert!(
        report.lines.iter().any(|line| line.mind == "tiny" && line.text.contains("pi-000")),
        "and lines the true ones"
    );
}

#[test]
fn whoever_is_muted_is_not_asked() {
    let scene = fleet(29);
    let muted: BTreeSet<String> =
        plan(&house(false), &scene).found.iter().map(|found| found.by.clone()).take(1).collect();
    let plan = plan(&House { muted: &muted, ..house(false) }, &scene);
    assert!(plan.found.iter().all(|found| !muted.contains(&found.by)) && plan.request.is_some());
}

#[test]
fn an_urgent_pulse_comes_soon_and_at_most_every_five_minutes() {
    let minutes = |minutes: u64| minutes * 60_000;
    let mut timing = Timing::new(0, minutes(30));
    assert_eq!((timing.due(), timing.is_urgent()), (minutes(30), false));
    timing.urgent(minutes(1));
    timing.urgent(minutes(2));
    assert_eq!((timing.due(), timing.is_urgent()), (minutes(2), true), "a minute after the first");
    timing.made(minutes(2));
    assert_eq!((timing.due(), timing.is_urgent()), (minutes(32), false));
    timing.urgent(minutes(3));
    assert_eq!(timing.due(), minutes(7), "five minutes after the last");
    timing.made(minutes(7));
    timing.urgent(minutes(36) + 30_000);
    assert_eq!(timing.due(), minutes(37), "and never later than the regular one");
}
