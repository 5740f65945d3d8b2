//! Births: a node that has earned it gets a character of its own, made by
//! rules from a seed. Its words come from the reserve: sheets of unused voices,
//! each written by hand in an idiom of its own, so that a newborn speaks like
//! nobody who is on stage.

use crate::casting::Cast;
use crate::lint::lint;
use crate::sheet::{Sheet, SheetError};
use oorandom::Rand64;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! reserve {
    ($($id:literal),*) => {
        [$(($id, include_str!(concat!("../sheets/reserve/", $id, ".toml")))),*]
    };
}

/// The voices that nobody on stage has yet, by file name.
pub const RESERVE: [(&str, &str); 6] = reserve!["caraway", "descant", "halyard", "loom", "parcel", "tuft"];

/// By how much a newborn's traits differ from its voice's at most, to either side.
const DRIFT: f64 = 0.08;

/// What earned a node a character of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A person wished it.
    Wish,
    /// No other node has this role.
    UniqueRole(String),
    /// So many crises.
    Crises(usize),
    /// So many silences.
    Silences(usize),
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wish => formatter.write_str("a person wished it"),
            Self::UniqueRole(role) => write!(formatter, "no other node has the role {role:?}"),
            Self::Crises(count) => write!(formatter, "it was in crisis {count} times"),
            Self::Silences(count) => write!(formatter, "it fell silent {count} times"),
        }
    }
}

/// Why nobody can be born.
#[derive(Debug, thiserror::Error)]
pub enum BirthError {
    /// The node has somebody.
    #[error("{node} has a character of its own already: {by}")]
    Has {
        /// Which node.
        node: String,
        /// Who that is.
        by: String,
    },
    /// The stage is full.
    #[error("{0} are on stage, which is the most: raise `most` under [cast], or take a sheet away")]
    Full(usize),
    /// Every voice of the reserve speaks already, or is too like one that does.
    #[error(
        "no voice is left in the reserve: begin a sheet with `goldentooth cast new`, and give it node = {0:?}"
    )]
    NoVoice(String),
    /// A sheet of the reserve is faulty.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// What a sheet became can't be written.
    #[error("a newborn's sheet can't be written: {0}")]
    Write(#[from] toml::ser::Error),
}

/// The role of a node, if no other node has it.
pub fn unique_role<'a>(cast: &'a Cast, node: &str) -> Option<&'a str> {
    let role = cast.role_of(node)?;
    cast.is_unique_role(role).then_some(role)
}

/// A character for this node: its sheet, and the text of it. The same cast, node
/// and seed give the same one. It differs from everybody on stage as the lint
/// demands.
///
/// # Errors
/// [`BirthError`] says what keeps it from being born.
pub fn bear(cast: &Cast, node: &str, seed: u64) -> Result<(Sheet, String), BirthError> {
    if let Some(own) = cast.own_of(node) {
        return Err(BirthError::Has { node: node.to_owned(), by: own.name.clone() });
    }
    if cast.is_full() {
        return Err(BirthError::Full(cast.most()));
    }
    let mut chance = Rand64::new(u128::from(seed));
    let start = chance.rand_range(0..RESERVE.len() as u64) as usize;
    for turn in 0..RESERVE.len() {
        let Some((id, voice)) = RESERVE.get((start + turn) % RESERVE.len()) else { continue };
        if is_taken(cast, id) {
            continue;
        }
        let text = dress(cast, node, (id, voice), &mut chance)?;
        let sheet = Sheet::parse(id, &text)?;
        let mut larger = cast.clone();
        if larger.add(sheet.clone()).is_err() {
            continue;
        }
        if lint(&larger, |_| true).iter().all(|finding| !(finding.is_fault() && finding.is_about(id))) {
            return Ok((sheet, text));
        }
    }
    Err(BirthError::NoVoice(node.to_owned()))
}

/// Whether somebody on stage has this voice of the reserve.
pub(crate) fn is_taken(cast: &Cast, voice: &str) -> bool {
    cast.sheets().iter().any(|sheet| sheet.id == voice || sheet.lent.as_deref() == Some(voice))
}

/// A voice of the reserve as the sheet of this node's own character.
fn dress(
    cast: &Cast,
    node: &str,
    (id, voice): (&str, &str),
    chance: &mut Rand64,
) -> Result<String, BirthError> {
    let syntax = |error| SheetError::Syntax { file: format!("{id}.toml"), source: Box::new(error) };
    let mut sheet: toml::Table = voice.parse().map_err(syntax)?;
    let name = sheet.get("name").and_then(toml::Value::as_str).unwrap_or(id).to_owned();
    sheet.insert("name".to_owned(), format!("{name} of {node}").into());
    sheet.insert("node".to_owned(), node.into());
    sheet.insert("domain".to_owned(), format!("the node {node}").into());
    if let Some(traits) = sheet.get_mut("traits").and_then(toml::Value::as_table_mut) {
        for (_, value) in traits.iter_mut() {
            let drift = (chance.rand_float() * 2.0 - 1.0) * DRIFT;
            let drifted = (value.as_float().unwrap_or(0.5) + drift).clamp(0.0, 1.0);
            *value = ((drifted * 100.0).round() / 100.0).into();
        }
    }
    if let Some(head) = cast.household(node) {
        sheet.insert("house".to_owned(), head.house.clone().into());
        let mut tie = toml::Table::new();
        tie.insert("to".to_owned(), head.id.clone().into());
        tie.insert("kind".to_owned(), "alliance".into());
        tie.insert("why".to_owned(), "It grew up in that household.".into());
        sheet.insert("ties".to_owned(), vec![tie].into());
    }
    Ok(toml::to_string(&sheet)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_newborn_is_its_nodes_own_and_like_nobody() {
        let mut cast = Cast::built_in().unwrap();
        let mut born = BTreeSet::new();
        for number in 0..RESERVE.len() {
            let node = format!("pi-{number:02}");
            let head = cast.embody(&node).unwrap().clone();
            let (sheet, text) = bear(&cast, &node, number as u64).unwrap();
            assert_eq!(bear(&cast, &node, number as u64).unwrap().1, text, "a seed gives one character");
            assert_eq!(sheet.node.as_deref(), Some(node.as_str()));
            assert!(sheet.name.ends_with(&format!(" of {node}")), "{}", sheet.name);
            assert_eq!(
                (sheet.house.as_str(), sheet.ties[0].to.as_str()),
                (head.house.as_str(), head.id.as_str())
            );
            born.insert(sheet.id.clone());
            cast.add(sheet.clone()).unwrap();
            assert_eq!(cast.embody(&node).unwrap().id, sheet.id);
            assert_eq!(cast.household(&node).unwrap().id, head.id, "its household stays what it was");
            assert!(matches!(bear(&cast, &node, 1), Err(BirthError::Has { .. })));
        }
        assert_eq!(born.len(), RESERVE.len());
        assert_eq!(lint(&cast, |_| true), [], "all of them at once");
        assert!(matches!(bear(&cast, "pi-99", 1), Err(BirthError::NoVoice(_))));
    }

    #[test]
    fn a_full_stage_bears_nobody() {
        let cast = Cast::built_in().unwrap().with_most(15);
        let told = bear(&cast, "pi-01", 1).unwrap_err().to_string();
        assert!(told.starts_with("15 are on stage"), "{told}");
    }
}
