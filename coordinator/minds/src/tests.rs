//! Real calls over real HTTP, to a server that speaks both dialects and fails
//! in every way that a provider can.

mod authority;
mod calls;
mod llama;
mod routes;
mod server;
mod tls;

use crate::{Provider, Request, Schema, Settings, Task, Timeouts, Tool, Turn};
use serde_json::json;
use server::Server;
use std::fmt::Write as _;
use std::time::Duration;

/// What the server takes for its key.
const KEY: &str = "sk-canary-0123456789";

fn request(text: &str) -> Request {
    Request {
        task: Task::Chat,
        by: vec!["malvo".to_owned()],
        why: "a test".to_owned(),
        rules: "Answer in one word.".to_owned(),
        turns: vec![Turn::Person(text.to_owned())],
        schema: None,
        tools: Vec::new(),
        most: 100,
    }
}

fn shaped(text: &str) -> Request {
    let json =
        json!({ "type": "object", "properties": { "word": { "type": "string" } }, "required": ["word"] });
    Request { schema: Some(Schema { name: "word", json }), ..request(text) }
}

fn tooled(text: &str) -> Request {
    let input = json!({ "type": "object", "properties": { "node": { "type": "string" } } });
    let tool = Tool { name: "look".to_owned(), what: "Looks at a node.".to_owned(), input };
    Request { tools: vec![tool], ..request(text) }
}

/// `[minds]` with these providers: name, dialect, and how the server behaves.
fn settings(server: &Server, providers: &[(&str, &str, &str)], more: &str) -> Settings {
    let mut text = more.to_owned();
    for (name, kind, way) in providers {
        let path = if *kind == "openai" { "/v1" } else { "" };
        write!(
            text,
            "\n[providers.{name}]\nkind = \"{kind}\"\nmodel = \"tiny\"\nembedding_model = \"tiny\"\n\
             base_url = \"{}/{way}{path}\"\nkey = {{ env = \"K\" }}\nprice = {{ in = 2.0, out = 10.0, cached = 0.5 }}\n",
            server.url
        )
        .unwrap();
    }
    toml::from_str(&text).unwrap()
}

fn provider(server: &Server, kind: &str, way: &str) -> Provider {
    made(&settings(server, &[("p", kind, way)], ""), way)
}

/// The provider `p` of these settings.
fn made(settings: &Settings, way: &str) -> Provider {
    let mut access = settings.access(|_| Some(KEY.to_owned())).unwrap();
    // Only who hangs is waited for in vain.
    let call = if way == "hung" { Duration::from_millis(300) } else { Duration::from_secs(30) };
    let timeouts = Timeouts { connect: Duration::from_secs(5), call };
    Provider::new("p", &settings.providers["p"], access.remove("p").unwrap(), timeouts)
}
