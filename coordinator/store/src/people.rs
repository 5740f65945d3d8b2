//! A person is forgotten: what is recorded of them is overwritten, and nothing of
//! it is left in the file.

use crate::open::Place;
use crate::{Store, StoreError, memory};
use rusqlite::{TransactionBehavior, params};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What was forgotten of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForgottenPerson {
    /// Events of theirs whose words were overwritten.
    pub events: u64,
    /// Other events that hold the name as a word or a part of one: they are not
    /// theirs, and stay.
    pub others: u64,
}

/// What stands in an event in place of what a person said or did.
pub fn forgotten() -> Value {
    json!({ "words": "What was recorded of a person was removed." })
}

impl Store {
    /// Forgets a person: of the events that name them as `person` the id, the time
    /// and the kind stay; the facts are overwritten. `cast` is what the cast
    /// remembers from now on, as JSON.
    ///
    /// The whole file is then written anew, since a page that was freed, or the
    /// space after a row, may still hold what stood there: it takes room for a second
    /// copy on the disk, and a minute for each 100 MB on an SD card.
    ///
    /// # Errors
    /// Whatever the disk says. Where the file could not be written anew, the events
    /// are overwritten all the same: say it again.
    pub fn forget_person(
        &mut self,
        person: &str,
        cast: Option<&RawValue>,
    ) -> Result<ForgottenPerson, StoreError> {
        let left = forgotten().to_string();
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(cast) = cast {
            memory::remember(&transaction, crate::commit::CAST, cast)?;
        }
        let events = transaction.execute(
            "UPDATE event SET payload = ?2 WHERE payload ->> '$.person' = ?1",
            params![person, left],
        )?;
        let others: i64 = transaction.query_row(
            "SELECT count(*) FROM event WHERE instr(payload, ?1) > 0",
            [person],
            |row| row.get(0),
        )?;
        transaction.commit()?;
        if let Place::File(_) = self.place {
            // In a file: its copy in memory would be as large as the store.
            self.db.pragma_update(None, "temp_store", "file")?;
            let written = self.db.execute_batch("VACUUM");
            self.db.pragma_update(None, "temp_store", "memory")?;
            written?;
            self.empty_log()?;
        }
        Ok(ForgottenPerson { events: events as u64, others: others.unsigned_abs() })
    }

    /// Brings everything from the log into the file, and empties it. Readers are
    /// waited for.
    fn empty_log(&self) -> Result<(), StoreError> {
        let busy: bool = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy {
            return Err(StoreError::Busy("somebody reads the store without an end".into()));
        }
        Ok(())
    }
}
