//! `cast lint`: sheets, by themselves and beside the built-in ones.

use super::super::Target;
use super::super::ask::{CliError, Coordinator};
use super::super::screen::{Screen, clean};
use super::cards::refused;
use crate::cli::DataArgs;
use crate::surfaces::view::ServiceView;
use crate::voices::SHEETS;
use cast::{Cast, Sheet};
use clap::Args;
use std::path::{Path, PathBuf};

/// `goldentooth cast lint`
#[derive(Debug, Args)]
#[command(after_help = "Whether anything supplies the services that triggers name is asked of the running\n\
    coordinator, or read from --config. Where neither is at hand, it says so and checks the rest.\n\n\
    Examples:\n  goldentooth cast lint                     every built-in sheet\n  goldentooth cast lint malvo               \
    one of them, or one of the data folder's\n  goldentooth cast lint tinker.toml --config goldentooth.toml")]
pub(super) struct LintArgs {
    /// Files, or names of sheets; without any, the built-in sheets
    #[arg(value_name = "FILE|NAME")]
    sheets: Vec<PathBuf>,
    /// The coordinator's configuration, which declares the services
    #[arg(long, value_name = "FILE", env = "GOLDENTOOTH_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    target: Target,
}

/// What is to be checked.
enum Wanted {
    /// A file that is not on stage here.
    File(PathBuf),
    /// A built-in sheet.
    BuiltIn(String),
}

/// A file of this name, else the data folder's own sheet, else a built-in one.
fn wanted(sheet: &Path, folder: &Path, cast: &Cast) -> Result<Wanted, CliError> {
    let own = folder.join(sheet).with_extension("toml");
    if let Some(file) = [sheet, own.as_path()].into_iter().find(|file| file.is_file()) {
        return Ok(Wanted::File(file.to_owned()));
    }
    let name = sheet.to_string_lossy();
    let found = cast.meant_by(&name).first().map(|sheet| Wanted::BuiltIn(sheet.id.clone()));
    found.ok_or_else(|| {
        let names: Vec<&str> = cast.sheets().iter().map(|sheet| sheet.id.as_str()).collect();
        refused(format!("no file and no sheet is called {:?}; there are {}", clean(&name), names.join(", ")))
    })
}

/// The names of the services whose state is heard of: by a configuration, or by the running
/// coordinator. Where neither is at hand there are none, and it is said why.
fn services(config: Option<&Path>, target: &Target) -> Result<(Vec<String>, Option<String>), CliError> {
    if let Some(config) = config {
        let declared = crate::config::declared(config).map_err(refused)?;
        return Ok((declared.iter().map(|service| service.name.to_string()).collect(), None));
    }
    let coordinator = Coordinator::new(target)?;
    let known: Result<Vec<ServiceView>, CliError> = coordinator.get("/api/v1/services", &[]);
    Ok(match known {
        Ok(known) => {
            let heard = known.into_iter().filter(ServiceView::is_supplied).map(|service| service.name);
            (heard.collect(), None)
        }
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default();
            (
                Vec::new(),
                Some(format!("{why}; so no service counts as supplied (--config FILE tells them, too)")),
            )
        }
    })
}

pub(super) fn run(args: &LintArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let LintArgs { sheets, config, data, target } = args;
    let (services, unknown) = services(config.as_deref(), target)?;
    if let Some(why) = unknown {
        screen.line(&format!("note: {}", clean(&why)))?;
    }
    let built_in = Cast::built_in().map_err(refused)?;
    let folder = crate::config::folder(data.data.clone()).map_err(refused)?.join(SHEETS);
    let (mut all, mut ids) = (built_in.clone(), Vec::new());
    for sheet in sheets {
        let file = match wanted(sheet, &folder, &built_in)? {
            Wanted::File(file) => file,
            Wanted::BuiltIn(id) => {
                ids.push(id);
                continue;
            }
        };
        let text = std::fs::read_to_string(&file)
            .map_err(|error| refused(format!("{}: {error}", file.display())))?;
        let id = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let sheet = Sheet::parse(id, &text).map_err(refused)?;
        all.add(sheet)
            .map_err(|sheet| refused(format!("{}: {} are on stage already", sheet.id, cast::MOST)))?;
        ids.push(id.to_owned());
    }
    let about = |finding: &cast::lint::Finding| ids.is_empty() || ids.iter().any(|id| finding.is_about(id));
    let findings = cast::lint::lint(&all, |signal| stage::facts::is_supplied(signal, &services));
    let mut faults = 0;
    for finding in findings {
        if about(&finding) {
            faults += usize::from(finding.is_fault());
            screen.line(&format!("{}: {finding}", if finding.is_fault() { "fault" } else { "note" }))?;
        }
    }
    screen.flush()?;
    match faults {
        0 => {
            let fit = match if sheets.is_empty() { all.sheets().len() } else { sheets.len() } {
                1 => "1 sheet is".to_owned(),
                many => format!("{many} sheets are"),
            };
            screen.line(&format!("{fit} fit for the stage."))?;
            Ok(screen.flush()?)
        }
        1 => Err(refused("1 fault keeps them from the stage")),
        more => Err(refused(format!("{more} faults keep them from the stage"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the check of these prints, and how it ends.
    fn checked(url: &str, sheets: &[&str], folder: &Path) -> (String, Result<(), CliError>) {
        let args = LintArgs {
            sheets: sheets.iter().map(PathBuf::from).collect(),
            config: None,
            data: DataArgs { data: Some(folder.to_owned()) },
            target: Target { url: Some(url.to_owned()), json: false },
        };
        let mut page = Vec::new();
        let done = run(&args, &mut Screen::new(&mut page, false));
        (String::from_utf8(page).unwrap(), done)
    }

    #[test]
    fn without_a_coordinator_sheets_are_checked_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        // A port that was free a moment ago: nobody answers there.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{free}");
        let (page, done) = checked(&url, &[], folder.path());
        done.unwrap();
        assert!(page.starts_with(&format!("note: no coordinator answers at {url}: ")), "{page}");
        assert!(page.contains("so no service counts as supplied"), "{page}");
        assert!(page.contains("vault.toml: triggers: nothing here supplies service:"), "{page}");
        assert!(page.ends_with("15 sheets are fit for the stage.\n"), "{page}");
        assert!(matches!(checked("here", &[], folder.path()).1, Err(CliError::Url(_))));
    }

    #[test]
    fn a_sheet_is_checked_by_its_file_or_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let check = |sheet: &str| checked("http://127.0.0.1:1", &[sheet], folder.path());
        let (page, done) = check("vault");
        done.unwrap();
        let others = page.lines().filter(|line| line.contains("triggers") && !line.contains("vault.toml"));
        assert_eq!(others.count(), 0, "{page}");
        assert!(page.ends_with("1 sheet is fit for the stage.\n"), "{page}");
        // The data folder's own, whose faults are told.
        std::fs::create_dir(folder.path().join(SHEETS)).unwrap();
        let copy = Cast::built_in_text("malvo").unwrap();
        std::fs::write(folder.path().join(SHEETS).join("twin.toml"), copy).unwrap();
        let (page, done) = check("twin");
        assert!(page.contains("malvo.toml and twin.toml"), "{page}");
        assert!(done.unwrap_err().to_string().contains("keep them from the stage"));
        let nobody = check("nobody").1.unwrap_err().to_string();
        assert!(nobody.contains("no file and no sheet is called \"nobody\"; there are"), "{nobody}");
    }
}
