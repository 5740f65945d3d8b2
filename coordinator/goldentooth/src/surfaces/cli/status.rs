//! `status`: what the coordinator has done with what it was told.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, clean, wrapped};
use crate::surfaces::view::{FleetView, StatusView, age};
use jiff::Timestamp;

pub(super) fn run(coordinator: &Coordinator, json: bool, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let status: StatusView = coordinator.get("/api/v1/status", &[])?;
    if json {
        return Ok(screen.json(&status, true)?);
    }
    let fleet: FleetView = coordinator.get("/api/v1/fleet", &[])?;
    Ok(print(&status, &fleet, Timestamp::now(), screen)?)
}

pub(super) fn print(
    status: &StatusView,
    fleet: &FleetView,
    now: Timestamp,
    screen: &mut Screen<'_>,
) -> std::io::Result<()> {
    for line in wrapped(&fleet.verdict, super::screen::WIDTH) {
        screen.line(&line)?;
    }
    screen.line("")?;
    let c = fleet.counts;
    screen.line(&format!(
        "Nodes      {}: {} bored, {} happy, {} stressed, {} crisis, {} silent",
        status.nodes, c.bored, c.happy, c.stressed, c.crisis, c.silent
    ))?;
    screen.line(&format!(
        "Broker     {}",
        if status.connected { "connected" } else { "no link: trying again" }
    ))?;
    screen.line(&format!("Store      {}", status.degraded.as_deref().map_or("well".to_owned(), clean)))?;
    let since = status.since.map_or("an unknown time".to_owned(), |since| age(now, since));
    screen.line(&format!("Frames     in {since}: {} accepted", status.accepted))?;
    screen.line(&format!("             {} stored, {} pending", status.stored, status.pending))?;
    screen.line(&format!("             {} doubles, {} lost by agents", status.doubles, status.dropped))?;
    let refused: u64 = status.refused.values().sum();
    screen.line(&format!("             {refused} refused"))?;
    for (cause, count) in &status.refused {
        screen.line(&format!("               {count} {}", clean(cause).replace('_', " ")))?;
    }
    screen.flush()
}
