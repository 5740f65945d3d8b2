//! The only reader of the store for surfaces: past events, a node's past, the
//! moods of the fleet.
//!
//! Reads run on blocking threads over read-only connections, so that neither
//! intake nor a screen waits for the disk.

use crate::live::{Event, UnixMillis};
use crate::words::lock;
use frames::{MOODS, Mood, NodeName, Vital};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::{EventQuery as Stored, KindPattern, Reader, SeriesQuery, StoreError};
use uuid::Uuid;

/// The most events that one question returns.
pub const MOST_EVENTS: usize = 1000;

/// How long the moods of the whole fleet are good for: a heatmap that many
/// pages draw is read once.
const HEAT_KEPT: Duration = Duration::from_secs(20);

/// Which events are wanted. They come oldest first.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    /// Only those after this one; without it, the newest `limit`.
    pub after: Option<Uuid>,
    /// Only of this kind; `*` stands for any characters.
    pub kind: Option<String>,
    /// Only about this node.
    pub node: Option<NodeName>,
    /// Only of this character.
    pub by: Option<String>,
    /// At most so many; 0 or more than [`MOST_EVENTS`] means [`MOST_EVENTS`].
    pub limit: usize,
}

/// What the fleet recorded in a stretch of time.
#[derive(Clone, Debug, Default)]
pub struct RecordQuery {
    /// From this time on.
    pub from: UnixMillis,
    /// Until before this time.
    pub to: UnixMillis,
    /// Only about this node.
    pub node: Option<NodeName>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only what became so, as a mood.
    pub became: Option<String>,
    /// How many of them are wanted, the newest.
    pub newest: usize,
}

/// A stretch of a node's past that is wanted.
#[derive(Clone, Debug)]
pub struct PastQuery {
    /// Whose.
    pub node: NodeName,
    /// Of which vitals.
    pub vitals: Vec<Vital>,
    /// From this time on.
    pub from: UnixMillis,
    /// Until before this time.
    pub to: UnixMillis,
    /// How far apart the points shall be, in milliseconds.
    pub step: UnixMillis,
}

/// What a node was over one step of its past.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Where the step begins.
    pub at: UnixMillis,
    /// How many reports.
    pub reports: u32,
    /// The gravest mood of them.
    pub mood: Option<Mood>,
    /// In the order of the query's vitals; none where nothing was measured.
    pub values: Vec<Option<Value>>,
}

/// What a vital was over one step, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// The mean.
    pub mean: f32,
    /// The lowest.
    pub min: f32,
    /// The highest.
    pub max: f32,
}

/// The gravest mood of each node in each quarter of an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heat {
    /// Node, beginning of the quarter, and the mood; none while the node had
    /// not made up its mind. Where nothing was heard there is no entry.
    pub quarters: Vec<(NodeName, UnixMillis, Option<Mood>)>,
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
    heat: Mutex<Option<(Instant, UnixMillis, Arc<Heat>)>>,
}

impl Ask {
    /// Asks these stores: the fleet's, and the one of simulated nodes.
    pub fn new(kept: Reader, simulated: Option<Reader>) -> Self {
        Self(Arc::new(Inner {
            kept: Mutex::new(kept),
            simulated: simulated.map(Mutex::new),
            heat: Mutex::default(),
        }))
    }

    /// Whether the store keeps anything under this name.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn knows(&self, node: &NodeName) -> Result<bool, AskError> {
        let node = node.clone();
        self.read(move |inner| Ok(inner.of(&node).knows(&node)?)).await
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
            by: query.by,
            limit: limit as u32,
            // After a given event the next ones are wanted, else the newest.
            ascending: query.after.is_some(),
            ..Stored::default()
        };
        self.read(move |inner| Ok(inner.events(&stored)?.into_iter().map(Arc::new).collect())).await
    }

    /// How much the fleet recorded in a stretch of time, and the newest of it, oldest first.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read or the kind can't be one.
    pub async fn recorded(&self, query: RecordQuery) -> Result<(u64, Vec<Event>), AskError> {
        let newest = query.newest.min(MOST_EVENTS);
        let stored = Stored {
            after: Some(id_at(query.from)),
            before: Some(id_at(query.to)),
            kind: query.kind.as_deref().map(str::parse::<KindPattern>).transpose()?,
            node: query.node,
            source: Some("fleet".to_owned()),
            to: query.became,
            limit: newest as u32,
            ..Stored::default()
        };
        self.read(move |inner| {
            let mut count = 0;
            for reader in inner.readers() {
                count += lock::mutex(reader).count_events(&stored)?;
            }
            Ok((count, inner.events(&stored)?))
        })
        .await
    }

    /// Every event of a query from its beginning on, oldest first, at most so many,
    /// a thousand at a time.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read or the kind can't be one.
    pub async fn every(
        &self,
        query: EventQuery,
        most: usize,
        mut hear: impl FnMut(&Event),
    ) -> Result<(), AskError> {
        let (mut after, mut left) = (query.after.unwrap_or_default(), most);
        while left > 0 {
            let limit = MOST_EVENTS.min(left);
            let page = self.events(EventQuery { after: Some(after), limit, ..query.clone() }).await?;
            for event in &page {
                hear(event);
            }
            match page.last() {
                Some(last) if page.len() == limit => after = last.id,
                _ => break,
            }
            left -= page.len();
        }
        Ok(())
    }

    /// A stretch of a node's past, oldest first; a step without a report is
    /// left out.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn past(&self, query: PastQuery) -> Result<Vec<Point>, AskError> {
        self.read(move |inner| {
            let PastQuery { node, vitals, from, to, step } = &query;
            let series = SeriesQuery { node, vitals, from: *from, to: *to, step: Some(*step) };
            let points = inner.of(node).series(&series)?.points;
            Ok(points.into_iter().map(Point::from).collect())
        })
        .await
    }

    /// Calls to language models made at `from` or later, newest first.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn calls(&self, from: UnixMillis, limit: u32) -> Result<Vec<store::Call>, AskError> {
        self.read(move |inner| Ok(lock::mutex(&inner.kept).calls(from, limit)?)).await
    }

    /// What calls to language models took from `from` on, by day and provider.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn days_of_calls(&self, from: UnixMillis) -> Result<Vec<store::DayOfCalls>, AskError> {
        self.read(move |inner| Ok(lock::mutex(&inner.kept).days_of_calls(from)?)).await
    }

    /// What turned a node's mood from `from` on, oldest first: its changes of
    /// mood, silences and returns, led by the last change of mood before.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn turns(&self, node: &NodeName, from: UnixMillis) -> Result<Vec<Event>, AskError> {
        let node = node.clone();
        self.read(move |inner| {
            let reader = inner.of(&node);
            let all = Stored { node: Some(node.clone()), limit: MOST_EVENTS as u32, ..Stored::default() };
            let edge = Some(id_at(from));
            let kind = |kind: &str| kind.parse::<KindPattern>().map(Some);
            let before = Stored { before: edge, kind: kind("mood_changed")?, limit: 1, ..all.clone() };
            let mut turns = reader.events(&before)?;
            for name in ["mood_changed", "silent", "returned"] {
                turns.extend(reader.events(&Stored { after: edge, kind: kind(name)?, ..all.clone() })?);
            }
            turns.sort_unstable_by_key(|event| event.id);
            Ok(turns)
        })
        .await
    }

    /// The moods of every node from `from` to `to`, by quarters of an hour.
    /// What was read a moment ago for the same beginning is told again.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn heat(&self, from: UnixMillis, to: UnixMillis) -> Result<Arc<Heat>, AskError> {
        self.read(move |inner| {
            // Held while it is read: who asks at the same time waits for the same answer.
            let mut kept = lock::mutex(&inner.heat);
            if let Some((read, begins, heat)) = &*kept
                && *begins == from
                && read.elapsed() < HEAT_KEPT
            {
                return Ok(Arc::clone(heat));
            }
            let mut heat = Heat::default();
            for reader in inner.readers() {
                heat.add(lock::mutex(reader).quarters(from, to)?);
            }
            let heat = Arc::new(heat);
            *kept = Some((Instant::now(), from, Arc::clone(&heat)));
            Ok(heat)
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
    /// The fleet's store, and the one of simulated nodes.
    fn readers(&self) -> impl Iterator<Item = &Mutex<Reader>> {
        std::iter::once(&self.kept).chain(&self.simulated)
    }

    /// What a query finds in both, oldest first; at most its limit, of the end that it begins at.
    fn events(&self, query: &Stored) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::new();
        for reader in self.readers() {
            events.extend(lock::mutex(reader).events(query)?);
        }
        events.sort_unstable_by_key(|event| event.id);
        let limit = query.limit as usize;
        if query.ascending {
            events.truncate(limit);
        } else {
            events.drain(..events.len().saturating_sub(limit));
        }
        Ok(events)
    }

    /// The store that has this node.
    fn of(&self, node: &NodeName) -> std::sync::MutexGuard<'_, Reader> {
        match &self.simulated {
            Some(simulated) if node.is_simulated() => lock::mutex(simulated),
            _ => lock::mutex(&self.kept),
        }
    }
}

impl Heat {
    fn add(&mut self, quarters: store::Quarters) {
        let store::Quarters { nodes, quarters } = quarters;
        self.quarters.extend(quarters.into_iter().filter_map(|quarter| {
            Some((nodes.get(quarter.node)?.clone(), quarter.at, gravest(quarter.moods)))
        }));
    }
}

impl From<store::Point> for Point {
    fn from(point: store::Point) -> Self {
        let value = |value: store::Aggregate| Value { mean: value.mean, min: value.min, max: value.max };
        Self {
            at: point.at,
            reports: point.reports,
            mood: gravest(point.moods),
            values: point.values.into_iter().map(|found| found.map(value)).collect(),
        }
    }
}

/// The gravest mood that any report had.
fn gravest(moods: [u32; MOODS]) -> Option<Mood> {
    Mood::ALL.into_iter().zip(moods).filter(|(_, reports)| *reports > 0).map(|(mood, _)| mood).max()
}

/// An id below those of all events made at this time or later, which begin
/// with it (RFC 9562, 5.7).
pub(crate) fn id_at(at: UnixMillis) -> Uuid {
    Uuid::from_u128(u128::from(at.max(0).unsigned_abs()) << 80)
}

#[cfg(test)]
impl Ask {
    /// Asks a store that has nothing in it: for tests of those who ask.
    pub(crate) fn empty() -> Self {
        Self::new(store::Store::temporary().unwrap().reader().unwrap(), None)
    }
}
