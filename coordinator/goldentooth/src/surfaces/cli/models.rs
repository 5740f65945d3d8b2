//! `models push` and `models list`: another mood model for nodes, and who runs what.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, clean};
use crate::models::{Pushed, Whom};
use crate::surfaces::view::NodeView;
use std::path::Path;

pub(super) fn push(
    coordinator: &Coordinator,
    file: &Path,
    whom: &Whom,
    json: bool,
    screen: &mut Screen<'_>,
) -> Result<(), CliError> {
    let bytes = std::fs::read(file).map_err(|error| {
        CliError::Refused(format!("{} can't be read: {error}\n  way out: name another file", file.display()))
    })?;
    let percent = whom.percent.map(|percent| percent.to_string());
    let mut query = Vec::new();
    query.extend(whom.node.as_deref().map(|node| ("node", node)));
    query.extend(percent.as_deref().map(|percent| ("percent", percent)));
    query.extend(whom.all.then_some(("all", "true")));
    let pushed: Pushed = coordinator.post_bytes("/api/v1/models", &query, &bytes)?;
    if json {
        return screen.json(&pushed, true).map_err(Into::into);
    }
    let nodes: Vec<_> = pushed.nodes.iter().map(|node| clean(node)).collect();
    screen.line(&format!("{} is on its way to {}", clean(&pushed.version), nodes.join(", ")))?;
    screen.line("Each node tries it first; `goldentooth models list` shows who runs what.")?;
    Ok(())
}

pub(super) fn list(coordinator: &Coordinator, json: bool, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let nodes: Vec<NodeView> = coordinator.get("/api/v1/nodes", &[])?;
    if json {
        let models: std::collections::BTreeMap<_, _> =
            nodes.iter().map(|node| (node.name.clone(), node.model.clone())).collect();
        return screen.json(&models, true).map_err(Into::into);
    }
    for node in &nodes {
        let model = node.model.as_deref().map_or_else(|| "threshold rules".into(), clean);
        screen.line(&format!("{:<32} {model}", clean(&node.name)))?;
    }
    Ok(())
}
