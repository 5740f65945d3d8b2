//! A node's card. The script fills the same slots (`fill` in show.js), and
//! clones an empty card for a node that is new.

use super::bar::bar;
use super::{ago, shape};
use crate::surfaces::view::{NodeView, Standing, VitalValue, show};
use crate::surfaces::web::draw;
use crate::surfaces::web::trace::Trace;
use jiff::Timestamp;
use maud::{Markup, html};

/// A node and the last minutes of its gauges.
#[derive(Clone, Default)]
pub(super) struct Shown {
    pub(super) node: NodeView,
    pub(super) trace: Trace,
    /// The letters of its last 24 hours.
    pub(super) day: String,
}

impl Default for NodeView {
    fn default() -> Self {
        use std::collections::BTreeMap;
        Self {
            name: String::new(),
            mood: None,
            since: None,
            probabilities: BTreeMap::new(),
            because: Vec::new(),
            silent: false,
            simulated: false,
            learning: true,
            last_seen: None,
            vitals: BTreeMap::new(),
            services: BTreeMap::new(),
            keeps: None,
            character: None,
            last_said: None,
            interval_s: None,
            distance: None,
            classifier: None,
            budget: None,
            dropped: 0,
            hardware: None,
            agent: None,
            model: None,
            clock_trusted: None,
            unreadable_version: None,
            group: None,
            labels: Vec::new(),
        }
    }
}

/// A card in the list of nodes.
pub(super) fn card(now: Timestamp, shown: &Shown) -> Markup {
    let node = &shown.node;
    let standing = node.standing();
    html! {
        li.card data-name=(node.name) data-standing=(standing.word()) data-interval=[node.interval_s] {
            div.card-head {
                (shape(standing))
                div.card-title {
                    h3 { a data-slot="name" href={ "/nodes/" (node.name) } { (node.name) } }
                    (mood(now, node))
                }
            }
            (badges(node))
            (why(node))
            dl.gauges {
                (gauge("temperature", "Temperature", node, &shown.trace.temperature(), None, 10.0))
                (gauge("load1", "Load", node, &shown.trace.load1(), Some(0.0), 1.0))
            }
            (bar(&node.name, &shown.day))
            (said(now, node))
            (seen(now, node))
        }
    }
}

/// The mood in a word, and since when.
pub(super) fn mood(now: Timestamp, node: &NodeView) -> Markup {
    let standing = node.standing();
    let since = if node.silent { node.last_seen } else { node.since };
    html! {
        p.mood {
            span data-slot="mood" { (standing.word()) }
            span.since data-when hidden[since.is_none()] { " for " (ago("since", now, since)) }
        }
    }
}

/// What else is to know at a glance.
pub(super) fn badges(node: &NodeView) -> Markup {
    let flag = |name: &str| node.vitals.get(name).is_some_and(|vital| vital.value == VitalValue::Flag(true));
    // Now and since boot are told apart: an old one is no alarm.
    let since = |name: &str| flag(&format!("{name}_since_boot")) && !flag(&format!("{name}_now"));
    let count = |name: &str| node.vitals.get(name).and_then(|vital| vital.value.number()).unwrap_or(0.0);
    let learning = node.learning && node.standing() != Standing::Learning;
    html! {
        p.badges {
            span.badge.badge-alarm data-slot="throttled" hidden[!flag("throttled_now")] { "throttled" }
            span.badge.badge-alarm data-slot="under-voltage" hidden[!flag("under_voltage_now")] { "under-voltage" }
            span.badge.badge-alarm data-slot="unreadable" hidden[node.unreadable_version.is_none()] { "newer than the coordinator" }
            span.badge.badge-alarm data-slot="read-only" hidden[count("read_only_mounts") < 0.5] { "disk read-only" }
            span.badge.badge-alarm data-slot="failed" hidden[count("failed_units") < 0.5] { "failed units" }
            span.badge data-slot="throttled-before" hidden[!since("throttled")] title="Since it was started, but not now." { "was throttled" }
            span.badge data-slot="under-voltage-before" hidden[!since("under_voltage")] title="Since it was started, but not now." { "had under-voltage" }
            span.badge data-slot="group" hidden[node.group.is_none()] { (node.group.as_deref().unwrap_or_default()) }
            span.badge data-slot="simulated" hidden[!node.simulated] { "simulated" }
            span.badge data-slot="learning" hidden[!learning] title="It does not know yet what is normal for it." { "learning" }
        }
    }
}

/// The reasons in words.
pub(super) fn why(node: &NodeView) -> Markup {
    let words = node.because_words();
    html! { p.why data-slot="why" hidden[words.is_empty()] { (words) } }
}

fn gauge(name: &str, label: &str, node: &NodeView, trace: &[f32], floor: Option<f32>, span: f32) -> Markup {
    let vital = node.vitals.get(name);
    html! {
        div {
            dt { (label) }
            dd {
                span.number data-slot=(name) {
                    @if let Some(vital) = vital { (show(name, vital)) } @else { "not measured" }
                }
                svg.spark viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true" data-trace=(draw::listed(trace)) {
                    polyline points=(draw::polyline(trace, floor, span)) {}
                }
            }
        }
    }
}

/// What its character last said.
pub(super) fn said(now: Timestamp, node: &NodeView) -> Markup {
    let said = node.last_said.as_ref();
    let kind = said.map(|said| format!("{:?}", said.kind).to_lowercase()).filter(|kind| kind != "fact");
    html! {
        blockquote.said data-slot="said" hidden[said.is_none()] {
            p data-slot="said-text" { @if let Some(said) = said { (said.text) } }
            footer {
                span.by data-slot="said-by" { @if let Some(said) = said { (said.by) } }
                span data-slot="said-kind" { @if let Some(kind) = kind { " (" (kind) ")" } }
                span data-when { ", " (ago("said-at", now, said.and_then(|said| said.at))) " ago" }
            }
        }
    }
}

/// The age of its last frame.
pub(super) fn seen(now: Timestamp, node: &NodeView) -> Markup {
    html! {
        p.seen {
            span data-when hidden[node.last_seen.is_none()] { "last heard " (ago("seen", now, node.last_seen)) " ago" }
        }
    }
}
