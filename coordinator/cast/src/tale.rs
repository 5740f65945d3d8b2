//! Tales: fiction, wholly and by name. They come from a catalogue of their own,
//! have no slot that a fact could fill, and know of no node.

use crate::casting::Cast;
use crate::lexicon::words;
use serde::Deserialize;

const TEXT: &str = include_str!("../tales.toml");
/// A tale has so many lines at least, and at most.
const LINES: std::ops::RangeInclusive<usize> = 3..=8;
/// The longest line, in characters.
const LONGEST: usize = 200;

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who tells the tale.
    Teller,
    /// Who listens, and can't keep silent.
    Friend,
}

/// One line of a tale.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    by: Role,
    text: String,
}

/// One tale.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tale {
    /// What it is called.
    pub title: String,
    /// What it plays with, for whoever writes another.
    pub trope: String,
    lines: Vec<Said>,
}

/// What is wrong with a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaleError {
    /// It is no catalogue at all.
    #[error("the catalogue of tales can't be read: {0}")]
    Unreadable(String),
    /// A tale of too few or too many lines.
    #[error("{0:?} has {1} lines: a tale has 3 to 8")]
    Lines(String, usize),
    /// A line that is too long, or has a brace that stands for nobody.
    #[error(
        "{0:?} has a line that is too long, or with a brace that is neither {{teller}} nor {{friend}}: {1:?}"
    )]
    Line(String, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    tale: Vec<Tale>,
}

impl Tale {
    /// The tales that are built in.
    ///
    /// # Errors
    /// [`TaleError`] if one of them is faulty.
    pub fn built_in() -> Result<Vec<Self>, TaleError> {
        Self::read(TEXT)
    }

    /// The tales of a catalogue.
    ///
    /// # Errors
    /// [`TaleError`] names the first faulty one.
    pub fn read(text: &str) -> Result<Vec<Self>, TaleError> {
        let catalogue: Catalogue =
            toml::from_str(text).map_err(|error| TaleError::Unreadable(error.to_string()))?;
        for tale in &catalogue.tale {
            if !LINES.contains(&tale.lines.len()) {
                return Err(TaleError::Lines(tale.title.clone(), tale.lines.len()));
            }
            let bare = |text: &str| text.replace("{teller}", "").replace("{friend}", "");
            let fits = |text: &str| text.chars().count() <= LONGEST && !bare(text).contains(['{', '}']);
            if let Some(wrong) = tale.lines.iter().find(|line| !fits(&line.text)) {
                return Err(TaleError::Line(tale.title.clone(), wrong.text.clone()));
            }
        }
        Ok(catalogue.tale)
    }

    /// How many lines it has.
    pub fn length(&self) -> usize {
        self.lines.len()
    }

    /// Whether it says a word that is a name in this fleet: then it is not told there.
    pub fn names(&self, is_name: impl Fn(&str) -> bool) -> bool {
        self.lines.iter().flat_map(|line| words(&line.text)).any(is_name)
    }

    /// A line of it, told by these two: who says it, and what.
    pub fn line(&self, place: usize, cast: &Cast, teller: &str, friend: &str) -> Option<(String, String)> {
        let line = self.lines.get(place)?;
        let name = |id: &str| cast.get(id).map(|sheet| sheet.name.clone());
        let by = if line.by == Role::Teller { teller } else { friend };
        let text = line.text.replace("{teller}", &name(teller)?).replace("{friend}", &name(friend)?);
        Some((by.to_owned(), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tale_can_be_told_by_any_two_and_names_only_them() {
        let cast = Cast::built_in().unwrap();
        let tales = Tale::built_in().unwrap();
        assert!(tales.len() >= 6);
        for tale in &tales {
            assert!(!tale.title.is_empty() && !tale.trope.is_empty());
            let mut both = Vec::new();
            for place in 0..tale.length() {
                let (by, text) = tale.line(place, &cast, "malvo", "caudex").unwrap();
                assert!(!text.contains(['{', '}']) && !text.is_empty(), "{text}");
                both.push(by);
            }
            assert!(both.contains(&"malvo".to_owned()) && both.contains(&"caudex".to_owned()));
            assert_eq!(tale.line(tale.length(), &cast, "malvo", "caudex"), None);
            assert_eq!(tale.line(0, &cast, "malvo", "nobody"), None);
        }
        assert!(tales[0].names(|word| word == "lighthouse") && !tales[0].names(|word| word == "pi-07"));
    }

    #[test]
    fn a_faulty_catalogue_says_what_is_wrong() {
        let read =
            |lines: &str| Tale::read(&format!("[[tale]]\ntitle = \"A\"\ntrope = \"b\"\nlines = [{lines}]"));
        let line = |text: &str| format!("{{ by = \"teller\", text = \"{text}\" }},");
        assert_eq!(read(&line("x")), Err(TaleError::Lines("A".to_owned(), 1)));
        let wrong = read(&[line("a"), line("b {node}"), line("c")].concat()).unwrap_err();
        assert!(wrong.to_string().contains("b {node}"), "{wrong}");
        assert!(read(&[line("a"), line("b {friend}"), line("c")].concat()).is_ok());
        assert!(matches!(Tale::read("tale = 7"), Err(TaleError::Unreadable(_))));
    }
}
