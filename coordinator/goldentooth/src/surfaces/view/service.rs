//! Services, as everybody outside sees them.

use super::time;
use crate::services::{Seen, Service};
use frames::ServiceState;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One service: an element of `services --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Service"))]
pub struct ServiceView {
    /// What it is called.
    pub name: String,
    /// How it is, as in the worst of its places; null while nothing is known.
    #[cfg_attr(test, schemars(with = "Option<crate::surfaces::schemas::ServiceState>"))]
    pub state: Option<ServiceState>,
    /// Whether the configuration declares it; else it is a unit that an agent
    /// watches, or reports by itself.
    pub declared: bool,
    /// Where its unit is watched.
    pub units: Vec<UnitView>,
    /// The nodes that it is declared to run on.
    pub nodes: Vec<String>,
    /// What its nodes are for.
    pub role: Option<String>,
    /// The services that it needs.
    pub needs: Vec<String>,
    /// The services that need it.
    pub needed_by: Vec<String>,
    /// When it last reported its state by itself; null for never.
    pub reported: Option<Timestamp>,
    /// What it said with that.
    pub note: Option<String>,
    /// Where its state comes from, in words, or why nothing supplies it.
    pub supply: String,
}

/// A unit on a node, as the node's agent last said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ServiceUnit"))]
pub struct UnitView {
    /// On which node.
    pub node: String,
    /// Its name in systemd.
    pub unit: String,
    /// How it is.
    #[cfg_attr(test, schemars(with = "crate::surfaces::schemas::ServiceState"))]
    pub state: ServiceState,
}

impl ServiceView {
    /// Whether something supplies its state.
    pub fn is_supplied(&self) -> bool {
        self.state.is_some()
    }
}

impl From<&Service> for ServiceView {
    fn from(service: &Service) -> Self {
        let names = |all: &[frames::NodeName]| all.iter().map(ToString::to_string).collect();
        let declared = service.declared.as_ref();
        let report = service.report.as_ref();
        Self {
            name: service.name.clone(),
            state: service.state(),
            declared: declared.is_some(),
            units: service.seen.iter().map(UnitView::from).collect(),
            nodes: declared.map(|own| names(&own.nodes)).unwrap_or_default(),
            role: declared.and_then(|own| own.role.clone()),
            needs: declared.map(|own| names(&own.needs)).unwrap_or_default(),
            needed_by: names(&service.needed_by),
            reported: report.and_then(|report| time(report.at)),
            note: report.and_then(|report| report.note.clone()),
            supply: supply(service),
        }
    }
}

impl From<&Seen> for UnitView {
    fn from(seen: &Seen) -> Self {
        Self { node: seen.node.to_string(), unit: seen.unit.clone(), state: seen.state }
    }
}

/// Where a service's state comes from, or what to do so that it does.
fn supply(service: &Service) -> String {
    let mut from: Vec<String> =
        service.seen.iter().map(|seen| format!("{} on {}", seen.unit, seen.node)).collect();
    if service.report.is_some() {
        from.push("its own reports".to_owned());
    }
    if !from.is_empty() {
        return from.join(", ");
    }
    match service.declared.as_ref().and_then(|own| own.unit.as_ref()) {
        Some(unit) => {
            format!("nothing yet: no agent watches {unit}; add it to `watch` in goldentooth-node.toml")
        }
        None => "nothing yet: it names no unit, and has reported nothing".to_owned(),
    }
}
