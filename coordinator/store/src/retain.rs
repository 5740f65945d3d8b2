//! Forgetting what is due, a little at a time.

use crate::memory::{recall, remember};
use crate::retention::{self, DAY, MINUTES_KEPT, QUARTERS_KEPT, RAW_KEPT, State, Verdict};
use crate::rollup::{MINUTE, QUARTER};
use crate::{Store, StoreError, UnixMillis};
use fleet::Now;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde::{Deserialize, Serialize};

/// Under which name the planning is remembered.
const STATE: &str = "retention";
/// Under which name [`Forgotten`] is remembered.
const FORGOTTEN: &str = "forgotten";
/// The most rows that one call deletes, so that a commit never waits long
/// (fewer in tests, which needn't store as many).
const ROWS_PER_CALL: u32 = if cfg!(test) { 2_000 } else { 20_000 };
/// The file is made smaller only when at least this many of its pages are free
/// (and a quarter of it): free pages are otherwise soon used again, and moving
/// pages wears a card.
const FREE_PAGES: i64 = 4_096;
/// How many pages are then given back in one call.
const PAGES_PER_CALL: i64 = 256;

/// What one call of [`Store::retain`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Whether anything might be deleted, and why not.
    pub verdict: Verdict,
    /// Raw vitals deleted.
    pub raw: u64,
    /// One-minute roll-ups deleted.
    pub minutes: u64,
    /// 15-minute roll-ups deleted.
    pub quarters: u64,
    /// Unreadable frames deleted.
    pub unreadable: u64,
    /// Whether more is due at once: call again after the next commit.
    pub more: bool,
}

/// Up to where each level was forgotten: what is older may be incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    pub(crate) raw: UnixMillis,
    pub(crate) minutes: UnixMillis,
    pub(crate) quarters: UnixMillis,
}

impl Forgotten {
    pub(crate) fn read(db: &Connection) -> Result<Self, StoreError> {
        let nothing = Self { raw: UnixMillis::MIN, minutes: UnixMillis::MIN, quarters: UnixMillis::MIN };
        Ok(recall(db, FORGOTTEN)?.unwrap_or(nothing))
    }
}

/// The planning as it goes on while the program runs.
#[derive(Debug, Default)]
pub(crate) struct Running {
    state: State,
    /// What is planned and not yet done.
    plan: Option<Plan>,
}

/// What may go: everything older than these.
#[derive(Clone, Copy, Debug)]
struct Plan {
    raw: Option<UnixMillis>,
    minutes: Option<UnixMillis>,
    quarters: Option<UnixMillis>,
    unreadable: Option<UnixMillis>,
    /// Of boots that nothing was heard of for as long as anything is kept.
    runs: Option<UnixMillis>,
    /// Calls to language models: as long as the 15-minute roll-ups.
    calls: Option<UnixMillis>,
}

impl Running {
    pub(crate) fn load(db: &Connection) -> Result<Self, StoreError> {
        Ok(Self { state: recall(db, STATE)?.unwrap_or_default(), plan: None })
    }
}

impl Store {
    /// Forgets what is due: raw vitals after a day, one-minute roll-ups after
    /// two weeks, 15-minute ones after a year. Call it about once a minute.
    ///
    /// Only on a trusted clock, at most a day's worth in an hour, and not at
    /// all for a while after the clock has jumped. Events stay.
    ///
    /// # Errors
    /// Whatever the disk says: nothing was deleted by this call then.
    pub fn retain(&mut self, now: Now) -> Result<Retained, StoreError> {
        let (state, verdict) = retention::look(self.retention.state, now);
        let mut done = Retained { verdict, raw: 0, minutes: 0, quarters: 0, unreadable: 0, more: false };
        let moved = state.held_until != self.retention.state.held_until;
        match verdict {
            Verdict::Due => {
                self.write_state(&state)?;
                self.retention.plan = Some(plan(&self.db, now.unix)?);
            }
            Verdict::Resting => {}
            // What was planned on another clock is void.
            Verdict::Held { .. } | Verdict::NoClock => self.retention.plan = None,
        }
        if moved && verdict != Verdict::Due {
            self.write_state(&state)?;
        }
        self.retention.state = state;
        if let Some(plan) = self.retention.plan {
            self.delete(plan, &mut done)?;
            if !done.more {
                self.retention.plan = None;
                self.shrink()?;
            }
        }
        Ok(done)
    }

    fn write_state(&mut self, state: &State) -> Result<(), StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        remember(&transaction, STATE, state)?;
        transaction.commit()?;
        Ok(())
    }

    /// Deletes a part of the plan, in one transaction.
    fn delete(&mut self, plan: Plan, done: &mut Retained) -> Result<(), StoreError> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = Forgotten::read(&transaction)?;
        let mut forgotten = before;
        let mut room = ROWS_PER_CALL;
        if let Some(cutoff) = plan.raw {
            done.raw = delete_buckets(&transaction, "vitals", cutoff.div_euclid(MINUTE), &mut room)?;
            forgotten.raw = forgotten.raw.max(cutoff);
        }
        if let Some(cutoff) = plan.minutes {
            done.minutes = delete_buckets(&transaction, "minute", cutoff.div_euclid(MINUTE), &mut room)?;
            forgotten.minutes = forgotten.minutes.max(cutoff);
        }
        if let Some(cutoff) = plan.quarters {
            done.quarters = delete_buckets(&transaction, "quarter", cutoff.div_euclid(QUARTER), &mut room)?;
            forgotten.quarters = forgotten.quarters.max(cutoff);
        }
        if let Some(cutoff) = plan.unreadable {
            let mut delete = transaction.prepare_cached("DELETE FROM unreadable WHERE received < ?1")?;
            done.unreadable = delete.execute([cutoff])? as u64;
        }
        if let Some(cutoff) = plan.runs {
            let mut delete = transaction.prepare_cached("DELETE FROM run WHERE touched < ?1")?;
            delete.execute([cutoff.div_euclid(DAY)])?;
        }
        if let Some(cutoff) = plan.calls {
            let mut delete = transaction.prepare_cached("DELETE FROM call WHERE at < ?1")?;
            delete.execute([cutoff])?;
        }
        if forgotten != before {
            remember(&transaction, FORGOTTEN, &forgotten)?;
        }
        transaction.commit()?;
        done.more = room == 0;
        Ok(())
    }

    /// Gives free pages back to the file system, if there are many.
    fn shrink(&mut self) -> Result<(), StoreError> {
        let free: i64 = self.db.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
        let all: i64 = self.db.pragma_query_value(None, "page_count", |row| row.get(0))?;
        if free >= FREE_PAGES && free >= all / 4 {
            self.db.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES_PER_CALL})"))?;
        }
        Ok(())
    }
}

/// How far each level may be forgotten now.
fn plan(db: &Connection, now: UnixMillis) -> Result<Plan, StoreError> {
    let oldest = |sql: &str, width: UnixMillis| -> Result<Option<UnixMillis>, StoreError> {
        let bucket: Option<i64> = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(bucket.map(|bucket| bucket.saturating_mul(width)))
    };
    let raw = oldest("SELECT min(bucket) FROM vitals", MINUTE)?;
    let minutes = oldest("SELECT min(bucket) FROM minute", MINUTE)?;
    let quarters = oldest("SELECT min(bucket) FROM quarter", QUARTER)?;
    let unreadable = oldest("SELECT min(received) FROM unreadable", 1)?;
    let runs = oldest("SELECT min(touched) FROM run", DAY)?;
    let calls = oldest("SELECT min(at) FROM call", 1)?;
    Ok(Plan {
        raw: retention::cutoff(now, RAW_KEPT, raw),
        minutes: retention::cutoff(now, MINUTES_KEPT, minutes),
        quarters: retention::cutoff(now, QUARTERS_KEPT, quarters),
        unreadable: retention::cutoff(now, RAW_KEPT, unreadable),
        runs: retention::cutoff(now, QUARTERS_KEPT, runs),
        calls: retention::cutoff(now, QUARTERS_KEPT, calls),
    })
}

/// Deletes a table's buckets below `cutoff`, as many as there is room for.
fn delete_buckets(
    db: &Connection,
    table: &'static str,
    cutoff: i64,
    room: &mut u32,
) -> Result<u64, StoreError> {
    if *room == 0 {
        return Ok(0);
    }
    let nth = format!("SELECT bucket FROM {table} ORDER BY bucket LIMIT 1 OFFSET ?1");
    let reached: Option<i64> = db.prepare_cached(&nth)?.query_row([*room], |row| row.get(0)).optional()?;
    // All nodes of one bucket go together.
    let upto = reached.map_or(cutoff, |bucket| cutoff.min(bucket.saturating_add(1)));
    let delete = format!("DELETE FROM {table} WHERE bucket < ?1");
    let deleted = db.prepare_cached(&delete)?.execute([upto])?;
    *room = if upto < cutoff { 0 } else { room.saturating_sub(deleted as u32) };
    Ok(deleted as u64)
}
