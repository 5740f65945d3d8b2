//! Tropes: what a story may be made of. Some are built in, a fleet may add its
//! own. Whatever is told by one is fiction.

use crate::lexicon::words;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Those that are built in.
const BUILT_IN: &str = include_str!("../tropes.toml");
/// The most of a catalogue.
const MOST: usize = 1_000;
/// The most characters of a name, and of an idea or a beat.
const NAME: usize = 60;
const SENTENCE: usize = 160;
/// How many roles and beats there are.
const ROLES: std::ops::RangeInclusive<usize> = 2..=4;
const BEATS: std::ops::RangeInclusive<usize> = 3..=6;

/// One trope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trope {
    /// Names it, in letters, digits and `-`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is about, in one sentence.
    pub idea: String,
    /// Who is in it. Whoever is bored takes the first.
    pub roles: Vec<String>,
    /// What happens, a sentence each; `{role}` stands for whoever takes it. What begins
    /// with `{role}: ` is said by that one, all else by the first.
    pub beats: Vec<String>,
}

/// A catalogue, in the order of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tropes(Vec<Trope>);

/// Why a file of tropes can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TropeError {
    /// Not TOML, a key missing, or one that no trope has.
    #[error("{file}: {source}")]
    Syntax {
        /// Which file.
        file: String,
        /// What the parser says, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A trope with faults.
    #[error("{file}: [[trope]] {id:?}: {why}")]
    Fault {
        /// Which file.
        file: String,
        /// Which trope.
        id: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// More than there is room for.
    #[error("{file}: with it there are {count} tropes, and {MOST} is the most")]
    TooMany {
        /// Which file.
        file: String,
        /// How many.
        count: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    trope: Vec<Trope>,
}

impl Tropes {
    /// Those that are built in.
    ///
    /// # Errors
    /// [`TropeError`] if one that was built in is faulty.
    pub fn built_in() -> Result<Self, TropeError> {
        Self::default().with("tropes.toml", BUILT_IN)
    }

    /// These and those of another file, which take the place of any with their
    /// ids. `file` is what the file is called in errors.
    ///
    /// # Errors
    /// [`TropeError`] of the first fault.
    pub fn with(mut self, file: &str, text: &str) -> Result<Self, TropeError> {
        let syntax = |source| TropeError::Syntax { file: file.to_owned(), source: Box::new(source) };
        let File { trope: tropes } = toml::from_str(text).map_err(syntax)?;
        let mut own = BTreeSet::new();
        for trope in tropes {
            let twice = !own.insert(trope.id.clone());
            let why =
                trope.fault().or_else(|| twice.then(|| "there are two of this id: rename one".to_owned()));
            if let Some(why) = why {
                return Err(TropeError::Fault { file: file.to_owned(), id: trope.id, why });
            }
            match self.0.iter_mut().find(|known| known.id == trope.id) {
                Some(known) => *known = trope,
                None => self.0.push(trope),
            }
        }
        let count = self.0.len();
        if count > MOST {
            return Err(TropeError::TooMany { file: file.to_owned(), count });
        }
        Ok(self)
    }

    /// Every one.
    pub fn iter(&self) -> impl Iterator<Item = &Trope> {
        self.0.iter()
    }

    /// The one of this id.
    pub fn get(&self, id: &str) -> Option<&Trope> {
        self.0.iter().find(|trope| trope.id == id)
    }
}

impl Trope {
    /// What is wrong with it, if anything is.
    fn fault(&self) -> Option<String> {
        let is_plain = |text: &str| !text.chars().any(|c| c.is_control() || matches!(c, '<' | '>'));
        let is_name = |name: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            (1..=NAME).contains(&name.len()) && name.chars().all(fits)
        };
        let is_long = |text: &str, most: usize| !(1..=most).contains(&text.trim().chars().count());
        let roles: BTreeSet<&str> = self.roles.iter().map(String::as_str).collect();
        if !is_name(&self.id) {
            return Some("id: small letters, digits and '-' only".to_owned());
        }
        if is_long(&self.name, NAME) || is_long(&self.idea, SENTENCE) {
            return Some(format!("name has 1 to {NAME} characters, idea 1 to {SENTENCE}"));
        }
        if !ROLES.contains(&self.roles.len()) || roles.len() != self.roles.len() {
            return Some(format!("roles: {} to {} of them, each once", ROLES.start(), ROLES.end()));
        }
        if let Some(role) = roles.iter().find(|role| !is_name(role)) {
            return Some(format!("roles: {role:?}: small letters, digits and '-' only"));
        }
        if !BEATS.contains(&self.beats.len()) {
            return Some(format!("beats: {} to {} of them", BEATS.start(), BEATS.end()));
        }
        let mut used = BTreeSet::new();
        for beat in &self.beats {
            if is_long(beat, SENTENCE) || !beat.ends_with(['.', '!', '?']) {
                return Some(format!("beats: {beat:?}: a sentence of at most {SENTENCE} characters"));
            }
            match named(beat) {
                Ok(named) => used.extend(named),
                Err(why) => return Some(format!("beats: {beat:?}: {why}")),
            }
        }
        if let Some(stranger) = used.difference(&roles).next() {
            return Some(format!("beats: {{{stranger}}} is none of its roles: {}", self.roles.join(", ")));
        }
        // The first may do no more than tell it.
        if let Some(idle) = self.roles.iter().skip(1).find(|role| !used.contains(role.as_str())) {
            return Some(format!("roles: no beat has {{{idle}}}"));
        }
        let odd = self.beats.iter().chain([&self.name, &self.idea]).find(|text| !is_plain(text));
        odd.map(|text| format!("{text:?} has markup or a control character"))
    }

    /// Whether it says a word that is a name here: then it is not told.
    pub fn names(&self, is_name: impl Fn(&str) -> bool) -> bool {
        self.beats.iter().chain([&self.name]).flat_map(|text| words(text)).any(is_name)
    }

    /// What happens, with the roles open, and the role that says it; none for the first.
    pub fn spoken(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.beats.iter().map(|beat| {
            let role = self.roles.iter().find(|role| beat.starts_with(&format!("{{{role}}}: ")));
            let text = role.and_then(|_| beat.split_once("}: ")).map_or(beat.as_str(), |(_, text)| text);
            (role.map(String::as_str), text)
        })
    }

    /// The same with names in the places of roles. A role without a name keeps its own.
    pub fn told(&self, names: &BTreeMap<String, String>) -> Vec<(Option<&str>, String)> {
        self.spoken().map(|(role, text)| (role, fill(text, names))).collect()
    }
}

/// A beat with names in the places of roles.
pub fn fill(beat: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(beat.to_owned(), |beat, (role, name)| beat.replace(&format!("{{{role}}}"), name))
}

/// The roles of a beat: what stands between braces.
///
/// # Errors
/// In words, where braces stand around something else.
pub fn named(beat: &str) -> Result<Vec<&str>, &'static str> {
    let mut named = Vec::new();
    let mut rest = beat;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or("`{` is never closed")?;
        if before.contains('}') || name.contains('{') {
            return Err("braces stand around a role, and nowhere else");
        }
        named.push(name);
        rest = behind;
    }
    if rest.contains('}') { Err("`}` closes nothing") } else { Ok(named) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "[[trope]]\nid = \"own\"\nname = \"Own\"\nidea = \"Ours.\"\nroles = [\"a\", \"b\"]\n\
        beats = [\"{a} goes.\", \"{b} stays.\", \"{a} comes home.\"]\n";

    #[test]
    fn more_than_sixty_are_built_in_and_none_is_twice() {
        let tropes = Tropes::built_in().unwrap();
        assert!(tropes.iter().count() >= 60, "{}", tropes.iter().count());
        let beats: Vec<&String> = tropes.iter().flat_map(|trope| &trope.beats).collect();
        assert_eq!(beats.iter().collect::<BTreeSet<_>>().len(), beats.len(), "no beat is another's");
        let ideas: BTreeSet<&String> = tropes.iter().map(|trope| &trope.idea).collect();
        assert_eq!(ideas.len(), tropes.iter().count());
        for trope in tropes.iter() {
            let names = trope.roles.iter().map(|role| (role.clone(), "Somebody".to_owned())).collect();
            assert!(trope.told(&names).iter().all(|(_, beat)| !beat.contains(['{', '}'])), "{}", trope.id);
        }
    }

    #[test]
    fn a_fleet_adds_its_own_and_replaces_others() {
        let all = Tropes::built_in().unwrap();
        let count = all.iter().count();
        let all = all.with("mine.toml", OWN).unwrap();
        assert_eq!(all.iter().count(), count + 1);
        let same = OWN.replace("\"own\"", "\"midas\"");
        let all = all.with("mine.toml", &same).unwrap();
        assert_eq!((all.iter().count(), all.get("midas").unwrap().name.as_str()), (count + 1, "Own"));
        let told = all.get("own").unwrap().told(&[("a".to_owned(), "Malvo".to_owned())].into());
        let told: Vec<(Option<&str>, &str)> = told.iter().map(|(by, text)| (*by, text.as_str())).collect();
        assert_eq!(told, [(None, "Malvo goes."), (None, "{b} stays."), (None, "Malvo comes home.")]);
    }

    #[test]
    fn a_beat_is_said_by_the_role_that_it_begins_with() {
        let own = OWN.replace("{b} stays.", "{b}: I stay, {a}.");
        let all = Tropes::default().with("mine.toml", &own).unwrap();
        let trope = all.get("own").unwrap();
        let told = trope.told(&[("a".to_owned(), "Malvo".to_owned())].into());
        assert_eq!(told[1], (Some("b"), "I stay, Malvo.".to_owned()));
        assert!(trope.names(|word| word == "home") && !trope.names(|word| word == "pi-07"));
    }

    #[test]
    fn faults_name_file_trope_and_remedy() {
        for (from, to, why) in [
            ("id = \"own\"", "id = \"Own One\"", "id: small letters"),
            ("roles = [\"a\", \"b\"]", "roles = [\"a\"]", "2 to 4 of them"),
            ("roles = [\"a\", \"b\"]", "roles = [\"a\", \"b\", \"c\"]", "no beat has {c}"),
            ("{b} stays.", "{z} stays.", "{z} is none of its roles: a, b"),
            ("{b} stays.", "{b stays.", "never closed"),
            ("{b} stays.", "{b}} stays.", "closes nothing"),
            ("{b} stays.", "{b} stays", "a sentence"),
            ("{b} stays.", "<b>{b}</b> stays.", "markup"),
            ("name = \"Own\"", "name = \"\"", "name has 1 to"),
            (", \"{a} comes home.\"", "", "3 to 6 of them"),
            ("name =", "nmae =", "unknown field"),
        ] {
            let told = Tropes::default().with("mine.toml", &OWN.replace(from, to)).unwrap_err().to_string();
            assert!(told.starts_with("mine.toml: ") && told.contains(why), "{to}: {told}");
        }
        let twice = Tropes::default().with("mine.toml", &format!("{OWN}{OWN}")).unwrap_err().to_string();
        assert!(twice.contains("\"own\": there are two of this id"), "{twice}");
    }
}
