//! What there is to read of the fleet.

use super::{Address, Parameter, Writer, name};
use crate::surfaces::view::{
    BiographyView, DayView, EventView, FleetView, HistoryView, MoodsView, NodeView, ServiceView, Span,
    StatusView, StoryView,
};
use serde_json::json;

pub(super) fn addresses(writer: &mut Writer) {
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

/// Who tells it.
fn by() -> Parameter<'static> {
    let words = "Which character tells it in its style; of a life its node's own without it.";
    ("by", "query", json!({ "type": "string", "maxLength": 64 }), words)
}
