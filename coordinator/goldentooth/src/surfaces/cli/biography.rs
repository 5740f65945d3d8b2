//! `biography NAME`: a node's life, and its obituary once it was forgotten.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, clean};
use crate::surfaces::view::BiographyView;

pub(super) fn run(
    coordinator: &Coordinator,
    name: &str,
    by: Option<&str>,
    json: bool,
    screen: &mut Screen<'_>,
) -> Result<(), CliError> {
    let life: BiographyView =
        coordinator.get(&format!("/api/v1/nodes/{name}/biography"), &[("by", by.unwrap_or_default())])?;
    if json {
        return Ok(screen.json(&life, true)?);
    }
    for line in life.markdown().lines() {
        screen.line(&clean(line))?;
    }
    Ok(screen.flush()?)
}
