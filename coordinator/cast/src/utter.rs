//! From a sheet and a fact to a sentence.

use crate::fact::{Fact, Mood, Occasion, Reading};
use crate::grammar::{Grammar, Part, Template};
use crate::life::{Bearing, Readiness, Tone};
use crate::moves::Move;
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
    /// The fact alone, without what the character made of it.
    pub bare: String,
    /// What it made of it; none if it said no more than the fact.
    pub made: Option<Move>,
}

/// The frames that one character used last, so that it does not repeat itself.
#[derive(Clone, Debug, Default)]
pub struct Recent(VecDeque<String>);

impl Recent {
    /// How many frames are remembered.
    pub const LENGTH: usize = 200;

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

/// Draws until a sentence is not among the recent ones, at most so often.
const DRAWS: usize = 64;

/// A sentence in the character's own words about the fact. None if its sheet has
/// no line that the fact can fill, or if all that it draws was said of late: then
/// it stays silent, unless the fact is grave. The same sheet, fact, bearing,
/// generator and memory give the same sentence.
pub fn utter(
    sheet: &Sheet,
    fact: &Fact,
    bearing: Bearing,
    chance: &mut Rand64,
    recent: &mut Recent,
) -> Option<Utterance> {
    compose(sheet, fact, bearing, None, chance, recent)
}

fn compose(
    sheet: &Sheet,
    fact: &Fact,
    bearing: Bearing,
    made: Option<Move>,
    chance: &mut Rand64,
    recent: &mut Recent,
) -> Option<Utterance> {
    let slots = Slots::of(fact, &sheet.notices);
    let grammar = &sheet.grammar;
    let mut fitting: Vec<&Template> =
        grammar.of(fact.occasion).iter().filter(|template| grammar.fits(template, &slots)).collect();
    // What was measured is worth more than what is merely so.
    if slots.has_measure() && fitting.iter().any(|template| grammar.tells(template, Slot::is_measure)) {
        fitting.retain(|template| grammar.tells(template, Slot::is_measure));
    }
    // Whoever is overwhelmed takes the shortest that it has.
    if bearing.readiness == Readiness::Overwhelmed && !fact.occasion.is_urgent() {
        fitting.sort_by_key(|template| template.source.len());
        fitting.truncate((fitting.len() / 2).max(1));
    }
    let mut best: Option<(usize, Drawn)> = None;
    for _ in 0..DRAWS {
        let drawn = draw(sheet, (fact, bearing, made), &fitting, &slots, chance)?;
        let age = recent.age(&drawn.draft.frame).unwrap_or(usize::MAX);
        if best.as_ref().is_none_or(|(oldest, _)| age > *oldest) {
            best = Some((age, drawn));
        }
        if age == usize::MAX {
            break;
        }
    }
    let (age, drawn) = best?;
    if age != usize::MAX && !fact.occasion.is_urgent() {
        return None;
    }
    let Drawn { mut draft, mut bare, made } = drawn;
    // What else is grave follows in a sentence of its own: one speaker tells it all.
    if let Some(also) = slots.get(Slot::Also).filter(|_| fact.occasion.is_urgent()) {
        draft.text = format!("{} Also: {}.", draft.text, also.text);
        draft.frame.push_str(" Also: {also}.");
        draft.facts.push(also.clone());
        bare.clone_from(&draft.text);
    }
    recent.remember(draft.frame.clone());
    let kind = if made.is_some_and(Move::is_suspicion) { Kind::Suspicion } else { Kind::Fact };
    Some(Utterance { text: draft.text, kind, facts: draft.facts, frame: draft.frame, bare, made })
}

/// A sentence against what another has said: the fact as this character sees
/// it, and its doubt; where it is no time for quarrels, what it compares. None
/// if it has no fresh words for it.
pub fn retort(
    sheet: &Sheet,
    fact: &Fact,
    bearing: Bearing,
    chance: &mut Rand64,
    recent: &mut Recent,
) -> Option<Utterance> {
    let against = if bearing.tone == Tone::Full { Move::Doubt } else { Move::Compare };
    compose(sheet, fact, bearing, Some(against), chance, recent)
}

/// What may follow an answer: nothing that claims or advises.
const AFTERTHOUGHTS: [Move; 3] = [Move::Muse, Move::Ask, Move::Boast];

/// An answer, begun in the character's own way: its words are the answer's. With
/// a bearing it may have an afterthought, where it is free to jest.
pub fn reply(sheet: &Sheet, answer: &str, bearing: Option<Bearing>, chance: &mut Rand64) -> Option<String> {
    let slots = Slots::of_answer(answer);
    let leads: Vec<&Template> = sheet.grammar.answers.iter().collect();
    let mut draft = Draft::default();
    draft.add(&sheet.grammar, pick(&leads, chance)?, &slots, chance)?;
    if let Some(bearing) = bearing.filter(|bearing| bearing.tone == Tone::Full)
        && chance.rand_range(0..100) >= u64::from(Move::plain_share(&sheet.traits, bearing.readiness))
    {
        let made = weighted(
            AFTERTHOUGHTS.map(|which| (which, which.weight(Occasion::Happy, &sheet.traits, &bearing))),
            chance,
        );
        let said = made.map_or(&[][..], |made| sheet.grammar.of_move(made));
        let fitting: Vec<&Template> = said.iter().filter(|one| sheet.grammar.fits(one, &slots)).collect();
        if let Some(said) = pick(&fitting, chance) {
            draft.text.push(' ');
            draft.fresh = true;
            draft.add(&sheet.grammar, said, &slots, chance)?;
        }
    }
    Some(draft.text)
}

struct Drawn {
    draft: Draft,
    bare: String,
    made: Option<Move>,
}

fn draw(
    sheet: &Sheet,
    (fact, bearing, made): (&Fact, Bearing, Option<Move>),
    fitting: &[&Template],
    slots: &Slots,
    chance: &mut Rand64,
) -> Option<Drawn> {
    let grammar = &sheet.grammar;
    let mut draft = Draft::default();
    draft.add(grammar, pick(fitting, chance)?, slots, chance)?;
    let bare = draft.text.clone();
    let made = made.or_else(|| choose(sheet, fact, bearing, slots, chance));
    if let Some(made) = made {
        let fitting: Vec<&Template> =
            grammar.of_move(made).iter().filter(|template| grammar.fits(template, slots)).collect();
        draft.text.push(' ');
        draft.frame.push(' ');
        draft.fresh = true;
        draft.add(grammar, pick(&fitting, chance)?, slots, chance)?;
    }
    Some(Drawn { draft, bare, made })
}

/// What to make of the fact; none for no more than the fact. In a crisis and a
/// silence nobody makes anything of it.
fn choose(sheet: &Sheet, fact: &Fact, bearing: Bearing, slots: &Slots, chance: &mut Rand64) -> Option<Move> {
    if fact.occasion.is_urgent() || bearing.tone == Tone::Plain {
        return None;
    }
    let plain = Move::plain_share(&sheet.traits, bearing.readiness);
    if chance.rand_range(0..100) < u64::from(plain) {
        return None;
    }
    let grammar = &sheet.grammar;
    let possible = Move::ALL
        .into_iter()
        .filter(|which| grammar.of_move(*which).iter().any(|template| grammar.fits(template, slots)))
        .map(|which| (which, which.weight(fact.made_of(), &sheet.traits, &bearing)));
    weighted(possible, chance)
}

/// Draws one by its weight; none where nothing weighs.
fn weighted(from: impl IntoIterator<Item = (Move, u32)>, chance: &mut Rand64) -> Option<Move> {
    let possible: Vec<(Move, u32)> = from.into_iter().filter(|(_, weight)| *weight > 0).collect();
    let total: u32 = possible.iter().map(|(_, weight)| weight).sum();
    if total == 0 {
        return None;
    }
    let mut drawn = chance.rand_range(0..u64::from(total));
    possible.into_iter().find_map(|(which, weight)| {
        let weight = u64::from(weight);
        if drawn < weight {
            return Some(which);
        }
        drawn -= weight;
        None
    })
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
    /// Whether the next word begins a sentence of its own.
    fresh: bool,
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
                    if matches!(slot, Slot::Node | Slot::Answer) {
                        self.text.push_str(&filled.text);
                        self.fresh = false;
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
        if !text.is_empty() && (self.text.is_empty() || self.fresh) {
            self.fresh = false;
            self.text.push_str(&capital(text));
        } else {
            self.text.push_str(text);
        }
    }
}

/// With a capital at the start.
pub fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The least that a fact of this occasion tells.
pub(crate) fn least(occasion: Occasion) -> Slots {
    let mood = match occasion {
        Occasion::Joined | Occasion::Silent | Occasion::Returned | Occasion::Signal => None,
        Occasion::Bored => Some(Mood::Bored),
        Occasion::Stressed => Some(Mood::Stressed),
        Occasion::Crisis => Some(Mood::Crisis),
        Occasion::Happy | Occasion::Eased => Some(Mood::Happy),
    };
    let fact = Fact {
        mood,
        // Trouble that is over was a mood before.
        was: (occasion == Occasion::Eased).then_some(Mood::Stressed),
        // A signal always says what it is.
        readings: if occasion == Occasion::Signal { vec![Reading::sign("sign", "sign")] } else { Vec::new() },
        ..Fact::of("node", 0, occasion)
    };
    Slots::of(&fact, &[])
}
