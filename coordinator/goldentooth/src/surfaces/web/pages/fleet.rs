//! `/`: the whole fleet at a glance.

use super::bar;
use super::card::{Shown, card};
use super::shell::SCRIPTS;
use super::{Shell, shape, wrap};
use crate::flavour::Flavour;
use crate::surfaces::view::{Counts, FleetView, NodeView, Standing, worst_first};
use crate::surfaces::web::{Web, answers};
use axum::Extension;
use axum::extract::State;
use frames::NodeName;
use jiff::Timestamp;
use maud::{Markup, html};

/// How many cards the server draws; the stream brings the others.
const CARDS: usize = 60;

pub(in crate::surfaces::web) async fn fleet(
    State(web): State<Web>,
    Extension(flavour): Extension<Flavour>,
) -> Markup {
    // The place first: what changes while the page is drawn is told again.
    let place = web.0.hub.place();
    let nodes = web.0.live.nodes();
    let fleet = FleetView::of(nodes.iter().map(|node| &**node));
    let mut views: Vec<NodeView> =
        nodes.iter().map(|node| NodeView::from(&**node).in_flavour(flavour)).collect();
    worst_first(&mut views);
    let all = views.len() <= CARDS;
    let now = Timestamp::now();
    // Without the store the bars are missing, and the page is there all the same.
    let moods = answers::moods(&web.0.ask, now.as_millisecond()).await.ok();
    let cards: Vec<Shown> = views
        .into_iter()
        .take(CARDS)
        .map(|node| {
            let trace = node.name.parse::<NodeName>().map(|name| web.0.hub.trace(&name)).unwrap_or_default();
            let day = moods.as_ref().map(|moods| bar::of(moods, &node.name)).unwrap_or_default().to_owned();
            Shown { node, trace, day }
        })
        .collect();
    let stream = if all {
        format!("/api/v1/stream?only=cards&after={place}")
    } else {
        "/api/v1/stream?only=cards".to_owned()
    };
    let from = moods.and_then(|moods| moods.from);
    page(&fleet, &cards, from, &stream, now)
}

/// The page; `from` is where the bars of the last day begin.
pub(super) fn page(
    fleet: &FleetView,
    cards: &[Shown],
    from: Option<Timestamp>,
    stream: &str,
    now: Timestamp,
) -> Markup {
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
                    p.hint { span #nodes-count { (fleet.nodes) } span #nodes-shown {} }
                    (tools())
                }
                (groups(fleet))
                @if cards.is_empty() {
                    p.empty #nobody {
                        "No node has spoken yet. The node of this machine speaks within seconds of "
                        code { "goldentooth up" } "; for another machine run "
                        code { "goldentooth enroll NAME --out FILE" } " here, and "
                        code { "goldentooth-node run --enrolment FILE" } " there."
                    }
                }
                ol.cards #cards data-from=[from] { @for shown in cards { (card(now, shown)) } }
                p.more hidden #more { button type="button" { "Show all" } }
                p.hint hidden #none { "No node is like that." }
                div.panel.heat #heat hidden {
                    p.hint { "The last 24 hours of every node, in the order that is chosen. Point, touch or use the arrow keys to see when and why." }
                    ol.rows {}
                    p.axis aria-hidden="true" { span { "24 h ago" } span { "12 h" } span { "now" } }
                    figure.rest hidden { figcaption {} svg viewBox="0 0 96 100" preserveAspectRatio="none" role="img" aria-label="The others by mood" {} }
                    ul.key { @for (standing, word) in KEY { li data-standing=(standing) { (word) } } li.gap { "nothing heard" } }
                }
            }
            // What a segment of a bar says, beside the pointer.
            p.tip #tip hidden {}
            template #card { (card(now, &Shown::default())) }
        },
    )
}

/// The colours of the heatmap in words.
const KEY: [(&str, &str); 5] = [
    ("crisis", "crisis"),
    ("stressed", "stressed"),
    ("happy", "happy"),
    ("bored", "bored"),
    ("learning", "no mood yet"),
];

/// Searching, sorting, and cards or heatmap.
fn tools() -> Markup {
    html! {
        form.tools role="search" #tools {
            label { span { "Search" } input #search type="search" name="q" placeholder="name, group, label, mood" autocapitalize="none" autocomplete="off" spellcheck="false"; }
            label { span { "Sort" } select #sort name="sort" {
                option value="worst" { "worst first" }
                option value="name" { "name" }
                option value="temperature" { "hottest first" }
                option value="load1" { "busiest first" }
                option value="seen" { "longest unheard first" }
            } }
            div.spans role="group" aria-label="Show as" {
                button type="button" data-view="cards" aria-pressed="true" { "cards" }
                button type="button" data-view="heat" aria-pressed="false" { "24 hours" }
            }
        }
    }
}

/// Each group stands as its worst member does; a press shows it alone.
fn groups(fleet: &FleetView) -> Markup {
    html! {
        ul.groups #groups aria-label="Groups, each as its worst member" hidden[fleet.groups.is_empty()] {
            @for group in &fleet.groups {
                li data-standing=(group.worst.word()) {
                    button type="button" data-group=(group.name) aria-pressed="false" {
                        (shape(group.worst)) span.name { (group.name) } " " span.number { (group.nodes) } " " span.worst { (group.worst.word()) }
                    }
                }
            }
        }
    }
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
