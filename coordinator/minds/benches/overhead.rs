//! What the router adds to a call: budget, breaker, receipt, choice. In turns, to
//! the same server on this machine: a bare call of the same HTTP client with the
//! same bytes; a provider's call, which also makes and reads a dialect; and the router's.
//!
//! `cargo bench -p minds --bench overhead`. Lines that begin with `|` are rows
//! of a table: what, goal, figure.

#![allow(clippy::unwrap_used, missing_docs)]

use axum::routing::post;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use minds::{Access, Provider, Request, Router, Settings, Task, Timeouts, Turn};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const CALLS: usize = 2_000;
/// The first ones meet cold caches.
const WARM: usize = 100;

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let answer = json!({
        "model": "tiny", "usage": { "prompt_tokens": 900, "completion_tokens": 40 },
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Evening." }, "finish_reason": "stop" }],
    });
    let server =
        axum::Router::new().route("/v1/chat/completions", post(move || async move { axum::Json(answer) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, server).await });
    let settings: Settings = toml::from_str(&format!(
        "[budget]\nhour = 1000000000000\nday = 1000000000000\npersona = 1000000000000\n\
         [providers.home]\nkind = \"openai\"\nmodel = \"tiny\"\nbase_url = \"{url}\"\n"
    ))
    .unwrap();
    let timeouts = Timeouts { connect: Duration::from_secs(5), call: Duration::from_secs(30) };
    let alone = Provider::new("home", &settings.providers["home"], Access::default(), timeouts);
    let (receipts, mut taken) = mpsc::channel(256);
    tokio::spawn(async move { while taken.recv().await.is_some() {} });
    let router = Router::new(settings, BTreeMap::new(), receipts, || 1_763_694_300_000);
    let request = Request {
        task: Task::Pulse,
        by: ["malvo", "caudex", "umbrell"].map(str::to_owned).into(),
        why: "every 30 min".to_owned(),
        // As long as a pulse's rules and context.
        rules: "A rule of the house, in as many words as it takes. ".repeat(40),
        turns: vec![Turn::Person("pi-07 was well now crisis: memory pressure 34 %.\n".repeat(30))],
        schema: None,
        tools: Vec::new(),
        most: 300,
    };
    let bare = Bare::new(&url, &request);
    let mut times = [const { Vec::new() }; 3];
    for turn in 0..WARM + CALLS {
        let mut stamps = [Instant::now(); 4];
        bare.call().await;
        stamps[1] = Instant::now();
        alone.ask(&request).await.unwrap();
        stamps[2] = Instant::now();
        router.ask(&request).await.unwrap();
        stamps[3] = Instant::now();
        if turn >= WARM {
            times.iter_mut().zip(stamps.windows(2)).for_each(|(times, pair)| times.push(pair[1] - pair[0]));
        }
    }
    let [bare, alone, router] = times.map(|mut times: Vec<Duration>| {
        times.sort_unstable();
        move |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e3
    });
    for share in [50, 95] {
        println!(
            "| the router, beyond a bare call of the same client, {share}th percentile of {CALLS} | 1 ms | {:.3} ms: {:.3} after {:.3}; beyond a provider's call {:.3} ms |",
            router(share) - bare(share),
            router(share),
            bare(share),
            router(share) - alone(share),
        );
    }
}

/// The client alone, with the bytes that the dialect would send.
struct Bare {
    client: Client<HttpConnector, Full<Bytes>>,
    url: http::Uri,
    body: Bytes,
}

impl Bare {
    fn new(url: &str, request: &Request) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let Turn::Person(said) = &request.turns[0] else { unreachable!("it is the only turn") };
        let messages = [
            json!({ "role": "system", "content": request.rules }),
            json!({ "role": "user", "content": said }),
        ];
        let body = json!({ "model": "tiny", "messages": messages, "max_tokens": request.most });
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            url: format!("{url}/chat/completions").parse().unwrap(),
            body: Bytes::from(body.to_string()),
        }
    }

    async fn call(&self) {
        let call = http::Request::post(&self.url).header("content-type", "application/json");
        let answer = self.client.request(call.body(Full::new(self.body.clone())).unwrap()).await.unwrap();
        assert!(answer.status().is_success());
        answer.into_body().collect().await.unwrap();
    }
}
