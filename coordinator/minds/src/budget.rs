//! How many tokens may be spent, and what happens at each limit: a warning at
//! four fifths of the day, a pause for the rest of the hour, the understudy for
//! the rest of the day. Hours and days are those of UTC. Fiction has a purse of
//! its own: it spends of no other, and no other spends of it.

use crate::{Task, UnixMillis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const HOUR: UnixMillis = 60 * 60 * 1000;
const DAY: UnixMillis = 24 * HOUR;
/// Of a day's tokens, in hundredths: from here on it is warned.
const WARN: u64 = 80;
/// The most characters that are counted apart: more than any cast has.
const PERSONAS: usize = 64;

/// The most tokens, in and out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Of one call.
    pub call: u32,
    /// Of one pulse.
    pub pulse: u32,
    /// Within an hour.
    pub hour: u64,
    /// Within a day.
    pub day: u64,
    /// Of one character within a day; a pulse counts for its speakers in equal parts.
    pub persona: u64,
    /// Of tales within a day, apart from all others; 0 leaves them to the understudy.
    pub fiction: u64,
}

impl Default for Limits {
    /// 48 pulses a day of at most 2,000, and as much again for everything else;
    /// nothing for what nobody needs.
    fn default() -> Self {
        Self { call: 6_000, pulse: 3_000, hour: 30_000, day: 200_000, persona: 50_000, fiction: 0 }
    }
}

/// What somebody wants to spend.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// For whom; empty for nobody in particular.
    pub by: &'a [String],
    /// What for.
    pub task: Task,
    /// How much at most.
    pub tokens: u32,
}

/// Whether it may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may.
    Fine,
    /// It may, and the day's end is near.
    Warn,
    /// This one is larger than a single call may be.
    Call,
    /// This one is larger than a pulse may be.
    Pulse,
    /// The hour's share is gone: until its end.
    Hour,
    /// The day's share is gone: until its end.
    Day,
    /// A character's share of the day is gone.
    Persona,
    /// The day's share of tales is gone, or there is none.
    Fiction,
}

impl Verdict {
    /// Whether a call may be made.
    pub fn allows(self) -> bool {
        matches!(self, Self::Fine | Self::Warn)
    }

    /// What it means, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fine => "within the budget",
            Self::Warn => "four fifths of the day's tokens are spent",
            Self::Call => "one call would take more tokens than minds.budget.call allows",
            Self::Pulse => "the pulse would take more tokens than minds.budget.pulse allows",
            Self::Hour => "the hour's tokens are spent; models pause until the next hour",
            Self::Day => "the day's tokens are spent; the understudy speaks until midnight UTC",
            Self::Persona => "this character's tokens of the day are spent",
            Self::Fiction => "minds.budget.fiction has no more tokens for tales today",
        }
    }
}

/// What was spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Within this hour.
    pub hour: u64,
    /// Within this day.
    pub day: u64,
    /// Of tales, within this day.
    pub fiction: u64,
}

/// The purse: limits, and what was spent of them. Time is handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    limits: Limits,
    hour: UnixMillis,
    day: UnixMillis,
    spent: Spent,
    personas: BTreeMap<String, u64>,
}

impl Budget {
    /// A full purse.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The limits.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What is spent by now.
    pub fn spent(&mut self, now: UnixMillis) -> Spent {
        self.turn(now);
        self.spent
    }

    /// Whether so much may be spent now, without spending it.
    pub fn look(&mut self, now: UnixMillis, ask: Ask<'_>) -> Verdict {
        self.turn(now);
        let (limits, tokens) = (self.limits, u64::from(ask.tokens));
        let of = |by: &String| self.personas.get(by).copied().unwrap_or(0);
        let share = tokens / (ask.by.len().max(1) as u64);
        let (most, too_large) = match ask.task {
            Task::Pulse => (limits.pulse, Verdict::Pulse),
            _ => (limits.call, Verdict::Call),
        };
        if ask.tokens > most {
            too_large
        } else if ask.task == Task::Fiction {
            if self.spent.fiction + tokens > limits.fiction { Verdict::Fiction } else { Verdict::Fine }
        } else if self.spent.day + tokens > limits.day {
            Verdict::Day
        } else if self.spent.hour + tokens > limits.hour {
            Verdict::Hour
        } else if ask.by.iter().any(|by| of(by) + share > limits.persona) {
            Verdict::Persona
        } else if (self.spent.day + tokens) * 100 > limits.day * WARN {
            Verdict::Warn
        } else {
            Verdict::Fine
        }
    }

    /// Sets aside what a call may take, so that calls beside each other can't
    /// overspend together. Give it back with [`Budget::settle`].
    pub fn reserve(&mut self, now: UnixMillis, ask: Ask<'_>) -> Verdict {
        let verdict = self.look(now, ask);
        if verdict.allows() {
            self.add(ask.task, ask.by, u64::from(ask.tokens));
        }
        verdict
    }

    /// Puts what a call took in the place of what was set aside for it.
    pub fn settle(&mut self, now: UnixMillis, set_aside: Ask<'_>, took: u64) {
        self.turn(now);
        let (parts, tokens) = (set_aside.by.len().max(1) as u64, u64::from(set_aside.tokens));
        // After a turn of the hour less is left than was set aside.
        if set_aside.task == Task::Fiction {
            self.spent.fiction = self.spent.fiction.saturating_sub(tokens);
            return self.add(Task::Fiction, &[], took);
        }
        self.spent.hour = self.spent.hour.saturating_sub(tokens);
        self.spent.day = self.spent.day.saturating_sub(tokens);
        for by in set_aside.by {
            if let Some(spent) = self.personas.get_mut(by) {
                *spent = spent.saturating_sub(tokens / parts);
            }
        }
        self.add(set_aside.task, set_aside.by, took);
    }

    /// What was spent before a restart, as the ledger has it.
    pub fn remember(&mut self, now: UnixMillis, at: UnixMillis, what: (Task, &[String]), tokens: u64) {
        self.turn(now);
        if at.div_euclid(DAY) == self.day {
            let hour = self.spent.hour;
            self.add(what.0, what.1, tokens);
            if at.div_euclid(HOUR) != self.hour {
                self.spent.hour = hour;
            }
        }
    }

    fn add(&mut self, task: Task, by: &[String], tokens: u64) {
        if task == Task::Fiction {
            self.spent.fiction = self.spent.fiction.saturating_add(tokens);
            return;
        }
        self.spent.hour = self.spent.hour.saturating_add(tokens);
        self.spent.day = self.spent.day.saturating_add(tokens);
        let share = tokens / (by.len().max(1) as u64);
        for by in by {
            if self.personas.len() < PERSONAS || self.personas.contains_key(by) {
                *self.personas.entry(by.clone()).or_default() += share;
            }
        }
    }

    /// Begins a new hour or day. A clock that is set back opens no purse again.
    fn turn(&mut self, now: UnixMillis) {
        let (hour, day) = (now.div_euclid(HOUR), now.div_euclid(DAY));
        if hour > self.hour {
            self.spent.hour = 0;
        }
        if day > self.day {
            (self.spent.day, self.spent.fiction) = (0, 0);
            self.personas.clear();
        }
        (self.hour, self.day) = (hour, day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T: UnixMillis = 20_000 * DAY;

    fn ask(by: &[String], tokens: u32) -> Ask<'_> {
        Ask { by, task: Task::Chat, tokens }
    }

    fn purse() -> Budget {
        Budget::new(Limits { call: 600, pulse: 300, hour: 1_000, day: 2_000, persona: 900, fiction: 500 })
    }

    #[test]
    fn each_limit_has_its_verdict() {
        let mut budget = purse();
        let malvo = ["malvo".to_owned()];
        assert_eq!(budget.reserve(T, ask(&[], 601)), Verdict::Call);
        assert_eq!(budget.reserve(T, Ask { by: &[], task: Task::Pulse, tokens: 301 }), Verdict::Pulse);
        assert_eq!(budget.reserve(T, ask(&malvo, 600)), Verdict::Fine);
        assert_eq!(budget.reserve(T, ask(&malvo, 400)), Verdict::Persona);
        assert_eq!(budget.reserve(T, ask(&[], 401)), Verdict::Hour);
        assert_eq!(budget.reserve(T + HOUR, ask(&[], 600)), Verdict::Fine);
        assert_eq!(
            budget.reserve(T + HOUR, ask(&[], 400)),
            Verdict::Fine,
            "1,600 of 2,000 is no more than four fifths"
        );
        assert_eq!(budget.reserve(T + 2 * HOUR, ask(&[], 100)), Verdict::Warn);
        assert_eq!(budget.reserve(T + 2 * HOUR, ask(&[], 301)), Verdict::Day);
        assert_eq!(budget.reserve(T + DAY, ask(&malvo, 600)), Verdict::Fine, "a new day");
    }

    #[test]
    fn what_was_set_aside_is_given_back() {
        let mut budget = purse();
        let by = ["a".to_owned(), "b".to_owned()];
        assert!(budget.reserve(T, ask(&by, 600)).allows());
        budget.settle(T, ask(&by, 600), 100);
        assert_eq!(budget.spent(T), Spent { hour: 100, day: 100, fiction: 0 });
        assert_eq!(budget.personas["a"], 50);
    }

    #[test]
    fn a_clock_set_back_opens_no_purse() {
        let mut budget = purse();
        budget.reserve(T + DAY, ask(&[], 600));
        assert_eq!(budget.spent(T).day, 600);
        assert_eq!(budget.spent(T + 1).day, 600);
    }

    #[test]
    fn a_restart_remembers_this_day_alone() {
        let mut budget = purse();
        budget.remember(T + 2 * HOUR, T - 1, (Task::Chat, &[]), 500);
        budget.remember(T + 2 * HOUR, T, (Task::Chat, &[]), 300);
        budget.remember(T + 2 * HOUR, T + 2 * HOUR, (Task::Chat, &[]), 20);
        assert_eq!(budget.spent(T + 2 * HOUR), Spent { hour: 20, day: 320, fiction: 0 });
    }

    #[test]
    fn fiction_has_a_purse_of_its_own() {
        let tale = |tokens| Ask { by: &[], task: Task::Fiction, tokens };
        let mut none = Budget::new(Limits::default());
        assert_eq!(none.reserve(T, tale(1)), Verdict::Fiction, "there is nothing in it unless it is filled");
        let mut budget = purse();
        assert_eq!(budget.reserve(T, tale(400)), Verdict::Fine);
        assert_eq!(budget.reserve(T, tale(101)), Verdict::Fiction);
        budget.settle(T, tale(400), 450);
        assert_eq!(budget.spent(T), Spent { hour: 0, day: 0, fiction: 450 }, "no other pays for it");
        assert!(budget.personas.is_empty());
        assert_eq!(budget.reserve(T, ask(&[], 600)), Verdict::Fine);
        assert_eq!(budget.reserve(T, ask(&[], 400)), Verdict::Fine);
        assert_eq!(budget.reserve(T, ask(&[], 1)), Verdict::Hour);
        assert_eq!(budget.reserve(T, tale(50)), Verdict::Fine, "and it pays for no other");
        budget.remember(T + DAY, T + DAY, (Task::Fiction, &[]), 500);
        assert_eq!(budget.spent(T + DAY), Spent { hour: 0, day: 0, fiction: 500 });
        assert_eq!(budget.reserve(T + DAY, tale(1)), Verdict::Fiction);
    }

    proptest! {
        /// However calls come, settle and fail: a day never takes more than its limit.
        #[test]
        fn a_day_is_never_overspent(calls in prop::collection::vec((0..700_u32, 0..HOUR, 0..100_u64), 0..80)) {
            let (mut budget, mut now, mut day, mut of_day) = (purse(), T, T / DAY, 0);
            for (tokens, wait, percent) in calls {
                now += wait;
                if now / DAY != day {
                    (day, of_day) = (now / DAY, 0);
                }
                if budget.reserve(now, ask(&[], tokens)).allows() {
                    let took = u64::from(tokens) * percent / 100;
                    budget.settle(now, ask(&[], tokens), took);
                    of_day += took;
                }
                prop_assert!(of_day <= 2_000);
            }
        }
    }
}
