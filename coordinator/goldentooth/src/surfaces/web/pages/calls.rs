//! `/calls`: calls for help: what is wrong now, where calls go and what became
//! of them, and the times in which nobody is called.

use super::shell::{Shell, wrap};
use super::{ago, local};
use crate::calls::watch::Cause;
use crate::surfaces::view::{CallsView, MessageView, QuietView, TroubleView};
use crate::surfaces::web::Web;
use axum::extract::State;
use jiff::Timestamp;
use maud::{Markup, html};

/// How many troubles are shown; the API has them all.
const SHOWN: usize = 100;

pub(in crate::surfaces::web) async fn calls(State(web): State<Web>) -> Markup {
    let now = Timestamp::now();
    let options = &web.0.options;
    let windows: Vec<QuietView> =
        options.care.windows(now.as_millisecond()).iter().map(QuietView::from).collect();
    let is_quiet = |trouble: &TroubleView| {
        let node = trouble.node.parse();
        node.is_ok_and(|node| options.care.is_quiet(now.as_millisecond(), &node, trouble.cause))
    };
    page(&CallsView::from(&options.calls), &windows, is_quiet, now)
}

fn page(
    calls: &CallsView,
    windows: &[QuietView],
    is_quiet: impl Fn(&TroubleView) -> bool,
    now: Timestamp,
) -> Markup {
    let shell = Shell { page: "calls", title: "Calls", stream: "", scripts: &["care", "time"] };
    wrap(
        &shell,
        &html! {
            h1 { "Calls for help" }
            (open(&calls.open, is_quiet, now))
            section.panel aria-labelledby="places" {
                div.heading { h2 #places { "Where they go" } p.hint { "one message per cause; while it lasts it is said again after 30 min, 2 h, 8 h, then daily" } }
                @if calls.places.is_empty() {
                    p { "Nowhere yet: write a " code { "[[notify]]" } " section in the configuration; " code { "goldentooth up --help" } " shows one." }
                } @else {
                    ul { @for place in &calls.places { li { (format!("{:?}", place.kind).to_lowercase()) ": " (place.place) } } }
                    p.more { button type="button" data-act="test" { "Send a test" } }
                }
                p.said-back role="status" data-back {}
            }
            (quiet(windows))
            section.panel aria-labelledby="messages" {
                div.heading { h2 #messages { "The last messages" } p.hint { (calls.delivered) " arrived, " (calls.given_up) " given up since the coordinator started" } }
                @if calls.messages.is_empty() { p.hint { "None yet." } }
                ol.events { @for message in &calls.messages { (line(message, now)) } }
            }
        },
    )
}

/// What is wrong now, each with a way not to be called for it.
fn open(troubles: &[TroubleView], is_quiet: impl Fn(&TroubleView) -> bool, now: Timestamp) -> Markup {
    html! {
        section.panel aria-labelledby="open" {
            div.heading { h2 #open { "What is wrong now" } @if troubles.len() > SHOWN { p.hint { "the first " (SHOWN) " of " (troubles.len()) } } }
            @if troubles.is_empty() { p { "Nothing that anybody would be called for." } }
            ul.troubles {
                @for trouble in troubles.iter().take(SHOWN) {
                    @let muted = is_quiet(trouble);
                    li data-standing=(standing(trouble.cause)) {
                        p {
                            strong { a href={ "/nodes/" (trouble.node) } { (trouble.node) } ": " (trouble.cause.name()) }
                            span.hint {
                                " for " (ago("since", now, trouble.since))
                                @if let Some(over) = trouble.over { ", seems over since " (ago("over", now, Some(over))) }
                                @else if muted { ", and nobody is called for it" }
                                @else if trouble.told == 0 { ", told when no other node joins it" }
                                @else { ", told " (times(trouble.told)) @if let Some(again) = trouble.again { ", again " (local(Some(again))) } }
                            }
                        }
                        @if !muted {
                            @for (hours, word) in [(1, "an hour"), (24, "a day")] {
                                button.button type="button" data-act="mute" data-node=(trouble.node) data-cause=(word_of(trouble.cause)) data-hours=(hours)
                                    aria-label={ "Mute " (trouble.cause.name()) " of " (trouble.node) " for " (word) } { "Mute for " (word) }
                            }
                        }
                    }
                }
            }
            p.said-back role="status" data-back {}
        }
    }
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn standing(cause: Cause) -> &'static str {
    match cause {
        Cause::Crisis => "crisis",
        Cause::Silent => "silent",
        Cause::UnderVoltage | Cause::ReadOnlyDisk | Cause::FailedUnit => "stressed",
    }
}

/// The cause as the API names it.
fn word_of(cause: Cause) -> String {
    let word = serde_json::to_value(cause).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned()
}

fn quiet(windows: &[QuietView]) -> Markup {
    html! {
        section.panel aria-labelledby="quiet" {
            div.heading { h2 #quiet { "Quiet times" } p.hint { "mutes and maintenance: nobody is called; what still lasts at the end is told then" } }
            @if windows.is_empty() { p.hint { "None." } }
            ul.windows {
                @for window in windows {
                    li {
                        span { (whom(window)) @if let Some(cause) = window.cause { ", " (cause.name()) " alone" } ": " (local(window.from)) " to " (local(window.until)) }
                        @if !window.reason.is_empty() { span.hint { (window.reason) } }
                        button.button type="button" data-act="end" data-id=(window.id) aria-label={ "End the quiet time of " (whom(window)) } { "End it" }
                    }
                }
            }
            form.filter data-act="quiet" {
                label { "For" select name="scope" { option value="all" { "the whole fleet" } option value="group" { "the group" } option value="node" { "the node" } } }
                label { "Name of node or group" input name="name" maxlength="32" autocapitalize="none" autocomplete="off" spellcheck="false"; }
                label { "Of" select name="cause" { option value="" { "every cause" } @for cause in Cause::ALL { option value=(word_of(cause)) { (cause.name()) " alone" } } } }
                label { "From (empty: now)" input name="from" type="datetime-local"; }
                label { "Until" input name="until" type="datetime-local" required; }
                label { "Why" input name="reason" maxlength="200"; }
                button type="submit" { "Keep quiet" }
            }
            p.said-back role="status" data-back {}
        }
    }
}

fn whom(window: &QuietView) -> String {
    match (&window.node, &window.group) {
        (Some(node), _) => node.clone(),
        (None, Some(group)) => format!("group {group}"),
        (None, None) => "the whole fleet".to_owned(),
    }
}

fn line(message: &MessageView, now: Timestamp) -> Markup {
    html! {
        li {
            (local(message.at))
            span.kind { (message.place) }
            p.what {
                (message.title)
                span.hint {
                    " – "
                    @match (&message.delivered, message.given_up, &message.error) {
                        (Some(at), ..) => { "arrived " (ago("arrived", now, Some(*at))) " ago" }
                        (None, true, Some(error)) => { "given up after " (times(message.attempts)) ": " (error) }
                        (None, true, None) => { "given up" }
                        (None, false, Some(error)) => { "not delivered, tried " (times(message.attempts)) ", and again: " (error) }
                        (None, false, None) => "on its way",
                    }
                }
            }
        }
    }
}

/// What an operator says of one node: group, labels, an hour of quiet, and that it is none of ours.
pub(super) fn tag(name: &str, simulated: bool, group: Option<&str>, labels: &[String]) -> Markup {
    html! {
        section.panel aria-labelledby="tag" {
            div.heading { h2 #tag { "Group and labels" } p.hint { "changing them needs an operator's token" } }
            form.filter data-act="tag" data-node=(name) {
                label { "Group" input name="group" maxlength="32" value=(group.unwrap_or_default()) autocomplete="off"; }
                label { "Labels, with commas between them" input name="labels" value=(labels.join(", ")) autocomplete="off"; }
                button type="submit" { "Keep" }
            }
            div.filter {
                button.button type="button" data-act="mute" data-node=(name) data-hours="1" { "Call nobody for it for an hour" }
                button.button type="button" data-act="mute" data-node=(name) data-hours="24" { "… for a day" }
                @if !simulated {
                    button.button type="button" data-act="revoke" data-node=(name) { "Revoke its key" }
                    button.button type="button" data-act="forget" data-node=(name) { "Forget this node" }
                }
            }
            p.said-back role="status" data-back {}
        }
    }
}
