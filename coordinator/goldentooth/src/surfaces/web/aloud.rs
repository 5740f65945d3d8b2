//! `POST /api/v1/ask/aloud`: a question as at `/api/v1/ask`, whose answers are shown as
//! they come, as server-sent events.
//!
//! | event | data |
//! | --- | --- |
//! | `piece` | what may be shown already: `{"place", "by", "mind", "kind", "text"}`; all texts of a place together begin the answer at that place |
//! | `answers` | the answers, whole, as from `/api/v1/ask`; the last event |
//! | `refused` | `{"error"}`, in place of the answers: why there are none after all |
//!
//! Without a model there are no pieces. What is refused at once is answered as
//! `/api/v1/ask` does. Who goes away ends the question, and a model's call with it.

use super::Web;
use super::api::Failure;
use super::characters::{Question, named};
use super::guard::Asker;
use crate::company::CompanyError;
use crate::surfaces::view::{AnswersView, PieceView};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use serde_json::json;
use std::convert::Infallible;
use std::pin::Pin;
use tokio::sync::mpsc;

/// Pieces that wait for whoever reads them.
const PIECES: usize = 64;

type Answers = Pin<Box<dyn Future<Output = Result<AnswersView, CompanyError>> + Send>>;

/// What comes next.
enum Next {
    Piece(PieceView),
    Last(Result<AnswersView, CompanyError>),
}

struct Aloud {
    pieces: mpsc::Receiver<PieceView>,
    answers: Answers,
}

impl Aloud {
    /// Every piece comes before the answers.
    async fn next(&mut self) -> Next {
        tokio::select! {
            biased;
            Some(piece) = self.pieces.recv() => Next::Piece(piece),
            answers = &mut self.answers => Next::Last(answers),
        }
    }
}

pub(super) async fn ask(
    State(web): State<Web>,
    asker: Option<Extension<Asker>>,
    question: Result<Json<Question>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(Question { text, person, flavour }) =
        question.map_err(|error| Failure(error.status(), error.body_text()))?;
    let person = named(person, asker)?;
    let flavour = flavour.unwrap_or(web.0.options.flavours.api);
    let (sender, pieces) = mpsc::channel(PIECES);
    let company = web.0.company.clone();
    let answers = Box::pin(async move { company.ask_aloud(&text, &person, flavour, sender).await });
    let mut aloud = Aloud { pieces, answers };
    let first = match aloud.next().await {
        Next::Last(Err(error)) => return Err(error.into()),
        first => first,
    };
    let events = stream::unfold((Some(aloud), Some(first)), |(aloud, first)| async move {
        let mut aloud = aloud?;
        let next = match first {
            Some(first) => first,
            None => aloud.next().await,
        };
        let is_last = matches!(next, Next::Last(_));
        Some((Ok::<_, Infallible>(event(&next)), (Some(aloud).filter(|_| !is_last), None)))
    });
    Ok(Sse::new(events).into_response())
}

fn event(next: &Next) -> Event {
    let (kind, data) = match next {
        Next::Piece(piece) => ("piece", json!(piece)),
        Next::Last(Ok(answers)) => ("answers", json!(answers)),
        Next::Last(Err(error)) => ("refused", json!({ "error": error.to_string() })),
    };
    Event::default().event(kind).data(data.to_string())
}
