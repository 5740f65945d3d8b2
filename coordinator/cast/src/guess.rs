//! What counts as having found a veiled character out. A sheet may keep its
//! answers as salted hashes, so that whoever reads it must still guess.

use sha2::{Digest as _, Sha256};
use std::str::FromStr;

/// What a hashed answer begins with; salt and hash follow, with `:` between.
const HASHED: &str = "sha256";
/// The bytes of a salt.
pub const SALT: usize = 8;

/// One right answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In plain words, small letters.
    Plain(String),
    /// As a salted hash of these.
    Hashed {
        /// What goes before the words.
        salt: [u8; SALT],
        /// SHA-256 of both.
        hash: [u8; 32],
    },
}

/// What no answer looks like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no answer: write plain words, or what `goldentooth cast hide` prints")]
pub struct AnswerError(String);

impl Answer {
    /// Hides an answer.
    pub fn hide(words: &str, salt: [u8; SALT]) -> Self {
        Self::Hashed { salt, hash: hash(salt, &plain(words)) }
    }

    /// Whether these plain words are it.
    pub(crate) fn is(&self, words: &str) -> bool {
        match self {
            Self::Plain(right) => right == words,
            Self::Hashed { salt, hash: right } => hash(*salt, words) == *right,
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(words) => formatter.write_str(words),
            Self::Hashed { salt, hash } => {
                write!(formatter, "{HASHED}:{}:{}", hex::encode(salt), hex::encode(hash))
            }
        }
    }
}

impl FromStr for Answer {
    type Err = AnswerError;

    fn from_str(text: &str) -> Result<Self, AnswerError> {
        let wrong = || AnswerError(text.to_owned());
        let Some(hashed) = text.strip_prefix(HASHED).and_then(|rest| rest.strip_prefix(':')) else {
            let words = plain(text);
            return if words.is_empty() { Err(wrong()) } else { Ok(Self::Plain(words)) };
        };
        let (mut salt, mut hash) = ([0; SALT], [0; 32]);
        let (first, second) = hashed.split_once(':').ok_or_else(wrong)?;
        hex::decode_to_slice(first, &mut salt).map_err(|_| wrong())?;
        hex::decode_to_slice(second, &mut hash).map_err(|_| wrong())?;
        Ok(Self::Hashed { salt, hash })
    }
}

fn hash(salt: [u8; SALT], words: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(words).finalize().into()
}

/// A guess as it is compared: only letters and digits count, in small, and
/// "it is the" before it is passed over.
pub(crate) fn plain(guess: &str) -> String {
    let letters: String =
        guess.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let mut words: Vec<&str> = letters.split_whitespace().collect();
    let leads = ["it", "is", "s", "she", "he", "the", "a", "an", "embodies", "keeps", "its"];
    while words.len() > 1 && words.first().is_some_and(|word| leads.contains(word)) {
        words.remove(0);
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_answer_is_right_and_unreadable() {
        let hidden = Answer::hide("The Sea!", [7; SALT]);
        let text = hidden.to_string();
        assert!(text.starts_with("sha256:0707070707070707:") && !text.contains("sea"));
        let read: Answer = text.parse().unwrap();
        assert_eq!(read, hidden);
        assert!(read.is(&plain("it is the SEA")) && !read.is(&plain("the seas")));
        assert_ne!(Answer::hide("the sea", [8; SALT]).to_string(), text, "the salt counts");
        for wrong in ["sha256:07:00", "sha256:", "  "] {
            assert!(wrong.parse::<Answer>().is_err(), "{wrong}");
        }
        assert_eq!("Sea".parse(), Ok(Answer::Plain("sea".to_owned())));
    }
}
