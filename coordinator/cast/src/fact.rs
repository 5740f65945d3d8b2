//! What happened, in plain types of our own: whoever hosts the cast fills them.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970, UTC.
pub type UnixMillis = i64;

/// How a node feels: the node's own verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// Little to do, and nothing wrong.
    Bored,
    /// At work, and well.
    Happy,
    /// Work or surroundings weigh on it.
    Stressed,
    /// It fails at its work, or soon will.
    Crisis,
}

impl Mood {
    /// Every mood, from calm to alarmed.
    pub const ALL: [Self; 4] = [Self::Bored, Self::Happy, Self::Stressed, Self::Crisis];

    /// The word that fits behind "is".
    pub fn words(self) -> &'static str {
        match self {
            Self::Bored => "bored",
            Self::Happy => "happy",
            Self::Stressed => "stressed",
            Self::Crisis => "in crisis",
        }
    }

    fn is_trouble(self) -> bool {
        matches!(self, Self::Stressed | Self::Crisis)
    }
}

/// What a character may be asked to speak about. Each has lines of its own in a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A node was heard for the first time.
    Joined,
    /// It has little to do.
    Bored,
    /// It is at work and well.
    Happy,
    /// Something weighs on it.
    Stressed,
    /// It fails, or soon will.
    Crisis,
    /// Trouble is over.
    Eased,
    /// It stopped speaking.
    Silent,
    /// It speaks again.
    Returned,
    /// A signal that a character reacts to: a service, a restart, a clock.
    Signal,
}

impl Occasion {
    /// Every occasion, in the order of a sheet.
    pub const ALL: [Self; 9] = [
        Self::Joined,
        Self::Bored,
        Self::Happy,
        Self::Stressed,
        Self::Crisis,
        Self::Eased,
        Self::Silent,
        Self::Returned,
        Self::Signal,
    ];

    /// Its key in a sheet.
    pub fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Bored => "bored",
            Self::Happy => "happy",
            Self::Stressed => "stressed",
            Self::Crisis => "crisis",
            Self::Eased => "eased",
            Self::Silent => "silent",
            Self::Returned => "returned",
            Self::Signal => "signal",
        }
    }

    /// What a change of mood is an occasion for. `was` is none at the first mood.
    pub fn of(was: Option<Mood>, mood: Mood) -> Self {
        match mood {
            Mood::Crisis => Self::Crisis,
            Mood::Stressed if was == Some(Mood::Crisis) => Self::Eased,
            Mood::Stressed => Self::Stressed,
            Mood::Bored | Mood::Happy if was.is_some_and(Mood::is_trouble) => Self::Eased,
            Mood::Bored => Self::Bored,
            Mood::Happy => Self::Happy,
        }
    }

    /// Whether it is said soberly, and must not be swallowed by a limit.
    pub fn is_urgent(self) -> bool {
        matches!(self, Self::Crisis | Self::Silent)
    }
}

/// To which side of the usual a reading lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher than usual, or than its limit.
    Above,
    /// Lower than usual, or than its limit.
    Below,
}

impl Direction {
    /// The word for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

/// A number as recorded, with the words that people read for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit: a vital's own, or `ms` for a span; empty for a plain number.
    pub unit: String,
    /// As it is read, such as `1.2 MB/s` or `4 min`.
    pub text: String,
}

/// One vital that the event names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Its name as in JSON, such as `disk_used`.
    pub name: String,
    /// What people call it, such as "disk used"; for a flag what it says, such
    /// as "under-voltage now".
    pub words: String,
    /// Whether it is a yes or a no, of which only `words` are told.
    pub flag: bool,
    /// Its value.
    pub value: Quantity,
    /// To which side of the usual it lies.
    pub direction: Option<Direction>,
    /// What is usual for this node.
    pub usual: Option<Quantity>,
}

impl Reading {
    /// A sign that something is well now: its value is 0, where one of trouble has 1.
    pub fn relief(name: &str, words: &str) -> Self {
        let sign = Self::sign(name, words);
        Self { value: Quantity { value: 0.0, ..sign.value }, ..sign }
    }

    /// Something that is told by its words alone.
    pub fn sign(name: &str, words: &str) -> Self {
        let value = Quantity { value: 1.0, unit: String::new(), text: "yes".to_owned() };
        Self {
            name: name.to_owned(),
            words: words.to_owned(),
            flag: true,
            value,
            direction: None,
            usual: None,
        }
    }
}

/// One thing that happened to one node, as one event records it. What the event
/// doesn't tell is none here, and can't be spoken of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The event's id: where whoever doubts a word can look.
    pub event: String,
    /// When it happened.
    pub at: UnixMillis,
    /// Whom it concerns.
    pub node: String,
    /// What it is an occasion for.
    pub occasion: Occasion,
    /// The mood it has now; none where the event doesn't tell.
    pub mood: Option<Mood>,
    /// The mood before.
    pub was: Option<Mood>,
    /// How long the mood before had lasted.
    pub lasted: Option<Quantity>,
    /// What speaks for the mood, loudest first.
    pub readings: Vec<Reading>,
    /// How long the node has not spoken, or had not.
    pub unheard: Option<Quantity>,
    /// What came before it.
    #[serde(default)]
    pub past: Past,
}

/// What is known of the time before a fact. Each was found by a rule, and names
/// what it was found in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// How long ago the same happened there the time before, as "2 h ago".
    pub before: Option<Quantity>,
    /// The event that records that time.
    #[serde(default)]
    pub earlier: Option<String>,
    /// How often it happened there within a day, as "3 times in 24 h"; none for the first time.
    pub times: Option<Quantity>,
    /// What a rule of causes found to stand before it.
    pub cause: Option<Cause>,
    /// What else is grave at the same time: one speaker tells it all.
    #[serde(default)]
    pub also: Vec<Other>,
}

/// Another node that is in a grave state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// Which.
    pub node: String,
    /// "in crisis" or "silent".
    pub state: String,
}

/// A cause as a rule produced it: it came before, on the same node or one that
/// this one needs, and is of a kind that is known to have such an effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// What happened, in words: "the restart of pi-03 at 14:02 UTC".
    pub words: String,
    /// The event that records it.
    pub event: String,
    /// Where it happened.
    #[serde(default)]
    pub node: String,
}

impl Fact {
    /// That this happened to a node, and no more: neither which event records it, nor
    /// any mood, reading or past.
    pub fn of(node: impl Into<String>, at: UnixMillis, occasion: Occasion) -> Self {
        Self {
            event: String::new(),
            at,
            node: node.into(),
            occasion,
            mood: None,
            was: None,
            lasted: None,
            readings: Vec::new(),
            unheard: None,
            past: Past::default(),
        }
    }

    /// What a character makes of it: a sign that something is well is no trouble.
    pub(crate) fn made_of(&self) -> Occasion {
        let relief = self.readings.first().is_some_and(|sign| sign.flag && sign.value.value == 0.0);
        if self.occasion == Occasion::Signal && relief { Occasion::Happy } else { self.occasion }
    }

    /// What would settle a suspicion about it: a measurement that will come by itself.
    pub fn settled_by(&self) -> String {
        match (self.occasion, self.readings.first()) {
            (Occasion::Silent, _) => format!("the next frame of {}", self.node),
            (Occasion::Signal, _) | (_, None) => format!("the next report of {}", self.node),
            (_, Some(reading)) => format!("the next reading of {} on {}", reading.words, self.node),
        }
    }
}
