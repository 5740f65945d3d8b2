//! Which lines of an answer may be said.

use super::plan::{Found, House, tells_its_fact};
use cast::truth::{self, Untrue};
use cast::{Filled, Kind, Slot, Slots};
use serde_json::Value;
use std::collections::BTreeSet;

/// The most lines that are looked at.
const LINES: usize = 32;
/// The longest line, in characters.
const LONGEST: usize = 280;

/// Why a line is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The answer, or this line of it, has another shape.
    #[error("it is not of the shape that was asked for")]
    Shape,
    /// Too long, or nothing.
    #[error("it has no, or more than {LONGEST}, characters")]
    Length,
    /// Nobody who was given the floor.
    #[error("{0:?} was not given the floor")]
    Speaker(String),
    /// A fact that there is not, or that is another's.
    #[error("{0:?} is no fact of this speaker's")]
    Fact(String),
    /// Links, markup, secrets or characters that show nothing.
    #[error("it has a link, markup, a secret or hidden characters")]
    Markup,
    /// It doesn't say what it is about.
    #[error("it doesn't name its node and how that is")]
    Silent,
    /// It says more than the fact.
    #[error("{0}")]
    Untrue(#[from] Untrue),
    /// A node's name outside a slot.
    #[error("{0:?} is a node's name, and stands in no slot")]
    Node(String),
    /// Another character is named, or speaks.
    #[error("it names or speaks for {0}")]
    Another(String),
    /// A word that is another's mark.
    #[error("{word:?} is a mark of {of}'s")]
    Mark {
        /// The word.
        word: String,
        /// Whose.
        of: String,
    },
    /// Nearer in style to another.
    #[error("it is nearer in style to {0}")]
    Style(String),
}

/// What passed.
pub(super) struct Passed {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) filled: Vec<Filled>,
}

/// A line that may be said, or one that may not with its cause.
pub(super) type Judged<'a> = Result<(&'a Found, Passed), (String, Refusal)>;

/// Every line of an answer, judged.
pub(super) fn judge<'a>(
    answer: Option<&Value>,
    found: &'a [Found],
    house: &House<'_>,
    names: &BTreeSet<String>,
) -> Vec<Judged<'a>> {
    let Some(lines) = answer.and_then(|answer| answer.get("lines")).and_then(Value::as_array) else {
        let shown = answer.map_or_else(String::new, |answer| shown(&answer.to_string()));
        return vec![Err((shown, Refusal::Shape))];
    };
    let called = house.cast.called();
    lines
        .iter()
        .take(LINES)
        .map(|line| {
            let text = |key: &str| line.get(key).and_then(Value::as_str);
            let (Some(by), Some(id), Some(template)) = (text("by"), text("fact"), text("text")) else {
                return Err((shown(&line.to_string()), Refusal::Shape));
            };
            let template = template.trim();
            let refused = |refusal: Refusal| (shown(template), refusal);
            if template.is_empty() || template.chars().count() > LONGEST {
                return Err(refused(Refusal::Length));
            }
            let mut asked = found.iter().filter(|found| found.asked).peekable();
            if !asked.clone().any(|found| found.by == by) {
                return Err(refused(Refusal::Speaker(shown(by))));
            }
            let fact = asked.find(|found| found.id == id && found.by == by);
            let fact = fact.ok_or_else(|| refused(Refusal::Fact(shown(id))))?;
            let words = check(template, fact, house, names, &called).map_err(refused)?;
            // Whoever says what would settle it suspects something.
            let kind = if template.contains("{settle}") { Kind::Suspicion } else { Kind::Fact };
            let slots = Slots::of(&fact.fact, notices(house, fact));
            let used =
                Slot::ALL.into_iter().filter(|slot| template.contains(&format!("{{{}}}", slot.name())));
            let filled = used.filter_map(|slot| slots.get(slot).cloned()).collect();
            Ok((fact, Passed { text: words, kind, filled }))
        })
        .collect()
}

fn check(
    template: &str,
    found: &Found,
    house: &House<'_>,
    names: &BTreeSet<String>,
    called: &std::collections::BTreeMap<String, String>,
) -> Result<String, Refusal> {
    let bare = without_slots(template);
    // What a cleaning would change has something that may not pass.
    let words: Vec<&str> = bare.split_whitespace().collect();
    if minds::fence::clean(&bare, LONGEST) != words.join(" ") {
        return Err(Refusal::Markup);
    }
    if !tells_its_fact(template, &found.fact) {
        return Err(Refusal::Silent);
    }
    let line = truth::check(template, &[], &found.fact, notices(house, found))?;
    let of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    for word in bare.split(|c| !of_a_name(c)).filter(|word| !word.is_empty()) {
        if names.contains(word) {
            return Err(Refusal::Node(word.to_owned()));
        }
        if let Some(other) = called.get(&word.to_lowercase()).filter(|other| **other != found.by) {
            return Err(Refusal::Another(other.clone()));
        }
    }
    if let Some((word, of)) = house.styles.mark(&found.by, template) {
        return Err(Refusal::Mark { word, of: of.to_owned() });
    }
    match house.styles.nearer(&found.by, template) {
        Some(other) => Err(Refusal::Style(other.to_owned())),
        // A node's name is spelt as it is.
        None if template.starts_with("{node}") => Ok(line),
        None => Ok(capital(&line)),
    }
}

/// What a fact's speaker looks at first.
fn notices<'a>(house: &House<'a>, found: &Found) -> &'a [String] {
    house.cast.get(&found.by).map_or(&[], |sheet| &sheet.notices)
}

/// The text with a space in the place of each slot.
fn without_slots(template: &str) -> String {
    let mut text = template.to_owned();
    for slot in cast::Slot::ALL {
        text = text.replace(&format!("{{{}}}", slot.name()), " ");
    }
    text
}

fn capital(line: &str) -> String {
    let mut characters = line.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A line that is refused, as it may be shown.
fn shown(line: &str) -> String {
    minds::fence::clean(line, LONGEST)
}
