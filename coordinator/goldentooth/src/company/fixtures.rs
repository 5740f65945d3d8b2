//! A provider of language models for tests, really there: it speaks OpenAI's dialect,
//! and says what a test has it say.

use axum::Json;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What each of its answers takes of a purse, in tokens: 900 in, 60 out.
pub(crate) const TOKENS: u64 = 960;

pub(crate) struct Provider {
    /// The part of the configuration that names it, as `home`.
    pub(crate) toml: String,
    calls: Arc<AtomicUsize>,
}

impl Provider {
    /// One that answers each request with the value that is made of its body, or refuses it.
    pub(crate) async fn start<A>(answer: impl Fn(Value) -> A + Clone + Send + Sync + 'static) -> Self
    where
        A: Future<Output = Result<Value, StatusCode>> + Send + 'static,
    {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let complete = move |Json(body): Json<Value>| {
            count.fetch_add(1, Ordering::Relaxed);
            let answer = answer(body);
            async move {
                let content = answer.await?.to_string();
                Ok::<_, StatusCode>(Json(json!({
                    "model": "tiny-1", "usage": { "prompt_tokens": 900, "completion_tokens": 60 },
                    "choices": [{ "index": 0, "message": { "role": "assistant", "content": content }, "finish_reason": "stop" }],
                })))
            }
        };
        let router = axum::Router::new().route("/v1/chat/completions", post(complete));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let toml = format!("[providers.home]\nkind = \"openai\"\nmodel = \"tiny\"\nbase_url = \"{url}\"\n");
        Self { toml, calls }
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}
