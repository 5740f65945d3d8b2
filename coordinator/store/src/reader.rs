//! A second connection that only reads.

use crate::names;
use crate::open::{self, Place};
use crate::{RawFrame, StoreError};
use fleet::NodeRecord;
use rusqlite::{Connection, Row};
use std::path::Path;

/// Reads the store beside its one writer, and always sees whole commits.
#[derive(Debug)]
pub struct Reader {
    pub(crate) db: Connection,
    place: Place,
}

/// How large the store is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// Nodes that have something stored.
    pub nodes: u64,
    /// Raw vitals.
    pub raw: u64,
    /// One-minute roll-ups.
    pub minutes: u64,
    /// 15-minute roll-ups.
    pub quarters: u64,
    /// Events.
    pub events: u64,
    /// Frames that could not be read.
    pub unreadable: u64,
    /// Size of the database, in bytes.
    pub bytes: u64,
    /// Of these, free for use again.
    pub free: u64,
    /// Size of the write-ahead log, in bytes.
    pub log: u64,
}

impl Reader {
    /// A reader beside a writer that may be in another process.
    ///
    /// # Errors
    /// Whatever the disk says, also that there is no store.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::on(&Place::File(folder.join(open::FILE)))
    }

    pub(crate) fn on(place: &Place) -> Result<Self, StoreError> {
        Ok(Self { db: place.reader()?, place: place.clone() })
    }

    /// What the fleet remembered of every node, by name.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] names a node whose record can't be understood.
    pub fn records(&self) -> Result<Vec<NodeRecord>, StoreError> {
        records(&self.db)
    }

    /// The frames that could not be read, oldest first.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn unreadable(&self) -> Result<Vec<RawFrame>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT name, received, version, frame FROM unreadable
             JOIN node ON node.id = unreadable.node ORDER BY unreadable.id",
        )?;
        let mut rows = query.query([])?;
        let mut frames = Vec::new();
        while let Some(row) = rows.next()? {
            frames.push(RawFrame {
                node: names::parse(
                    row.get_ref(0)?.as_str().map_err(StoreError::unreadable("name", "a node"))?,
                )?,
                received: row.get(1)?,
                version: row.get(2)?,
                bytes: row.get(3)?,
            });
        }
        Ok(frames)
    }

    /// Counts everything: it reads the whole store, so not too often.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let number = |row: &Row<'_>| row.get(0).map(|number: i64| number.unsigned_abs());
        let count = |table: &str| self.db.query_row(&format!("SELECT count(*) FROM {table}"), [], number);
        let pragma = |name: &str| self.db.pragma_query_value(None, name, number);
        let page = pragma("page_size")?;
        Ok(Stats {
            nodes: count("node")?,
            raw: count("vitals")?,
            minutes: count("minute")?,
            quarters: count("quarter")?,
            events: count("event")?,
            unreadable: count("unreadable")?,
            bytes: page * pragma("page_count")?,
            free: page * pragma("freelist_count")?,
            log: match &self.place {
                Place::File(path) => std::fs::metadata(open::with(path, "-wal")).map_or(0, |log| log.len()),
                Place::Memory(_) => 0,
            },
        })
    }

    /// Writes a consistent copy of the store to a new file, while the writer
    /// goes on.
    ///
    /// # Errors
    /// [`StoreError::Folder`] if the file is there already or can't be made.
    pub fn backup(&self, target: &Path) -> Result<(), StoreError> {
        if target.exists() {
            let source = std::io::ErrorKind::AlreadyExists.into();
            return Err(StoreError::Folder { doing: "write", path: target.into(), source });
        }
        open::copy_to(&self.db, target)
    }
}

/// Every node's record, by name.
pub(crate) fn records(db: &Connection) -> Result<Vec<NodeRecord>, StoreError> {
    let mut query =
        db.prepare_cached("SELECT name, record FROM node WHERE record IS NOT NULL ORDER BY name")?;
    let mut rows = query.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let json: String = row.get(1)?;
        records.push(serde_json::from_str(&json).map_err(StoreError::unreadable("record", &name))?);
    }
    Ok(records)
}
