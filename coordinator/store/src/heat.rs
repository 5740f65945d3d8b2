//! The moods of every node over a day or so: what a heatmap of the fleet draws.

use crate::rollup::{QUARTER, moods};
use crate::{Reader, StoreError, UnixMillis, names};
use frames::{MOODS, NodeName};
use std::collections::HashMap;

/// What one node reported in one quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarter {
    /// Where it begins.
    pub at: UnixMillis,
    /// Which node, as a place in [`Quarters::nodes`].
    pub node: usize,
    /// How many reports.
    pub reports: u32,
    /// How many of them with each mood, in the order of [`frames::Mood::ALL`].
    pub moods: [u32; MOODS],
}

/// The quarters of an hour of a whole fleet, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quarters {
    /// Who appears in them.
    pub nodes: Vec<NodeName>,
    /// One for each node and quarter of an hour in which it was heard.
    pub quarters: Vec<Quarter>,
}

impl Reader {
    /// What every node felt in each quarter of an hour that begins in a stretch
    /// of time. Reads one row for each of them: 192,000 for a day of 2,000 nodes.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn quarters(&self, from: UnixMillis, to: UnixMillis) -> Result<Quarters, StoreError> {
        let mut found = Quarters::default();
        let mut places: HashMap<i64, usize> = HashMap::new();
        let mut names = self.db.prepare_cached("SELECT id, name FROM node")?;
        let mut rows = names.query([])?;
        while let Some(row) = rows.next()? {
            let name = row.get_ref(1)?.as_str().map_err(StoreError::unreadable("name", "a node"))?;
            places.insert(row.get(0)?, found.nodes.len());
            found.nodes.push(names::parse(name)?);
        }
        let mut query = self.db.prepare_cached(
            "SELECT bucket, node, sums FROM quarter WHERE bucket >= ?1 AND bucket < ?2 ORDER BY bucket, node",
        )?;
        // A quarter that began before the stretch is not of it.
        let bound = |at: UnixMillis| at.saturating_add(QUARTER - 1).div_euclid(QUARTER);
        let mut rows = query.query([bound(from), bound(to)])?;
        while let Some(row) = rows.next()? {
            let (bucket, id): (i64, i64) = (row.get(0)?, row.get(1)?);
            let Some(node) = places.get(&id).copied() else { continue };
            let sums = row.get_ref(2)?.as_blob().map_err(StoreError::unreadable("roll-up", &id))?;
            let (reports, moods) = moods(sums)?;
            found.quarters.push(Quarter { at: bucket.saturating_mul(QUARTER), node, reports, moods });
        }
        Ok(found)
    }
}
