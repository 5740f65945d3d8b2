//! What a character said, with the facts behind it.

use crate::kept::Birth;
use cast::bet::{Bet, Record};
use cast::life::{Feeling, Readiness, Thought, Tone};
use cast::{Filled, Kind, Move, UnixMillis};
use serde::Serialize;
use store::Uuid;

/// A slot of a line, and where what fills it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// The slot, its words, its value and its unit.
    #[serde(flatten)]
    pub filled: Filled,
    /// The event that records it.
    pub event: Uuid,
}

/// One sentence of a character.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The character's sheet.
    pub by: String,
    /// The sentence.
    pub text: String,
    /// The sentence with its slots open.
    pub frame: String,
    /// What its speaker made of the fact; none if it said no more.
    pub made: Option<Move>,
    /// The fact alone, without what the character made of it.
    pub bare: String,
    /// The fact in plain words, as its event says it.
    pub plain: String,
    /// What it claims to be.
    pub kind: Kind,
    /// Every slot in it.
    pub facts: Vec<Told>,
    /// The node that it is about.
    pub node: String,
    /// When it was said.
    pub at: UnixMillis,
    /// The event that it is about.
    pub cause: Uuid,
    /// Which mind composed it.
    pub mind: String,
    /// Whether it is more than people are told unasked: kept beside its node only.
    pub aside: bool,
    /// How its speaker felt.
    pub feeling: Feeling,
    /// How ready its speaker was.
    pub readiness: Readiness,
    /// What everybody shared at the sync point.
    pub thoughts: Vec<Thought>,
}

/// Something that the stage wants recorded as an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Its kind.
    pub kind: &'static str,
    /// Its facts.
    pub payload: serde_json::Value,
    /// The event that it follows from; none for what time alone or a person brings.
    pub cause: Option<Uuid>,
}

/// Somebody who was born.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Born {
    /// The sheet's file name.
    pub id: String,
    /// How it came about.
    pub birth: Birth,
    /// The text of its sheet.
    pub text: String,
}

/// A character as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Portrait {
    /// Its sheet.
    pub id: String,
    /// Whether people may know what it stands for.
    pub known: bool,
    /// What it stands for, as far as people may know.
    pub embodies: Option<String>,
    /// What made it feel so; none if nothing did.
    pub cause: Option<&'static str>,
    /// How it came on stage, if it was born here.
    pub birth: Option<Birth>,
    /// How ready it is for work.
    pub readiness: Readiness,
    /// How it feels.
    pub feeling: Feeling,
    /// 0 to 1.
    pub energy: f64,
    /// 0 to 1.
    pub attention: f64,
    /// How many messages wait for it.
    pub waiting: usize,
    /// How free it is in what it says: nobody jests where something is grave.
    pub tone: Tone,
    /// Whether a person muted it.
    pub muted: bool,
    /// Thumbs up less thumbs down, -5 to 5.
    pub thumbs: i32,
    /// Its open bets, the oldest first.
    pub bets: Vec<Bet>,
    /// How its settled bets went.
    pub record: Record,
    /// What it said last.
    pub last: Option<Line>,
}
