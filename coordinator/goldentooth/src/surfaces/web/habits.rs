//! Names of habits in the API. `guard.rs` lets only operators change them.

use super::Web;
use super::api::{Failure, known, no_node};
use super::characters::named;
use super::desk::body;
use super::guard::Asker;
use crate::habits::NamingError;
use crate::surfaces::view::HabitView;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use fleet::HabitError;
use frames::NodeName;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

impl From<HabitError> for Failure {
    fn from(error: HabitError) -> Self {
        let status = match error {
            HabitError::Name => StatusCode::BAD_REQUEST,
            HabitError::Nothing(_) | HabitError::Full(_) => StatusCode::CONFLICT,
            HabitError::Unknown(..) => StatusCode::NOT_FOUND,
        };
        Self(status, error.to_string())
    }
}

impl From<NamingError> for Failure {
    fn from(error: NamingError) -> Self {
        match error {
            NamingError::Habit(error) => error.into(),
            NamingError::Ask(error) => error.into(),
        }
    }
}

pub(super) async fn all(State(web): State<Web>) -> Json<Vec<HabitView>> {
    Json(HabitView::all(&web.0.options.habits, None))
}

/// What a person calls a node's latest stress.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Naming {
    name: String,
    #[serde(default, rename = "as")]
    person: Option<String>,
}

pub(super) async fn name(
    State(web): State<Web>,
    Path(node): Path<String>,
    asker: Option<Extension<Asker>>,
    given: Result<Json<Naming>, JsonRejection>,
) -> Result<Json<HabitView>, Failure> {
    let Naming { name, person } = body(given)?;
    let person = named(person, asker)?;
    let node = known(&web, &node)?.name.clone();
    let now = Timestamp::now().as_millisecond();
    let habits = &web.0.options.habits;
    let habit = habits.name(&web.0.ask, now, &node, (&name, &person)).await?;
    let view = HabitView::from(&habit);
    // The person stands under a key of its own alone: whoever is forgotten is so in these words, too.
    let words =
        format!("The stress of {node} about {} is {}: it is expected from now on.", view.usual, view.name);
    let payload = json!({
        "node": node, "person": person, "habit": view.name, "usual": view.usual, "signs": view.signs, "words": words,
        "says": format!("{node} about {}: {}. I am told so, and shall expect it.", view.usual, view.name),
    });
    note(&web, "habit_named", &node, payload).await;
    Ok(Json(view))
}

/// What is a habit no more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forgetting {
    name: String,
}

pub(super) async fn forget(
    State(web): State<Web>,
    Path(node): Path<String>,
    given: Result<Json<Forgetting>, JsonRejection>,
) -> Result<Json<Value>, Failure> {
    let Forgetting { name: habit } = body(given)?;
    let node: NodeName = node.parse().map_err(|_| no_node(&node))?;
    web.0.options.habits.forget(&node, &habit).await?;
    let words = format!("“{habit}” is a habit of {node} no more.");
    note(&web, "habit_forgotten", &node, json!({ "node": node, "habit": habit, "words": words })).await;
    Ok(Json(json!({ "words": words })))
}

/// Records what was done, where something records it.
async fn note(web: &Web, kind: &'static str, node: &NodeName, payload: Value) {
    if let Some(members) = &web.0.options.members {
        members.note(kind, node, payload).await;
    }
}
