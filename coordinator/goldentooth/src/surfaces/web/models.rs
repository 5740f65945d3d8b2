//! Another mood model for nodes.

use super::Web;
use super::api::Failure;
use crate::models::{PushError, Pushed, Whom};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;

/// Takes an ONNX file as the body, and begins to send it.
pub(super) async fn push(
    State(web): State<Web>,
    Query(whom): Query<Whom>,
    model: Bytes,
) -> Result<Json<Pushed>, Failure> {
    let Some(pusher) = &web.0.options.models else {
        return Err(Failure(StatusCode::SERVICE_UNAVAILABLE, "this coordinator sends no models".to_owned()));
    };
    pusher.push(&model, &whom).map(Json).map_err(|error| {
        let status = match error {
            PushError::Nobody => StatusCode::NOT_FOUND,
            PushError::Length(_) => StatusCode::PAYLOAD_TOO_LARGE,
            PushError::Unfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
            PushError::Whom => StatusCode::BAD_REQUEST,
        };
        Failure(status, error.to_string())
    })
}
