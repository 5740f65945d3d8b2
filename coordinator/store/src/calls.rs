//! The ledger: calls to language models.

use crate::{Reader, StoreError, UnixMillis, Uuid};
use rusqlite::{Connection, Row, params};

/// The most calls that one query returns.
const MOST: u32 = 10_000;
const DAY: UnixMillis = 24 * 60 * 60 * 1000;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Names it; a second one of the same name is passed over.
    pub id: Uuid,
    /// When it was made.
    pub at: UnixMillis,
    /// What for.
    pub task: String,
    /// For which characters.
    pub by: Vec<String>,
    /// Why then.
    pub why: String,
    /// Who was asked.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// Tokens in.
    pub input: u32,
    /// Tokens out.
    pub output: u32,
    /// Of those in: kept by the provider from before.
    pub cached: u32,
    /// Our guess at the tokens in.
    pub estimate: u32,
    /// What it cost, in millionths of the currency.
    pub money: i64,
    /// How long it took, in milliseconds.
    pub latency: u64,
    /// How it ended, in one word.
    pub outcome: String,
    /// What went wrong; empty if nothing did.
    pub words: String,
}

/// What the calls to one provider took on one day of UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayOfCalls {
    /// When the day begins.
    pub day: UnixMillis,
    /// Who was asked.
    pub provider: String,
    /// How many calls.
    pub calls: u64,
    /// How many of them were answered.
    pub answered: u64,
    /// Tokens in.
    pub input: u64,
    /// Tokens out.
    pub output: u64,
    /// Of those in: kept from before.
    pub cached: u64,
    /// What they cost, in millionths of the currency.
    pub money: i64,
}

pub(crate) fn insert(db: &Connection, calls: &[Call]) -> Result<(), StoreError> {
    let mut insert = db.prepare_cached(
        "INSERT INTO call (id, at, task, persona, why, provider, model, input, output, cached, estimate,
                           money, latency, outcome, words)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING",
    )?;
    for call in calls {
        insert.execute(params![
            call.id.as_bytes(),
            call.at,
            call.task,
            call.by.join(" "),
            call.why,
            call.provider,
            call.model,
            call.input,
            call.output,
            call.cached,
            call.estimate,
            call.money,
            call.latency.cast_signed(),
            call.outcome,
            call.words
        ])?;
    }
    Ok(())
}

impl Reader {
    /// Calls made at `from` or later, newest first, at most `limit` (and never
    /// more than 10,000).
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn calls(&self, from: UnixMillis, limit: u32) -> Result<Vec<Call>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT id, at, task, persona, why, provider, model, input, output, cached, estimate, money,
                    latency, outcome, words
             FROM call WHERE at >= ?1 ORDER BY at DESC, id DESC LIMIT ?2",
        )?;
        let calls = query.query_map([from, limit.min(MOST).into()], call)?;
        Ok(calls.collect::<rusqlite::Result<_>>()?)
    }

    /// What calls took, by day and provider, from `from` on, oldest first.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn days_of_calls(&self, from: UnixMillis) -> Result<Vec<DayOfCalls>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT at / ?2, provider, count(*), sum(outcome = 'answered'), sum(input), sum(output),
                    sum(cached), sum(money)
             FROM call WHERE at >= ?1 GROUP BY 1, 2 ORDER BY 1, 2",
        )?;
        let days = query.query_map([from.max(0), DAY], |row| {
            let count = |place| row.get(place).map(i64::unsigned_abs);
            Ok(DayOfCalls {
                day: row.get::<_, i64>(0)? * DAY,
                provider: row.get(1)?,
                calls: count(2)?,
                answered: count(3)?,
                input: count(4)?,
                output: count(5)?,
                cached: count(6)?,
                money: row.get(7)?,
            })
        })?;
        Ok(days.collect::<rusqlite::Result<_>>()?)
    }
}

fn call(row: &Row<'_>) -> rusqlite::Result<Call> {
    let by: String = row.get(3)?;
    Ok(Call {
        id: Uuid::from_bytes(row.get(0)?),
        at: row.get(1)?,
        task: row.get(2)?,
        by: by.split_whitespace().map(str::to_owned).collect(),
        why: row.get(4)?,
        provider: row.get(5)?,
        model: row.get(6)?,
        input: row.get(7)?,
        output: row.get(8)?,
        cached: row.get(9)?,
        estimate: row.get(10)?,
        money: row.get(11)?,
        latency: row.get::<_, i64>(12)?.unsigned_abs(),
        outcome: row.get(13)?,
        words: row.get(14)?,
    })
}
