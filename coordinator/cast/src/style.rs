//! Literary styles: the form in which a character tells what takes more than a
//! line. Whatever is told stays as it is, word for word; a style is what stands
//! around it, and claims nothing.

use crate::lexicon::words;
use oorandom::Rand64;
use serde::Deserialize;
use std::sync::LazyLock;

/// Those that are built in; the file says what each key is.
const BUILT_IN: &str = include_str!("../styles.toml");
/// What stands for the thing told.
pub(crate) const IT: &str = "{it}";
/// Into so many lines a verse is broken.
const LINES: usize = 3;

/// A literary style.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// What a sheet calls it.
    pub id: String,
    /// What people call it.
    pub name: String,
    opens: Vec<String>,
    first: Vec<String>,
    then: Vec<String>,
    last: Vec<String>,
    ends: Vec<String>,
    #[serde(default)]
    verse: bool,
}

/// Where in a whole something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It is the first.
    First,
    /// Something was told before, and something follows.
    Then,
    /// It is the last, of several.
    Last,
}

impl Place {
    /// The place of one of so many.
    pub fn of(number: usize, all: usize) -> Self {
        match number {
            0 => Self::First,
            number if number + 1 == all => Self::Last,
            _ => Self::Then,
        }
    }
}

/// Something told in a style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Styled {
    /// What stands before the whole.
    pub opens: String,
    /// What was told, in its order.
    pub lines: Vec<String>,
    /// What stands after it.
    pub ends: String,
}

impl Styled {
    /// All of it as one text.
    pub fn text(&self) -> String {
        let whole = std::iter::once(&self.opens).chain(&self.lines).chain([&self.ends]);
        whole.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    style: Vec<Style>,
}

/// Written by hand, and read by the tests: one that can't be read is none.
static STYLES: LazyLock<Vec<Style>> =
    LazyLock::new(|| toml::from_str::<File>(BUILT_IN).map(|file| file.style).unwrap_or_default());

impl Style {
    /// Every one.
    pub fn all() -> &'static [Self] {
        &STYLES
    }

    /// The one of this id.
    pub fn get(id: &str) -> Option<&'static Self> {
        STYLES.iter().find(|style| style.id == id)
    }

    /// Whether it says a word that is a name here.
    pub fn names(&self, is_name: impl Fn(&str) -> bool) -> bool {
        let all = [&self.opens, &self.first, &self.then, &self.last, &self.ends];
        all.into_iter().flatten().flat_map(|frame| words(frame)).any(is_name)
    }

    /// One thing, told in this place. The same place, thing and seed give the same words.
    pub fn line(&self, place: Place, it: &str, seed: u64) -> String {
        self.dress(place, it, &mut Rand64::new(u128::from(seed)), &mut Vec::new())
    }

    /// Things one after another, with what stands before and after the whole. No
    /// words are used twice while there are others.
    pub fn whole<'a>(&self, things: impl IntoIterator<Item = &'a str>, seed: u64) -> Styled {
        let (chance, used) = (&mut Rand64::new(u128::from(seed)), &mut Vec::new());
        let things: Vec<&str> = things.into_iter().collect();
        let opens = pick(&self.opens, chance, used).to_owned();
        let told =
            |(number, it): (usize, &&str)| self.dress(Place::of(number, things.len()), it, chance, used);
        let lines = things.iter().enumerate().map(told).collect();
        let ends = pick(&self.ends, chance, used).to_owned();
        Styled { opens, lines, ends }
    }

    pub(crate) fn dress<'a>(
        &'a self,
        place: Place,
        it: &str,
        chance: &mut Rand64,
        used: &mut Vec<&'a str>,
    ) -> String {
        let frames = match place {
            Place::First => &self.first,
            Place::Then => &self.then,
            Place::Last => &self.last,
        };
        let it = if self.verse { broken(it) } else { it.to_owned() };
        pick(frames, chance, used).replace(IT, &it)
    }

    /// Its frames at an even place of their lists, or at an odd one: what the measure of
    /// styles learns from, and what it asks about.
    pub(crate) fn half(&self, odd: bool) -> impl Iterator<Item = &str> {
        let all = [&self.opens, &self.first, &self.then, &self.last, &self.ends];
        let all = all.into_iter().flat_map(|frames| frames.iter().enumerate());
        all.filter(move |(place, _)| (place % 2 == 1) == odd).map(|(_, frame)| frame.as_str())
    }
}

/// One of these, and one that was not used if there is any.
fn pick<'a>(frames: &'a [String], chance: &mut Rand64, used: &mut Vec<&'a str>) -> &'a str {
    let fresh: Vec<&str> = frames.iter().map(String::as_str).filter(|one| !used.contains(one)).collect();
    if fresh.is_empty() && !frames.is_empty() {
        used.retain(|one| !frames.iter().any(|frame| frame == one));
        return pick(frames, chance, used);
    }
    let length = fresh.len().max(1) as u64;
    let frame = fresh.get(chance.rand_range(0..length) as usize).copied().unwrap_or(IT);
    used.push(frame);
    frame
}

/// The same words in lines of about the same length.
fn broken(text: &str) -> String {
    let length = text.chars().count().div_ceil(LINES);
    let (mut verse, mut line) = (String::new(), 0);
    for (number, word) in text.split(' ').enumerate() {
        // A number stays with its unit.
        if line >= length && !verse.ends_with(|c: char| c.is_ascii_digit()) {
            verse.push_str(" /");
            line = 0;
        }
        if number > 0 {
            verse.push(' ');
        }
        verse.push_str(word);
        line += word.chars().count() + 1;
    }
    verse
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::casting::Cast;
    use crate::lexicon;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;

    #[test]
    fn styles_claim_nothing_and_share_no_words() {
        let file: File = toml::from_str(BUILT_IN).unwrap();
        assert_eq!(file.style, Style::all());
        let mut owners: BTreeMap<Vec<String>, &str> = BTreeMap::new();
        for style in Style::all() {
            for frames in [&style.first, &style.then, &style.last] {
                assert!(frames.len() >= 3 && frames.iter().all(|frame| frame.matches(IT).count() == 1));
            }
            for frames in [&style.opens, &style.ends] {
                assert!(frames.len() >= 2 && frames.iter().all(|frame| !frame.contains('{')));
            }
            let all = [&style.opens, &style.first, &style.then, &style.last, &style.ends];
            let mut own = BTreeSet::new();
            for frame in all.into_iter().flatten() {
                assert!(own.insert(frame) && frame.chars().count() <= 70, "{frame}");
                for said in frame.split(IT) {
                    assert_eq!(lexicon::first_in(said), None, "{}: {frame}", style.id);
                    let said: Vec<String> = words(said).map(str::to_lowercase).collect();
                    for run in said.windows(4) {
                        let owner = owners.entry(run.to_vec()).or_insert(&style.id);
                        assert_eq!(*owner, style.id, "{run:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn everybody_has_a_style_and_no_two_on_stage_the_same() {
        let cast = Cast::built_in().unwrap();
        let styles: BTreeSet<&str> =
            cast.sheets().iter().map(|sheet| sheet.style.unwrap().id.as_str()).collect();
        assert_eq!(styles.len(), cast.sheets().len());
        assert_eq!(styles.len(), Style::all().len(), "and none is left over");
    }

    #[test]
    fn the_same_tale_as_everybody_tells_it() {
        let cast = Cast::built_in().unwrap();
        let things =
            ["A door is left open.", "Two go through it, and neither says so.", "It was a cupboard."];
        let mut page = String::new();
        for sheet in cast.sheets() {
            let style = sheet.style.unwrap();
            let told = style.whole(things, 7);
            writeln!(page, "{}, as {}\n  {}", sheet.name, style.name, told.opens).unwrap();
            told.lines.iter().for_each(|line| writeln!(page, "  {line}").unwrap());
            writeln!(page, "  {}\n", told.ends).unwrap();
        }
        insta::assert_snapshot!("styles", page);
    }

    proptest! {
        /// Whatever is told is in it word for word, and nothing is told twice in the same words.
        #[test]
        fn what_is_told_stays_as_it_is(
            things in prop::collection::vec("[a-z0-9 .,-]{1,80}", 1..9), seed: u64, which in 0..15_usize,
        ) {
            let style = &Style::all()[which];
            let told = style.whole(things.iter().map(String::as_str), seed);
            prop_assert_eq!(&told, &style.whole(things.iter().map(String::as_str), seed));
            prop_assert_eq!(told.lines.len(), things.len());
            let whole = told.text();
            for (line, thing) in told.lines.iter().zip(&things) {
                let plain = if style.verse { line.replace(" / ", " ") } else { line.clone() };
                prop_assert!(plain.contains(thing.as_str()), "{line:?} {thing:?}");
                prop_assert!(line.chars().count() <= thing.chars().count() + 80 && whole.contains(line));
            }
            let then: BTreeSet<String> = told.lines.iter().zip(&things).skip(1).take(4)
                .map(|(line, thing)| line.replace(&broken(thing), "").replace(thing.as_str(), "")).collect();
            prop_assert!(told.lines.len() < 6 || then.len() == 4, "{then:?}");
        }
    }
}
