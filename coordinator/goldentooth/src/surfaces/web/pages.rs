//! The pages: drawn whole by the server, so that they are there before any
//! script runs, and kept up to date by the scripts in `assets/`. Everything
//! that stands in them is escaped by the template crate.

mod card;
mod day;
mod events;
mod fleet;
mod node;

pub(super) use events::events;
pub(super) use fleet::fleet;
pub(super) use node::node;

use crate::surfaces::view::{Standing, age};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

/// What the frame around a page needs.
struct Frame<'a> {
    /// For the scripts: which page this is.
    page: &'a str,
    title: &'a str,
    /// What the scripts follow; empty for a page that never changes.
    stream: &'a str,
}

/// A whole page around `main`.
fn framed(frame: &Frame<'_>, main: &Markup) -> Markup {
    let here = |page: &str| (frame.page == page).then_some("page");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="description" content="How every node of the fleet feels, and why.";
                title { (frame.title) }
                link rel="icon" href="/assets/tooth.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/goldentooth.css";
                @if !frame.stream.is_empty() {
                    @for script in ["app", "stream", "time", "fleet", "show", "node", "events"] {
                        link rel="modulepreload" href={ "/assets/" (script) ".js" };
                    }
                    script type="module" src="/assets/app.js" {}
                }
            }
            body data-page=(frame.page) data-stream=(frame.stream) {
                a.skip href="#main" { "Skip to the content" }
                (shapes())
                header.top {
                    a.brand href="/" { img src="/assets/tooth.svg" alt="" width="28" height="28"; "Goldentooth" }
                    nav aria-label="Main" {
                        a href="/" aria-current=[here("fleet")] { "Fleet" }
                        a href="/events" aria-current=[here("events")] { "Events" }
                    }
                    @if !frame.stream.is_empty() {
                        p.link #link role="status" data-link="wait" { "connecting" }
                    }
                }
                main #main { (main) }
                footer.foot { "Goldentooth " (env!("CARGO_PKG_VERSION")) " · the same as JSON: " a href="/api/v1/nodes" { "nodes" } ", " a href="/api/v1/status" { "status" } ", " a href="/api/v1/events" { "events" } }
            }
        }
    }
}

/// Each standing has a shape of its own: nobody needs the colour.
fn shapes() -> Markup {
    html! {
        svg.sprite aria-hidden="true" {
            symbol #mood-happy viewBox="0 0 24 24" {
                circle cx="12" cy="12" r="10" fill="currentColor" {}
                path.cut d="M8.5 9v1.5M15.5 9v1.5M7.5 14c1.2 2 2.7 3 4.5 3s3.3-1 4.5-3" {}
            }
            symbol #mood-bored viewBox="0 0 24 24" {
                rect x="1.5" y="4" width="21" height="16" rx="8" fill="currentColor" {}
                path.cut d="M6.5 10.5h3.5M14 10.5h3.5M9 15.5h6" {}
            }
            symbol #mood-stressed viewBox="0 0 24 24" {
                path d="M12 2.5 22.5 21h-21z" fill="currentColor" stroke="currentColor" stroke-width="2.5" stroke-linejoin="round" {}
                path.cut d="M9.5 11v1.5M14.5 11v1.5M7 18l2.5-2 2.5 2 2.5-2 2.5 2" {}
            }
            symbol #mood-crisis viewBox="0 0 24 24" {
                path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" {}
                path.cut.bold d="M12 6.5v7M12 17.5v.01" {}
            }
            symbol #mood-silent viewBox="0 0 24 24" {
                circle cx="12" cy="12" r="9.5" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="4 3.46" {}
                path.line d="m9 9 6 6M15 9l-6 6" {}
            }
            symbol #mood-learning viewBox="0 0 24 24" {
                rect x="2" y="2" width="20" height="20" rx="5" fill="none" stroke="currentColor" stroke-width="2" {}
                path.line.bold d="M7 12v.01M12 12v.01M17 12v.01" {}
            }
        }
    }
}

/// The shape of a standing.
fn shape(standing: Standing) -> Markup {
    html! {
        svg.shape aria-hidden="true" { use data-slot="shape" href={ "#mood-" (standing.word()) } {} }
    }
}

/// How long ago something was, counted on by the script.
fn ago(slot: &str, now: Timestamp, at: Option<Timestamp>) -> Markup {
    html! {
        time data-slot=(slot) data-age datetime=[at.map(stamp)] {
            @if let Some(at) = at { (age(now, at)) }
        }
    }
}

/// A point in time, told in the viewer's zone by the script.
fn local(at: Option<Timestamp>) -> Markup {
    html! {
        time data-local datetime=[at.map(stamp)] {
            @if let Some(at) = at { (at.strftime("%b %-d, %H:%M:%S")) " UTC" } @else { "time unknown" }
        }
    }
}

fn stamp(at: Timestamp) -> String {
    at.to_string()
}
