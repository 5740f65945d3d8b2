//! What operators change by the API: groups and labels, quiet times, and the
//! test of calls. `guard.rs` lets only operators come this far.

use super::Web;
use super::api::{Failure, no_node};
use crate::calls::watch::Cause;
use crate::care::{CareError, Scope};
use crate::live::Tag;
use crate::surfaces::view::{CallsView, QuietView, TriedView};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use frames::NodeName;
use jiff::Timestamp;
use serde::Deserialize;

impl From<CareError> for Failure {
    fn from(error: CareError) -> Self {
        let status = match error {
            CareError::Data(_) => StatusCode::INTERNAL_SERVER_ERROR,
            CareError::Unknown(_) => StatusCode::NOT_FOUND,
            CareError::Windows => StatusCode::CONFLICT,
            CareError::Word(_) | CareError::Labels | CareError::Window => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

/// A body of JSON, or why it is none.
pub(super) fn body<T>(given: Result<Json<T>, JsonRejection>) -> Result<T, Failure> {
    given.map(|Json(given)| given).map_err(|error| Failure(error.status(), error.body_text()))
}

/// Keeps something on the disk, off the runtime's threads.
async fn kept<T: Send + 'static>(
    keep: impl FnOnce() -> Result<T, CareError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(keep).await;
    done.map_err(|error| Failure(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?
        .map_err(Failure::from)
}

pub(super) async fn tag(
    State(web): State<Web>,
    Path(name): Path<String>,
    given: Result<Json<Tag>, JsonRejection>,
) -> Result<Json<Tag>, Failure> {
    let tag = body(given)?;
    let name: NodeName = name.parse().map_err(|_| no_node(&name))?;
    // What never spoke has no card to carry it; a name typed wrongly is found so.
    if web.0.live.node(&name).is_none() {
        return Err(no_node(name.as_str()));
    }
    let care = web.0.options.care.clone();
    Ok(Json(kept(move || care.tag(&name, tag)).await?))
}

pub(super) async fn windows(State(web): State<Web>) -> Json<Vec<QuietView>> {
    let windows = web.0.options.care.windows(Timestamp::now().as_millisecond());
    Json(windows.iter().map(QuietView::from).collect())
}

/// A quiet time to come, or one that begins now.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewQuiet {
    node: Option<NodeName>,
    group: Option<String>,
    cause: Option<Cause>,
    from: Option<Timestamp>,
    until: Timestamp,
    #[serde(default)]
    reason: String,
}

pub(super) async fn quiet(
    State(web): State<Web>,
    given: Result<Json<NewQuiet>, JsonRejection>,
) -> Result<Json<QuietView>, Failure> {
    let NewQuiet { node, group, cause, from, until, reason } = body(given)?;
    let scope = match (node, group) {
        (None, None) => Scope::All,
        (Some(node), None) => Scope::Node(node),
        (None, Some(group)) => Scope::Group(group),
        (Some(_), Some(_)) => {
            return Err(Failure(
                StatusCode::BAD_REQUEST,
                "a quiet time is for a node or a group, not both".to_owned(),
            ));
        }
    };
    let now = Timestamp::now().as_millisecond();
    let from = from.map_or(now, Timestamp::as_millisecond);
    let care = web.0.options.care.clone();
    let quiet = kept(move || care.quiet(now, scope, cause, from, until.as_millisecond(), &reason)).await?;
    Ok(Json(QuietView::from(&quiet)))
}

pub(super) async fn end(
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Failure> {
    let care = web.0.options.care.clone();
    kept(move || care.end(&id)).await?;
    Ok(Json(serde_json::json!({})))
}

pub(super) async fn calls(State(web): State<Web>) -> Json<CallsView> {
    Json(CallsView::from(&web.0.options.calls))
}

pub(super) async fn test(State(web): State<Web>) -> Json<Vec<TriedView>> {
    Json(web.0.options.calls.test().await.into_iter().map(TriedView::from).collect())
}
