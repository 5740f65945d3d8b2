//! The enrolment file: what makes a machine a member of a fleet. `goldentooth
//! enroll` writes it, the agent (and any reader or service) reads it.

use crate::memory::replace;
use frames::{FleetName, KEY_BYTES, NodeKey, NodeName};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use zeroize::Zeroize;

/// The largest enrolment file that is read, in bytes: far above any real one.
const LARGEST: u64 = 64 * 1024;

/// A secret in text. It prints as `(secret)` and is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret of this text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the broker alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(secret)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A node's key, in the file as 64 hexadecimal digits. It prints as a secret.
#[derive(Clone, Debug)]
pub struct Key(NodeKey);

impl Key {
    /// The key, to seal with.
    pub fn get(&self) -> &NodeKey {
        &self.0
    }
}

impl From<NodeKey> for Key {
    fn from(key: NodeKey) -> Self {
        Self(key)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut hex = hex::encode(self.0.expose());
        let done = serializer.serialize_str(&hex);
        hex.zeroize();
        done
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What was wrong is told without the digits themselves.
        let text = Secret::deserialize(deserializer)?;
        let mut bytes = [0; KEY_BYTES];
        hex::decode_to_slice(text.expose(), &mut bytes)
            .map_err(|_| serde::de::Error::custom("a key is 64 hexadecimal digits"))?;
        let key = NodeKey::new(bytes);
        bytes.zeroize();
        Ok(Self(key))
    }
}

/// What an enrolment lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Speak as one node.
    Node,
    /// Read what is published for people and programs.
    Reader,
    /// Report the state of one service.
    Service,
}

impl Kind {
    /// The kind's word, as in the file and in `--kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Reader => "reader",
            Self::Service => "service",
        }
    }
}

/// An account at the broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its name; a node's is also its client id.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// Where the broker may be reached: `mqtt://HOST:PORT` or, with TLS, `mqtts://HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// A host name, also a `.local` one, or an IP address (an IPv6 one without brackets).
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Whether it is surely an address of this machine alone.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(formatter, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

/// Why a text is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no broker address: write mqtt://HOST:PORT, or mqtts://HOST:PORT with TLS")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = || AddressError(text.to_owned());
        let (tls, rest) = match text.trim_end_matches('/').split_once("://") {
            Some(("mqtt", rest)) => (false, rest),
            Some(("mqtts", rest)) => (true, rest),
            _ => return Err(wrong()),
        };
        let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(inside) => inside,
            None if host.contains(':') => return Err(wrong()),
            None => host,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '%');
        if host.is_empty() || !host.chars().all(plain) {
            return Err(wrong());
        }
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        Ok(Self { tls, host: host.to_owned(), port })
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One enrolment, as in its file (TOML). `Debug` shows no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The fleet.
    pub fleet: FleetName,
    /// The node's, reader's or service's name in it.
    pub name: NodeName,
    /// What it lets its holder do.
    pub kind: Kind,
    /// Rises with each enrolment of the name, which voids the older files.
    pub epoch: u32,
    /// A node's key; readers and services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Where the broker may be reached, tried in turn.
    pub addresses: Vec<Address>,
    /// The broker's certificate in PEM, the only one that TLS trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The account at the broker.
    pub account: Account,
}

/// What can be wrong with an enrolment file.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// It can't be opened or read.
    #[error(
        "can't read the enrolment file {}: {source}; `goldentooth enroll NAME --out FILE` on the coordinator makes one",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It can't be written.
    #[error("can't write the enrolment file {}: {source}; choose a folder that you may write to", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than its owner may read it.
    #[error(
        "the enrolment file {} holds secrets, but others may read it (mode {mode:03o}): run `chmod 600 {}`",
        path.display(), path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is far larger than any enrolment.
    #[error("{} is no enrolment file: it is larger than 64 KiB", .0.display())]
    TooLarge(PathBuf),
    /// Its text is no enrolment.
    #[error("the enrolment file {} is damaged, or made by another version: {reason}; enrol again", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where; never the text itself.
        reason: String,
    },
    /// It lacks what its kind needs.
    #[error("the enrolment file {} {what}; enrol again", path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        what: &'static str,
    },
}

impl Enrolment {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// One variant of [`EnrolmentError`] for each thing that can be wrong.
    pub fn read(path: &Path) -> Result<Self, EnrolmentError> {
        let read = |source| EnrolmentError::Read { path: path.to_owned(), source };
        let file = fs::File::open(path).map_err(read)?;
        // Asked of the open file, so that nobody can exchange it in between.
        let mode = file.metadata().map_err(read)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(EnrolmentError::Exposed { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.take(LARGEST + 1).read_to_string(&mut text).map_err(read)?;
        if text.len() as u64 > LARGEST {
            return Err(EnrolmentError::TooLarge(path.to_owned()));
        }
        let parsed = toml::from_str::<Self>(&text).map_err(|error| {
            // The error's own display quotes the line, which may hold a secret.
            let line = error.span().map_or(0, |span| 1 + text[..span.start].matches('\n').count());
            EnrolmentError::Malformed {
                path: path.to_owned(),
                reason: format!("line {line}: {}", error.message()),
            }
        });
        text.zeroize();
        let enrolment = parsed?;
        enrolment
            .lacks()
            .map_or(Ok(enrolment), |what| Err(EnrolmentError::Incomplete { path: path.to_owned(), what }))
    }

    /// Writes the file with mode 0600, whole or not at all; an older one is replaced.
    ///
    /// # Errors
    /// [`EnrolmentError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), EnrolmentError> {
        let failed = |source| EnrolmentError::Write { path: path.to_owned(), source };
        let mut text = toml::to_string_pretty(self).map_err(|error| failed(io::Error::other(error)))?;
        let title = "# An enrolment in a Goldentooth fleet. It holds secrets: keep it to yourself.\n";
        let done = replace(path, &[title.as_bytes(), text.as_bytes()]);
        text.zeroize();
        done.map_err(failed)
    }

    /// What it lacks that its kind needs.
    pub fn lacks(&self) -> Option<&'static str> {
        if self.kind == Kind::Node && self.key.is_none() {
            Some("is for a node but holds no key")
        } else if self.addresses.is_empty() {
            Some("names no broker address")
        } else if self.certificate.is_none() && self.addresses.iter().any(|address| address.tls) {
            Some("names a TLS address but holds no certificate")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
