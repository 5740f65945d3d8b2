//! How much of a character's voice people want: per person, and per surface.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How much voice there is in what is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flavour {
    /// The fact in plain words.
    Off,
    /// The fact, as the character puts it, and nothing more.
    Light,
    /// All that the character makes of it.
    #[default]
    Full,
}

/// What is told on each surface where a person has chosen nothing: the table
/// `[flavour]` of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flavours {
    /// The web page.
    pub page: Flavour,
    /// The command line, and whatever else asks the API.
    pub api: Flavour,
    /// What is published over MQTT.
    pub mqtt: Flavour,
}

impl Flavour {
    /// Every flavour, the plainest first.
    pub const ALL: [Self; 3] = [Self::Off, Self::Light, Self::Full];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Light => "light",
            Self::Full => "full",
        }
    }

    /// Of one sentence in three versions, the one to tell. One that was recorded
    /// without the plainer versions has the full one for all.
    pub fn of<'a>(self, plain: &'a str, bare: &'a str, full: &'a str) -> &'a str {
        let known = |text: &'a str| if text.is_empty() { full } else { text };
        match self {
            Self::Off => known(plain),
            Self::Light => known(bare),
            Self::Full => full,
        }
    }
}

impl FromStr for Flavour {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|flavour| flavour.word() == word);
        found.ok_or_else(|| "a flavour is off, light or full".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flavour_tells_its_own_version_and_none_tells_nothing() {
        let told = Flavour::ALL.map(|flavour| flavour.of("plain", "bare", "full"));
        assert_eq!(told, ["plain", "bare", "full"]);
        assert_eq!(Flavour::ALL.map(|flavour| flavour.of("", "", "full")), ["full"; 3]);
        assert_eq!("light".parse(), Ok(Flavour::Light));
        assert!("loud".parse::<Flavour>().unwrap_err().contains("off, light or full"));
    }
}
