//! Reflection: claims that can be checked against what they cite.

use super::Memory;
use crate::fact::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::mem::discriminant;

/// Somebody reflects when what happened since the last time weighs so much.
pub const THRESHOLD: u32 = 150;
/// A claim cites so many memories at least …
const FEWEST: usize = 3;
/// … and of one kind and node so many at most.
const MOST_CITED: usize = 12;
/// What happened on two nodes within this time happened together.
const TOGETHER: UnixMillis = 10 * 60 * 1_000;

/// Something that is so of the memories that it cites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "sort")]
pub enum Claim {
    /// It happened on this node so many times.
    Count {
        /// What.
        kind: String,
        /// Where.
        node: String,
        /// How often.
        times: usize,
    },
    /// Of those on this node, this was the first.
    First {
        /// What.
        kind: String,
        /// Where.
        node: String,
        /// When.
        at: UnixMillis,
    },
    /// Of those, the one on this node had lasted longest.
    Longest {
        /// What.
        kind: String,
        /// Where.
        node: String,
        /// How long, in milliseconds.
        lasted: u64,
    },
    /// It happened on both within ten minutes, so many times.
    Together {
        /// What.
        kind: String,
        /// Where.
        node: String,
        /// And where.
        other: String,
        /// How often.
        times: usize,
    },
}

/// A claim with what it stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insight {
    /// The claim.
    pub claim: Claim,
    /// The events of the memories that it cites, the oldest first.
    pub cites: Vec<String>,
    /// When it was made.
    pub at: UnixMillis,
}

impl Claim {
    /// Whether it is so of these memories, and of nothing else.
    pub fn holds(&self, cited: &[&Memory]) -> bool {
        let all = |kind: &str, nodes: &[&str]| {
            cited.iter().all(|one| one.kind == kind && nodes.contains(&one.node.as_str()))
        };
        let enough = cited.len() >= FEWEST;
        enough
            && match self {
                Self::Count { kind, node, times } => all(kind, &[node.as_str()]) && cited.len() == *times,
                Self::First { kind, node, at } => {
                    all(kind, &[node.as_str()]) && cited.iter().map(|one| one.at).min() == Some(*at)
                }
                Self::Longest { kind, node, lasted } => {
                    let longest = cited.iter().max_by_key(|one| one.lasted);
                    cited.iter().all(|one| one.kind == *kind && one.lasted > 0)
                        && longest.is_some_and(|one| one.node == *node && one.lasted == *lasted)
                }
                Self::Together { kind, node, other, times } => {
                    all(kind, &[node.as_str(), other.as_str()]) && pairs(cited, node, other).len() == *times
                }
            }
    }

    /// In words, without times: those are told by whoever shows it.
    pub fn words(&self) -> String {
        let said = |kind: &str| kind.replace('_', " ");
        match self {
            Self::Count { kind, node, times } => format!("{node}: {}, at least {times} times", said(kind)),
            Self::First { kind, node, .. } => format!("{node}: {}, and this was the first", said(kind)),
            Self::Longest { kind, node, lasted } => {
                let minutes = lasted / 60_000;
                let (hours, minutes) = (minutes / 60, minutes % 60);
                format!("{node}: {} after {hours} h {minutes:02} min, the longest", said(kind))
            }
            Self::Together { kind, node, other, times } => {
                format!("{node} and {other}: {} at the same time, at least {times} times", said(kind))
            }
        }
    }

    /// Whether both say the same of the same, perhaps with another number.
    fn is_about_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Count { kind, node, .. }, Self::Count { kind: k, node: n, .. })
            | (Self::First { kind, node, .. }, Self::First { kind: k, node: n, .. }) => {
                kind == k && node == n
            }
            (Self::Longest { kind, lasted, .. }, Self::Longest { kind: k, lasted: l, .. }) => {
                kind == k && lasted == l
            }
            (Self::Together { kind, node, other, .. }, Self::Together { kind: k, node: n, other: o, .. }) => {
                kind == k && node == n && other == o
            }
            _ => false,
        }
    }

    /// The number that makes it new again.
    fn number(&self) -> usize {
        match self {
            Self::Count { times, .. } | Self::Together { times, .. } => *times,
            Self::First { .. } | Self::Longest { .. } => 0,
        }
    }
}

/// What these memories allow to be claimed: what it did not claim before, or not
/// yet of so many; of those another sort than the last, and the one that cites most.
pub(super) fn reflect(
    memories: &VecDeque<Memory>,
    before: &VecDeque<Insight>,
    now: UnixMillis,
) -> Option<Insight> {
    let known = |claim: &Claim| {
        before.iter().any(|old| old.claim.is_about_the_same(claim) && old.claim.number() >= claim.number())
    };
    let fresh = claims(memories).into_iter().filter(|(claim, _)| !known(claim));
    let last = before.back().map(|insight| discriminant(&insight.claim));
    let (claim, cited) =
        fresh.max_by_key(|(claim, cited)| (last != Some(discriminant(claim)), cited.len()))?;
    Some(Insight { claim, cites: cited.iter().map(|memory| memory.event.clone()).collect(), at: now })
}

pub(super) type Supported<'a> = (Claim, Vec<&'a Memory>);

/// Every claim that can be made, with what it cites. The later ones win a draw.
pub(super) fn claims(memories: &VecDeque<Memory>) -> Vec<Supported<'_>> {
    let mut of: BTreeMap<(&str, &str), Vec<&Memory>> = BTreeMap::new();
    let mut ended: BTreeMap<&str, Vec<&Memory>> = BTreeMap::new();
    for memory in memories {
        let alike = of.entry((memory.kind.as_str(), memory.node.as_str())).or_default();
        // The newest that may be cited: a count is of those.
        if alike.len() >= MOST_CITED {
            alike.remove(0);
        }
        alike.push(memory);
        if memory.lasted > 0 {
            let alike = ended.entry(memory.kind.as_str()).or_default();
            if alike.len() >= MOST_CITED {
                alike.remove(0);
            }
            alike.push(memory);
        }
    }
    let mut all: Vec<Supported<'_>> = Vec::new();
    for ((kind, node), cited) in of.iter().filter(|(_, cited)| cited.len() >= FEWEST) {
        let (kind, node) = ((*kind).to_owned(), (*node).to_owned());
        // The first of those that are remembered, where none was left out.
        if let Some(first) = cited.first().filter(|_| cited.len() < MOST_CITED) {
            let claim = Claim::First { kind: kind.clone(), node: node.clone(), at: first.at };
            all.push((claim, cited.clone()));
        }
        all.push((Claim::Count { kind, node, times: cited.len() }, cited.clone()));
    }
    for (kind, cited) in ended.into_iter().filter(|(_, cited)| cited.len() >= FEWEST) {
        if let Some(longest) = cited.iter().max_by_key(|one| one.lasted) {
            let (kind, node) = (kind.to_owned(), longest.node.clone());
            all.push((Claim::Longest { kind, node, lasted: longest.lasted }, cited));
        }
    }
    let keys: Vec<(&str, &str)> = of.keys().copied().collect();
    for (place, (kind, node)) in keys.iter().enumerate() {
        for (_, other) in keys.iter().skip(place + 1).filter(|(also, _)| also == kind) {
            let both: Vec<&Memory> = [node, other]
                .into_iter()
                .filter_map(|one| of.get(&(*kind, *one)))
                .flatten()
                .copied()
                .collect();
            let pairs = pairs(&both, node, other);
            let mut cited: Vec<&Memory> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
            if pairs.len() >= FEWEST {
                cited.sort_by_key(|memory| memory.at);
                let (kind, node, other) = ((*kind).to_owned(), (*node).to_owned(), (*other).to_owned());
                all.push((Claim::Together { kind, node, other, times: pairs.len() }, cited));
            }
        }
    }
    all
}

/// Those of both nodes that happened together, each once.
fn pairs<'a>(memories: &[&'a Memory], node: &str, other: &str) -> Vec<(&'a Memory, &'a Memory)> {
    let mut left: Vec<&Memory> = memories.iter().copied().filter(|one| one.node == other).collect();
    let ones = memories.iter().copied().filter(|one| one.node == node);
    ones.filter_map(|one| {
        let near = left.iter().position(|other| (other.at - one.at).abs() <= TOGETHER)?;
        Some((one, left.remove(near)))
    })
    .collect()
}
