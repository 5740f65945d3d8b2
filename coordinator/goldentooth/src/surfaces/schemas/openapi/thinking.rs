//! Minds and the pulse.

use super::{Address, Writer};
use crate::surfaces::view::{LedgerView, MindsView, PulseView};
use serde_json::json;

pub(super) fn addresses(writer: &mut Writer) {
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
