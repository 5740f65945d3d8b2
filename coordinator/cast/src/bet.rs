//! Bets: what a character foretells of a stored trend, what became of it, and
//! how far it may trust itself after that.

use crate::casting::Cast;
use crate::fact::UnixMillis;
use crate::sheet::Sheet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// What can be bet on: a vital by its name in JSON, and where it is as good as
/// full, in its unit. A Pi slows down from 80 °C.
pub const LIMITS: [(&str, u32); 5] =
    [("disk_used", 95), ("memory_used", 95), ("swap_used", 80), ("open_files", 90), ("temperature", 80)];
/// So many open bets may a character have …
pub const OPEN_EACH: usize = 2;
/// … and all of them together.
pub const OPEN_ALL: usize = 12;

const HOUR: UnixMillis = 60 * 60 * 1000;
const DAY: UnixMillis = 24 * HOUR;
/// What comes sooner needs no prophet.
const SOONEST: UnixMillis = HOUR;
/// What comes later can't be named by its weekday.
const LATEST: UnixMillis = 6 * DAY;
/// Nobody bets on less, in thousandths.
const LEAST: u16 = 550;
/// Whoever was not heard for the last such part of a bet can't settle it.
const UNSEEN: UnixMillis = 5;
/// So many bets must be settled before they tell anything of a character.
const TELLING: u32 = 3;

/// A trend that leads to a limit, as a look at a node found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prospect {
    /// Which vital, by its name in JSON.
    pub vital: String,
    /// What people call it.
    pub words: String,
    /// The limit, in its unit.
    pub limit: u32,
    /// The limit as people read it.
    pub text: String,
    /// How it rises, as people read it: "1.2 % an hour".
    pub pace: String,
    /// When it comes to the limit.
    pub reaches: UnixMillis,
    /// By how much that may be off, in milliseconds: a standard deviation.
    pub give_or_take: u64,
}

/// One bet: that a vital comes up to a limit in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bet {
    /// The event that records it; empty before there is one.
    #[serde(default)]
    pub event: String,
    /// Whose.
    pub by: String,
    /// About which node.
    pub node: String,
    /// About which vital, by its name in JSON.
    pub vital: String,
    /// Where it must come, in its unit.
    pub limit: u32,
    /// When it was made.
    pub made: UnixMillis,
    /// Until when it must come true.
    pub before: UnixMillis,
    /// How sure its maker is, in thousandths.
    pub chance: u16,
    /// What is foretold, in words.
    pub claim: String,
    /// Why.
    pub why: String,
}

/// What became of a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It came true.
    Right,
    /// It didn't.
    Wrong,
    /// Nobody can tell: the node was not heard.
    Void,
}

impl Bet {
    /// What becomes of it at `now`, if the highest reading since it was made is
    /// `highest` and the last one was taken at `seen`; none while it is open.
    pub fn judge(&self, now: UnixMillis, highest: Option<f64>, seen: Option<UnixMillis>) -> Option<Outcome> {
        if highest.is_some_and(|highest| highest >= f64::from(self.limit)) {
            return Some(Outcome::Right);
        }
        if now < self.before {
            return None;
        }
        let needed = self.before - (self.before - self.made) / UNSEEN;
        Some(if seen.is_none_or(|seen| seen < needed) { Outcome::Void } else { Outcome::Wrong })
    }

    /// The bet as its maker says it.
    pub fn says(&self) -> String {
        format!("{}, at {}: {}.", self.claim, percent(self.chance), self.why)
    }

    /// The bet as others tell it.
    pub fn told(&self, name: &str) -> String {
        format!("{name} bets at {} that {}: {}.", percent(self.chance), self.claim, self.why)
    }

    /// How its maker owns what became of it: `came` is the highest reading, as people read it.
    pub fn owns(&self, outcome: Outcome, came: Option<&str>, record: Record) -> String {
        let (claim, chance) = (&self.claim, percent(self.chance));
        match outcome {
            Outcome::Right => format!("I said {claim}, at {chance}, and it did. {}.", record.words()),
            Outcome::Wrong => {
                let came = came.map(|came| format!("; it came to {came}")).unwrap_or_default();
                format!("I was wrong: I said {claim}, at {chance}{came}. {}.", record.words())
            }
            Outcome::Void => {
                format!("I said {claim}, at {chance}. {} was not heard, so it counts for nothing.", self.node)
            }
        }
    }

    /// What became of it, as others tell it.
    pub fn settled(&self, name: &str, outcome: Outcome, record: Record) -> String {
        let (claim, chance) = (&self.claim, percent(self.chance));
        match outcome {
            Outcome::Right => format!("{name} was right at {chance} that {claim}. {}.", record.words()),
            Outcome::Wrong => format!("{name} was wrong at {chance} that {claim}. {}.", record.words()),
            Outcome::Void => {
                format!("The bet of {name} that {claim} is void: {} was not heard.", self.node)
            }
        }
    }
}

/// How well somebody foretells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// How many came true.
    pub right: u32,
    /// Of how many.
    pub settled: u32,
    /// The sum of their Brier scores, in thousandths: the squares of how far each
    /// chance was from what became of it.
    pub brier: u64,
}

impl Record {
    /// The same with one bet more.
    #[must_use]
    pub fn with(self, chance: u16, outcome: Outcome) -> Self {
        let truth = match outcome {
            Outcome::Right => 1_000,
            Outcome::Wrong => 0,
            Outcome::Void => return self,
        };
        let off = u64::from(chance.abs_diff(truth));
        Self {
            right: self.right.saturating_add(u32::from(outcome == Outcome::Right)),
            settled: self.settled.saturating_add(1),
            brier: self.brier.saturating_add(off * off / 1_000),
        }
    }

    /// The mean Brier score: 0 is a seer, 0.25 a coin; none before the first.
    pub fn brier(self) -> Option<f64> {
        (self.settled > 0).then(|| self.brier as f64 / 1_000.0 / f64::from(self.settled))
    }

    /// "Right 7 of 9".
    pub fn words(self) -> String {
        format!("Right {} of {}", self.right, self.settled)
    }

    /// By how much its confidence is worth more or less for how it did: a coin
    /// halves it, a liar is left a quarter, a seer gains a quarter.
    fn earned(self) -> f64 {
        let told = self.brier().filter(|_| self.settled >= TELLING);
        told.map_or(1.0, |brier| (1.25 - 3.0 * brier).clamp(0.25, 1.25))
    }
}

/// Every open bet, and how well each character did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Book {
    open: Vec<Bet>,
    records: BTreeMap<String, Record>,
}

impl Book {
    /// Every open bet, the oldest first.
    pub fn open(&self) -> &[Bet] {
        &self.open
    }

    /// The open bets of a character.
    pub fn of<'a>(&'a self, by: &'a str) -> impl Iterator<Item = &'a Bet> {
        self.open.iter().filter(move |bet| bet.by == by)
    }

    /// How well a character did.
    pub fn record(&self, by: &str) -> Record {
        self.records.get(by).copied().unwrap_or_default()
    }

    /// The bet that somebody makes on a node's prospect, if it is one to bet on.
    pub fn offer(
        &self,
        cast: &Cast,
        is_muted: impl Fn(&str) -> bool,
        (node, now): (&str, UnixMillis),
        prospect: &Prospect,
    ) -> Option<Bet> {
        let ahead = prospect.reaches.saturating_sub(now);
        let is_on = self.open.iter().any(|bet| bet.node == node && bet.vital == prospect.vital);
        if is_on || self.open.len() >= OPEN_ALL || !(SOONEST..=LATEST).contains(&ahead) {
            return None;
        }
        let sheet = self.prophet(cast, is_muted, node, &prospect.vital)?;
        // A tenth of the way is allowed for, up to the full hour.
        let before = (prospect.reaches + ahead / 10).div_euclid(HOUR) * HOUR + HOUR;
        let chance = self.chance(sheet, (before - prospect.reaches) as f64 / prospect.give_or_take as f64);
        (chance >= LEAST).then(|| Bet {
            event: String::new(),
            by: sheet.id.clone(),
            node: node.to_owned(),
            vital: prospect.vital.clone(),
            limit: prospect.limit,
            made: now,
            before,
            chance,
            claim: format!("{node}'s {} comes to {} before {}", prospect.words, prospect.text, when(before)),
            why: format!("it rises by {}", prospect.pace),
        })
    }

    /// Who bets: whoever has fewest bets open, of those who look at the vital and
    /// of the node's own character, which comes first. What the veiled look at is
    /// for people to find out.
    fn prophet<'a>(
        &self,
        cast: &'a Cast,
        is_muted: impl Fn(&str) -> bool,
        node: &str,
        vital: &str,
    ) -> Option<&'a Sheet> {
        let own = cast.embody(node).map(|sheet| sheet.id.as_str());
        let willing = cast.sheets().iter().filter(|sheet| !sheet.veiled && !is_muted(&sheet.id));
        let ranked = willing.filter_map(|sheet| {
            let open = self.of(&sheet.id).count();
            let is_own = own == Some(sheet.id.as_str());
            let place = sheet.notices.iter().position(|name| name == vital);
            let place = place.or(is_own.then_some(usize::MAX))?;
            (open < OPEN_EACH).then_some(((open, !is_own, place), sheet))
        });
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, sheet)| sheet)
    }

    /// How sure a character is of what lies so many standard deviations on the safe side.
    fn chance(&self, sheet: &Sheet, safe: f64) -> u16 {
        let boldness = (0.5 + f64::from(sheet.traits.confidence)) * self.record(&sheet.id).earned();
        // A logistic curve is never a hundredth off the normal one with this factor (Haley 1952).
        let chance = 1.0 / (1.0 + (-1.702 * safe * boldness).exp());
        // Said in steps of five in a hundred, and never as certain.
        ((chance * 20.0).round() as u16 * 50).min(950)
    }

    /// Takes a bet that is recorded. Whether there is room for it.
    pub fn take(&mut self, bet: Bet) -> bool {
        let is_on = self.open.iter().any(|open| open.node == bet.node && open.vital == bet.vital);
        let fits = !is_on && self.open.len() < OPEN_ALL && self.of(&bet.by).count() < OPEN_EACH;
        if fits {
            self.open.push(bet);
        }
        fits
    }

    /// Closes the bet that this event records, and scores it; none if it is not open.
    pub fn settle(&mut self, event: &str, outcome: Outcome) -> Option<Bet> {
        let place = self.open.iter().position(|bet| bet.event == event)?;
        let bet = self.open.remove(place);
        let record = self.records.entry(bet.by.clone()).or_default();
        *record = record.with(bet.chance, outcome);
        Some(bet)
    }

    /// A node has another name: bets about it go on.
    pub fn rename(&mut self, from: &str, to: &str) {
        for bet in self.open.iter_mut().filter(|bet| bet.node == from) {
            to.clone_into(&mut bet.node);
        }
    }
}

/// Thousandths as people read them.
fn percent(chance: u16) -> String {
    format!("{} %", chance / 10)
}

/// A time within a week: "Thursday 14:00 UTC".
fn when(at: UnixMillis) -> String {
    // 1970 began on a Thursday.
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    let day = DAYS.get(at.div_euclid(DAY).rem_euclid(7) as usize).copied().unwrap_or_default();
    format!("{day} {}", crate::slot::time(at))
}
