//! Reading small files below a root, into one buffer that is used again.

use rustix::fd::OwnedFd;
use rustix::fs::{Access, AtFlags, CWD, FsWord, Mode, OFlags, RawDir};
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// The most that is read of one file; `/proc/stat` of a machine with hundreds
/// of processors stays far below it.
const MOST: usize = 1 << 20;
/// What the buffer starts with: enough for every file on a Pi.
const FIRST: usize = 16 << 10;
/// What tells a procfs from a folder with recorded files (`linux/magic.h`).
const PROC_SUPER_MAGIC: FsWord = 0x9fa0;

/// The files of one machine, this one or a recorded tree, and a buffer that
/// each of them is read into.
pub(crate) struct Files {
    tree: Tree,
    buffer: Vec<u8>,
}

/// The files of one machine: this one, or a recorded tree.
pub(crate) struct Tree {
    root: PathBuf,
    folder: Option<OwnedFd>,
    running: bool,
    here: bool,
}

impl Deref for Files {
    type Target = Tree;

    fn deref(&self) -> &Tree {
        &self.tree
    }
}

impl Files {
    /// The files below `root`. A root that can't be opened has no files.
    pub(crate) fn new(root: &Path) -> Self {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(CWD, root, flags, Mode::empty()).ok();
        let running = rustix::fs::statfs(root.join("proc")).is_ok_and(|fs| fs.f_type == PROC_SUPER_MAGIC);
        let here = root.canonicalize().is_ok_and(|real| real == Path::new("/"));
        Self { tree: Tree { root: root.to_owned(), folder, running, here }, buffer: Vec::new() }
    }

    /// The content of a file, by its path below the root without a leading
    /// slash. None if it can't be read: for a sampler that is all the same.
    pub(crate) fn read(&mut self, path: &str) -> Option<&[u8]> {
        self.try_read(path).ok()
    }

    /// As [`Self::read`], with the tree beside it to look further.
    pub(crate) fn read_beside(&mut self, path: &str) -> Option<(&[u8], &Tree)> {
        let length = self.fill(path).ok()?;
        Some((self.buffer.get(..length)?, &self.tree))
    }

    /// As [`Self::read`], with the reason.
    pub(crate) fn try_read(&mut self, path: &str) -> Result<&[u8], Errno> {
        let length = self.fill(path)?;
        self.buffer.get(..length).ok_or(Errno::FBIG)
    }

    fn fill(&mut self, path: &str) -> Result<usize, Errno> {
        let file = self.open(path, OFlags::RDONLY)?;
        if self.buffer.is_empty() {
            self.buffer.resize(FIRST, 0);
        }
        let mut filled = 0;
        loop {
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            match rustix::io::read(&file, room) {
                Ok(0) => return Ok(filled),
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            if filled >= self.buffer.len() {
                if filled >= MOST {
                    return Err(Errno::FBIG);
                }
                self.buffer.resize(filled * 2, 0);
            }
        }
    }

    /// The first line of a file as text, trimmed.
    pub(crate) fn line(&mut self, path: &str) -> Option<&str> {
        let bytes = self.read(path)?;
        // Device tree strings end with a NUL instead of a line end.
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | 0)).unwrap_or(bytes.len());
        std::str::from_utf8(bytes.get(..end)?).ok().map(str::trim)
    }

    /// A file that holds one whole number.
    pub(crate) fn number(&mut self, path: &str) -> Option<i64> {
        self.line(path)?.parse().ok()
    }
}

impl Tree {
    /// Where the files are.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether they are those of a running machine, not a recorded tree: only
    /// then a mount point is a file system and not a plain folder.
    pub(crate) fn running(&self) -> bool {
        self.running
    }

    /// Whether the root is this machine's own, so that programs started here
    /// speak about the same machine as the files.
    pub(crate) fn here(&self) -> bool {
        self.here
    }

    /// Whether a path exists.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.may(path, Access::EXISTS)
    }

    /// Whether a file can be opened for reading; a name in /proc may exist and
    /// yet be closed to us.
    pub(crate) fn readable(&self, path: &str) -> bool {
        self.open(path, OFlags::RDONLY).is_ok()
    }

    /// Whether a path may be used so by this process.
    pub(crate) fn may(&self, path: &str, access: Access) -> bool {
        let Some(folder) = &self.folder else { return false };
        rustix::fs::accessat(folder, path, access, AtFlags::empty()).is_ok()
    }

    /// When a path was last changed, in nanoseconds since 1970.
    pub(crate) fn modified(&self, path: &str) -> Option<i128> {
        let stat = rustix::fs::statat(self.folder.as_ref()?, path, AtFlags::empty()).ok()?;
        Some(i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec))
    }

    /// The last part of what a symbolic link points to.
    pub(crate) fn link_name(&self, path: &str) -> Option<String> {
        let target = rustix::fs::readlinkat(self.folder.as_ref()?, path, Vec::new()).ok()?;
        target.to_str().ok()?.rsplit('/').next().map(str::to_owned)
    }

    /// Opens a path below the root.
    pub(crate) fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let folder = self.folder.as_ref().ok_or(Errno::NOENT)?;
        rustix::fs::openat(folder, path, flags | OFlags::CLOEXEC, Mode::empty())
    }

    /// The names in a folder, sorted; empty if it can't be read.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let mut names = Vec::new();
        self.each_name(path, |name| names.push(name.to_owned()));
        names.sort_unstable();
        names
    }

    /// Calls back with each name in a folder, in no order; false if it can't
    /// be read. Takes nothing from the heap.
    pub(crate) fn each_name(&self, path: &str, mut each: impl FnMut(&str)) -> bool {
        let Ok(folder) = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY) else { return false };
        let mut buffer = [MaybeUninit::<u8>::uninit(); 8192];
        let mut entries = RawDir::new(folder, &mut buffer);
        while let Some(entry) = entries.next() {
            let Ok(entry) = entry else { return false };
            match entry.file_name().to_str() {
                Ok(name) if name != "." && name != ".." => each(name),
                _ => {}
            }
        }
        true
    }
}
