//! From a sheet and a fact to a sentence.

use crate::fact::{Fact, Mood, Occasion};
use crate::grammar::{Grammar, Part, Template};
use crate::sheet::Sheet;
use crate::slot::{Filled, Slot, Slots};
use oorandom::Rand64;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What a sentence claims to be. It is wholly one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Each slot in it comes from a recorded event.
    Fact,
    /// It names a cause that no rule has produced.
    Suspicion,
    /// A tale.
    Fiction,
}

/// A sentence with what stands behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// The sentence.
    pub text: String,
    /// What it claims to be.
    pub kind: Kind,
    /// Every slot in it with what filled it, in the order of the sentence.
    pub facts: Vec<Filled>,
    /// The sentence with its slots still open: what must not come back at once.
    pub frame: String,
}

/// The frames that one character used last, so that it does not repeat itself.
#[derive(Clone, Debug, Default)]
pub struct Recent(VecDeque<String>);

impl Recent {
    /// How many frames are remembered.
    pub const LENGTH: usize = 32;

    /// How many sentences ago this frame was used; 0 is the last one.
    fn age(&self, frame: &str) -> Option<usize> {
        self.0.iter().rev().position(|used| used == frame)
    }

    fn remember(&mut self, frame: String) {
        if self.0.len() >= Self::LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(frame);
    }
}

/// Draws until a sentence is not among the recent ones, at most so often: with
/// few frames to choose from, the one used longest ago is taken.
const DRAWS: usize = 16;

/// A sentence in the character's own words about the fact, or none if its sheet
/// has no line that the fact can fill. The same sheet, fact, generator and
/// memory give the same sentence.
pub fn utter(sheet: &Sheet, fact: &Fact, chance: &mut Rand64, recent: &mut Recent) -> Option<Utterance> {
    let slots = Slots::of(fact, &sheet.notices);
    let grammar = &sheet.grammar;
    let mut fitting: Vec<&Template> =
        grammar.of(fact.occasion).iter().filter(|template| grammar.fits(template, &slots)).collect();
    // What was measured is worth more than what is merely so.
    if slots.has_measure() && fitting.iter().any(|template| grammar.tells_measure(template)) {
        fitting.retain(|template| grammar.tells_measure(template));
    }
    let mut best: Option<(usize, Draft)> = None;
    for _ in 0..DRAWS {
        let mut draft = Draft::default();
        draft.add(grammar, pick(&fitting, chance)?, &slots, chance)?;
        let age = recent.age(&draft.frame).unwrap_or(usize::MAX);
        if best.as_ref().is_none_or(|(oldest, _)| age > *oldest) {
            best = Some((age, draft));
        }
        if age == usize::MAX {
            break;
        }
    }
    let (_, draft) = best?;
    recent.remember(draft.frame.clone());
    Some(Utterance { text: draft.text, kind: Kind::Fact, facts: draft.facts, frame: draft.frame })
}

fn pick<'a, T: ?Sized>(from: &[&'a T], chance: &mut Rand64) -> Option<&'a T> {
    let length = u64::try_from(from.len()).ok().filter(|length| *length > 0)?;
    let index = usize::try_from(chance.rand_range(0..length)).ok()?;
    from.get(index).copied()
}

/// A sentence on its way.
#[derive(Default)]
struct Draft {
    text: String,
    frame: String,
    facts: Vec<Filled>,
}

impl Draft {
    fn add(
        &mut self,
        grammar: &Grammar,
        template: &Template,
        slots: &Slots,
        chance: &mut Rand64,
    ) -> Option<()> {
        for part in &template.parts {
            match part {
                Part::Text(text) => {
                    self.frame.push_str(text);
                    self.push(text);
                }
                Part::Slot(slot) => {
                    let filled = slots.get(*slot)?;
                    self.frame.push('{');
                    self.frame.push_str(slot.name());
                    self.frame.push('}');
                    // A node's name is spelt as it is; anything else may begin a sentence.
                    if *slot == Slot::Node {
                        self.text.push_str(&filled.text);
                    } else {
                        self.push(&filled.text);
                    }
                    if !self.facts.contains(filled) {
                        self.facts.push(filled.clone());
                    }
                }
                Part::Phrase(name) => {
                    let fitting: Vec<&Template> =
                        grammar.phrase(name).iter().filter(|one| grammar.fits(one, slots)).collect();
                    self.add(grammar, pick(&fitting, chance)?, slots, chance)?;
                }
            }
        }
        Some(())
    }

    /// Appends, with a capital at the start of the sentence.
    fn push(&mut self, text: &str) {
        let mut characters = text.chars();
        match characters.next() {
            Some(first) if self.text.is_empty() => {
                self.text.extend(first.to_uppercase());
                self.text.push_str(characters.as_str());
            }
            _ => self.text.push_str(text),
        }
    }
}

/// The least that a fact of this occasion tells.
pub(crate) fn least(occasion: Occasion) -> Slots {
    let mood = match occasion {
        Occasion::Joined | Occasion::Silent | Occasion::Returned => None,
        Occasion::Bored => Some(Mood::Bored),
        Occasion::Stressed => Some(Mood::Stressed),
        Occasion::Crisis => Some(Mood::Crisis),
        Occasion::Happy | Occasion::Eased => Some(Mood::Happy),
    };
    let fact = Fact {
        event: String::new(),
        at: 0,
        node: "node".to_owned(),
        occasion,
        mood,
        // Trouble that is over was a mood before.
        was: (occasion == Occasion::Eased).then_some(Mood::Stressed),
        lasted: None,
        readings: Vec::new(),
        unheard: None,
    };
    Slots::of(&fact, &[])
}
