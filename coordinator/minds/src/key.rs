//! A provider's key: read once, held in a type that prints nothing, and wiped
//! when it goes.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The longest key that is taken, in bytes.
const LONGEST: usize = 4_096;

/// Where a key is to be found: exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In this variable of the environment.
    Env(String),
    /// In this file.
    File(PathBuf),
    /// In systemd's credential of this name: `LoadCredential=` of the unit.
    Credential(String),
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The variable is not set.
    #[error("the variable {0} is not set")]
    NoVariable(String),
    /// Not started by systemd with credentials.
    #[error("CREDENTIALS_DIRECTORY is not set: put LoadCredential={0}:FILE in the unit")]
    NoCredentials(String),
    /// The name of a credential is no file name.
    #[error("{0:?} is no name of a credential: no slashes")]
    Name(String),
    /// The file can't be read.
    #[error("{path} can't be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What stands there is no key.
    #[error("what stands in {0} is no key: one line of visible characters")]
    NoKey(String),
}

/// A key.
#[derive(Clone, Debug)]
pub struct Key(SecretString);

impl Key {
    /// A key of these characters; none if they can't be one.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(SecretString::from(text)))
    }

    /// The characters, for the one header that needs them.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Source {
    /// Reads the key. `env` looks up a variable of the environment.
    ///
    /// # Errors
    /// [`KeyError`], which never shows what was read.
    pub fn read(&self, env: impl Fn(&str) -> Option<String>) -> Result<Key, KeyError> {
        match self {
            Self::Env(name) => {
                let text = env(name).ok_or_else(|| KeyError::NoVariable(name.clone()))?;
                Key::new(&text).ok_or_else(|| KeyError::NoKey(name.clone()))
            }
            Self::File(path) => read(path),
            Self::Credential(name) => {
                if name.is_empty() || name.contains('/') || name.starts_with('.') {
                    return Err(KeyError::Name(name.clone()));
                }
                let folder = env("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
                let folder = folder.ok_or_else(|| KeyError::NoCredentials(name.clone()))?;
                read(&Path::new(&folder).join(name))
            }
        }
    }
}

fn read(path: &Path) -> Result<Key, KeyError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| KeyError::Read { path: path.to_owned(), source })?;
    Key::new(&text).ok_or_else(|| KeyError::NoKey(path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_from_three_places_and_shows_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("claude"), "sk-secret-1\n").unwrap();
        let env = |name: &str| match name {
            "KEY" => Some("sk-secret-1".to_owned()),
            "CREDENTIALS_DIRECTORY" => folder.path().to_str().map(str::to_owned),
            _ => None,
        };
        let sources = [
            Source::Env("KEY".to_owned()),
            Source::File(folder.path().join("claude")),
            Source::Credential("claude".to_owned()),
        ];
        for source in sources {
            let key = source.read(env).unwrap();
            assert_eq!(key.expose(), "sk-secret-1");
            assert!(!format!("{key:?}").contains("secret-1"));
        }
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_shown() {
        let none = |_: &str| None;
        let told = Source::Env("NOPE".to_owned()).read(none).unwrap_err().to_string();
        assert!(told.contains("NOPE"), "{told}");
        let told = Source::Credential("a".to_owned()).read(none).unwrap_err().to_string();
        assert!(told.contains("LoadCredential=a"), "{told}");
        assert!(matches!(Source::Credential("../a".to_owned()).read(none), Err(KeyError::Name(_))));
        let two = |_: &str| Some("sk-1\nsk-2".to_owned());
        let told = Source::Env("TWO".to_owned()).read(two).unwrap_err().to_string();
        assert!(!told.contains("sk-"), "{told}");
    }
}
