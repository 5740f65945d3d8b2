use super::ask::CliError;
use super::screen::{Screen, WIDTH, cell, cut, wrapped};
use super::{Look, ask::Coordinator, events, nodes, one, status};
use crate::live::{NodeSnapshot, Status};
use crate::surfaces::fixtures::{NOW, hostile, node, silent};
use crate::surfaces::view::{
    DAY_BUCKETS, DayView, EventView, FleetView, NodeView, StatusView, time, worst_first,
};
use frames::Mood::{Bored, Crisis, Happy, Stressed};
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr as _;

/// What is printed, once without colour and once with it.
fn printed(print: impl Fn(&mut Screen<'_>) -> std::io::Result<()>) -> (String, String) {
    let [plain, coloured] = [false, true].map(|colour| {
        let mut out = Vec::new();
        print(&mut Screen::new(&mut out, colour)).unwrap();
        String::from_utf8(out).unwrap()
    });
    for line in plain.lines() {
        assert!(line.width() <= WIDTH, "wider than {WIDTH} columns: {line:?}");
    }
    assert!(
        !plain.contains('\u{1b}') && !plain.contains('\u{7}') && !plain.contains('\u{202e}'),
        "{plain:?}"
    );
    (plain, coloured)
}

fn views(nodes: &[NodeSnapshot]) -> Vec<NodeView> {
    let mut views: Vec<_> = nodes.iter().map(NodeView::from).collect();
    worst_first(&mut views);
    views
}

fn fleet() -> Vec<NodeSnapshot> {
    vec![
        node("oldpi", Some(Happy)),
        node("pi-02", Some(Bored)),
        node("pi-10", Some(Crisis)),
        silent("kitchen"),
        node("a-name-of-thirty-two-characters-", None),
        hostile("pi-11"),
        node("sim-01", Some(Stressed)),
    ]
}

#[test]
fn nodes_are_a_table_worst_first() {
    let (plain, coloured) = printed(|screen| nodes::print(&views(&fleet()), time(NOW).unwrap(), screen));
    insta::assert_snapshot!(plain);
    assert!(coloured.contains("\u{1b}[1;31m! crisis"), "{coloured:?}");
}

#[test]
fn no_nodes_is_said_so() {
    let (plain, _) = printed(|screen| nodes::print(&[], time(NOW).unwrap(), screen));
    assert_eq!(plain, "No node has spoken yet.\n");
}

#[test]
fn a_node_is_shown_with_its_day() {
    let mut day = DayView { from: time(NOW - 86_400_000), step_s: 900, ..DayView::default() };
    for i in 0..DAY_BUCKETS {
        let known = !(20..40).contains(&i);
        day.temperature.push(known.then_some(45.0 + i as f64 / 4.0));
        day.load1.push(known.then_some(0.2));
        day.mood.push(known.then_some(if i > 80 { Stressed } else { Happy }));
    }
    let view = NodeView::from(&hostile("pi-11"));
    let (plain, _) = printed(|screen| one::print(&view, &day, time(NOW).unwrap(), screen));
    insta::assert_snapshot!(plain);
}

#[test]
fn a_new_node_is_shown_without_what_is_not_known() {
    let view = NodeView::from(&node("pi-07", None));
    let (plain, _) = printed(|screen| one::print(&view, &DayView::default(), time(NOW).unwrap(), screen));
    insta::assert_snapshot!(plain);
}

#[test]
fn the_status_is_a_sentence_and_counters() {
    let mut counted = Status {
        since: NOW - 7_200_000,
        nodes: 7,
        accepted: 4_242,
        stored: 4_240,
        pending: 2,
        ..Status::default()
    };
    counted.refused.insert("bad_seal", 3);
    counted.refused.insert("not_enrolled", 1);
    counted.degraded = Some("the disk is full: /var/lib/goldentooth".to_owned());
    let view = StatusView::from(counted);
    let fleet = FleetView::of(fleet().iter());
    let (plain, _) = printed(|screen| status::print(&view, &fleet, time(NOW).unwrap(), screen));
    insta::assert_snapshot!(plain);
}

#[test]
fn an_event_is_a_line_or_more() {
    let event = EventView {
        id: "x".to_owned(),
        at: time(NOW),
        kind: "mood_changed".to_owned(),
        node: Some("pi-10".to_owned()),
        source: "fleet".to_owned(),
        correlation: "x".to_owned(),
        causation: None,
        words: "pi-10 is in crisis (was stressed): temperature 84.5 °C (usually 48.0 °C) and throttled now.\u{1b}[31m".to_owned(),
        payload: serde_json::Value::Null,
    };
    let (plain, _) = printed(|screen| events::print(&event, &TimeZone::UTC, screen));
    insta::assert_snapshot!(plain);
}

#[test]
fn cells_are_as_wide_as_asked_for_whatever_stands_in_them() {
    assert_eq!(cell("pi", 4), "pi  ");
    assert_eq!(cut("kitchen", 4), "kit…");
    assert_eq!(cut("温度計", 4).width(), 3, "a wide character is not halved");
    assert_eq!(wrapped("a bc def", 4), ["a bc", "def"]);
    assert_eq!(wrapped("", 4), [""]);
}

#[derive(clap::Parser)]
struct Command {
    #[command(subcommand)]
    look: Look,
}

fn target(url: &str) -> super::Target {
    super::Target { url: Some(url.to_owned()), json: false }
}

#[test]
fn the_commands_are_well_formed() {
    use clap::{CommandFactory as _, Parser as _};
    Command::command().debug_assert();
    let parsed = Command::try_parse_from(["goldentooth", "events", "--follow", "--kind", "silent"]).unwrap();
    assert!(matches!(parsed.look, Look::Events(_)));
    assert!(Command::try_parse_from(["goldentooth", "events", "--limit", "1001"]).is_err());
}

#[test]
fn nobody_there_is_told_with_the_way_out() {
    // Taken and given back: nobody listens there now.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let coordinator = Coordinator::new(&target(&format!("http://{free}/"))).unwrap();
    let error = coordinator.get::<Vec<NodeView>>("/api/v1/nodes", &[]).unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, CliError::Unreachable { .. }), "{told}");
    assert!(
        told.contains(&free.to_string()) && told.contains("goldentooth up") && told.contains("--url"),
        "{told}"
    );
}

#[test]
fn what_is_no_address_is_told() {
    for wrong in ["foo", "https://127.0.0.1", "http://", "mqtt://127.0.0.1:1883"] {
        assert!(matches!(Coordinator::new(&target(wrong)), Err(CliError::Url(_))), "{wrong}");
    }
}
