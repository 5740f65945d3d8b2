//! Names and topics: the one place that knows how they are spelt.

use core::fmt::{self, Write as _};
use core::str::FromStr;
use heapless::String;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest topic of ours, in bytes: cast topics, with persona and kind.
pub const MAX_TOPIC: usize = 96;

/// What leads every topic: the name and the version of the scheme.
const PREFIX: &str = "gt/1/";

/// A topic of ours.
pub type Topic = String<MAX_TOPIC>;

/// Why a string can't be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing there.
    Empty,
    /// Longer than this many bytes.
    TooLong(usize),
    /// A character that is neither letter, digit, `-` nor `_`.
    BadCharacter(char),
    /// One of `cast`, `events`, `services`, which are topics of their own.
    Reserved,
}

impl fmt::Display for NameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("a name can't be empty"),
            Self::TooLong(most) => write!(formatter, "a name has at most {most} characters"),
            Self::BadCharacter(wrong) => {
                write!(formatter, "a name has only letters a-z, digits, '-' and '_', not {wrong:?}")
            }
            Self::Reserved => {
                formatter.write_str("cast, events and services are reserved; take another name")
            }
        }
    }
}

impl core::error::Error for NameError {}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $most:literal, $reserved:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $type(String<$most>);

        impl $type {
            /// The most bytes of such a name.
            pub const MAX: usize = $most;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                if text.is_empty() {
                    return Err(NameError::Empty);
                }
                let ours = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                if let Some(wrong) = text.chars().find(|c| !ours(*c)) {
                    return Err(NameError::BadCharacter(wrong));
                }
                if $reserved.contains(&text) {
                    return Err(NameError::Reserved);
                }
                String::try_from(text).map(Self).map_err(|_| NameError::TooLong($most))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Twice the room, so that a name too long is told as just that.
                let text = String::<64>::deserialize(deserializer)?;
                text.as_str().parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), formatter)
            }
        }
    };
}

name! {
    /// The name of a node: at most 32 letters, digits, `-`, `_`.
    NodeName, 32, ["cast", "events", "services"]
}
name! {
    /// The name of a fleet: at most 16 letters, digits, `-`, `_`.
    FleetName, 16, [""; 0]
}

impl NodeName {
    /// What begins the name of every simulated node, and of no real one.
    pub const SIMULATED: &'static str = "sim-";

    /// Whether this is the name of a simulated node.
    pub fn is_simulated(&self) -> bool {
        self.0.starts_with(Self::SIMULATED)
    }
}

/// The last level of a node's topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// Sealed frames, upwards.
    Frame,
    /// `online` or `offline`, retained: a hint.
    Status,
    /// Sealed commands, downwards.
    Cmd,
    /// The mood as JSON, retained, by the coordinator.
    Mood,
    /// The vitals as JSON, retained, by the coordinator.
    Vitals,
}

impl Leaf {
    const ALL: [Self; 5] = [Self::Frame, Self::Status, Self::Cmd, Self::Mood, Self::Vitals];

    /// The level as spelt in a topic.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Status => "status",
            Self::Cmd => "cmd",
            Self::Mood => "mood",
            Self::Vitals => "vitals",
        }
    }

    /// The topic of `node` in `fleet`.
    pub fn topic(self, fleet: &FleetName, node: &NodeName) -> Topic {
        compose(format_args!("{PREFIX}{fleet}/{node}/{}", self.as_str()))
    }

    /// The filter for this leaf of every node in `fleet`.
    pub fn filter(self, fleet: &FleetName) -> Topic {
        compose(format_args!("{PREFIX}{fleet}/+/{}", self.as_str()))
    }
}

/// The topic on which a persona speaks of facts (`says`) or fiction (`tells`).
/// A persona's or leaf's name that doesn't fit is an empty topic.
pub fn cast_topic(fleet: &FleetName, persona: &str, leaf: &str) -> Topic {
    compose(format_args!("{PREFIX}{fleet}/cast/{persona}/{leaf}"))
}

/// The topic of events of one kind. A kind that doesn't fit is an empty topic.
pub fn event_topic(fleet: &FleetName, kind: &str) -> Topic {
    compose(format_args!("{PREFIX}{fleet}/events/{kind}"))
}

/// The filter for what every service reports.
pub fn services_filter(fleet: &FleetName) -> Topic {
    compose(format_args!("{PREFIX}{fleet}/services/+"))
}

fn compose(parts: fmt::Arguments<'_>) -> Topic {
    let mut topic = Topic::new();
    match topic.write_fmt(parts) {
        Ok(()) => topic,
        Err(fmt::Error) => Topic::new(),
    }
}

/// What a topic is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// A node's own.
    Node {
        /// Whose.
        node: NodeName,
        /// Which.
        leaf: Leaf,
    },
    /// What a persona says: its name and the leaf.
    Cast(&'a str, &'a str),
    /// Events of a kind.
    Events(&'a str),
    /// A service's own reports, by its name.
    Services(&'a str),
}

impl<'a> Place<'a> {
    /// What `topic` is for, if it is one of ours in `fleet`.
    pub fn parse(fleet: &FleetName, topic: &'a str) -> Option<Self> {
        let rest = topic.strip_prefix(PREFIX)?.strip_prefix(fleet.as_str())?.strip_prefix('/')?;
        let (first, rest) = rest.split_once('/')?;
        let plain = |level: &'a str| (!level.is_empty() && !level.contains(['/', '+', '#'])).then_some(level);
        match first {
            "cast" => {
                let (persona, leaf) = rest.split_once('/')?;
                Some(Self::Cast(plain(persona)?, plain(leaf)?))
            }
            "events" => Some(Self::Events(plain(rest)?)),
            "services" => Some(Self::Services(plain(rest)?)),
            node => Some(Self::Node {
                node: node.parse().ok()?,
                leaf: Leaf::ALL.into_iter().find(|leaf| leaf.as_str() == rest)?,
            }),
        }
    }
}
