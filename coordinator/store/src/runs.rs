//! Which frames are stored already: the unique key (node, boot, sequence), as
//! runs of consecutive sequences.

use crate::StoreError;
use crate::retention::DAY;
use fleet::UnixMillis;
use rusqlite::{Connection, params};

/// Sorted runs of one boot, both ends included; no two touch.
#[derive(Debug, Default)]
struct Runs(Vec<(u32, u32)>);

impl Runs {
    /// Adds a sequence; false if it was in.
    fn insert(&mut self, sequence: u32) -> bool {
        // The first run that begins beyond the sequence.
        let beyond = self.0.partition_point(|(first, _)| *first <= sequence);
        let joins_next = self.0.get(beyond).is_some_and(|(first, _)| first.checked_sub(1) == Some(sequence));
        let next_last = self.0.get(beyond).map(|(_, last)| *last);
        let before = beyond.checked_sub(1).and_then(|place| self.0.get_mut(place));
        match before {
            Some((_, last)) if *last >= sequence => return false,
            Some((_, last)) if last.checked_add(1) == Some(sequence) => {
                *last = sequence;
                if joins_next && let Some(next_last) = next_last {
                    *last = next_last;
                    self.0.remove(beyond);
                }
            }
            _ => match self.0.get_mut(beyond) {
                Some((first, _)) if joins_next => *first = sequence,
                _ => self.0.insert(beyond, (sequence, sequence)),
            },
        }
        true
    }
}

/// Runs that sequences from `?3` to one before `?4` may join: of all that begin
/// below, only the last can reach up to them.
const NEAR: &str = "SELECT first, last FROM run WHERE node = ?1 AND boot = ?2 AND first <= ?4
    AND first >= coalesce((SELECT max(first) FROM run WHERE node = ?1 AND boot = ?2 AND first <= ?3), 0)
    ORDER BY first";

/// Enters sequences of one boot, which come in rising order, and tells of each
/// whether it is new.
pub(crate) fn enter(
    db: &Connection,
    (node, boot): (i64, u32),
    received: UnixMillis,
    sequences: &[u32],
) -> Result<Vec<bool>, StoreError> {
    let (Some(lowest), Some(highest)) = (sequences.first(), sequences.last()) else {
        return Ok(Vec::new());
    };
    let mut near = db.prepare_cached(NEAR)?;
    let stored: Vec<(u32, u32)> = near
        .query_map(params![node, boot, lowest, highest.saturating_add(1)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut runs = Runs(stored.clone());
    let new = sequences.iter().map(|sequence| runs.insert(*sequence)).collect();

    let mut delete = db.prepare_cached("DELETE FROM run WHERE node = ?1 AND boot = ?2 AND first = ?3")?;
    for (first, _) in &stored {
        if runs.0.binary_search_by_key(first, |(first, _)| *first).is_err() {
            delete.execute(params![node, boot, first])?;
        }
    }
    let mut write = db.prepare_cached(
        "INSERT INTO run (node, boot, first, last, touched) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET last = excluded.last, touched = excluded.touched",
    )?;
    for run in &runs.0 {
        if stored.binary_search(run).is_err() {
            write.execute(params![node, boot, run.0, run.1, received.div_euclid(DAY)])?;
        }
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::StatementStatus;
    use std::collections::BTreeSet;

    fn sequence() -> impl Strategy<Value = u32> {
        prop_oneof![1..40_u32, Just(0), Just(u32::MAX), u32::MAX - 3..u32::MAX]
    }

    /// As it would be where the plan may hang on what is bound: a quarter of a commit's time.
    #[test]
    fn a_cached_statement_is_not_prepared_again() {
        let store = crate::Store::temporary().unwrap();
        for sequence in [3, 1, 7, 8, 90] {
            enter(&store.db, (1, 7), 0, &[sequence]).unwrap();
        }
        let near = store.db.prepare_cached(NEAR).unwrap();
        assert_eq!(
            (near.get_status(StatementStatus::Run), near.get_status(StatementStatus::RePrepare)),
            (5, 0)
        );
    }

    proptest! {
        #[test]
        fn runs_are_a_set_of_numbers(batches in prop::collection::vec(prop::collection::btree_set(sequence(), 0..9), 0..20)) {
            let store = crate::Store::temporary().unwrap();
            let mut set = BTreeSet::new();
            for batch in batches {
                let sequences: Vec<u32> = batch.into_iter().collect();
                let new = enter(&store.db, (1, 7), 0, &sequences).unwrap();
                let expected: Vec<bool> = sequences.iter().map(|sequence| set.insert(*sequence)).collect();
                prop_assert_eq!(new, expected);
            }
            let mut query = store.db.prepare("SELECT first, last FROM run ORDER BY first").unwrap();
            let runs: Vec<(u32, u32)> =
                query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
            prop_assert!(runs.windows(2).all(|pair| u64::from(pair[0].1) + 1 < u64::from(pair[1].0)), "{:?}", runs);
            let numbers: BTreeSet<u32> = runs.iter().flat_map(|(first, last)| *first..=*last).collect();
            prop_assert_eq!(numbers, set);
        }
    }
}
