//! A character's card. `cast.js` fills the same slots as time goes on.

use super::arms::arms;
use super::faces::mask;
use super::life::life;
use super::ties::short;
use crate::surfaces::view::{ArcView, BetsView, CharacterView, SaidView};
use crate::surfaces::web::pages::ago;
use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

pub(super) fn card(one: &CharacterView, arc: &ArcView, now: Timestamp) -> Markup {
    html! {
        li.actor #{ "cast-" (one.id) } data-id=(one.id) data-name=(one.name) data-short=(short(&one.name)) data-feeling=(one.feeling) data-readiness=(one.readiness) data-muted[one.muted] tabindex="-1" {
            div.card-head {
                (arms(&one.id))
                div.card-title {
                    h3 { (one.name) }
                    p.hint { (one.archetype) @if let Some(office) = &one.office { " · @" (office) } }
                }
            }
            p.mood {
                (mask(&one.feeling)) span data-slot="feeling" { (one.feeling) }
                span.since { ", " span data-slot="readiness" { (one.readiness) } span data-slot="muted" hidden[!one.muted] { ", muted" } }
            }
            div.meters {
                (gauge("energy", one.energy))
                (gauge("attention", one.attention))
            }
            (said(one.last_said.as_ref(), now))
            p.domain {
                @match &one.embodies {
                    Some(domain) => { "Embodies " (domain) @if !one.eye.is_empty() { "; looks at " (eye(&one.eye)) } "." }
                    None => "What it embodies is for you to find out.",
                }
            }
            @if let Some(style) = &one.style { p.domain { span.hint { "Tells its tales as " } (style) "." } }
            @if !one.nodes.is_empty() { (household(&one.nodes)) }
            (bets(&one.bets))
            (more(one, arc, now))
        }
    }
}

fn gauge(name: &str, value: f64) -> Markup {
    let percent = (value * 100.0).round();
    html! {
        label { (name) " " meter data-slot=(name) min="0" max="100" low="30" value=(percent) { (percent) " %" } span.number data-slot={ (name) "-number" } { (percent) " %" } }
    }
}

/// What an eye looks at, in a few words.
fn eye(eye: &str) -> &'static str {
    match eye {
        "joint" => "the distance of everything from normal",
        "season" => "the same hour of yesterday and last week",
        "siblings" => "how a node differs from its siblings",
        "schedule" => "whether work gets done as it comes",
        "queues" => "network and queues",
        "rare" => "what is new or should never be",
        "together" => "what rises and falls together",
        "storage" => "disks and file systems",
        "spread" => "how evenly work is spread",
        "parallel" => "whether all cores share the work",
        "heat" => "temperature and what is done about it",
        "roll" => "who is there and who isn't",
        "secrets" => "what was refused",
        "supply" => "the supply of current",
        "clock" => "clocks, and what started anew",
        _ => "things in its own way",
    }
}

/// The words that it said last, and what they stand on.
fn said(said: Option<&SaidView>, now: Timestamp) -> Markup {
    html! {
        blockquote.said data-slot="said" hidden[said.is_none()] {
            p data-slot="said-text" { @if let Some(said) = said { (said.text) } }
            footer {
                span data-slot="said-kind" { @if let Some(said) = said { (kind(said)) } }
                span data-when { (ago("said-at", now, said.and_then(|said| said.at))) " ago" }
            }
            ul.facts-of data-slot="facts" aria-label="The facts in it" { @if let Some(said) = said { (facts(said)) } }
        }
    }
}

/// `suspicion, `, for what is not a fact.
fn kind(said: &SaidView) -> String {
    match format!("{:?}", said.kind).to_lowercase().as_str() {
        "fact" => String::new(),
        other => format!("{other}, "),
    }
}

/// Each slot of a sentence, as a link to its record.
fn facts(said: &SaidView) -> Markup {
    let facts = said.facts.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |fact: &Value, key: &str| fact.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    html! {
        @for fact in facts {
            li { a href={ "/api/v1/facts/" (text(fact, "event")) "." (text(fact, "slot")) } { (text(fact, "slot").replace('_', " ")) ": " (text(fact, "text")) } }
        }
    }
}

/// What somebody said unasked, as a line of the conversation (`replied` in talk.js).
pub(super) fn line(one: &CharacterView, now: Timestamp) -> Markup {
    let Some(said) = &one.last_said else { return html! {} };
    html! {
        div.reply {
            (arms(&one.id))
            p.by { (one.name) ", " (kind(said)) (ago("line-at", now, said.at)) " ago" }
            p.text { (said.text) }
        }
    }
}

/// The newest line of all, told large.
pub(super) fn newest(one: Option<&CharacterView>, now: Timestamp) -> Markup {
    let said = one.and_then(|one| one.last_said.as_ref());
    html! {
        figure.newest {
            div.newest-arms { @if let Some(one) = one { (arms(&one.id)) } }
            blockquote data-slot="text" { @if let Some(said) = said { (said.text) } }
            figcaption {
                strong data-slot="by" { @if let Some(one) = one { (one.name) } }
                ", " span data-slot="kind" { @if let Some(said) = said { (kind(said)) } }
                (ago("at", now, said.and_then(|said| said.at))) " ago"
            }
        }
    }
}

/// What it foretells, and how well it did.
fn bets(bets: &BetsView) -> Markup {
    html! {
        @if bets.settled > 0 || !bets.open.is_empty() {
            p.bets {
                span.hint { "Foretold: " }
                @if let Some(record) = bets.words() { (record) @if !bets.open.is_empty() { "; " } }
                @for (place, bet) in bets.open.iter().enumerate() {
                    @if place > 0 { "; " }
                    (bet.claim) ", at " (format!("{:.0} %", bet.chance * 100.0))
                }
            }
        }
    }
}

fn household(nodes: &[String]) -> Markup {
    const SHOWN: usize = 12;
    html! {
        p.household data-slot="household" {
            span.hint { "Household: " }
            @for (place, node) in nodes.iter().take(SHOWN).enumerate() {
                @if place > 0 { ", " }
                a href={ "/nodes/" (node) } { (node) }
            }
            @if nodes.len() > SHOWN { " and " (nodes.len() - SHOWN) " more" }
        }
    }
}

/// Who it is at length, and what a person may do.
fn more(one: &CharacterView, arc: &ArcView, now: Timestamp) -> Markup {
    let mut traits: Vec<(&String, &f64)> = one.traits.iter().collect();
    traits.sort_by(|a, b| b.1.total_cmp(a.1));
    html! {
        div.acts data-acts {
            button.button type="button" data-to={ "@" (one.id) } { "Ask " (short(&one.name)) }
            details {
                summary { "More" span.aloud { " about " (one.name) } }
                h4 { "Its nature" }
                ul.traits { @for (name, value) in traits { li { span { (name) } svg.share viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" { rect width=(format!("{:.0}", *value * 100.0)) height="6" {} } span.number { (format!("{value:.2}")) } } } }
                (life(one, arc, now))
                @if !one.triggers.is_empty() {
                    h4 { "What it reacts to" }
                    ul.plain { @for trigger in &one.triggers { li { code { (trigger.signal) } " makes it " (trigger.feeling) @if !trigger.supplied { span.hint { " (nothing here supplies it)" } } ". " span.hint { (trigger.why) } } } }
                }
                h4 { "What you can do" }
                div.buttons {
                    button.button type="button" data-act="thumb" data-id=(one.id) data-value="up" { "Thumb up" }
                    button.button type="button" data-act="thumb" data-id=(one.id) data-value="down" { "Thumb down" }
                    button.button type="button" data-act="silence" data-id=(one.id) data-value=(if one.muted { "off" } else { "on" }) { (if one.muted { "Let it speak" } else { "Mute it" }) }
                }
                @if one.embodies.is_none() {
                    form.guess data-act="guess" data-id=(one.id) {
                        label { "What does it embody? " input name="guess" maxlength="100" required autocomplete="off"; }
                        button.button type="submit" { "Guess" }
                    }
                }
                p.said-back role="status" data-back {}
            }
        }
    }
}
