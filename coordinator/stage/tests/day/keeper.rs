//! A server that keeps the beginnings of prompts and says in its usage what of a prompt
//! it had, by the rules of those who do so. It is asked by the real client, in both
//! dialects, and answers nothing.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use minds::estimate::tokens;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What is kept, and of whom that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `OpenAI`: of every prompt of 1,024 tokens or more, in steps of 128; the wanted shape
    /// stands before it all.
    OpenAi,
    /// Anthropic: up to what is marked with `cache_control`, from 1,024 tokens on; tools
    /// stand before the rules.
    Anthropic,
    /// vLLM: blocks of 16 tokens, however short the prompt; a wanted shape is not in it.
    Blocks,
}

impl Rule {
    /// The least tokens that are kept, and the step.
    fn least(self) -> (u32, u32) {
        match self {
            Self::OpenAi => (1_024, 128),
            Self::Anthropic => (1_024, 1),
            Self::Blocks => (16, 16),
        }
    }

    /// What may be kept of a prompt, and what is beyond that.
    fn prompt(self, body: &Value) -> (String, String) {
        let said = |kind: &str| {
            let messages = body["messages"].as_array().into_iter().flatten();
            let of_kind = messages.filter(|one| (one["role"] == "system") == (kind == "system"));
            of_kind.filter_map(|one| one["content"].as_str()).collect::<Vec<_>>().join("\n")
        };
        match self {
            Self::OpenAi => {
                let shape = body["response_format"].to_string();
                (format!("{shape}{}\n{}", said("system"), said("user")), String::new())
            }
            Self::Blocks => (format!("{}\n{}", said("system"), said("user")), String::new()),
            Self::Anthropic => {
                let rules = &body["system"][0];
                let before = format!("{}{}", body["tools"], rules["text"].as_str().unwrap_or_default());
                if rules["cache_control"].is_object() {
                    (before, said("user"))
                } else {
                    (String::new(), before + &said("user"))
                }
            }
        }
    }

    /// The dialect that is spoken there, and where.
    fn dialect(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::OpenAi | Self::Blocks => ("openai", "/v1", "/v1/chat/completions"),
            Self::Anthropic => ("anthropic", "", "/v1/messages"),
        }
    }
}

struct Keeper {
    rule: Rule,
    /// By key: the prompts of before.
    kept: Mutex<BTreeMap<String, Vec<String>>>,
}

async fn answer(
    State(keeper): State<Arc<Keeper>>,
    headers: HeaderMap,
    axum::Json(body): axum::Json<Value>,
) -> axum::Json<Value> {
    let key = headers.get("authorization").or_else(|| headers.get("x-api-key"));
    let key = key.and_then(|key| key.to_str().ok()).expect("a key").to_owned();
    let (may, rest) = keeper.rule.prompt(&body);
    let (least, step) = keeper.rule.least();
    let mut kept = keeper.kept.lock().unwrap();
    let before = kept.entry(key).or_default();
    let common = before.iter().map(|before| tokens(&same(before, &may))).max().unwrap_or(0);
    let cached = if common < least { 0 } else { common - common % step };
    let (input, all) = (tokens(&may) + tokens(&rest), json!({ "lines": [] }));
    before.push(may);
    axum::Json(match keeper.rule {
        Rule::OpenAi | Rule::Blocks => json!({
            "model": "tiny",
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": all.to_string() }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": input, "completion_tokens": 1, "prompt_tokens_details": { "cached_tokens": cached } },
        }),
        Rule::Anthropic => json!({
            "type": "message", "role": "assistant", "model": "tiny", "stop_reason": "tool_use",
            "content": [{ "type": "tool_use", "id": "t", "name": "answer", "input": all }],
            "usage": { "input_tokens": input - cached, "cache_read_input_tokens": cached, "cache_creation_input_tokens": 0, "output_tokens": 1 },
        }),
    })
}

/// What two texts begin with.
fn same(one: &str, other: &str) -> String {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
}

/// Asks such a server all of this, one after the other, with the real client; gives the
/// tokens in and, of those, the kept ones, as its usage says.
pub fn ask(rule: Rule, requests: &[minds::Request]) -> Vec<(u32, u32)> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let (kind, base, path) = rule.dialect();
        let keeper = Arc::new(Keeper { rule, kept: Mutex::default() });
        let server = Router::new().route(path, post(answer)).with_state(keeper);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{base}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, server).await });
        let settings = format!(
            "[budget]\ncall = 100000\npulse = 100000\nhour = 1000000\nday = 1000000\npersona = 1000000\n\
             [providers.p]\nkind = \"{kind}\"\nmodel = \"tiny\"\nbase_url = \"{url}\"\nkey = {{ env = \"K\" }}\n"
        );
        let settings: minds::Settings = toml::from_str(&settings).unwrap();
        let access = settings.access(|_| Some("sk-0123456789".to_owned())).unwrap();
        let (receipts, mut taken) = tokio::sync::mpsc::channel(64);
        tokio::spawn(async move { while taken.recv().await.is_some() {} });
        let router = minds::Router::new(settings, access, receipts, || 1_763_694_300_000);
        let mut counts = Vec::new();
        for request in requests {
            let given = router.ask(request).await.unwrap();
            counts.push((given.input, given.cached));
        }
        counts
    })
}
