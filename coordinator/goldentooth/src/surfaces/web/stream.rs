//! `/api/v1/stream`: what changes, as server-sent events.
//!
//! | event | data |
//! | --- | --- |
//! | `node` | a node as in `/api/v1/nodes/NAME`: its newest state |
//! | `fleet` | verdict and counters as in `/api/v1/fleet` |
//! | `event` | an event as in `/api/v1/events` |
//! | `alive` | nothing happened for 15 s |
//! | `reset` | what was missed can't be told: ask for all again |
//!
//! `Last-Event-ID` (or `?after=ID`) goes on from there; without either,
//! everything known is told first. `?only=nodes` (nodes and verdict), `cards`
//! (the same, of each node what a card shows) or `events` tells less, and so
//! does `?node=NAME`: that node, and events.

use super::Web;
use super::api::{Failure, asked_wrongly, no_node};
use super::hub::{Batch, Place, Wanted};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// How many changes one look at the hub takes.
const BATCH: usize = 128;
/// The longest that a client hears nothing.
const ALIVE: Duration = Duration::from_secs(15);
/// The least time between two looks of a client: soon enough for an eye.
const GAP: Duration = Duration::from_millis(10);
/// What each change of a full look adds to it: 1,000 nodes are told in a second.
const GAP_EACH: Duration = Duration::from_millis(1);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    after: Option<String>,
    only: Option<Only>,
    node: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Only {
    Nodes,
    Cards,
    Events,
}

impl Asked {
    fn wanted(&self) -> Result<Wanted, Failure> {
        Ok(match (&self.node, self.only) {
            (Some(name), _) => Wanted::Node(name.parse().map_err(|_| no_node(name))?),
            (None, Some(Only::Nodes)) => Wanted::Nodes,
            (None, Some(Only::Cards)) => Wanted::Cards,
            (None, Some(Only::Events)) => Wanted::Events,
            (None, None) => Wanted::All,
        })
    }
}

struct Client {
    web: Web,
    newest: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    place: Place,
    wanted: Wanted,
    pending: VecDeque<Event>,
    /// Not before then does it look again.
    next: Instant,
    _permit: OwnedSemaphorePermit,
}

pub(super) async fn stream(
    State(web): State<Web>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let asked = match asked {
        Ok(Query(asked)) => asked,
        Err(rejection) => return asked_wrongly(&rejection).into_response(),
    };
    let wanted = match asked.wanted() {
        Ok(wanted) => wanted,
        Err(failure) => return failure.into_response(),
    };
    let Ok(permit) = web.0.streams.clone().try_acquire_owned() else {
        let words = "too many streams are open: close a page, or try again later".to_owned();
        let refused = Failure(StatusCode::SERVICE_UNAVAILABLE, words);
        return ([(RETRY_AFTER, "10")], refused).into_response();
    };
    let hub = &web.0.hub;
    let last =
        headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned).or(asked.after);
    let known = last.as_deref().and_then(Place::parse).filter(|place| hub.knows(*place));
    let mut pending = VecDeque::from([Event::default().retry(Duration::from_secs(2)).comment("goldentooth")]);
    if last.is_some() && known.is_none() {
        pending.push_back(Event::default().event("reset").data("null"));
    }
    let client = Client {
        newest: hub.newest(),
        stopping: web.0.stopping.subscribe(),
        place: known.unwrap_or_else(|| hub.start()),
        wanted,
        pending,
        next: Instant::now(),
        _permit: permit,
        web: web.clone(),
    };
    Sse::new(stream::unfold(client, next)).into_response()
}

async fn next(mut client: Client) -> Option<(Result<Event, Infallible>, Client)> {
    loop {
        if let Some(event) = client.pending.pop_front() {
            return Some((Ok(event), client));
        }
        if *client.stopping.borrow() {
            return None;
        }
        sleep_until(client.next).await;
        // Marked as seen before the look, so that nothing is slept through.
        client.newest.borrow_and_update();
        let batch = client.look();
        client.next = Instant::now() + GAP + GAP_EACH * u32::try_from(batch.items.len()).unwrap_or(u32::MAX);
        if batch.items.is_empty() && !batch.missed {
            let waited = tokio::select! {
                _ = client.stopping.wait_for(|stop| *stop) => return None,
                waited = timeout(ALIVE, client.newest.changed()) => waited,
            };
            match waited {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => client.pending.push_back(Event::default().event("alive").data("null")),
            }
            continue;
        }
        if batch.missed {
            client.pending.push_back(Event::default().event("reset").data("null"));
        }
        let id = |number| Place::at(batch.reached, number).to_string();
        client.pending.extend(
            batch
                .items
                .iter()
                .map(|item| Event::default().id(id(item.number)).event(item.kind).data(&*item.json)),
        );
    }
}

impl Client {
    fn look(&mut self) -> Batch {
        let batch = self.web.0.hub.since(self.place, BATCH, &self.wanted);
        self.place = batch.reached;
        batch
    }
}
