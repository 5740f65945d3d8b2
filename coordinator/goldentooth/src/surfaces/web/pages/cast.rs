//! `/cast`: who is on stage, how they are, what they said and on what it
//! stands, what binds them, and a box to ask them.

use super::shell::{self, Shell};
use super::{ago, local};
use crate::flavour::Flavour;
use crate::surfaces::view::{CharacterView, SaidView};
use crate::surfaces::web::Web;
use crate::surfaces::web::api::Failure;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

/// The radius of the graph of ties, in its own units.
const RADIUS: f64 = 150.0;

pub(in crate::surfaces::web) async fn cast(
    State(web): State<Web>,
    Extension(flavour): Extension<Flavour>,
) -> Result<Markup, Failure> {
    let all = web.0.company.characters().await;
    let all = all.map_err(|away| Failure(StatusCode::SERVICE_UNAVAILABLE, away.to_string()))?;
    let all: Vec<CharacterView> = all.into_iter().map(|one| one.in_flavour(flavour)).collect();
    let now = Timestamp::now();
    let main = html! {
        h1 { "The cast" }
        section.panel aria-labelledby="ask-heading" {
            h2 #ask-heading { "Ask them" }
            form #ask-form {
                label for="ask-text" { "A question; @name, @office or @all says who shall answer" }
                div.ask-line {
                    input #ask-text name="text" type="text" autocomplete="off" maxlength="2000" list="ask-names" required;
                    button type="submit" { "Ask" }
                }
                datalist #ask-names {
                    @for one in &all { option value={ "@" (one.id) " " } {} }
                    option value="@all " {}
                }
            }
            div #ask-log role="log" aria-live="polite" aria-label="Answers" {}
        }
        section aria-labelledby="stage-heading" {
            h2 #stage-heading { "On stage" }
            ul.cast-list {
                @for one in &all { li.panel #{ "cast-" (one.id) } { (card(one, now)) } }
            }
        }
        section.panel aria-labelledby="ties-heading" {
            h2 #ties-heading { "What binds them" }
            (graph(&all))
            details {
                summary { "The same in words" }
                ul {
                    @for one in &all {
                        @for tie in &one.relationships {
                            li { (one.id) " – " (tie.kind) " – " (tie.to) ": " (tie.why) }
                        }
                    }
                }
            }
        }
    };
    let shell = Shell { page: "cast", title: "Cast", stream: "", scripts: &["cast"] };
    Ok(shell::wrap(&shell, &main))
}

fn card(one: &CharacterView, now: Timestamp) -> Markup {
    html! {
        h3 { (one.name) }
        p.hint { (one.archetype) @if let Some(office) = &one.office { " · @" (office) } }
        p { @match &one.embodies {
            Some(domain) => { "Embodies " (domain) "." }
            None => { "What it embodies is for you to find out." }
        } }
        p {
            span.badge { "feels " (one.feeling) } " "
            span.badge { (one.readiness) }
            @if one.muted { " " span.badge { "muted" } }
        }
        p.meters {
            label { "energy " meter min="0" max="1" low="0.3" value=(one.energy) { (percent(one.energy)) } }
            label { "attention " meter min="0" max="1" low="0.3" value=(one.attention) { (percent(one.attention)) } }
        }
        @if let Some(said) = &one.last_said { (line(said, now)) }
        @if !one.nodes.is_empty() {
            p.hint { "Household: " @for (place, node) in one.nodes.iter().enumerate() {
                @if place > 0 { ", " }
                a href={ "/nodes/" (node) } { (node) }
            } }
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn line(said: &SaidView, now: Timestamp) -> Markup {
    let kind = serde_json::to_value(said.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    let facts = said.facts.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |fact: &Value, key: &str| fact.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    html! {
        blockquote { "“" (said.text) "”" }
        p.hint { (kind.unwrap_or_default()) ", " (ago("said", now, said.at)) " ago, " (local(said.at)) }
        details {
            summary { "What it stands on" }
            ul.facts-list {
                @for fact in facts {
                    li { a href={ "/api/v1/facts/" (text(fact, "event")) "." (text(fact, "slot")) } { (text(fact, "slot")) } ": " (text(fact, "text")) }
                }
            }
        }
    }
}

/// Everybody on a circle, and a line for each tie.
fn graph(all: &[CharacterView]) -> Markup {
    let count = all.len().max(1) as f64;
    let place = |at: usize| {
        let angle = at as f64 / count * std::f64::consts::TAU - std::f64::consts::FRAC_PI_2;
        (200.0 + RADIUS * angle.cos(), 185.0 + RADIUS * angle.sin())
    };
    let at = |id: &str| all.iter().position(|one| one.id == id).map(place);
    html! {
        svg.ties viewBox="0 0 400 370" role="img" aria-label="A graph of ties; the same stands below in words" {
            @for (number, one) in all.iter().enumerate() {
                @let from = place(number);
                @for tie in &one.relationships {
                    @if let Some(to) = at(&tie.to) {
                        line class={ "tie " (tie.kind) } x1=(round(from.0)) y1=(round(from.1)) x2=(round(to.0)) y2=(round(to.1)) {
                            title { (one.id) " – " (tie.kind) " – " (tie.to) }
                        }
                    }
                }
            }
            @for (number, one) in all.iter().enumerate() {
                @let (x, y) = place(number);
                circle cx=(round(x)) cy=(round(y)) r="4" {}
                text x=(round(x)) y=(round(y + if y < 185.0 { -8.0 } else { 16.0 })) text-anchor="middle" { (one.id) }
            }
        }
        p.hint { "Solid: alliance. Long dashes: dependency. Short dashes: rivalry. Dots: contempt." }
    }
}

fn round(number: f64) -> String {
    format!("{number:.1}")
}
