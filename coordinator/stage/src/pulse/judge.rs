//! Which lines of an answer may be said.

use super::plan::{Found, House, tells_its_fact};
use super::style::Styles;
use cast::truth::{self, Untrue};
use cast::{Cast, Filled, Kind, Slot, Slots, capital};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most lines that are looked at.
const LINES: usize = 32;
/// The longest line, in characters.
pub(crate) const LONGEST: usize = 280;

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
    /// It leaves out the answer that it is to give, or gives it twice.
    #[error("it does not have {{answer}} in it, once")]
    Answer,
    /// Somebody else is in it than in its beat.
    #[error("it does not have the roles of its beat")]
    Roles,
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
    let manners = Manners::new(house.cast, house.styles, names);
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
            let words = check(template, fact, house, &manners).map_err(refused)?;
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

fn check(template: &str, found: &Found, house: &House<'_>, manners: &Manners<'_>) -> Result<String, Refusal> {
    Manners::clean(template)?;
    if !tells_its_fact(template, &found.fact) {
        return Err(Refusal::Silent);
    }
    let line = truth::check(template, &[], &found.fact, notices(house, found))?;
    manners.own(&found.by, template)?;
    // A node's name is spelt as it is.
    Ok(if template.starts_with("{node}") { line } else { capital(&line) })
}

/// What is asked of every line of a model's, whatever it is about.
pub(crate) struct Manners<'a> {
    styles: &'a Styles,
    /// Of nodes.
    names: &'a BTreeSet<String>,
    /// Of characters.
    called: BTreeMap<String, String>,
}

impl<'a> Manners<'a> {
    pub(crate) fn new(cast: &Cast, styles: &'a Styles, names: &'a BTreeSet<String>) -> Self {
        Self { styles, names, called: cast.called() }
    }

    /// Refuses links, markup, secrets and what shows nothing.
    pub(crate) fn clean(template: &str) -> Result<(), Refusal> {
        let bare = without_slots(template);
        let words: Vec<&str> = bare.split_whitespace().collect();
        // What a cleaning would change has something that may not pass.
        if minds::fence::clean(&bare, LONGEST) == words.join(" ") { Ok(()) } else { Err(Refusal::Markup) }
    }

    /// Refuses what names a node outside a slot, and what is another's: a name, a mark, a style.
    pub(crate) fn own(&self, by: &str, template: &str) -> Result<(), Refusal> {
        let bare = without_slots(template);
        let of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        for word in bare.split(|c| !of_a_name(c)).filter(|word| !word.is_empty()) {
            if self.names.contains(word) {
                return Err(Refusal::Node(word.to_owned()));
            }
            if let Some(other) = self.called.get(&word.to_lowercase()).filter(|other| *other != by) {
                return Err(Refusal::Another(other.clone()));
            }
        }
        if let Some((word, of)) = self.styles.mark(by, template) {
            return Err(Refusal::Mark { word, of: of.to_owned() });
        }
        self.styles.nearer(by, template).map_or(Ok(()), |other| Err(Refusal::Style(other.to_owned())))
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

/// A line that is refused, as it may be shown.
pub(crate) fn shown(line: &str) -> String {
    minds::fence::clean(line, LONGEST)
}
