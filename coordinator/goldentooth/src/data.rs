//! The data folder: its lock and its secrets.
//!
//! `lock`, `token`, `fleet.key`, `enrolments.json`, `store.sqlite`, `tls/`,
//! `node/` (the local agent's). One coordinator holds it at a time.

use frames::{FleetKey, KEY_BYTES};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Where the running coordinator's HTTP address stands, for commands on this machine.
const ADDRESS: &str = "address";
const TOKEN: &str = "token";
const FLEET_KEY: &str = "fleet.key";

/// Why the data folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The folder, or a file in it, can't be made, read or written.
    #[error(
        "{path} can't be {action}: {source}\n  \
         way out: make it writable for this user, or take another folder with --data DIR"
    )]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What failed: made, read, written, locked.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Another coordinator holds the folder.
    #[error(
        "another coordinator{} uses {path}\n  way out: stop it, or take another folder with --data DIR",
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process that holds it, if it said so.
        pid: Option<u32>,
    },
    /// root would leave files in it that the coordinator's own user can't read.
    #[error(
        "{path} belongs to another user (number {owner}), whose coordinator does not run\n  \
         way out: start it (systemctl start goldentooth), or do this as that user (runuser -u USER -- …)"
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// A secret's file doesn't hold what it should.
    #[error(
        "{path} is lost or damaged: {expected} expected\n  \
         way out: restore it from a copy; a lost fleet key needs `goldentooth enroll --all --new-key`"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What should stand in it.
        expected: &'static str,
    },
    /// The system gave no randomness.
    #[error("no randomness from the system: {0}")]
    Random(getrandom::Error),
}

/// The secret that requests which write must show. Prints nothing of itself.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Whether `shown` is this token, found in constant time.
    pub fn fits(&self, shown: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    /// The token itself, for the `Authorization` header.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(secret)")
    }
}

/// The data folder, held by this process until dropped.
#[derive(Debug)]
pub struct Data {
    folder: PathBuf,
    // Held, not read: the lock goes with the file.
    _lock: File,
}

impl Data {
    /// Makes the folder (mode 0700) if need be, and takes its lock.
    ///
    /// # Errors
    /// [`DataError::InUse`] if another process holds it, [`DataError::Io`] if it can't be written.
    pub fn open(folder: &Path) -> Result<Self, DataError> {
        let io = |path: &Path, action| {
            let path = path.to_owned();
            move |source| DataError::Io { path, action, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io(folder, "made"))?;
        let owner = std::fs::metadata(folder).map_err(io(folder, "read"))?.uid();
        let foreign = owner != 0 && rustix::process::geteuid().is_root();
        let path = folder.join("lock");
        let mut lock = OpenOptions::new()
            .create(!foreign)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => DataError::Foreign { path: folder.to_owned(), owner },
                _ => io(&path, "written")(source),
            })?;
        match lock.try_lock() {
            Ok(()) if foreign => return Err(DataError::Foreign { path: folder.to_owned(), owner }),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let pid =
                    (&lock).take(16).read_to_string(&mut pid).ok().and_then(|_| pid.trim().parse().ok());
                return Err(DataError::InUse { path: folder.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(io(&path, "locked")(source)),
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(io(&path, "written"))?;
        let data = Self { folder: folder.to_owned(), _lock: lock };
        data.forget_address();
        Ok(data)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file or folder in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The token, made at first use.
    ///
    /// # Errors
    /// [`DataError`] if its file can't be read or made.
    pub fn token(&self) -> Result<Token, DataError> {
        if let Some(token) = token(&self.folder)? {
            return Ok(token);
        }
        let token = hex::encode(random()?);
        write_private(&self.path(TOKEN), token.as_bytes())?;
        Ok(Token(token))
    }

    /// The fleet key, made at first use.
    ///
    /// # Errors
    /// [`DataError`] if its file can't be read or made, or is damaged.
    pub fn fleet_key(&self) -> Result<FleetKey, DataError> {
        if self.path(FLEET_KEY).exists() { self.kept_fleet_key() } else { self.new_fleet_key() }
    }

    /// The fleet key that was made before.
    ///
    /// # Errors
    /// [`DataError::Damaged`] if it is lost or no key, [`DataError::Io`] if it can't be read.
    pub fn kept_fleet_key(&self) -> Result<FleetKey, DataError> {
        const EXPECTED: &str = "64 hexadecimal digits";
        let path = self.path(FLEET_KEY);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let mut bytes = [0; KEY_BYTES];
                hex::decode_to_slice(text.trim(), &mut bytes)
                    .map_err(|_| DataError::Damaged { path, expected: EXPECTED })?;
                Ok(FleetKey::new(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(DataError::Damaged { path, expected: EXPECTED })
            }
            Err(source) => Err(DataError::Io { path, action: "read", source }),
        }
    }

    /// Replaces the fleet key: every enrolment of before is void.
    ///
    /// # Errors
    /// [`DataError`] if the file can't be written.
    pub fn new_fleet_key(&self) -> Result<FleetKey, DataError> {
        let key = FleetKey::new(random()?);
        write_private(&self.path(FLEET_KEY), hex::encode(key.expose()).as_bytes())?;
        Ok(key)
    }

    /// What names this folder's coordinator for ever, made at first use: no
    /// secret, but told from every other.
    ///
    /// # Errors
    /// [`DataError`] if its file can't be read or made, or is damaged.
    pub fn instance(&self) -> Result<String, DataError> {
        let path = self.path("instance");
        match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().len() == 16 => Ok(text.trim().to_owned()),
            Ok(_) => Err(DataError::Damaged { path, expected: "16 characters" }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let instance = hex::encode(&random()?[..8]);
                write_private(&path, instance.as_bytes())?;
                Ok(instance)
            }
            Err(source) => Err(DataError::Io { path, action: "read", source }),
        }
    }

    /// Tells commands on this machine where the page is.
    ///
    /// # Errors
    /// [`DataError`] if the file can't be written.
    pub fn tell_address(&self, http: &str) -> Result<(), DataError> {
        write_private(&self.path(ADDRESS), http.as_bytes())
    }

    fn forget_address(&self) {
        // Absent already is as good.
        let _ = std::fs::remove_file(self.path(ADDRESS));
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        self.forget_address();
    }
}

/// The token in a data folder, if there is one.
///
/// # Errors
/// [`DataError`] if it is there but can't be read.
pub fn token(folder: &Path) -> Result<Option<Token>, DataError> {
    let path = folder.join(TOKEN);
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => Ok(Some(Token(text.trim().to_owned()))),
        Ok(_) => Err(DataError::Damaged { path, expected: "at least 32 characters" }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DataError::Io { path, action: "read", source }),
    }
}

/// Where the coordinator that uses a data folder serves its page, if one runs.
pub fn address(folder: &Path) -> Option<String> {
    std::fs::read_to_string(folder.join(ADDRESS)).ok().map(|text| text.trim().to_owned())
}

/// 32 bytes of the system's randomness.
pub(crate) fn random() -> Result<[u8; KEY_BYTES], DataError> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(DataError::Random)?;
    Ok(bytes)
}

/// Writes a file of mode 0600 so that a reader, or a power cut, finds the old
/// one or the new one whole. It belongs to whom its folder does: what root does
/// there, the coordinator's own user must be able to read.
///
/// # Errors
/// [`DataError::Io`].
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let write = || -> io::Result<()> {
        let beside = path.with_extension("new");
        // One left by a crash may have another mode.
        let _ = std::fs::remove_file(&beside);
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&beside)?;
        if let Some(folder) = path.parent().filter(|_| rustix::process::geteuid().is_root()) {
            let folder = std::fs::metadata(folder)?;
            std::os::unix::fs::fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|source| DataError::Io { path: path.to_owned(), action: "written", source })
}

/// Makes a folder in the data folder that only its owner may see: whoever owns the
/// data folder, also if root makes it.
#[cfg(feature = "stage")]
pub(crate) fn make_private(folder: &Path) -> Result<(), DataError> {
    let make = || -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        if let Some(above) = folder.parent().filter(|_| rustix::process::geteuid().is_root()) {
            let above = std::fs::metadata(above)?;
            std::os::unix::fs::chown(folder, Some(above.uid()), Some(above.gid()))?;
        }
        Ok(())
    };
    make().map_err(|source| DataError::Io { path: folder.to_owned(), action: "made", source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_second_coordinator_is_refused_and_told_by_whom() {
        let folder = tempfile::tempdir().unwrap();
        let first = Data::open(folder.path()).unwrap();
        match Data::open(folder.path()).unwrap_err() {
            DataError::InUse { pid, .. } => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other}"),
        }
        drop(first);
        Data::open(folder.path()).unwrap();
    }

    #[test]
    fn root_does_not_write_into_the_folder_of_another_users_coordinator() {
        if !rustix::process::geteuid().is_root() {
            return println!("NOT TESTED HERE: only root meets another user's folder");
        }
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(folder.path(), Some(4711), None).unwrap();
        for _ in 0..2 {
            let told = Data::open(folder.path()).unwrap_err();
            assert!(matches!(told, DataError::Foreign { owner: 4711, .. }), "{told}");
            // Where its own coordinator has run before, too.
            std::fs::write(folder.path().join("lock"), "").unwrap();
        }
        write_private(&folder.path().join("tokens"), b"").unwrap();
        assert_eq!(std::fs::metadata(folder.path().join("tokens")).unwrap().uid(), 4711);
        let lock = File::open(folder.path().join("lock")).unwrap();
        lock.lock().unwrap();
        // While it runs, commands ask it.
        assert!(matches!(Data::open(folder.path()), Err(DataError::InUse { .. })));
    }

    #[test]
    fn secrets_are_kept_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::open(folder.path()).unwrap();
        let (token, key) = (data.token().unwrap(), data.fleet_key().unwrap());
        assert!(data.token().unwrap().fits(token.expose()));
        assert!(!token.fits(""));
        assert_eq!(data.fleet_key().unwrap().expose(), key.expose());
        for file in ["token", "fleet.key", "lock"] {
            let mode = std::fs::metadata(data.path(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert_ne!(data.new_fleet_key().unwrap().expose(), key.expose());
    }

    #[test]
    fn a_damaged_key_is_told_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::open(folder.path()).unwrap();
        std::fs::write(data.path("fleet.key"), "short").unwrap();
        assert!(matches!(data.fleet_key(), Err(DataError::Damaged { .. })));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let told = Data::open(&file.path().join("below")).unwrap_err().to_string();
        assert!(told.contains(file.path().to_str().unwrap()) && told.contains("--data"), "{told}");
    }
}
