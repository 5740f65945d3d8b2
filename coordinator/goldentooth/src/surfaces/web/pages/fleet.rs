//! `/`: the whole fleet at a glance.

use super::card::{Shown, card};
use super::shell::SCRIPTS;
use super::{Shell, shape, wrap};
use crate::surfaces::view::{Counts, FleetView, NodeView, Standing, worst_first};
use crate::surfaces::web::Web;
use axum::extract::State;
use frames::NodeName;
use jiff::Timestamp;
use maud::{Markup, html};

/// How many cards the server draws; the stream brings the others.
const CARDS: usize = 60;

pub(in crate::surfaces::web) async fn fleet(State(web): State<Web>) -> Markup {
    // The place first: what changes while the page is drawn is told again.
    let place = web.0.hub.place();
    let nodes = web.0.live.nodes();
    let fleet = FleetView::of(nodes.iter().map(|node| &**node));
    let mut views: Vec<NodeView> = nodes.iter().map(|node| NodeView::from(&**node)).collect();
    worst_first(&mut views);
    let all = views.len() <= CARDS;
    let cards: Vec<Shown> = views
        .into_iter()
        .take(CARDS)
        .map(|node| {
            let trace = node.name.parse::<NodeName>().map(|name| web.0.hub.trace(&name)).unwrap_or_default();
            Shown { node, trace }
        })
        .collect();
    let stream = if all {
        format!("/api/v1/stream?only=nodes&after={place}")
    } else {
        "/api/v1/stream?only=nodes".to_owned()
    };
    page(&fleet, &cards, &stream, Timestamp::now())
}

pub(super) fn page(fleet: &FleetView, cards: &[Shown], stream: &str, now: Timestamp) -> Markup {
    let state = serde_json::to_value(fleet.state).ok();
    let state = state.as_ref().and_then(|state| state.as_str()).unwrap_or_default();
    wrap(
        &Shell { page: "fleet", title: "Fleet", stream, scripts: SCRIPTS },
        &html! {
            section.verdict data-state=(state) aria-labelledby="verdict" {
                h1 #verdict { (whole(&fleet.verdict)) }
                // Told aloud when a counter changes, not with each new reading.
                p.aloud #aloud aria-live="polite" {}
                (counters(&fleet.counts))
            }
            section aria-labelledby="nodes" {
                div.heading {
                    h2 #nodes { "Nodes" }
                    p.hint { span #nodes-count { (fleet.nodes) } ", worst first" }
                }
                @if cards.is_empty() {
                    p.empty #nobody {
                        "No node has spoken yet. The node of this machine speaks within seconds of "
                        code { "goldentooth up" } "; for another machine run "
                        code { "goldentooth enroll NAME --out FILE" } " here, and "
                        code { "goldentooth-node run --enrolment FILE" } " there."
                    }
                }
                ol.cards #cards { @for shown in cards { (card(now, shown)) } }
            }
            template #card { (card(now, &Shown::default())) }
        },
    )
}

/// The sentence, with words that have a hyphen kept whole (`whole` in fleet.js).
fn whole(verdict: &str) -> Markup {
    html! {
        @for (i, word) in verdict.split(' ').enumerate() {
            @if i > 0 { " " }
            @if word.contains('-') { span.whole { (word) } } @else { (word) }
        }
    }
}

fn counters(counts: &Counts) -> Markup {
    let each = [
        (Standing::Bored, counts.bored),
        (Standing::Happy, counts.happy),
        (Standing::Stressed, counts.stressed),
        (Standing::Crisis, counts.crisis),
        (Standing::Silent, counts.silent),
    ];
    html! {
        ul.counts #counts aria-label="Nodes by mood" {
            @for (standing, count) in each {
                li data-standing=(standing.word()) data-none[count == 0] {
                    (shape(standing)) span.number { (count) } " " (standing.word())
                }
            }
        }
    }
}
