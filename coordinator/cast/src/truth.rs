//! Whether a line is true of a fact, whoever composed it.
//!
//! A line comes as a template and what it claims for each slot. It passes only
//! if its own words claim nothing, and each slot claims what the fact fills it
//! with: a value in the place of another is as false as one that is made up.

use crate::fact::Fact;
use crate::grammar::{GrammarError, Part, Template};
use crate::lexicon;
use crate::slot::{Slot, Slots};

/// Why a line is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrue {
    /// It can't be read.
    #[error("it can't be read: {0}")]
    Unreadable(#[from] GrammarError),
    /// It has a phrase, which only a sheet may have.
    #[error("<{0}> is a phrase, and stands in no sheet")]
    Phrase(String),
    /// Its own words claim something.
    #[error("{word:?} is {kind}, and no fact says it")]
    Word {
        /// The word.
        word: String,
        /// What kind of claim it is.
        kind: lexicon::Kind,
    },
    /// A slot that the fact doesn't fill.
    #[error("the fact tells nothing for {{{0}}}")]
    Unfilled(&'static str),
    /// A slot that claims something else than the fact.
    #[error("{{{slot}}} claims {claimed:?}, and it is {so:?}")]
    Differs {
        /// Which slot.
        slot: &'static str,
        /// What the line claims.
        claimed: String,
        /// What the fact says.
        so: String,
    },
}

/// The line in words, if it is true of the fact. A slot without a claim takes
/// what the fact says.
///
/// # Errors
/// [`Untrue`] says what is wrong with it.
pub fn check(
    template: &str,
    claims: &[(Slot, String)],
    fact: &Fact,
    notices: &[String],
) -> Result<String, Untrue> {
    fill(template, claims, &Slots::of(fact, notices))
}

/// The line in words, if its own words claim nothing, and its slots what fills
/// them. A slot without a claim takes what fills it.
///
/// # Errors
/// [`Untrue`] says what is wrong with it.
pub fn fill(template: &str, claims: &[(Slot, String)], slots: &Slots) -> Result<String, Untrue> {
    let mut line = String::new();
    for part in Template::parse(template)?.parts {
        match part {
            Part::Phrase(name) => return Err(Untrue::Phrase(name)),
            Part::Text(text) => {
                if let Some((word, kind)) = lexicon::first_in(&text) {
                    return Err(Untrue::Word { word, kind });
                }
                line.push_str(&text);
            }
            Part::Slot(slot) => {
                let filled = slots.get(slot).ok_or(Untrue::Unfilled(slot.name()))?;
                let claimed = claims.iter().find(|(claimed, _)| *claimed == slot).map(|(_, text)| text);
                if let Some(claimed) = claimed.filter(|claimed| **claimed != filled.text) {
                    return Err(Untrue::Differs {
                        slot: slot.name(),
                        claimed: claimed.clone(),
                        so: filled.text.clone(),
                    });
                }
                line.push_str(&filled.text);
            }
        }
    }
    Ok(line)
}
