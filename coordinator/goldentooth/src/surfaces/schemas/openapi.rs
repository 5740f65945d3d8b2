//! `schemas/openapi.json`: the description of the HTTP API, generated from the
//! views and this list of addresses, checked in, and served as it is.

use crate::surfaces::view::{
    AnswersView, BiographyView, CallsView, CharacterView, CouncilView, DayView, DrillView, EventView,
    FactView, FleetView, HabitView, HistoryView, LedgerView, MindsView, MoodsView, NodeView, PulseView,
    QuietView, ServiceView, Span, StatusView, StoryView, TriedView,
};
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
    reading(&mut writer);
    cast(&mut writer);
    thinking(&mut writer);
    writing(&mut writer);
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

/// Who tells it.
fn by() -> Parameter<'static> {
    let words = "Which character tells it in its style; of a life its node's own without it.";
    ("by", "query", json!({ "type": "string", "maxLength": 64 }), words)
}

fn cast(writer: &mut Writer) {
    let all = writer.schema::<Vec<CharacterView>>();
    writer.get("/api/v1/cast", "Everybody on stage.", vec![], all, &[401, 503]);
    let one = writer.schema::<CharacterView>();
    writer.get(
        "/api/v1/cast/{name}",
        "One character, by its sheet's name.",
        vec![name()],
        one,
        &[401, 404, 503],
    );
    let council = writer.schema::<CouncilView>();
    writer.get(
        "/api/v1/nodes/{name}/council",
        "What every eye of the cast sees in a node, and how they are divided.",
        vec![name()],
        council,
        &[401, 404, 503],
    );
    let words =
        json!({ "type": "object", "required": ["words"], "properties": { "words": { "type": "string" } } });
    writer.add(Address {
        method: "post",
        path: "/api/v1/tales",
        summary: "Has a tale told: fiction, and marked as such.",
        parameters: vec![],
        body: None,
        answers: ("application/json", words.clone()),
        fails: &[401, 403, 409, 503],
    });
    writer.add(Address {
        method: "post",
        path: "/api/v1/cast",
        summary: "Gives a node a character of its own.",
        parameters: vec![],
        body: Some(json!({
            "type": "object",
            "required": ["for"],
            "additionalProperties": false,
            "properties": { "for": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" } },
        })),
        answers: ("application/json", words),
        fails: &[400, 401, 403, 404, 409, 415, 422, 503],
    });
    let fact = writer.schema::<FactView>();
    let id = ("id", "path", json!({ "type": "string" }), "The fact's id, as an answer or a line has it.");
    writer.get(
        "/api/v1/facts/{id}",
        "Something recorded that a sentence stands on.",
        vec![id],
        fact,
        &[401, 404, 503],
    );
    let answers = ("application/json", writer.schema::<AnswersView>());
    let body = json!({
        "type": "object",
        "required": ["text"],
        "additionalProperties": false,
        "properties": { "text": { "type": "string", "maxLength": 2000 }, "as": { "type": "string", "maxLength": 64 }, "flavour": { "enum": ["off", "light", "full"] } },
    });
    writer.add(Address {
        method: "post",
        path: "/api/v1/ask",
        summary: "Asks the cast. On loopback it needs no token: it changes nothing.",
        parameters: vec![],
        body: Some(body),
        answers,
        fails: &[400, 401, 403, 415, 422, 429, 503],
    });
    let drill = ("application/json", writer.schema::<DrillView>());
    writer.add(Address {
        method: "post",
        path: "/api/v1/drills",
        summary: "Plays a node's failure in words, else of the one that would take most along: what it finds is so, the story is fiction.",
        parameters: vec![],
        body: Some(json!({
            "type": "object",
            "additionalProperties": false,
            "properties": { "node": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" } },
        })),
        answers: drill,
        fails: &[400, 401, 403, 404, 409, 415, 422, 503],
    });
    let count = json!({ "type": "integer", "minimum": 0 });
    writer.add(Address {
        method: "post",
        path: "/api/v1/people/forget",
        summary: "Forgets a person: what the cast holds of them goes, what they said is overwritten in the events.",
        parameters: vec![],
        body: Some(json!({
            "type": "object",
            "required": ["person"],
            "additionalProperties": false,
            "properties": { "person": { "type": "string", "minLength": 1, "maxLength": 64 } },
        })),
        answers: (
            "application/json",
            json!({
                "type": "object",
                "required": ["events", "others"],
                "properties": { "events": count.clone(), "others": count },
            }),
        ),
        fails: &[400, 401, 403, 415, 422, 503],
    });
}

fn thinking(writer: &mut Writer) {
    let minds = writer.schema::<MindsView>();
    writer.get(
        "/api/v1/minds",
        "Language models, their breakers, and the budget.",
        vec![],
        minds,
        &[401, 503],
    );
    let ledger = writer.schema::<LedgerView>();
    let count = |most: u32| json!({ "type": "integer", "minimum": 0, "maximum": most });
    let parameters = vec![
        ("limit", "query", count(1_000_000), "How many calls at most; 50 without it, never more than 1,000."),
        ("days", "query", count(1_000_000), "How many days; 30 without it, never more than 366."),
    ];
    writer.get(
        "/api/v1/minds/ledger",
        "What was asked of language models, and what it took.",
        parameters,
        ledger,
        &[400, 401, 503],
    );
    let pulse = writer.schema::<PulseView>();
    writer.get("/api/v1/pulse", "The last pulse.", vec![], pulse.clone(), &[401, 503]);
    let summary = "What a pulse would be now, with its very prompt; nobody is called.";
    writer.get("/api/v1/pulse/dry", summary, vec![], pulse.clone(), &[401, 503]);
    writer.add(Address {
        method: "post",
        path: "/api/v1/pulse",
        summary: "Makes a pulse now.",
        parameters: vec![],
        body: None,
        answers: ("application/json", pulse),
        fails: &[401, 403, 503],
    });
}

fn reading(writer: &mut Writer) {
    let services = writer.schema::<Vec<ServiceView>>();
    writer.get("/api/v1/services", "Every service, how it is and what it needs.", vec![], services, &[401]);
    let text = json!({ "type": "string" });
    let nodes = writer.schema::<Vec<NodeView>>();
    writer.get("/api/v1/nodes", "Every node, worst first.", vec![], nodes, &[401]);
    let node = writer.schema::<NodeView>();
    writer.get("/api/v1/nodes/{name}", "One node.", vec![name()], node, &[401, 404]);
    let day = writer.schema::<DayView>();
    writer.get(
        "/api/v1/nodes/{name}/day",
        "A node's last 24 hours in short.",
        vec![name()],
        day,
        &[401, 404, 503],
    );
    let life = writer.schema::<BiographyView>();
    writer.get(
        "/api/v1/nodes/{name}/biography",
        "A node's life, also of one that was forgotten.",
        vec![name(), by()],
        life,
        &[400, 401, 404, 503],
    );
    let history = writer.schema::<HistoryView>();
    let span = writer.schema::<Span>();
    let parameters = vec![
        name(),
        ("span", "query", span, "How far back; a day without it."),
        (
            "vitals",
            "query",
            text.clone(),
            "Names with commas between them; all that were measured without it.",
        ),
    ];
    writer.get(
        "/api/v1/nodes/{name}/history",
        "A node's past, for charts.",
        parameters,
        history,
        &[400, 401, 404, 503],
    );
    let moods = writer.schema::<MoodsView>();
    writer.get(
        "/api/v1/moods",
        "The moods of every node over the last day, for a heatmap.",
        vec![],
        moods,
        &[401, 503],
    );
    let fleet = writer.schema::<FleetView>();
    writer.get("/api/v1/fleet", "The fleet in a sentence and in numbers.", vec![], fleet, &[401]);
    let status = writer.schema::<StatusView>();
    writer.get("/api/v1/status", "The counters of intake.", vec![], status, &[401]);
    let story = writer.schema::<StoryView>();
    let weeks = json!({ "type": "integer", "minimum": 0, "maximum": 1_000 });
    let weeks = ("weeks", "query", weeks, "How many weeks ago it ends; now without it.");
    writer.get(
        "/api/v1/story",
        "The fleet's week, chapter by chapter.",
        vec![weeks, by()],
        story,
        &[400, 401, 404, 503],
    );
    let events = writer.schema::<Vec<EventView>>();
    let parameters = vec![
        ("after", "query", json!({ "type": "string", "format": "uuid" }), "Only those after this one."),
        (
            "kind",
            "query",
            json!({ "type": "string", "pattern": "^[a-z0-9_.*-]*$" }),
            "Only of this kind; `*` stands for any characters.",
        ),
        (
            "node",
            "query",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" }),
            "Only about this node.",
        ),
        (
            "limit",
            "query",
            json!({ "type": "integer", "minimum": 0, "maximum": 1_000_000 }),
            "How many at most; 100 without it, never more than 1,000.",
        ),
    ];
    writer.get("/api/v1/events", "What happened, oldest first.", parameters, events, &[400, 401, 503]);
    writer.get("/api/openapi.json", "This description.", vec![], json!({ "type": "object" }), &[401]);
    for (path, summary) in [
        ("/healthz", "Whether the program runs."),
        ("/readyz", "Whether it does its work: heard by the broker, and able to store."),
    ] {
        let answers = ("text/plain", text.clone());
        let (parameters, body, fails) = (vec![], None, &[][..]);
        writer.add(Address { method: "get", path, summary, parameters, body, answers, fails });
    }
    let answers = ("text/plain", text.clone());
    writer.add(Address {
        method: "get",
        path: "/metrics",
        summary: "The same for Prometheus.",
        parameters: vec![],
        body: None,
        answers,
        fails: &[401],
    });
}

/// Who leaves the fleet, or is called otherwise: an operator's, too.
fn members(writer: &mut Writer) {
    let gone = json!({
        "type": "object",
        "required": ["node"],
        "properties": { "node": { "type": "string" } },
    });
    let shape = |properties: Value, required: &[&str]| {
        Some(json!({
            "type": "object",
            "additionalProperties": false,
            "required": required,
            "properties": properties,
        }))
    };
    let purge = json!({ "purge": { "type": "boolean", "description": "Whether what was recorded of it goes, too." } });
    let to = json!({
        "to": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" },
        "addresses": { "type": "array", "items": { "type": "string" } },
    });
    let enrolment = json!({ "type": "object", "description": "Its new enrolment file's content: a secret." });
    for (what, summary, body, answer) in [
        (
            "forget",
            "Forgets a node: its key is void, and its past kept unless asked otherwise.",
            shape(purge, &[]),
            gone.clone(),
        ),
        ("revoke", "Takes an account away: its sessions end, its frames are refused.", None, gone),
        (
            "rename",
            "Gives a node another name; its past goes along, its old file is void.",
            shape(to, &["to"]),
            enrolment,
        ),
    ] {
        let path = format!("/api/v1/nodes/{{name}}/{what}");
        let fails: &[u16] = if body.is_some() {
            &[400, 401, 403, 404, 409, 415, 422, 503]
        } else {
            &[400, 401, 403, 404, 409, 503]
        };
        writer.add(Address {
            method: "post",
            path: &path,
            summary,
            parameters: vec![name()],
            body,
            answers: ("application/json", answer),
            fails,
        });
    }
}

/// Names of habits.
fn habits(writer: &mut Writer) {
    let all = writer.schema::<Vec<HabitView>>();
    let summary = "Stress that has a name, and is expected at its time of the day.";
    writer.get("/api/v1/habits", summary, vec![], all, &[401]);
    let one = writer.schema::<HabitView>();
    let words =
        json!({ "type": "object", "required": ["words"], "properties": { "words": { "type": "string" } } });
    let shape = |person: bool| {
        let mut properties = json!({ "name": { "type": "string", "minLength": 1, "maxLength": 40 } });
        if person {
            properties["as"] = json!({ "type": "string", "minLength": 1, "maxLength": 64 });
        }
        json!({ "type": "object", "additionalProperties": false, "required": ["name"], "properties": properties })
    };
    for (path, summary, body, answer) in [
        ("/api/v1/nodes/{name}/habits", "Gives a node's latest stress a name.", shape(true), one),
        ("/api/v1/nodes/{name}/habits/forget", "Takes a name away.", shape(false), words),
    ] {
        writer.add(Address {
            method: "post",
            path,
            summary,
            parameters: vec![name()],
            body: Some(body),
            answers: ("application/json", answer),
            fails: &[400, 401, 403, 404, 409, 415, 422, 503],
        });
    }
}

/// What operators change. Every address here asks for an operator's token.
fn writing(writer: &mut Writer) {
    let calls = writer.schema::<CallsView>();
    writer.get(
        "/api/v1/calls",
        "Calls for help: where they go, what is wrong now, and what became of the last ones.",
        vec![],
        calls,
        &[401],
    );
    let windows = writer.schema::<Vec<QuietView>>();
    writer.get("/api/v1/quiet", "The times in which nobody is called.", vec![], windows, &[401]);
    let word = json!({ "type": "string", "maxLength": 32 });
    let tag = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "group": { "type": ["string", "null"], "maxLength": 32 },
            "labels": { "type": "array", "maxItems": 12, "items": word },
        },
    });
    writer.add(Address {
        method: "put",
        path: "/api/v1/nodes/{name}/tag",
        summary: "Gives a node its group and labels.",
        parameters: vec![name()],
        body: Some(tag.clone()),
        answers: ("application/json", tag),
        fails: &[400, 401, 403, 404, 415, 422],
    });
    members(writer);
    habits(writer);
    let quiet = writer.schema::<QuietView>();
    let new = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["until"],
        "properties": {
            "node": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" },
            "group": { "type": "string", "minLength": 1, "maxLength": 32 },
            "cause": { "enum": ["crisis", "silent", "under_voltage", "read_only_disk", "failed_unit"] },
            "from": { "type": "string", "format": "date-time" },
            "until": { "type": "string", "format": "date-time" },
            "reason": { "type": "string" },
        },
    });
    writer.add(Address {
        method: "post",
        path: "/api/v1/quiet",
        summary: "Calls nobody for a node, a group or (without either) the whole fleet; for one cause or for every one.",
        parameters: vec![],
        body: Some(new),
        answers: ("application/json", quiet),
        fails: &[400, 401, 403, 409, 415, 422],
    });
    writer.add(Address {
        method: "delete",
        path: "/api/v1/quiet/{id}",
        summary: "Ends a quiet time.",
        parameters: vec![("id", "path", json!({ "type": "string" }), "Its name.")],
        body: None,
        answers: ("application/json", json!({ "type": "object" })),
        fails: &[401, 403, 404],
    });
    let tried = writer.schema::<Vec<TriedView>>();
    writer.add(Address {
        method: "post",
        path: "/api/v1/calls/test",
        summary: "Sends a test to every place.",
        parameters: vec![],
        body: None,
        answers: ("application/json", tried),
        fails: &[401, 403],
    });
}
