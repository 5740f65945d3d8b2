//! Slots: the only way by which a number, name, time or state gets into a line.

use crate::act;
use crate::fact::{Fact, Occasion, Other, Quantity, Reading, UnixMillis};
use serde::{Deserialize, Serialize};

/// A place in a line that only a fact can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// The node's name.
    Node,
    /// How it is now, behind "is": its mood, "silent", "back" or "new here".
    State,
    /// The mood it was in before.
    Was,
    /// How long it was in it.
    Lasted,
    /// What the noticed vital is called.
    Vital,
    /// Its value with its unit.
    Value,
    /// What is usual, with its unit; fills only together with [`Slot::Direction`].
    Usual,
    /// "above" or "below" the usual.
    Direction,
    /// A flag that speaks, such as "under-voltage".
    Sign,
    /// How long the node has not been heard, or had not been.
    Unheard,
    /// When it happened, as hours and minutes of UTC.
    At,
    /// How long ago the same happened before, with "ago".
    Before,
    /// How often it happened within a day.
    Times,
    /// What a rule found to be its cause, as a noun.
    Cause,
    /// What would settle a suspicion about it.
    Settle,
    /// The next useful act, where something is grave.
    Act,
    /// What else is grave at the same time, as "pi-02 in crisis, pi-03 silent".
    Also,
    /// A whole answer, put together from facts.
    Answer,
}

impl Slot {
    /// Every slot.
    pub const ALL: [Self; 18] = [
        Self::Node,
        Self::State,
        Self::Was,
        Self::Lasted,
        Self::Vital,
        Self::Value,
        Self::Usual,
        Self::Direction,
        Self::Sign,
        Self::Unheard,
        Self::At,
        Self::Before,
        Self::Times,
        Self::Cause,
        Self::Settle,
        Self::Act,
        Self::Also,
        Self::Answer,
    ];

    /// Its name between braces in a sheet.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::State => "state",
            Self::Was => "was",
            Self::Lasted => "lasted",
            Self::Vital => "vital",
            Self::Value => "value",
            Self::Usual => "usual",
            Self::Direction => "direction",
            Self::Sign => "sign",
            Self::Unheard => "unheard",
            Self::At => "at",
            Self::Before => "before",
            Self::Times => "times",
            Self::Cause => "cause",
            Self::Settle => "settle",
            Self::Act => "act",
            Self::Also => "also",
            Self::Answer => "answer",
        }
    }

    /// The slot of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.name() == name)
    }

    /// Whether it tells what was measured: a vital, or how long a node was unheard.
    pub fn is_measure(self) -> bool {
        matches!(self, Self::Vital | Self::Value | Self::Usual | Self::Direction | Self::Sign | Self::Unheard)
    }
}

/// What a slot stands for, before it became words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number in [`Filled::unit`].
    Number(f64),
    /// A name or a state.
    Text(String),
}

/// A slot with what fills it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filled {
    /// Which.
    pub slot: Slot,
    /// As it stands in the line.
    pub text: String,
    /// What it stands for.
    pub value: Value,
    /// Its unit: a vital's own, `ms` for a span or a point in time (since 1970), else empty.
    pub unit: String,
}

/// Every slot that one fact can fill.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots(Vec<Filled>);

impl Slots {
    /// What `fact` can fill. Of its readings the one is taken that stands first
    /// in `notices` (names of vitals), else the loudest.
    pub fn of(fact: &Fact, notices: &[String]) -> Self {
        let mut slots = Self::default();
        slots.text(Slot::Node, &fact.node);
        slots.push(Slot::At, time(fact.at), Value::Number(fact.at as f64), "ms");
        let state = match fact.occasion {
            Occasion::Joined => Some("new here"),
            Occasion::Silent => Some("silent"),
            Occasion::Returned => Some("back"),
            // What a signal says is its sign.
            Occasion::Signal => None,
            _ => fact.mood.map(crate::Mood::words),
        };
        if let Some(state) = state {
            slots.text(Slot::State, state);
        }
        if let Some(was) = fact.was {
            slots.text(Slot::Was, was.words());
            // How long is told only of what is told.
            slots.quantity(Slot::Lasted, fact.lasted.as_ref());
        }
        slots.quantity(Slot::Unheard, fact.unheard.as_ref());
        if let Some(reading) = noticed(&fact.readings, notices) {
            slots.reading(reading);
        }
        slots.quantity(Slot::Before, fact.past.before.as_ref());
        slots.quantity(Slot::Times, fact.past.times.as_ref());
        if let Some(cause) = &fact.past.cause {
            slots.text(Slot::Cause, &cause.words);
        }
        slots.text(Slot::Settle, &fact.settled_by());
        match fact.occasion {
            Occasion::Silent => slots.text(Slot::Act, act::SILENT),
            // By the loudest, whatever this character notices first.
            Occasion::Crisis => {
                slots.text(Slot::Act, act::act(fact.readings.first().map(|reading| reading.name.as_str())));
            }
            _ => {}
        }
        if !fact.past.also.is_empty() {
            slots.text(Slot::Also, &also(&fact.past.also));
        }
        slots
    }

    /// The slots of a character's answer: the whole of it is one.
    pub fn of_answer(answer: &str) -> Self {
        let mut slots = Self::default();
        slots.text(Slot::Answer, answer);
        slots
    }

    /// What fills this slot, if the fact tells.
    pub fn get(&self, slot: Slot) -> Option<&Filled> {
        self.0.iter().find(|filled| filled.slot == slot)
    }

    /// Whether the fact tells what was measured.
    pub fn has_measure(&self) -> bool {
        self.0.iter().any(|filled| filled.slot.is_measure())
    }

    fn reading(&mut self, reading: &Reading) {
        if reading.flag {
            self.push(Slot::Sign, reading.words.clone(), Value::Number(reading.value.value), "");
            return;
        }
        self.text(Slot::Vital, &reading.words);
        self.quantity(Slot::Value, Some(&reading.value));
        if let (Some(direction), Some(usual)) = (reading.direction, &reading.usual) {
            // Two values may read alike once rounded: then there is nothing to compare.
            if usual.text != reading.value.text {
                self.text(Slot::Direction, direction.words());
                self.quantity(Slot::Usual, Some(usual));
            }
        }
    }

    fn text(&mut self, slot: Slot, text: &str) {
        self.push(slot, text.to_owned(), Value::Text(text.to_owned()), "");
    }

    fn quantity(&mut self, slot: Slot, quantity: Option<&Quantity>) {
        if let Some(Quantity { value, unit, text }) = quantity {
            self.push(slot, text.clone(), Value::Number(*value), unit);
        }
    }

    fn push(&mut self, slot: Slot, text: String, value: Value, unit: &str) {
        self.0.push(Filled { slot, text, value, unit: unit.to_owned() });
    }
}

/// A character's eye: what it looks at first decides which reading it tells of.
fn noticed<'a>(readings: &'a [Reading], notices: &[String]) -> Option<&'a Reading> {
    let rank = |reading: &Reading| notices.iter().position(|name| *name == reading.name);
    readings.iter().min_by_key(|reading| rank(reading).unwrap_or(usize::MAX))
}

/// The most nodes that a line names besides its own.
const NAMED: usize = 5;

/// The others, by name and state; of many the first, and how many more.
fn also(others: &[Other]) -> String {
    let named: Vec<String> =
        others.iter().take(NAMED).map(|other| format!("{} {}", other.node, other.state)).collect();
    let more = others.len().saturating_sub(NAMED);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{rest}", named.join(", "))
}

/// Hours and minutes of UTC.
pub(crate) fn time(at: UnixMillis) -> String {
    let minutes = at.div_euclid(60_000).rem_euclid(24 * 60);
    format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_day_also_before_1970() {
        assert_eq!(time(0), "00:00 UTC");
        assert_eq!(time(1_763_694_300_000), "03:05 UTC");
        assert_eq!(time(-60_000), "23:59 UTC");
    }
}
