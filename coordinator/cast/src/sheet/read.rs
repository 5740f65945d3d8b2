//! Reading a sheet, and what is checked on the way.

use super::{Office, Sheet, SheetError, Tie, Trigger};
use crate::eye::Eye;
use crate::fact::Occasion;
use crate::grammar::{Grammar, GrammarError, Part, Template, nearest};
use crate::guess::Answer;
use crate::lexicon;
use crate::moves::Move;
use crate::style::Style;
use crate::traits::Traits;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A sheet as it stands in the file.
#[derive(Deserialize)]
struct Raw {
    name: String,
    house: String,
    /// A veiled one may keep it out of its sheet: then its answer is what it is told as.
    #[serde(default)]
    domain: String,
    archetype: String,
    influences: Vec<String>,
    #[serde(default)]
    style: Option<String>,
    #[serde(default)]
    office: Option<Office>,
    #[serde(default)]
    veiled: bool,
    #[serde(default)]
    guess: Vec<String>,
    #[serde(default)]
    node: Option<String>,
    #[serde(default)]
    lent: Option<String>,
    eye: Eye,
    #[serde(default)]
    triggers: Vec<Trigger>,
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
    moves: BTreeMap<Move, Vec<String>>,
    answers: Answers,
    #[serde(default)]
    phrases: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Answers {
    lead: Vec<String>,
}

/// How few kinds of move a character may have.
const FEWEST_MOVES: usize = 10;

const KEYS: [&str; 22] = [
    "name",
    "house",
    "domain",
    "archetype",
    "influences",
    "style",
    "office",
    "veiled",
    "guess",
    "node",
    "lent",
    "eye",
    "triggers",
    "traits",
    "voice",
    "opinions",
    "notices",
    "ties",
    "lines",
    "moves",
    "answers",
    "phrases",
];

/// Reads and checks a sheet.
pub(super) fn sheet(id: &str, text: &str) -> Result<Sheet, SheetError> {
    let file = format!("{id}.toml");
    let syntax = |error| SheetError::Syntax { file: file.clone(), source: Box::new(error) };
    let table: toml::Table = text.parse().map_err(syntax)?;
    check_keys(&file, "", &table, &KEYS)?;
    let inner: [(&str, &str, &[&str]); 4] = [
        ("traits", "traits.", Traits::NAMES),
        ("lines", "lines.", &Occasion::ALL.map(Occasion::name)),
        ("moves", "moves.", &Move::ALL.map(Move::name)),
        ("answers", "answers.", &["lead"]),
    ];
    for (key, prefix, known) in inner {
        if let Some(inside) = table.get(key).and_then(toml::Value::as_table) {
            check_keys(&file, prefix, inside, known)?;
        }
    }
    // From the text and not from the table, so that errors have lines and columns.
    let raw: Raw = toml::from_str(text).map_err(syntax)?;
    for (name, value) in raw.traits.iter() {
        if !(0.0..=1.0).contains(&value) {
            return Err(SheetError::TraitRange { file, name, value });
        }
    }
    if raw.veiled && raw.guess.is_empty() {
        return Err(SheetError::NoGuess { file });
    }
    if raw.domain.is_empty() && !raw.veiled {
        return Err(SheetError::NoDomain { file });
    }
    let style = raw.style.map(|id| {
        let all = || Style::all().iter().map(|style| style.id.as_str());
        let unknown = || SheetError::Style {
            file: file.clone(),
            nearest: nearest(&id, all()).unwrap_or_default(),
            all: all().collect::<Vec<_>>().join(", "),
            style: id.clone(),
        };
        Style::get(&id).ok_or_else(unknown)
    });
    let style = style.transpose()?;
    let guess: Result<Vec<Answer>, _> = raw.guess.iter().map(|answer| answer.parse()).collect();
    let guess = guess.map_err(|source| SheetError::Guess { file: file.clone(), source })?;
    let grammar = grammar(&file, raw.lines, raw.moves, &raw.answers.lead, raw.phrases)?;
    check_lines(&file, &grammar)?;
    check_moves(&file, &grammar)?;
    check_manners(&file, &grammar)?;
    Ok(Sheet {
        id: id.to_owned(),
        name: raw.name,
        house: raw.house,
        domain: raw.domain,
        archetype: raw.archetype,
        influences: raw.influences,
        style,
        office: raw.office,
        veiled: raw.veiled,
        guess,
        node: raw.node,
        lent: raw.lent,
        eye: raw.eye,
        triggers: raw.triggers,
        traits: raw.traits,
        voice: raw.voice,
        opinions: raw.opinions,
        notices: raw.notices,
        ties: raw.ties,
        grammar,
    })
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
    moves: BTreeMap<Move, Vec<String>>,
    answers: &[String],
    phrases: BTreeMap<String, Vec<String>>,
) -> Result<Grammar, SheetError> {
    let mut grammar = Grammar::default();
    for (occasion, sources) in lines {
        let key = format!("lines.{}", occasion.name());
        grammar.lines.insert(occasion, templates(file, &key, &sources)?);
    }
    for (which, sources) in moves {
        let key = format!("moves.{}", which.name());
        grammar.moves.insert(which, templates(file, &key, &sources)?);
    }
    grammar.answers = templates(file, "answers.lead", answers)?;
    for (name, sources) in phrases {
        let key = format!("phrases.{name}");
        let alternatives = templates(file, &key, &sources)?;
        if alternatives.is_empty() {
            return Err(wrong(file, &key, "", GrammarError::Empty));
        }
        grammar.phrases.insert(name, alternatives);
    }
    let all = grammar.lines.iter().map(|(occasion, list)| (occasion.name(), list));
    let all = all.chain(grammar.moves.iter().map(|(which, list)| (which.name(), list)));
    let all = all.chain([("answers.lead", &grammar.answers)]);
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
                && !template.source.contains(['!', '?'])
                && grammar.tells(template, |slot| slot == crate::Slot::Act);
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

/// Words for people: what makes fun of something has none of them.
const PEOPLE: [&str; 26] = [
    "you",
    "your",
    "yours",
    "yourself",
    "you're",
    "you've",
    "you'd",
    "you'll",
    "person",
    "people",
    "human",
    "humans",
    "man",
    "woman",
    "men",
    "women",
    "owner",
    "operator",
    "engineer",
    "admin",
    "user",
    "users",
    "colleague",
    "colleagues",
    "team",
    "intern",
];
/// Names that no line calls anybody.
const UNKIND: [&str; 14] = [
    "fools",
    "idiot",
    "idiots",
    "moron",
    "morons",
    "stupid",
    "dunce",
    "dunces",
    "sluggard",
    "sluggards",
    "miser",
    "misers",
    "simpleton",
    "cowards",
];

/// Nobody mocks a person.
fn check_manners(file: &str, grammar: &Grammar) -> Result<(), SheetError> {
    for (table, key, template) in grammar.all() {
        let mocks = table == "moves" && key == Move::Tease.name();
        let unkind = template.parts.iter().find_map(|part| {
            let Part::Text(text) = part else { return None };
            lexicon::words(text)
                .map(|word| word.to_lowercase().replace('’', "'"))
                .find(|word| UNKIND.contains(&word.as_str()) || (mocks && PEOPLE.contains(&word.as_str())))
        });
        if let Some(word) = unkind {
            let (file, key) = (file.to_owned(), format!("{table}.{key}"));
            return Err(SheetError::Unkind { file, key, template: template.source.clone(), word });
        }
    }
    Ok(())
}

/// Each move holds what makes it one, so that none claims what nobody recorded.
fn check_moves(file: &str, grammar: &Grammar) -> Result<(), SheetError> {
    let count = grammar.moves.values().filter(|list| !list.is_empty()).count();
    if count < FEWEST_MOVES {
        let all = Move::ALL.map(Move::name).join(", ");
        return Err(SheetError::FewMoves { file: file.to_owned(), count, all });
    }
    for (which, list) in &grammar.moves {
        let needs = which.needs();
        for template in list {
            let has = |part: &Part| matches!(part, Part::Slot(slot) if needs.contains(slot));
            if !needs.is_empty() && !template.parts.iter().any(has) {
                return Err(SheetError::MoveSlot {
                    file: file.to_owned(),
                    key: which.name(),
                    template: template.source.clone(),
                    needs: which.needs_words(),
                });
            }
        }
    }
    let answer = |template: &&Template| !template.parts.contains(&Part::Slot(crate::Slot::Answer));
    match grammar.answers.iter().find(answer) {
        Some(template) => {
            Err(SheetError::NoAnswer { file: file.to_owned(), template: template.source.clone() })
        }
        None if grammar.answers.is_empty() => Err(wrong(file, "answers.lead", "", GrammarError::Empty)),
        None => Ok(()),
    }
}
