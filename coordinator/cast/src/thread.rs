//! Threads: plot lines that events open, advance and close. While they run
//! nobody says what a newer recorded fact denies.

use crate::casting::Cast;
use crate::fact::{Fact, Mood, Occasion, UnixMillis};
use crate::sheet::Sheet;
use crate::slot::time;
use crate::style::Place;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// The most threads that run at once; beyond it none is opened.
pub const MOST: usize = 64;
/// So many nodes in crisis or silent at once are a matter of the whole fleet.
pub const MANY: usize = 3;
/// The most nodes whose standing is held in mind.
const NODES: usize = 4_096;
/// What nothing was added to for so long is over.
const STALE: UnixMillis = 7 * 24 * 60 * 60 * 1000;

/// What a thread is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plot {
    /// A node in crisis or silent, until it is calm and heard again.
    Incident,
    /// Several at once, until fewer than two are left.
    Cluster,
    /// What becomes of a character, until nothing was added for a week.
    Evolution,
    /// What is between two characters, until nothing was added for a week.
    Drama,
}

/// What an event is to the plots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beat {
    /// A node feels so.
    Feels(Mood),
    /// A node fell silent.
    Silent,
    /// It speaks again.
    Returned,
    /// Something else happened on it.
    Happened,
    /// A character changed.
    Changed,
    /// Something changed between a character and this other one.
    Between(String),
    /// It is no more: a node that was forgotten, a character that died.
    Gone,
}

/// A plot line that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The event that opened it.
    pub opened_by: String,
    /// What it is about.
    pub plot: Plot,
    /// About whom: a node, the fleet, a character, or two of them.
    pub about: String,
    /// When it was opened.
    pub opened: UnixMillis,
    /// When something was added last.
    pub last: UnixMillis,
    /// How many events it has.
    pub chapters: u32,
}

impl Thread {
    /// Whether a character stands in it: it is about that one, or about a node that it
    /// embodies. In what the whole fleet goes through nobody stands more than others.
    pub fn concerns(&self, cast: &Cast, id: &str) -> bool {
        match self.plot {
            Plot::Incident => cast.embody(&self.about).is_some_and(|sheet| sheet.id == id),
            Plot::Cluster => false,
            Plot::Evolution => self.about == id,
            Plot::Drama => self.both().any(|one| one == id),
        }
    }

    /// Who tells it: the one it is about, of two the one named first.
    pub fn teller<'a>(&self, cast: &'a Cast) -> Option<&'a Sheet> {
        match self.plot {
            Plot::Incident => cast.embody(&self.about),
            Plot::Cluster => None,
            Plot::Evolution | Plot::Drama => self.both().next().and_then(|id| cast.get(id)),
        }
    }

    fn both(&self) -> impl Iterator<Item = &str> {
        self.about.split(AND)
    }
}

/// What became of a thread by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It began.
    Opened,
    /// It went on.
    Advanced,
    /// It is over.
    Closed,
}

/// A thread with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// The thread, as it is after the event.
    pub thread: Thread,
    /// What became of it.
    pub turn: Turn,
}

/// Why something is not said: a newer fact denies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What is so, in words.
    pub words: String,
    /// The event that records it.
    pub event: String,
}

/// A node as the newest events have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Standing {
    mood: Option<(Mood, UnixMillis, String)>,
    /// Whether it is silent, since when, and by which event.
    silent: Option<(bool, UnixMillis, String)>,
}

impl Standing {
    fn is_silent(&self) -> bool {
        self.silent.as_ref().is_some_and(|(silent, ..)| *silent)
    }

    fn is_grave(&self) -> bool {
        self.is_silent() || matches!(self.mood, Some((Mood::Crisis, ..)))
    }

    fn is_calm(&self) -> bool {
        !self.is_silent() && !matches!(self.mood, Some((Mood::Stressed | Mood::Crisis, ..)))
    }
}

/// Every thread that runs.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    open: Vec<Thread>,
    /// Known anew after a restart, from what happens.
    nodes: BTreeMap<String, Standing>,
}

impl Threads {
    /// Goes on with the threads of before.
    pub fn resume(mut open: Vec<Thread>) -> Self {
        open.truncate(MOST);
        Self { open, nodes: BTreeMap::new() }
    }

    /// Those that run, the oldest first.
    pub fn open(&self) -> &[Thread] {
        &self.open
    }

    /// Whether every node that is known is calm, and heard.
    pub fn is_calm(&self) -> bool {
        self.nodes.values().all(Standing::is_calm)
    }

    /// Whether this is the name of a node that is known.
    pub fn knows(&self, name: &str) -> bool {
        self.nodes.contains_key(name)
    }

    /// Takes in what an event is to `who` (a node or a character); gives what became
    /// of which threads.
    pub fn hear(&mut self, who: &str, beat: &Beat, at: UnixMillis, event: &str) -> Vec<Chapter> {
        let mut chapters = self.end_stale(at);
        match beat {
            Beat::Changed => chapters.extend(self.advance(Plot::Evolution, who, at, event)),
            Beat::Between(other) => {
                let (one, other) =
                    if who <= other.as_str() { (who, other.as_str()) } else { (other.as_str(), who) };
                chapters.extend(self.advance(Plot::Drama, &format!("{one}{AND}{other}"), at, event));
            }
            Beat::Gone => {
                self.nodes.remove(who);
                for plot in [Plot::Incident, Plot::Evolution] {
                    chapters.extend(self.close(plot, who, at));
                }
                chapters.extend(self.of_the_fleet(at, event));
            }
            Beat::Happened => {
                if self.place(Plot::Incident, who).is_some() {
                    chapters.extend(self.advance(Plot::Incident, who, at, event));
                }
            }
            Beat::Feels(_) | Beat::Silent | Beat::Returned => {
                let standing = self.stand(who, beat, at, event);
                if standing.is_grave() {
                    chapters.extend(self.advance(Plot::Incident, who, at, event));
                } else if standing.is_calm() {
                    chapters.extend(self.close(Plot::Incident, who, at));
                } else if self.place(Plot::Incident, who).is_some() {
                    chapters.extend(self.advance(Plot::Incident, who, at, event));
                }
                chapters.extend(self.of_the_fleet(at, event));
            }
        }
        chapters
    }

    /// How a node stands now.
    fn stand(&mut self, who: &str, beat: &Beat, at: UnixMillis, event: &str) -> Standing {
        let mut standing = self.nodes.get(who).cloned().unwrap_or_default();
        match beat {
            Beat::Feels(mood) => standing.mood = Some((*mood, at, event.to_owned())),
            beat => standing.silent = Some((*beat == Beat::Silent, at, event.to_owned())),
        }
        if self.nodes.len() < NODES || self.nodes.contains_key(who) {
            self.nodes.insert(who.to_owned(), standing.clone());
        }
        standing
    }

    /// What is grave at several nodes at once is one thread of the whole fleet.
    fn of_the_fleet(&mut self, at: UnixMillis, event: &str) -> Option<Chapter> {
        let grave = self.open.iter().filter(|thread| thread.plot == Plot::Incident).count();
        let known = self.open.iter().find(|thread| thread.plot == Plot::Cluster);
        match known.map(|thread| thread.chapters as usize) {
            None if grave >= MANY => self.advance(Plot::Cluster, FLEET, at, event),
            Some(_) if grave < 2 => self.close(Plot::Cluster, FLEET, at),
            // As many chapters as there were nodes in it.
            Some(chapters) if grave > chapters + MANY - 1 => self.advance(Plot::Cluster, FLEET, at, event),
            _ => None,
        }
    }

    fn place(&self, plot: Plot, about: &str) -> Option<usize> {
        self.open.iter().position(|thread| thread.plot == plot && thread.about == about)
    }

    fn advance(&mut self, plot: Plot, about: &str, at: UnixMillis, event: &str) -> Option<Chapter> {
        if let Some(thread) = self.place(plot, about).and_then(|place| self.open.get_mut(place)) {
            thread.last = thread.last.max(at);
            thread.chapters = thread.chapters.saturating_add(1);
            return Some(Chapter { thread: thread.clone(), turn: Turn::Advanced });
        }
        let thread = Thread {
            opened_by: event.to_owned(),
            plot,
            about: about.to_owned(),
            opened: at,
            last: at,
            chapters: 1,
        };
        (self.open.len() < MOST).then(|| {
            self.open.push(thread.clone());
            Chapter { thread, turn: Turn::Opened }
        })
    }

    fn close(&mut self, plot: Plot, about: &str, at: UnixMillis) -> Option<Chapter> {
        let place = self.place(plot, about)?;
        let mut thread = self.open.remove(place);
        thread.last = thread.last.max(at);
        Some(Chapter { thread, turn: Turn::Closed })
    }

    /// Closes what nothing was added to for long. What a node goes through lasts as long as it lasts.
    fn end_stale(&mut self, at: UnixMillis) -> Vec<Chapter> {
        let is_stale = |thread: &Thread| {
            matches!(thread.plot, Plot::Evolution | Plot::Drama) && at - thread.last > STALE
        };
        let stale: Vec<Thread> = self.open.extract_if(.., |thread| is_stale(thread)).collect();
        stale.into_iter().map(|thread| Chapter { thread, turn: Turn::Closed }).collect()
    }

    /// Whether a newer recorded fact denies what somebody is about to say.
    pub fn contradicts(&self, fact: &Fact) -> Option<Contradiction> {
        let standing = self.nodes.get(&fact.node)?;
        let denied = |words: String, event: &str| Some(Contradiction { words, event: event.to_owned() });
        if let Some((silent, at, event)) = standing.silent.as_ref().filter(|(_, at, _)| *at > fact.at) {
            let says = match fact.occasion {
                Occasion::Silent => Some(true),
                // A crisis is told, whatever came of it.
                Occasion::Joined | Occasion::Signal | Occasion::Crisis => None,
                _ => Some(false),
            };
            if says.is_some_and(|says| says != *silent) {
                let is = if *silent { "silent" } else { "back" };
                return denied(format!("{} is {is} since {}", fact.node, time(*at)), event);
            }
        }
        let (mood, at, event) = standing.mood.as_ref().filter(|(_, at, _)| *at > fact.at)?;
        let says = fact.mood.filter(|_| !matches!(fact.occasion, Occasion::Joined | Occasion::Signal))?;
        if says == *mood {
            return None;
        }
        denied(format!("{} is {} since {}", fact.node, mood.words(), time(*at)), event)
    }
}

/// What stands between the two that a thread is about.
const AND: &str = " and ";
/// Whom a thread of several nodes is about.
const FLEET: &str = "the fleet";

impl Chapter {
    /// The same in the style of a character; none if it has none.
    pub fn told(&self, by: &Sheet) -> Option<String> {
        let place = match self.turn {
            Turn::Opened => Place::First,
            Turn::Advanced => Place::Then,
            Turn::Closed => Place::Last,
        };
        // The same thread is always told in the same words.
        let seed = self.thread.opened.unsigned_abs().wrapping_add(u64::from(self.thread.chapters));
        by.style.map(|style| style.line(place, &self.words(), seed))
    }

    /// What became of it, in words.
    pub fn words(&self) -> String {
        let Thread { plot, about, chapters, .. } = &self.thread;
        let what = match plot {
            Plot::Incident => format!("an incident of {about}"),
            Plot::Cluster => "something that several nodes go through at once".to_owned(),
            Plot::Evolution => format!("what becomes of {about}"),
            Plot::Drama => format!("what is between {about}"),
        };
        match self.turn {
            Turn::Opened => format!("A thread began: {what}."),
            Turn::Advanced => format!("A thread went on: {what}."),
            Turn::Closed if *chapters == 1 => format!("A thread ended: {what}, in one chapter."),
            Turn::Closed => format!("A thread ended: {what}, in {chapters} chapters."),
        }
    }
}
