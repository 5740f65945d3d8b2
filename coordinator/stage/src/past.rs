//! What the stage remembers of before, so that a character may recall, and may
//! name a cause that a rule has found.

use cast::{Cause, Fact, Occasion, Past, Quantity, UnixMillis};
use fleet::words::span;
use std::collections::{BTreeMap, VecDeque};

const DAY: UnixMillis = 24 * 60 * 60 * 1000;
/// What lies further back than this is no cause.
const CAUSE_WITHIN: UnixMillis = 10 * 60 * 1000;
/// The most stories that are remembered: nine of each node of a fleet of a thousand.
const MOST: usize = 9_000;
/// The most times that are counted of each.
const TIMES: usize = 32;

/// When what happened where.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    told: BTreeMap<(String, Occasion), Times>,
    /// What could be a cause, by node: the newest, in words.
    causes: BTreeMap<String, Known>,
}

/// When it was so within the last day, oldest first, and the newest one's event.
#[derive(Debug, Default)]
struct Times {
    at: VecDeque<UnixMillis>,
    newest: String,
}

#[derive(Debug)]
struct Known {
    at: UnixMillis,
    event: String,
    words: String,
}

impl Memory {
    /// What is known of the time before this fact; and remembers the fact.
    pub(crate) fn past(&mut self, fact: &Fact, needs: &[String]) -> Past {
        let mut past = Past { cause: self.cause(fact, needs), ..Past::default() };
        let key = (fact.node.clone(), fact.occasion);
        if self.told.len() < MOST || self.told.contains_key(&key) {
            let times = self.told.entry(key).or_default();
            times.at.retain(|at| fact.at - at < DAY);
            if let Some(at) = times.at.back()
                && let Ok(ago) = u64::try_from(fact.at - at)
                && ago > 0
            {
                past.before = Some(Quantity {
                    value: ago as f64,
                    unit: "ms".to_owned(),
                    text: format!("{} ago", span(ago)),
                });
                past.earlier = Some(times.newest.clone());
            }
            if times.at.len() >= TIMES {
                times.at.pop_front();
            }
            times.at.push_back(fact.at);
            times.newest.clone_from(&fact.event);
            let count = times.at.len();
            if count > 1 {
                past.times = Some(Quantity {
                    value: count as f64,
                    unit: String::new(),
                    text: format!("{count} times within 24 h"),
                });
            }
        }
        self.note(fact);
        past
    }

    /// The kinds that are known to have effects on how a node feels.
    fn note(&mut self, fact: &Fact) {
        let what = match fact.occasion {
            Occasion::Signal => {
                let Some(sign) = fact.readings.first() else { return };
                if !matches!(
                    sign.name.as_str(),
                    "restarted"
                        | "service_changed"
                        | "service_reported"
                        | "hardware_changed"
                        | "agent_changed"
                ) {
                    return;
                }
                sign.words.clone()
            }
            Occasion::Silent => "a silence".to_owned(),
            Occasion::Crisis => "a crisis".to_owned(),
            _ => return,
        };
        let minutes = fact.at.div_euclid(60_000).rem_euclid(24 * 60);
        let words = format!("{what} on {} at {:02}:{:02} UTC", fact.node, minutes / 60, minutes % 60);
        if self.causes.len() < MOST || self.causes.contains_key(&fact.node) {
            self.causes.insert(fact.node.clone(), Known { at: fact.at, event: fact.event.clone(), words });
        }
    }

    /// A cause is what came before, not long ago, on the same node or on one that
    /// this one needs, and is of a known kind. Only trouble has one.
    fn cause(&self, fact: &Fact, needs: &[String]) -> Option<Cause> {
        if !matches!(fact.occasion, Occasion::Stressed | Occasion::Crisis) {
            return None;
        }
        let places = std::iter::once(&fact.node).chain(needs);
        let known = places.filter_map(|place| self.causes.get(place));
        let known = known.filter(|known| (0..CAUSE_WITHIN).contains(&(fact.at - known.at)));
        let newest = known.filter(|known| known.event != fact.event).max_by_key(|known| known.at)?;
        Some(Cause { words: newest.words.clone(), event: newest.event.clone() })
    }
}
