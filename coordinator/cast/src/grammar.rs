//! A character's own words: sentences with slots and phrases in them.
//!
//! In a sheet `{node}` is a slot and `<opening>` a phrase, which stands for any
//! of its alternatives. Phrases may use phrases, but not themselves.

use crate::fact::Occasion;
use crate::moves::Move;
use crate::slot::{Slot, Slots};
use std::collections::BTreeMap;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words as they stand.
    Text(String),
    /// A place that the fact fills.
    Slot(Slot),
    /// Any alternative of the phrase of this name.
    Phrase(String),
}

/// A sentence, or an alternative of a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// As it stands in the sheet.
    pub source: String,
    /// Its pieces, in order.
    pub parts: Vec<Part>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrammarError {
    /// A slot that does not exist.
    #[error("there is no slot {{{name}}}; the nearest is {{{nearest}}}")]
    UnknownSlot {
        /// As written.
        name: String,
        /// The slot whose name is nearest.
        nearest: String,
    },
    /// A phrase that the sheet does not have.
    #[error("there is no phrase <{name}> in [phrases]{}", nearest.as_ref().map_or_else(String::new, |nearest| format!("; the nearest is <{nearest}>")))]
    UnknownPhrase {
        /// As written.
        name: String,
        /// The phrase whose name is nearest, if there is any.
        nearest: Option<String>,
    },
    /// A brace or bracket that is never closed.
    #[error("`{0}` is never closed")]
    Unclosed(char),
    /// A phrase that contains itself.
    #[error("the phrase <{0}> contains itself")]
    Circle(String),
    /// Nothing between the quotes, or no alternative at all.
    #[error("it is empty")]
    Empty,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`GrammarError`] for an unknown slot, an open brace and an empty text.
    pub fn parse(source: &str) -> Result<Self, GrammarError> {
        if source.trim().is_empty() {
            return Err(GrammarError::Empty);
        }
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some(start) = rest.find(['{', '<']) {
            let (text, marked) = rest.split_at(start);
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            let (open, close) = if marked.starts_with('{') { ('{', '}') } else { ('<', '>') };
            let (name, after) = marked
                .get(1..)
                .and_then(|inner| inner.split_once(close))
                .ok_or(GrammarError::Unclosed(open))?;
            parts.push(if open == '{' { slot(name)? } else { Part::Phrase(name.to_owned()) });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { source: source.to_owned(), parts })
    }
}

fn slot(name: &str) -> Result<Part, GrammarError> {
    Slot::from_name(name).map(Part::Slot).ok_or_else(|| GrammarError::UnknownSlot {
        name: name.to_owned(),
        nearest: nearest(name, Slot::ALL.iter().map(|slot| slot.name())).unwrap_or_default(),
    })
}

/// The candidate that is nearest to what was written.
pub(crate) fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    candidates
        .into_iter()
        .min_by_key(|candidate| strsim::damerau_levenshtein(written, candidate))
        .map(str::to_owned)
}

/// All that a character can say, without the facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grammar {
    /// Sentences by occasion.
    pub lines: BTreeMap<Occasion, Vec<Template>>,
    /// What may follow a sentence, by the move that it is.
    pub moves: BTreeMap<Move, Vec<Template>>,
    /// How an answer is begun.
    pub answers: Vec<Template>,
    /// Alternatives by the phrase's name.
    pub phrases: BTreeMap<String, Vec<Template>>,
}

impl Grammar {
    /// The sentences for this occasion.
    pub fn of(&self, occasion: Occasion) -> &[Template] {
        self.lines.get(&occasion).map_or(&[], Vec::as_slice)
    }

    /// The sentences of a move.
    pub fn of_move(&self, which: Move) -> &[Template] {
        self.moves.get(&which).map_or(&[], Vec::as_slice)
    }

    /// Every template with the table and key that it stands under.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str, &Template)> {
        let lines =
            self.lines.iter().flat_map(|(key, list)| list.iter().map(|one| ("lines", key.name(), one)));
        let moves =
            self.moves.iter().flat_map(|(key, list)| list.iter().map(|one| ("moves", key.name(), one)));
        let answers = self.answers.iter().map(|one| ("answers", "lead", one));
        let phrases =
            self.phrases.iter().flat_map(|(key, list)| list.iter().map(|one| ("phrases", key.as_str(), one)));
        lines.chain(moves).chain(answers).chain(phrases)
    }

    /// The alternatives of a phrase.
    pub fn phrase(&self, name: &str) -> &[Template] {
        self.phrases.get(name).map_or(&[], Vec::as_slice)
    }

    /// Checks that each phrase that is used exists and that none contains itself.
    ///
    /// # Errors
    /// [`GrammarError::UnknownPhrase`] or [`GrammarError::Circle`].
    pub fn check(&self, template: &Template) -> Result<(), GrammarError> {
        self.check_below(template, &mut Vec::new())
    }

    fn check_below<'a>(
        &'a self,
        template: &'a Template,
        above: &mut Vec<&'a str>,
    ) -> Result<(), GrammarError> {
        for part in &template.parts {
            let Part::Phrase(name) = part else { continue };
            if above.contains(&name.as_str()) {
                return Err(GrammarError::Circle(name.clone()));
            }
            let Some(alternatives) = self.phrases.get(name) else {
                let nearest = nearest(name, self.phrases.keys().map(String::as_str));
                return Err(GrammarError::UnknownPhrase { name: name.clone(), nearest });
            };
            above.push(name);
            for alternative in alternatives {
                self.check_below(alternative, above)?;
            }
            above.pop();
        }
        Ok(())
    }

    /// Whether these slots can fill the template, by some way through its phrases.
    pub fn fits(&self, template: &Template, slots: &Slots) -> bool {
        template.parts.iter().all(|part| match part {
            Part::Text(_) => true,
            Part::Slot(slot) => slots.get(*slot).is_some(),
            Part::Phrase(name) => self.phrase(name).iter().any(|alternative| self.fits(alternative, slots)),
        })
    }

    /// Whether the template has such a slot, whichever way is taken.
    pub fn tells(&self, template: &Template, such: fn(Slot) -> bool) -> bool {
        template.parts.iter().any(|part| match part {
            Part::Text(_) => false,
            Part::Slot(slot) => such(*slot),
            Part::Phrase(name) => {
                let alternatives = self.phrase(name);
                !alternatives.is_empty() && alternatives.iter().all(|one| self.tells(one, such))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_text_slots_and_phrases() {
        let template = Template::parse("<opening> {node} is {state}.").unwrap();
        assert_eq!(
            template.parts,
            [
                Part::Phrase("opening".to_owned()),
                Part::Text(" ".to_owned()),
                Part::Slot(Slot::Node),
                Part::Text(" is ".to_owned()),
                Part::Slot(Slot::State),
                Part::Text(".".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_the_nearest() {
        let error = Template::parse("{nod} is {state}").unwrap_err();
        assert_eq!(error.to_string(), "there is no slot {nod}; the nearest is {node}");
        assert_eq!(Template::parse("a {node").unwrap_err(), GrammarError::Unclosed('{'));
        assert_eq!(Template::parse(" ").unwrap_err(), GrammarError::Empty);
    }

    #[test]
    fn a_phrase_must_exist_and_not_contain_itself() {
        let mut grammar = Grammar::default();
        grammar.phrases.insert("a".to_owned(), vec![Template::parse("x <b>").unwrap()]);
        grammar.phrases.insert("b".to_owned(), vec![Template::parse("y <a>").unwrap()]);
        let circle = grammar.check(&Template::parse("<a>").unwrap()).unwrap_err();
        assert_eq!(circle, GrammarError::Circle("a".to_owned()));
        let unknown = grammar.check(&Template::parse("<bb>").unwrap()).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no phrase <bb> in [phrases]; the nearest is <b>");
    }
}
