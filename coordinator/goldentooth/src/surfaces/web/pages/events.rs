//! `/events`, and the list of events that a node's page has, too.

use super::shell::SCRIPTS;
use super::{Shell, local, wrap};
use crate::flavour::Flavour;
use crate::surfaces::view::EventView;
use crate::surfaces::web::api::{Failure, Which};
use crate::surfaces::web::{Web, answers};
use axum::Extension;
use axum::extract::{Query, State};
use maud::{Markup, html};

/// How many events the page begins with.
const SHOWN: usize = 100;

pub(in crate::surfaces::web) async fn events(
    State(web): State<Web>,
    Extension(flavour): Extension<Flavour>,
    Query(which): Query<Which>,
) -> Result<Markup, Failure> {
    let place = web.0.hub.place();
    let query = which.query(SHOWN)?;
    let (kind, node) = (query.kind.clone().unwrap_or_default(), query.node.clone());
    let events = answers::events(&web.0.ask, query).await?;
    let events: Vec<EventView> = events.into_iter().map(|event| event.in_flavour(flavour)).collect();
    let node = node.as_ref().map_or("", |node| node.as_str());
    Ok(page(&events, &kind, node, &format!("/api/v1/stream?only=events&after={place}")))
}

fn page(events: &[EventView], kind: &str, node: &str, stream: &str) -> Markup {
    wrap(
        &Shell { page: "events", title: "Events", stream, scripts: SCRIPTS },
        &html! {
            section.panel aria-labelledby="title" {
                div.heading { h1 #title { "Events" } p.hint { "what happened, newest first; " a href="/story" { "the week as a story" } } }
                form.filter method="get" action="/events" {
                    label { "Kind" input name="kind" value=(kind) list="kinds" placeholder="mood_changed" autocapitalize="none" autocomplete="off" spellcheck="false"; }
                    label { "Node" input name="node" value=(node) autocapitalize="none" autocomplete="off" spellcheck="false"; }
                    datalist #kinds { @for kind in fleet::Change::KINDS.iter().chain(&["says", "tells", "enrolled", "revoked", "forgotten", "renamed", "born", "alert_raised", "alert_over", "tale_began", "tale_ended", "drill", "drill_compared", "bet", "bet_settled", "habit_named", "habit_overdue", "habit_missed", "thread", "line_refused"]) { option value=(kind) {} } }
                    button type="submit" { "Show" }
                    @if !kind.is_empty() || !node.is_empty() { a href="/events" { "Show all" } }
                }
                (list(events, kind, node))
            }
        },
    )
}

/// Events, newest first; `kind` and `node` are what the script lets in later.
pub(super) fn list(events: &[EventView], kind: &str, node: &str) -> Markup {
    html! {
        p.hint #no-events hidden[!events.is_empty()] { "Nothing yet." }
        ol.events #events data-kind=(kind) data-node=(node) {
            @for event in events.iter().rev() { (line(event)) }
        }
        template #event { (line(&empty())) }
    }
}

fn line(event: &EventView) -> Markup {
    // A character's words stand beside the facts that they speak of.
    let spoken = matches!(event.kind.as_str(), "says" | "tells");
    let facts = event.payload.get("facts").and_then(serde_json::Value::as_array).filter(|_| spoken);
    // A sentence that begins with the node's name carries the link there.
    let name = event.node.as_deref().unwrap_or_default();
    let rest = event.words.strip_prefix(name).filter(|rest| {
        // Not of a longer name.
        let ends = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_');
        !name.is_empty() && rest.starts_with(ends)
    });
    html! {
        li.voice[facts.is_some()] data-id=(event.id) {
            (local(event.at))
            span.kind { (event.kind.replace('_', " ")) }
            p.what {
                a href={ "/nodes/" (name) } hidden[event.node.is_none()] { (name) }
                span data-slot="words" { @if let Some(rest) = rest { (rest) } @else { " " (event.words) } }
            }
            ul.facts-of aria-label="The facts in it" hidden[facts.is_none_or(Vec::is_empty)] {
                @for fact in facts.into_iter().flatten() { li { (told(fact)) } }
            }
        }
    }
}

/// What a slot of a character's sentence was filled from.
fn told(fact: &serde_json::Value) -> String {
    let text = |key: &str| fact.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    format!("{}: {}", text("slot").replace('_', " "), text("text"))
}

fn empty() -> EventView {
    EventView {
        id: String::new(),
        at: None,
        kind: String::new(),
        node: None,
        source: String::new(),
        correlation: String::new(),
        causation: None,
        words: String::new(),
        payload: serde_json::Value::Null,
    }
}
