//! `notify test`: whether calls for help arrive.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, clean};
use crate::surfaces::view::TriedView;

pub(super) fn test(coordinator: &Coordinator, json: bool, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let tried: Vec<TriedView> = coordinator.post("/api/v1/calls/test")?;
    if tried.is_empty() {
        return Err(CliError::Refused(
            "no place for calls is configured\n  \
             way out: write a [[notify]] section in the configuration (`goldentooth up --help` shows one)"
                .to_owned(),
        ));
    }
    if json {
        screen.json(&tried, true)?;
    } else {
        for one in &tried {
            let place = clean(&one.place);
            match &one.error {
                None => screen.line(&format!("{place}: it arrived"))?,
                Some(error) => screen.line(&format!("{place}: {}", clean(error)))?,
            }
        }
    }
    let lost = tried.iter().filter(|one| !one.arrived).count();
    if lost == 0 {
        Ok(())
    } else {
        Err(CliError::Refused(format!("{lost} of {} tests did not arrive", tried.len())))
    }
}
