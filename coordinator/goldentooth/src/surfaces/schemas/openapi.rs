//! `schemas/openapi.json`: the description of the HTTP API, generated from the
//! views and this list of addresses, checked in, and served as it is.

mod cast;
mod reading;
mod thinking;
mod writing;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Writes the description.
struct Writer {
    generator: SchemaGenerator,
    paths: Map<String, Value>,
}

/// A parameter of an address: name, where it stands, schema, and what it is.
type Parameter<'a> = (&'a str, &'a str, Value, &'a str);

/// One address under one method.
struct Address<'a> {
    method: &'a str,
    path: &'a str,
    summary: &'a str,
    parameters: Vec<Parameter<'a>>,
    body: Option<Value>,
    /// What it answers with 200, by type.
    answers: (&'a str, Value),
    /// What else it may answer.
    fails: &'a [u16],
}

impl Writer {
    fn schema<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }

    fn add(&mut self, address: Address<'_>) {
        let Address { method, path, summary, parameters, body, answers: (kind, schema), fails } = address;
        let mut responses = Map::new();
        responses.insert(
            "200".to_owned(),
            json!({ "description": "It is so.", "content": { kind: { "schema": schema } } }),
        );
        for status in fails {
            responses.insert(
                status.to_string(),
                json!({ "$ref": format!("#/components/responses/{}", failure(*status).0) }),
            );
        }
        let parameters: Vec<Value> = parameters
            .into_iter()
            .map(|(name, place, schema, words)| {
                json!({ "name": name, "in": place, "required": place == "path", "schema": schema, "description": words })
            })
            .collect();
        let mut operation = json!({ "summary": summary, "parameters": parameters, "responses": responses });
        if let Some(schema) = body {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        if method != "get" {
            operation["security"] = json!([{ "token": [] }]);
        }
        let entry = self.paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        entry[method] = operation;
    }

    fn get(
        &mut self,
        path: &str,
        summary: &str,
        parameters: Vec<Parameter<'_>>,
        schema: Value,
        fails: &[u16],
    ) {
        let answers = ("application/json", schema);
        self.add(Address { method: "get", path, summary, parameters, body: None, answers, fails });
    }
}

fn failure(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("Wrong", "Something in the address or the body can't be understood; `error` says what."),
        401 => ("Token", "The token is needed."),
        403 => ("Forbidden", "From another site, or the token may only read."),
        404 => ("Unknown", "There is no such thing."),
        409 => ("Conflict", "It can't be done as things stand; `error` says why."),
        429 => {
            ("TooMany", "More is asked than anybody takes up; `error` says by whom it is declined, and why.")
        }
        415 => ("Type", "The body is not JSON."),
        422 => ("Shape", "The body is JSON of another shape."),
        _ => ("Unavailable", "The store can't be read at the moment."),
    }
}

fn components(generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for status in [400, 401, 403, 404, 409, 415, 422, 429, 503] {
        let (name, words) = failure(status);
        let content = if matches!(status, 401 | 403) {
            // From the guard, before any address is looked at: plain words.
            json!({ "text/plain": { "schema": { "type": "string" } }, "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } })
        } else {
            json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } })
        };
        responses.insert(name.to_owned(), json!({ "description": words, "content": content }));
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert(
        "Failure".to_owned(),
        json!({ "type": "object", "required": ["error"], "properties": { "error": { "type": "string" } } }),
    );
    json!({
        "schemas": schemas,
        "responses": responses,
        "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
    })
}

/// The whole description.
pub(super) fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut writer = Writer { generator: settings.into_generator(), paths: Map::new() };
    reading::addresses(&mut writer);
    cast::addresses(&mut writer);
    thinking::addresses(&mut writer);
    writing::addresses(&mut writer);
    let Writer { mut generator, paths } = writer;
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Goldentooth",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the coordinator knows of its fleet. Reading is open on loopback; anywhere else, and for writing, a token is needed.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": components(&mut generator),
    })
}

fn name() -> Parameter<'static> {
    ("name", "path", json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" }), "The node's name.")
}
