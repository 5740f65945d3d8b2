//! The API: views as JSON, errors as `{"error": "…"}`.

use super::{Web, answers};
use crate::ask::{AskError, EventQuery};
use crate::enrol::{EnrolError, Request};
use crate::live::NodeSnapshot;
use crate::surfaces::metrics;
use crate::surfaces::view::{
    BiographyView, DayView, EventView, FleetView, HistoryView, MoodsView, NodeView, ServiceView, Span,
    StatusView, StoryView, worst_first,
};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use frames::{NodeName, Vital};
use jiff::Timestamp;
use node_agent::enrolment::Enrolment;
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// An answer that is none, in words.
pub(super) struct Failure(pub(super) StatusCode, pub(super) String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(serde_json::json!({ "error": self.1 }))).into_response()
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        let status = match error {
            AskError::Kind(_) => StatusCode::BAD_REQUEST,
            AskError::Store(_) | AskError::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self(status, error.to_string())
    }
}

impl From<EnrolError> for Failure {
    fn from(error: EnrolError) -> Self {
        let status = match error {
            EnrolError::Data(_) | EnrolError::Damaged { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            EnrolError::Taken { .. } | EnrolError::LoopbackOnly => StatusCode::CONFLICT,
            EnrolError::Unknown(_) => StatusCode::NOT_FOUND,
            EnrolError::Name { .. }
            | EnrolError::Host(_)
            | EnrolError::Simulated(_)
            | EnrolError::Address(_)
            | EnrolError::NothingEnrolled => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

pub(super) fn no_node(name: &str) -> Failure {
    Failure(StatusCode::NOT_FOUND, format!("no node named {name:?} has spoken"))
}

pub(super) async fn nodes(State(web): State<Web>) -> Json<Vec<NodeView>> {
    let mut nodes: Vec<NodeView> = web.0.live.nodes().iter().map(|node| NodeView::from(&**node)).collect();
    worst_first(&mut nodes);
    Json(nodes)
}

/// The node of this name, if it has spoken.
pub(super) fn known(web: &Web, name: &str) -> Result<Arc<NodeSnapshot>, Failure> {
    let known = name.parse::<NodeName>().ok().and_then(|name| web.0.live.node(&name));
    known.ok_or_else(|| no_node(name))
}

pub(super) async fn node(
    State(web): State<Web>,
    Path(name): Path<String>,
) -> Result<Json<NodeView>, Failure> {
    Ok(Json(NodeView::from(&*known(&web, &name)?)))
}

pub(super) async fn day(State(web): State<Web>, Path(name): Path<String>) -> Result<Json<DayView>, Failure> {
    let node = known(&web, &name)?;
    Ok(Json(answers::day(&web.0.ask, &node.name, Timestamp::now().as_millisecond()).await?))
}

/// Which part of a node's past is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Past {
    #[serde(default)]
    span: Span,
    /// Names with commas between them; all that were measured without it.
    vitals: Option<String>,
}

pub(super) async fn history(
    State(web): State<Web>,
    Path(name): Path<String>,
    past: Result<Query<Past>, QueryRejection>,
) -> Result<Json<HistoryView>, Failure> {
    let Query(past) = past.map_err(|why| asked_wrongly(&why))?;
    let node = known(&web, &name)?;
    let vitals = match past.vitals.filter(|names| !names.is_empty()) {
        None => Vital::ALL.to_vec(),
        Some(names) => {
            let each = names.split(',').map(|name| {
                let unknown = || Failure(StatusCode::BAD_REQUEST, format!("no vital is called {name:?}"));
                Vital::from_name(name).ok_or_else(unknown)
            });
            let mut vitals: Vec<Vital> = each.collect::<Result<_, _>>()?;
            vitals.sort_unstable();
            vitals.dedup();
            vitals
        }
    };
    let now = Timestamp::now().as_millisecond();
    Ok(Json(answers::history(&web.0.ask, &node.name, past.span, vitals, now).await?))
}

pub(super) async fn moods(State(web): State<Web>) -> Result<Json<MoodsView>, Failure> {
    Ok(Json(answers::moods(&web.0.ask, Timestamp::now().as_millisecond()).await?))
}

pub(super) fn asked_wrongly(rejection: &QueryRejection) -> Failure {
    Failure(StatusCode::BAD_REQUEST, rejection.body_text())
}

pub(super) async fn fleet(State(web): State<Web>) -> Json<FleetView> {
    let nodes = web.0.live.nodes();
    Json(FleetView::of(nodes.iter().map(|node| &**node)))
}

pub(super) async fn services(State(web): State<Web>) -> Json<Vec<ServiceView>> {
    let services = web.0.options.services.all(&web.0.live);
    Json(services.iter().map(ServiceView::from).collect())
}

pub(super) async fn status(State(web): State<Web>) -> Json<StatusView> {
    Json(StatusView::from(web.0.live.status()))
}

/// Which events are wanted, as it stands in an address.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    pub(super) after: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) node: Option<String>,
    pub(super) limit: Option<usize>,
}

impl Which {
    /// The question to the store. An empty field of a form asks for nothing.
    pub(super) fn query(self, limit: usize) -> Result<EventQuery, Failure> {
        let wrong = |words: String| Failure(StatusCode::BAD_REQUEST, words);
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let after = given(self.after)
            .map(|id| id.parse::<Uuid>().map_err(|_| wrong(format!("after={id} is no event's id"))))
            .transpose()?;
        let node = given(self.node)
            .map(|name| name.parse::<NodeName>().map_err(|why| wrong(format!("node={name}: {why}"))))
            .transpose()?;
        let (kind, limit) = (given(self.kind), self.limit.unwrap_or(limit));
        Ok(EventQuery { after, kind, node, limit, ..EventQuery::default() })
    }
}

pub(super) async fn events(
    State(web): State<Web>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Vec<EventView>>, Failure> {
    let Query(which) = which.map_err(|why| asked_wrongly(&why))?;
    Ok(Json(answers::events(&web.0.ask, which.query(100)?).await?))
}

/// The life of a node, also of one that was forgotten.
pub(super) async fn biography_of(web: &Web, name: &str, told: &Told) -> Result<BiographyView, Failure> {
    let node: NodeName = name.parse().map_err(|_| no_node(name))?;
    let now = Timestamp::now().as_millisecond();
    let life = crate::biography::life(&web.0.ask, &node, now).await?;
    let life = life.ok_or_else(|| no_node(name))?;
    let sentences = life.sentences(now);
    let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let things = (sentences.as_slice(), life.began.unsigned_abs());
    let told = web.0.company.tell(told.by.name(), Some(node.as_str()), things)?;
    Ok(BiographyView { told, ..BiographyView::of(&life, now) })
}

/// Who tells something; an empty field of a form names nobody.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Teller(String);

impl Teller {
    fn name(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|by| !by.is_empty())
    }
}

/// Who tells a life.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    #[serde(default)]
    by: Teller,
}

pub(super) async fn biography(
    State(web): State<Web>,
    Path(name): Path<String>,
    told: Result<Query<Told>, QueryRejection>,
) -> Result<Json<BiographyView>, Failure> {
    let Query(told) = told.map_err(|why| asked_wrongly(&why))?;
    Ok(Json(biography_of(&web, &name, &told).await?))
}

/// The most weeks that one may look back.
const MOST_WEEKS: u32 = 1_000;

/// How many weeks ago a story ends, the one until now without it; and who tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ago {
    #[serde(default)]
    pub(super) weeks: u32,
    #[serde(default)]
    by: Teller,
}

/// The story of a week.
pub(super) async fn story_of(web: &Web, ago: &Ago) -> Result<StoryView, Failure> {
    if ago.weeks > MOST_WEEKS {
        return Err(Failure(StatusCode::BAD_REQUEST, format!("weeks: at most {MOST_WEEKS}")));
    }
    let until = Timestamp::now().as_millisecond() - i64::from(ago.weeks) * crate::story::WEEK;
    let story = StoryView::from(&crate::story::week(&web.0.ask, until).await?);
    // In a week the same words are told in the same way.
    let seed = (until / crate::story::WEEK).unsigned_abs();
    let told = web.0.company.tell(ago.by.name(), None, (&story.lines(), seed))?;
    Ok(story.told(told))
}

pub(super) async fn story(
    State(web): State<Web>,
    ago: Result<Query<Ago>, QueryRejection>,
) -> Result<Json<StoryView>, Failure> {
    let Query(ago) = ago.map_err(|why| asked_wrongly(&why))?;
    Ok(Json(story_of(&web, &ago).await?))
}

pub(super) async fn enrol(
    State(web): State<Web>,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<Json<Vec<Enrolment>>, Failure> {
    let Json(request) = request.map_err(|error| Failure(error.status(), error.body_text()))?;
    let desk = web.0.desk.clone();
    let enrolled = tokio::task::spawn_blocking(move || desk.enrol(&request)).await;
    let enrolled = enrolled.map_err(|error| Failure(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(Json(enrolled?))
}

/// The description of this API, made with the schemas.
pub(super) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], include_str!("../../../schemas/openapi.json"))
}

pub(super) async fn metrics(State(web): State<Web>) -> impl IntoResponse {
    let minds = web.0.options.thinking.minds().ok();
    let page = metrics::Page { streams: web.streams(), calls: web.0.options.calls.counts() };
    (
        [(CONTENT_TYPE, metrics::TYPE)],
        metrics::text(&web.0.live.status(), &web.0.live.nodes(), page, minds.as_ref()),
    )
}

/// Whether the program runs at all.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it does its work: heard by the broker, and able to store.
pub(super) async fn readyz(State(web): State<Web>) -> (StatusCode, &'static str) {
    // No more than a word: this address asks for no token.
    let status = web.0.live.status();
    match (status.connected, status.degraded) {
        (true, None) => (StatusCode::OK, "ready\n"),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "no link to the broker\n"),
        (_, Some(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the store takes nothing\n"),
    }
}

pub(super) async fn nowhere() -> Failure {
    Failure(StatusCode::NOT_FOUND, "nothing is here; / has the page and /api/v1/nodes the nodes".to_owned())
}

pub(super) async fn wrong_method() -> Failure {
    Failure(StatusCode::METHOD_NOT_ALLOWED, "this address takes another method".to_owned())
}
