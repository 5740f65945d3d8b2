//! A circuit breaker: who failed several times in a row is left alone for a
//! while, then tried once.

use crate::Millis;
use serde::{Deserialize, Serialize};

/// So many failures in a row open it.
const FAILURES: u32 = 3;
/// The first rest; each further one is twice as long.
const REST: Millis = 30_000;
/// The longest rest.
const LONGEST: Millis = 10 * 60_000;
/// A trial that has not come to an end by then counts for nothing, and another
/// may begin: whoever made it has gone.
const TRIAL: Millis = 150_000;

/// How a provider is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Calls go through.
    Closed,
    /// None goes through until its rest is over.
    Open,
    /// One goes through, to see.
    HalfOpen,
}

impl Health {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// Its word in JSON and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The breaker of one provider. Time is handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// How often it opened since a call last succeeded.
    opened: u32,
    /// Until when nobody is let through; none while it is closed.
    until: Option<Millis>,
    /// When the one trial began.
    trial: Option<Millis>,
}

impl Breaker {
    /// How it is now.
    pub fn health(&self, now: Millis) -> Health {
        match self.until {
            None => Health::Closed,
            Some(until) if now < until => Health::Open,
            Some(_) => Health::HalfOpen,
        }
    }

    /// Until when nobody is let through.
    pub fn rests_until(&self, now: Millis) -> Option<Millis> {
        self.until.filter(|until| now < *until)
    }

    /// Whether a call may go through now. A yes while it is half-open begins the trial.
    pub fn admits(&mut self, now: Millis) -> bool {
        match self.health(now) {
            Health::Closed => true,
            Health::Open => false,
            Health::HalfOpen => {
                let free = self.trial.is_none_or(|began| now.saturating_sub(began) >= TRIAL);
                if free {
                    self.trial = Some(now);
                }
                free
            }
        }
    }

    /// A call succeeded: all is well again.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A call failed through the provider's fault.
    pub fn failed(&mut self, now: Millis) {
        self.failures = self.failures.saturating_add(1);
        let was_trial = self.trial.take().is_some();
        if was_trial || self.failures >= FAILURES {
            let rest = REST.saturating_mul(1 << self.opened.min(10)).min(LONGEST);
            self.opened = self.opened.saturating_add(1);
            self.until = Some(now.saturating_add(rest));
        }
    }

    /// The provider asked to be left alone for so long: no failure, but a rest.
    pub fn rests(&mut self, now: Millis, rest: Millis) {
        self.trial = None;
        let until = now.saturating_add(rest.min(LONGEST));
        self.until = Some(self.until.map_or(until, |known| known.max(until)));
    }

    /// A call that says nothing about the provider came to its end: a trial is free again.
    pub fn undecided(&mut self) {
        self.trial = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_failures_open_it_and_one_trial_decides() {
        let mut breaker = Breaker::default();
        for at in 0..2 {
            breaker.failed(at);
            assert_eq!(breaker.health(at), Health::Closed);
        }
        breaker.failed(2);
        assert_eq!(breaker.health(3), Health::Open);
        assert!(!breaker.admits(REST + 1));
        assert_eq!(breaker.health(REST + 2), Health::HalfOpen);
        assert!(breaker.admits(REST + 2), "one trial");
        assert!(!breaker.admits(REST + 3), "and no second beside it");
        breaker.failed(REST + 4);
        assert_eq!(breaker.rests_until(REST + 5), Some(REST + 4 + 2 * REST), "a longer rest");
        assert!(breaker.admits(4 * REST));
        breaker.succeeded();
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_trial_that_nobody_ends_is_given_up() {
        let mut breaker = Breaker::default();
        breaker.rests(0, 10);
        assert!(breaker.admits(10) && !breaker.admits(11) && breaker.admits(10 + TRIAL));
    }

    #[test]
    fn a_wish_for_rest_is_kept_to_the_longest() {
        let mut breaker = Breaker::default();
        breaker.rests(0, u64::MAX);
        assert_eq!(breaker.rests_until(0), Some(LONGEST));
    }

    proptest! {
        /// Whatever happens: it lets through again in the end, and never while it rests.
        #[test]
        fn it_never_stays_shut(steps in prop::collection::vec((0..4_u8, 0..200_000_u64), 0..60)) {
            let (mut breaker, mut now) = (Breaker::default(), 0);
            for (what, wait) in steps {
                now += wait;
                let resting = breaker.rests_until(now).is_some();
                prop_assert_eq!(resting, breaker.health(now) == Health::Open);
                match what {
                    0 => prop_assert!(!(breaker.admits(now) && resting)),
                    1 => breaker.failed(now),
                    2 => breaker.succeeded(),
                    _ => breaker.rests(now, wait),
                }
            }
            prop_assert!(breaker.admits(now + LONGEST + TRIAL));
        }
    }
}
