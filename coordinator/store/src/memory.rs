//! What the store remembers about itself, and for the cast: JSON by name.

use crate::StoreError;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads what was remembered under a name.
pub(crate) fn recall<T: DeserializeOwned>(
    db: &Connection,
    name: &'static str,
) -> Result<Option<T>, StoreError> {
    let mut query = db.prepare_cached("SELECT value FROM memory WHERE name = ?1")?;
    let json: Option<String> = query.query_row([name], |row| row.get(0)).optional()?;
    json.map(|json| serde_json::from_str(&json).map_err(StoreError::unreadable("memory", name))).transpose()
}

/// Remembers something under a name, in place of what was there.
pub(crate) fn remember<T: Serialize + ?Sized>(
    db: &Connection,
    name: &'static str,
    value: &T,
) -> Result<(), StoreError> {
    let json = serde_json::to_string(value).map_err(StoreError::unreadable("memory", name))?;
    db.prepare_cached("INSERT OR REPLACE INTO memory (name, value) VALUES (?1, ?2)")?
        .execute([name, &json])?;
    Ok(())
}
