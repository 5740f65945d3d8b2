//! The few files that the log of undecided bodies lies in.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// tmpfs and overlayfs (`linux/magic.h`).
const IN_MEMORY: [rustix::fs::FsWord; 2] = [0x0102_1994, 0x794c_7630];

/// Where the log's files are: the seam at which tests let writes fail.
pub trait Files {
    /// Numbers of the files that exist, in any order.
    ///
    /// # Errors
    /// As the system gives them.
    fn list(&mut self) -> io::Result<Vec<u32>>;
    /// Appends to a file, which is made if need be, and waits until the bytes
    /// are on the disk. After an error the file is as before, if that can be had.
    ///
    /// # Errors
    /// As the system gives them.
    fn append(&mut self, number: u32, bytes: &[u8]) -> io::Result<()>;
    /// Reads from `offset` on; 0 bytes mean that the file ends there.
    ///
    /// # Errors
    /// As the system gives them.
    fn read(&mut self, number: u32, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Removes a file.
    ///
    /// # Errors
    /// As the system gives them.
    fn remove(&mut self, number: u32) -> io::Result<()>;
}

/// A real folder, made when it is first needed.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held open as long as the folder is ours.
    lock: Option<File>,
}

impl Folder {
    /// The folder at this path.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), lock: None }
    }

    /// Claims the folder, so that no second agent reads and removes what is
    /// ours. The answer is whether it is free; a folder that can't be written
    /// (now) has nothing to quarrel about.
    pub fn claim(&mut self) -> bool {
        let file = || {
            self.make()?;
            OpenOptions::new().create(true).append(true).mode(0o600).open(self.path.join("lock"))
        };
        let Ok(file) = file() else { return true };
        let free = !matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        self.lock = Some(file).filter(|_| free);
        free
    }

    /// Whether it could be written when it was claimed.
    pub fn takes_writes(&self) -> bool {
        self.lock.is_some()
    }

    /// Whether what is written here is gone after a reboot: the folder lies in memory, as
    /// under the overlay of a read-only system.
    pub fn is_in_memory(&self) -> bool {
        let there = self.path.ancestors().find_map(|path| rustix::fs::statfs(path).ok());
        there.is_some_and(|found| IN_MEMORY.contains(&found.f_type))
    }

    fn make(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)
    }

    fn path(&self, number: u32) -> PathBuf {
        self.path.join(format!("spool-{number:010}"))
    }
}

impl Files for Folder {
    fn list(&mut self) -> io::Result<Vec<u32>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.strip_prefix("spool-")?.parse::<u32>().ok()));
        }
        Ok(numbers)
    }

    fn append(&mut self, number: u32, bytes: &[u8]) -> io::Result<()> {
        self.make()?;
        let path = self.path(number);
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        let before = file.metadata()?.len();
        let written = file.write_all(bytes).and_then(|()| file.sync_data());
        if written.is_err() {
            let _ = file.set_len(before);
        } else if before == 0 {
            // The file's name must be on the disk as well.
            File::open(&self.path)?.sync_all()?;
        }
        written
    }

    fn read(&mut self, number: u32, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut file = File::open(self.path(number))?;
        file.seek(SeekFrom::Start(offset))?;
        file.read(into)
    }

    fn remove(&mut self, number: u32) -> io::Result<()> {
        fs::remove_file(self.path(number))
    }
}
