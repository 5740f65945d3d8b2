//! `goldentooth doctor`: what is well here, and what to do about the rest.

use crate::cli::DoctorArgs;
use crate::config::{self, ConfigError, pace};
use crate::data;
use crate::enrol::hostname;
use node_agent::clock::{self, Trust};
use serde::Serialize;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// What was found.
    found: String,
    /// What to do about it; none if it is well.
    way_out: Option<String>,
}

impl Check {
    fn well(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, ok: true, found: found.into(), way_out: None }
    }

    fn wrong(name: &'static str, found: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { name, ok: false, found: found.into(), way_out: Some(way_out.into()) }
    }
}

/// Looks at everything and prints it. True if all is well.
///
/// # Errors
/// [`ConfigError::NoFolder`].
#[allow(clippy::print_stdout)] // a command's answer
pub fn run(args: &DoctorArgs) -> Result<bool, ConfigError> {
    let folder = config::folder(args.data.data.clone())?;
    let checks = [
        data_folder(&folder),
        secrets(&folder),
        coordinator(&folder),
        store(&folder),
        disk(&folder),
        clock(),
        name(),
    ];
    if args.json {
        println!("{}", serde_json::to_string_pretty(&checks).unwrap_or_default());
    } else {
        for check in &checks {
            let sign = if check.ok { "ok   " } else { "WRONG" };
            println!("{sign} {:<12} {}", check.name, check.found);
            if let Some(way_out) = &check.way_out {
                println!("      {:<12} way out: {way_out}", "");
            }
        }
    }
    Ok(checks.iter().all(|check| check.ok))
}

fn data_folder(folder: &Path) -> Check {
    const NAME: &str = "data folder";
    let shown = folder.display();
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::well(NAME, format!("{shown} does not exist yet; `goldentooth up` makes it"))
        }
        Err(error) => Check::wrong(NAME, format!("{shown}: {error}"), "take another with --data DIR"),
        Ok(meta) if !meta.is_dir() => {
            Check::wrong(NAME, format!("{shown} is no folder"), "take another with --data DIR")
        }
        Ok(_) => match std::fs::File::options().append(true).open(folder.join("lock")) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Check::wrong(
                NAME,
                format!("{shown} can't be written by this user"),
                "run this as the user of the coordinator",
            ),
            _ => Check::well(NAME, shown.to_string()),
        },
    }
}

fn secrets(folder: &Path) -> Check {
    const NAME: &str = "secrets";
    let mut found = 0;
    for file in ["token", "fleet.key", "enrolments.json"] {
        let path = folder.join(file);
        let Ok(meta) = std::fs::metadata(&path) else { continue };
        found += 1;
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let shown = path.display();
            return Check::wrong(NAME, format!("{shown} has mode {mode:03o}"), format!("chmod 600 {shown}"));
        }
    }
    Check::well(NAME, format!("{found} files, for this user alone"))
}

fn coordinator(folder: &Path) -> Check {
    const NAME: &str = "coordinator";
    let Some(url) = data::address(folder) else {
        return Check::wrong(NAME, "none runs on this data folder", "start one: goldentooth up");
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .build()
        .into();
    match agent.get(format!("{url}/readyz")).call() {
        Ok(answer) if answer.status().is_success() => Check::well(NAME, format!("ready at {url}")),
        Ok(mut answer) => {
            let why = answer.body_mut().read_to_string().unwrap_or_default();
            Check::wrong(NAME, format!("{url}: {}", why.trim()), "see its log")
        }
        Err(error) => Check::wrong(
            NAME,
            format!("does not answer at {url}: {error}"),
            "if it has crashed, start it again: goldentooth up",
        ),
    }
}

fn store(folder: &Path) -> Check {
    const NAME: &str = "store";
    match std::fs::metadata(folder.join("store.sqlite")) {
        Err(_) => Check::well(NAME, "none yet"),
        Ok(meta) => {
            let damaged = std::fs::read_dir(folder)
                .into_iter()
                .flatten()
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().contains("corrupt"));
            let size = meta.len() / 1024;
            if damaged {
                Check::wrong(
                    NAME,
                    format!("{size} KiB; a damaged one was set aside beside it"),
                    "look at what can be saved from it, then remove it",
                )
            } else {
                Check::well(NAME, format!("{size} KiB"))
            }
        }
    }
}

/// What the data folder lies on, and how often the store writes there.
fn disk(folder: &Path) -> Check {
    let device = pace::device(folder);
    let every = humantime::format_duration(pace::on(device.as_deref()));
    let on = device.map_or_else(|| "no disk of its own".to_owned(), |device| format!("the device {device}"));
    Check::well("disk", format!("{on}: commits every {every}, unless commit_every says otherwise"))
}

fn clock() -> Check {
    const NAME: &str = "clock";
    if clock::trusted(Path::new("/"), Trust::Auto) {
        Check::well(NAME, "follows a time server")
    } else {
        Check::wrong(
            NAME,
            "no time server seems to be followed, so nothing old is forgotten",
            "start systemd-timesyncd or chrony; or, if the clock is right anyway, set clock = \"always\"",
        )
    }
}

fn name() -> Check {
    match hostname() {
        Some(name) => Check::well("host name", name),
        None => Check::wrong("host name", "none", "give this machine one: hostnamectl hostname NAME"),
    }
}
