//! Alone speaks SQL: vitals for a day, roll-ups for longer, events for ever.
//!
//! One [`Store`] writes, in one transaction per [`Store::commit`]; any number
//! of [`Reader`]s look on. An error leaves nothing half done, so the same
//! [`Batch`] can be handed in again. What the store holds of a node is decided
//! by `fleet`; here it only survives power cuts, full disks and newer versions
//! of the program.
//!
//! Times are Unix milliseconds; nothing here reads a clock.

mod calls;
mod commit;
mod error;
mod event;
mod events;
mod heat;
mod members;
mod memory;
mod names;
mod open;
mod people;
mod raw;
mod reader;
mod retain;
mod retention;
mod rollup;
mod runs;
mod schema;
mod series;
mod settings;
#[cfg(test)]
mod tests;

pub use calls::{Call, DayOfCalls};
pub use commit::{Batch, Committed, RawFrame};
pub use error::StoreError;
pub use event::{Event, EventIds};
pub use events::{EventQuery, KindPattern, PatternError};
pub use heat::{Quarter, Quarters};
pub use open::Opened;
pub use people::{ForgottenPerson, forgotten};
pub use reader::{Reader, Stats};
pub use retain::Retained;
pub use retention::Verdict;
pub use rollup::Aggregate;
pub use series::{MoodSpan, Point, Resolution, Series, SeriesQuery};
pub use uuid::Uuid;

use names::Names;
use open::Place;
use rusqlite::Connection;
use std::path::Path;

/// Wall-clock milliseconds since 1970, in UTC.
pub type UnixMillis = fleet::UnixMillis;

/// The one writer of a fleet's store.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    place: Place,
    names: Names,
    retention: retain::Running,
}

impl Store {
    /// Opens the store in a data folder, or makes one.
    ///
    /// An older version is migrated after a copy was set aside. A damaged file
    /// is renamed, and a new one begun: [`Opened`] tells.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a file of a newer version,
    /// [`StoreError::Foreign`] for another program's database, and whatever the
    /// disk says. None of them changes the file.
    pub fn open(folder: &Path) -> Result<(Self, Opened), StoreError> {
        let (db, place, opened) = open::open(folder)?;
        Ok((Self::on(db, place)?, opened))
    }

    /// A store in memory that goes with its last connection: for simulated nodes.
    ///
    /// # Errors
    /// [`StoreError::Database`] if memory is out.
    pub fn temporary() -> Result<Self, StoreError> {
        let place = Place::memory();
        let mut db = place.writer()?;
        db.pragma_update(None, "auto_vacuum", "incremental")?;
        db.pragma_update(None, "journal_mode", "memory")?;
        open::create(&mut db, 0)?;
        Self::on(db, place)
    }

    fn on(db: Connection, place: Place) -> Result<Self, StoreError> {
        let names = Names::load(&db)?;
        let retention = retain::Running::load(&db)?;
        Ok(Self { db, place, names, retention })
    }

    /// A second connection, that only reads. Drop it before the store, or the
    /// store's log stays behind, empty.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::on(&self.place)
    }

    /// Where ids of new events continue.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn event_ids(&self) -> Result<EventIds, StoreError> {
        events::newest(&self.db).map(EventIds::after)
    }

    /// What the fleet remembered of every node, by name.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] names a node whose record can't be understood.
    pub fn records(&self) -> Result<Vec<fleet::NodeRecord>, StoreError> {
        reader::records(&self.db)
    }
}

impl Drop for Store {
    /// Leaves an empty log even if a reader is still there: a copy that someone
    /// puts in the file's place must not meet an older file's log.
    fn drop(&mut self) {
        // What fails here is done at the next start.
        let _ = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}
