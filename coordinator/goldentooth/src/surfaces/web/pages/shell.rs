//! What every page has around its content: head, navigation, the state of the
//! stream, foot, and the shapes of the moods.
//!
//! Colours, sizes and distances are variables in `assets/tokens.css`, and
//! `assets/goldentooth.css` has what pages share (`.panel`, `.heading`, `.hint`,
//! `.badge`, `.facts`, `.filter`).

use maud::{DOCTYPE, Markup, html};

/// The pages of the navigation, in its order: name, address, word.
const PLACES: [(&str, &str, &str); 5] = [
    ("fleet", "/", "Fleet"),
    ("events", "/events", "Events"),
    ("calls", "/calls", "Calls"),
    ("cast", "/cast", "Cast"),
    ("proposals", "/proposals", "Proposals"),
];

/// The modules that a page of nodes or events runs: the first begins, the
/// others are what it imports.
pub(super) const SCRIPTS: &[&str] =
    &["app", "stream", "time", "taste", "fleet", "bars", "find", "show", "node", "events", "care"];

/// What the shell needs to know of a page.
pub(super) struct Shell<'a> {
    /// Its name: `data-page` for scripts and styles, and its place in the navigation.
    pub(super) page: &'a str,
    /// What the browser's tab says before the program's name.
    pub(super) title: &'a str,
    /// What the scripts follow; empty for a page that never changes.
    pub(super) stream: &'a str,
    /// The modules in `assets/`, the one that begins first; none for a page without.
    pub(super) scripts: &'a [&'a str],
}

/// A whole page around its content.
pub(super) fn wrap(shell: &Shell<'_>, main: &Markup) -> Markup {
    let here = |page: &str| (shell.page == page).then_some("page");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (metas())
                meta name="description" content="How every node of the fleet feels, and why.";
                title { (shell.title) " · Goldentooth" }
                link rel="icon" href="/assets/tooth.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/tokens.css";
                link rel="stylesheet" href="/assets/goldentooth.css";
                @if shell.page == "cast" { link rel="stylesheet" href="/assets/cast.css"; }
                @for script in shell.scripts {
                    link rel="modulepreload" href={ "/assets/" (script) ".js" };
                }
                @if let Some(first) = shell.scripts.first() {
                    script type="module" src={ "/assets/" (first) ".js" } {}
                }
            }
            body data-page=(shell.page) data-stream=(shell.stream) {
                a.skip href="#main" { "Skip to the content" }
                (shapes())
                header.top {
                    a.brand href="/" { img src="/assets/tooth.svg" alt="" width="28" height="28"; "Goldentooth" }
                    nav aria-label="Main" {
                        @for (page, address, word) in PLACES {
                            a href=(address) aria-current=[here(page)] { (word) }
                        }
                    }
                    @if !shell.stream.is_empty() {
                        p.link #link role="status" data-link="wait" { "connecting" }
                    }
                }
                @if !shell.stream.is_empty() {
                    // What the coordinator itself lacks; filled by the script.
                    p.house #house role="alert" hidden {}
                }
                main #main { (main) }
                footer.foot { "Goldentooth " (env!("CARGO_PKG_VERSION")) " · the same as JSON: " a href="/api/v1/nodes" { "nodes" } ", " a href="/api/v1/status" { "status" } ", " a href="/api/v1/events" { "events" } " · voices: " a href="?flavour=off" { "off" } ", " a href="?flavour=light" { "light" } ", " a href="?flavour=full" { "full" } }
            }
        }
    }
}

/// What every document of ours says of itself first.
pub(super) fn metas() -> Markup {
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
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
