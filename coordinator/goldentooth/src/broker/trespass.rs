//! What the door turned away on frame topics: intake counts it and tells of it.

use crate::words::lock;
use frames::NodeName;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The most nodes that are kept apart between two looks; the rest share one
/// place, since names that nobody gave are without number.
const MOST: usize = 1_024;

/// Messages turned away on one node's frame topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trespass {
    /// How many.
    pub messages: u64,
    /// Whose the first of them was: kind, name and epoch; empty without an account.
    pub account: String,
}

/// What was turned away since the last look, by the node whose topic it was.
#[derive(Debug, Default)]
pub struct Trespasses(Mutex<BTreeMap<Option<NodeName>, Trespass>>);

impl Trespasses {
    /// A message on this node's frame topic was turned away.
    pub(super) fn note(&self, node: NodeName, account: Option<&str>) {
        let mut noted = lock::mutex(&self.0);
        let mut node = Some(node);
        if noted.len() >= MOST && !noted.contains_key(&node) {
            node = None;
        }
        let account = || account.unwrap_or_default().to_owned();
        noted.entry(node).or_insert_with(|| Trespass { messages: 0, account: account() }).messages += 1;
    }

    /// What was turned away since this was last asked.
    pub fn take(&self) -> BTreeMap<Option<NodeName>, Trespass> {
        std::mem::take(&mut lock::mutex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_kept_and_names_without_number_share_one_place() {
        let trespasses = Trespasses::default();
        for number in 0..2 * MOST {
            trespasses.note(format!("n{number}").parse().unwrap(), Some("node:a:1"));
        }
        trespasses.note("n0".parse().unwrap(), None);
        let noted = trespasses.take();
        assert_eq!(noted.len(), MOST + 1);
        let first = &noted[&Some("n0".parse().unwrap())];
        assert_eq!((first.messages, first.account.as_str()), (2, "node:a:1"));
        assert_eq!(noted.values().map(|trespass| trespass.messages).sum::<u64>(), 2 * MOST as u64 + 1);
        assert!(trespasses.take().is_empty());
    }
}
