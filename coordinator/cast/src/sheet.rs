//! A sheet: who a character is, in one TOML file, checked when it is read.

mod error;
mod read;

pub use error::SheetError;

use crate::eye::Eye;
use crate::grammar::Grammar;
use crate::guess::{self, Answer};
use crate::life::Feeling;
use crate::signal::Signal;
use crate::style::Style;
use crate::traits::Traits;
use serde::{Deserialize, Serialize};

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

impl Office {
    /// Its name, as behind an `@`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Architect => "architect",
            Self::Engineer => "engineer",
            Self::Data => "data",
            Self::Qa => "qa",
            Self::Security => "security",
            Self::Sre => "sre",
        }
    }
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

/// What a character reacts to, and how it makes it feel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// What has to happen.
    pub signal: Signal,
    /// How it feels then.
    pub feeling: Feeling,
    /// Why, in the character's own eyes.
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
    /// In what form it tells what takes more than a line; none tells it plainly.
    pub style: Option<&'static Style>,
    /// Its role; none for a character that holds none.
    pub office: Option<Office>,
    /// Whether its domain is for people to find out.
    pub veiled: bool,
    /// What counts as having found it out.
    pub guess: Vec<Answer>,
    /// The node whose own character it is, if it is one's.
    pub node: Option<String>,
    /// The voice of the reserve that lends it its lines, if one does.
    pub lent: Option<String>,
    /// How it looks at the fleet.
    pub eye: Eye,
    /// What it reacts to.
    pub triggers: Vec<Trigger>,
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

impl Sheet {
    /// Reads and checks a sheet. `id` is the file's name without `.toml`.
    ///
    /// # Errors
    /// [`SheetError`], which names the file, the line, the key and what to change.
    pub fn parse(id: &str, text: &str) -> Result<Self, SheetError> {
        read::sheet(id, text).map_err(|error| error.in_text(text))
    }

    /// The answer that a guess gives, if it names what the character stands for. A
    /// sheet without answers of its own takes its domain, whole or any part of it.
    pub fn guessed(&self, guess: &str) -> Option<String> {
        let guess = guess::plain(guess);
        if guess.is_empty() {
            return None;
        }
        let domain = guess::plain(&self.domain);
        let by_domain = || {
            let mut parts = domain.split(" and ").flat_map(|part| part.split(" its "));
            domain == guess || parts.any(|part| part == guess)
        };
        let right =
            if self.guess.is_empty() { by_domain() } else { self.guess.iter().any(|one| one.is(&guess)) };
        right.then_some(guess)
    }

    /// The trigger that this signal pulls, if it is one of this character's.
    pub fn trigger(&self, signal: &Signal) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.signal == *signal)
    }

    /// The head of a household: one that holds an office, and so embodies nodes.
    pub fn heads_a_house(&self) -> bool {
        self.office.is_some()
    }
}
