//! The kinds of question that can be answered, each with an example.

use serde::{Deserialize, Serialize};

/// A kind of question that can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which node is worst off.
    Worst,
    /// How everybody is.
    Fleet,
    /// How one node is.
    How,
    /// Why it is so.
    Why,
    /// Since when.
    Since,
    /// What happened.
    Changed,
    /// One node beside another.
    Compare,
    /// Where a vital is going.
    Trend,
    /// How often something was.
    Often,
    /// When something was the last time.
    Last,
    /// Who else is so.
    WhoElse,
    /// What a character said.
    Said,
    /// What a character has against another.
    Dislike,
    /// What to do.
    Advice,
    /// The value of a vital.
    Value,
    /// Who is silent.
    Silent,
    /// Which node has the most or least of something.
    Extreme,
    /// How many nodes.
    Count,
    /// When a node was heard.
    Seen,
    /// What machine it is.
    Hardware,
    /// What runs on it.
    Version,
    /// Whether its clock is right.
    Clock,
    /// Services and failed units.
    Service,
    /// Who a character is.
    Who,
    /// How a character is.
    Feel,
    /// Who embodies a node.
    Embody,
    /// What can be asked.
    Help,
    /// What is usual for a node.
    Usual,
    /// Whether anything is wrong.
    Trouble,
    /// Which nodes there are.
    List,
    /// What every eye sees in a node, and how they are divided.
    Council,
}

impl Question {
    /// Every kind, with its name and a question that it answers.
    pub const ALL: [(Self, &'static str, &'static str); 31] = [
        (Self::Worst, "worst", "Which node is worst?"),
        (Self::Fleet, "fleet", "How is the fleet?"),
        (Self::How, "how", "How is NODE?"),
        (Self::Why, "why", "Why is NODE like that?"),
        (Self::Since, "since", "Since when has NODE been like that?"),
        (Self::Changed, "changed", "What changed today?"),
        (Self::Compare, "compare", "Compare NODE with OTHER."),
        (Self::Trend, "trend", "Is NODE getting hotter?"),
        (Self::Often, "often", "How often was NODE stressed?"),
        (Self::Last, "last", "When was the last crisis?"),
        (Self::WhoElse, "who_else", "Who else is stressed?"),
        (Self::Said, "said", "What did Malvo say?"),
        (Self::Dislike, "dislike", "Why do you dislike Umbrell?"),
        (Self::Advice, "advice", "What should I do about NODE?"),
        (Self::Value, "value", "How hot is NODE?"),
        (Self::Silent, "silent", "Which nodes are silent?"),
        (Self::Extreme, "extreme", "Which node is the hottest?"),
        (Self::Count, "count", "How many nodes are stressed?"),
        (Self::Seen, "seen", "When was NODE last seen?"),
        (Self::Hardware, "hardware", "What hardware is NODE?"),
        (Self::Version, "version", "Which agent version runs on NODE?"),
        (Self::Clock, "clock", "Is the clock of NODE right?"),
        (Self::Service, "service", "Are there failed units on NODE?"),
        (Self::Who, "who", "Who is Caudex?"),
        (Self::Feel, "feel", "How do you feel?"),
        (Self::Embody, "embody", "Who embodies NODE?"),
        (Self::Help, "help", "What can I ask?"),
        (Self::Usual, "usual", "What is usual for NODE?"),
        (Self::Trouble, "trouble", "Is anything wrong?"),
        (Self::List, "list", "Which nodes are there?"),
        (Self::Council, "council", "What does the council say about NODE?"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }

    /// A question of this kind, with a node's name in it.
    pub fn example(self, node: &str, other: &str) -> String {
        let example = Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., example)| example);
        example.replace("NODE", node).replace("OTHER", other)
    }
}
