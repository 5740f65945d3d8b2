//! What may be set about the stage.

use crate::company::CALM;
use crate::stage::{Millis, RATE, UNASKED};
use cast::UnixMillis;
use cast::life::Rhythm;
use fleet::Relations;

/// What may be set, and what is declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The characters' rhythm.
    pub rhythm: Rhythm,
    /// Lines that nobody asked for, at most so many a day: what is beyond them is
    /// kept beside its node, and told to nobody. What is grave isn't counted.
    pub unasked: usize,
    /// How long it must have been calm before anybody jests again.
    pub calm: Millis,
    /// When a node earns a character of its own by itself; none for never.
    pub births: Option<Births>,
    /// Whether characters change by what happens to them; else they stay as their
    /// sheets say, and only remember.
    pub grows: bool,
    /// The services, and who needs whom.
    pub relations: Relations,
}

/// What earns a node a character of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Births {
    /// So many crises, or so many silences …
    pub after: usize,
    /// … within this time.
    pub within: UnixMillis,
}

impl Default for Births {
    fn default() -> Self {
        Self { after: 3, within: 7 * 24 * 60 * 60 * 1_000 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rhythm: Rhythm { rate_per_second: RATE, ..Rhythm::default() },
            unasked: UNASKED,
            calm: CALM,
            births: Some(Births::default()),
            grows: true,
            relations: Relations::default(),
        }
    }
}
