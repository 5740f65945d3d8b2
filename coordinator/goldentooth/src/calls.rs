//! Calls for help: what is wrong with nodes is told to people where they are,
//! by webhook or ntfy, said again with growing pauses, and tried again until
//! it arrives. What is open and what is on its way outlives a restart, in the
//! data folder's file `calls.json`.

mod outbox;
pub mod send;
#[cfg(test)]
mod tests;
pub mod watch;

pub use outbox::Message;

use crate::care::Care;
use crate::data::write_private;
use crate::habits::Habits;
use crate::live::{Live, NodeSnapshot, UnixMillis};
use crate::words::lock;
use frames::NodeName;
use node_agent::clock;
use outbox::{Due, Outbox};
use send::{Kind, Place};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use watch::{Call, Cause, State, Trouble, Watch};

const FILE: &str = "calls.json";
/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(1);
/// What changed is written at most this often: the folder may be on an SD card.
const KEEP: Duration = Duration::from_secs(15);

/// What one place said to a test.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What is understood there.
    pub kind: Kind,
    /// Where it is, without secrets.
    pub place: String,
    /// What went wrong; none if it arrived.
    pub error: Option<String>,
}

/// What a restart finds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    troubles: Vec<Trouble>,
    messages: Vec<Message>,
}

/// Calls for help; cheap to clone.
#[derive(Clone)]
pub struct Calls(Arc<Inner>);

struct Inner {
    places: Vec<(String, Place)>,
    file: Option<PathBuf>,
    state: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    watch: Watch,
    outbox: Outbox,
    /// Whether the file knows less.
    changed: bool,
}

impl Calls {
    /// Calls to these places, that remember nothing.
    pub fn new(places: Vec<Place>) -> Self {
        Self::over(places, None, Memory::default())
    }

    /// Calls to these places, with what was kept in the data folder. A file that
    /// can't be read is set aside, and told in the log. Nothing happens before
    /// [`Calls::run`].
    pub fn open(places: Vec<Place>, folder: &Path, now: UnixMillis) -> Self {
        let file = folder.join(FILE);
        let mut state = Memory::default();
        if let Some(kept) = read(&file) {
            state.watch.restore(now, kept.troubles);
            state.outbox.restore(kept.messages);
        }
        Self::over(places, Some(file), state)
    }

    fn over(places: Vec<Place>, file: Option<PathBuf>, state: Memory) -> Self {
        let places = places.into_iter().map(|place| (place.key(), place)).collect();
        Self(Arc::new(Inner { places, file, state: Mutex::new(state) }))
    }

    /// Where calls go to.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.places.iter().map(|(_, place)| place)
    }

    /// What is wrong now, told or not, the gravest cause first.
    pub fn troubles(&self) -> Vec<Trouble> {
        lock::mutex(&self.0.state).watch.open().cloned().collect()
    }

    /// The last messages, the newest first.
    pub fn messages(&self) -> Vec<Message> {
        lock::mutex(&self.0.state).outbox.newest_first().cloned().collect()
    }

    /// How many messages were delivered, and how many given up.
    pub fn counts(&self) -> (u64, u64) {
        lock::mutex(&self.0.state).outbox.counts()
    }

    /// Sends a test to every place and waits for the answers.
    pub async fn test(&self) -> Vec<Tried> {
        let call = Arc::new(Call {
            cause: None,
            state: State::Test,
            nodes: Vec::new(),
            title: "Goldentooth tries whether calls for help arrive".to_owned(),
            words: "Nothing is wrong. Somebody pressed the button.".to_owned(),
            at: clock::wall(),
        });
        let mut tries = Vec::new();
        for place in self.places().cloned() {
            let call = Arc::clone(&call);
            let (kind, shown) = (place.kind, place.shown());
            let sent = tokio::task::spawn_blocking(move || place.send(&call)).await;
            let error = sent.unwrap_or_else(|error| Err(error.to_string())).err();
            tries.push(Tried { kind, place: shown, error });
        }
        tries
    }

    /// Watches the fleet and calls, for as long as the program runs.
    pub async fn run(self, live: Live, care: Care, habits: Habits) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut kept = Instant::now();
        loop {
            look.tick().await;
            let now = clock::wall();
            // Nobody is called within a second: to be woken by each reading would be for nothing.
            live.nodes().iter().for_each(|node| self.hear(now, node));
            let quiet = |node: &NodeName, cause| {
                care.is_quiet(now, node, cause) || (cause == Cause::Crisis && habits.excuses(node))
            };
            self.step(now, |node| live.node(node).is_some(), quiet);
            if kept.elapsed() >= KEEP {
                kept = Instant::now();
                let calls = self.clone();
                // A panic there is told by the runtime.
                let _ = tokio::task::spawn_blocking(move || calls.keep()).await;
            }
        }
    }

    /// Takes in how a node is now.
    fn hear(&self, now: UnixMillis, node: &NodeSnapshot) {
        let mut state = lock::mutex(&self.0.state);
        let words = || crate::surfaces::view::because_words(node);
        state.changed |= state.watch.hear(now, node, words);
    }

    /// Calls for what is due, and sends what is on its way.
    fn step(
        &self,
        now: UnixMillis,
        known: impl Fn(&NodeName) -> bool,
        quiet: impl Fn(&NodeName, Cause) -> bool,
    ) {
        let mut state = lock::mutex(&self.0.state);
        let state = &mut *state;
        state.changed |= state.watch.keep_only(known);
        for call in state.watch.due(now, quiet) {
            tracing::info!(title = call.title, "a call for help");
            let places = self.0.places.iter().map(|(key, place)| (key.as_str(), place.shown()));
            state.outbox.enter(now, &Arc::new(call), places);
            state.changed = true;
        }
        for due in state.outbox.due(now) {
            state.changed = true;
            match self.0.places.iter().find(|(key, _)| *key == due.place) {
                Some((_, place)) => self.send(now, place.clone(), due),
                None => state.outbox.nowhere(due.id),
            }
        }
    }

    /// Sends one message on a thread of its own, so that a place that hangs
    /// holds up no other.
    fn send(&self, now: UnixMillis, place: Place, Due { id, call, .. }: Due) {
        let calls = self.clone();
        tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let sent = place.send(&call);
            let now = now.saturating_add_unsigned(u64::try_from(began.elapsed().as_millis()).unwrap_or(0));
            if let Err(error) = &sent {
                tracing::warn!(
                    error,
                    title = call.title,
                    "a call for help did not arrive; it is tried again"
                );
            }
            let mut state = lock::mutex(&calls.0.state);
            state.outbox.sent(now, id, sent);
            state.changed = true;
        });
    }

    /// Writes down what is open and on its way, if that changed.
    pub fn keep(&self) {
        let Some(file) = &self.0.file else { return };
        let kept = {
            let mut state = lock::mutex(&self.0.state);
            if !std::mem::take(&mut state.changed) {
                return;
            }
            Kept { troubles: state.watch.open().cloned().collect(), messages: state.outbox.kept() }
        };
        let written = serde_json::to_vec(&kept)
            .map_err(|error| error.to_string())
            .and_then(|text| write_private(file, &text).map_err(|error| error.to_string()));
        if let Err(error) = written {
            // A full disk is told by others; this is tried again with the next change.
            tracing::warn!(error, "calls for help can't be kept");
            lock::mutex(&self.0.state).changed = true;
        }
    }
}

/// What the file holds; none if there is none.
fn read(file: &Path) -> Option<Kept> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::error!(file = %file.display(), %error, "calls for help of before can't be read");
            return None;
        }
    };
    match serde_json::from_slice(&text) {
        Ok(kept) => Some(kept),
        Err(error) => {
            let aside = file.with_extension("damaged");
            let moved = std::fs::rename(file, &aside);
            tracing::error!(aside = %aside.display(), %error, ?moved, "calls for help of before are set aside: the file is damaged");
            None
        }
    }
}
