//! The cast in the API.

use super::Web;
use super::api::{self, Failure};
use super::desk::body;
use super::guard::Asker;
use crate::company::{CompanyError, NOBODY, Wish};
use crate::flavour::Flavour;
use crate::surfaces::view::{AnswersView, CharacterView, CouncilView, DrillView, FactView, ProfileView};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;

impl From<CompanyError> for Failure {
    fn from(error: CompanyError) -> Self {
        let status = match error {
            CompanyError::Away | CompanyError::Kept(_) => StatusCode::SERVICE_UNAVAILABLE,
            CompanyError::Nobody(_) | CompanyError::NoNode(_) => StatusCode::NOT_FOUND,
            CompanyError::NoVeil(_) | CompanyError::Unborn(_) | CompanyError::Untold(_) => {
                StatusCode::CONFLICT
            }
            CompanyError::Declined(_) => StatusCode::TOO_MANY_REQUESTS,
            CompanyError::Question(_) => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

pub(super) async fn all(State(web): State<Web>) -> Result<Json<Vec<CharacterView>>, Failure> {
    Ok(Json(web.0.company.characters().await?))
}

pub(super) async fn one(
    State(web): State<Web>,
    Path(name): Path<String>,
) -> Result<Json<ProfileView>, Failure> {
    Ok(Json(web.0.company.profile(&name).await?))
}

pub(super) async fn council(
    State(web): State<Web>,
    Path(name): Path<String>,
) -> Result<Json<CouncilView>, Failure> {
    let node = api::known(&web, &name)?;
    let council = web.0.company.council(&node.name).await?;
    council.map(Json).ok_or_else(|| api::no_node(&name))
}

/// A question to the cast.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    pub(super) text: String,
    #[serde(default, rename = "as")]
    pub(super) person: Option<String>,
    #[serde(default)]
    pub(super) flavour: Option<Flavour>,
}

/// Who asks: as they say, or as their token is called.
pub(super) fn named(given: Option<String>, asker: Option<Extension<Asker>>) -> Result<String, Failure> {
    let login = asker.map(|Extension(Asker(name))| name);
    let person = given.or(login).unwrap_or_else(|| NOBODY.to_owned());
    let fits = !person.is_empty() && person.len() <= 64 && !person.contains(char::is_control);
    let wrong = || Failure(StatusCode::BAD_REQUEST, "as: a name of 1 to 64 bytes".to_owned());
    if fits { Ok(person) } else { Err(wrong()) }
}

pub(super) async fn ask(
    State(web): State<Web>,
    asker: Option<Extension<Asker>>,
    question: Result<Json<Question>, JsonRejection>,
) -> Result<Json<AnswersView>, Failure> {
    let Json(Question { text, person, flavour }) =
        question.map_err(|error| Failure(error.status(), error.body_text()))?;
    let person = named(person, asker)?;
    let flavour = flavour.unwrap_or(web.0.options.flavours.api);
    Ok(Json(web.0.company.ask(&text, &person, flavour).await?))
}

/// What a person wishes of a character: exactly one of these, and who it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wished {
    #[serde(rename = "as")]
    person: Option<String>,
    mute: Option<bool>,
    thumb: Option<Way>,
    guess: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    Up,
    Down,
}

pub(super) async fn wish(
    State(web): State<Web>,
    Path(name): Path<String>,
    asker: Option<Extension<Asker>>,
    wished: Result<Json<Wished>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Failure> {
    let Wished { person, mute, thumb, guess } = body(wished)?;
    let wish = match (mute, thumb, guess) {
        (Some(mute), None, None) => Wish::Mute(mute),
        (None, Some(way), None) => Wish::Thumb(matches!(way, Way::Up)),
        (None, None, Some(guess)) => Wish::Guess(guess),
        _ => {
            let words = "exactly one of mute, thumb and guess is wished for".to_owned();
            return Err(Failure(StatusCode::UNPROCESSABLE_ENTITY, words));
        }
    };
    let words = web.0.company.wish(&name, wish, &named(person, asker)?).await?;
    Ok(Json(serde_json::json!({ "words": words })))
}

/// Who is to be forgotten.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forgotten {
    person: String,
}

pub(super) async fn forget(
    State(web): State<Web>,
    forgotten: Result<Json<Forgotten>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Failure> {
    let person = named(Some(body(forgotten)?.person), None)?;
    web.0.options.habits.forget_person(&person).await;
    let done = web.0.company.forget(&person).await?;
    Ok(Json(serde_json::json!({ "events": done.events, "others": done.others })))
}

/// Whose failure is played; the one that would take most along without it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drilled {
    node: Option<String>,
}

pub(super) async fn drill(
    State(web): State<Web>,
    drilled: Result<Json<Drilled>, JsonRejection>,
) -> Result<Json<DrillView>, Failure> {
    let node = body(drilled)?.node;
    let node = node.map(|name| api::known(&web, &name)).transpose()?;
    Ok(Json(web.0.company.drill(node.as_ref().map(|node| &node.name)).await?))
}

/// Whose own character is wished for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Born {
    r#for: String,
}

pub(super) async fn bear(
    State(web): State<Web>,
    born: Result<Json<Born>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Failure> {
    let Json(Born { r#for: node }) = born.map_err(|error| Failure(error.status(), error.body_text()))?;
    let words = web.0.company.bear(&node).await?;
    Ok(Json(serde_json::json!({ "words": words })))
}

pub(super) async fn tale(State(web): State<Web>) -> Result<Json<serde_json::Value>, Failure> {
    let words = web.0.company.tale().await?;
    Ok(Json(serde_json::json!({ "words": words })))
}

pub(super) async fn fact(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<FactView>, Failure> {
    let fact = web.0.company.fact(&web.0.ask, &id).await?;
    fact.map(Json).ok_or_else(|| Failure(StatusCode::NOT_FOUND, format!("no fact {id:?} is recorded")))
}
