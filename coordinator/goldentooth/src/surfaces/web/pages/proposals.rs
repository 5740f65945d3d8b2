//! `/proposals`: what may change a node, and who has to ask for it.

use super::shell::{Shell, wrap};
use maud::{Markup, html};

/// What a coordinator sends to nodes, and upon whose word.
const SENDS: [(&str, &str); 4] = [
    ("Acknowledgements, and a wish for a sample", "by itself: they change nothing there"),
    ("Another mood model", "when an operator runs goldentooth models push; the node tries it first"),
    ("Enrolment files", "when an operator runs goldentooth enroll, and carries the file there"),
    (
        "Groups, labels and quiet times",
        "when an operator sets them; they stay here, and no node hears of them",
    ),
];

pub(in crate::surfaces::web) async fn proposals() -> Markup {
    wrap(
        &Shell { page: "proposals", title: "Proposals", stream: "", scripts: &[] },
        &html! {
            h1 { "Proposals" }
            section.panel.nothing aria-labelledby="none" {
                h2 #none { "None: nothing here can propose, and nothing ever runs unasked" }
                p {
                    "The characters watch, and speak from what is recorded. None of them can run a command, "
                    "restart a service or change a file, and neither can this page. "
                    "There is no queue of changes that waits for somebody's consent, and no agent takes one."
                }
            }
            section.panel aria-labelledby="sends" {
                div.heading { h2 #sends { "What the coordinator does send" } p.hint { "the whole list" } }
                dl.facts {
                    @for (what, when) in SENDS { div { dt { (what) } dd { (when) } } }
                }
            }
            section.panel aria-labelledby="asked" {
                h2 #asked { "What you can do instead" }
                p { a href="/cast" { "Ask the cast" } " what they would look at first: “what should I do about NAME?” They answer from recorded facts. What you then do, you do on the machine." }
            }
        },
    )
}
