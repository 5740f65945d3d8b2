//! Who leaves the fleet, or gets another name.

use super::Web;
use super::api::Failure;
use super::desk::body;
use crate::members::{MemberError, Members};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use node_agent::enrolment::Enrolment;
use serde::{Deserialize, Serialize};

impl From<MemberError> for Failure {
    fn from(error: MemberError) -> Self {
        let status = match error {
            MemberError::Name { .. } => StatusCode::BAD_REQUEST,
            MemberError::Unknown(_) => StatusCode::NOT_FOUND,
            MemberError::Enrol(error) => return error.into(),
            MemberError::Simulated(_)
            | MemberError::Local(_)
            | MemberError::NoNode { .. }
            | MemberError::Used(_) => StatusCode::CONFLICT,
            MemberError::Data(_) => StatusCode::INTERNAL_SERVER_ERROR,
            MemberError::Ask(_) | MemberError::Store(_) | MemberError::Stopping => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Self(status, error.to_string())
    }
}

/// How a node is forgotten.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forget {
    #[serde(default)]
    purge: bool,
}

/// How a node is called from now on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rename {
    to: String,
    /// Under which hosts its machine finds the broker, as for an enrolment.
    #[serde(default)]
    addresses: Vec<String>,
}

/// Who it was.
#[derive(Debug, Serialize)]
pub(super) struct Gone {
    node: String,
}

fn members(web: &Web) -> Result<&Members, Failure> {
    let none = || Failure(StatusCode::SERVICE_UNAVAILABLE, "this coordinator keeps no members".to_owned());
    web.0.options.members.as_ref().ok_or_else(none)
}

pub(super) async fn forget(
    State(web): State<Web>,
    Path(name): Path<String>,
    given: Result<Json<Forget>, JsonRejection>,
) -> Result<Json<Gone>, Failure> {
    let Forget { purge } = body(given)?;
    let node = members(&web)?.forget(&name, purge).await?;
    Ok(Json(Gone { node: node.as_str().to_owned() }))
}

pub(super) async fn revoke(State(web): State<Web>, Path(name): Path<String>) -> Result<Json<Gone>, Failure> {
    let node = members(&web)?.revoke(&name).await?;
    Ok(Json(Gone { node: node.as_str().to_owned() }))
}

pub(super) async fn rename(
    State(web): State<Web>,
    Path(name): Path<String>,
    given: Result<Json<Rename>, JsonRejection>,
) -> Result<Json<Enrolment>, Failure> {
    let Rename { to, addresses } = body(given)?;
    Ok(Json(members(&web)?.rename(&name, &to, addresses).await?))
}
