//! The web page, the API and the stream, on fixed addresses:
//!
//! | address | what |
//! | --- | --- |
//! | `/`, `/nodes/NAME`, `/nodes/NAME/biography`, `/events`, `/story`, `/cast`, `/proposals` | pages |
//! | `/api/v1/nodes`, `/api/v1/nodes/NAME`, `/api/v1/nodes/NAME/day` | nodes as JSON |
//! | `/api/v1/nodes/NAME/history`, `/api/v1/moods` | the past, for charts and the heatmap |
//! | `/api/v1/fleet`, `/api/v1/status`, `/api/v1/events`, `/api/v1/services` | the rest as JSON |
//! | `/api/v1/story` | the fleet's week |
//! | `/api/v1/cast`, `/api/v1/cast/NAME`, `/api/v1/facts/ID` | the cast, and what its words stand on |
//! | `/api/v1/nodes/NAME/biography` | a node's life, also of one that was forgotten |
//! | `/api/v1/nodes/NAME/council` | what every eye of the cast sees in a node |
//! | `POST /api/v1/ask` | a question to the cast; it changes nothing, and needs no token on loopback |
//! | `POST /api/v1/ask/aloud` | the same, its answers as they come: `aloud.rs` |
//! | `POST /api/v1/cast/NAME` | a mute, a thumb or a guess: needs the token |
//! | `/api/v1/minds`, `/api/v1/minds/ledger` | who can be asked, and what it cost |
//! | `/api/v1/pulse`, `/api/v1/pulse/dry` | the last pulse, and what one would be; `POST` makes one: needs the token |
//! | `POST /api/v1/cast` | a character of its own for a node: the same |
//! | `POST /api/v1/tales` | has a tale told: the same |
//! | `POST /api/v1/drills` | has a node's failure played in words: what it would take along |
//! | `/api/v1/stream` | what changes, as server-sent events: `stream.rs` |
//! | `/calls`, `/api/v1/calls`, `/api/v1/quiet` | calls for help, and quiet times |
//! | `PUT /api/v1/nodes/NAME/tag`, `POST /api/v1/quiet`, … | what operators change: needs a token, always |
//! | `POST /api/v1/nodes/NAME/forget`, `revoke`, `rename` | who leaves, or is called otherwise: the same |
//! | `/api/v1/habits`; `POST /api/v1/nodes/NAME/habits`, `…/habits/forget` | names of habits: the same to change them |
//! | `POST /api/v1/models` | sends nodes a model: the same |
//! | `POST /api/v1/enrol` | enrols: the same |
//! | `/sign-in`, `/sign-out` | a cookie for a token |
//! | `/api/openapi.json` | all of this, described |
//! | `/metrics` | for Prometheus |
//! | `/healthz`, `/readyz` | for whoever watches the coordinator |
//!
//! Every request passes `guard.rs` first: Host, Origin, token, headers.

mod aloud;
mod answers;
mod api;
mod assets;
mod characters;
mod desk;
mod draw;
mod guard;
mod habits;
mod hub;
mod members;
mod models;
mod pages;
mod signing;
mod stream;
mod taste;
#[cfg(test)]
mod tests;
mod thinking;
mod trace;

use crate::access::Access;
use crate::ask::Ask;
use crate::calls::Calls;
use crate::care::Care;
use crate::company::Company;
use crate::enrol::Desk;
use crate::flavour::Flavours;
use crate::habits::Habits;
use crate::live::Live;
use crate::members::Members;
use crate::models::Pusher;
use crate::services::Services;
use crate::thinking::Thinking;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};
use hub::Hub;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_http::compression::CompressionLayer;

/// The most open streams: each is a browser tab or a following command.
const MOST_STREAMS: usize = 512;

/// How long answers may take to end when the coordinator stops.
const GRACE: Duration = Duration::from_secs(1);

/// What the web surface needs to know.
#[derive(Clone)]
pub struct Options {
    /// Where it listens. Off loopback everything but the health checks demands the token.
    pub address: SocketAddr,
    /// Names besides `localhost` and plain addresses that a `Host` may say.
    pub hosts: Vec<String>,
    /// Whose token counts.
    pub access: Arc<Access>,
    /// What operators say of nodes.
    pub care: Care,
    /// Calls for help.
    pub calls: Calls,
    /// How much voice there is where nobody has chosen.
    pub flavours: Flavours,
    /// The services that are declared, and what they report.
    pub services: Services,
    /// Sends models to nodes; none where nothing is sent, as in tests.
    pub models: Option<Pusher>,
    /// Language models and the pulse.
    pub thinking: Thinking,
    /// Lets nodes go and renames them; none where nobody does, as in tests.
    pub members: Option<Members>,
    /// Names of habits.
    pub habits: Habits,
}

/// The web surface; cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    live: Live,
    ask: Ask,
    company: Company,
    desk: Desk,
    hub: Hub,
    options: Options,
    streams: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Web {
    /// One over these rooms. It hears nothing until [`Web::serve`] or [`Web::listen`].
    pub fn new(live: Live, (ask, company): (Ask, Company), desk: Desk, options: Options) -> Self {
        let hub = Hub::new(live.clone());
        let streams = Arc::new(Semaphore::new(MOST_STREAMS));
        let stopping = watch::Sender::new(false);
        Self(Arc::new(Inner { live, ask, company, desk, hub, options, streams, stopping }))
    }

    /// Every address, guarded.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(self.pages())
            .route("/assets/{name}", get(assets::asset))
            .route("/favicon.ico", get(assets::favicon))
            .route("/api/v1/nodes", get(api::nodes))
            .route("/api/v1/nodes/{name}", get(api::node))
            .route("/api/v1/nodes/{name}/day", get(api::day))
            .route("/api/v1/nodes/{name}/history", get(api::history))
            .route("/api/v1/nodes/{name}/biography", get(api::biography))
            .route("/api/v1/nodes/{name}/council", get(characters::council))
            .route("/api/v1/moods", get(api::moods))
            .route("/api/v1/fleet", get(api::fleet))
            .route("/api/v1/status", get(api::status))
            .route("/api/v1/events", get(api::events))
            .route("/api/v1/services", get(api::services))
            .route("/api/v1/story", get(api::story))
            .route("/api/v1/cast", get(characters::all).post(characters::bear))
            .route("/api/v1/cast/{name}", get(characters::one).post(characters::wish))
            .route("/api/v1/tales", post(characters::tale))
            .route("/api/v1/drills", post(characters::drill))
            .route("/api/v1/people/forget", post(characters::forget))
            .route("/api/v1/ask", post(characters::ask))
            .route("/api/v1/ask/aloud", post(aloud::ask))
            .route("/api/v1/facts/{id}", get(characters::fact))
            .route("/api/v1/minds", get(thinking::all))
            .route("/api/v1/minds/ledger", get(thinking::ledger))
            .route("/api/v1/pulse", get(thinking::last).post(thinking::now))
            .route("/api/v1/pulse/dry", get(thinking::dry))
            .route("/api/v1/stream", get(stream::stream))
            .route(signing::PATH, get(signing::page).post(signing::sign_in_with))
            .route("/sign-out", post(signing::sign_out))
            .route("/api/v1/nodes/{name}/tag", put(desk::tag))
            .route("/api/v1/nodes/{name}/forget", post(members::forget))
            .route("/api/v1/nodes/{name}/revoke", post(members::revoke))
            .route("/api/v1/nodes/{name}/rename", post(members::rename))
            .route("/api/v1/habits", get(habits::all))
            .route("/api/v1/nodes/{name}/habits", post(habits::name))
            .route("/api/v1/nodes/{name}/habits/forget", post(habits::forget))
            .route("/api/v1/quiet", get(desk::windows).post(desk::quiet))
            .route("/api/v1/quiet/{id}", delete(desk::end))
            .route("/api/v1/calls", get(desk::calls))
            .route("/api/v1/calls/test", post(desk::test))
            .route("/api/v1/models", post(models::push))
            .route("/api/v1/enrol", post(api::enrol))
            .route("/api/openapi.json", get(api::openapi))
            .route("/metrics", get(api::metrics))
            .route("/healthz", get(api::healthz))
            .route("/readyz", get(api::readyz))
            .fallback(api::nowhere)
            .method_not_allowed_fallback(api::wrong_method)
            // Streams are left alone: they are never compressed.
            .layer(CompressionLayer::new())
            .layer(from_fn_with_state(self.clone(), guard::guard))
            .with_state(self.clone())
    }

    /// The pages in which characters speak: each person chooses how much.
    fn pages(&self) -> Router<Self> {
        Router::new()
            .route("/", get(pages::fleet))
            .route("/nodes/{name}", get(pages::node))
            .route("/nodes/{name}/biography", get(pages::biography))
            .route("/events", get(pages::events))
            .route("/story", get(pages::story))
            .route("/cast", get(pages::cast))
            .route("/proposals", get(pages::proposals))
            .route("/calls", get(pages::calls))
            .route("/minds", get(pages::ledger))
            .route_layer(from_fn_with_state(self.clone(), taste::taste))
    }

    /// How many streams are open.
    fn streams(&self) -> usize {
        MOST_STREAMS.saturating_sub(self.0.streams.available_permits())
    }

    /// Hears what changes, until the coordinator stops. [`Web::serve`] does it by itself.
    pub async fn listen(&self) {
        self.0.hub.listen(self.0.stopping.subscribe()).await;
    }

    /// Serves until `stop` is done, then ends every stream and returns.
    ///
    /// # Errors
    /// What the listener says.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let listening = tokio::spawn({
            let web = self.clone();
            async move { web.listen().await }
        });
        let stopping = {
            let web = self.clone();
            async move {
                stop.await;
                web.0.stopping.send_replace(true);
            }
        };
        let mut stopped = self.0.stopping.subscribe();
        let served = tokio::select! {
            served = axum::serve(listener, self.router()).with_graceful_shutdown(stopping) => served,
            // A client that reads no more can't be waited for.
            () = async {
                let _ = stopped.wait_for(|stop| *stop).await;
                tokio::time::sleep(GRACE).await;
            } => Ok(()),
        };
        listening.abort();
        served
    }
}
