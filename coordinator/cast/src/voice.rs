//! How well the characters can be told apart by their prose alone.
//!
//! A classifier over runs of three letters is trained on what they say on some
//! occasions, and then told who said what on others: all of them about the same
//! facts. What would give a speaker away without any voice is masked first:
//! names, titles, the words of their domains and houses, and their set phrases.

use crate::casting::{Cast, TITLES};
use crate::fact::{Direction, Fact, Mood, Occasion, Quantity, Reading};
use crate::grammar::Part;
use crate::lexicon;
use crate::life::Bearing;
use crate::sheet::Sheet;
use crate::slot::Slot;
use crate::style::{IT, Style};
use crate::trope::{Trope, Tropes};
use crate::utter::{Recent, utter};
use oorandom::Rand64;
use std::collections::{BTreeMap, BTreeSet};

/// The occasions that the classifier learns from, and those that it is asked about.
const LEARNT: [Occasion; 5] =
    [Occasion::Bored, Occasion::Happy, Occasion::Joined, Occasion::Eased, Occasion::Signal];
const ASKED: [Occasion; 2] = [Occasion::Stressed, Occasion::Returned];
/// Lines of each character about each fact.
const LEARNT_LINES: usize = 40;
const ASKED_LINES: usize = 20;
/// Tales of each style, and how many beats are taken of each.
const TALES: usize = 20;
const TALE: usize = 4;
/// How often the figure is drawn anew for its interval.
const DRAWS: usize = 1_000;
/// What an unseen run of letters counts, and how many there may be.
const UNSEEN: (f64, f64) = (0.5, 5_000.0);

/// How many lines went to their speaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Lines that went to who said them.
    pub right: usize,
    /// All of them.
    pub all: usize,
    /// The share that went right.
    pub share: f64,
    /// Of 95 draws in 100 the share lies between these: a bootstrap over pairs of
    /// speaker and fact, since the lines of one pair are of a kind.
    pub interval: (f64, f64),
    /// What guessing would reach.
    pub chance: f64,
}

/// Tells the whole cast apart. The same cast and seed give the same figure.
pub fn told_apart(cast: &Cast, seed: u64) -> Figure {
    let masks = Masks::of(cast);
    let sheets = cast.sheets();
    let profiles: Vec<BTreeMap<String, f64>> = sheets
        .iter()
        .map(|sheet| {
            profile(
                LEARNT
                    .iter()
                    .flat_map(|one| facts(*one))
                    .flat_map(|fact| said(sheet, &fact, LEARNT_LINES, seed)),
                &masks,
            )
        })
        .collect();
    // Right and all, for each pair of a speaker and a fact.
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (speaker, sheet) in sheets.iter().enumerate() {
        for fact in ASKED.iter().flat_map(|one| facts(*one)) {
            let lines = said(sheet, &fact, ASKED_LINES, seed);
            let right = lines.iter().filter(|line| guess(&profiles, line, &masks) == Some(speaker)).count();
            pairs.push((right, lines.len()));
        }
    }
    figure(&pairs, sheets.len(), seed)
}

/// The share of what went right, drawn anew for its interval.
fn figure(pairs: &[(usize, usize)], among: usize, seed: u64) -> Figure {
    let share = |pairs: &[(usize, usize)]| {
        let (right, all) = pairs.iter().fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        (right, all, right as f64 / (all.max(1)) as f64)
    };
    let mut chance = Rand64::new(u128::from(seed));
    let mut drawn: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let again: Vec<_> = pairs
                .iter()
                .filter_map(|_| pairs.get(chance.rand_range(0..pairs.len() as u64) as usize).copied())
                .collect();
            share(&again).2
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    let at = |permille: usize| drawn.get(DRAWS * permille / 1_000).copied().unwrap_or_default();
    let (right, all, share) = share(pairs);
    Figure { right, all, share, interval: (at(25), at(975)), chance: 1.0 / among.max(1) as f64 }
}

/// Of lines with open slots, how many of each speaker's are given to it, and of how
/// many: by what each said elsewhere, masked as ever.
pub fn attributed(
    cast: &Cast,
    learnt: &BTreeMap<String, Vec<String>>,
    asked: &BTreeMap<String, Vec<String>>,
) -> BTreeMap<String, (u32, u32)> {
    let masks = Masks::of(cast);
    let (speakers, profiles): (Vec<&String>, Vec<_>) =
        learnt.iter().map(|(by, lines)| (by, profile(lines.iter().cloned(), &masks))).unzip();
    let of = |by: &String, lines: &[String]| {
        let is_its = |line: &&String| {
            guess(&profiles, line, &masks).and_then(|place| speakers.get(place)) == Some(&by)
        };
        (lines.iter().filter(is_its).count() as u32, lines.len() as u32)
    };
    asked.iter().map(|(by, lines)| (by.clone(), of(by, lines))).collect()
}

/// Tells the literary styles of the whole cast apart by whole tales: learnt from every
/// other trope as each tells it, and asked about the tropes between. The same cast,
/// tropes and seed give the same figure; those without a style are left out.
pub fn styles_told_apart(cast: &Cast, tropes: &Tropes, seed: u64) -> Figure {
    let tales = |odd: usize| {
        let some = tropes.iter().enumerate().filter(move |(place, _)| place % 2 == odd);
        let some: Vec<&Trope> = some.map(|(_, trope)| trope).collect();
        move |style: &Style| {
            let told = some.iter().map(|trope| style.whole(trope.spoken().map(|(_, text)| text), seed));
            told.map(|told| told.text()).collect()
        }
    };
    apart(cast, seed, tales(0), tales(1))
}

/// The same by words that were not learnt: from half of the words of each style, about
/// tales made of the other half. Few words are learnt of each, so it is a hard question.
pub fn styles_by_other_words(cast: &Cast, seed: u64) -> Figure {
    let bare = |odd: bool| move |style: &Style| style.half(odd).map(|frame| frame.replace(IT, "#")).collect();
    let tales = |style: &Style| {
        let (words, chance): (Vec<String>, _) = (bare(true)(style), &mut Rand64::new(u128::from(seed)));
        let mut word = || words.get(chance.rand_range(0..words.len().max(1) as u64) as usize).cloned();
        let tale = |_| (0..TALE).filter_map(|_| word()).collect::<Vec<_>>().join(" ");
        (0..TALES).map(tale).collect()
    };
    apart(cast, seed, bare(false), tales)
}

fn apart(
    cast: &Cast,
    seed: u64,
    learnt: impl Fn(&Style) -> Vec<String>,
    asked: impl Fn(&Style) -> Vec<String>,
) -> Figure {
    let masks = Masks::of(cast);
    let styles = cast.sheets().iter().filter_map(|sheet| sheet.style);
    let styles: BTreeMap<&str, &Style> = styles.map(|style| (style.id.as_str(), style)).collect();
    let profiles: Vec<_> = styles.values().map(|style| profile(learnt(style), &masks)).collect();
    let pair = |(teller, style): (usize, &&Style)| {
        let tales = asked(style);
        let right = tales.iter().filter(|tale| guess(&profiles, tale, &masks) == Some(teller)).count();
        (right, tales.len())
    };
    let pairs: Vec<_> = styles.values().enumerate().map(pair).collect();
    figure(&pairs, profiles.len(), seed)
}

/// What would give a speaker away.
struct Masks {
    words: BTreeSet<String>,
    phrases: Vec<String>,
}

impl Masks {
    fn of(cast: &Cast) -> Self {
        let mut words: BTreeSet<String> = TITLES.iter().map(|title| (*title).to_owned()).collect();
        let mut phrases = Vec::new();
        for sheet in cast.sheets() {
            for text in [&sheet.name, &sheet.domain, &sheet.house] {
                let long = lexicon::words(text).map(str::to_lowercase).filter(|word| word.len() > 3);
                words.extend(long.flat_map(|word| [word.trim_end_matches('s').to_owned(), word]));
            }
            for template in sheet.grammar.phrases.values().flatten() {
                // A phrase that nothing fills is a set one.
                if let [Part::Text(text)] = template.parts.as_slice() {
                    phrases.push(text.to_lowercase());
                }
            }
        }
        // The longest first: a short one may stand in a longer.
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
        Self { words, phrases }
    }

    fn mask(&self, frame: &str) -> String {
        let mut text = frame.to_lowercase();
        for slot in Slot::ALL {
            text = text.replace(&format!("{{{}}}", slot.name()), "#");
        }
        for phrase in &self.phrases {
            text = text.replace(phrase.as_str(), "#");
        }
        let masked = text.split_inclusive(|c: char| !c.is_alphanumeric()).map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            if self.words.contains(word) { piece.replacen(word, "#", 1) } else { piece.to_owned() }
        });
        masked.collect()
    }
}

/// Runs of three letters, and how often each stands in these lines.
fn profile(frames: impl IntoIterator<Item = String>, masks: &Masks) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for frame in frames {
        let letters: Vec<char> = masks.mask(&frame).chars().collect();
        for three in letters.windows(3) {
            *counts.entry(three.iter().collect()).or_default() += 1.0;
        }
    }
    counts
}

/// Whose profile a line fits best.
fn guess(profiles: &[BTreeMap<String, f64>], line: &str, masks: &Masks) -> Option<usize> {
    let seen = profile([line.to_owned()], masks);
    let score = |known: &BTreeMap<String, f64>| -> f64 {
        let total: f64 = known.values().sum::<f64>() + UNSEEN.1;
        let of = |three: &str| ((known.get(three).copied().unwrap_or(0.0) + UNSEEN.0) / total).ln();
        seen.iter().map(|(three, times)| times * of(three)).sum()
    };
    let scores: Vec<f64> = profiles.iter().map(score).collect();
    (0..scores.len()).max_by(|one, other| scores[*one].total_cmp(&scores[*other]))
}

/// What a character says about a fact, with its slots open.
fn said(sheet: &Sheet, fact: &Fact, lines: usize, seed: u64) -> Vec<String> {
    let (mut chance, mut recent) = (Rand64::new(u128::from(seed)), Recent::default());
    (0..lines)
        .filter_map(|_| Some(utter(sheet, fact, Bearing::default(), &mut chance, &mut recent)?.frame))
        .collect()
}

/// The facts of an occasion: one that tells all that one can, and one that tells little.
fn facts(occasion: Occasion) -> [Fact; 2] {
    let quantity =
        |value: f64, unit: &str, text: &str| Quantity { value, unit: unit.to_owned(), text: text.to_owned() };
    let (was, mood) = match occasion {
        Occasion::Bored => (Some(Mood::Happy), Some(Mood::Bored)),
        Occasion::Stressed => (Some(Mood::Happy), Some(Mood::Stressed)),
        Occasion::Eased => (Some(Mood::Crisis), Some(Mood::Happy)),
        Occasion::Happy => (Some(Mood::Bored), Some(Mood::Happy)),
        _ => (None, Some(Mood::Happy)),
    };
    let moody = was.is_some();
    let reading = Reading {
        name: "disk_used".to_owned(),
        words: "disk used".to_owned(),
        flag: false,
        value: quantity(97.0, "%", "97 %"),
        direction: Some(Direction::Above),
        usual: Some(quantity(41.5, "%", "41.5 %")),
    };
    let little = Fact {
        mood,
        was,
        readings: if occasion == Occasion::Signal {
            vec![Reading::sign("restarted", "a reboot")]
        } else {
            Vec::new()
        },
        ..Fact::of("pi-07", 0, occasion)
    };
    let mut whole = little.clone();
    if moody {
        whole.lasted = Some(quantity(1.08e7, "ms", "3 h"));
        whole.readings = vec![reading];
    }
    if occasion == Occasion::Returned {
        whole.unheard = Some(quantity(95_000.0, "ms", "95 s"));
    }
    whole.past.before = Some(quantity(7.2e6, "ms", "2 h ago"));
    whole.past.times = Some(quantity(3.0, "", "3 times within 24 h"));
    [whole, little]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It guards against voices that grow alike.
    #[test]
    fn the_whole_cast_is_told_apart() {
        let cast = Cast::built_in().unwrap();
        let figure = told_apart(&cast, 7);
        println!("{figure:?}");
        assert!(figure.share > 0.75 && figure.interval.0 > 0.65, "{figure:?}");
        assert!(figure.interval.0 <= figure.share && figure.share <= figure.interval.1, "{figure:?}");
        assert_eq!(figure, told_apart(&cast, 7));
    }

    /// It guards against styles that grow alike, or that what is told drowns.
    #[test]
    fn the_styles_are_told_apart() {
        let (cast, tropes) = (Cast::built_in().unwrap(), Tropes::built_in().unwrap());
        let figure = styles_told_apart(&cast, &tropes, 7);
        println!("{figure:?}");
        assert!(figure.all >= 15 * 30 && figure.share > 0.9, "{figure:?}");
        assert_eq!(figure, styles_told_apart(&cast, &tropes, 7));
        let unlearnt = styles_by_other_words(&cast, 7);
        println!("{unlearnt:?}");
        assert!(unlearnt.share > 3.0 * unlearnt.chance, "{unlearnt:?}");
    }

    #[test]
    fn what_gives_a_speaker_away_is_masked() {
        let cast = Cast::built_in().unwrap();
        let masks = Masks::of(&cast);
        assert_eq!(masks.mask("Madam Calliope, {node} and its secrets."), "# #, # and its #.");
        assert_eq!(masks.mask("look sharp: {node}"), "# #", "a set phrase of one of them");
    }
}
