//! A node's past: vitals and moods over time.

use crate::retain::Forgotten;
use crate::retention::{DAY, HOUR};
use crate::rollup::{Aggregate, MINUTE, QUARTER, Rollup};
use crate::{Reader, StoreError, UnixMillis, raw};
use frames::{MOODS, Mood, NodeName, Report, Vital};
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

/// The most points of one series; with more, the step grows.
const MOST_POINTS: i64 = 5_000;

/// Which part of a node's past to tell.
#[derive(Clone, Copy, Debug)]
pub struct SeriesQuery<'a> {
    /// Whose.
    pub node: &'a NodeName,
    /// Of which vitals.
    pub vitals: &'a [Vital],
    /// From this time on.
    pub from: UnixMillis,
    /// Until before this time.
    pub to: UnixMillis,
    /// How far apart the points shall be at least, in ms; none: as fine as
    /// the span deserves.
    pub step: Option<UnixMillis>,
}

/// From what a series was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The vitals as they came.
    Raw,
    /// One-minute roll-ups.
    Minute,
    /// 15-minute roll-ups.
    Quarter,
}

/// A node's past, told in points, oldest first. Where nothing was reported
/// there is no point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// From what it was made.
    pub resolution: Resolution,
    /// How much time each point covers, in ms; 0 if each is a single report.
    pub step: UnixMillis,
    /// The points.
    pub points: Vec<Point>,
}

/// What a node was over one step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Where the step begins; the report's own time if it is a single one.
    pub at: UnixMillis,
    /// How many reports.
    pub reports: u32,
    /// How many of them with each mood, in the order of [`Mood::ALL`].
    pub moods: [u32; MOODS],
    /// In the order of the query's vitals; none where no report had one.
    pub values: Vec<Option<Aggregate>>,
}

/// A stretch of one mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MoodSpan {
    /// The mood; none while the node had not made up its mind.
    pub mood: Option<Mood>,
    /// Since when.
    pub from: UnixMillis,
    /// Until when. Between two spans that don't touch, the node was silent.
    pub to: UnixMillis,
}

impl Reader {
    /// Vitals over time, from whatever is kept of that time and fits the step.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn series(&self, query: &SeriesQuery<'_>) -> Result<Series, StoreError> {
        let resolution = self.resolution(query)?;
        let asked = query.step.unwrap_or(0).max(0);
        let mut steps = Steps { step: asked, vitals: query.vitals, open: None, points: Vec::new() };
        if resolution == Resolution::Raw {
            let reports = self.reports(query.node, query.from, query.to)?;
            if let ([(first, _), .., (last, _)], true) = (&*reports, reports.len() > MOST_POINTS as usize) {
                steps.step = asked.max(widened(*first, *last));
            }
            for (at, report) in &reports {
                steps.add(*at, |rollup| rollup.add(report));
            }
        } else {
            let width = resolution.width();
            let buckets = self.buckets(query.node, query.from, query.to, resolution)?;
            if let (Some((first, _)), Some((last, _))) = (buckets.first(), buckets.last()) {
                let step = asked.max(width).max(widened(*first, *last));
                // Whole buckets only: a step is a multiple of their width.
                steps.step = step.saturating_add(width - 1).div_euclid(width).saturating_mul(width);
            } else {
                steps.step = width;
            }
            for (at, rollup) in &buckets {
                steps.add(*at, |sum| sum.merge(rollup));
            }
        }
        let step = steps.step;
        Ok(Series { resolution, step, points: steps.finish() })
    }

    /// A node's moods over time, oldest first.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn moods(
        &self,
        node: &NodeName,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Result<Vec<MoodSpan>, StoreError> {
        // A day of raw vitals is no work, and tells moods to the second.
        let span = to.saturating_sub(from);
        let step = if span <= DAY { 0 } else { QUARTER.min(span / 1_000) };
        let query = SeriesQuery { node, vitals: &[], from, to, step: Some(step) };
        let mut spans = Vec::new();
        match self.resolution(&query)? {
            Resolution::Raw => {
                for (at, report) in self.reports(node, from, to)? {
                    // Three intervals without a word are a silence.
                    let lasts = i64::from(report.interval.max(1)) * 100 * 3;
                    extend(
                        &mut spans,
                        MoodSpan { mood: report.mood, from: at, to: at.saturating_add(lasts) },
                        to,
                    );
                }
            }
            resolution => {
                for (at, rollup) in self.buckets(node, from, to, resolution)? {
                    let span = MoodSpan {
                        mood: prevailing(&rollup),
                        from: at,
                        to: at.saturating_add(resolution.width()),
                    };
                    extend(&mut spans, span, to);
                }
            }
        }
        Ok(spans)
    }

    /// The finest level that the step deserves and that still reaches back to
    /// the beginning of the query.
    fn resolution(&self, query: &SeriesQuery<'_>) -> Result<Resolution, StoreError> {
        let span = query.to.saturating_sub(query.from);
        let wanted = match query.step {
            Some(step) if step < MINUTE => Resolution::Raw,
            Some(step) if step < QUARTER => Resolution::Minute,
            None if span <= 3 * HOUR => Resolution::Raw,
            None if span <= 2 * DAY => Resolution::Minute,
            _ => Resolution::Quarter,
        };
        let forgotten = Forgotten::read(&self.db)?;
        let reaching = if query.from < forgotten.minutes {
            Resolution::Quarter
        } else if query.from < forgotten.raw {
            Resolution::Minute
        } else {
            Resolution::Raw
        };
        Ok(wanted.max(reaching))
    }

    /// A node's raw reports of known time, by time.
    fn reports(
        &self,
        node: &NodeName,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Result<Vec<(UnixMillis, Report)>, StoreError> {
        let mut reports = Vec::new();
        self.hop(Resolution::Raw, node, from, to, |row| {
            let (known, at): (bool, UnixMillis) = (row.get(3)?, row.get(4)?);
            if known && (from..to).contains(&at) {
                let stored = row.get_ref(2)?.as_blob().map_err(StoreError::unreadable("report", node))?;
                reports.push((at, raw::decode(stored)?));
            }
            Ok(())
        })?;
        // Within a minute they lie by boot.
        reports.sort_by_key(|(at, _)| *at);
        Ok(reports)
    }

    /// A node's roll-ups with the time at which each begins, by time.
    fn buckets(
        &self,
        node: &NodeName,
        from: UnixMillis,
        to: UnixMillis,
        resolution: Resolution,
    ) -> Result<Vec<(UnixMillis, Rollup)>, StoreError> {
        let mut found = Vec::new();
        self.hop(resolution, node, from, to, |row| {
            let bucket: i64 = row.get(0)?;
            let sums = row.get_ref(2)?.as_blob().map_err(StoreError::unreadable("roll-up", node))?;
            found.push((bucket.saturating_mul(resolution.width()), Rollup::decode(sums)?));
            Ok(())
        })?;
        Ok(found)
    }

    /// Calls `each` with every row of a node in the buckets of a stretch of
    /// time. The keys are led by the bucket, so this hops from one to the next.
    fn hop(
        &self,
        resolution: Resolution,
        node: &NodeName,
        from: UnixMillis,
        to: UnixMillis,
        mut each: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let id: Option<i64> = self
            .db
            .prepare_cached("SELECT id FROM node WHERE name = ?1")?
            .query_row([node.as_str()], |row| row.get(0))
            .optional()?;
        let Some(id) = id else {
            return Ok(());
        };
        let mut onwards = self.db.prepare_cached(match resolution {
            Resolution::Raw => {
                "SELECT bucket, node, report, known, at FROM vitals WHERE (bucket, node) >= (?1, ?2)
                 ORDER BY bucket, node, boot, sequence"
            }
            Resolution::Minute => {
                "SELECT bucket, node, sums FROM minute WHERE (bucket, node) >= (?1, ?2) ORDER BY bucket, node"
            }
            Resolution::Quarter => {
                "SELECT bucket, node, sums FROM quarter WHERE (bucket, node) >= (?1, ?2) ORDER BY bucket, node"
            }
        })?;
        let mut bucket = from.div_euclid(resolution.width());
        loop {
            let mut rows = onwards.query([bucket, id])?;
            bucket = loop {
                let Some(row) = rows.next()? else { return Ok(()) };
                let (reached, owner): (i64, i64) = (row.get(0)?, row.get(1)?);
                if reached.saturating_mul(resolution.width()) >= to {
                    return Ok(());
                }
                if owner == id {
                    each(row)?;
                    bucket = reached;
                } else if reached > bucket && owner < id {
                    // In that bucket ours may still come.
                    break reached;
                } else {
                    break reached.saturating_add(1);
                }
            };
        }
    }
}

impl Resolution {
    /// The width of a bucket, in ms.
    fn width(self) -> UnixMillis {
        match self {
            Self::Raw | Self::Minute => MINUTE,
            Self::Quarter => QUARTER,
        }
    }
}

/// A step wide enough that no more than the most points lie between two times.
fn widened(first: UnixMillis, last: UnixMillis) -> UnixMillis {
    last.saturating_sub(first) / MOST_POINTS + 1
}

/// The mood that most reports of a roll-up had; the worse of two with as many.
fn prevailing(rollup: &Rollup) -> Option<Mood> {
    let without = rollup.rows.saturating_sub(rollup.moods.iter().sum());
    let (mood, count) = Mood::ALL.into_iter().zip(rollup.moods).max_by_key(|(_, count)| *count)?;
    (count > 0 && count >= without).then_some(mood)
}

/// Puts a span behind the others, or makes the last one longer.
fn extend(spans: &mut Vec<MoodSpan>, mut next: MoodSpan, end: UnixMillis) {
    next.to = next.to.min(end);
    match spans.last_mut() {
        Some(last) if last.to >= next.from => {
            if last.mood == next.mood {
                last.to = last.to.max(next.to);
            } else {
                last.to = next.from;
                spans.push(next);
            }
        }
        _ => spans.push(next),
    }
}

/// Gathers what comes in order of time into steps.
struct Steps<'a> {
    step: UnixMillis,
    vitals: &'a [Vital],
    open: Option<(UnixMillis, Rollup)>,
    points: Vec<Point>,
}

impl Steps<'_> {
    fn add(&mut self, at: UnixMillis, into: impl FnOnce(&mut Rollup)) {
        let start = if self.step == 0 { at } else { at.div_euclid(self.step).saturating_mul(self.step) };
        if self.step == 0 || self.open.as_ref().is_none_or(|(open, _)| *open != start) {
            self.close();
        }
        into(&mut self.open.get_or_insert_with(|| (start, Rollup::default())).1);
    }

    fn close(&mut self) {
        if let Some((at, rollup)) = self.open.take() {
            let values = self.vitals.iter().map(|vital| rollup.aggregate(*vital)).collect();
            self.points.push(Point { at, reports: rollup.rows, moods: rollup.moods, values });
        }
    }

    fn finish(mut self) -> Vec<Point> {
        self.close();
        self.points
    }
}
