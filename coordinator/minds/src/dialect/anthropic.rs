//! Anthropic's Messages, as of version 2023-06-01.

use super::{ANSWER, count, parse, text};
use crate::{Answer, Fault, Request, ToolCall, Turn, Usage};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const VERSION: &str = "2023-06-01";

/// The least tokens of a beginning that the provider keeps: what is marked
/// below that is marked in vain.
const KEEPABLE: u32 = 1_024;
/// The most blocks of one answer.
const MOST_BLOCKS: u64 = 64;

pub(super) fn body(request: &Request, model: &str, streams: bool) -> Value {
    let mut body = json!({
        "model": model,
        "max_tokens": request.most,
        "messages": request.turns.iter().map(turn).collect::<Vec<_>>(),
    });
    if !request.rules.is_empty() {
        let mut rules = json!({ "type": "text", "text": request.rules });
        if crate::estimate::tokens(&request.rules) >= KEEPABLE {
            rules["cache_control"] = json!({ "type": "ephemeral" });
        }
        body["system"] = json!([rules]);
    }
    let mut tools: Vec<Value> = request
        .tools
        .iter()
        .map(|tool| json!({ "name": tool.name, "description": tool.what, "input_schema": tool.input }))
        .collect();
    if let Some(schema) = &request.schema {
        // Known to every model and proxy of this version, unlike a format for the text.
        let what = format!("Gives the {}.", schema.name);
        tools.push(json!({ "name": ANSWER, "description": what, "input_schema": schema.json }));
        if request.tools.is_empty() {
            body["tool_choice"] = json!({ "type": "tool", "name": ANSWER });
        }
    }
    if !tools.is_empty() {
        body["tools"] = Value::Array(tools);
    }
    if streams {
        body["stream"] = json!(true);
    }
    body
}

fn turn(turn: &Turn) -> Value {
    match turn {
        Turn::Person(text) => json!({ "role": "user", "content": text }),
        Turn::Mind(text) => json!({ "role": "assistant", "content": text }),
        Turn::Wants(calls) => {
            let calls = calls.iter().map(
                |call| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.input }),
            );
            json!({ "role": "assistant", "content": calls.collect::<Vec<_>>() })
        }
        Turn::Done { id, text } => {
            json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": id, "content": text }] })
        }
    }
}

pub(super) fn answer(body: &Value) -> Result<Answer, Fault> {
    let shape = |what: &str| Fault::Shape(format!("{what} is missing"));
    let mut answer = Answer { model: text(body, "model").unwrap_or_default(), ..Answer::default() };
    for block in body.get("content").and_then(Value::as_array).ok_or_else(|| shape("content"))? {
        match block.get("type").and_then(Value::as_str) {
            Some("text") => answer.text.push_str(&text(block, "text").ok_or_else(|| shape("text"))?),
            Some("tool_use") => answer.wants.push(ToolCall {
                id: text(block, "id").ok_or_else(|| shape("id"))?,
                name: text(block, "name").ok_or_else(|| shape("name"))?,
                input: block.get("input").cloned().ok_or_else(|| shape("input"))?,
            }),
            // What it thinks aloud, and kinds that came later.
            _ => {}
        }
    }
    answer.usage = usage(body.get("usage").unwrap_or(&Value::Null));
    answer.stopped = body.get("stop_reason").and_then(Value::as_str) == Some("max_tokens");
    Ok(answer)
}

/// What went in is told in three parts: fresh, written to the cache, read from it.
fn usage(usage: &Value) -> Usage {
    let cached = count(usage, "cache_read_input_tokens");
    let written = count(usage, "cache_creation_input_tokens").unwrap_or(0);
    Usage {
        input: count(usage, "input_tokens")
            .map(|fresh| fresh.saturating_add(written).saturating_add(cached.unwrap_or(0))),
        output: count(usage, "output_tokens"),
        cached,
    }
}

/// An answer in pieces: `message_start`, blocks with their deltas, `message_delta`, `message_stop`.
#[derive(Default)]
pub(crate) struct Gather {
    message: Map<String, Value>,
    usage: Map<String, Value>,
    blocks: BTreeMap<u64, Block>,
    done: bool,
}

#[derive(Default)]
struct Block {
    start: Value,
    text: String,
    input: String,
}

impl Gather {
    pub(super) fn take(&mut self, event: &Value) -> Result<String, Fault> {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        let index = event.get("index").and_then(Value::as_u64).unwrap_or(0);
        match kind {
            "message_start" => {
                if let Some(message) = event.get("message").and_then(Value::as_object) {
                    self.note_usage(message.get("usage"));
                    self.message.clone_from(message);
                }
            }
            "content_block_start" if index < MOST_BLOCKS => {
                let start = event.get("content_block").cloned().unwrap_or_default();
                let begun = text(&start, "text").unwrap_or_default();
                self.blocks.insert(index, Block { start, text: begun.clone(), input: String::new() });
                return Ok(begun);
            }
            "content_block_delta" => {
                let delta = event.get("delta").unwrap_or(&Value::Null);
                let Some(block) = self.blocks.get_mut(&index) else {
                    return Err(Fault::Shape("a piece of a block that never began".to_owned()));
                };
                if let Some(piece) = text(delta, "text") {
                    block.text.push_str(&piece);
                    return Ok(piece);
                }
                let piece = text(delta, "partial_json").unwrap_or_default();
                block.input.push_str(&piece);
                // The answer in a wanted shape is an answer's words, too.
                if block.start.get("name").and_then(Value::as_str) == Some(ANSWER) {
                    return Ok(piece);
                }
            }
            "message_delta" => {
                self.note_usage(event.get("usage"));
                if let Some(delta) = event.get("delta").and_then(Value::as_object) {
                    self.message.extend(delta.clone());
                }
            }
            "message_stop" => self.done = true,
            "error" => {
                let words = event.get("error").and_then(|error| text(error, "message")).unwrap_or_default();
                return Err(Fault::Status {
                    status: 529,
                    retry_after: None,
                    words: crate::fence::words(&words),
                });
            }
            // Pings, and kinds that came later.
            _ => {}
        }
        Ok(String::new())
    }

    fn note_usage(&mut self, usage: Option<&Value>) {
        // Each figure is the whole so far: a later one takes an earlier one's place.
        let told =
            usage.and_then(Value::as_object).into_iter().flatten().filter(|(_, count)| !count.is_null());
        self.usage.extend(told.map(|(key, count)| (key.clone(), count.clone())));
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn finish(self) -> Result<Answer, Fault> {
        let mut content = Vec::new();
        for mut block in self.blocks.into_values() {
            let kind = text(&block.start, "type");
            match kind.as_deref() {
                Some("text") => block.start["text"] = Value::from(block.text),
                Some("tool_use") if !block.input.is_empty() => block.start["input"] = parse(&block.input)?,
                _ => {}
            }
            content.push(block.start);
        }
        let mut message = self.message;
        message.insert("content".to_owned(), Value::Array(content));
        message.insert("usage".to_owned(), Value::Object(self.usage));
        answer(&Value::Object(message))
    }
}
