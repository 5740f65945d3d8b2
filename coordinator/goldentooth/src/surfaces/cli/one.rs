//! `node NAME`: one node, and its day in three lines.

use super::ask::{CliError, Coordinator};
use super::draw::{ribbon, sparkline};
use super::screen::{Screen, WIDTH, cell, clean, cut, mark, wrapped};
use crate::flavour::Flavour;
use crate::surfaces::view::{DayView, NodeView, Standing, age, show};
use fleet::service::state_word;
use fleet::words::quantity;
use frames::Vital;
use jiff::Timestamp;

/// The column where values begin.
const LABEL: usize = 12;

pub(super) fn run(
    coordinator: &Coordinator,
    name: &str,
    taste: Option<Flavour>,
    json: bool,
    screen: &mut Screen<'_>,
) -> Result<(), CliError> {
    // What can't be a name would only make an address that can't be one.
    if name.parse::<frames::NodeName>().is_err() {
        return Err(CliError::Refused(format!("no node can be named {:?}", clean(name))));
    }
    let node: NodeView = coordinator.get(&format!("/api/v1/nodes/{name}"), &[])?;
    if json {
        return Ok(screen.json(&node, true)?);
    }
    let day: DayView = coordinator.get(&format!("/api/v1/nodes/{name}/day"), &[])?;
    let node = node.in_flavour(coordinator.flavour(taste));
    Ok(print(&node, &day, Timestamp::now(), screen)?)
}

pub(super) fn print(
    node: &NodeView,
    day: &DayView,
    now: Timestamp,
    screen: &mut Screen<'_>,
) -> std::io::Result<()> {
    let standing = node.standing();
    let since = if node.silent { node.last_seen } else { node.since };
    let long = since.map(|since| format!(" for {}", age(now, since))).unwrap_or_default();
    let mut title = format!("{} {}: {}{long}", mark(standing), clean(&node.name), standing.word());
    for (yes, badge) in [
        (node.simulated, ", simulated"),
        (node.learning && standing != Standing::Learning, ", learning what is normal for it"),
    ] {
        title.push_str(if yes { badge } else { "" });
    }
    screen.line(&screen.tinted(standing, &title))?;
    let field = |screen: &mut Screen<'_>, label: &str, text: &str| {
        for (i, line) in wrapped(text, WIDTH - LABEL).iter().enumerate() {
            screen.line(&format!("{}{line}", cell(if i == 0 { label } else { "" }, LABEL)))?;
        }
        std::io::Result::Ok(())
    };
    if !node.because.is_empty() {
        field(screen, "Because", &node.because_words())?;
    }
    if let Some(seen) = node.last_seen {
        let every = node.interval_s.map(|seconds| format!(", speaks every {seconds} s")).unwrap_or_default();
        field(screen, "Last heard", &format!("{} ago{every}", age(now, seen)))?;
    }
    if let Some(hardware) = &node.hardware {
        field(screen, "Hardware", hardware)?;
    }
    if !node.services.is_empty() {
        let units = node.services.iter().map(|(unit, state)| format!("{unit} {}", state_word(*state)));
        field(screen, "Services", &units.collect::<Vec<_>>().join(", "))?;
    }
    if let Some(keeps) = node.keeps {
        field(screen, "Keeps", &format!("what it knows {}", keeps.words()))?;
    }
    if let Some(said) = &node.last_said {
        let kind = match said.kind {
            crate::live::SaidKind::Fact => "",
            crate::live::SaidKind::Suspicion => " (a suspicion)",
            crate::live::SaidKind::Fiction => " (fiction)",
        };
        field(screen, "Character", &format!("{}{kind}: “{}”", said.by, said.text))?;
    } else if let Some(character) = &node.character {
        field(screen, "Character", character)?;
    }
    history(day, screen)?;
    vitals(node, screen)?;
    screen.flush()
}

fn history(day: &DayView, screen: &mut Screen<'_>) -> std::io::Result<()> {
    if day.mood.iter().all(Option::is_none) {
        return Ok(());
    }
    screen.line("")?;
    let axis = format!("{}24 h ago{:>40}", cell("", LABEL), "now");
    screen.line(&screen.faint(&axis))?;
    screen.line(&format!("{}{}", cell("Mood", LABEL), ribbon(screen, &day.mood)))?;
    for (label, values, span, vital) in
        [("Temperature", &day.temperature, 10.0, Vital::Temperature), ("Load", &day.load1, 1.0, Vital::Load1)]
    {
        let known = || values.iter().flatten().copied();
        if known().next().is_none() {
            continue;
        }
        let least = quantity(vital, known().fold(f64::INFINITY, f64::min) as f32);
        let least = least.trim_end_matches(vital.unit()).trim_end();
        let most = quantity(vital, known().fold(f64::NEG_INFINITY, f64::max) as f32);
        screen.line(&format!("{}{}  {least} to {most}", cell(label, LABEL), sparkline(values, span)))?;
    }
    Ok(())
}

/// Every vital, two to a line, in the order of the table.
fn vitals(node: &NodeView, screen: &mut Screen<'_>) -> std::io::Result<()> {
    let known: Vec<String> = Vital::ALL
        .iter()
        .filter_map(|vital| {
            let view = node.vitals.get(vital.name())?;
            Some(format!("{}{}", cell(&cut(vital.row().words, 29), 30), cell(&show(vital.name(), view), 9)))
        })
        .collect();
    if !known.is_empty() {
        screen.line("")?;
    }
    for pair in known.chunks(2) {
        screen.line(&pair.join("  "))?;
    }
    Ok(())
}
