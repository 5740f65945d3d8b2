//! The cast.

use super::{Address, Writer, name};
use crate::surfaces::view::{AnswersView, CharacterView, CouncilView, DrillView, FactView, ProfileView};
use serde_json::json;

pub(super) fn addresses(writer: &mut Writer) {
    let all = writer.schema::<Vec<CharacterView>>();
    writer.get("/api/v1/cast", "Everybody on stage.", vec![], all, &[401, 503]);
    let one = writer.schema::<ProfileView>();
    writer.get(
        "/api/v1/cast/{name}",
        "One character and what became of it, by its sheet's name.",
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
        body: Some(body.clone()),
        answers,
        fails: &[400, 401, 403, 415, 422, 429, 503],
    });
    let pieces = json!({
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "event": { "enum": ["piece", "answers", "refused"] },
            "data": { "type": "string", "description": "JSON." },
        },
        "description": "Server-sent events, each as here: `piece` (`{place, by, mind, kind, text}`) with what may be shown already, then `answers`, whole, as from `/api/v1/ask`, or `refused` (`{error}`).",
    });
    writer.add(Address {
        method: "post",
        path: "/api/v1/ask/aloud",
        summary: "The same, whose answers are shown as they come.",
        parameters: vec![],
        body: Some(body),
        answers: ("text/event-stream", pieces),
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
