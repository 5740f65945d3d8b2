//! `goldentooth backup` and `restore`.

use crate::backup::{self, BackupError, Restored};
use crate::cli::{BackupArgs, RestoreArgs};
use crate::config;
use crate::data::Data;
use crate::words::counted;
use std::error::Error;

/// Saves everything into one file.
///
/// # Errors
/// What went wrong, with the way out.
#[allow(clippy::print_stdout)] // a command's answer
pub fn save(args: &BackupArgs) -> Result<(), Box<dyn Error>> {
    let folder = config::folder(args.asked.data.data.clone())?;
    let saved = backup::save(&folder, &args.file)?;
    if args.asked.json {
        println!("{}", serde_json::to_string(&saved)?);
    } else {
        let (file, size) = (saved.file.display(), saved.bytes.div_ceil(1024));
        println!(
            "{file} has it all: {} files, {size} KiB. Keep it as you would a key: it holds all of them.",
            saved.files
        );
    }
    Ok(())
}

/// Puts a saved state in the place of what is there.
///
/// # Errors
/// What went wrong, with the way out.
#[allow(clippy::print_stdout)] // a command's answer
pub fn restore(args: &RestoreArgs) -> Result<(), Box<dyn Error>> {
    let folder = config::folder(args.asked.data.data.clone())?;
    // Asked first, so that a file's name mistyped makes no data folder.
    if !args.file.is_file() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(BackupError::File { path: args.file.clone(), action: "read", source }.into());
    }
    let data = Data::open(&folder)?;
    let restored = backup::restore(&data, &args.file)?;
    if args.asked.json {
        println!("{}", serde_json::to_string(&restored)?);
        return Ok(());
    }
    let Restored { made, aside, kept_keys, nodes } = restored;
    let nodes = counted(nodes, "node", "nodes");
    println!("{} is as it was at {made}: {nodes}.", folder.display());
    if kept_keys {
        println!("Keys, epochs and tokens stay as they were: what was voided since stays void.");
    }
    if let Some(aside) = aside {
        println!("What was there before lies in {}.", aside.display());
    }
    println!(
        "Start it again: goldentooth up. Agents say again what it doesn't know, as far as they still have it."
    );
    Ok(())
}
