//! `/nodes/NAME`: one node, with every vital, its day and its events.

use super::card::{badges, mood, said, seen, why};
use super::{Shell, calls, charts, events, shape, wrap};
use crate::ask::EventQuery;
use crate::flavour::Flavour;
use crate::surfaces::view::{EventView, NodeView, show};
use crate::surfaces::web::api::Failure;
use crate::surfaces::web::{Web, answers};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use frames::Vital::{self, *};
use frames::{Classifier, Headroom, NodeName};
use jiff::Timestamp;
use maud::{Markup, html};

/// The modules of this page; `charts.js` loads the drawing library itself.
const SCRIPTS: &[&str] =
    &["app", "stream", "time", "taste", "fleet", "bars", "show", "node", "charts", "care", "events"];

/// How many of its events the page begins with.
const EVENTS: usize = 20;

/// The vitals as people look for them.
const GROUPS: [(&str, &[Vital]); 6] = [
    (
        "Heat and power",
        &[
            Temperature,
            Fan,
            ThrottledNow,
            UnderVoltageNow,
            FrequencyCappedNow,
            SoftLimitNow,
            ThrottledSinceBoot,
            UnderVoltageSinceBoot,
            FrequencyCappedSinceBoot,
            SoftLimitSinceBoot,
        ],
    ),
    ("Processor", &[Cpu, CpuBusiest, CpuFrequency, Load1, Load5, Load15, PsiCpuSome, Processes, Blocked]),
    ("Memory", &[MemoryUsed, PsiMemorySome, PsiMemoryFull, SwapUsed, SwapIn, SwapOut, OomKills]),
    (
        "Disk",
        &[
            DiskUsed,
            DiskBusy,
            DiskRead,
            DiskWrite,
            PsiIoSome,
            PsiIoFull,
            DiskErrors,
            FilesystemErrors,
            ReadOnlyMounts,
        ],
    ),
    ("Network", &[NetReceived, NetSent, NetErrors, TcpRetransmits]),
    ("System", &[FailedUnits, OpenFiles, ClockSynchronised]),
];

pub(in crate::surfaces::web) async fn node(
    State(web): State<Web>,
    Extension(flavour): Extension<Flavour>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let known = name.parse::<NodeName>().ok().and_then(|name| web.0.live.node(&name));
    let Some(known) = known else { return Ok((StatusCode::NOT_FOUND, nobody(&name)).into_response()) };
    let place = web.0.hub.place();
    let now = Timestamp::now();
    let query = EventQuery { node: Some(known.name.clone()), limit: EVENTS, ..EventQuery::default() };
    let events = answers::events(&web.0.ask, query).await?;
    let events: Vec<EventView> = events.into_iter().map(|event| event.in_flavour(flavour)).collect();
    let stream = format!("/api/v1/stream?node={}&after={place}", known.name);
    Ok(page(&NodeView::from(&*known).in_flavour(flavour), &events, &stream, now).into_response())
}

fn nobody(name: &str) -> Markup {
    wrap(
        &Shell { page: "nobody", title: "No such node", stream: "", scripts: &[] },
        &html! {
            h1 { "No node named " (name) " has spoken" }
            p { a href="/" { "All nodes" } }
        },
    )
}

fn page(node: &NodeView, events: &[EventView], stream: &str, now: Timestamp) -> Markup {
    let standing = node.standing();
    wrap(
        &Shell { page: "node", title: &node.name, stream, scripts: SCRIPTS },
        &html! {
            div.page-node #node data-name=(node.name) data-standing=(standing.word()) data-interval=[node.interval_s] {
                section.who aria-labelledby="name" {
                    div.card-head {
                        (shape(standing))
                        div.card-title { h1 #name { (node.name) } (mood(now, node)) }
                    }
                    (badges(node))
                    (why(node))
                    (said(now, node))
                    (seen(now, node))
                }
                (charts::charts(&node.name))
                (budget(node))
                (vitals(node))
                (about(node))
                (calls::tag(&node.name, node.simulated, node.group.as_deref(), &node.labels))
                section.panel aria-labelledby="events-title" {
                    div.heading { h2 #events-title { "Events" } p.hint { a href={ "/events?node=" (node.name) } { "all of them" } } }
                    (events::list(events, "", &node.name))
                }
            }
        },
    )
}

fn vitals(node: &NodeView) -> Markup {
    html! {
        section.panel aria-labelledby="vitals" {
            h2 #vitals { "Vitals" }
            div.vital-tables {
                @for (group, vitals) in GROUPS {
                    table hidden[!vitals.iter().any(|vital| node.vitals.contains_key(vital.name()))] {
                        caption { (group) }
                        tbody {
                            @for vital in vitals {
                                @let known = node.vitals.get(vital.name());
                                @let cause = node.because.iter().any(|cause| cause.vital == vital.name());
                                tr data-vital=(vital.name()) data-cause[cause] hidden[known.is_none()] {
                                    th scope="row" { (vital.row().words) }
                                    td { @if let Some(known) = known { (show(vital.name(), known)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What decided a node's headroom, in words (`SOURCES` in node.js).
fn source(source: Headroom) -> &'static str {
    match source {
        Headroom::Temperature => "from its temperature",
        Headroom::NoSensor => "assumed: it has no temperature",
        Headroom::Throttled => "none while it is throttled",
        Headroom::SoftLimit => "none at the soft temperature limit",
    }
}

/// How much its own agent may do, so as not to heat it.
fn budget(node: &NodeView) -> Markup {
    let percent = node.budget.map(|budget| (budget.headroom * 100.0).round());
    html! {
        section.panel aria-labelledby="budget" {
            div.heading { h2 #budget { "Thermal budget" } p.hint { "how much its agent may do, so that it never heats what it watches" } }
            @match (node.budget, percent) {
                (Some(budget), Some(percent)) => {
                    p { span.number data-slot="headroom" { (percent) " %" } " of headroom, " span data-slot="headroom-source" { (source(budget.source)) } }
                    meter #headroom min="0" max="100" low="20" value=(percent) aria-label="Thermal headroom in percent" { (percent) " %" }
                }
                _ => p.hint { "It has not said yet." },
            }
        }
    }
}

fn about(node: &NodeView) -> Markup {
    let unknown = || "unknown".to_owned();
    let verdict = match node.classifier {
        Some(Classifier::Model) => {
            node.model.as_ref().map_or("the model".to_owned(), |model| format!("the model {model}"))
        }
        Some(Classifier::Rules) => "the rules".to_owned(),
        None => unknown(),
    };
    let clock = match node.clock_trusted {
        Some(true) => "follows a time server",
        Some(false) => "not trusted",
        None => "unknown",
    };
    html! {
        section.panel aria-labelledby="about" {
            h2 #about { "About it" }
            dl.facts {
                div { dt { "Hardware" } dd { (node.hardware.clone().unwrap_or_else(unknown)) } }
                div { dt { "Character" } dd.by { @match &node.character {
                    Some(character) => { a href={ "/cast#cast-" (character) } { (character) } },
                    None => "none",
                } } }
                @if node.character.is_some() {
                    div { dt { "The cast's council" } dd { a href={ "/cast?node=" (node.name) "#council" } { "what each eye sees in it" } } }
                }
                div { dt { "Agent" } dd { (node.agent.clone().unwrap_or_else(unknown)) } }
                div { dt { "Verdict by" } dd { (verdict) } }
                div { dt { "Speaks every" } dd data-slot="interval" { @match node.interval_s { Some(seconds) => { (seconds) " s" }, None => "unknown" } } }
                div { dt { "Clock" } dd { (clock) } }
                @if let Some(keeps) = node.keeps {
                    div { dt { "Keeps what it knows" } dd { (keeps.words()) } }
                }
                div { dt { "Frames it lost" } dd data-slot="dropped" { (node.dropped) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vital_stands_in_one_group() {
        for vital in Vital::ALL {
            let count = GROUPS.iter().filter(|(_, vitals)| vitals.contains(vital)).count();
            assert_eq!(count, 1, "{} stands in {count} groups", vital.name());
        }
    }
}
