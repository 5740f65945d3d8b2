//! What a `Hello` changes, compared with the one before.

use crate::change::Change;
use crate::node::Node;
use crate::time::Now;
use frames::{Hello, Report, Service, ServiceState};

/// A clock that moved by less than this was not stepped: the offset is read
/// from two clocks, one after the other, and time servers slew.
const CLOCK_STEP: u64 = 2_000;

/// Losses are told at most this often.
const TELL_LOSSES: u64 = 60_000;

impl Node {
    /// Takes a live `Hello`, and tells what is new in it.
    pub(crate) fn greet(&mut self, boot: u32, hello: &Hello, changes: &mut Vec<Change>) {
        let before = self.hello.replace(hello.clone());
        let before_boot = self.hello_boot.replace(boot);
        let Some(before) = before else {
            if self.settings == Some(hello.settings) {
                changes.push(Change::SettingsApplied { node: self.name.clone(), version: hello.settings });
            }
            return;
        };
        let node = || self.name.clone();
        let again = std::mem::take(&mut self.enrolled_again);
        let other_kernel = before.kernel_boot != hello.kernel_boot && before_boot != Some(boot);
        if let (true, Some(serial)) = (again && other_kernel && before.serial == hello.serial, &hello.serial)
        {
            changes.push(Change::CardChanged { node: node(), serial: serial.as_str().into() });
        }
        if hardware(&before) != hardware(hello) && is_other_hardware(&before, hello) {
            changes.push(Change::HardwareChanged {
                node: node(),
                from: hardware(&before),
                to: hardware(hello),
            });
        }
        if before.agent != hello.agent {
            let (from, to) = (before.agent.as_str().into(), hello.agent.as_str().into());
            changes.push(Change::AgentChanged { node: node(), from, to });
        }
        if before.model != hello.model {
            let text = |model: &Option<heapless::String<24>>| model.as_ref().map(|m| m.as_str().to_owned());
            changes.push(Change::ModelChanged {
                node: node(),
                from: text(&before.model),
                to: text(&hello.model),
            });
        }
        let same_kernel = before.kernel_boot == hello.kernel_boot && hello.kernel_boot != [0; 16];
        // Another kernel's offset counts from another moment.
        if same_kernel || before_boot == Some(boot) {
            changes.extend(clock_change(self, &before, hello));
        }
        if self.settings == Some(hello.settings) && before.settings != hello.settings {
            changes.push(Change::SettingsApplied { node: node(), version: hello.settings });
        }
    }

    /// Takes the state of the watched units and of the agent's data folder, and tells what is
    /// new in it. A folder that is as it should be is nothing to tell of.
    pub(crate) fn serve(&mut self, units: &[Service], changes: &mut Vec<Change>) {
        let is_well = |unit: &Service| unit.is_data_folder() && unit.state == ServiceState::Active;
        for unit in units {
            let before = self.services.iter().find(|known| known.name == unit.name).map(|known| known.state);
            if before != Some(unit.state) && !(before.is_none() && is_well(unit)) {
                changes.push(Change::ServiceChanged {
                    node: self.name.clone(),
                    unit: unit.name.as_str().to_owned(),
                    from: before,
                    to: unit.state,
                });
            }
        }
        self.services = units.iter().filter(|unit| !is_well(unit)).cloned().collect();
    }

    /// Notes what a report says of lost frames; how many more that makes.
    pub(crate) fn count_losses(&mut self, boot: u32, report: &Report) -> u32 {
        let Some(boot) = self.boot_mut(boot).filter(|boot| !boot.old) else { return 0 };
        let more = report.dropped.saturating_sub(boot.dropped);
        boot.dropped += more;
        more
    }

    /// Tells of frames lost in the running boot, at most once a minute.
    pub(crate) fn tell_losses(&mut self, now: Now) -> Option<Change> {
        if self.dropped_told.is_some_and(|told| now.mono < told.saturating_add(TELL_LOSSES)) {
            return None;
        }
        let boot = self.running.and_then(|running| self.boot_mut(running))?;
        let (frames, total) = (boot.dropped - boot.dropped_told, boot.dropped);
        if frames == 0 {
            return None;
        }
        boot.dropped_told = total;
        self.dropped_told = Some(now.mono);
        Some(Change::SpoolDropped { node: self.name.clone(), frames, total })
    }
}

fn hardware(hello: &Hello) -> String {
    match &hello.serial {
        Some(serial) => format!("{}, serial {serial}", hello.hardware),
        None => hello.hardware.as_str().to_owned(),
    }
}

/// A serial number that could not be read this time is no other hardware.
fn is_other_hardware(before: &Hello, now: &Hello) -> bool {
    before.hardware != now.hardware
        || matches!((&before.serial, &now.serial), (Some(before), Some(now)) if before != now)
}

fn clock_change(node: &Node, before: &Hello, now: &Hello) -> Option<Change> {
    let trusted = now.clock.is_some_and(|clock| clock.trusted);
    let by = match (before.clock, now.clock) {
        (None, None) => return None,
        (Some(before), Some(now)) => {
            let by = now.offset.saturating_sub(before.offset);
            if by.unsigned_abs() < CLOCK_STEP && before.trusted == now.trusted {
                return None;
            }
            Some(by)
        }
        _ => None,
    };
    Some(Change::ClockChanged { node: node.name.clone(), by, trusted })
}
