//! `nodes`: the table of all nodes, worst first.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, WIDTH, cell, cut, mark};
use super::services::is_trouble;
use crate::surfaces::view::{NodeView, Standing, age, show, worst_first};
use fleet::service::state_word;
use jiff::Timestamp;

pub(super) fn run(coordinator: &Coordinator, json: bool, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let mut nodes: Vec<NodeView> = coordinator.get("/api/v1/nodes", &[])?;
    worst_first(&mut nodes);
    if json {
        return Ok(screen.json(&nodes, true)?);
    }
    Ok(print(&nodes, Timestamp::now(), screen)?)
}

const MOOD: usize = 11;
const SINCE: usize = 7;
const SEEN: usize = 7;
const TEMPERATURE: usize = 8;

pub(super) fn print(nodes: &[NodeView], now: Timestamp, screen: &mut Screen<'_>) -> std::io::Result<()> {
    if nodes.is_empty() {
        screen.line("No node has spoken yet.")?;
        return screen.flush();
    }
    let longest = nodes.iter().map(|node| node.name.len()).max().unwrap_or(0);
    let name = longest.clamp(4, 16) + 2;
    let because = WIDTH - MOOD - name - SINCE - SEEN - TEMPERATURE;
    let head = [
        cell("MOOD", MOOD),
        cell("NODE", name),
        cell("FOR", SINCE),
        cell("HEARD", SEEN),
        cell("TEMP", TEMPERATURE),
        "BECAUSE".to_owned(),
    ];
    screen.line(&screen.faint(&head.concat()))?;
    for node in nodes {
        let standing = node.standing();
        let since = if node.silent { node.last_seen } else { node.since };
        let ago = |at: Option<Timestamp>| at.map_or("–".to_owned(), |at| age(now, at));
        // What a silent node measured last is not shown as if it were so now.
        let temperature = node.vitals.get("temperature").filter(|_| !node.silent);
        let row = [
            screen.tinted(standing, &cell(&format!("{} {}", mark(standing), standing.word()), MOOD)),
            // One column stays free between neighbours.
            cell(&format!("{}{}", cut(&node.name, name - 2), if node.simulated { "~" } else { "" }), name),
            cell(&ago(since), SINCE),
            cell(&ago(node.last_seen), SEEN),
            cell(&temperature.map_or("–".to_owned(), |vital| show("temperature", vital)), TEMPERATURE),
            cut(&reason(node), because),
        ];
        screen.line(&row.concat())?;
    }
    if nodes.iter().any(|node| node.simulated) {
        screen.line(&screen.faint("~ simulated"))?;
    }
    screen.flush()
}

/// What stands in the last column: a service in trouble before the loudest reason,
/// unless the node itself is in trouble.
fn reason(node: &NodeView) -> String {
    let cause = node.because.first().map_or("", |cause| cause.words.as_str());
    let service = || node.services.iter().find(|(_, state)| is_trouble(**state));
    match node.standing() {
        Standing::Silent => "no frame since".to_owned(),
        Standing::Learning => "listening".to_owned(),
        Standing::Happy | Standing::Bored => service()
            .map_or_else(|| cause.to_owned(), |(unit, state)| format!("{unit} {}", state_word(*state))),
        Standing::Stressed | Standing::Crisis => cause.to_owned(),
    }
}
