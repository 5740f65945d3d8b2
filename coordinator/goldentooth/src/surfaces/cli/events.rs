//! `events`: what happened, and with `--follow` what happens.

use super::Events;
use super::ask::{CliError, Coordinator, Told};
use super::screen::{Screen, WIDTH, cell, wrapped};
use crate::flavour::Flavour;
use crate::surfaces::view::EventView;
use jiff::tz::TimeZone;
use std::time::Duration;

/// How long `--follow` waits before it asks a lost coordinator again.
const AGAIN: Duration = Duration::from_secs(2);

pub(super) fn run(
    coordinator: &Coordinator,
    wanted: &Events,
    screen: &mut Screen<'_>,
) -> Result<(), CliError> {
    let mut printer = Printer {
        wanted,
        screen,
        zone: TimeZone::system(),
        last: String::new(),
        flavour: Flavour::default(),
    };
    if !wanted.follow {
        let events = printer.past(coordinator)?;
        printer.flavour = coordinator.flavour(wanted.taste.flavour);
        if wanted.target.json {
            return Ok(printer.screen.json(&events, true)?);
        }
        return events.iter().try_for_each(|event| printer.print(event));
    }
    // The first time a coordinator that can't be reached is an error; later it is waited for.
    let mut reached = false;
    loop {
        let followed = printer.follow(coordinator, &mut reached);
        match followed {
            Ok(()) => {}
            Err(CliError::Unreachable { .. }) if reached => {}
            Err(error) => return Err(error),
        }
        std::thread::sleep(AGAIN);
    }
}

struct Printer<'a, 'b> {
    wanted: &'a Events,
    screen: &'a mut Screen<'b>,
    zone: TimeZone,
    /// The id of the newest event printed; ids rise with time.
    last: String,
    /// How much voice a character's words have.
    flavour: Flavour,
}

impl Printer<'_, '_> {
    /// Events after the last one printed.
    fn past(&self, coordinator: &Coordinator) -> Result<Vec<EventView>, CliError> {
        // No limit means as many as the coordinator gives: wanted after a gap.
        let limit = if self.last.is_empty() { self.wanted.limit.to_string() } else { "1000".to_owned() };
        if limit == "0" {
            return Ok(Vec::new());
        }
        let mut query = vec![("limit", limit.as_str())];
        query.extend(self.wanted.kind.as_deref().map(|kind| ("kind", kind)));
        query.extend(self.wanted.node.as_deref().map(|node| ("node", node)));
        if !self.last.is_empty() {
            query.push(("after", &self.last));
        }
        coordinator.get("/api/v1/events", &query)
    }

    /// Prints what was missed, then what the stream tells, until it ends.
    fn follow(&mut self, coordinator: &Coordinator, reached: &mut bool) -> Result<(), CliError> {
        let past = self.past(coordinator)?;
        self.flavour = coordinator.flavour(self.wanted.taste.flavour);
        for event in past {
            self.newer(&event)?;
        }
        *reached = true;
        self.screen.flush()?;
        coordinator.follow(&[("only", "events")], |told: Told| {
            if told.kind == "event" {
                let event =
                    serde_json::from_str(&told.data).map_err(|error| CliError::Refused(error.to_string()))?;
                self.newer(&event)?;
            }
            Ok(())
        })
    }

    /// Prints an event unless it is an older one, or not wanted.
    fn newer(&mut self, event: &EventView) -> Result<(), CliError> {
        let other = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_some_and(|wanted| Some(wanted) != is)
        };
        if event.id <= self.last
            || other(&self.wanted.kind, Some(&event.kind))
            || other(&self.wanted.node, event.node.as_deref())
        {
            return Ok(());
        }
        self.last.clone_from(&event.id);
        if self.wanted.target.json {
            return Ok(self.screen.json(event, false)?);
        }
        self.print(event)
    }

    fn print(&mut self, event: &EventView) -> Result<(), CliError> {
        Ok(print(&event.clone().in_flavour(self.flavour), &self.zone, self.screen)?)
    }
}

/// One event: when, of whom, and what.
pub(super) fn print(event: &EventView, zone: &TimeZone, screen: &mut Screen<'_>) -> std::io::Result<()> {
    const HEAD: usize = 17 + 16;
    let at = event.at.map_or("time unknown".to_owned(), |at| {
        at.to_zoned(zone.clone()).strftime("%b %d %H:%M:%S").to_string()
    });
    let node = event.node.as_deref().unwrap_or("–");
    for (i, line) in wrapped(&event.words, WIDTH - HEAD).iter().enumerate() {
        let head = if i == 0 {
            format!("{} {}", screen.faint(&cell(&at, 16)), cell(node, 15))
        } else {
            " ".repeat(HEAD - 1)
        };
        screen.line(&format!("{head} {line}"))?;
    }
    screen.flush()
}
