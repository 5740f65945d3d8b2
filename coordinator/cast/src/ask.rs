//! Questions: what somebody wants to know, understood by rules.
//!
//! A text is put into plain words, names become marks, and each kind of question
//! adds up the phrases of its own that it finds. What scores too little is
//! understood as nothing: better no answer than one to another question.

mod phrases;
mod question;
mod stretch;

#[cfg(test)]
mod tests;

pub use question::Question;
pub use stretch::Stretch;

use phrases::PHRASES;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The names that may stand in a question.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Every node.
    pub nodes: Vec<String>,
    /// What characters are called, in small letters, and their sheets.
    pub characters: BTreeMap<String, String>,
    /// What vitals are called, in small letters, and their names in JSON.
    pub vitals: BTreeMap<String, String>,
    /// Every service.
    pub services: Vec<String>,
}

/// A question as it was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its kind; none if it is not understood.
    pub kind: Option<Question>,
    /// The nodes that it names.
    pub nodes: Vec<String>,
    /// The characters that it names.
    pub characters: Vec<String>,
    /// The services that it names; a character may be called the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Whom it is put to by name. The names of a text are for the host to read; a question
    /// that goes on from another has those of that one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// The vital that it names.
    pub vital: Option<String>,
    /// The mood or state that it names: bored, happy, stressed, crisis, silent, restart.
    pub state: Option<String>,
    /// The time that it names.
    pub stretch: Option<Stretch>,
    /// Whether it asks for the least.
    pub least: bool,
}

/// What a question must score to be understood.
const ENOUGH: i32 = 10;

/// What vitals are called besides their own words.
const NICKNAMES: [(&str, &str); 30] = [
    ("temperature", "temperature"),
    ("hot", "temperature"),
    ("hotter", "temperature"),
    ("hottest", "temperature"),
    ("warm", "temperature"),
    ("cool", "temperature"),
    ("coolest", "temperature"),
    ("cold", "temperature"),
    ("load", "load1"),
    ("loaded", "load1"),
    ("busy", "cpu"),
    ("busier", "cpu"),
    ("busiest", "cpu"),
    ("cpu", "cpu"),
    ("memory", "memory_used"),
    ("ram", "memory_used"),
    ("disk", "disk_used"),
    ("disks", "disk_used"),
    ("space", "disk_used"),
    ("fullest", "disk_used"),
    ("swap", "swap_used"),
    ("fan", "fan"),
    ("frequency", "cpu_frequency"),
    ("processes", "processes"),
    ("received", "net_received"),
    ("sent", "net_sent"),
    ("network", "net_received"),
    ("retransmits", "tcp_retransmits"),
    ("units", "failed_units"),
    ("voltage", "under_voltage_now"),
];

const STATES: [(&str, &str); 26] = [
    ("bored", "bored"),
    ("idle", "bored"),
    ("happy", "happy"),
    ("well", "happy"),
    ("stressed", "stressed"),
    ("stress", "stressed"),
    ("crisis", "crisis"),
    ("crises", "crisis"),
    ("silent", "silent"),
    ("silence", "silent"),
    ("silences", "silent"),
    ("quiet", "silent"),
    ("offline", "silent"),
    ("down", "silent"),
    ("dead", "silent"),
    ("missing", "silent"),
    ("restart", "restart"),
    ("restarts", "restart"),
    ("restarted", "restart"),
    ("reboot", "restart"),
    ("rebooted", "restart"),
    ("unhappy", "stressed"),
    ("trouble", "stressed"),
    ("suffering", "stressed"),
    ("failed", "failed"),
    ("hot", "hot"),
];

/// Understands a text. What it leaves out – the kind, the node – is taken from
/// the question before, where it reads like one that goes on ("and yesterday?").
pub fn understand(text: &str, names: &Names, before: Option<&Asked>) -> Asked {
    let mut asked = Asked::default();
    let mut marked = Vec::new();
    for word in plain(text) {
        if let Some(node) = names.nodes.iter().find(|node| node.to_lowercase() == word) {
            marked.push(
                if asked.nodes.is_empty() || asked.nodes.contains(node) { "#node" } else { "#other" }
                    .to_owned(),
            );
            if !asked.nodes.contains(node) {
                asked.nodes.push(node.clone());
            }
            continue;
        }
        let service = names.services.iter().find(|service| service.to_lowercase() == word);
        asked.services.extend(service.filter(|service| !asked.services.contains(service)).cloned());
        if let Some(who) = names.characters.get(&word) {
            marked.push("#who".to_owned());
            if !asked.characters.contains(who) {
                asked.characters.push(who.clone());
            }
            continue;
        }
        if service.is_some() {
            marked.push("#service".to_owned());
            continue;
        }
        if let Some((_, vital)) = NICKNAMES.iter().find(|(name, _)| *name == word) {
            asked.vital.get_or_insert_with(|| (*vital).to_owned());
        } else if names.vitals.contains_key(&word) {
            asked.vital = names.vitals.get(&word).cloned();
        }
        if let Some((_, state)) = STATES.iter().find(|(name, _)| *name == word) {
            asked.state.get_or_insert_with(|| (*state).to_owned());
        }
        asked.least |=
            matches!(word.as_str(), "coolest" | "least" | "lowest" | "coldest" | "calmest" | "emptiest");
        marked.push(word);
    }
    asked.stretch = Stretch::named(&marked);
    let line = format!(" {} ", marked.join(" "));
    asked.kind = kind(&line, &asked);
    if let Some(before) = before {
        follow(&mut asked, &marked, before);
    }
    asked
}

/// The words of a text, in small letters, without marks. Contractions are
/// written out, so that a phrase is found however it was typed.
fn plain(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('’', "'");
    let mut words = Vec::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '-' | '_' | '@'))) {
        let word = word.trim_matches(['\'', '@', '-']);
        let (stem, rest) = match word.split_once('\'') {
            Some((stem, "s"))
                if matches!(stem, "what" | "how" | "who" | "where" | "when" | "it" | "that") =>
            {
                (stem, Some("is"))
            }
            Some((stem, "re")) => (stem, Some("are")),
            Some((stem, "s")) => (stem, None),
            Some(("don", "t")) => ("do", Some("not")),
            Some(("doesn", "t")) => ("does", Some("not")),
            Some(("isn", "t")) => ("is", Some("not")),
            _ => (word, None),
        };
        words.extend(
            [Some(stem), rest].into_iter().flatten().filter(|word| !word.is_empty()).map(str::to_owned),
        );
    }
    words
}

fn kind(line: &str, asked: &Asked) -> Option<Question> {
    let mut scores: BTreeMap<Question, i32> = BTreeMap::new();
    for (kind, phrases) in PHRASES.iter() {
        let found = phrases.iter().filter(|(phrase, _)| line.contains(phrase.as_str()));
        let score: i32 = found.map(|(_, weight)| weight).sum();
        if score > 0 {
            scores.insert(*kind, score);
        }
    }
    // What a question names says much about its kind.
    let mut add = |kind: Question, more: i32| {
        if let Some(score) = scores.get_mut(&kind) {
            *score += more;
        }
    };
    if asked.nodes.len() > 1 {
        add(Question::Compare, 15);
    }
    if asked.nodes.is_empty() {
        for kind in [Question::Fleet, Question::Trouble, Question::Extreme, Question::Count, Question::Feel] {
            add(kind, 3);
        }
        add(Question::How, -8);
    } else {
        for kind in [Question::How, Question::Why, Question::Value, Question::Seen, Question::Usual] {
            add(kind, 4);
        }
        for kind in [Question::Feel, Question::Extreme, Question::Fleet, Question::Trouble, Question::Worst] {
            add(kind, -6);
        }
    }
    if asked.vital.is_some() {
        add(Question::Value, 5);
        add(Question::Extreme, 4);
    } else {
        add(Question::Value, -8);
        add(Question::Extreme, -6);
    }
    if !asked.characters.is_empty() {
        for kind in [Question::Who, Question::Feel, Question::Said, Question::Dislike] {
            add(kind, 6);
        }
        add(Question::How, -6);
    }
    if !asked.services.is_empty() {
        add(Question::Service, 6);
        add(Question::Silent, -8);
    }
    let (kind, score) = scores.into_iter().max_by_key(|(kind, score)| (*score, std::cmp::Reverse(*kind)))?;
    (score >= ENOUGH).then_some(kind)
}

/// "and yesterday?", "and nas?": what goes on takes what it lacks from before.
fn follow(asked: &mut Asked, words: &[String], before: &Asked) {
    let goes_on = words.first().is_some_and(|word| matches!(word.as_str(), "and" | "what" | "how" | "or"))
        && words.len() <= 5;
    // What brings nothing that could stand in the question before is another question.
    let brings = !(asked.nodes.is_empty() && asked.characters.is_empty() && asked.services.is_empty())
        || asked.vital.is_some()
        || asked.state.is_some()
        || asked.stretch.is_some();
    let elliptic = asked.kind.is_none() && brings && (goes_on || words.len() <= 2);
    if elliptic {
        asked.kind = before.kind;
        asked.vital = asked.vital.take().or_else(|| before.vital.clone());
        asked.state = asked.state.take().or_else(|| before.state.clone());
        asked.least = before.least;
        if asked.characters.is_empty() {
            asked.characters.clone_from(&before.characters);
        }
        if asked.services.is_empty() {
            asked.services.clone_from(&before.services);
        }
    }
    // "it", "there", "that node", or nothing at all: the node that was spoken of.
    let refers = elliptic
        || words
            .iter()
            .any(|word| matches!(word.as_str(), "it" | "its" | "that" | "there" | "then" | "this" | "they"))
        || matches!(asked.kind, Some(Question::Why | Question::Since));
    let same = asked.nodes.is_empty() && refers && !before.nodes.is_empty();
    if same {
        asked.nodes.clone_from(&before.nodes);
    }
    if elliptic || same {
        asked.to.clone_from(&before.to);
    }
}
