//! `services`: how each is, and who needs whom.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, WIDTH, cell, clean, cut};
use crate::surfaces::view::ServiceView;
use fleet::service::state_word;
use frames::ServiceState;

const STATE: usize = 11;
const NAME: usize = 18;
const NEEDS: usize = 20;

pub(super) fn run(coordinator: &Coordinator, json: bool, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let services: Vec<ServiceView> = coordinator.get("/api/v1/services", &[])?;
    if json {
        return Ok(screen.json(&services, true)?);
    }
    Ok(print(&services, screen)?)
}

pub(super) fn print(services: &[ServiceView], screen: &mut Screen<'_>) -> std::io::Result<()> {
    if services.is_empty() {
        screen.line(
            "No service is known: none is declared ([[service]]), and no agent watches a unit (`watch`).",
        )?;
        return screen.flush();
    }
    let head = [cell("STATE", STATE), cell("SERVICE", NAME), cell("NEEDS", NEEDS), "FROM".to_owned()];
    screen.line(&screen.faint(&head.concat()))?;
    for service in services {
        let note = service.note.as_ref().map(|note| format!(": “{note}”")).unwrap_or_default();
        let from = clean(&format!("{}{note}", service.supply));
        let row = [
            cell(service.state.map_or("unknown", state_word), STATE),
            cell(&cut(&clean(&service.name), NAME - 2), NAME),
            cell(&cut(&needs(service), NEEDS - 2), NEEDS),
            cut(&from, WIDTH - STATE - NAME - NEEDS),
        ];
        screen.line(&row.concat())?;
    }
    screen.flush()
}

fn needs(service: &ServiceView) -> String {
    if service.needs.is_empty() { "–".to_owned() } else { service.needs.join(", ") }
}

/// Whether a state is one that people should see.
pub(super) fn is_trouble(state: ServiceState) -> bool {
    matches!(state, ServiceState::Failed | ServiceState::Missing | ServiceState::Inactive)
}
