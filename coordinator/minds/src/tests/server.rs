//! A provider to test with. The first part of the path says how it behaves;
//! what comes behind it is the dialect's own. It refuses, as the real ones do,
//! whatever is not of its dialect. `tests/` has it, too.

use super::KEY;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub(super) struct Server {
    pub(super) url: String,
    pub(super) seen: Arc<Seen>,
}

/// What was asked of it.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) calls: AtomicUsize,
    pub(super) bodies: Mutex<Vec<Value>>,
    /// Whoever went away before the end of an answer that stalls.
    pub(super) gone: AtomicUsize,
}

impl Server {
    pub(super) async fn start() -> Self {
        let seen = Arc::new(Seen::default());
        let router = router(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    pub(super) fn calls(&self) -> usize {
        self.seen.calls.load(Ordering::SeqCst)
    }

    pub(super) fn last_body(&self) -> Value {
        self.seen.bodies.lock().unwrap().last().cloned().unwrap()
    }
}

/// Notes that an answer was let go of.
struct Gone(Arc<Seen>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.gone.fetch_add(1, Ordering::SeqCst);
    }
}

pub(super) fn router(seen: Arc<Seen>) -> Router {
    Router::new()
        .route("/{way}/v1/messages", post(messages))
        .route("/{way}/v1/chat/completions", post(completions))
        .route("/{way}/v1/embeddings", post(embeddings))
        .with_state(seen)
}

async fn messages(
    Path(way): Path<String>,
    State(seen): State<Arc<Seen>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refuse = |status: u16, kind: &str, words: &str| {
        let error = json!({ "type": "error", "error": { "type": kind, "message": words } });
        (StatusCode::from_u16(status).unwrap(), axum::Json(error)).into_response()
    };
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refuse(400, "invalid_request_error", "no JSON");
    };
    let call = seen.note(&body);
    if headers.get("x-api-key").is_none_or(|key| key != KEY) {
        return refuse(401, "authentication_error", &format!("invalid x-api-key {KEY}"));
    }
    let fits = headers.get("anthropic-version").is_some_and(|version| version == "2023-06-01")
        && headers.get("content-type").is_some_and(|kind| kind == "application/json")
        && body["model"].is_string()
        && body["max_tokens"].as_u64().is_some_and(|most| most > 0)
        && body["messages"].as_array().is_some_and(|all| {
            !all.is_empty()
                && all.iter().all(|one| {
                    matches!(one["role"].as_str(), Some("user" | "assistant")) && !one["content"].is_null()
                })
        })
        && body["tools"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|tool| tool["name"].is_string() && tool["input_schema"].is_object());
    if !fits {
        return refuse(400, "invalid_request_error", "messages: of another shape");
    }
    if let Some(failure) = failure(&way, call, &refuse).await {
        return failure;
    }
    let usage = json!({ "input_tokens": 12, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 5, "output_tokens": 7 });
    let block = match tool_of(&body) {
        Some(name) => json!({ "type": "tool_use", "id": "t1", "name": name, "input": input(name, &body) }),
        None => json!({ "type": "text", "text": "Evening." }),
    };
    let stop = if block["type"] == "text" { "end_turn" } else { "tool_use" };
    if body["stream"] != json!(true) {
        let answer = json!({ "id": "m1", "type": "message", "role": "assistant", "model": "tiny-1", "content": [block], "stop_reason": stop, "usage": usage });
        return whole(&way, &answer.to_string());
    }
    let mut events = vec![
        json!({ "type": "message_start", "message": { "id": "m1", "type": "message", "role": "assistant", "model": "tiny-1", "content": [], "stop_reason": null, "usage": { "input_tokens": 12, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 5, "output_tokens": 1 } } }),
        json!({ "type": "ping" }),
    ];
    if block["type"] == "text" {
        events.push(json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }));
        for piece in ["Even", "ing."] {
            events.push(json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": piece } }));
        }
    } else {
        events.push(json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "tool_use", "id": "t1", "name": block["name"], "input": {} } }));
        let input = block["input"].to_string();
        for piece in parts(&input) {
            events.push(json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "input_json_delta", "partial_json": piece } }));
        }
    }
    events.push(json!({ "type": "content_block_stop", "index": 0 }));
    if way == "overloaded-late" {
        events.push(
            json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } }),
        );
    }
    events.push(json!({ "type": "message_delta", "delta": { "stop_reason": stop, "stop_sequence": null }, "usage": { "output_tokens": 7 } }));
    events.push(json!({ "type": "message_stop" }));
    let lines =
        events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    pieces(&way, lines.collect(), &seen)
}

async fn completions(
    Path(way): Path<String>,
    State(seen): State<Arc<Seen>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refuse = |status: u16, kind: &str, words: &str| {
        let error = json!({ "error": { "message": words, "type": kind, "param": null, "code": kind } });
        (StatusCode::from_u16(status).unwrap(), axum::Json(error)).into_response()
    };
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refuse(400, "invalid_request_error", "no JSON");
    };
    let call = seen.note(&body);
    if headers.get("authorization").is_none_or(|key| *key != *format!("Bearer {KEY}")) {
        return refuse(401, "invalid_api_key", &format!("Incorrect API key provided: {KEY}"));
    }
    let fits = body["model"].is_string()
        && body["max_tokens"].as_u64().is_some_and(|most| most > 0)
        && body["messages"].as_array().is_some_and(|all| {
            !all.is_empty()
                && all
                    .iter()
                    .all(|one| matches!(one["role"].as_str(), Some("system" | "user" | "assistant" | "tool")))
        })
        && body["tools"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|tool| tool["type"] == "function" && tool["function"]["parameters"].is_object())
        && (body["response_format"].is_null()
            || body["response_format"]["json_schema"]["schema"].is_object());
    if !fits {
        return refuse(400, "invalid_request_error", "messages: of another shape");
    }
    if let Some(failure) = failure(&way, call, &refuse).await {
        return failure;
    }
    let usage = json!({ "prompt_tokens": 47, "completion_tokens": 7, "total_tokens": 54, "prompt_tokens_details": { "cached_tokens": 30 } });
    let shaped = body["response_format"].is_object();
    let tool = body["tools"][0]["function"]["name"].as_str();
    let words = match (shaped, way.as_str()) {
        (true, "fenced") => format!("```json\n{}\n```", answer(&body)),
        (true, "chatty") => "Certainly! Here it is.".to_owned(),
        (true, _) => answer(&body).to_string(),
        (false, _) => "Evening.".to_owned(),
    };
    let call = tool.map(|name| json!({ "id": "t1", "type": "function", "function": { "name": name, "arguments": input(name, &body).to_string() } }));
    if body["stream"] != json!(true) {
        let message = match call {
            Some(call) => json!({ "role": "assistant", "content": null, "tool_calls": [call] }),
            None => json!({ "role": "assistant", "content": words }),
        };
        let answer = json!({ "id": "c1", "object": "chat.completion", "model": "tiny-1", "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }], "usage": usage });
        return whole(&way, &answer.to_string());
    }
    let chunk = |delta: Value, finish: Value| json!({ "id": "c1", "object": "chat.completion.chunk", "model": "tiny-1", "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }], "usage": null });
    let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
    if let Some(call) = call {
        let arguments = call["function"]["arguments"].as_str().unwrap();
        events.push(chunk(json!({ "tool_calls": [{ "index": 0, "id": "t1", "type": "function", "function": { "name": call["function"]["name"], "arguments": "" } }] }), Value::Null));
        for piece in [&arguments[..5], &arguments[5..]] {
            events.push(chunk(
                json!({ "tool_calls": [{ "index": 0, "function": { "arguments": piece } }] }),
                Value::Null,
            ));
        }
    } else {
        events.extend(parts(&words).map(|piece| chunk(json!({ "content": piece }), Value::Null)));
    }
    events.push(chunk(json!({}), json!("stop")));
    events.push(json!({ "id": "c1", "object": "chat.completion.chunk", "model": "tiny-1", "choices": [], "usage": usage }));
    let lines =
        events.iter().map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]);
    pieces(&way, lines.collect(), &seen)
}

async fn embeddings(Path(way): Path<String>, State(seen): State<Arc<Seen>>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    seen.note(&body);
    if way == "ragged" {
        return whole(
            &way,
            &json!({ "data": [{ "index": 0, "embedding": [0.5] }, { "index": 1, "embedding": [] }] })
                .to_string(),
        );
    }
    let texts = body["input"].as_array().unwrap().len();
    // Out of order, as the index allows.
    let data: Vec<Value> = (0..texts)
        .rev()
        .map(|index| json!({ "object": "embedding", "index": index, "embedding": [index as f64, 0.25] }))
        .collect();
    whole(&way, &json!({ "object": "list", "data": data, "model": "tiny-1", "usage": { "prompt_tokens": 9, "total_tokens": 9 } }).to_string())
}

/// A text in pieces as a model has them: of some letters each.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, _)| at).skip(4).step_by(4).chain([text.len()]);
    let mut from = 0;
    ends.map(move |end| {
        let part = &text[from..end];
        from = end;
        part
    })
}

/// Which tool of a request is called: the one it must, else its first.
fn tool_of(body: &Value) -> Option<&str> {
    body["tool_choice"]["name"].as_str().or_else(|| body["tools"][0]["name"].as_str())
}

fn input(tool: &str, body: &Value) -> Value {
    if tool == "answer" { answer(body) } else { json!({ "node": "pi-07" }) }
}

/// An answer of the wanted shape, as an honest model would give it: a line for
/// each fact of a pulse, one for each answer to a person, else a word.
fn answer(body: &Value) -> Value {
    let schema = [&body["response_format"]["json_schema"]["schema"], &body["tools"][0]["input_schema"]];
    let said = body["messages"].as_array().and_then(|all| all.last()).unwrap()["content"].as_str();
    if schema.iter().any(|schema| schema.pointer("/properties/beats").is_some()) {
        return json!({ "beats": beats(said.unwrap()) });
    }
    let Some(line) = schema.iter().find_map(|schema| schema.pointer("/properties/lines/items/properties"))
    else {
        return json!({ "word": "evening" });
    };
    if let Some(answers) = line["answer"]["enum"].as_array() {
        let lines = answers.iter().map(|id| json!({ "answer": id, "text": "Hear me: {answer} Hear me." }));
        return json!({ "lines": lines.collect::<Vec<_>>() });
    }
    let wanted = said.unwrap().rsplit("Write:\n").next().unwrap().lines();
    let lines = wanted.filter_map(|line| {
        let (fact, rest) = line.split_once(": ")?;
        let (by, _) = rest.split_once(',')?;
        Some(json!({ "by": by, "fact": fact, "text": "{node} is {state}." }))
    });
    json!({ "lines": lines.collect::<Vec<_>>() })
}

/// The beats of a tale, each with a word before it; and for a teller in whose mouth that
/// is another's, no more than its roles, which nobody's manner is in.
fn beats(said: &str) -> Vec<Value> {
    let wanted = said.rsplit("Beats:\n").next().unwrap().lines();
    let parts = wanted.filter_map(|line| line.split_once(": "));
    let beats = parts.flat_map(|(beat, text)| {
        let id = beat.split(' ').next().unwrap();
        let roles = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        let roles: Vec<String> = roles.map(|(role, _)| format!("{{{role}}}")).collect();
        [text.to_owned(), format!("{}.", roles.join(" and "))]
            .map(|text| json!({ "beat": id, "text": format!("Hear: {text}") }))
    });
    beats.collect()
}

async fn failure(
    way: &str,
    call: usize,
    refuse: &(impl Fn(u16, &str, &str) -> Response + Sync),
) -> Option<Response> {
    match way {
        "400" => Some(refuse(400, "invalid_request_error", "max_tokens: too many")),
        "500" => Some(refuse(500, "api_error", "Internal server error")),
        "529" => Some(refuse(529, "overloaded_error", "Overloaded")),
        "recovers" if call < 2 => Some(refuse(500, "api_error", "Internal server error")),
        "429" | "429-long" => {
            let mut answer = refuse(429, "rate_limit_error", "Too many requests");
            let after = if way == "429" { "0" } else { "40" };
            answer.headers_mut().insert("retry-after", after.parse().unwrap());
            Some(answer)
        }
        "hung" => std::future::pending().await,
        "html" => Some((StatusCode::OK, "<html>a gateway's greeting</html>").into_response()),
        "other" => Some((StatusCode::OK, axum::Json(json!({ "hello": [] }))).into_response()),
        "long" => Some((StatusCode::OK, "x".repeat(1 << 20)).into_response()),
        "moved" => Some((StatusCode::FOUND, [("location", "http://127.0.0.1:1/steal")]).into_response()),
        _ => None,
    }
}

fn whole(way: &str, text: &str) -> Response {
    if way == "cut" {
        let half = text[..text.len() / 2].to_owned();
        let body = stream::iter([Ok(half), Err(std::io::Error::other("gone"))]);
        return Body::from_stream(body).into_response();
    }
    ([("content-type", "application/json")], text.to_owned()).into_response()
}

fn pieces(way: &str, mut lines: Vec<String>, seen: &Arc<Seen>) -> Response {
    let mut end = Vec::new();
    match way {
        "cut" => {
            lines.truncate(lines.len() - 2);
            end.push(Err(std::io::Error::other("gone")));
        }
        // It closes well, and too early.
        "short" => lines.truncate(lines.len() - 2),
        "garbage" => "data: {\"broken\n\n".clone_into(&mut lines[2]),
        // It says how it begins, and then nothing more: whoever waits goes away.
        "stalls" => {
            lines.truncate(lines.len() - 5);
            let (gone, begin) = (Gone(Arc::clone(seen)), Bytes::from(lines.concat()));
            let stall = stream::once(async move {
                let _gone = gone;
                std::future::pending::<Result<Bytes, std::io::Error>>().await
            });
            let body = Body::from_stream(stream::iter([Ok(begin)]).chain(stall));
            return ([("content-type", "text/event-stream")], body).into_response();
        }
        "endless" => lines = vec![lines[2].clone(); 4_000],
        _ => {}
    }
    // In pieces that are no events.
    let text = lines.concat();
    let parts: Vec<_> = text.as_bytes().chunks(37).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    ([("content-type", "text/event-stream")], Body::from_stream(stream::iter(parts.into_iter().chain(end))))
        .into_response()
}

impl Seen {
    /// Notes a call; gives how many came before it.
    fn note(&self, body: &Value) -> usize {
        self.bodies.lock().unwrap().push(body.clone());
        self.calls.fetch_add(1, Ordering::SeqCst)
    }
}
