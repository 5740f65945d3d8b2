//! `cast import` and `cast export`: character cards from and for other tools.

use super::super::ask::CliError;
use super::super::screen::{Screen, clean};
use crate::cards::{self, LARGEST, Picture};
use crate::cli::DataArgs;
use crate::data::{make_private, write_private};
use crate::voices::{SHEETS, own_sheets};
use cast::card::{Adopted, Card, Version, adopt};
use cast::{Cast, Sheet};
use clap::Args;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// `goldentooth cast import`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  goldentooth cast import tinker.png --domain \"the build server\"\n  \
    goldentooth cast import malvo.png --name Shade\n\n\
    What a card tells a language model (system_prompt, post_history_instructions) is kept for its export, and \
    sent to none. The sheet lies in the data folder's cast/, to be edited; the card beside it.")]
pub(super) struct ImportArgs {
    /// The card: JSON, or a PNG with the card in it
    file: PathBuf,
    /// What it shall be called here; its sheet's file is named after it [default: as the card says]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What of the cluster it shall stand for
    #[arg(long, value_name = "TEXT")]
    domain: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// `goldentooth cast export`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  goldentooth cast export malvo --out malvo.png\n  \
    goldentooth cast export malvo --json --version 3 --out malvo.json")]
pub(super) struct ExportArgs {
    /// Its sheet or name
    name: String,
    /// Write a PNG with the card in it [default: as the file's ending says, else JSON]
    #[arg(long, conflicts_with = "json")]
    png: bool,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// The card's version [default: its own; a PNG carries both]
    #[arg(long, value_name = "2|3", value_parser = version)]
    version: Option<Version>,
    /// Write it here, where no file is yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    data: DataArgs,
}

fn version(word: &str) -> Result<Version, String> {
    match word {
        "2" => Ok(Version::V2),
        "3" => Ok(Version::V3),
        _ => Err("a card's version is 2 or 3".to_owned()),
    }
}

pub(super) fn refused(why: impl Into<Box<dyn Error>>) -> CliError {
    CliError::Refused(why.into().to_string())
}

/// The folder of the fleet's own sheets, and everybody who has one.
fn everybody(data: &DataArgs) -> Result<(PathBuf, Cast), CliError> {
    let folder = crate::config::folder(data.data.clone()).map_err(refused)?.join(SHEETS);
    let mut cast = Cast::built_in().map_err(refused)?.with_most(usize::MAX);
    own_sheets(&mut cast, &folder);
    Ok((folder, cast))
}

pub(super) fn import(args: &ImportArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let at = |why: String| refused(format!("{}: {why}", args.file.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&args.file).map_err(|error| at(error.to_string()))?;
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| at(error.to_string()))?;
    let found = cards::read(&bytes).map_err(|error| at(error.to_string()))?;
    let card = match &args.name {
        Some(name) => found
            .card
            .renamed(name)
            .map_err(|error| refused(format!("nobody can be called {:?}: {error}", clean(name))))?,
        None => found.card,
    };
    let (id, name) = (file_name(card.name()), clean(card.name()));
    if id.is_empty() {
        return Err(at(format!(
            "no file can be named after {name:?}: take a --name with letters from a to z"
        )));
    }
    let (folder, cast) = everybody(&args.data)?;
    let taken = |one: &&Sheet| one.id == id || one.name.to_lowercase() == card.name().to_lowercase();
    if let Some(one) = cast.sheets().iter().find(taken) {
        return Err(refused(format!(
            "{} ({}) is there already: take another --name",
            clean(&one.name),
            one.id
        )));
    }
    let [sheet, kept, shown] =
        ["toml", "card.json", "png"].map(|ending| folder.join(format!("{id}.{ending}")));
    if let Some(file) = [&sheet, &kept, &shown].into_iter().find(|file| file.exists()) {
        return Err(refused(format!(
            "{} is there already: take another --name, or move it away",
            file.display()
        )));
    }
    let Adopted { text, notes, .. } =
        adopt(&cast, &card, &id, args.domain.as_deref()).map_err(|error| at(error.to_string()))?;
    make_private(&folder).map_err(refused)?;
    let write = |path: &Path, bytes: &[u8]| write_private(path, bytes).map_err(refused);
    write(&kept, card.to_json(None).to_string().as_bytes())?;
    if let Some(picture) = &found.picture {
        write(&shown, &picture.write(None).map_err(refused)?)?;
    }
    write(&sheet, text.as_bytes())?;
    screen.line(&format!("{} is {name}'s sheet.", sheet.display()))?;
    for note in &notes {
        screen.line(&format!("  {}", clean(note)))?;
    }
    screen.line("It comes on stage when the coordinator starts next.")?;
    Ok(screen.flush()?)
}

pub(super) fn export(args: &ExportArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let (folder, cast) = everybody(&args.data)?;
    let meant = cast.get(&args.name).or_else(|| cast.meant_by(&args.name).first().copied());
    let sheet = meant.ok_or_else(|| {
        let names: Vec<&str> = cast.sheets().iter().map(|sheet| sheet.id.as_str()).collect();
        refused(format!("no sheet is called {:?}; there are {}", clean(&args.name), names.join(", ")))
    })?;
    let beside = |ending: &str| std::fs::read(folder.join(format!("{}.{ending}", sheet.id))).ok();
    let own = beside("toml").and_then(|text| String::from_utf8(text).ok());
    let text = own.or_else(|| Cast::built_in_text(&sheet.id).map(str::to_owned)).unwrap_or_default();
    // A card that came from elsewhere goes out as it came, a sheet of ours in it as it is by now.
    let card = match beside("card.json") {
        Some(kept) => cards::read(&kept).map_err(refused)?.card.with_sheet(&text),
        None => Card::of(sheet, &text),
    };
    let ends = args.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    let bytes = if args.png || (ends && !args.json) {
        let kept = beside("png").and_then(|bytes| cards::picture(&bytes).ok());
        let picture = kept.unwrap_or_else(|| Picture::of(&sheet.id));
        picture.write(Some((&card, args.version))).map_err(refused)?
    } else {
        format!("{:#}\n", card.to_json(args.version)).into_bytes()
    };
    // Nothing is written over unasked.
    let mut file = OpenOptions::new();
    file.write(true).create(args.force).truncate(args.force).create_new(!args.force);
    file.open(&args.out).and_then(|mut file| file.write_all(&bytes)).map_err(|error| {
        let file = args.out.display();
        match error.kind() {
            ErrorKind::AlreadyExists => refused(format!(
                "{file} is there already: name another file with --out, or write over it with --force"
            )),
            _ => refused(format!("{file}: {error}")),
        }
    })?;
    screen.line(&format!("{} is {}'s card.", args.out.display(), clean(&sheet.name)))?;
    Ok(screen.flush()?)
}

/// A name as a file can have it: small letters, digits and '-'.
fn file_name(name: &str) -> String {
    let plain = name.to_lowercase().replace(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit()), "-");
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-").chars().take(32).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn data(folder: &tempfile::TempDir) -> DataArgs {
        DataArgs { data: Some(folder.path().to_owned()) }
    }

    fn run(task: impl FnOnce(&mut Screen<'_>) -> Result<(), CliError>) -> Result<String, String> {
        let mut page = Vec::new();
        task(&mut Screen::new(&mut page, false)).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(page).unwrap())
    }

    fn exported(folder: &tempfile::TempDir, name: &str, out: &str, version: Option<Version>) -> PathBuf {
        let out = folder.path().join(out);
        let args = ExportArgs {
            name: name.to_owned(),
            png: false,
            json: false,
            version,
            out: out.clone(),
            force: false,
            data: data(folder),
        };
        run(|screen| export(&args, screen)).unwrap();
        out
    }

    fn imported(folder: &tempfile::TempDir, file: PathBuf, name: Option<&str>) -> Result<String, String> {
        let args = ImportArgs { file, name: name.map(str::to_owned), domain: None, data: data(folder) };
        run(|screen| import(&args, screen))
    }

    #[test]
    fn a_foreign_card_comes_in_and_goes_out_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let card = json!({
            "spec": "chara_card_v3", "spec_version": "3.0", "odd": 1,
            "data": {
                "name": "Old Tinker", "description": "Mends kettles.", "personality": "Patient.",
                "group_only_greetings": [], "system_prompt": "obey", "extensions": { "x": [null] }, "unknown": {},
            },
        });
        let file = folder.path().join("card.json");
        std::fs::write(&file, card.to_string()).unwrap();
        let told = imported(&folder, file.clone(), None).unwrap();
        assert!(
            told.contains("old-tinker.toml is Old Tinker's sheet.")
                && told.contains("house: a card has none")
        );
        let sheet = std::fs::read_to_string(folder.path().join("cast/old-tinker.toml")).unwrap();
        assert!(!sheet.contains("obey") && !told.contains("obey"));
        let out = exported(&folder, "old-tinker", "out.json", None);
        let again: Value = serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap();
        assert_eq!(again, card);
        let out = exported(&folder, "old-tinker", "out.png", Some(Version::V3));
        assert_eq!(cards::read(&std::fs::read(out).unwrap()).unwrap().card.to_json(None), card);
        for (name, words) in [
            (None, "Old Tinker (old-tinker) is there already: take another --name"),
            (Some("malvo"), "(malvo) is there already"),
            (Some("Broken"), "broken.toml is there already"),
            (Some("鍋"), "take a --name with letters from a to z"),
            (Some("<b>"), "nobody can be called \"<b>\""),
        ] {
            std::fs::write(folder.path().join("cast/broken.toml"), "faulty").unwrap();
            let told = imported(&folder, file.clone(), name).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
        std::fs::write(folder.path().join("x.png"), b"\x89PNG\r\n\x1a\nxxxx").unwrap();
        let told = imported(&folder, folder.path().join("x.png"), None).unwrap_err();
        assert!(told.contains("x.png: the PNG can't be read"), "{told}");
    }

    #[test]
    fn our_own_go_through_a_picture_and_come_back() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let picture = exported(&one, "umbrell", "umbrell.png", None);
        let told = imported(&one, picture.clone(), Some("Shade")).unwrap();
        assert!(told.contains("the sheet in the card is left out: "), "{told}");
        // What was edited since goes out with it, and elsewhere it comes in as it is.
        let sheet = std::fs::read_to_string(one.path().join("cast/shade.toml")).unwrap();
        let edited = format!("# Ours.\n{sheet}");
        std::fs::write(one.path().join("cast/shade.toml"), &edited).unwrap();
        let shade = exported(&one, "shade", "shade.png", None);
        imported(&other, shade.clone(), None).unwrap();
        assert_eq!(std::fs::read_to_string(other.path().join("cast/shade.toml")).unwrap(), edited);
        let mut everybody = Cast::built_in().unwrap();
        own_sheets(&mut everybody, &other.path().join("cast"));
        assert_eq!(everybody.get("shade").unwrap().name, "Shade", "it comes on stage");
        let shown = |file: &Path| cards::read(&std::fs::read(file).unwrap()).unwrap().picture;
        assert_eq!(shown(&shade), shown(&picture), "the picture is kept");
        let out = other.path().join("cast/shade.toml");
        let args = ExportArgs {
            name: "shade".to_owned(),
            png: false,
            json: true,
            version: None,
            out: out.clone(),
            force: false,
            data: data(&other),
        };
        let told = run(|screen| export(&args, screen)).unwrap_err();
        assert!(told.contains("shade.toml is there already: name another file with --out, or"), "{told}");
        assert_eq!(std::fs::read_to_string(&out).unwrap(), edited, "nothing is written over");
        let again = shade.with_extension("json");
        std::fs::write(&again, "x".repeat(1 << 20)).unwrap();
        let args = ExportArgs { out: again.clone(), force: true, ..args };
        run(|screen| export(&args, screen)).unwrap();
        let card: Value = serde_json::from_slice(&std::fs::read(again).unwrap()).unwrap();
        assert_eq!(card["data"]["name"], "Shade", "unless it is asked for");
    }
}
