//! A node's past: vitals and moods over time.

use crate::retain::Forgotten;
use crate::retention::{DAY, HOUR};
use crate::rollup::{Aggregate, MINUTE, QUARTER, Rollup};
use crate::{Reader, StoreError, UnixMillis, raw};
use frames::{MOODS, Mood, NodeName, Report, Vital};
use rusqlite::{OptionalExtension, params};
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
            let width = if resolution == Resolution::Minute { MINUTE } else { QUARTER };
            let buckets = self.buckets(query, resolution, width)?;
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
                let width = if resolution == Resolution::Minute { MINUTE } else { QUARTER };
                for (at, rollup) in self.buckets(&query, resolution, width)? {
                    let span = MoodSpan { mood: prevailing(&rollup), from: at, to: at.saturating_add(width) };
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
        let mut query = self.db.prepare_cached(
            "SELECT at, report FROM vitals
             WHERE node = (SELECT id FROM node WHERE name = ?1) AND known AND at >= ?2 AND at < ?3
             ORDER BY at",
        )?;
        let mut rows = query.query(params![node.as_str(), from, to])?;
        let mut reports = Vec::new();
        while let Some(row) = rows.next()? {
            let stored = row.get_ref(1)?.as_blob().map_err(StoreError::unreadable("report", node))?;
            reports.push((row.get(0)?, raw::decode(stored)?));
        }
        Ok(reports)
    }

    /// A node's roll-ups with the time at which each begins, by time.
    fn buckets(
        &self,
        query: &SeriesQuery<'_>,
        resolution: Resolution,
        width: UnixMillis,
    ) -> Result<Vec<(UnixMillis, Rollup)>, StoreError> {
        let id: Option<i64> = self
            .db
            .prepare_cached("SELECT id FROM node WHERE name = ?1")?
            .query_row([query.node.as_str()], |row| row.get(0))
            .optional()?;
        let Some(id) = id else {
            return Ok(Vec::new());
        };
        // The key is led by the bucket: this hops from each to the next,
        // whether or not the node has a row there.
        let mut hop = self.db.prepare_cached(match resolution {
            Resolution::Minute => {
                "SELECT bucket, node, sums FROM minute WHERE (bucket, node) >= (?1, ?2)
                 ORDER BY bucket, node LIMIT 1"
            }
            _ => {
                "SELECT bucket, node, sums FROM quarter WHERE (bucket, node) >= (?1, ?2)
                 ORDER BY bucket, node LIMIT 1"
            }
        })?;
        let mut found = Vec::new();
        let mut bucket = query.from.div_euclid(width);
        loop {
            let mut rows = hop.query([bucket, id])?;
            let Some(row) = rows.next()? else { break };
            let (reached, node): (i64, i64) = (row.get(0)?, row.get(1)?);
            let at = reached.saturating_mul(width);
            if at >= query.to {
                break;
            }
            if node == id {
                let sums =
                    row.get_ref(2)?.as_blob().map_err(StoreError::unreadable("roll-up", query.node))?;
                found.push((at, Rollup::decode(sums)?));
            }
            // A node before ours in a later bucket: ours may be there too.
            bucket = if reached > bucket && node < id { reached } else { reached.saturating_add(1) };
        }
        Ok(found)
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
