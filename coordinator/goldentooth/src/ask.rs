//! The only reader of the store for surfaces: past events, a node's day.
//!
//! Reads run on blocking threads over read-only connections, so that neither
//! intake nor a screen waits for the disk.

use crate::live::{Event, UnixMillis};
use crate::words::lock;
use frames::{Mood, NodeName, Vital};
use std::sync::{Arc, Mutex};
use store::{EventQuery as Stored, KindPattern, Reader, SeriesQuery, StoreError};
use uuid::Uuid;

/// The most events that one question returns.
pub const MOST_EVENTS: usize = 1000;

const QUARTER: UnixMillis = 15 * 60 * 1000;
const DAY: UnixMillis = 24 * 60 * 60 * 1000;

/// Which events are wanted. They come oldest first.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    /// Only those after this one; without it, the newest `limit`.
    pub after: Option<Uuid>,
    /// Only of this kind; `*` stands for any characters.
    pub kind: Option<String>,
    /// Only about this node.
    pub node: Option<NodeName>,
    /// At most so many; 0 or more than [`MOST_EVENTS`] means [`MOST_EVENTS`].
    pub limit: usize,
}

/// A vital over a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where the stretch begins.
    pub at: UnixMillis,
    /// Mean, in the vital's unit.
    pub mean: f32,
    /// Lowest.
    pub min: f32,
    /// Highest.
    pub max: f32,
}

/// A mood over a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoodAt {
    /// Where the stretch begins.
    pub at: UnixMillis,
    /// The gravest mood in it.
    pub mood: Mood,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The store could not be read.
    #[error("the store can't be read: {0}")]
    Store(String),
    /// The kind can't be one.
    #[error("{0}")]
    Kind(#[from] store::PatternError),
    /// The program is stopping.
    #[error("the coordinator is stopping")]
    Stopping,
}

impl From<StoreError> for AskError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// Asks the store; cheap to clone.
#[derive(Clone)]
pub struct Ask(Arc<Inner>);

struct Inner {
    kept: Mutex<Reader>,
    /// The throw-away store of simulated nodes.
    simulated: Option<Mutex<Reader>>,
}

impl Ask {
    /// Asks these stores: the fleet's, and the one of simulated nodes.
    pub fn new(kept: Reader, simulated: Option<Reader>) -> Self {
        Self(Arc::new(Inner { kept: Mutex::new(kept), simulated: simulated.map(Mutex::new) }))
    }

    /// Past events, oldest first.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read or the kind can't be one.
    pub async fn events(&self, query: EventQuery) -> Result<Vec<Arc<Event>>, AskError> {
        let limit = if query.limit == 0 { MOST_EVENTS } else { query.limit.min(MOST_EVENTS) };
        let stored = Stored {
            after: query.after,
            kind: query.kind.as_deref().map(str::parse::<KindPattern>).transpose()?,
            node: query.node,
            limit: limit as u32,
            // After a given event the next ones are wanted, else the newest.
            ascending: query.after.is_some(),
            ..Stored::default()
        };
        self.read(move |inner| {
            let mut events = lock::mutex(&inner.kept).events(&stored)?;
            if let Some(simulated) = &inner.simulated {
                events.extend(lock::mutex(simulated).events(&stored)?);
            }
            events.sort_unstable_by_key(|event| event.id);
            let surplus = events.len().saturating_sub(limit);
            if stored.ascending {
                events.truncate(limit);
            } else {
                events.drain(..surplus);
            }
            Ok(events.into_iter().map(Arc::new).collect())
        })
        .await
    }

    /// The last 24 hours of one vital of one node, in steps of 15 minutes; a
    /// stretch without a reading is left out.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn day(
        &self,
        node: &NodeName,
        vital: Vital,
        until: UnixMillis,
    ) -> Result<Vec<Point>, AskError> {
        let node = node.clone();
        self.read(move |inner| {
            let series = inner.of(&node).series(&last_day(&node, &[vital], until))?;
            let value = |point: &store::Point| point.values.first().copied().flatten();
            let points = series.points.iter().filter_map(|point| {
                value(point).map(|value| Point {
                    at: point.at,
                    mean: value.mean,
                    min: value.min,
                    max: value.max,
                })
            });
            Ok(points.collect())
        })
        .await
    }

    /// The moods of one node's last 24 hours, in steps of 15 minutes; a
    /// stretch without a mood is left out.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn moods(&self, node: &NodeName, until: UnixMillis) -> Result<Vec<MoodAt>, AskError> {
        let node = node.clone();
        self.read(move |inner| {
            let series = inner.of(&node).series(&last_day(&node, &[], until))?;
            let gravest = |point: &store::Point| {
                Mood::ALL
                    .into_iter()
                    .zip(point.moods)
                    .filter(|(_, reports)| *reports > 0)
                    .map(|(mood, _)| mood)
                    .max()
            };
            let moods =
                series.points.iter().filter_map(|point| Some(MoodAt { at: point.at, mood: gravest(point)? }));
            Ok(moods.collect())
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Inner) -> Result<T, AskError> + Send + 'static,
    ) -> Result<T, AskError> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || question(&inner)).await.map_err(|_| AskError::Stopping)?
    }
}

impl Inner {
    /// The store that has this node.
    fn of(&self, node: &NodeName) -> std::sync::MutexGuard<'_, Reader> {
        match &self.simulated {
            Some(simulated) if node.is_simulated() => lock::mutex(simulated),
            _ => lock::mutex(&self.kept),
        }
    }
}

fn last_day<'a>(node: &'a NodeName, vitals: &'a [Vital], until: UnixMillis) -> SeriesQuery<'a> {
    SeriesQuery { node, vitals, from: until.saturating_sub(DAY), to: until, step: Some(QUARTER) }
}

#[cfg(test)]
impl Ask {
    /// Asks a store that has nothing in it: for tests of those who ask.
    pub(crate) fn empty() -> Self {
        Self::new(store::Store::temporary().unwrap().reader().unwrap(), None)
    }
}
