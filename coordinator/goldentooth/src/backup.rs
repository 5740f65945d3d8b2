//! One file with everything that a coordinator must not lose, and the way back from it.
//!
//! A tar archive, mode 0600 for it holds the keys: `manifest.json`, a copy of the store that
//! SQLite itself made while the writer went on, and the data folder's other files. The
//! local agent's spool stays where it is.
//!
//! A restore sets aside what is there. Where that is of the same coordinator, its keys,
//! epochs and tokens stay in force: whatever was voided since is not revived. Downlink
//! counters leap, so that nodes take none of the new commands for an old one.

use crate::data::{Data, DataError};
use crate::enrol::{EnrolError, Keys};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};
use store::{Batch, Opened, Reader, Store, StoreError};

mod undo;

pub use undo::undo;
use undo::{MOVING, begin};

/// The archive's own version: another shape of it is another number.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
const STORE: &str = "store.sqlite";
/// What is unpacked, until it takes its place.
const STAGING: &str = "restoring";
/// What leads the folder of what was there before.
const ASIDE: &str = "aside-";
/// The most bytes of a manifest.
const MOST_MANIFEST: u64 = 64 << 10;
/// What of the same coordinator stays in force: keys, epochs, tokens, certificate.
const SECRETS: [&str; 7] = [
    "enrolments.json",
    "fleet.key",
    "token",
    "tokens.json",
    "tls/certificate.pem",
    "tls/key.pem",
    "node/enrolment.toml",
];
/// How far downlink counters leap: more than a boot hears in a year at one each 2 s, and room
/// for two hundred restores.
const LEAP: u32 = 1 << 24;

/// Why there is no backup, or none was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The keys.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something would be overwritten.
    #[error("{0} is there already\n  way out: name another file, or move that one away")]
    There(PathBuf),
    /// There is nothing to save.
    #[error("there is nothing in {0}\n  way out: name the data folder with --data DIR")]
    Nothing(PathBuf),
    /// A file can't be read or written.
    #[error("{path} can't be {action}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What failed.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The file is none of ours, or damaged.
    #[error("{path} is no backup of a coordinator, or it is damaged: {why}")]
    Strange {
        /// Which.
        path: PathBuf,
        /// What was wrong.
        why: String,
    },
    /// A newer program made it.
    #[error(
        "{path} was made by goldentooth {by}, a newer version\n  way out: install that version here, and restore with it"
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// The version.
        by: String,
    },
}

/// What the archive says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The archive's version.
    pub format: u32,
    /// The version of the program that made it.
    pub goldentooth: String,
    /// When, by that machine's clock.
    pub made: jiff::Timestamp,
}

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Saved {
    /// The archive.
    pub file: PathBuf,
    /// How many files are in it.
    pub files: usize,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// When the backup was made.
    pub made: jiff::Timestamp,
    /// Where what was there before lies; none if nothing was.
    pub aside: Option<PathBuf>,
    /// Whether keys, epochs and tokens are those that were there.
    pub kept_keys: bool,
    /// How many nodes it knows.
    pub nodes: usize,
}

fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, action, source }
}

/// Saves the data folder `folder` into a new file, also while a coordinator runs on it.
///
/// # Errors
/// [`BackupError`]; there is no file then.
pub fn save(folder: &Path, file: &Path) -> Result<Saved, BackupError> {
    if file.exists() {
        return Err(BackupError::There(file.to_owned()));
    }
    let mut names = Vec::new();
    list(folder, Path::new(""), &mut names)?;
    names.retain(|name| is_saved(name));
    let store = folder.join(STORE);
    if names.is_empty() && !store.exists() {
        return Err(BackupError::Nothing(folder.to_owned()));
    }
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Beside the file, so that it takes its name at once; gone if anything fails.
    let work = tempfile::Builder::new()
        .prefix(".goldentooth-backup-")
        .tempdir_in(parent)
        .map_err(failed(parent, "written"))?;
    let unfinished = work.path().join("archive");
    let archive = private(&unfinished)?;
    let mut builder = tar::Builder::new(archive);
    let manifest = Manifest {
        format: FORMAT,
        goldentooth: env!("CARGO_PKG_VERSION").to_owned(),
        made: jiff::Timestamp::now(),
    };
    let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    let written = failed(file, "written");
    add(&mut builder, Path::new(MANIFEST), text.len() as u64, text.as_slice()).map_err(written)?;
    let mut files = names.len();
    if store.exists() {
        let copy = work.path().join(STORE);
        Reader::open(folder)?.backup(&copy)?;
        add_file(&mut builder, &copy, Path::new(STORE))?;
        files += 1;
    }
    for name in &names {
        add_file(&mut builder, &folder.join(name), name)?;
    }
    let archive = builder.into_inner().and_then(|archive| archive.sync_all().map(|()| archive));
    let bytes = archive.and_then(|archive| archive.metadata()).map_err(failed(file, "written"))?.len();
    fs::rename(&unfinished, file).map_err(failed(file, "written"))?;
    sync(parent)?;
    Ok(Saved { file: file.to_owned(), files, bytes })
}

/// Puts a backup in the place of what is in a data folder that nobody uses.
///
/// # Errors
/// [`BackupError`]; up to the last step nothing has changed then. One that is cut short in the
/// last step is undone by [`undo`].
pub fn restore(data: &Data, file: &Path) -> Result<Restored, BackupError> {
    let folder = data.folder();
    undo(folder)?;
    let staging = folder.join(STAGING);
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(failed(&staging, "removed"))?;
    }
    let done = unpack(file, &staging).and_then(|manifest| {
        let kept_keys = keep_secrets(data, &staging)?;
        Ok((manifest.made, kept_keys, leap(file, &staging)?))
    });
    let (made, kept_keys, nodes) = match done {
        Ok(done) => done,
        Err(error) => {
            // What it is in the way of is told by the error.
            let _ = fs::remove_dir_all(&staging);
            return Err(error);
        }
    };
    let mut there = Vec::new();
    list(folder, Path::new(""), &mut there)?;
    there.retain(|name| is_replaced(name));
    let aside = (!there.is_empty()).then(|| {
        let stamp = jiff::Timestamp::now().strftime("%Y-%m-%dT%H-%M-%SZ");
        folder.join(format!("{ASIDE}{stamp}"))
    });
    if let Some(aside) = &aside {
        begin(folder, aside)?;
        shift(folder, &there, aside)?;
    }
    let mut new = Vec::new();
    list(&staging, Path::new(""), &mut new)?;
    shift(&staging, &new, folder)?;
    if aside.is_some() {
        let moving = folder.join(MOVING);
        fs::remove_file(&moving).map_err(failed(&moving, "removed"))?;
    }
    fs::remove_dir_all(&staging).map_err(failed(&staging, "removed"))?;
    sync(folder)?;
    Ok(Restored { made, aside, kept_keys, nodes })
}

/// Every plain file below `folder`, by its path from there.
fn list(folder: &Path, below: &Path, found: &mut Vec<PathBuf>) -> Result<(), BackupError> {
    let at = folder.join(below);
    let entries = match fs::read_dir(&at) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && below == Path::new("") => return Ok(()),
        entries => entries.map_err(failed(&at, "read"))?,
    };
    for entry in entries {
        let entry = entry.map_err(failed(&at, "read"))?;
        let name = below.join(entry.file_name());
        let kind = entry.file_type().map_err(failed(&at, "read"))?;
        if kind.is_dir() && below.components().count() < 8 {
            list(folder, &name, found)?;
        } else if kind.is_file() {
            found.push(name);
        }
    }
    found.sort_unstable();
    Ok(())
}

/// Whether a file goes away when another state takes its place. The local agent's spool
/// is its own, and the rest is of this moment.
fn is_replaced(name: &Path) -> bool {
    let first = name.iter().next().and_then(|first| first.to_str()).unwrap_or_default();
    let passing = matches!(first, "lock" | "address" | STAGING) || first.starts_with(ASIDE);
    !passing && (first != "node" || name == Path::new("node/enrolment.toml"))
}

/// Whether a file is saved as it is. Of the store a copy is made, and what was set
/// aside of it stays here.
fn is_saved(name: &Path) -> bool {
    let store = name.to_str().is_some_and(|name| name.starts_with("store."));
    is_replaced(name) && !store && name.extension().is_none_or(|ending| ending != "new")
}

fn private(path: &Path) -> Result<File, BackupError> {
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map_err(failed(path, "written"))
}

fn add(builder: &mut tar::Builder<File>, name: &Path, size: u64, content: impl io::Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(jiff::Timestamp::now().as_second().max(0).unsigned_abs());
    builder.append_data(&mut header, name, content)
}

fn add_file(builder: &mut tar::Builder<File>, path: &Path, name: &Path) -> Result<(), BackupError> {
    let file = File::open(path).map_err(failed(path, "read"))?;
    let size = file.metadata().map_err(failed(path, "read"))?.len();
    // One that grows meanwhile is cut where it was; ours are replaced whole, and don't.
    add(builder, name, size, file.take(size)).map_err(failed(path, "saved"))
}

/// Unpacks an archive into a new folder: plain files alone, and none outside.
fn unpack(file: &Path, staging: &Path) -> Result<Manifest, BackupError> {
    let strange =
        |why: &dyn std::fmt::Display| BackupError::Strange { path: file.into(), why: why.to_string() };
    let mut archive = tar::Archive::new(File::open(file).map_err(failed(file, "read"))?);
    let mut entries = archive.entries().map_err(|error| strange(&error))?;
    let first = entries.next().ok_or_else(|| strange(&"it is empty"))?.map_err(|error| strange(&error))?;
    if first.path().ok().as_deref() != Some(Path::new(MANIFEST)) {
        return Err(strange(&"it doesn't begin with a manifest"));
    }
    let mut text = String::new();
    first.take(MOST_MANIFEST).read_to_string(&mut text).map_err(|error| strange(&error))?;
    // The number first: the rest may have another shape in another version.
    let told: serde_json::Value = serde_json::from_str(&text).map_err(|error| strange(&error))?;
    if told["format"].as_u64().is_some_and(|format| format > u64::from(FORMAT)) {
        let by: String = told["goldentooth"].as_str().unwrap_or("?").chars().take(32).collect();
        return Err(BackupError::Newer { path: file.to_owned(), by });
    }
    let manifest: Manifest = serde_json::from_value(told).map_err(|error| strange(&error))?;
    folder(staging)?;
    for entry in entries {
        let mut entry = entry.map_err(|error| strange(&error))?;
        let name = entry.path().map_err(|error| strange(&error))?.into_owned();
        let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain || !entry.header().entry_type().is_file() || !is_replaced(&name) {
            return Err(strange(&format!("{} has no place in it", name.display())));
        }
        let target = staging.join(&name);
        if let Some(parent) = target.parent() {
            folder(parent)?;
        }
        let mut made = private(&target)?;
        io::copy(&mut entry, &mut made).map_err(|error| strange(&error))?;
        made.sync_all().map_err(failed(&target, "written"))?;
    }
    Ok(manifest)
}

fn folder(path: &Path) -> Result<(), BackupError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path, "made"))
}

/// If what is there is of the same coordinator and whole, its secrets stay in force.
fn keep_secrets(data: &Data, staging: &Path) -> Result<bool, BackupError> {
    let instance = |folder: &Path| fs::read(folder.join("instance")).ok();
    let same = instance(data.folder()).is_some_and(|here| Some(here) == instance(staging));
    let whole = || data.kept_fleet_key().is_ok() && Keys::load(data, crate::config::default_fleet()).is_ok();
    if !same || !whole() {
        return Ok(false);
    }
    for name in SECRETS {
        let (from, to) = (data.path(name), staging.join(name));
        if !from.exists() {
            continue;
        }
        if let Some(parent) = to.parent() {
            folder(parent)?;
        }
        fs::copy(&from, &to).map_err(failed(&to, "written"))?;
    }
    Ok(true)
}

/// Looks whether the store is whole and readable here, and lets its counters leap. How
/// many nodes it knows.
fn leap(file: &Path, staging: &Path) -> Result<usize, BackupError> {
    if !staging.join(STORE).exists() {
        return Ok(0);
    }
    let (mut store, opened) = Store::open(staging)?;
    if let Opened::SetAside { why, .. } = opened {
        return Err(BackupError::Strange { path: file.to_owned(), why: format!("the store in it: {why}") });
    }
    let mut records = store.records()?;
    for boot in records.iter_mut().flat_map(|record| &mut record.boots) {
        boot.downlink = boot.downlink.saturating_add(LEAP);
    }
    let nodes = records.len();
    store.commit(&Batch { records, ..Batch::default() })?;
    Ok(nodes)
}

/// Moves files from one folder to another on the same disk.
fn shift(from: &Path, names: &[PathBuf], to: &Path) -> Result<(), BackupError> {
    for name in names {
        let target = to.join(name);
        if let Some(parent) = target.parent() {
            folder(parent)?;
        }
        fs::rename(from.join(name), &target).map_err(failed(&target, "written"))?;
    }
    sync(to)
}

fn sync(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder, "written"))
}

#[cfg(test)]
mod tests;
