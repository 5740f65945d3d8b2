//! One transaction per commit.

use crate::names::Names;
use crate::rollup::{MINUTE, QUARTER, ROOM, Rollup};
use crate::{Event, Store, StoreError, UnixMillis, events, raw};
use fleet::{Dated, NodeRecord, VitalsRow};
use frames::{Frame, NodeName};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::HashMap;

/// The most unreadable frames that are kept; the oldest make room. At 4 KiB
/// each that is 8 MiB at most.
const MOST_UNREADABLE: i64 = 2_048;

/// What shall be stored together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Admitted vitals.
    pub rows: Vec<VitalsRow>,
    /// What the fleet now remembers of the nodes that changed.
    pub records: Vec<NodeRecord>,
    /// What happened.
    pub events: Vec<Event>,
    /// Frames of a version that can't be read yet.
    pub unreadable: Vec<RawFrame>,
}

impl Batch {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.records.is_empty()
            && self.events.is_empty()
            && self.unreadable.is_empty()
    }

    /// Empties it, and keeps its room for the next.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.records.clear();
        self.events.clear();
        self.unreadable.clear();
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

    fn try_commit(&mut self, batch: &Batch) -> Result<Committed, StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows = store_rows(&transaction, &mut self.names, &batch.rows)?;
        store_records(&transaction, &mut self.names, &batch.records)?;
        let events = events::insert(&transaction, &batch.events)?;
        store_unreadable(&transaction, &mut self.names, &batch.unreadable)?;
        transaction.commit()?;
        Ok(Committed { rows, doubles: batch.rows.len() as u64 - rows, events })
    }
}

/// Stores vitals and their roll-ups; returns how many were new.
fn store_rows(db: &Connection, names: &mut Names, rows: &[VitalsRow]) -> Result<u64, StoreError> {
    let mut ordered = Vec::with_capacity(rows.len());
    for row in rows {
        ordered.push((names.intern(db, &row.node)?, row));
    }
    // In the order of the key, neighbours land on the same page. (Stable: of two
    // rows with one key, the first counts.)
    ordered.sort_by_key(|(node, row)| (*node, row.boot, row.sequence));

    let mut insert = db.prepare_cached(
        "INSERT INTO vitals (node, boot, sequence, at, known, received, report)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    )?;
    let mut report = Frame::new();
    let mut new = 0;
    let mut minutes = Buckets::default();
    for (node, row) in ordered {
        raw::encode(&row.report, &mut report)?;
        let (at, known) = raw::columns(row.at);
        let inserted = insert.execute(params![
            node,
            row.boot,
            row.sequence,
            at,
            known,
            row.received,
            report.as_slice()
        ])?;
        // Only what the key let in may count, or a double would count twice.
        if inserted == 1 {
            new += 1;
            if let Dated::At(at) = row.at {
                minutes.entry((at.div_euclid(MINUTE), node)).or_default().add(&row.report);
            }
        }
    }
    let mut quarters = Buckets::default();
    for ((minute, node), rollup) in &minutes {
        quarters.entry((minute.div_euclid(QUARTER / MINUTE), *node)).or_default().merge(rollup);
    }
    merge_buckets(db, Level::Minute, minutes)?;
    merge_buckets(db, Level::Quarter, quarters)?;
    Ok(new)
}

/// Roll-ups by (bucket, node).
type Buckets = HashMap<(i64, i64), Rollup>;

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
    let mut ordered: Vec<_> = buckets.into_iter().collect();
    ordered.sort_unstable_by_key(|(key, _)| *key);
    let mut read = db.prepare_cached(read)?;
    let mut write = db.prepare_cached(write)?;
    let mut room = [0; ROOM];
    for ((bucket, node), mut rollup) in ordered {
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
