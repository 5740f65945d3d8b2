//! What can go wrong with the store.

use rusqlite::ErrorCode;
use std::error::Error;
use std::path::PathBuf;

/// What the database itself said, for logs.
type Cause = Box<dyn Error + Send + Sync>;

/// Why the store could not do what was asked. Whatever it was, nothing of it
/// was half done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder of the store can't be made, renamed or synced.
    #[error("can't {doing} {}: {source}; check that the data folder exists and can be written", path.display())]
    Folder {
        /// What was tried, as a verb.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file was written by a newer Goldentooth.
    #[error(
        "{} has schema version {found}, this program knows up to {known}: \
         start the newer goldentooth, or put back the copy that it set aside when it migrated", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version that it has.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The file is a healthy database of something else.
    #[error("{} is a database of another program: give goldentooth a data folder of its own", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file system can't carry a write-ahead log.
    #[error("{} lies on a file system without shared memory (a network share?): use a local one", path.display())]
    NoLog {
        /// The file.
        path: PathBuf,
    },
    /// No room on the disk.
    #[error("the disk under the store is full: free some space; frames stay with their nodes until then")]
    Full(#[source] Cause),
    /// The file or its file system is read-only.
    #[error(
        "the store can't be written: a card gone read-only, or wrong rights; frames stay with their nodes until then"
    )]
    ReadOnly(#[source] Cause),
    /// The disk failed.
    #[error("the disk under the store failed: see the kernel's log")]
    Disk(#[source] Cause),
    /// Another program holds the database.
    #[error("the store is held by another program: close it")]
    Busy(#[source] Cause),
    /// The file's content is damaged.
    #[error("the store is damaged: restart goldentooth, which sets it aside and begins a new one")]
    Corrupt(#[source] Cause),
    /// One stored value can't be understood.
    #[error("the {what} of {of} in the store can't be read: {why}")]
    Unreadable {
        /// What kind of value.
        what: &'static str,
        /// Whose.
        of: String,
        /// Why not.
        why: String,
    },
    /// Anything else that the database said.
    #[error("the store's database failed: {0}")]
    Database(#[source] Cause),
}

impl StoreError {
    /// Whether the same call may succeed later, unchanged, once someone has
    /// freed space, remounted the card or closed another program.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Full(_) | Self::ReadOnly(_) | Self::Disk(_) | Self::Busy(_))
    }

    /// A short label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "folder",
            Self::Newer { .. } => "newer",
            Self::Foreign { .. } => "foreign",
            Self::NoLog { .. } => "no_log",
            Self::Full(_) => "full",
            Self::ReadOnly(_) => "read_only",
            Self::Disk(_) => "disk",
            Self::Busy(_) => "busy",
            Self::Corrupt(_) => "corrupt",
            Self::Unreadable { .. } => "unreadable",
            Self::Database(_) => "database",
        }
    }

    /// For `map_err` around file operations.
    pub(crate) fn folder(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Folder { doing, path, source }
    }

    /// For `map_err` around the decoding of a stored value.
    pub(crate) fn unreadable<E: std::fmt::Display>(
        what: &'static str,
        of: &(impl ToString + ?Sized),
    ) -> impl FnOnce(E) -> Self {
        let of = of.to_string();
        move |why| Self::Unreadable { what, of, why: why.to_string() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error.into()),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly(error.into())
            }
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error.into()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error.into()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.into()),
            _ => Self::Database(error.into()),
        }
    }
}
