//! Signals: what a character's triggers may name.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Something that can happen, and that a sheet may react to. Written as
/// `vital:temperature`, `event:clock_changed` or `service:vault`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// A vital is what speaks for a node's mood.
    Vital(String),
    /// An event of this kind.
    Event(String),
    /// A service of this name changes its state.
    Service(String),
}

/// What no signal looks like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no signal: write vital:NAME, event:KIND or service:NAME")]
pub struct SignalError(String);

impl FromStr for Signal {
    type Err = SignalError;

    fn from_str(text: &str) -> Result<Self, SignalError> {
        let wrong = || SignalError(text.to_owned());
        let (source, name) = text.split_once(':').ok_or_else(wrong)?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(wrong());
        }
        match source {
            "vital" => Ok(Self::Vital(name.to_owned())),
            "event" => Ok(Self::Event(name.to_owned())),
            "service" => Ok(Self::Service(name.to_owned())),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, name) = match self {
            Self::Vital(name) => ("vital", name),
            Self::Event(name) => ("event", name),
            Self::Service(name) => ("service", name),
        };
        write!(formatter, "{source}:{name}")
    }
}

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_reads_back_as_it_is_written() {
        for text in ["vital:disk_used", "event:clock_changed", "service:vault"] {
            assert_eq!(text.parse::<Signal>().unwrap().to_string(), text);
        }
        for wrong in ["vault", "moon:full", "vital:", "event:a b"] {
            assert!(wrong.parse::<Signal>().unwrap_err().to_string().contains("vital:NAME"), "{wrong}");
        }
    }
}
