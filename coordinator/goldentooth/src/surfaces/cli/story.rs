//! `story`: the fleet's week in Markdown.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, clean};
use crate::surfaces::view::StoryView;

pub(super) fn run(
    coordinator: &Coordinator,
    weeks: u32,
    by: Option<&str>,
    json: bool,
    screen: &mut Screen<'_>,
) -> Result<(), CliError> {
    let story: StoryView =
        coordinator.get("/api/v1/story", &[("weeks", &weeks.to_string()), ("by", by.unwrap_or_default())])?;
    if json {
        return Ok(screen.json(&story, true)?);
    }
    for line in story.markdown().lines() {
        screen.line(&clean(line))?;
    }
    Ok(screen.flush()?)
}
