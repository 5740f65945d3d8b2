//! Whose voice a line is in: how its letters follow each other, against every
//! sheet's own words. It keeps a line out that is another's.

use cast::{Cast, Sheet};
use std::collections::BTreeMap;

/// A line is another's if three letters of it are likelier there by this much
/// on average (natural logarithm). Below, a plain line may be anybody's.
const MARGIN: f64 = 0.25;
/// Shorter lines say nothing about a voice, in groups of three letters.
const SHORTEST: usize = 24;
/// A word is a mark of a sheet that alone has it, and so often.
const OFTEN: usize = 3;
/// Shorter words are nobody's mark.
const LETTERS: usize = 5;

/// How each sheet writes.
#[derive(Clone, Debug)]
pub struct Styles {
    voices: BTreeMap<String, Voice>,
    marks: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default)]
struct Voice {
    threes: BTreeMap<[char; 3], f64>,
    total: f64,
}

impl Styles {
    /// The styles of a cast.
    pub fn of(cast: &Cast) -> Self {
        let mut words: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
        let mut voices = BTreeMap::new();
        for sheet in cast.sheets() {
            let mut voice = Voice::default();
            for (_, _, template) in sheet.grammar.all() {
                let text = plain(&template.source);
                for three in threes(&text) {
                    *voice.threes.entry(three).or_default() += 1.0;
                    voice.total += 1.0;
                }
                for word in cast::lexicon::words(&text).filter(|word| word.len() >= LETTERS) {
                    *words.entry(word.to_owned()).or_default().entry(&sheet.id).or_default() += 1;
                }
            }
            voices.insert(sheet.id.clone(), voice);
        }
        let alone = words.into_iter().filter_map(|(word, by)| {
            let (sheet, times) = by.first_key_value()?;
            (by.len() == 1 && *times >= OFTEN).then(|| (word, (*sheet).to_owned()))
        });
        Self { voices, marks: alone.collect() }
    }

    /// Whose mark stands in a line that is not this speaker's.
    pub(super) fn mark(&self, by: &str, text: &str) -> Option<(String, &str)> {
        let text = plain(text);
        let marks = cast::lexicon::words(&text).filter_map(|word| self.marks.get_key_value(word));
        let marks: Vec<_> = marks.collect();
        // Who has a mark of its own may borrow another's word.
        if marks.iter().any(|(_, sheet)| *sheet == by) {
            return None;
        }
        marks.first().map(|(word, sheet)| ((*word).clone(), sheet.as_str()))
    }

    /// Whose style a line is nearer to than to this speaker's.
    pub(super) fn nearer(&self, by: &str, text: &str) -> Option<&str> {
        let seen: Vec<[char; 3]> = threes(&plain(text)).collect();
        if seen.len() < SHORTEST {
            return None;
        }
        let score = |voice: &Voice| {
            let each = seen.iter().map(|three| {
                ((voice.threes.get(three).copied().unwrap_or(0.0) + 0.5) / (voice.total + 5_000.0)).ln()
            });
            each.sum::<f64>() / seen.len() as f64
        };
        let own = score(self.voices.get(by)?);
        let others = self.voices.iter().filter(|(sheet, _)| *sheet != by);
        let (sheet, best) = others
            .map(|(sheet, voice)| (sheet, score(voice)))
            .max_by(|(_, one), (_, other)| one.total_cmp(other))?;
        (best > own + MARGIN).then_some(sheet.as_str())
    }
}

/// How a sheet introduces itself in a prompt: its rules of speech.
pub(super) fn voice(sheet: &Sheet) -> String {
    format!("{} ({}): {}", sheet.id, sheet.archetype, sheet.voice.join(" "))
}

/// A text in small letters, with slots and phrases left out.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.to_lowercase().chars() {
        match c {
            '{' | '<' => inside = true,
            '}' | '>' => {
                inside = false;
                plain.push('#');
            }
            _ if inside => {}
            _ => plain.push(c),
        }
    }
    plain
}

fn threes(text: &str) -> impl Iterator<Item = [char; 3]> + use<> {
    let letters: Vec<char> = text.chars().collect();
    (2..letters.len()).map(move |end| [letters[end - 2], letters[end - 1], letters[end]])
}
