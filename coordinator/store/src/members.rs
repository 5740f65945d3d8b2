//! Nodes that leave, or get another name.

use crate::{Reader, Store, StoreError};
use frames::NodeName;
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};

/// What is kept by node, and goes with its past.
const PAST: [&str; 5] = ["vitals", "minute", "quarter", "run", "unreadable"];

impl Store {
    /// Forgets a node: it is no longer remembered at the next start. Its past stays
    /// unless `purge`: then all that was measured goes, and of its events the words.
    ///
    /// # Errors
    /// Whatever the disk says; nothing has changed then.
    pub fn forget(&mut self, node: &NodeName, purge: bool) -> Result<(), StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(id) = self.names.get(node) {
            transaction.execute("DELETE FROM setting WHERE node = ?1", [id])?;
            transaction.execute("UPDATE node SET record = NULL WHERE id = ?1", [id])?;
            if purge {
                for table in PAST {
                    transaction.execute(&format!("DELETE FROM {table} WHERE node = ?1"), [id])?;
                }
                transaction.execute("DELETE FROM node WHERE id = ?1", [id])?;
            }
        }
        if purge {
            // That something happened stays, and when: other events may follow from it.
            let left = serde_json::json!({
                "node": node,
                "words": format!("What was recorded of {node} was removed."),
            });
            transaction.execute(
                "UPDATE event SET payload = ?2 WHERE node = ?1",
                params![node.as_str(), left.to_string()],
            )?;
        }
        transaction.commit()?;
        if purge {
            self.names.forget(node);
        }
        Ok(())
    }

    /// Gives a node another name; its past goes with it. What events said of it stands.
    ///
    /// # Errors
    /// Whatever the disk says, also if something is kept under the new name already;
    /// nothing has changed then.
    pub fn rename(&mut self, from: &NodeName, to: &NodeName) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE node SET name = ?2, record = json_set(record, '$.name', ?2) WHERE name = ?1",
            params![from.as_str(), to.as_str()],
        )?;
        self.names.rename(from, to);
        Ok(())
    }
}

impl Reader {
    /// Whether anything is kept under this name.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn knows(&self, node: &NodeName) -> Result<bool, StoreError> {
        let found = self.db.query_row("SELECT 1 FROM node WHERE name = ?1", [node.as_str()], |_| Ok(()));
        Ok(found.optional()?.is_some())
    }
}
