//! Roll-ups: what is left of the vitals of one minute, or of fifteen.

use crate::{StoreError, UnixMillis};
use frames::{COUNT, MOODS, Report, VERSION, Vital};
use serde::{Deserialize, Serialize};

/// One minute, in ms.
pub(crate) const MINUTE: UnixMillis = 60_000;
/// Fifteen minutes, in ms.
pub(crate) const QUARTER: UnixMillis = 15 * MINUTE;

/// The most vitals of any version: the set of them is one u64.
const MOST: usize = 64;
/// Room for a stored roll-up: head, then at most 15 bytes for each vital.
pub(crate) const ROOM: usize = 64 + 15 * MOST;

/// Sums of reports. Adding and merging may come in any order, so late frames
/// simply enter the bucket that they belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rollup {
    /// How many reports.
    pub(crate) rows: u32,
    /// How many of them with each mood, in the order of `Mood::ALL`; those
    /// without one are the rest.
    pub(crate) moods: [u32; MOODS],
    cells: Cells,
}

#[derive(Clone, Debug, PartialEq)]
struct Cells([Cell; COUNT]);

impl Default for Cells {
    fn default() -> Self {
        Self([Cell::EMPTY; COUNT])
    }
}

/// What is known of one vital.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    count: u32,
    /// Lowest and highest code: every scale rises with its code.
    min: u8,
    max: u8,
    /// In the vital's unit.
    sum: f32,
}

impl Cell {
    const EMPTY: Self = Self { count: 0, min: u8::MAX, max: 0, sum: 0.0 };

    fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
    }
}

/// What a vital was over a stretch of time, in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Aggregate {
    /// The mean of all reports that had it.
    pub mean: f32,
    /// The lowest.
    pub min: f32,
    /// The highest.
    pub max: f32,
    /// How many reports had it.
    pub count: u32,
}

impl Rollup {
    /// Adds one report.
    pub(crate) fn add(&mut self, report: &Report) {
        self.rows = self.rows.saturating_add(1);
        if let Some(count) = report.mood.and_then(|mood| self.moods.get_mut(mood as usize)) {
            *count = count.saturating_add(1);
        }
        for vital in report.vitals.present().iter() {
            let (Some(cell), Some(code)) = (self.cells.0.get_mut(vital as usize), report.vitals.code(vital))
            else {
                continue;
            };
            cell.merge(&Cell { count: 1, min: code, max: code, sum: vital.row().scale.decode(code) });
        }
    }

    /// Adds what another has summed.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        for (mine, theirs) in self.moods.iter_mut().zip(other.moods) {
            *mine = mine.saturating_add(theirs);
        }
        for (mine, theirs) in self.cells.0.iter_mut().zip(&other.cells.0) {
            mine.merge(theirs);
        }
    }

    /// What it says of one vital; none if no report had it.
    pub(crate) fn aggregate(&self, vital: Vital) -> Option<Aggregate> {
        let cell = self.cells.0.get(vital as usize).filter(|cell| cell.count > 0)?;
        let scale = vital.row().scale;
        Some(Aggregate {
            mean: cell.sum / cell.count as f32,
            min: scale.decode(cell.min),
            max: scale.decode(cell.max),
            count: cell.count,
        })
    }

    /// As stored, in `room`.
    pub(crate) fn encode<'a>(&self, room: &'a mut [u8; ROOM]) -> Result<&'a [u8], StoreError> {
        let mut stored = Stored { version: VERSION, rows: self.rows, moods: self.moods, ..Stored::default() };
        for (place, cell) in self.cells.0.iter().enumerate().filter(|(_, cell)| cell.count > 0) {
            stored.present |= 1 << place;
            // There is room for every vital.
            let _ = stored.cells.push(StoredCell {
                without: self.rows.saturating_sub(cell.count),
                min: cell.min,
                max: cell.max,
                sum: cell.sum,
            });
        }
        postcard::to_slice(&stored, room)
            .map(|bytes| &*bytes)
            .map_err(StoreError::unreadable("roll-up", "a node"))
    }

    /// Reads what [`Self::encode`] wrote, in this version or an older one.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let stored: Stored =
            postcard::from_bytes(bytes).map_err(StoreError::unreadable("roll-up", "a node"))?;
        // Older versions differ only in knowing fewer vitals: the table grows
        // at its end and a vital's scale never changes.
        let mut rollup = Self { rows: stored.rows, moods: stored.moods, ..Self::default() };
        let places = (0..MOST).filter(|place| stored.present & (1 << place) != 0);
        for (place, cell) in places.zip(&stored.cells) {
            if let Some(mine) = rollup.cells.0.get_mut(place) {
                let count = stored.rows.saturating_sub(cell.without);
                *mine = Cell { count, min: cell.min, max: cell.max, sum: cell.sum };
            }
        }
        Ok(rollup)
    }
}

/// How many reports a stored roll-up sums, and how many had each mood: what
/// stands at its head, without the rest being read.
pub(crate) fn moods(bytes: &[u8]) -> Result<(u32, [u32; MOODS]), StoreError> {
    let ((_, rows, moods), _): ((u8, u32, [u32; MOODS]), _) =
        postcard::take_from_bytes(bytes).map_err(StoreError::unreadable("roll-up", "a node"))?;
    Ok((rows, moods))
}

/// The stored form, as postcard.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    version: u8,
    rows: u32,
    moods: [u32; MOODS],
    /// One bit for each vital that has a cell, in the order of the table.
    present: u64,
    cells: heapless::Vec<StoredCell, MOST>,
}

#[derive(Serialize, Deserialize)]
struct StoredCell {
    /// Reports without this vital: mostly 0, hence one byte.
    without: u32,
    min: u8,
    max: u8,
    sum: f32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::sample::report;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_rollup_is_the_naive_sum_in_any_order_and_split(
            seeds in prop::collection::vec(any::<u64>(), 1..60),
            cut in any::<prop::sample::Index>(),
        ) {
            let reports: Vec<Report> = seeds.iter().map(|seed| report(*seed)).collect();
            let (left, right) = reports.split_at(cut.index(reports.len()));
            let sum = |reports: &[Report]| {
                let mut rollup = Rollup::default();
                for report in reports {
                    rollup.add(report);
                }
                let mut room = [0; ROOM];
                Rollup::decode(rollup.encode(&mut room).unwrap()).unwrap()
            };
            let mut rollup = sum(right);
            rollup.merge(&sum(left));
            prop_assert_eq!(rollup.rows as usize, reports.len());
            let mut room = [0; ROOM];
            let head = moods(rollup.encode(&mut room).unwrap()).unwrap();
            prop_assert_eq!(head, (rollup.rows, rollup.moods));
            for vital in Vital::ALL {
                let values: Vec<f32> = reports.iter().filter_map(|report| report.vitals.get(*vital)).collect();
                let Some(found) = rollup.aggregate(*vital) else {
                    prop_assert!(values.is_empty());
                    continue;
                };
                let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
                prop_assert_eq!(found.count as usize, values.len());
                prop_assert_eq!(Some(found.min), values.iter().copied().reduce(f32::min));
                prop_assert_eq!(Some(found.max), values.iter().copied().reduce(f32::max));
                prop_assert!((f64::from(found.mean) - mean).abs() <= 1e-4 * mean.abs().max(1.0));
            }
        }

        #[test]
        fn garbage_gives_an_error_or_a_rollup_but_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = Rollup::decode(&bytes);
        }
    }
}
