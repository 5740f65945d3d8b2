//! Times that a question names.

use serde::{Deserialize, Serialize};

/// Of which stretch of time a question asks, in hours back from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Where it begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
}

impl Stretch {
    /// Whether it ended before now: what is so now is no answer then.
    pub fn has_ended(self) -> bool {
        self.to > 0
    }

    /// The one that these words name.
    pub(super) fn named(words: &[String]) -> Option<Self> {
        let back = |from, to| Some(Self { from, to });
        let line = format!(" {} ", words.join(" "));
        let has = |phrase: &str| line.contains(&format!(" {phrase} "));
        if has("day before yesterday") {
            back(72, 48)
        } else if has("yesterday") {
            back(48, 24)
        } else if has("hour ago") {
            back(2, 1)
        } else if has("day ago") {
            back(48, 24)
        } else if has("week ago") {
            back(24 * 8, 24 * 7)
        } else if has("today") || has("last night") || has("tonight") || has("day") {
            back(24, 0)
        } else if has("last hour") || has("this hour") || has("an hour") {
            back(1, 0)
        } else if has("last week") || has("this week") || has("week") {
            back(24 * 7, 0)
        } else if has("this month") || has("last month") || has("month") {
            back(24 * 31, 0)
        } else {
            None
        }
    }
}
