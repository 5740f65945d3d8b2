//! Who may ask what: tokens of people and programs, with a role each, and the
//! cookies that a browser gets for one.
//!
//! A token is printed when it is made and kept as its SHA-256 only: 32 random
//! bytes need no slower hash. The secret in the data folder's file `token`
//! counts as an operator's: who can read that folder holds the fleet key, too.

use crate::data::{Data, DataError, Token, random, write_private};
use crate::words::lock;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::time::SystemTime;
use subtle::ConstantTimeEq;

const FILE: &str = "tokens.json";
/// The name of the data folder's own token.
pub const LOCAL: &str = "local";
/// How long a browser stays signed in, in seconds: 30 days.
pub const SIGNED_IN: i64 = 30 * 24 * 60 * 60;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything.
    Reader,
    /// Change things, too.
    Operator,
}

impl Role {
    /// The word on the command line and in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Operator => "operator",
        }
    }
}

/// A token as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the token, in hexadecimal digits.
    sha256: String,
}

/// Why a token can't be made or taken away.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The name is none.
    #[error("a token's name has 1 to 32 letters, digits, '-' or '_', and is not \"{LOCAL}\": {0:?} is none")]
    Name(String),
    /// The name is taken.
    #[error("there is a token named {0:?}: remove it first, or take another name")]
    Taken(String),
    /// Nothing of that name.
    #[error("there is no token named {0:?}")]
    Unknown(String),
}

/// The tokens that count. The file is read again when it has changed, so that
/// one taken away counts no more at once.
pub struct Access {
    path: PathBuf,
    local: Token,
    key: [u8; 32],
    kept: RwLock<(Option<Stamp>, Vec<Kept>)>,
}

impl Access {
    /// Those of a data folder.
    ///
    /// # Errors
    /// [`DataError`] if a file can't be read or made.
    pub fn open(data: &Data) -> Result<Self, DataError> {
        let local = data.token()?;
        let mut key = Sha256::new_with_prefix(b"goldentooth session\0");
        key.update(local.expose());
        let path = data.path(FILE);
        let kept = RwLock::new((changed(&path), read(&path)?));
        Ok(Self { path, local, key: key.finalize().into(), kept })
    }

    /// Whether no token was made yet.
    pub fn none_made(&self) -> bool {
        self.current().is_empty()
    }

    /// Who shows this secret: name and role.
    pub fn of(&self, secret: &str) -> Option<(String, Role)> {
        if self.local.fits(secret) {
            return Some((LOCAL.to_owned(), Role::Operator));
        }
        let shown = hash(secret);
        let found = self
            .current()
            .into_iter()
            .find(|kept| bool::from(kept.sha256.as_bytes().ct_eq(shown.as_bytes())));
        found.map(|kept| (kept.name, kept.role))
    }

    /// What a browser keeps for `name` until [`SIGNED_IN`] after `now` (seconds since 1970).
    pub fn session(&self, name: &str, now: i64) -> String {
        let ends = now.saturating_add(SIGNED_IN);
        format!("{name}.{ends}.{}", hex::encode(self.sign(name, ends).finalize().into_bytes()))
    }

    /// Who shows this session, if it was made here, has not ended and its token still
    /// counts: name and role.
    pub fn of_session(&self, session: &str, now: i64) -> Option<(String, Role)> {
        let mut parts = session.splitn(3, '.');
        let (name, ends, mac) = (parts.next()?, parts.next()?.parse::<i64>().ok()?, parts.next()?);
        self.sign(name, ends).verify_slice(&hex::decode(mac).ok()?).ok()?;
        if ends <= now || ends > now.saturating_add(SIGNED_IN) {
            return None;
        }
        if name == LOCAL {
            return Some((LOCAL.to_owned(), Role::Operator));
        }
        self.current().into_iter().find(|kept| kept.name == name).map(|kept| (kept.name, kept.role))
    }

    fn sign(&self, name: &str, ends: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key)
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(format!("{name}.{ends}").as_bytes());
        mac
    }

    fn current(&self) -> Vec<Kept> {
        let on_disk = changed(&self.path);
        {
            let known = lock::read(&self.kept);
            if known.0 == on_disk {
                return known.1.clone();
            }
        }
        match read(&self.path) {
            Ok(kept) => {
                *lock::write(&self.kept) = (on_disk, kept.clone());
                kept
            }
            Err(error) => {
                // Rather nobody than somebody whose token was taken away.
                tracing::error!(%error, "no token but the data folder's own counts");
                Vec::new()
            }
        }
    }
}

/// Makes a token and returns it: nobody will see it again.
///
/// # Errors
/// [`AccessError`].
pub fn make(folder: &Path, name: &str, role: Role) -> Result<String, AccessError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 32 || !name.chars().all(plain) || name == LOCAL {
        return Err(AccessError::Name(name.to_owned()));
    }
    let path = folder.join(FILE);
    let mut kept = read(&path)?;
    if kept.iter().any(|kept| kept.name == name) {
        return Err(AccessError::Taken(name.to_owned()));
    }
    let token = format!("gt_{}", hex::encode(random()?));
    kept.push(Kept { name: name.to_owned(), role, sha256: hash(&token) });
    write(&path, &kept)?;
    Ok(token)
}

/// Takes a token away, and every session that it opened.
///
/// # Errors
/// [`AccessError`].
pub fn remove(folder: &Path, name: &str) -> Result<(), AccessError> {
    let path = folder.join(FILE);
    let mut kept = read(&path)?;
    let before = kept.len();
    kept.retain(|kept| kept.name != name);
    if kept.len() == before {
        return Err(AccessError::Unknown(name.to_owned()));
    }
    Ok(write(&path, &kept)?)
}

/// Every token that was made.
///
/// # Errors
/// [`DataError`] if the file can't be read.
pub fn list(folder: &Path) -> Result<Vec<Kept>, DataError> {
    read(&folder.join(FILE))
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// What tells one writing of the file from another. Each is a new file put in its
/// place, so the inode differs even where two fall into one tick of the clock.
type Stamp = (SystemTime, u64, u64);

fn changed(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.ino(), file.len()))
}

fn read(path: &Path) -> Result<Vec<Kept>, DataError> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .map_err(|_| DataError::Damaged { path: path.to_owned(), expected: "a list of tokens in JSON" }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(DataError::Io { path: path.to_owned(), action: "read", source }),
    }
}

fn write(path: &Path, kept: &[Kept]) -> Result<(), DataError> {
    write_private(path, serde_json::to_string_pretty(kept).unwrap_or_default().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_as_its_hash_and_counts_until_it_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::open(folder.path()).unwrap();
        let access = Access::open(&data).unwrap();
        assert!(access.none_made());
        let token = make(folder.path(), "wall", Role::Reader).unwrap();
        assert!(!std::fs::read_to_string(data.path(FILE)).unwrap().contains(&token));
        assert_eq!(access.of(&token), Some(("wall".to_owned(), Role::Reader)));
        assert_eq!(access.of(data.token().unwrap().expose()).unwrap().1, Role::Operator);
        for wrong in ["", "gt_", &token[1..], &format!("{token} ")] {
            assert_eq!(access.of(wrong), None, "{wrong:?}");
        }
        assert!(matches!(make(folder.path(), "wall", Role::Operator), Err(AccessError::Taken(_))));
        assert!(matches!(make(folder.path(), "local", Role::Operator), Err(AccessError::Name(_))));

        let session = access.session("wall", 1_000);
        assert_eq!(access.of_session(&session, 1_000), Some(("wall".to_owned(), Role::Reader)));
        assert_eq!(access.of_session(&session, 1_000 + SIGNED_IN), None, "it has ended");
        let other = session.replacen("wall", "local", 1);
        assert_eq!(access.of_session(&other, 1_000), None, "signed for another");
        remove(folder.path(), "wall").unwrap();
        assert_eq!(access.of(&token), None);
        assert_eq!(access.of_session(&session, 1_000), None);
        assert!(matches!(remove(folder.path(), "wall"), Err(AccessError::Unknown(_))));
    }

    #[test]
    fn a_damaged_file_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::open(folder.path()).unwrap();
        let token = make(folder.path(), "wall", Role::Operator).unwrap();
        let access = Access::open(&data).unwrap();
        std::fs::write(data.path(FILE), "[").unwrap();
        // The same instant would hide the change from a coarse clock.
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        std::fs::File::options().write(true).open(data.path(FILE)).unwrap().set_modified(later).unwrap();
        assert_eq!(access.of(&token), None);
    }
}
