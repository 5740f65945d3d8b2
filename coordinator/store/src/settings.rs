//! How each node shall be.

use crate::{Reader, Store, StoreError};
use frames::{NodeName, Settings};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

impl Store {
    /// What a node shall be like; none means its own defaults.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn settings(&self, node: &NodeName) -> Result<Option<Settings>, StoreError> {
        read(&self.db, node)
    }

    /// Sets what a node shall be like, from now on, and returns it with its
    /// new version: greater than any before and than `echoed`, the version
    /// that the node last said it has (which is the greater one after a store
    /// was put back from a copy).
    ///
    /// # Errors
    /// Whatever the disk says: nothing has changed then.
    pub fn set_settings(
        &mut self,
        node: &NodeName,
        floor: u16,
        ceiling: u16,
        echoed: u32,
    ) -> Result<Settings, StoreError> {
        let before = self.settings(node)?.map_or(0, |settings| settings.version);
        let version = before.max(echoed).saturating_add(1);
        let written = self.write_settings(node, Settings { version, floor, ceiling });
        self.names.settle(written.is_ok());
        written
    }

    fn write_settings(&mut self, node: &NodeName, settings: Settings) -> Result<Settings, StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let id = self.names.intern(&transaction, node)?;
        transaction.execute(
            "INSERT OR REPLACE INTO setting (node, version, floor, ceiling) VALUES (?1, ?2, ?3, ?4)",
            params![id, settings.version, settings.floor, settings.ceiling],
        )?;
        transaction.commit()?;
        Ok(settings)
    }
}

impl Reader {
    /// What a node shall be like; none means its own defaults.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn settings(&self, node: &NodeName) -> Result<Option<Settings>, StoreError> {
        read(&self.db, node)
    }
}

fn read(db: &Connection, node: &NodeName) -> Result<Option<Settings>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT version, floor, ceiling FROM setting WHERE node = (SELECT id FROM node WHERE name = ?1)",
    )?;
    let settings = query
        .query_row([node.as_str()], |row| {
            Ok(Settings { version: row.get(0)?, floor: row.get(1)?, ceiling: row.get(2)? })
        })
        .optional()?;
    Ok(settings)
}
