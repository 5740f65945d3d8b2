//! From a card to a sheet. A card has no lines with slots in them, and no eye:
//! those are lent by a voice of the reserve, and whoever imports it is told so.

use super::{Card, CardError};
use crate::birth::{RESERVE, is_taken};
use crate::casting::Cast;
use crate::grammar::Template;
use crate::lexicon;
use crate::lint::lint;
use crate::sheet::{Sheet, SheetError};
use toml::Value;

/// The most of the card's own sentences that a sheet takes.
const MOST_OWN: usize = 12;
/// The longest sentence that it takes, in words.
const LONGEST_OWN: usize = 18;
/// The longest phrase for who somebody is, in characters.
const LONGEST_PHRASE: usize = 80;

/// A sheet that was made of a card.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopted {
    /// The sheet.
    pub sheet: Sheet,
    /// Its text.
    pub text: String,
    /// What the card lacks, and what stands there instead: for whoever imports it.
    pub notes: Vec<String>,
}

/// Why a card makes no sheet.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The card.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The sheet that lies in it, or that it became.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Every voice is taken.
    #[error("every voice of the reserve speaks already, and the card has none that can be filled from facts")]
    NoVoice,
    /// The sheet can't stand beside the others.
    #[error("{0}")]
    Lint(String),
    /// The sheet can't be written.
    #[error("the sheet can't be written: {0}")]
    Write(#[from] toml::ser::Error),
}

/// Makes a sheet of a card, called `id`, fit to stand beside `cast`. `domain` is
/// what it stands for, which no foreign card says. A sheet of ours that lies in the
/// card is taken as it is, if nobody speaks so already.
///
/// # Errors
/// [`AdoptError`].
pub fn adopt(cast: &Cast, card: &Card, id: &str, domain: Option<&str>) -> Result<Adopted, AdoptError> {
    let mut left_out = None;
    if let Some(text) = card.sheet() {
        let (sheet, text) = named(Sheet::parse(id, text)?, text, card.name(), domain)?;
        match fits(cast, &sheet) {
            Ok(()) => return Ok(Adopted { sheet, text, notes: Vec::new() }),
            Err(fault) => left_out = Some(format!("the sheet in the card is left out: {fault}")),
        }
    }
    let mut last = None;
    for (voice, text) in RESERVE.into_iter().filter(|(voice, _)| !is_taken(cast, voice)) {
        // With its own words if they are its alone, else without.
        for own in [true, false] {
            let (text, notes) = dress(card, (voice, text), own, domain)?;
            let sheet = Sheet::parse(id, &text)?;
            match fits(cast, &sheet) {
                Ok(()) => {
                    let notes = left_out.into_iter().chain(notes).collect();
                    return Ok(Adopted { sheet, text, notes });
                }
                Err(error) => last = Some(error),
            }
        }
    }
    Err(last.unwrap_or(AdoptError::NoVoice))
}

/// A sheet and its text, called as the card is, and for this domain.
fn named(sheet: Sheet, text: &str, name: &str, domain: Option<&str>) -> Result<(Sheet, String), AdoptError> {
    if sheet.name == name && domain.is_none_or(|domain| domain == sheet.domain) {
        return Ok((sheet, text.to_owned()));
    }
    let mut table = table(&sheet.id, text)?;
    table.insert("name".to_owned(), name.into());
    if let Some(domain) = domain {
        table.insert("domain".to_owned(), domain.into());
    }
    let text = toml::to_string(&table)?;
    Ok((Sheet::parse(&sheet.id, &text)?, text))
}

fn table(id: &str, text: &str) -> Result<toml::Table, SheetError> {
    text.parse().map_err(|error| SheetError::Syntax { file: format!("{id}.toml"), source: Box::new(error) })
}

fn fits(cast: &Cast, sheet: &Sheet) -> Result<(), AdoptError> {
    let mut larger = cast.clone().with_most(usize::MAX);
    // There is room for it.
    let _ = larger.add(sheet.clone());
    let fault = lint(&larger, |_| true).into_iter().find(|one| one.is_fault() && one.is_about(&sheet.id));
    fault.map_or(Ok(()), |fault| Err(AdoptError::Lint(fault.to_string())))
}

/// A voice of the reserve with all that the card says.
fn dress(
    card: &Card,
    (voice, text): (&str, &str),
    own: bool,
    domain: Option<&str>,
) -> Result<(String, Vec<String>), AdoptError> {
    let mut sheet = table(voice, text)?;
    let mut notes = Vec::new();
    let mut set = |key: &str, value: Value| drop(sheet.insert(key.to_owned(), value));
    let said = |key: &str| card.text(key).replace("{{char}}", card.name()).replace("{{user}}", "you");
    set("name", card.name().trim().into());
    set("lent", voice.into());
    set("house", "none; it came with a card".into());
    notes.push("house: a card has none; \"none; it came with a card\" stands there".to_owned());
    set("domain", domain.unwrap_or("whatever it is given").into());
    if domain.is_none() {
        let note = "domain: a card has none; \"whatever it is given\" stands there (--domain sets it)";
        notes.push(note.to_owned());
    }
    let personality = sentences(&said("personality"));
    let description = sentences(&said("description"));
    if let Some(phrase) = personality.first().or(description.first()) {
        set("archetype", cut(phrase.trim_end_matches(['.', '!', '?'])).into());
    } else {
        set("archetype", "a guest".into());
        notes.push("archetype: the card describes nobody; \"a guest\" stands there".to_owned());
    }
    if personality.is_empty() {
        notes.push(format!("voice: the card has no personality; that of {voice} stands there"));
    } else {
        set("voice", personality.iter().take(8).map(|one| cut(one)).collect::<Vec<_>>().into());
    }
    let creator = said("creator");
    let creator = if creator.is_empty() { "somebody unnamed".to_owned() } else { cut(&creator) };
    set("influences", vec![format!("a character card by {creator}")].into());
    notes.push(format!("traits, eye, notices, opinions: a card has none; those of {voice} stand there"));
    notes.push(format!("lines, moves, answers: a card has none that facts can fill; {voice} lends its own"));
    if own {
        let all = sentences(&format!("{} {}", said("first_mes"), said("mes_example")));
        let words: Vec<Value> =
            all.into_iter().filter(|one| is_own(one)).take(MOST_OWN).map(Value::from).collect();
        let muse =
            sheet.get_mut("moves").and_then(|moves| moves.get_mut("muse")).and_then(Value::as_array_mut);
        if let Some(muse) = muse.filter(|_| !words.is_empty()) {
            notes.push(format!("moves.muse: {} of the card's own sentences stand there", words.len()));
            *muse = words;
        }
    }
    Ok((toml::to_string(&sheet)?, notes))
}

/// Whether a character may say it as it stands: it claims nothing.
fn is_own(sentence: &str) -> bool {
    let words = sentence.split_whitespace().count();
    (3..=LONGEST_OWN).contains(&words)
        && !sentence.contains(['{', '}', '<', '>', '*', ':', '"', '“', '”'])
        && sentence.ends_with(['.', '!', '?'])
        && Template::parse(sentence).is_ok()
        && lexicon::first_in(sentence).is_none()
}

/// The sentences of a text, each on one line.
fn sentences(text: &str) -> Vec<String> {
    let all = text.split_inclusive(['.', '!', '?', '\n']);
    all.map(|one| one.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|one| one.len() > 1).collect()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST_PHRASE {
        return text.to_owned();
    }
    text.chars().take(LONGEST_PHRASE - 1).chain(['…']).collect()
}
