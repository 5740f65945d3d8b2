//! How consistent each character is over a simulated month: four shares, each
//! computed from what it said and how it was when it said so, and the share that
//! it shall reach.
//!
//! | gate | the share of | what it doesn't see |
//! | --- | --- | --- |
//! | personality | its lines at which its sixteen traits, as events had moved them by then, were nearer to its own sheet than to any other's | what the lines say; a sheet that stands far from all others can't miss it |
//! | dialogue | its lines that a classifier over runs of three letters gives to it, by what everybody said in another month, with names, titles, domains and set phrases masked | whether they make sense: it knows form alone |
//! | ties | its moves about a node of another's, of those that its tie to that one makes a tenth likelier or less likely, that the tie speaks for; they are few, so that a whole year is counted | moves on which no tie has a say, and ties to those who embody no node here; moves are drawn by the same ties, so it only tells whether a nature outweighs them |
//! | technical | its lines that name an event of the same node, with every number, vital and state as that event has it, and a mood or silence that is still so | whether the event itself is right; causes, times and advice |
//!
//! Of fewer than [`TELLING`] a share says nothing, and none is given.
//!
//! What a measure gives to anybody is worth nothing: each is taken a second time
//! with what it depends on shuffled ([`Report::shuffled`]). Then traits are held
//! against the sheet of the next in the cast, lines are given to the next speaker,
//! ties are those of others, and lines are read beside the event of the line before.

use crate::facts;
use crate::line::Told;
use crate::month::{self, MONTH, Seen};
use cast::{Cast, Move, Occasion, Regard, Sheet, Slot, Slots, Tie, Trait, Traits, voice};
use oorandom::Rand64;
use serde::Serialize;
use std::collections::BTreeMap;
use store::Uuid;

/// What each share shall reach.
pub const GATES: [(&str, f64); 4] =
    [("personality", 0.85), ("dialogue", 0.80), ("ties", 0.75), ("technical", 0.90)];
/// Of fewer a share says nothing: of thirty, the standard error of one of .75 is .08.
pub const TELLING: u32 = 30;
/// By how much a tie must change how likely a move is, to have a say.
const SAY: f32 = 0.1;
/// By so many lines of another month each voice is known.
const LEARNT: usize = 60;
/// So long ties are looked at, in months.
const YEAR: u64 = 12;

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many were as they should be.
    pub right: u32,
    /// Of so many.
    pub of: u32,
}

impl Count {
    fn add(&mut self, right: bool) {
        self.right += u32::from(right);
        self.of += 1;
    }

    /// The share; none of too few to tell.
    pub fn share(self) -> Option<f64> {
        (self.of >= TELLING).then(|| f64::from(self.right) / f64::from(self.of))
    }
}

/// How consistent a character was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Consistency {
    /// Whose: the sheet's name.
    pub by: String,
    /// How many lines it said.
    pub lines: u32,
    /// In the order of [`GATES`].
    pub counts: [Count; 4],
}

impl Consistency {
    /// The names of the gates that it misses.
    pub fn missed(&self) -> Vec<&'static str> {
        let gates = GATES.iter().zip(&self.counts);
        let missed = gates.filter(|((_, least), count)| count.share().is_some_and(|share| share < *least));
        missed.map(|((name, _), _)| *name).collect()
    }
}

/// Everybody, and the measures themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order of the cast.
    pub characters: Vec<Consistency>,
    /// The same of all together, in the order of [`GATES`], with what each measure
    /// depends on shuffled: it must stay far below the gate.
    pub shuffled: [Count; 4],
}

/// What is known of one character.
#[derive(Default)]
struct Kept {
    counts: [Count; 4],
    frames: Vec<String>,
}

/// Plays a month, and measures everybody in it. The same cast and seed give the
/// same counts.
pub fn consistency(cast: &Cast, seed: u64) -> Report {
    let mut all: BTreeMap<String, Kept> = BTreeMap::new();
    let mut shuffled = [Count::default(); 4];
    let others = strangers_ties(cast, seed);
    let mut before: Option<Uuid> = None;
    month::play(cast, seed, YEAR, &mut |seen| {
        let kept = all.entry(seen.line.by.clone()).or_default();
        let [personality, _, ties, technical] = &mut kept.counts;
        let Some(sheet) = seen.stage.as_now(seen.at, &seen.line.by) else { return };
        let regard = seen.stage.toward(seen.at, &sheet, &seen.line.node);
        if let Some(speaks_for) = speaks_for(regard, seen.line.made) {
            ties.add(speaks_for);
        }
        let other = cast.embody(&seen.line.node).and_then(|head| others.get(&(&sheet.id, &head.id)));
        if let Some(speaks_for) = other.and_then(|other| speaks_for(*other, seen.line.made)) {
            shuffled[2].add(speaks_for);
        }
        if seen.at > MONTH {
            return;
        }
        let nearest = nearest(cast, &sheet.traits);
        personality.add(nearest == Some(sheet.id.as_str()));
        shuffled[0].add(nearest == next(cast, &sheet.id));
        technical.add(is_right(seen, &sheet));
        if let Some(cause) = before.replace(seen.line.cause) {
            let line = &crate::line::Line { cause, ..seen.line.clone() };
            shuffled[3].add(is_right(&Seen { line, ..*seen }, &sheet));
        }
        kept.frames.push(seen.line.frame.clone());
    });
    let elsewhere = month::month(cast, seed.wrapping_add(1), LEARNT);
    let learnt = elsewhere
        .into_iter()
        .map(|(by, lines)| (by, lines.into_iter().map(|line| line.frame).collect::<Vec<String>>()));
    let learnt: BTreeMap<String, Vec<String>> = learnt.collect();
    let asked: BTreeMap<String, Vec<String>> =
        all.iter_mut().map(|(by, kept)| (by.clone(), std::mem::take(&mut kept.frames))).collect();
    let told = voice::attributed(cast, &learnt, &asked);
    let swapped = asked.into_iter().filter_map(|(by, lines)| Some((next(cast, &by)?.to_owned(), lines)));
    for (right, of) in voice::attributed(cast, &learnt, &swapped.collect()).into_values() {
        shuffled[1] = Count { right: shuffled[1].right + right, of: shuffled[1].of + of };
    }
    let characters = cast.sheets().iter().map(|sheet| {
        let (right, of) = told.get(&sheet.id).copied().unwrap_or_default();
        let kept = all.get(&sheet.id);
        let [personality, _, ties, technical] = kept.map(|kept| kept.counts).unwrap_or_default();
        let counts = [personality, Count { right, of }, ties, technical];
        Consistency { by: sheet.id.clone(), lines: technical.of, counts }
    });
    Report { characters: characters.collect(), shuffled }
}

/// Whether a tie speaks for a move; none if it has no say on it.
fn speaks_for(regard: Regard, made: Option<Move>) -> Option<bool> {
    let sways = regard.sways(made?);
    ((sways - 1.0).abs() >= SAY).then_some(sways > 1.0)
}

/// Whose sheet comes next; the first one's after the last.
fn next<'a>(cast: &'a Cast, id: &str) -> Option<&'a str> {
    let sheets = cast.sheets();
    let place = sheets.iter().position(|sheet| sheet.id == id)?;
    sheets.get((place + 1) % sheets.len()).map(|sheet| sheet.id.as_str())
}

/// What each would hold of whom it is tied to, were all kinds of ties dealt out anew;
/// who was dealt its own kind is left out.
fn strangers_ties(cast: &Cast, seed: u64) -> BTreeMap<(&String, &String), Regard> {
    let both: Vec<(&Sheet, &Tie)> =
        cast.sheets().iter().flat_map(|sheet| sheet.ties.iter().map(move |tie| (sheet, tie))).collect();
    let mut kinds: Vec<&Tie> = both.iter().map(|(_, tie)| *tie).collect();
    let mut chance = Rand64::new(u128::from(seed));
    for place in (1..kinds.len()).rev() {
        kinds.swap(place, chance.rand_range(0..place as u64 + 1) as usize);
    }
    let dealt = both.into_iter().zip(kinds).filter(|((_, tie), other)| tie.kind != other.kind);
    dealt
        .map(|((sheet, tie), other)| {
            let dealt = Tie { kind: other.kind, ..tie.clone() };
            ((&sheet.id, &tie.to), Regard::on_paper(&[dealt], &tie.to))
        })
        .collect()
}

/// Whose sheet these traits are nearest to.
fn nearest<'a>(cast: &'a Cast, traits: &Traits) -> Option<&'a str> {
    let distance = |other: &Traits| -> f32 {
        Trait::ALL.iter().map(|which| (traits.get(*which) - other.get(*which)).powi(2)).sum()
    };
    let sheets = cast.sheets().iter();
    let nearest = sheets.min_by(|one, other| distance(&one.traits).total_cmp(&distance(&other.traits)));
    nearest.map(|sheet| sheet.id.as_str())
}

/// Whether a line says what its event records, and what is still so: all of it is
/// read again from the event.
fn is_right(seen: &Seen<'_>, sheet: &Sheet) -> bool {
    let line = seen.line;
    let cause = seen.events.get(&line.cause).and_then(facts::of).filter(|fact| fact.node == line.node);
    let Some(cause) = cause else { return false };
    let recorded = Slots::of(&cause, &sheet.notices);
    let as_recorded = |one: &Told| {
        let filled = &one.filled;
        let same = match filled.slot {
            // What lies before the event, or is put together by a rule.
            Slot::Before
            | Slot::Times
            | Slot::Cause
            | Slot::Settle
            | Slot::Act
            | Slot::Also
            | Slot::Answer => true,
            slot => recorded.get(slot) == Some(filled),
        };
        same && line.text.contains(filled.text.as_str()) && seen.events.contains_key(&one.event)
    };
    let is_still_so = match cause.occasion {
        // A crisis is told, whatever came of it.
        Occasion::Joined | Occasion::Signal | Occasion::Crisis => true,
        occasion @ (Occasion::Silent | Occasion::Returned) => {
            seen.newest(&line.node, true).is_none_or(|newest| newest.occasion == occasion)
        }
        _ => seen.newest(&line.node, false).is_none_or(|newest| newest.mood == cause.mood),
    };
    is_still_so && line.facts.iter().all(as_recorded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Line;

    /// Every gate is held, and no measure holds where what it depends on is shuffled.
    #[test]
    fn a_month_is_measured() {
        let cast = Cast::built_in().unwrap();
        let measured = consistency(&cast, 1);
        for one in &measured.characters {
            println!("{:<14} {:>4} {:?} {:?}", one.by, one.lines, one.counts, one.missed());
        }
        println!("{:?}", measured.shuffled);
        assert_eq!(measured.characters.len(), cast.sheets().len());
        for (place, ((gate, least), shuffled)) in GATES.iter().zip(measured.shuffled).enumerate() {
            let shares = measured.characters.iter().filter_map(|one| one.counts[place].share());
            assert!(shares.count() >= 10, "{gate}");
            assert!(shuffled.share().unwrap() < least - 0.15, "{gate}: {shuffled:?}");
        }
        let missed = measured.characters.iter().filter(|one| !one.missed().is_empty());
        assert_eq!(missed.map(|one| one.by.as_str()).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn what_is_not_as_recorded_is_not_right() {
        let cast = Cast::built_in().unwrap();
        let (mut whole, mut changed) = (Count::default(), [Count::default(); 4]);
        month::play(&cast, 2, 1, &mut |seen| {
            let sheet = cast.get(&seen.line.by).unwrap();
            whole.add(is_right(seen, sheet));
            let with = |line: &Line| is_right(&Seen { line, ..*seen }, sheet);
            let mut line = seen.line.clone();
            line.node = "elsewhere".to_owned();
            changed[0].add(with(&line));
            let mut line = seen.line.clone();
            line.cause = Uuid::nil();
            changed[1].add(with(&line));
            let mut line = seen.line.clone();
            if let Some(told) = line.facts.iter_mut().find(|told| told.filled.slot == Slot::Node) {
                told.filled.value = cast::Value::Text("elsewhere".to_owned());
                changed[2].add(with(&line));
            }
            let mut line = seen.line.clone();
            if !line.facts.is_empty() {
                line.text.clear();
                changed[3].add(with(&line));
            }
        });
        assert!(whole.of > 100 && whole.right * 10 >= whole.of * 9, "{whole:?}");
        for count in changed {
            assert!(count.of > 50 && count.right == 0, "{changed:?}");
        }
    }

    #[test]
    fn traits_are_nearest_to_their_own_sheet() {
        let cast = Cast::built_in().unwrap();
        for sheet in cast.sheets() {
            assert_eq!(nearest(&cast, &sheet.traits), Some(sheet.id.as_str()));
        }
        let few = Count { right: 29, of: 29 };
        assert_eq!((few.share(), Count { right: 15, of: 30 }.share()), (None, Some(0.5)));
        let counts = [few, Count { right: 23, of: 30 }, few, few];
        assert_eq!(Consistency { counts, ..Consistency::default() }.missed(), ["dialogue"]);
    }
}
