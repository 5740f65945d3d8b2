//! Events in the store: appended, never changed, found again by query.

use crate::{Event, Reader, StoreError, Uuid};
use frames::NodeName;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The most events that one query returns.
const MOST: u32 = 10_000;

/// Which events to find. The default is the newest 100 of all.
#[derive(Clone, Debug)]
pub struct EventQuery {
    /// Only those made after this one.
    pub after: Option<Uuid>,
    /// Only those made before this one.
    pub before: Option<Uuid>,
    /// Only these kinds.
    pub kind: Option<KindPattern>,
    /// Only those about this node.
    pub node: Option<NodeName>,
    /// Only those of one chain.
    pub correlation: Option<Uuid>,
    /// Only those that this source tells.
    pub source: Option<String>,
    /// Only those after which something is so: what their payload has under `to`.
    pub to: Option<String>,
    /// Only those of this character: what their payload has under `by`.
    pub by: Option<String>,
    /// At most so many (and never more than 10,000).
    pub limit: u32,
    /// Oldest first, instead of newest first.
    pub ascending: bool,
}

impl Default for EventQuery {
    fn default() -> Self {
        Self {
            after: None,
            before: None,
            kind: None,
            node: None,
            correlation: None,
            source: None,
            to: None,
            by: None,
            limit: 100,
            ascending: false,
        }
    }
}

/// A pattern of kinds: `mood_changed`, `frame_*`, `*`. A star stands for any
/// characters, also none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindPattern(String);

/// A pattern with a character that no kind has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pattern of event kinds has only a-z, 0-9, '_', '-', '.' and '*', not {0:?}")]
pub struct PatternError(char);

impl FromStr for KindPattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        let ours =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.' | '*');
        match pattern.chars().find(|c| !ours(*c)) {
            Some(wrong) => Err(PatternError(wrong)),
            None => Ok(Self(pattern.to_owned())),
        }
    }
}

impl fmt::Display for KindPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl KindPattern {
    /// Whether a kind fits: the same answer as the store's own search gives.
    pub fn matches(&self, kind: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else {
            return self.0 == kind;
        };
        let Some(mut kind) = kind.strip_prefix(head) else {
            return false;
        };
        let mut parts: Vec<&str> = rest.split('*').collect();
        let tail = parts.pop().unwrap_or_default();
        for part in parts {
            match kind.split_once(part) {
                Some((_, after)) => kind = after,
                None => return false,
            }
        }
        kind.ends_with(tail)
    }

    /// The one kind that it means, if it has no star.
    fn exact(&self) -> bool {
        !self.0.contains('*')
    }
}

/// Appends events; returns how many were new.
pub(crate) fn insert(db: &Connection, events: &[Arc<Event>]) -> Result<u64, StoreError> {
    let mut insert = db.prepare_cached(
        "INSERT INTO event (id, at, kind, source, correlation, causation, payload, node)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    )?;
    let mut new = 0;
    for event in events {
        new += insert.execute(params![
            event.id.as_bytes(),
            event.at,
            event.kind,
            event.source,
            event.correlation.as_bytes(),
            event.causation.as_ref().map(Uuid::as_bytes),
            event.payload.to_string(),
            event.node(),
        ])? as u64;
    }
    Ok(new)
}

/// The id of the newest event.
pub(crate) fn newest(db: &Connection) -> Result<Option<Uuid>, StoreError> {
    let id: Option<[u8; 16]> =
        db.query_row("SELECT id FROM event ORDER BY id DESC LIMIT 1", [], |row| row.get(0)).optional()?;
    Ok(id.map(Uuid::from_bytes))
}

impl Reader {
    /// The events that a query asks for, in its order.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] names an event that can't be understood.
    pub fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        let (sql, values) = select(query);
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(read(row)?);
        }
        Ok(events)
    }

    /// How many events a query asks for, whatever its limit.
    ///
    /// # Errors
    /// [`StoreError`] if the store can't be read.
    pub fn count_events(&self, query: &EventQuery) -> Result<u64, StoreError> {
        let (conditions, values) = conditions(query);
        let mut statement = self.db.prepare_cached(&format!("SELECT COUNT(*) FROM event{conditions}"))?;
        let count: i64 = statement.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// One event by its id.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if it can't be understood.
    pub fn event(&self, id: Uuid) -> Result<Option<Event>, StoreError> {
        let mut statement = self.db.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?;
        let mut rows = statement.query([id.as_bytes()])?;
        rows.next()?.map(read).transpose()
    }
}

const COLUMNS: &str = "SELECT id, at, kind, source, correlation, causation, payload FROM event";

/// The statement of a query and what stands for its question marks.
fn select(query: &EventQuery) -> (String, Vec<Sql>) {
    let (conditions, mut values) = conditions(query);
    values.push(Sql::Integer(query.limit.min(MOST).into()));
    let order = if query.ascending { "ASC" } else { "DESC" };
    (format!("{COLUMNS}{conditions} ORDER BY id {order} LIMIT ?"), values)
}

/// What of a statement says which events are meant.
fn conditions(query: &EventQuery) -> (String, Vec<Sql>) {
    let blob = |id: Uuid| Sql::Blob(id.as_bytes().to_vec());
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    let mut only = |condition: &'static str, value: Option<Sql>| {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    };
    only("id > ?", query.after.map(blob));
    only("id < ?", query.before.map(blob));
    only("correlation = ?", query.correlation.map(blob));
    only("node = ?", query.node.as_ref().map(|node| Sql::Text(node.as_str().to_owned())));
    if let Some(kind) = &query.kind {
        only(if kind.exact() { "kind = ?" } else { "kind GLOB ?" }, Some(Sql::Text(kind.0.clone())));
    }
    only("source = ?", query.source.clone().map(Sql::Text));
    only("json_extract(payload, '$.to') = ?", query.to.clone().map(Sql::Text));
    only("json_extract(payload, '$.by') = ?", query.by.clone().map(Sql::Text));
    let conditions =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    (conditions, values)
}

fn read(row: &Row<'_>) -> Result<Event, StoreError> {
    let id = Uuid::from_bytes(row.get(0)?);
    let payload = row.get_ref(6)?.as_str().map_err(StoreError::unreadable("event", &id))?;
    Ok(Event {
        id,
        at: row.get(1)?,
        kind: row.get(2)?,
        source: row.get(3)?,
        correlation: Uuid::from_bytes(row.get(4)?),
        causation: row.get::<_, Option<_>>(5)?.map(Uuid::from_bytes),
        payload: serde_json::from_str(payload).map_err(StoreError::unreadable("event", &id))?,
    })
}
