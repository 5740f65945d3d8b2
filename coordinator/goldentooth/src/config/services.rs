//! `[[service]]`: what runs on nodes, and who needs whom.

use super::ConfigError;
use fleet::{Declared, RelationError, Relations};
use frames::NodeName;
use serde::Deserialize;
use std::path::Path;
use toml::Spanned;

/// The most characters of a role, as of a group.
const LONGEST_ROLE: usize = 32;
/// The most bytes of a unit's name: what a `Services` frame can carry.
const LONGEST_UNIT: usize = 64;

/// One `[[service]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    name: Spanned<NodeName>,
    node: Option<NodeName>,
    #[serde(default)]
    nodes: Vec<NodeName>,
    unit: Option<Spanned<String>>,
    #[serde(default)]
    needs: Vec<NodeName>,
    role: Option<Spanned<String>>,
}

/// Checks what is declared.
pub(super) fn relations(path: &Path, text: &str, entries: Vec<Entry>) -> Result<Relations, ConfigError> {
    let wrong = |at: usize, why: String| ConfigError::Value {
        path: path.to_owned(),
        line: super::line_of(text, at),
        why: format!("[[service]] {why}"),
    };
    let mut declared = Vec::new();
    let mut places = Vec::new();
    for entry in entries {
        let at = entry.name.span().start;
        let name = entry.name.into_inner();
        if entry.node.is_some() && !entry.nodes.is_empty() {
            return Err(wrong(at, format!("{name} has both node and nodes; write nodes alone")));
        }
        if let Some(unit) = &entry.unit
            && !is_unit(unit.get_ref())
        {
            let why = format!("unit: {:?} is no name of a unit", unit.get_ref());
            return Err(wrong(unit.span().start, why));
        }
        if let Some(role) = &entry.role {
            let length = role.get_ref().chars().count();
            if !(1..=LONGEST_ROLE).contains(&length) || role.get_ref().chars().any(char::is_control) {
                return Err(wrong(
                    role.span().start,
                    format!("role: a role has 1 to {LONGEST_ROLE} characters"),
                ));
            }
        }
        places.push((name.clone(), at));
        declared.push(Declared {
            name,
            nodes: entry.node.into_iter().chain(entry.nodes).collect(),
            unit: entry.unit.map(Spanned::into_inner),
            needs: entry.needs,
            role: entry.role.map(Spanned::into_inner),
        });
    }
    Relations::new(declared).map_err(|error| {
        // Of two of one name, the second is too much.
        let mut found = places.iter().filter(|(name, _)| Some(name) == error.at());
        let at = match &error {
            RelationError::Twice(_) => found.next_back(),
            _ => found.next(),
        };
        wrong(at.map_or(0, |(_, at)| *at), format!("needs: {error}"))
    })
}

fn is_unit(unit: &str) -> bool {
    let ours = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | ':' | '\\');
    (1..=LONGEST_UNIT).contains(&unit.len()) && unit.chars().all(ours)
}
