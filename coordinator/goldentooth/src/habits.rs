//! Names that people gave to habits of nodes, kept in the data folder's file
//! `habits.json`. What a name excuses calls nobody and is no line of anybody's.

use crate::ask::{Ask, AskError};
use crate::data::{Data, DataError, write_private};
use crate::words::lock;
use fleet::{Change, Episode, Habit, HabitError, Known, News};
use frames::NodeName;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const FILE: &str = "habits.json";
/// How often what was learnt is written down.
const KEEP: Duration = Duration::from_mins(1);
/// How far back a person may name something.
const LATELY: i64 = 24 * 60 * 60 * 1000;

/// Why something gets no name.
#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    /// By the rules of habits.
    #[error(transparent)]
    Habit(#[from] HabitError),
    /// The store can't be read.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Habits; cheap to clone.
#[derive(Clone, Default)]
pub struct Habits(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// None where nothing is kept, as in tests.
    file: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    habits: fleet::Habits,
    /// Whether the file knows less.
    changed: bool,
}

impl Habits {
    /// What was kept.
    ///
    /// # Errors
    /// [`DataError`] if the file can't be read.
    pub fn open(data: &Data) -> Result<Self, DataError> {
        let file = data.path(FILE);
        let habits = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|_| DataError::Damaged { path: file.clone(), expected: "habits in JSON" })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => fleet::Habits::default(),
            Err(source) => return Err(DataError::Io { path: file, action: "read", source }),
        };
        let state = Mutex::new(State { habits, changed: false });
        Ok(Self(Arc::new(Inner { file: Some(file), state })))
    }

    /// Every habit.
    pub fn all(&self) -> Vec<Habit> {
        lock::mutex(&self.0.state).habits.all().to_vec()
    }

    /// Whether what a node goes through now is a habit, and as usual.
    pub fn excuses(&self, node: &NodeName) -> bool {
        lock::mutex(&self.0.state).habits.excuses(node)
    }

    /// Takes in a change; says what a habit's name makes of it, if one does.
    pub(crate) fn hear(&self, now: i64, change: &Change) -> Option<Known> {
        let mut state = lock::mutex(&self.0.state);
        let known = state.habits.hear(now, change);
        state.changed |= known.is_some();
        known
    }

    /// What time alone brings.
    pub(crate) fn tick(&self, now: i64, speaks: impl Fn(&NodeName) -> bool) -> Vec<News> {
        let mut state = lock::mutex(&self.0.state);
        let news = state.habits.tick(now, speaks);
        state.changed |= !news.is_empty();
        news
    }

    /// Gives a node's latest stress a name, at `now`. It is expected from then on.
    ///
    /// # Errors
    /// [`NamingError`]; nothing has changed then.
    pub async fn name(
        &self,
        ask: &Ask,
        now: i64,
        node: &NodeName,
        (name, by): (&str, &str),
    ) -> Result<Habit, NamingError> {
        let turns = ask.turns(node, now - LATELY).await?;
        let changes = turns.iter().filter_map(|event| Some((event.at, event.change()?.ok()?)));
        let changes: Vec<(i64, Change)> = changes.collect();
        let episode = Episode::latest(changes.iter().map(|(at, change)| (*at, change)));
        let recent = episode.filter(|one| one.ended.is_none_or(|ended| ended >= now - LATELY));
        let episode = recent.ok_or_else(|| HabitError::Nothing(node.clone()))?;
        let habit = self.call(episode, (name, by), now)?;
        self.keep_soon().await;
        Ok(habit)
    }

    /// Gives a stretch of stress a name.
    pub(crate) fn call(
        &self,
        episode: Episode,
        (name, by): (&str, &str),
        now: i64,
    ) -> Result<Habit, HabitError> {
        self.change(|habits| habits.name(episode, name, by, now).cloned())
    }

    /// Takes a name away.
    ///
    /// # Errors
    /// [`HabitError::Unknown`].
    pub async fn forget(&self, node: &NodeName, name: &str) -> Result<(), HabitError> {
        self.change(|habits| habits.forget(node, name))?;
        self.keep_soon().await;
        Ok(())
    }

    /// Forgets who gave names, where it was this person.
    pub async fn forget_person(&self, person: &str) {
        {
            let mut state = lock::mutex(&self.0.state);
            state.habits.forget_person(person);
            state.changed = true;
        }
        self.keep_soon().await;
    }

    /// Forgets all of a node.
    pub fn forget_all(&self, node: &NodeName) {
        let mut state = lock::mutex(&self.0.state);
        state.habits.forget_all(node);
        state.changed = true;
    }

    /// What a node's habits are called.
    pub fn of(&self, node: &NodeName) -> Vec<String> {
        let state = lock::mutex(&self.0.state);
        let of_node = state.habits.all().iter().filter(|habit| habit.node == *node);
        of_node.map(|habit| habit.name.clone()).collect()
    }

    /// What one had is another's from now on; gives the names that went along.
    pub fn inherit(&self, from: &NodeName, to: &NodeName) -> Vec<String> {
        let mut state = lock::mutex(&self.0.state);
        let names = state.habits.inherit(from, to);
        state.changed |= !names.is_empty();
        names
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut fleet::Habits) -> Result<T, HabitError>,
    ) -> Result<T, HabitError> {
        let mut state = lock::mutex(&self.0.state);
        let done = change(&mut state.habits)?;
        state.changed = true;
        Ok(done)
    }

    /// Writes down what was learnt, for as long as the program runs.
    pub(crate) async fn run(self) {
        let mut every = tokio::time::interval(KEEP);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            self.keep_soon().await;
        }
    }

    async fn keep_soon(&self) {
        let habits = self.clone();
        // A panic there is told by the runtime.
        let _ = tokio::task::spawn_blocking(move || habits.keep()).await;
    }

    /// Writes down what there is of real nodes, if it changed.
    pub fn keep(&self) {
        let Some(file) = &self.0.file else { return };
        let habits = {
            let mut state = lock::mutex(&self.0.state);
            if !std::mem::take(&mut state.changed) {
                return;
            }
            state.habits.without_simulated()
        };
        let text = serde_json::to_string_pretty(&habits).unwrap_or_default();
        if let Err(error) = write_private(file, text.as_bytes()) {
            // A full disk is told by others; this is tried again.
            tracing::warn!(%error, "the habits' names can't be kept");
            lock::mutex(&self.0.state).changed = true;
        }
    }
}

#[cfg(test)]
mod tests;
