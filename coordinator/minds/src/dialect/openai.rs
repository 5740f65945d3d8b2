//! `OpenAI`'s chat completions and embeddings, as Ollama, llama.cpp's server,
//! vLLM and `OpenRouter` speak them too.

use super::{count, parse, text};
use crate::{Answer, Fault, Request, ToolCall, Turn, Usage};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Its own house knows the limit by another name, which older servers don't know.
const OWN_HOUSE: &str = "https://api.openai.com/";
/// The most wishes of one answer.
const MOST_CALLS: u64 = 64;

pub(super) fn body(request: &Request, model: &str, url: &str, streams: bool) -> Value {
    let rules = (!request.rules.is_empty()).then(|| json!({ "role": "system", "content": request.rules }));
    let messages: Vec<Value> = rules.into_iter().chain(request.turns.iter().map(turn)).collect();
    let limit = if url.starts_with(OWN_HOUSE) { "max_completion_tokens" } else { "max_tokens" };
    let mut body = json!({ "model": model, "messages": messages });
    body[limit] = json!(request.most);
    if let Some(schema) = &request.schema {
        let schema = json!({ "name": schema.name, "schema": schema.json, "strict": true });
        body["response_format"] = json!({ "type": "json_schema", "json_schema": schema });
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            let function = json!({ "name": tool.name, "description": tool.what, "parameters": tool.input });
            json!({ "type": "function", "function": function })
        });
        body["tools"] = Value::Array(tools.collect());
    }
    if streams {
        body["stream"] = json!(true);
        body["stream_options"] = json!({ "include_usage": true });
    }
    body
}

fn turn(turn: &Turn) -> Value {
    match turn {
        Turn::Person(text) => json!({ "role": "user", "content": text }),
        Turn::Mind(text) => json!({ "role": "assistant", "content": text }),
        Turn::Wants(calls) => {
            let calls = calls.iter().map(|call| {
                // Arguments are JSON in a string.
                let function = json!({ "name": call.name, "arguments": call.input.to_string() });
                json!({ "id": call.id, "type": "function", "function": function })
            });
            json!({ "role": "assistant", "content": null, "tool_calls": calls.collect::<Vec<_>>() })
        }
        Turn::Done { id, text } => json!({ "role": "tool", "tool_call_id": id, "content": text }),
    }
}

pub(super) fn answer(body: &Value) -> Result<Answer, Fault> {
    let shape = |what: &str| Fault::Shape(format!("{what} is missing"));
    let choice = body.get("choices").and_then(|choices| choices.get(0)).ok_or_else(|| shape("choices"))?;
    let message = choice.get("message").ok_or_else(|| shape("message"))?;
    let mut wants = Vec::new();
    for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
        let function = call.get("function").ok_or_else(|| shape("function"))?;
        wants.push(ToolCall {
            id: text(call, "id").unwrap_or_default(),
            name: text(function, "name").ok_or_else(|| shape("name"))?,
            input: arguments(&text(function, "arguments").unwrap_or_default())?,
        });
    }
    let words = text(message, "content");
    if words.is_none() && wants.is_empty() {
        return Err(shape("content"));
    }
    Ok(Answer {
        text: words.unwrap_or_default(),
        json: None,
        wants,
        usage: usage(body.get("usage").unwrap_or(&Value::Null)),
        model: text(body, "model").unwrap_or_default(),
        stopped: choice.get("finish_reason").and_then(Value::as_str) == Some("length"),
    })
}

fn arguments(text: &str) -> Result<Value, Fault> {
    if text.trim().is_empty() { Ok(json!({})) } else { parse(text) }
}

fn usage(usage: &Value) -> Usage {
    let details = usage.get("prompt_tokens_details").unwrap_or(&Value::Null);
    Usage {
        input: count(usage, "prompt_tokens"),
        output: count(usage, "completion_tokens"),
        cached: count(details, "cached_tokens"),
    }
}

/// The body of a call for vectors.
pub(crate) fn embedding_body(model: &str, texts: &[String]) -> Value {
    json!({ "model": model, "input": texts, "encoding_format": "float" })
}

/// The vectors of an answer, in the order of the texts, and what they took.
pub(crate) fn embedding(body: &Value, texts: usize) -> Result<(Vec<Vec<f32>>, Usage), Fault> {
    let shape = |what: &str| Fault::Shape(what.to_owned());
    let data = body.get("data").and_then(Value::as_array).ok_or_else(|| shape("data is missing"))?;
    let mut vectors = vec![Vec::new(); texts];
    for (place, one) in data.iter().enumerate() {
        let index = one.get("index").and_then(Value::as_u64).map_or(place, |index| index as usize);
        let numbers = one.get("embedding").and_then(Value::as_array).ok_or_else(|| shape("no vector"))?;
        let numbers: Option<Vec<f32>> =
            numbers.iter().map(|number| number.as_f64().map(|number| number as f32)).collect();
        let vector = vectors.get_mut(index).ok_or_else(|| shape("a vector of no text"))?;
        *vector = numbers.ok_or_else(|| shape("a vector of something else than numbers"))?;
    }
    let dimension = vectors.first().map_or(0, Vec::len);
    if dimension == 0 || vectors.iter().any(|vector| vector.len() != dimension) {
        return Err(shape("vectors are missing, or of different lengths"));
    }
    Ok((vectors, usage(body.get("usage").unwrap_or(&Value::Null))))
}

/// An answer in pieces, up to `[DONE]`.
#[derive(Default)]
pub(crate) struct Gather {
    text: String,
    calls: BTreeMap<u64, (String, String, String)>,
    finish: Option<String>,
    usage: Value,
    model: String,
    done: bool,
}

impl Gather {
    pub(super) fn take(&mut self, data: &str) -> Result<String, Fault> {
        if data.trim() == "[DONE]" {
            self.done = true;
            return Ok(String::new());
        }
        let chunk = parse(data)?;
        if let Some(error) = chunk.get("error") {
            let words = text(error, "message").unwrap_or_default();
            return Err(Fault::Status { status: 500, retry_after: None, words: crate::fence::words(&words) });
        }
        if let Some(model) = text(&chunk, "model") {
            self.model = model;
        }
        if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
            self.usage = usage.clone();
        }
        let Some(choice) = chunk.get("choices").and_then(|choices| choices.get(0)) else {
            return Ok(String::new());
        };
        if let Some(finish) = text(choice, "finish_reason") {
            self.finish = Some(finish);
        }
        let delta = choice.get("delta").unwrap_or(&Value::Null);
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let index = call.get("index").and_then(Value::as_u64).unwrap_or(0).min(MOST_CALLS);
            let (id, name, arguments) = self.calls.entry(index).or_default();
            let function = call.get("function").unwrap_or(&Value::Null);
            id.push_str(&text(call, "id").unwrap_or_default());
            name.push_str(&text(function, "name").unwrap_or_default());
            arguments.push_str(&text(function, "arguments").unwrap_or_default());
        }
        let piece = text(delta, "content").unwrap_or_default();
        self.text.push_str(&piece);
        Ok(piece)
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn finish(self) -> Result<Answer, Fault> {
        let calls = self.calls.into_values();
        let wants = calls.map(|(id, name, text)| Ok(ToolCall { id, name, input: arguments(&text)? }));
        Ok(Answer {
            text: self.text,
            json: None,
            wants: wants.collect::<Result<_, Fault>>()?,
            usage: usage(&self.usage),
            model: self.model,
            stopped: self.finish.as_deref() == Some("length"),
        })
    }
}
