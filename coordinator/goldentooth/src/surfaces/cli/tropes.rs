//! `tropes`: the catalogue of what a bored character makes a tale of. It asks no
//! coordinator: the catalogue is built in, and a fleet's own stands in a file.

use super::ask::CliError;
use super::screen::{Screen, WIDTH, cell, clean, cut, wrapped};
use crate::cli::DataArgs;
use cast::trope::{Trope, Tropes};
use clap::Args;
use std::path::{Path, PathBuf};

/// `goldentooth tropes`
#[derive(Debug, Args)]
#[command(
    after_help = "A fleet's own tropes stand in tropes.toml of the data folder; the form is that of the built-in ones
(coordinator/cast/tropes.toml). Collections on the web have no interface that a program may use.

Examples:
  goldentooth tropes                     every trope, with its idea
  goldentooth tropes midas               one of them, with its roles and beats
  goldentooth tropes --check mine.toml   what is wrong with a file, if anything is"
)]
pub struct TropesArgs {
    /// Which trope, by its id
    id: Option<String>,
    /// Read this file instead of the data folder's, and say what is wrong with it
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &TropesArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let tropes = catalogue(args)?;
    let chosen: Vec<&Trope> = match &args.id {
        None => tropes.iter().collect(),
        Some(id) => {
            let nobody =
                || CliError::Refused(format!("there is no trope {id:?}; `goldentooth tropes` lists them"));
            vec![tropes.get(id).ok_or_else(nobody)?]
        }
    };
    if args.json {
        return Ok(screen.json(&chosen, true)?);
    }
    Ok(print(&chosen, args.id.is_some(), screen)?)
}

/// The tropes that are built in, and the fleet's own.
fn catalogue(args: &TropesArgs) -> Result<Tropes, CliError> {
    let refused = |error: cast::trope::TropeError| CliError::Refused(error.to_string());
    let built_in = Tropes::built_in().map_err(refused)?;
    let of_fleet = || {
        let folder = crate::config::folder(args.data.data.clone()).ok();
        folder.map(|folder| folder.join(crate::thinking::quiet::OWN)).filter(|file| file.exists())
    };
    let own = args.check.clone().or_else(of_fleet);
    let Some(file) = own else { return Ok(built_in) };
    let text = read(&file)?;
    built_in.with(&file.display().to_string(), &text).map_err(refused)
}

fn read(file: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(file)
        .map_err(|error| CliError::Refused(format!("{} can't be read: {error}", file.display())))
}

fn print(tropes: &[&Trope], whole: bool, screen: &mut Screen<'_>) -> std::io::Result<()> {
    for trope in tropes {
        screen.line(&format!("{} {}", cell(&trope.id, 24), cut(&trope.name, WIDTH - 25)))?;
        for line in wrapped(&clean(&trope.idea), WIDTH - 2) {
            screen.line(&screen.faint(&format!("  {line}")))?;
        }
        let beats = trope.beats.iter().filter(|_| whole);
        for line in beats.flat_map(|beat| wrapped(&clean(beat), WIDTH - 2)) {
            screen.line(&format!("  {line}"))?;
        }
    }
    if !whole {
        screen.line(&format!(
            "{} tropes. Whatever is told by one is fiction, and is marked so.",
            tropes.len()
        ))?;
    }
    screen.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(args: &TropesArgs) -> Result<String, CliError> {
        let mut out = Vec::new();
        run(args, &mut Screen::new(&mut out, false))?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_file_is_checked_and_its_tropes_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let args = |id: Option<&str>, json| TropesArgs {
            id: id.map(str::to_owned),
            check: Some(file.clone()),
            data: DataArgs::default(),
            json,
        };
        let missing = told(&args(None, false)).unwrap_err().to_string();
        assert!(missing.contains("mine.toml can't be read"), "{missing}");
        std::fs::write(&file, "[[trope]]\nid = \"x y\"\nname = \"X\"\nidea = \"X.\"\nroles = []\nbeats = []")
            .unwrap();
        let faulty = told(&args(None, false)).unwrap_err().to_string();
        assert!(faulty.contains("[[trope]] \"x y\": id: small letters"), "{faulty}");
        let own = "[[trope]]\nid = \"ours\"\nname = \"Ours\"\nidea = \"A tale of this house.\"\nroles = [\"a\", \"b\"]\n\
            beats = [\"{a} comes.\", \"{b} goes.\", \"Both wave.\"]";
        std::fs::write(&file, own).unwrap();
        let all = told(&args(None, false)).unwrap();
        assert!(all.contains("A tale of this house.") && !all.contains("{a} comes."), "{all}");
        assert!(all.lines().count() > 120 && all.lines().all(|line| line.chars().count() <= WIDTH));
        let one = told(&args(Some("ours"), false)).unwrap();
        assert!(one.contains("{a} comes."), "{one}");
        let json: Vec<Trope> = serde_json::from_str(&told(&args(Some("ours"), true)).unwrap()).unwrap();
        assert_eq!((json.len(), json[0].roles.len()), (1, 2));
        assert!(told(&args(Some("nope"), false)).is_err());
    }
}
