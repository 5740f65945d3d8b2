//! What has become of a character: what moves its traits, what it remembers and
//! what it concluded, each with the event that caused it.

use super::nature::nature;
use crate::surfaces::view::{ArcView, CharacterView, ModifierView, ThreadView, age};
use jiff::Timestamp;
use maud::{Markup, html};

/// The most memories that are shown.
const MEMORIES: usize = 5;

/// Its life, as far as anything happened in it.
pub(super) fn life(one: &CharacterView, arc: &ArcView, now: Timestamp) -> Markup {
    html! {
        @if let Some(went) = &arc.nature { (nature(went, now)) }
        @if !one.modifiers.is_empty() {
            h4 { "What moved it" }
            ul.plain { @for modifier in &one.modifiers { li { (modifier.name) " " span.number { (format!("{:+.2}", modifier.by)) } ", since " (modifier.cause) " " (fades(modifier, now)) } } }
        }
        @if !arc.threads.is_empty() {
            h4 { "The threads it stands in" }
            ul.plain { @for thread in &arc.threads { li { (thread.told) " " (stands(thread, now)) } } }
        }
        @if !one.memories.is_empty() {
            h4 { "What it remembers" }
            ul.plain { @for memory in one.memories.iter().take(MEMORIES) { li { (memory.words) " " @if let Some(at) = memory.at { span.hint { (age(now, at)) " ago" } } } } }
        }
        @if !one.insights.is_empty() {
            h4 { "What it concluded" }
            ul.plain { @for insight in &one.insights { li { (insight.words) ". " span.hint { "from " (insight.cites.len()) " events" } } } }
        }
    }
}

/// What became of a thread, and when: opened, and advanced or closed since.
fn stands(thread: &ThreadView, now: Timestamp) -> Markup {
    let ago = |at: Option<Timestamp>| at.map(|at| format!("{} ago", age(now, at))).unwrap_or_default();
    html! {
        span.hint {
            "(" (thread.plot) ", opened " (ago(thread.opened))
            @if thread.turn != "opened" { ", " (thread.turn) " " (ago(thread.last)) }
            ")"
        }
    }
}

/// When nothing is left of it.
fn fades(modifier: &ModifierView, now: Timestamp) -> Markup {
    let hours = modifier.until.map(|until| until.duration_since(now).as_hours().max(0));
    html! { @if let Some(hours) = hours { span.hint { "(gone in " (hours) " h)" } } }
}
