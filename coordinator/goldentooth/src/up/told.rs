//! What `up` prints.

use crate::config::Config;
use crate::enrol::Standing;
use crate::live::{Live, NodeSnapshot, Update};
use frames::NodeName;
use serde::Serialize;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;

/// The event of what became of a name: its kind and its facts.
pub(super) fn standing(name: &NodeName, standing: &Standing) -> (&'static str, serde_json::Value) {
    use serde_json::json;
    match standing {
        Standing::Enrolled(entry) => (
            "enrolled",
            json!({
                "node": name, "kind": entry.kind, "epoch": entry.epoch,
                "words": format!("{name} was enrolled; files made for it before are void."),
            }),
        ),
        Standing::Revoked => (
            "revoked",
            json!({ "node": name, "words": format!("{name} was revoked: its file opens nothing any more.") }),
        ),
        Standing::Forgotten { purged } => {
            let past = if *purged { "and what was recorded of it removed" } else { "and its past is kept" };
            let words = format!("{name} was forgotten, {past}.");
            ("forgotten", json!({ "node": name, "purged": purged, "words": words }))
        }
        Standing::Renamed { to } => (
            "renamed",
            json!({ "node": to, "from": name, "words": format!("{name} is called {to} now; its past went along.") }),
        ),
    }
}

/// The line that other programs wait for.
#[derive(Serialize)]
struct Start<'a> {
    ready: bool,
    http: &'a str,
    mqtt: &'a str,
    data: &'a Path,
}

/// That all is ready, and where to look.
pub(super) fn ready(config: &Config, http: &str, mqtt: &str, data: &Path) {
    let words = if config.json {
        serde_json::to_string(&Start { ready: true, http, mqtt, data }).unwrap_or_default()
    } else {
        let simulated = match config.simulate {
            0 => String::new(),
            count => format!("\n  and {count} simulated nodes, marked as such"),
        };
        format!(
            "Goldentooth is up.\n  page    {http}\n  broker  {mqtt}\n  data    {}{simulated}\n\
             Ctrl-C stops it. Try `goldentooth nodes`.",
            data.display()
        )
    };
    say(&words);
}

/// The token that others need for the page: on standard error, so that no
/// program takes it for its answer, and never again.
#[allow(clippy::print_stderr)] // told to who starts it
pub(super) fn first_token(token: &str) {
    eprintln!(
        "The page asks others for a token. This is an operator's, shown only this once:\n  {token}\n\
         `goldentooth token` makes more, and takes them away."
    );
}

/// Tells how this machine feels, as soon as it knows.
pub(super) async fn first_mood(json: bool, live: Live, local: Option<NodeName>) {
    let Some(name) = local.filter(|_| !json) else { return };
    say(&format!("{name} is learning how it feels …"));
    let mut updates = live.subscribe();
    let mut reports = 0;
    loop {
        let node = match updates.recv().await {
            Ok(Update::Node(node)) => node,
            Ok(_) | Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        if node.name != name || node.vitals.present().is_empty() {
            continue;
        }
        // An agent's first report repeats the mood of its last run.
        reports += 1;
        if reports > 1
            && let Some(words) = mood(&node)
        {
            return say(&words);
        }
    }
}

fn mood(node: &Arc<NodeSnapshot>) -> Option<String> {
    let mood = node.mood?;
    let why: Vec<String> = node
        .causes
        .iter()
        .filter_map(|cause| Some(fleet::words::explain(cause, node.vitals.get(cause.vital)?).words))
        .collect();
    let why = if why.is_empty() {
        node.vitals.iter().next().map(|(vital, value)| fleet::words::named(vital, value)).unwrap_or_default()
    } else {
        why.join(" and ")
    };
    Some(format!("{} is {mood}: {why}.", node.name))
}

/// Prints a line at once; nobody reading it is no reason to stop.
fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{words}").and_then(|()| out.flush());
}
