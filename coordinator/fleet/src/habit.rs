//! Names for habits: stress that a person has called by its name is expected
//! when it comes again. Only how it differs is told.

use crate::change::Change;
use crate::time::{Millis, UnixMillis};
use crate::words::{Because, vital_name};
use frames::{Direction, Mood, NodeName, Vital};
use serde::{Deserialize, Serialize};

mod all;
#[cfg(test)]
mod tests;

pub use all::Habits;

/// The most habits of a node, and of all.
const MOST_EACH: usize = 16;
/// See [`MOST_EACH`].
const MOST: usize = 1_024;
/// The most characters of a name.
const LONGEST: usize = 40;

const MINUTE: UnixMillis = 60_000;
const DAY: UnixMillis = 24 * 60 * MINUTE;
const DAY_MINUTES: i64 = 24 * 60;
/// So many minutes earlier or later than usual is as usual.
const WINDOW: i64 = 30;
/// What was never seen to its end may last so long.
const UNKNOWN_END: Millis = 2 * 60 * 60_000;
/// What lasts may last half as long again, and so much more at least.
const LATE: Millis = 10 * 60_000;
/// Seen on so many days in a row, it is missed on the next.
const DAILY: u32 = 3;

/// A vital, and to which side of its usual it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// Which.
    #[serde(with = "vital_name")]
    pub vital: Vital,
    /// To which side.
    pub direction: Direction,
}

impl Sign {
    fn of(because: &Because) -> Self {
        Self { vital: because.vital, direction: because.direction }
    }
}

/// A stretch of stress of one node: what may be given a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Whose.
    pub node: NodeName,
    /// When it began.
    pub began: UnixMillis,
    /// When it was over; none while it lasts.
    pub ended: Option<UnixMillis>,
    /// What spoke for it.
    pub signs: Vec<Sign>,
    /// The gravest mood of it.
    pub worst: Mood,
}

impl Episode {
    /// The latest of a node, from its changes in order of time; none if there is none.
    pub fn latest<'a>(changes: impl IntoIterator<Item = (UnixMillis, &'a Change)>) -> Option<Self> {
        let mut latest: Option<Self> = None;
        for (at, change) in changes {
            let Change::MoodChanged { node, to, because, .. } = change else { continue };
            if !is_strain(*to) {
                if let Some(open) = latest.as_mut().filter(|one| one.ended.is_none()) {
                    open.ended = Some(at);
                }
                continue;
            }
            let fresh = || Self { node: node.clone(), began: at, ended: None, signs: Vec::new(), worst: *to };
            let open = latest.take().filter(|one| one.ended.is_none()).unwrap_or_else(fresh);
            latest = Some(open.and(*to, because));
        }
        latest
    }

    fn and(mut self, mood: Mood, because: &[Because]) -> Self {
        self.worst = self.worst.max(mood);
        add(&mut self.signs, because.iter().map(Sign::of));
        self
    }
}

/// What a person has called by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habit {
    /// Names it among all.
    pub id: u32,
    /// Whose.
    pub node: NodeName,
    /// What it is called: "the backup".
    pub name: String,
    /// Who called it so.
    pub by: String,
    /// When that was.
    pub named: UnixMillis,
    /// In which minute of the day it begins, in UTC.
    pub begins: u16,
    /// What speaks for it.
    pub signs: Vec<Sign>,
    /// The gravest mood that is part of it.
    pub worst: Mood,
    /// How long it lasts; none while that was never seen.
    pub lasts: Option<Millis>,
    /// How often it was seen.
    pub seen: u32,
    /// When it began last.
    pub last: UnixMillis,
    /// On how many days in a row it was seen.
    pub days: u32,
}

impl Habit {
    /// When it begins: "02:10 UTC".
    pub fn usual(&self) -> String {
        format!("{:02}:{:02} UTC", self.begins / 60, self.begins % 60)
    }

    /// What speaks for it, in words: "disk busy above, swap in above".
    pub fn signs_words(&self) -> String {
        let word = |sign: &Sign| {
            let side = if sign.direction == Direction::Above { "above" } else { "below" };
            format!("{} {side} the usual", sign.vital.row().words)
        };
        self.signs.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    /// How many minutes after its usual time a moment is; negative for before.
    fn off(&self, at: UnixMillis) -> i64 {
        let minute = at.div_euclid(MINUTE).rem_euclid(DAY_MINUTES);
        let off = (minute - i64::from(self.begins)).rem_euclid(DAY_MINUTES);
        if off > DAY_MINUTES / 2 { off - DAY_MINUTES } else { off }
    }

    fn comes_at(&self, at: UnixMillis) -> bool {
        self.off(at).abs() <= WINDOW
    }

    fn has(&self, because: &Because) -> bool {
        self.signs.contains(&Sign::of(because))
    }

    /// How a change of mood differs from it.
    fn differs(&self, mood: Mood, because: &[Because]) -> Option<String> {
        let graver = (mood > self.worst).then(|| format!("in {mood} this time"));
        let other = because.iter().find(|because| !self.has(because));
        graver.or_else(|| other.map(|other| format!("with {} beside it", other.words)))
    }

    /// How long it may last before that is told.
    fn allowed(&self) -> Millis {
        self.lasts.map_or(UNKNOWN_END, |lasts| (lasts + lasts / 2).max(lasts + LATE))
    }

    /// Takes in that it was so long this time, and began then.
    fn learn(&mut self, began: UnixMillis, lasted: Millis) {
        let mean = |lasts: Millis| lasts.saturating_mul(3).saturating_add(lasted) / 4;
        self.lasts = Some(self.lasts.map_or(lasted, mean));
        let minute = i64::from(self.begins) + self.off(began) / 4;
        self.begins = minute.rem_euclid(DAY_MINUTES) as u16;
    }

    /// Takes in that it came.
    fn came(&mut self, began: UnixMillis) {
        let next_day = (began - self.last - DAY).abs() <= 2 * WINDOW * MINUTE;
        self.days = if next_day { self.days.saturating_add(1) } else { 1 };
        self.seen = self.seen.saturating_add(1);
        self.last = began;
    }
}

/// What a habit's name says of a change of mood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What it is called.
    pub name: String,
    /// When it begins as a rule.
    pub usual: String,
    /// How this one differs; none if it is as usual.
    pub but: Option<String>,
    /// All of it in words: "the backup, 02:10 UTC as usual".
    pub words: String,
}

impl Known {
    fn new(habit: &Habit, but: Option<String>) -> Self {
        let usual = habit.usual();
        let differs = but.as_ref().map(|but| format!(", but {but}")).unwrap_or_default();
        let words = format!("{}, {usual} as usual{differs}", habit.name);
        Self { name: habit.name.clone(), usual, but, words }
    }
}

/// Something to be told about a habit while nothing else happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The event's kind: `habit_overdue` or `habit_missed`.
    pub kind: &'static str,
    /// Whose.
    pub node: NodeName,
    /// What it is called.
    pub name: String,
    /// All of it in words.
    pub words: String,
}

/// Why something can't be given a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HabitError {
    /// The name can't be one.
    #[error("a habit's name has 1 to {LONGEST} characters, none of them a control character")]
    Name,
    /// There is nothing to name.
    #[error("{0} was neither stressed nor in crisis within the last 24 h: there is nothing to name")]
    Nothing(NodeName),
    /// There are too many.
    #[error("{0} has {MOST_EACH} habits already, or the fleet {MOST}: forget some first")]
    Full(NodeName),
    /// It has no such habit.
    #[error("{0} has no habit called {1:?}")]
    Unknown(NodeName, String),
}

fn is_strain(mood: Mood) -> bool {
    matches!(mood, Mood::Stressed | Mood::Crisis)
}

fn add(signs: &mut Vec<Sign>, more: impl IntoIterator<Item = Sign>) {
    for sign in more {
        if !signs.contains(&sign) {
            signs.push(sign);
        }
    }
}

/// A name as it is kept: without the "that's" that people begin it with; none if
/// it can't be one.
fn plain(name: &str) -> Option<String> {
    const LEADS: [&str; 5] = ["that's ", "that’s ", "that is ", "it's ", "it is "];
    let name = name.trim().trim_end_matches(['.', '!']);
    let lead = LEADS
        .iter()
        .find(|lead| name.get(..lead.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(lead)));
    let name = lead.and_then(|lead| name.get(lead.len()..)).unwrap_or(name).trim();
    let length = name.chars().count();
    ((1..=LONGEST).contains(&length) && !name.chars().any(char::is_control)).then(|| name.to_owned())
}
