//! Questions: what somebody wants to know, understood by rules.
//!
//! A text is put into plain words, names become marks, and each kind of question
//! adds up the phrases of its own that it finds. What scores too little is
//! understood as nothing: better no answer than one to another question.

mod phrases;
mod stretch;

#[cfg(test)]
mod tests;

pub use stretch::Stretch;

use phrases::PHRASES;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A kind of question that can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which node is worst off.
    Worst,
    /// How everybody is.
    Fleet,
    /// How one node is.
    How,
    /// Why it is so.
    Why,
    /// Since when.
    Since,
    /// What happened.
    Changed,
    /// One node beside another.
    Compare,
    /// Where a vital is going.
    Trend,
    /// How often something was.
    Often,
    /// When something was the last time.
    Last,
    /// Who else is so.
    WhoElse,
    /// What a character said.
    Said,
    /// What a character has against another.
    Dislike,
    /// What to do.
    Advice,
    /// The value of a vital.
    Value,
    /// Who is silent.
    Silent,
    /// Which node has the most or least of something.
    Extreme,
    /// How many nodes.
    Count,
    /// When a node was heard.
    Seen,
    /// What machine it is.
    Hardware,
    /// What runs on it.
    Version,
    /// Whether its clock is right.
    Clock,
    /// Services and failed units.
    Service,
    /// Who a character is.
    Who,
    /// How a character is.
    Feel,
    /// Who embodies a node.
    Embody,
    /// What can be asked.
    Help,
    /// What is usual for a node.
    Usual,
    /// Whether anything is wrong.
    Trouble,
    /// Which nodes there are.
    List,
    /// What every eye sees in a node, and how they are divided.
    Council,
}

impl Question {
    /// Every kind, with its name and a question that it answers.
    pub const ALL: [(Self, &'static str, &'static str); 31] = [
        (Self::Worst, "worst", "Which node is worst?"),
        (Self::Fleet, "fleet", "How is the fleet?"),
        (Self::How, "how", "How is NODE?"),
        (Self::Why, "why", "Why is NODE like that?"),
        (Self::Since, "since", "Since when has NODE been like that?"),
        (Self::Changed, "changed", "What changed today?"),
        (Self::Compare, "compare", "Compare NODE with OTHER."),
        (Self::Trend, "trend", "Is NODE getting hotter?"),
        (Self::Often, "often", "How often was NODE stressed?"),
        (Self::Last, "last", "When was the last crisis?"),
        (Self::WhoElse, "who_else", "Who else is stressed?"),
        (Self::Said, "said", "What did Malvo say?"),
        (Self::Dislike, "dislike", "Why do you dislike Umbrell?"),
        (Self::Advice, "advice", "What should I do about NODE?"),
        (Self::Value, "value", "How hot is NODE?"),
        (Self::Silent, "silent", "Which nodes are silent?"),
        (Self::Extreme, "extreme", "Which node is the hottest?"),
        (Self::Count, "count", "How many nodes are stressed?"),
        (Self::Seen, "seen", "When was NODE last seen?"),
        (Self::Hardware, "hardware", "What hardware is NODE?"),
        (Self::Version, "version", "Which agent version runs on NODE?"),
        (Self::Clock, "clock", "Is the clock of NODE right?"),
        (Self::Service, "service", "Are there failed units on NODE?"),
        (Self::Who, "who", "Who is Caudex?"),
        (Self::Feel, "feel", "How do you feel?"),
        (Self::Embody, "embody", "Who embodies NODE?"),
        (Self::Help, "help", "What can I ask?"),
        (Self::Usual, "usual", "What is usual for NODE?"),
        (Self::Trouble, "trouble", "Is anything wrong?"),
        (Self::List, "list", "Which nodes are there?"),
        (Self::Council, "council", "What does the council say about NODE?"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }

    /// A question of this kind, with a node's name in it.
    pub fn example(self, node: &str, other: &str) -> String {
        let example = Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., example)| example);
        example.replace("NODE", node).replace("OTHER", other)
    }
}

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
