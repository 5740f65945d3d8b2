//! Rooms: who talks where, and how much of it is enough.

use super::{Millis, Rhythm};
use std::collections::{BTreeSet, VecDeque};

/// In this time no more than [`MOST_BURST`] answers; after them only those named answer.
const BURST: Millis = 30_000;
const MOST_BURST: usize = 2;
/// One answer per room in this time, but to those who name somebody.
const PACE: Millis = 10_000;
/// The most answers of one session.
const SESSION: u32 = 50;
/// A room of characters only falls asleep after this long without a person; a
/// session ends after as long without a word.
const ASLEEP: Millis = 15 * 60_000;

/// How a character comes to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A person asks for it: no room ever holds that up.
    Asked,
    /// It is named.
    Named,
    /// It would speak by itself.
    Open,
}

/// Why a room wants no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Only characters talk here, and no person has for long.
    Asleep,
    /// Enough was answered just now.
    Burst,
    /// The answer before was too short a time ago.
    Pace,
    /// This session has had all its answers.
    Session,
}

/// A conversation.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// Who is in it: people and characters.
    pub members: BTreeSet<String>,
    spoken: Option<Millis>,
    /// When a person spoke last, or the session began.
    woken: Option<Millis>,
    answers: VecDeque<Millis>,
    session: u32,
}

impl Room {
    /// Somebody speaks here; a person wakes it. Every message starts the response window anew.
    pub fn speak(&mut self, now: Millis, by: &str, person: bool) {
        if self.spoken.is_none_or(|spoken| now.saturating_sub(spoken) >= ASLEEP) {
            self.session = 0;
            self.woken = Some(now);
        }
        self.members.insert(by.to_owned());
        self.spoken = Some(now);
        if person {
            self.woken = Some(now);
        }
    }

    /// Whether it was spoken in within the response window.
    pub fn is_active(&self, now: Millis, rhythm: &Rhythm) -> bool {
        self.spoken.is_some_and(|spoken| now.saturating_sub(spoken) < rhythm.window)
    }

    /// When it was spoken in.
    pub fn spoken(&self) -> Option<Millis> {
        self.spoken
    }

    /// Whether a character may answer here now.
    ///
    /// # Errors
    /// [`Hold`] says what stands against it.
    pub fn may_answer(&self, now: Millis, call: Call) -> Result<(), Hold> {
        if call == Call::Asked {
            return Ok(());
        }
        // After a long pause, or at the very beginning, a session begins anew.
        if self.spoken.is_none_or(|spoken| now.saturating_sub(spoken) >= ASLEEP) {
            return Ok(());
        }
        if self.woken.is_none_or(|woken| now.saturating_sub(woken) >= ASLEEP) {
            return Err(Hold::Asleep);
        }
        if self.session >= SESSION {
            return Err(Hold::Session);
        }
        if call == Call::Named {
            return Ok(());
        }
        let within = |span: Millis| self.answers.iter().filter(|at| now.saturating_sub(**at) < span).count();
        if within(BURST) > MOST_BURST {
            Err(Hold::Burst)
        } else if within(PACE) > 0 {
            Err(Hold::Pace)
        } else {
            Ok(())
        }
    }

    /// A character answered.
    pub fn answered(&mut self, now: Millis, by: &str) {
        self.speak(now, by, false);
        self.session += 1;
        self.answers.push_back(now);
        while self.answers.len() > MOST_BURST + 1 {
            self.answers.pop_front();
        }
    }
}
