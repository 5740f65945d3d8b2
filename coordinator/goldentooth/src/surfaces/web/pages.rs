//! The pages: drawn whole by the server, so that they are there before any
//! script runs, and kept up to date by the scripts in `assets/`. Everything
//! that stands in them is escaped by the template crate.
//!
//! A new page: a file here that hands its content to [`shell::wrap`], a line in
//! `shell.rs` for the navigation, and a route in `web/mod.rs`.

mod bar;
mod biography;
mod calls;
mod card;
mod cast;
mod charts;
mod events;
mod fleet;
mod ledger;
mod node;
mod proposals;
mod shell;
mod signing;
mod story;

pub(super) use biography::biography;
pub(super) use calls::calls;
pub(super) use cast::cast;
pub(super) use events::events;
pub(super) use fleet::fleet;
pub(super) use ledger::ledger;
pub(super) use node::node;
pub(super) use proposals::proposals;
pub(super) use signing::sign_in;
pub(super) use story::story;

use crate::surfaces::view::{Standing, age};
use jiff::Timestamp;
use maud::{Markup, html};
use shell::{Shell, wrap};

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
