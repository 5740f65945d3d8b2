//! What leaves the house, and under which names.

use super::digest::{Scene, Stands};
use super::plan::Found;
use minds::fence;
use std::collections::BTreeMap;

/// The names that nodes have outside; empty where they go by their own.
pub(crate) struct Outside(BTreeMap<String, String>);

impl Outside {
    /// Aliases for every node, those that are told of first.
    pub(super) fn new(aliases: bool, found: &[Found], scene: &Scene) -> Self {
        let told = found.iter().map(|found| &found.fact.node);
        let troubled = scene.nodes.iter().filter(|node| node.stands != Stands::Well);
        let all = troubled.chain(&scene.nodes).map(|node| &node.name);
        Self::of(aliases, told.chain(all))
    }

    /// Aliases for these nodes, in their order.
    pub(crate) fn of<'a>(aliases: bool, nodes: impl Iterator<Item = &'a String>) -> Self {
        let mut names = BTreeMap::new();
        for name in nodes.filter(|_| aliases) {
            let next = names.len() + 1;
            names.entry(name.clone()).or_insert_with(|| format!("node-{next}"));
        }
        Self(names)
    }

    /// Words as they may go out: cleaned, with aliases for names and without addresses.
    pub(crate) fn words(&self, text: &str, most: usize) -> String {
        let text = fence::clean(text, most);
        if self.0.is_empty() {
            return text;
        }
        let text = fence::hide_addresses(&text);
        let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let mut hidden = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_of_a_name) {
            let (before, from) = rest.split_at(start);
            let (word, after) = from.split_at(from.find(|c| !is_of_a_name(c)).unwrap_or(from.len()));
            hidden.push_str(before);
            hidden.push_str(self.0.get(word).map_or(word, String::as_str));
            rest = after;
        }
        hidden.push_str(rest);
        hidden
    }
}
