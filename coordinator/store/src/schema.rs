//! The schema's versions, and the way from each to the next.

use crate::StoreError;
use rusqlite::{Connection, Transaction};

/// Marks the file as ours: "gold" in ASCII.
pub(crate) const APPLICATION: i32 = 0x676f_6c64;

/// One script from each version to the next; the first makes version 1 of
/// nothing. A new file runs them all, so that it can't differ from an old one
/// that was migrated.
const STEPS: &[&str] = &[
    include_str!("schema/v1.sql"),
    include_str!("schema/v2.sql"),
    include_str!("schema/v3.sql"),
    include_str!("schema/v4.sql"),
];

/// The version that this program writes.
pub(crate) const CURRENT: u32 = STEPS.len() as u32;

/// Runs every step above `from`, inside the caller's transaction.
pub(crate) fn migrate(db: &Transaction<'_>, from: u32) -> Result<(), StoreError> {
    for step in STEPS.iter().skip(from as usize) {
        db.execute_batch(step)?;
    }
    db.pragma_update(None, "application_id", APPLICATION)?;
    db.pragma_update(None, "user_version", CURRENT)?;
    Ok(())
}

/// What a file says of itself: application, version, and whether it has tables.
pub(crate) struct Label {
    pub(crate) application: i32,
    pub(crate) version: u32,
    pub(crate) empty: bool,
}

impl Label {
    pub(crate) fn read(db: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            application: db.pragma_query_value(None, "application_id", |row| row.get(0))?,
            version: db.pragma_query_value(None, "user_version", |row| row.get(0))?,
            empty: db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?,
        })
    }
}
