//! What a person has given a name.

use super::time;
use crate::habits::Habits;
use fleet::Habit;
use frames::Mood;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One habit of a node: an entry of `habit --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Habit"))]
pub struct HabitView {
    /// Whose.
    pub node: String,
    /// What it is called.
    pub name: String,
    /// Who called it so.
    pub by: String,
    /// When that was.
    pub named: Option<Timestamp>,
    /// When it begins as a rule, as hours and minutes of UTC.
    pub usual: String,
    /// What speaks for it, in words.
    pub signs: String,
    /// The gravest mood that is part of it.
    #[cfg_attr(test, schemars(with = "crate::surfaces::schemas::Mood"))]
    pub worst: Mood,
    /// How long it lasts, in seconds; null while that was never seen.
    pub lasts_s: Option<u64>,
    /// How often it was seen.
    pub seen: u32,
    /// When it began last.
    pub last: Option<Timestamp>,
}

impl From<&Habit> for HabitView {
    fn from(habit: &Habit) -> Self {
        Self {
            node: habit.node.to_string(),
            name: habit.name.clone(),
            by: habit.by.clone(),
            named: time(habit.named),
            usual: habit.usual(),
            signs: habit.signs_words(),
            worst: habit.worst,
            lasts_s: habit.lasts.map(|lasts| lasts / 1_000),
            seen: habit.seen,
            last: time(habit.last),
        }
    }
}

impl HabitView {
    /// Every habit, or those of one node, by node and time of the day.
    pub fn all(habits: &Habits, node: Option<&str>) -> Vec<Self> {
        let all = habits.all();
        let mut views: Vec<Self> = all.iter().map(Self::from).collect();
        views.retain(|view| node.is_none_or(|node| view.node == node));
        views.sort_by(|a, b| (&a.node, &a.usual).cmp(&(&b.node, &b.usual)));
        views
    }
}
