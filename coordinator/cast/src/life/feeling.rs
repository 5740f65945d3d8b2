//! What a character feels: from a table of causes, each with an end.

use super::Millis;
use crate::traits::Traits;
use serde::{Deserialize, Serialize};

/// How a character feels. It has nothing to do with how ready it is for work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feeling {
    /// All is as it should be.
    #[default]
    Content,
    /// It wants something to happen.
    Restless,
    /// Something happens, and it likes it.
    Excited,
    /// It is under strain.
    Stressed,
    /// It fears the worst.
    Panicked,
    /// It wants somebody to answer for it.
    Angry,
    /// It expects no better.
    Resigned,
    /// It was right, or a rival was wrong.
    Gloating,
    /// Nobody talks to it.
    Lonely,
}

impl Feeling {
    /// Every feeling.
    pub const ALL: [Self; 9] = [
        Self::Content,
        Self::Restless,
        Self::Excited,
        Self::Stressed,
        Self::Panicked,
        Self::Angry,
        Self::Resigned,
        Self::Gloating,
        Self::Lonely,
    ];

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Restless => "restless",
            Self::Excited => "excited",
            Self::Stressed => "stressed",
            Self::Panicked => "panicked",
            Self::Angry => "angry",
            Self::Resigned => "resigned",
            Self::Gloating => "gloating",
            Self::Lonely => "lonely",
        }
    }
}

/// What can make a character feel something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Felt {
    /// A node of its household is in crisis.
    OwnCrisis,
    /// The third crisis of its household within a day, or a later one.
    OwnCrisisAgain,
    /// A node of its household is stressed.
    OwnStress,
    /// Trouble in its household is over.
    OwnRelief,
    /// A node of its household fell silent.
    OwnSilence,
    /// One of its household came back or joined.
    OwnReturn,
    /// Trouble in the household of somebody it is a rival of, or despises.
    RivalsTrouble,
    /// Trouble in the household of a friend, or of somebody it needs.
    FriendsTrouble,
    /// A trigger of its sheet.
    Trigger(Feeling),
    /// More waits for it than it can see to.
    Overload,
    /// Nobody has spoken to it for a fortnight.
    Neglect,
    /// A person thanked it, or put a thumb up.
    Thanks,
    /// Nothing has happened in its household for a day.
    Quiet,
}

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;

impl Felt {
    /// The feeling that it makes in somebody of these traits, and for how long.
    pub fn makes(self, traits: &Traits) -> (Feeling, Millis) {
        match self {
            Self::OwnCrisis if traits.aggression > 0.6 => (Feeling::Angry, HOUR),
            Self::OwnCrisis if traits.paranoia > 0.7 || traits.confidence < 0.5 => (Feeling::Panicked, HOUR),
            Self::OwnCrisis if traits.curiosity > 0.9 => (Feeling::Excited, HOUR),
            Self::OwnCrisis | Self::OwnStress | Self::Overload | Self::FriendsTrouble => {
                (Feeling::Stressed, HOUR / 2)
            }
            Self::OwnCrisisAgain => (Feeling::Resigned, 6 * HOUR),
            Self::Quiet if traits.curiosity > 0.6 => (Feeling::Restless, 2 * HOUR),
            Self::OwnRelief if traits.confidence > 0.9 => (Feeling::Gloating, HOUR),
            Self::OwnRelief | Self::Thanks | Self::Quiet => (Feeling::Content, 2 * HOUR),
            Self::OwnSilence if traits.protective > 0.9 => (Feeling::Panicked, HOUR),
            Self::OwnSilence => (Feeling::Restless, HOUR),
            Self::OwnReturn => (Feeling::Excited, HOUR / 2),
            Self::RivalsTrouble => (Feeling::Gloating, HOUR / 2),
            Self::Trigger(feeling) => (feeling, HOUR),
            Self::Neglect if traits.social > 0.5 => (Feeling::Lonely, 24 * HOUR),
            Self::Neglect => (Feeling::Content, 24 * HOUR),
        }
    }

    /// The same in words, behind "because".
    pub fn words(self) -> &'static str {
        match self {
            Self::OwnCrisis => "a node of its household is in crisis",
            Self::OwnCrisisAgain => "its household is in crisis time and again",
            Self::OwnStress => "a node of its household is stressed",
            Self::OwnRelief => "trouble in its household is over",
            Self::OwnSilence => "a node of its household fell silent",
            Self::OwnReturn => "one of its household came back or joined",
            Self::RivalsTrouble => "a rival's household is in trouble",
            Self::FriendsTrouble => "somebody that it holds to or needs is in trouble",
            Self::Trigger(_) => "something happened that it reacts to",
            Self::Overload => "more waits for it than it can see to",
            Self::Neglect => "nobody has spoken to it for a fortnight",
            Self::Thanks => "a person thanked it",
            Self::Quiet => "nothing has happened in its household for a day",
        }
    }

    /// What it outdoes: a graver cause is not covered by a lighter one.
    fn gravity(self) -> u8 {
        match self {
            Self::OwnCrisis | Self::OwnCrisisAgain => 4,
            Self::OwnSilence | Self::Trigger(_) => 3,
            Self::OwnStress | Self::OwnRelief | Self::Thanks | Self::OwnReturn => 2,
            Self::FriendsTrouble | Self::RivalsTrouble | Self::Overload | Self::Neglect => 1,
            Self::Quiet => 0,
        }
    }
}

/// What a character feels, why, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heart {
    held: Option<(Feeling, Felt, Millis)>,
}

impl Heart {
    /// What it feels now: content where no cause lasts.
    pub fn feeling(&self, now: Millis) -> Feeling {
        self.held.filter(|(_, _, until)| now < *until).map_or(Feeling::Content, |(feeling, ..)| feeling)
    }

    /// What made it feel so.
    pub fn cause(&self, now: Millis) -> Option<Felt> {
        self.held.filter(|(_, _, until)| now < *until).map(|(_, felt, _)| felt)
    }

    /// Something touches it. Relief ends what it relieves; else the graver cause stays.
    pub fn feel(&mut self, now: Millis, felt: Felt, traits: &Traits) {
        let relieves = matches!(felt, Felt::OwnRelief | Felt::OwnReturn | Felt::Thanks);
        let graver = self.cause(now).is_some_and(|held| held.gravity() > felt.gravity());
        if relieves || !graver {
            let (feeling, lasts) = felt.makes(traits);
            self.held = Some((feeling, felt, now.saturating_add(lasts)));
        }
    }
}
