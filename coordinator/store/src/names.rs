//! Node names as small integers.

use crate::StoreError;
use frames::NodeName;
use rusqlite::Connection;
use std::collections::HashMap;

/// The ids of the nodes that have something stored. New ones count only once
/// their transaction has.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: HashMap<NodeName, i64>,
    pending: HashMap<NodeName, i64>,
}

impl Names {
    /// Every name in the store.
    pub(crate) fn load(db: &Connection) -> Result<Self, StoreError> {
        let mut known = HashMap::new();
        let mut names = db.prepare("SELECT id, name FROM node")?;
        let mut rows = names.query([])?;
        while let Some(row) = rows.next()? {
            known.insert(parse(&row.get::<_, String>(1)?)?, row.get(0)?);
        }
        Ok(Self { known, pending: HashMap::new() })
    }

    /// The id of a node that has one.
    pub(crate) fn get(&self, name: &NodeName) -> Option<i64> {
        self.known.get(name).or_else(|| self.pending.get(name)).copied()
    }

    /// The id of a node, made within the running transaction if need be.
    pub(crate) fn intern(&mut self, db: &Connection, name: &NodeName) -> Result<i64, StoreError> {
        if let Some(id) = self.get(name) {
            return Ok(id);
        }
        db.prepare_cached("INSERT INTO node (name) VALUES (?1)")?.execute([name.as_str()])?;
        let id = db.last_insert_rowid();
        self.pending.insert(name.clone(), id);
        Ok(id)
    }

    /// Nothing is stored under this name any more.
    pub(crate) fn forget(&mut self, name: &NodeName) {
        self.known.remove(name);
    }

    /// What was stored under one name is under another.
    pub(crate) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        if let Some(id) = self.known.remove(from) {
            self.known.insert(to.clone(), id);
        }
    }

    /// The transaction was committed, or it was rolled back.
    pub(crate) fn settle(&mut self, committed: bool) {
        if committed {
            self.known.extend(self.pending.drain());
        }
        self.pending.clear();
    }
}

/// A name as stored.
pub(crate) fn parse(name: &str) -> Result<NodeName, StoreError> {
    name.parse().map_err(StoreError::unreadable("name", name))
}
