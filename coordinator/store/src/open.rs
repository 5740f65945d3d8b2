//! The files: opening, migrating, setting aside, copying.

use crate::StoreError;
use crate::schema::{self, APPLICATION, CURRENT, Label};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The store's file in the data folder.
pub(crate) const FILE: &str = "store.sqlite";
/// How often, and how long each time, a connection waits for another of ours:
/// 5 s in all. In memory a writer waits for readers, so the naps are short.
const NAPS: i32 = 5_000;
const NAP: Duration = Duration::from_millis(1);
/// The pages that a connection keeps, in KiB where negative. Four times as much
/// made the commits of 1,000 nodes no faster, and filled itself. Set late: it
/// reads the file, which a damaged one shall not have happen to its log.
const CACHE: i32 = -2_000;
/// The same of a reader, which asks for a page or a chart now and then.
const READER_CACHE: i32 = -1_000;
/// Files up to this size, in bytes, are always checked at the start: a second
/// or two on an SD card. Larger ones only after an unclean stop.
const ALWAYS_CHECKED: u64 = 64 << 20;

/// How the store was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// There was none; a new one was made.
    Fresh,
    /// It was there, in this program's version.
    Existing,
    /// It was of an older version, and is of this one now.
    Migrated {
        /// The version that it had.
        from: u32,
        /// Where it lies as it was before.
        copy: PathBuf,
    },
    /// It was damaged and has been renamed; a new one was made.
    SetAside {
        /// Where the damaged file lies (its write-ahead log beside it).
        corrupt: PathBuf,
        /// What was wrong with it.
        why: String,
    },
}

/// Where a store lies.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    File(PathBuf),
    /// In memory, by its name within this process.
    Memory(String),
}

impl Place {
    /// A place in memory that no other store has.
    pub(crate) fn memory() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self::Memory(format!("file:/goldentooth-{number}?vfs=memdb"))
    }

    /// Opens the only connection that writes. Makes the file if need be, but
    /// not its tables.
    pub(crate) fn writer(&self) -> rusqlite::Result<Connection> {
        let db = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        // Until it is known to be whole: a damaged file shall be set aside as
        // it was found, with its log.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        db.pragma_update(None, "cell_size_check", true)?;
        // For new files. Half of the usual 4 KiB: a commit touches few rows on
        // many pages, and each page goes to the card whole (measured: a third
        // less at a commit every 2 s, an eighth less at 30 s).
        db.pragma_update(None, "page_size", 2_048)?;
        db.pragma_update(None, "cache_size", CACHE)?;
        // In pages: 8 MiB, so that pages that every commit touches go from the
        // log to the file seldom.
        db.pragma_update_and_check(None, "wal_autocheckpoint", 4_000, |_| Ok(()))?;
        Ok(db)
    }

    /// Opens a connection that can't write.
    pub(crate) fn reader(&self) -> rusqlite::Result<Connection> {
        let db = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.pragma_update(None, "cache_size", READER_CACHE)?;
        Ok(db)
    }

    fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = match self {
            Self::File(path) => Connection::open_with_flags(path, flags)?,
            Self::Memory(name) => Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_URI)?,
        };
        db.busy_handler(Some(|naps| {
            std::thread::sleep(NAP);
            naps < NAPS
        }))?;
        // A plan that hangs on what is bound would be made anew for every frame.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.pragma_update(None, "temp_store", "memory")?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    }
}

/// Opens the store of a data folder, whatever state it is in.
pub(crate) fn open(folder: &Path) -> Result<(Connection, Place, Opened), StoreError> {
    fs::create_dir_all(folder).map_err(StoreError::folder("make", folder))?;
    let path = folder.join(FILE);
    let unclean = fs::metadata(with(&path, "-wal")).is_ok_and(|log| log.len() > 0);
    let size = fs::metadata(&path).map_or(0, |file| file.len());
    let place = Place::File(path.clone());
    match check(&path, &place, size > 0, unclean || size <= ALWAYS_CHECKED) {
        Ok((db, opened)) => Ok((db, place, opened)),
        Err(StoreError::Corrupt(why)) if size > 0 => {
            let corrupt = set_aside(&path)?;
            let (db, _) = check(&path, &place, false, false)?;
            Ok((db, place, Opened::SetAside { corrupt, why: why.to_string() }))
        }
        Err(error) => Err(error),
    }
}

/// Opens the file, looks whether it is ours and whole, and brings it to this
/// program's version.
fn check(path: &Path, place: &Place, existed: bool, whole: bool) -> Result<(Connection, Opened), StoreError> {
    let mut db = place.writer()?;
    let found = inspect(&db, path, existed, whole);
    if !matches!(found, Err(StoreError::Corrupt(_))) {
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    }
    let (fresh, version) = found?;
    let opened = match version {
        _ if fresh => Opened::Fresh,
        CURRENT => Opened::Existing,
        from => Opened::Migrated { from, copy: copy_before_migration(&db, path, from)? },
    };
    if fresh {
        // Counts only before the first table.
        db.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::NoLog { path: path.into() });
    }
    // An acknowledged frame survives a power cut: with NORMAL it might not.
    db.pragma_update(None, "synchronous", "full")?;
    // One large commit shall not leave a large log behind for ever (bytes).
    db.pragma_update(None, "journal_size_limit", 16 << 20)?;
    if opened != Opened::Existing {
        create(&mut db, if fresh { 0 } else { version })?;
    }
    if fresh && let Some(folder) = path.parent() {
        // So that the new file's name survives a power cut too.
        sync_folder(folder)?;
    }
    Ok((db, opened))
}

/// Whether the file begins anew, and which version it has. Refuses what is not
/// ours, newer, or damaged.
fn inspect(db: &Connection, path: &Path, existed: bool, whole: bool) -> Result<(bool, u32), StoreError> {
    if db.is_readonly("main")? {
        return Err(StoreError::ReadOnly("it could only be opened for reading".into()));
    }
    let label = Label::read(db)?;
    // A start that was cut short leaves a file without tables.
    if !existed || (label.empty && label.version == 0) {
        return Ok((true, 0));
    }
    if label.application != APPLICATION {
        return Err(StoreError::Foreign { path: path.into() });
    }
    if label.version > CURRENT {
        return Err(StoreError::Newer { path: path.into(), found: label.version, known: CURRENT });
    }
    if whole {
        let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(StoreError::Corrupt(verdict.into()));
        }
    }
    Ok((false, label.version))
}

/// Makes the tables, or brings them from version `from` to ours.
pub(crate) fn create(db: &mut Connection, from: u32) -> Result<(), StoreError> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    schema::migrate(&transaction, from)?;
    transaction.commit()?;
    Ok(())
}

/// Sets a copy of the whole store aside, and returns where.
fn copy_before_migration(db: &Connection, path: &Path, version: u32) -> Result<PathBuf, StoreError> {
    let copy = free_name(path, &format!("v{version}"));
    copy_to(db, &copy)?;
    Ok(copy)
}

/// Writes a consistent copy of the database to a new file. A copy that was
/// cut short never carries the final name.
pub(crate) fn copy_to(db: &Connection, target: &Path) -> Result<(), StoreError> {
    let unfinished = with(target, ".unfinished");
    if unfinished.exists() {
        fs::remove_file(&unfinished).map_err(StoreError::folder("remove", &unfinished))?;
    }
    let name = unfinished.to_str().ok_or_else(|| StoreError::Folder {
        doing: "copy to",
        path: unfinished.clone(),
        source: std::io::Error::other("the path is not UTF-8"),
    })?;
    db.execute("VACUUM INTO ?1", [name])?;
    File::open(&unfinished)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, target))
        .map_err(StoreError::folder("write", target))?;
    target.parent().map_or(Ok(()), sync_folder)
}

/// Renames a damaged store, with its log, and returns its new name.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let aside = free_name(path, "corrupt");
    for ending in ["-wal", "-shm", ""] {
        let (from, to) = (with(path, ending), with(&aside, ending));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !ending.is_empty() => {}
            renamed => renamed.map_err(StoreError::folder("rename", from))?,
        }
    }
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok(aside)
}

/// `store.<word>.sqlite`, or with a number if that is taken.
fn free_name(path: &Path, word: &str) -> PathBuf {
    let mut name = path.with_extension(format!("{word}.sqlite"));
    let mut number = 2;
    while name.exists() {
        name = path.with_extension(format!("{word}-{number}.sqlite"));
        number += 1;
    }
    name
}

/// The path with an ending put after its whole name.
pub(crate) fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.into();
    name.push(ending);
    name.into()
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::folder("sync", folder))
}
