//! The fleet in one sentence and five counters, and the order of its nodes.

use super::node::{self, NodeView};
use crate::live::NodeSnapshot;
use frames::Mood;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How a node stands as others see it, worst first: its mood, unless it is
/// silent or has none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Standing {
    /// It fails at its work, or soon will.
    Crisis,
    /// It has stopped speaking.
    Silent,
    /// Work or surroundings weigh on it.
    Stressed,
    /// It has not yet said how it feels.
    Learning,
    /// At work, and well.
    Happy,
    /// Little to do, and nothing wrong.
    Bored,
}

impl Standing {
    /// Of a node in this mood.
    pub fn new(mood: Option<Mood>, silent: bool) -> Self {
        match mood {
            _ if silent => Self::Silent,
            None => Self::Learning,
            Some(Mood::Bored) => Self::Bored,
            Some(Mood::Happy) => Self::Happy,
            Some(Mood::Stressed) => Self::Stressed,
            Some(Mood::Crisis) => Self::Crisis,
        }
    }

    /// The word that stands beside its shape.
    pub fn word(self) -> &'static str {
        match self {
            Self::Crisis => "crisis",
            Self::Silent => "silent",
            Self::Stressed => "stressed",
            Self::Learning => "learning",
            Self::Happy => "happy",
            Self::Bored => "bored",
        }
    }
}

impl NodeView {
    /// How it stands.
    pub fn standing(&self) -> Standing {
        Standing::new(self.mood, self.silent)
    }

    /// Every reason in words, one after another.
    pub fn because_words(&self) -> String {
        self.because.iter().map(|cause| cause.words.as_str()).collect::<Vec<_>>().join("; ")
    }
}

/// Orders nodes worst first, and by name within the same standing, numbers by
/// value (`pi-2` before `pi-10`).
pub fn worst_first(nodes: &mut [NodeView]) {
    nodes.sort_by(|a, b| a.standing().cmp(&b.standing()).then_with(|| natural(&a.name, &b.name)));
}

/// Compares names as people do: runs of digits by their value.
pub(crate) fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (Some(first), Some(second)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len()).then_with(|| one.cmp(other));
        };
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (less, more) = (digits(&mut left), digits(&mut right));
            less.len().cmp(&more.len()).then_with(|| less.cmp(more))
        } else {
            left = left.get(first.len_utf8()..).unwrap_or_default();
            right = right.get(second.len_utf8()..).unwrap_or_default();
            first.cmp(&second)
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes the leading digits, without zeros before them.
fn digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    *text = rest;
    number.trim_start_matches('0')
}

/// How many nodes stand how. A silent node counts as silent only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counts {
    /// Nodes with little to do.
    pub bored: usize,
    /// Nodes at work, and well.
    pub happy: usize,
    /// Nodes that something weighs on.
    pub stressed: usize,
    /// Nodes that fail, or soon will.
    pub crisis: usize,
    /// Nodes that stopped speaking.
    pub silent: usize,
    /// Nodes that have not yet said how they feel.
    pub learning: usize,
}

/// How the whole fleet stands: what colours the page's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FleetState {
    /// No node has spoken yet.
    Empty,
    /// Nothing is wrong.
    Well,
    /// No node that has said how it feels is unwell, and some have not.
    Learning,
    /// The worst is stressed.
    Stressed,
    /// The worst is silent.
    Silent,
    /// The worst is in crisis.
    Crisis,
}

/// The fleet at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FleetView {
    /// One sentence, or two.
    pub verdict: String,
    /// How it stands.
    pub state: FleetState,
    /// Nodes by standing.
    pub counts: Counts,
    /// How many nodes there are.
    pub nodes: usize,
    /// The groups that operators made, worst first; empty without any.
    #[serde(default)]
    pub groups: Vec<GroupView>,
}

/// A group of nodes: it stands as its worst member does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Group"))]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// How its worst member stands.
    pub worst: Standing,
    /// How many nodes it has.
    pub nodes: usize,
}

/// What the sentence needs of one node.
struct Brief<'a> {
    name: &'a str,
    because: String,
}

impl FleetView {
    /// Of these nodes.
    pub fn of<'a>(nodes: impl Iterator<Item = &'a NodeSnapshot>) -> Self {
        let mut counts = Counts::default();
        let (mut crisis, mut silent, mut stressed) = (Vec::new(), Vec::new(), Vec::new());
        let mut total = 0;
        let mut any = "";
        let mut groups: BTreeMap<&str, (Standing, usize)> = BTreeMap::new();
        for node in nodes {
            total += 1;
            any = node.name.as_str();
            let standing = Standing::new(node.mood, node.silent);
            if let Some(group) = &node.tag.group {
                let (worst, members) = groups.entry(group).or_insert((standing, 0));
                *worst = standing.min(*worst);
                *members += 1;
            }
            let list = match standing {
                Standing::Crisis => (&mut counts.crisis, Some(&mut crisis)),
                Standing::Silent => (&mut counts.silent, Some(&mut silent)),
                Standing::Stressed => (&mut counts.stressed, Some(&mut stressed)),
                Standing::Learning => (&mut counts.learning, None),
                Standing::Happy => (&mut counts.happy, None),
                Standing::Bored => (&mut counts.bored, None),
            };
            *list.0 += 1;
            if let Some(named) = list.1 {
                named.push(node);
            }
        }
        let lead = [
            (FleetState::Crisis, &crisis, "is in crisis", "are in crisis"),
            (FleetState::Silent, &silent, "has fallen silent", "have fallen silent"),
            (FleetState::Stressed, &stressed, "is stressed", "are stressed"),
        ]
        .into_iter()
        .find(|(_, list, ..)| !list.is_empty());
        let (state, verdict) = match lead {
            Some((state, list, one, many)) => {
                (state, troubled(&briefs(list, state), list.len(), total, one, many, counts, state))
            }
            None => calm(total, any, counts),
        };
        let mut groups: Vec<GroupView> = groups
            .into_iter()
            .map(|(name, (worst, nodes))| GroupView { name: name.to_owned(), worst, nodes })
            .collect();
        groups.sort_by(|a, b| a.worst.cmp(&b.worst).then_with(|| natural(&a.name, &b.name)));
        Self { verdict, state, counts, nodes: total, groups }
    }
}

/// The first few by name; a reason only where the sentence has room for one.
fn briefs<'a>(list: &[&'a NodeSnapshot], state: FleetState) -> Vec<Brief<'a>> {
    let mut list: Vec<_> = list.iter().collect();
    list.sort_by(|a, b| natural(a.name.as_str(), b.name.as_str()));
    let reason = list.len() == 1 && state != FleetState::Silent;
    let because = |node: &NodeSnapshot| {
        let causes = if reason { node::because(node) } else { Vec::new() };
        causes.into_iter().map(|cause| cause.words).collect::<Vec<_>>().join(" and ")
    };
    list.iter().take(3).map(|node| Brief { name: node.name.as_str(), because: because(node) }).collect()
}

fn troubled(
    named: &[Brief<'_>],
    count: usize,
    total: usize,
    one: &str,
    many: &str,
    counts: Counts,
    state: FleetState,
) -> String {
    let mut text = match named {
        [only] if only.because.is_empty() => format!("{} {one}.", only.name),
        [only] => format!("{} {one}: {}.", only.name, only.because),
        _ if count == total => format!("All {total} nodes {many}."),
        _ => {
            let mut names: Vec<_> = named.iter().map(|brief| brief.name.to_owned()).collect();
            if count > named.len() {
                names.truncate(2);
                names.push(format!("{} more", count - 2));
            }
            format!("{count} of {total} nodes {many}: {}.", listed(&names))
        }
    };
    // The counters stand beside the sentence: it names what else is wrong, no more.
    let mut others = Vec::new();
    for (wrong, among, word) in
        [(counts.silent, FleetState::Silent, "silent"), (counts.stressed, FleetState::Stressed, "stressed")]
    {
        if wrong > 0 && state != among {
            others.push(format!("{wrong} more {} {word}", if wrong == 1 { "is" } else { "are" }));
        }
    }
    let well = counts.bored + counts.happy;
    match (others.as_slice(), well) {
        ([], 1) if count + 1 == total => text.push_str(" The other one is well."),
        ([], _) if well > 0 && count + well == total => {
            let _ = write!(text, " The other {well} are well.");
        }
        ([], _) => {}
        _ => {
            let _ = write!(text, " {}.", listed(&others));
        }
    }
    text
}

fn calm(total: usize, any: &str, counts: Counts) -> (FleetState, String) {
    let well = counts.bored + counts.happy;
    match (total, counts.learning) {
        (0, _) => (FleetState::Empty, "No node has spoken yet.".to_owned()),
        (1, 1) => (FleetState::Learning, format!("Learning how {any} feels.")),
        (_, learning) if learning == total => {
            (FleetState::Learning, format!("Learning how {total} nodes feel."))
        }
        (_, 0) if total == counts.bored && total > 1 => {
            (FleetState::Well, format!("All {total} nodes are well, and bored: there is little to do."))
        }
        (1, _) if counts.bored == 1 => {
            (FleetState::Well, format!("{any} is well, and bored: there is little to do."))
        }
        (1, _) => (FleetState::Well, format!("{any} is well.")),
        (_, 0) => (FleetState::Well, format!("All {total} nodes are well.")),
        (_, learning) => {
            let are = if well == 1 { "is" } else { "are" };
            let word = if learning == 1 { "one is" } else { "others are" };
            (FleetState::Learning, format!("{well} of {total} nodes {are} well; {word} still learning."))
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
