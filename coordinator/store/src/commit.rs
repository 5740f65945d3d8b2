//! One transaction per commit.

use crate::names::Names;
use crate::rollup::{MINUTE, QUARTER, ROOM, Rollup};
use crate::{Call, Event, Store, StoreError, UnixMillis, calls, events, memory, raw, runs};
use fleet::{NodeRecord, VitalsRow};
use frames::{Frame, NodeName};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// The most unreadable frames that are kept; the oldest make room. At 4 KiB
/// each that is 8 MiB at most.
const MOST_UNREADABLE: i64 = 2_048;

/// Under which name the cast's memory is kept.
pub(crate) const CAST: &str = "cast";

/// What shall be stored together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Admitted vitals.
    pub rows: Vec<VitalsRow>,
    /// What the fleet now remembers of the nodes that changed.
    pub records: Vec<NodeRecord>,
    /// What happened. Shared, since it is told when it is stored.
    pub events: Vec<Arc<Event>>,
    /// Frames of a version that can't be read yet.
    pub unreadable: Vec<RawFrame>,
    /// Calls to language models.
    pub calls: Vec<Call>,
    /// What the cast remembers, as JSON, in place of what it remembered before.
    pub cast: Option<Box<RawValue>>,
}

impl Batch {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.records.is_empty()
            && self.events.is_empty()
            && self.unreadable.is_empty()
            && self.calls.is_empty()
            && self.cast.is_none()
    }

    /// Empties it, and keeps its room for the next.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.records.clear();
        self.events.clear();
        self.unreadable.clear();
        self.calls.clear();
        self.cast = None;
    }
}

/// A verified frame whose version is newer than this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Who said it.
    pub node: NodeName,
    /// When it came.
    pub received: UnixMillis,
    /// Its version byte.
    pub version: u8,
    /// The body, without its seal.
    pub bytes: Vec<u8>,
}

/// What a commit has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Vitals that were new.
    pub rows: u64,
    /// Vitals that were there already, and changed nothing.
    pub doubles: u64,
    /// Events that were new.
    pub events: u64,
}

impl Store {
    /// Stores a batch in one transaction, on the disk when this returns.
    ///
    /// What is there already (the same node, boot and sequence; the same event
    /// id) is skipped, so a batch may be handed in again after any error.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::ReadOnly`], [`StoreError::Disk`]:
    /// nothing was stored; keep the batch and try again later.
    pub fn commit(&mut self, batch: &Batch) -> Result<Committed, StoreError> {
        if batch.is_empty() {
            return Ok(Committed::default());
        }
        let done = self.try_commit(batch);
        self.names.settle(done.is_ok());
        done
    }

    /// What the cast remembered; none if it never remembered anything.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn cast(&self) -> Result<Option<serde_json::Value>, StoreError> {
        memory::recall(&self.db, CAST)
    }

    fn try_commit(&mut self, batch: &Batch) -> Result<Committed, StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows = store_rows(&transaction, &mut self.names, &batch.rows)?;
        store_records(&transaction, &mut self.names, &batch.records)?;
        let events = events::insert(&transaction, &batch.events)?;
        store_unreadable(&transaction, &mut self.names, &batch.unreadable)?;
        calls::insert(&transaction, &batch.calls)?;
        if let Some(cast) = &batch.cast {
            memory::remember(&transaction, CAST, cast)?;
        }
        transaction.commit()?;
        Ok(Committed { rows, doubles: batch.rows.len() as u64 - rows, events })
    }
}

/// Stores vitals and their roll-ups; returns how many were new.
fn store_rows(db: &Connection, names: &mut Names, rows: &[VitalsRow]) -> Result<u64, StoreError> {
    let mut new = new_rows(db, names, rows)?;
    // In the order of the key, neighbours land on the same page.
    new.sort_by_key(|(node, row)| (bucket(row), *node, row.boot, row.sequence));
    let mut insert = db.prepare_cached(
        "INSERT INTO vitals (bucket, node, boot, sequence, at, known, received, report)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    )?;
    let mut report = Frame::new();
    let mut minutes = Buckets::new();
    for (node, row) in &new {
        raw::encode(&row.report, &mut report)?;
        insert.execute(params![
            bucket(row),
            node,
            row.boot,
            row.sequence,
            row.at.bound(),
            row.at.known().is_some(),
            row.received,
            report.as_slice()
        ])?;
        if row.at.known().is_some() {
            let key = (bucket(row), *node);
            match minutes.last_mut() {
                Some((last, rollup)) if *last == key => rollup.add(&row.report),
                _ => {
                    let mut rollup = Rollup::default();
                    rollup.add(&row.report);
                    minutes.push((key, rollup));
                }
            }
        }
    }
    let mut quarters: HashMap<(i64, i64), Rollup> = HashMap::new();
    for ((minute, node), rollup) in &minutes {
        quarters.entry((minute.div_euclid(QUARTER / MINUTE), *node)).or_default().merge(rollup);
    }
    let mut quarters: Buckets = quarters.into_iter().collect();
    quarters.sort_unstable_by_key(|(key, _)| *key);
    merge_buckets(db, Level::Minute, minutes)?;
    merge_buckets(db, Level::Quarter, quarters)?;
    Ok(new.len() as u64)
}

/// The minute under which a row lies.
fn bucket(row: &VitalsRow) -> i64 {
    row.at.bound().div_euclid(MINUTE)
}

/// The rows that are not stored yet, with their nodes' ids. Only these may
/// enter a roll-up, or a double would count twice.
fn new_rows<'a>(
    db: &Connection,
    names: &mut Names,
    rows: &'a [VitalsRow],
) -> Result<Vec<(i64, &'a VitalsRow)>, StoreError> {
    let mut ordered = Vec::with_capacity(rows.len());
    for row in rows {
        ordered.push((names.intern(db, &row.node)?, row));
    }
    // Stable: of two rows with one key, the first counts.
    ordered.sort_by_key(|(node, row)| (*node, row.boot, row.sequence));
    let mut new = Vec::with_capacity(rows.len());
    let mut sequences = Vec::new();
    for boot in ordered.chunk_by(|(node, row), (next, other)| node == next && row.boot == other.boot) {
        let Some((node, first)) = boot.first() else { continue };
        sequences.clear();
        sequences.extend(boot.iter().map(|(_, row)| row.sequence));
        let verdicts = runs::enter(db, (*node, first.boot), first.received, &sequences)?;
        new.extend(boot.iter().zip(verdicts).filter_map(|(row, new)| new.then_some(*row)));
    }
    Ok(new)
}

/// Roll-ups by (bucket, node), in that order.
type Buckets = Vec<((i64, i64), Rollup)>;

/// The two tables of roll-ups.
#[derive(Clone, Copy)]
enum Level {
    Minute,
    Quarter,
}

/// Adds roll-ups to what is stored in their buckets.
fn merge_buckets(db: &Connection, level: Level, buckets: Buckets) -> Result<(), StoreError> {
    let (read, write) = match level {
        Level::Minute => (
            "SELECT sums FROM minute WHERE bucket = ?1 AND node = ?2",
            "INSERT OR REPLACE INTO minute (bucket, node, sums) VALUES (?1, ?2, ?3)",
        ),
        Level::Quarter => (
            "SELECT sums FROM quarter WHERE bucket = ?1 AND node = ?2",
            "INSERT OR REPLACE INTO quarter (bucket, node, sums) VALUES (?1, ?2, ?3)",
        ),
    };
    let mut read = db.prepare_cached(read)?;
    let mut write = db.prepare_cached(write)?;
    let mut room = [0; ROOM];
    for ((bucket, node), mut rollup) in buckets {
        let stored = read
            .query_row([bucket, node], |row| Ok(row.get_ref(0)?.as_blob().map(Rollup::decode)?))
            .optional()?;
        if let Some(stored) = stored {
            rollup.merge(&stored?);
        }
        write.execute(params![bucket, node, rollup.encode(&mut room)?])?;
    }
    Ok(())
}

fn store_records(db: &Connection, names: &mut Names, records: &[NodeRecord]) -> Result<(), StoreError> {
    let mut update = db.prepare_cached("UPDATE node SET record = ?2 WHERE id = ?1")?;
    for record in records {
        let json = serde_json::to_string(record).map_err(StoreError::unreadable("record", &record.name))?;
        update.execute(params![names.intern(db, &record.name)?, json])?;
    }
    Ok(())
}

fn store_unreadable(db: &Connection, names: &mut Names, frames: &[RawFrame]) -> Result<(), StoreError> {
    if frames.is_empty() {
        return Ok(());
    }
    let mut insert =
        db.prepare_cached("INSERT INTO unreadable (node, received, version, frame) VALUES (?1, ?2, ?3, ?4)")?;
    for frame in frames {
        let node = names.intern(db, &frame.node)?;
        insert.execute(params![node, frame.received, frame.version, frame.bytes])?;
    }
    db.prepare_cached("DELETE FROM unreadable WHERE id <= (SELECT max(id) FROM unreadable) - ?1")?
        .execute([MOST_UNREADABLE])?;
    Ok(())
}
