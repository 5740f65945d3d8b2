//! Energy, attention, and the readiness that follows from them.

use super::{Millis, Rhythm};
use serde::{Deserialize, Serialize};

/// How ready a character is for work. Exactly one holds at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Rested, and nothing going on: eager.
    #[default]
    Idle,
    /// In a conversation.
    Active,
    /// Low on energy.
    Tired,
    /// More waits than it can see to.
    Overwhelmed,
}

/// What a character has to work with. Shares are in thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Falls with work, rises with rest.
    pub energy: u16,
    /// Falls with work while tired, rises with rest, twice as fast as energy.
    pub attention: u16,
    /// What the host can spare.
    pub budget: u16,
    /// When it last worked; none before the first time.
    pub worked: Option<Millis>,
    /// Until when its time has been accounted for.
    rested: Millis,
    /// What was gained or lost and is less than a thousandth.
    energy_rest: u64,
    attention_rest: u64,
}

impl State {
    /// A rested one.
    pub fn new(now: Millis) -> Self {
        Self {
            energy: 1_000,
            attention: 1_000,
            budget: 1_000,
            worked: None,
            rested: now,
            energy_rest: 0,
            attention_rest: 0,
        }
    }

    /// How ready it is with so many messages waiting.
    pub fn readiness(&self, now: Millis, waiting: usize, rhythm: &Rhythm) -> Readiness {
        let talked = self.worked.is_some_and(|worked| now.saturating_sub(worked) < rhythm.window);
        if waiting > rhythm.overwhelmed_above || self.budget < rhythm.overwhelmed_budget {
            Readiness::Overwhelmed
        } else if self.energy < rhythm.tired_below {
            Readiness::Tired
        } else if talked {
            Readiness::Active
        } else {
            Readiness::Idle
        }
    }

    /// Lets it rest until `now`. Time that was already counted is not counted again.
    pub fn rest(&mut self, now: Millis, rhythm: &Rhythm) {
        let passed = now.saturating_sub(self.rested);
        self.rested = self.rested.max(now);
        let gain = |passed: Millis, kept: &mut u64| {
            let total = passed * u64::from(rhythm.rest_per_half_minute) + *kept;
            *kept = total % 30_000;
            u16::try_from(total / 30_000).unwrap_or(1_000)
        };
        self.energy = self.energy.saturating_add(gain(passed, &mut self.energy_rest)).min(1_000);
        let attention = gain(passed.saturating_mul(2), &mut self.attention_rest);
        self.attention = self.attention.saturating_add(attention).min(1_000);
    }

    /// Counts work that ended now. Its own time is no rest.
    pub fn work(&mut self, now: Millis, took: Millis, complexity: u16, rhythm: &Rhythm) {
        let cost =
            took.saturating_mul(u64::from(rhythm.drain_per_minute)).saturating_mul(u64::from(complexity))
                / 60_000;
        self.energy = self.energy.saturating_sub(u16::try_from(cost).unwrap_or(1_000));
        if self.energy < rhythm.tired_below {
            self.attention = (u32::from(self.attention) * 9 / 10) as u16;
        }
        self.rested = self.rested.max(now);
        self.worked = Some(now);
    }
}
