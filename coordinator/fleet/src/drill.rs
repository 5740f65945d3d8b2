//! Drills: what the failure of a node would take along, as far as it is declared
//! and known. Nothing is touched by asking.

use crate::liveness::INTERVALS;
use crate::node::{DEFAULT_INTERVAL, LEAST_INTERVAL};
use crate::service::{Declared, Relations};
use crate::time::Millis;
use crate::words::span;
use frames::NodeName;
use serde::{Deserialize, Serialize};

/// The most services that a finding names.
const NAMED: usize = 6;

/// Something that a drill found, and what people are asked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is so.
    pub words: String,
    /// The question.
    pub asks: String,
}

/// How long nobody misses a node that samples so often: nobody knows better before its
/// first report.
pub fn missed_after(interval: Option<Millis>) -> Millis {
    INTERVALS * interval.unwrap_or(DEFAULT_INTERVAL).max(LEAST_INTERVAL)
}

/// The services that would be gone with a node: those on it that run on no other that speaks.
fn homeless<'a>(relations: &'a Relations, node: &NodeName, speaking: &[NodeName]) -> Vec<&'a Declared> {
    let elsewhere =
        |service: &Declared| service.nodes.iter().any(|home| home != node && speaking.contains(home));
    relations.on(node.as_str()).filter(|service| !elsewhere(service)).collect()
}

/// The services elsewhere that need one of these, directly or through others.
fn dragged<'a>(relations: &'a Relations, node: &NodeName, lost: &[&Declared]) -> Vec<&'a Declared> {
    let needs = |service: &Declared| {
        let needed = relations.needed_by(&service.name);
        needed.iter().any(|needed| lost.iter().any(|lost| lost.name == needed.name))
    };
    let elsewhere = relations.iter().filter(|service| !service.nodes.contains(node));
    elsewhere.filter(|service| needs(service)).collect()
}

/// The node whose failure would take most along; of equals one by the seed. None of none.
pub fn weakest<'a>(relations: &Relations, speaking: &'a [NodeName], seed: u64) -> Option<&'a NodeName> {
    let worth = |node: &NodeName| {
        let lost = homeless(relations, node, speaking);
        lost.len() + dragged(relations, node, &lost).len()
    };
    let most = speaking.iter().map(worth).max()?;
    let weakest: Vec<&NodeName> = speaking.iter().filter(|node| worth(node) == most).collect();
    weakest.get((seed % weakest.len().max(1) as u64) as usize).copied()
}

/// What the failure of this node would take along. `speaking` are the nodes that speak.
pub fn findings(
    relations: &Relations,
    node: &NodeName,
    speaking: &[NodeName],
    interval: Option<Millis>,
) -> Vec<Finding> {
    let here = relations.on(node.as_str()).count();
    let lost = homeless(relations, node, speaking);
    let dragged = dragged(relations, node, &lost);
    let finding = |words: String, asks: &str| Finding { words, asks: asks.to_owned() };
    let mut found = vec![match (here, lost.len()) {
        (0, _) => finding(
            format!("Nothing is declared to run on {node}"),
            "What runs there, and who would miss it? A [[service]] in the configuration says so.",
        ),
        (here, 0) => finding(
            format!("Of {} on {node} each has another home", services(here)),
            "Has anybody tried whether they start there?",
        ),
        (here, gone) => finding(
            format!("{gone} of {} on {node} would have no other home: {}", services(here), named(&lost)),
            "Where shall they run when it is gone?",
        ),
    }];
    if !dragged.is_empty() {
        found.push(finding(
            format!("{} elsewhere would miss them: {}", services(dragged.len()), named(&dragged)),
            "Do these bear to wait, or do they fail with them?",
        ));
    }
    found.push(finding(
        format!("Nobody would miss {node} for {}", span(missed_after(interval))),
        "Is that soon enough?",
    ));
    found
}

fn services(count: usize) -> String {
    if count == 1 { "1 service".to_owned() } else { format!("{count} services") }
}

fn named(services: &[&Declared]) -> String {
    let names: Vec<&str> = services.iter().take(NAMED).map(|service| service.name.as_str()).collect();
    let more = services.len().saturating_sub(NAMED);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> NodeName {
        text.parse().unwrap()
    }

    fn service(own: &str, nodes: &[&str], needs: &[&str]) -> Declared {
        Declared {
            name: name(own),
            nodes: nodes.iter().map(|node| name(node)).collect(),
            unit: None,
            needs: needs.iter().map(|need| name(need)).collect(),
            role: None,
        }
    }

    #[test]
    fn what_has_no_other_home_goes_and_drags_along_what_needs_it() {
        let relations = Relations::new(vec![
            service("vault", &["pi-1"], &[]),
            service("dns", &["pi-1", "pi-2"], &[]),
            service("wiki", &["pi-2"], &["vault"]),
            service("search", &["pi-3"], &["wiki"]),
            service("lights", &["pi-3"], &["dns"]),
        ])
        .unwrap();
        let speaking = [name("pi-1"), name("pi-2"), name("pi-3")];
        let words = |node: &str, speaking: &[NodeName]| -> Vec<String> {
            let found = findings(&relations, &name(node), speaking, Some(10_000));
            assert!(found.iter().all(|one| one.asks.ends_with(['?', '.'])));
            found.into_iter().map(|one| one.words).collect()
        };
        assert_eq!(
            words("pi-1", &speaking),
            [
                "1 of 2 services on pi-1 would have no other home: vault",
                "2 services elsewhere would miss them: wiki, search",
                "Nobody would miss pi-1 for 30 s",
            ]
        );
        // A home that does not speak is none.
        assert!(words("pi-1", &speaking[..1])[0].starts_with("2 of 2 services on pi-1"));
        assert_eq!(words("attic", &speaking)[0], "Nothing is declared to run on attic");
        assert_eq!(weakest(&relations, &speaking, 3), Some(&speaking[0]));
        assert_eq!(weakest(&relations, &[], 3), None);
        let none = Relations::default();
        assert_ne!(weakest(&none, &speaking, 0), weakest(&none, &speaking, 1), "of equals any");
        assert_eq!(missed_after(None), INTERVALS * DEFAULT_INTERVAL);
    }
}
