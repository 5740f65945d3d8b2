//! The council: what every eye of the cast sees in one node. `council.js` asks
//! for it, and draws the seats.

use maud::{Markup, html};

/// The panel of the council; these nodes may be chosen.
pub(super) fn council(nodes: &[&str]) -> Markup {
    html! {
        section.panel.council aria-labelledby="council" {
            div.heading {
                h2 #council { "Their council" }
                p.hint { "each looks at the same node in its own way; where they are divided, nobody can be sure" }
                @if !nodes.is_empty() {
                    form.tools #council-form {
                        label { span { "Node" } select #council-node { @for node in nodes { option value=(node) { (node) } } } }
                    }
                }
            }
            @if nodes.is_empty() {
                p { "No node has spoken yet: there is nothing to look at." }
            } @else {
                p.finding #finding role="status" data-finding="" { "The council is looking." }
                svg.scale #scale viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {}
                ol.seats #seats {}
                noscript { p { "The council needs JavaScript; " code { "goldentooth ask what does the council say about NODE" } " does without." } }
            }
        }
    }
}
