//! What the router adds to a call: budget, breaker, receipt, choice. The same
//! call over the same HTTP to the same server, with and without it, in turns.
//!
//! `cargo bench -p minds --bench overhead`. Lines that begin with `|` are rows
//! of a table: what, goal, figure.

#![allow(clippy::unwrap_used, missing_docs)]

use axum::routing::post;
use minds::{Access, Provider, Request, Router, Settings, Task, Timeouts, Turn};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const CALLS: usize = 3_000;
/// The first ones meet cold caches.
const WARM: usize = 200;

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
    let (mut with, mut without) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    for turn in 0..WARM + CALLS {
        let began = Instant::now();
        alone.ask(&request).await.unwrap();
        let between = Instant::now();
        router.ask(&request).await.unwrap();
        if turn >= WARM {
            without.push(between - began);
            with.push(between.elapsed());
        }
    }
    let [with, without] = [with, without].map(|mut times: Vec<Duration>| {
        times.sort_unstable();
        move |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e3
    });
    println!(
        "| the router, beyond a provider's own call ({CALLS} calls each) | 1 ms | p50 {:.3} ms ({:.3} with, {:.3} without), p95 {:.3} ms |",
        with(50) - without(50),
        with(50),
        without(50),
        with(95) - without(95)
    );
}
