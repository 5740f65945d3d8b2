//! What operators change.

use super::{Address, Writer, name};
use crate::surfaces::view::{CallsView, HabitView, QuietView, TriedView};
use serde_json::{Value, json};

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
pub(super) fn addresses(writer: &mut Writer) {
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
