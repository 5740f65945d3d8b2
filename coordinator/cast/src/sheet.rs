//! A sheet: who a character is, in one TOML file, checked when it is read.

use crate::fact::Occasion;
use crate::grammar::{Grammar, GrammarError, Part, Template, nearest};
use crate::lexicon;
use crate::traits::Traits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A role that a character holds for the whole cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Office {
    /// How things are arranged.
    Architect,
    /// How things get done.
    Engineer,
    /// What is known and where it lies.
    Data,
    /// Whether it is really so.
    Qa,
    /// Who may do what.
    Security,
    /// Whether it runs.
    Sre,
}

/// What binds one character to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieKind {
    /// They stand together.
    Alliance,
    /// They measure themselves against each other.
    Rivalry,
    /// This one needs the other.
    Dependency,
    /// This one looks down on the other's ways.
    Contempt,
}

/// A tie to another character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tie {
    /// The other's sheet.
    pub to: String,
    /// What binds them.
    pub kind: TieKind,
    /// Why, rooted in which domain needs which.
    pub why: String,
}

/// One member of the cast, as its sheet describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// The sheet's file name without its ending: the character's name in topics.
    pub id: String,
    /// The full name.
    pub name: String,
    /// Where the character belongs.
    pub house: String,
    /// What of a cluster it stands for.
    pub domain: String,
    /// Who it is, in a phrase.
    pub archetype: String,
    /// Whose prose it learnt to speak from.
    pub influences: Vec<String>,
    /// Its role.
    pub office: Office,
    /// Whether its domain is for people to find out.
    pub veiled: bool,
    /// Its sixteen traits.
    pub traits: Traits,
    /// How it speaks, as rules.
    pub voice: Vec<String>,
    /// What it holds to be true.
    pub opinions: Vec<String>,
    /// The vitals that it looks at first, by their names in JSON.
    pub notices: Vec<String>,
    /// What binds it to others.
    pub ties: Vec<Tie>,
    /// Its own words.
    pub grammar: Grammar,
}

/// Why a sheet can't be used. Each names the file and what to change.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not TOML, a key missing, or a value of the wrong type.
    #[error("{file}: {source}")]
    Syntax {
        /// Which sheet.
        file: String,
        /// What the parser says, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A key that no sheet has.
    #[error("{file}: unknown key `{key}`; the nearest is `{nearest}`")]
    UnknownKey {
        /// Which sheet.
        file: String,
        /// The key with its table.
        key: String,
        /// The nearest that exists.
        nearest: String,
    },
    /// A trait outside 0 to 1.
    #[error("{file}: traits.{name} is {value}; a trait is a number from 0 to 1")]
    TraitRange {
        /// Which sheet.
        file: String,
        /// Which trait.
        name: &'static str,
        /// Its value.
        value: f32,
    },
    /// A template that can't be read.
    #[error("{file}: {key}: in {template:?}: {source}")]
    Grammar {
        /// Which sheet.
        file: String,
        /// The occasion or phrase.
        key: String,
        /// The template as written.
        template: String,
        /// What is wrong with it.
        source: Box<GrammarError>,
    },
    /// A word that only a fact may say.
    #[error("{file}: {key}: in {template:?}: {word:?} is {kind}: let a slot say it, or choose another word")]
    Word {
        /// Which sheet.
        file: String,
        /// The occasion or phrase.
        key: String,
        /// The template as written.
        template: String,
        /// The word.
        word: String,
        /// What kind of word it is.
        kind: lexicon::Kind,
    },
    /// An occasion without a line that needs no more than every such fact tells.
    #[error(
        "{file}: lines.{occasion} has no line that needs nothing but {{node}}, {{state}} and {{at}}; add one"
    )]
    Speechless {
        /// Which sheet.
        file: String,
        /// Which occasion.
        occasion: &'static str,
    },
    /// A line for a crisis or a silence that does not begin with the fact.
    #[error(
        "{file}: lines.{occasion}: {template:?}: such a line begins with {{node}} and holds no `!` or `?`"
    )]
    Sobriety {
        /// Which sheet.
        file: String,
        /// Which occasion.
        occasion: &'static str,
        /// The template as written.
        template: String,
    },
}

/// A sheet as it stands in the file.
#[derive(Deserialize)]
struct Raw {
    name: String,
    house: String,
    domain: String,
    archetype: String,
    influences: Vec<String>,
    office: Office,
    veiled: bool,
    #[serde(default)]
    traits: Traits,
    voice: Vec<String>,
    opinions: Vec<String>,
    #[serde(default)]
    notices: Vec<String>,
    #[serde(default)]
    ties: Vec<Tie>,
    lines: BTreeMap<Occasion, Vec<String>>,
    #[serde(default)]
    phrases: BTreeMap<String, Vec<String>>,
}

const KEYS: [&str; 14] = [
    "name",
    "house",
    "domain",
    "archetype",
    "influences",
    "office",
    "veiled",
    "traits",
    "voice",
    "opinions",
    "notices",
    "ties",
    "lines",
    "phrases",
];

impl Sheet {
    /// Reads and checks a sheet. `id` is the file's name without `.toml`.
    ///
    /// # Errors
    /// [`SheetError`], which names the file, the key and what to change.
    pub fn parse(id: &str, text: &str) -> Result<Self, SheetError> {
        let file = format!("{id}.toml");
        let syntax = |error| SheetError::Syntax { file: file.clone(), source: Box::new(error) };
        let table: toml::Table = text.parse().map_err(syntax)?;
        check_keys(&file, "", &table, &KEYS)?;
        if let Some(traits) = table.get("traits").and_then(toml::Value::as_table) {
            check_keys(&file, "traits.", traits, Traits::NAMES)?;
        }
        if let Some(lines) = table.get("lines").and_then(toml::Value::as_table) {
            check_keys(&file, "lines.", lines, &Occasion::ALL.map(Occasion::name))?;
        }
        // From the text and not from the table, so that errors have lines and columns.
        let raw: Raw = toml::from_str(text).map_err(syntax)?;
        for (name, value) in raw.traits.iter() {
            if !(0.0..=1.0).contains(&value) {
                return Err(SheetError::TraitRange { file, name, value });
            }
        }
        let grammar = grammar(&file, raw.lines, raw.phrases)?;
        check_lines(&file, &grammar)?;
        Ok(Self {
            id: id.to_owned(),
            name: raw.name,
            house: raw.house,
            domain: raw.domain,
            archetype: raw.archetype,
            influences: raw.influences,
            office: raw.office,
            veiled: raw.veiled,
            traits: raw.traits,
            voice: raw.voice,
            opinions: raw.opinions,
            notices: raw.notices,
            ties: raw.ties,
            grammar,
        })
    }
}

fn check_keys(file: &str, prefix: &str, table: &toml::Table, known: &[&str]) -> Result<(), SheetError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(SheetError::UnknownKey {
            file: file.to_owned(),
            key: format!("{prefix}{key}"),
            nearest: format!("{prefix}{}", nearest(key, known.iter().copied()).unwrap_or_default()),
        }),
    }
}

fn grammar(
    file: &str,
    lines: BTreeMap<Occasion, Vec<String>>,
    phrases: BTreeMap<String, Vec<String>>,
) -> Result<Grammar, SheetError> {
    let mut grammar = Grammar::default();
    for (occasion, sources) in lines {
        let key = format!("lines.{}", occasion.name());
        grammar.lines.insert(occasion, templates(file, &key, &sources)?);
    }
    for (name, sources) in phrases {
        let key = format!("phrases.{name}");
        let alternatives = templates(file, &key, &sources)?;
        if alternatives.is_empty() {
            return Err(wrong(file, &key, "", GrammarError::Empty));
        }
        grammar.phrases.insert(name, alternatives);
    }
    let all = grammar.lines.iter().map(|(occasion, list)| (occasion.name(), list));
    for (key, list) in all.chain(grammar.phrases.iter().map(|(name, list)| (name.as_str(), list))) {
        for template in list {
            grammar.check(template).map_err(|source| wrong(file, key, &template.source, source))?;
        }
    }
    Ok(grammar)
}

fn templates(file: &str, key: &str, sources: &[String]) -> Result<Vec<Template>, SheetError> {
    let mut templates = Vec::new();
    for source in sources {
        let template = Template::parse(source).map_err(|error| wrong(file, key, source, error))?;
        for part in &template.parts {
            let Part::Text(text) = part else { continue };
            if let Some((word, kind)) = lexicon::first_in(text) {
                return Err(SheetError::Word {
                    file: file.to_owned(),
                    key: key.to_owned(),
                    template: source.clone(),
                    word,
                    kind,
                });
            }
        }
        templates.push(template);
    }
    Ok(templates)
}

fn wrong(file: &str, key: &str, template: &str, error: GrammarError) -> SheetError {
    SheetError::Grammar {
        file: file.to_owned(),
        key: key.to_owned(),
        template: template.to_owned(),
        source: Box::new(error),
    }
}

/// Every occasion can be spoken of whatever the fact leaves out, and the grave
/// ones are spoken of soberly.
fn check_lines(file: &str, grammar: &Grammar) -> Result<(), SheetError> {
    for occasion in Occasion::ALL {
        let least = crate::utter::least(occasion);
        if !grammar.of(occasion).iter().any(|template| grammar.fits(template, &least)) {
            return Err(SheetError::Speechless { file: file.to_owned(), occasion: occasion.name() });
        }
        if !occasion.is_urgent() {
            continue;
        }
        for template in grammar.of(occasion) {
            let sober = matches!(template.parts.first(), Some(Part::Slot(crate::Slot::Node)))
                && !template.source.contains(['!', '?']);
            if !sober {
                return Err(SheetError::Sobriety {
                    file: file.to_owned(),
                    occasion: occasion.name(),
                    template: template.source.clone(),
                });
            }
        }
    }
    Ok(())
}
