//! What can be measured here, whether the rest works, and what to do about
//! what does not.

mod broker;
#[cfg(test)]
mod tests;

use crate::clock::Trust;
use crate::config::{Config, ModelFrom};
use crate::enrolment::{Enrolment, Kind};
use crate::feel::Model;
use crate::hardware::Hardware;
use crate::sample::{self, Sample, Sampler};
use crate::say::folder::Folder;
use frames::{COUNT, Readings, Vital};
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It works.
    Good,
    /// The agent runs without it, but better with it.
    Note,
    /// It needs doing.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do, unless all is well.
    pub advice: Option<String>,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, state: State::Good, found: found.into(), advice: None }
    }

    fn note(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, state: State::Note, found: found.into(), advice: Some(advice.into()) }
    }

    fn failed(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, state: State::Failed, found: found.into(), advice: Some(advice.into()) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.state {
            State::Good => "ok",
            State::Note => "note",
            State::Failed => "FAILED",
        };
        write!(out, "{mark:<6}  {:<9}  {}", self.what, self.found)?;
        match &self.advice {
            Some(advice) => write!(out, "\n{:19}-> {advice}", ""),
            None => Ok(()),
        }
    }
}

/// Looks at everything. Takes a second for the vitals, and a few more if a
/// broker does not answer.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let hardware = Hardware::read(&config.root);
    if let Some(failed) = nothing_to_read(&config.root) {
        findings.push(failed);
    } else {
        findings.push(Finding::good("hardware", hardware.model.clone()));
        let mut sampler = Sampler::with(&config.root, config.sources);
        let sample = sampler.settle();
        findings.extend(vitals(&sample));
        findings.extend(pressure(&config.root, &sample.readings));
        findings.extend(throttle(config, &hardware, &sample.readings));
        findings.push(clock(config, &sample.readings));
    }
    findings.push(model(&config.model));
    findings.push(data(config.data.as_deref()));
    let (finding, enrolled) = enrolment(config.enrolment.as_deref());
    findings.push(finding);
    if let (Some(path), Some(enrolment)) = (&config.enrolment, enrolled) {
        findings.extend(broker::examine(path, &enrolment, config.mdns).await);
    }
    findings
}

/// Why nothing at all can be read below a root, if so.
pub fn nothing_to_read(root: &Path) -> Option<Finding> {
    let readable = ["proc/stat", "proc/loadavg", "proc/meminfo"].iter().any(|path| root.join(path).exists());
    (!readable).then(|| {
        Finding::failed(
            "vitals",
            format!("there is no /proc below {}", root.display()),
            "name the folder that holds the machine's /proc, /sys and /run with --root (in a container, mount \
             them below /host and say --root /host)",
        )
    })
}

/// What can be measured, and why the rest can't.
fn vitals(sample: &Sample) -> Vec<Finding> {
    let present = sample.readings.present();
    let mut findings = vec![Finding::good(
        "vitals",
        format!("{} of {COUNT} can be measured here: `goldentooth-node sample` shows them", present.len()),
    )];
    // One line for each reason, with the vitals that it keeps away.
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for vital in Vital::ALL.iter().filter(|vital| !present.contains(**vital)) {
        let reason = sample::about::absence(*vital);
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(vital.name()),
            None => reasons.push((reason, vec![vital.name()])),
        }
    }
    findings.extend(
        reasons
            .into_iter()
            .map(|(reason, names)| Finding::good("absent", format!("{}: {reason}", names.join(", ")))),
    );
    findings
}

/// Pressure is off by default on Raspberry Pi OS, though the kernel has it.
fn pressure(root: &Path, readings: &Readings) -> Option<Finding> {
    if readings.get(Vital::PsiCpuSome).is_some() {
        return None;
    }
    let has_it = root.join("proc/pressure").exists();
    let command_line = ["boot/firmware/cmdline.txt", "boot/cmdline.txt"].into_iter();
    let advice = match command_line.map(|path| root.join(path)).find(|path| path.exists()) {
        Some(path) => format!(
            "add psi=1 to the one line of {0}, then restart: sudo sed -i '1s/$/ psi=1/' {0} && sudo reboot",
            path.display()
        ),
        None => "add psi=1 to the kernel's command line, then restart".to_owned(),
    };
    let found = if has_it {
        "the kernel can measure pressure, but it is turned off"
    } else {
        "the kernel does not measure pressure (it may be turned off, or older than 4.20)"
    };
    Some(Finding::note("pressure", found, advice))
}

/// What a Pi's firmware lets us know.
fn throttle(config: &Config, hardware: &Hardware, readings: &Readings) -> Option<Finding> {
    const WHAT: &str = "throttle";
    if !hardware.is_pi() {
        return None;
    }
    if readings.get(Vital::ThrottledNow).is_some() {
        return Some(Finding::good(WHAT, "all flags of the firmware can be read"));
    }
    if !config.sources.vcgencmd {
        return Some(Finding::note(
            WHAT,
            "only under-voltage is known, since vcgencmd is turned off",
            "say vcgencmd = true in the configuration, or leave it out",
        ));
    }
    if !sample::vcgencmd_allowed(&config.root) {
        return Some(Finding::note(
            WHAT,
            "only under-voltage is known, since this user may not use /dev/vcio",
            format!(
                "sudo usermod --append --groups video {}   (then log in again, or restart the agent)",
                user()
            ),
        ));
    }
    Some(Finding::note(
        WHAT,
        "only under-voltage is known, since vcgencmd has not answered",
        "run `vcgencmd get_throttled` to see why; it is in the package raspi-utils (libraspberrypi-bin before)",
    ))
}

/// The name of the user that we run as, as one writes it in a command.
fn user() -> String {
    let id = rustix::process::geteuid().as_raw().to_string();
    std::fs::read_to_string("/etc/passwd")
        .ok()
        .and_then(|users| {
            users.lines().find_map(|line| {
                let mut fields = line.split(':');
                let name = fields.next()?;
                (fields.nth(1)? == id).then(|| name.to_owned())
            })
        })
        .unwrap_or_else(|| "USER".to_owned())
}

fn clock(config: &Config, readings: &Readings) -> Finding {
    const WHAT: &str = "clock";
    let synchronised = readings.get(Vital::ClockSynchronised).map(|flag| flag >= 0.5);
    match (config.clock, synchronised) {
        (Trust::Always, _) => Finding::good(WHAT, "is believed, as configured"),
        (Trust::Never, _) => {
            Finding::good(WHAT, "is not believed, as configured; the coordinator dates the frames")
        }
        (Trust::Auto, Some(true)) => Finding::good(WHAT, "follows a time server"),
        (Trust::Auto, Some(false)) => Finding::note(
            WHAT,
            "follows no time server yet, so what waits here over a restart may lose its time",
            "sudo timedatectl set-ntp true, and see `timedatectl timesync-status`",
        ),
        (Trust::Auto, None) => Finding::note(
            WHAT,
            "neither systemd-timesyncd nor chrony runs, so nobody knows whether it is right",
            "sudo apt install systemd-timesyncd; or say clock = \"always\" if it is right without them",
        ),
    }
}

/// Whether the model loads.
fn model(from: &ModelFrom) -> Finding {
    const WHAT: &str = "model";
    let advice = "until then the documented rules decide, and each frame says so";
    match from {
        ModelFrom::Nowhere => Finding::good(WHAT, "none, as configured; the rules decide"),
        ModelFrom::BuiltIn => match Model::embedded() {
            Ok(model) => Finding::good(WHAT, format!("built in, version {}", model.version())),
            Err(error) => {
                Finding::failed(WHAT, error.to_string(), format!("install the agent again; {advice}"))
            }
        },
        ModelFrom::File(path) => match Model::load(path) {
            Ok(model) => Finding::good(WHAT, format!("{}, version {}", path.display(), model.version())),
            Err(error) => Finding::failed(
                WHAT,
                format!("{}: {error}", path.display()),
                format!("name another file, or leave the key out to use the built-in one; {advice}"),
            ),
        },
    }
}

/// Whether frames can wait on disk.
fn data(folder: Option<&Path>) -> Finding {
    const WHAT: &str = "data";
    let Some(folder) = folder else {
        return Finding::note(
            WHAT,
            "in memory only: frames that wait for the broker are lost when the agent or the machine restarts",
            "name a folder with --data DIR",
        );
    };
    let trial = folder.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&trial, b"trial"));
    let _ = std::fs::remove_file(&trial);
    match written {
        Ok(()) if Folder::new(folder).is_in_memory() => Finding::note(
            WHAT,
            format!("{} lies in memory (a tmpfs or an overlay)", folder.display()),
            "what waits there outlives the agent but no reboot; name a folder on a disk, if there is one",
        ),
        Ok(()) => Finding::good(WHAT, format!("{} can be written", folder.display())),
        Err(error) => Finding::failed(
            WHAT,
            format!("{} can't be written: {error}", folder.display()),
            "make it this user's own, or name another with --data; until then frames wait in memory only",
        ),
    }
}

fn enrolment(path: Option<&Path>) -> (Finding, Option<Enrolment>) {
    const WHAT: &str = "enrolment";
    const MAKE: &str = "on the coordinator: goldentooth enroll NAME --out FILE --address HOST; bring the file here and \
                        name it with --enrolment FILE";
    let Some(path) = path else {
        return (Finding::note(WHAT, "none is named, so this node belongs to no fleet yet", MAKE), None);
    };
    match Enrolment::read(path) {
        Ok(enrolment) if enrolment.kind != Kind::Node => {
            let found = format!("{} is for a {}, not for a node", path.display(), enrolment.kind.as_str());
            (Finding::failed(WHAT, found, MAKE), None)
        }
        Ok(enrolment) => {
            let found =
                format!("{} in the fleet {}, epoch {}", enrolment.name, enrolment.fleet, enrolment.epoch);
            (Finding::good(WHAT, found), Some(enrolment))
        }
        // The error itself says what to do.
        Err(error) => (Finding::failed(WHAT, error.to_string(), MAKE), None),
    }
}
