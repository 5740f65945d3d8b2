//! Language models, the ledger and the pulse in the API.

use super::Web;
use super::api::{Failure, asked_wrongly};
use crate::surfaces::view::{LedgerView, MindsView, PulseView};
use crate::thinking::{ThinkingError, Wanted};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;

/// The most calls that one answer has.
const MOST: u32 = 1_000;
/// The most days: as long as the ledger is kept.
const MOST_DAYS: u32 = 366;

impl From<ThinkingError> for Failure {
    fn from(error: ThinkingError) -> Self {
        match error {
            ThinkingError::Away(error) => error.into(),
            ThinkingError::Ask(error) => error.into(),
        }
    }
}

pub(super) async fn all(State(web): State<Web>) -> Result<Json<MindsView>, Failure> {
    Ok(Json(web.0.options.thinking.minds()?))
}

/// How much of the ledger is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HowMuch {
    #[serde(default = "fifty")]
    limit: u32,
    #[serde(default = "month")]
    days: u32,
}

fn fifty() -> u32 {
    50
}

fn month() -> u32 {
    30
}

pub(super) async fn ledger(
    State(web): State<Web>,
    wanted: Result<Query<HowMuch>, QueryRejection>,
) -> Result<Json<LedgerView>, Failure> {
    let Query(HowMuch { limit, days }) = wanted.map_err(|why| asked_wrongly(&why))?;
    Ok(Json(web.0.options.thinking.ledger(limit.min(MOST), days.clamp(1, MOST_DAYS)).await?))
}

pub(super) async fn last(State(web): State<Web>) -> Result<Json<PulseView>, Failure> {
    Ok(Json(web.0.options.thinking.pulse(Wanted::Last).await?))
}

pub(super) async fn dry(State(web): State<Web>) -> Result<Json<PulseView>, Failure> {
    Ok(Json(web.0.options.thinking.pulse(Wanted::Dry).await?))
}

pub(super) async fn now(State(web): State<Web>) -> Result<Json<PulseView>, Failure> {
    Ok(Json(web.0.options.thinking.pulse(Wanted::Now).await?))
}
