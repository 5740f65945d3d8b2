//! How faults are made: file systems of their own, strace, other programs.

use crate::harness::binary;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whether all of these programs can be used here: they need root, and
/// packages that `ci/test` installs.
///
/// # Panics
/// If somebody is root and a program is missing.
pub fn equipped(tools: &[&str]) -> bool {
    let run = |program: &str, arguments: &[&str]| {
        let told = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
        String::from_utf8(told.stdout).ok()
    };
    let root = run("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    let there =
        |tool: &&&str| run("sh", &["-c", &format!("command -v {tool}")]).is_some_and(|path| !path.is_empty());
    let missing: Vec<&str> = tools.iter().filter(|tool| !there(tool)).copied().collect();
    if root {
        assert!(missing.is_empty(), "missing: {missing:?}; ./ci/test installs them");
        return true;
    }
    eprintln!("NOT TESTED HERE: this needs root, and {tools:?}");
    false
}

/// Runs a program that must succeed.
///
/// # Panics
/// If it doesn't.
pub fn sh<S: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = S>) {
    let told = Command::new(program).args(arguments).stdin(Stdio::null()).output().expect(program);
    assert!(told.status.success(), "{program}: {}", String::from_utf8_lossy(&told.stderr));
}

/// A binary of ours under strace, which does this to the `when`-th of these
/// calls in each thread. The process is the binary itself: strace looks on
/// from aside (`-D`). No `--seccomp-bpf`: with it, signals are not injected.
pub fn tampered(program: &str, call: &str, what: &str, when: &str) -> Command {
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq", "-o", "/dev/null"]);
    command.args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{what}:when={when}")]);
    command.arg(binary(program));
    command
}

/// An overlay over an empty folder that is never written to, what is written kept in memory: as a
/// system with a read-only root has it. Gone at the end.
pub struct Overlay {
    on: PathBuf,
    /// Where its layers are.
    _memory: Tmpfs,
}

impl Overlay {
    /// Mounts one on a folder, which is made; none where the kernel has no overlays.
    pub fn mount(on: &Path) -> Option<Self> {
        let memory = Tmpfs::mount(&on.with_extension("layers"), "4m");
        let layer = |name: &str| {
            let folder = on.with_extension("layers").join(name);
            std::fs::create_dir_all(&folder).expect("a folder");
            format!("{name}dir={}", folder.display())
        };
        let options = ["lower", "upper", "work"].map(layer).join(",");
        std::fs::create_dir_all(on).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "overlay", "overlay", "-o", &options]).arg(on);
        if !mount.status().expect("mount").success() {
            eprintln!("NOT TESTED HERE: there are no overlays");
            return None;
        }
        Some(Self { on: on.to_owned(), _memory: memory })
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.on).status();
    }
}

/// A file system in memory, of its own size, gone at the end.
pub struct Tmpfs(PathBuf);

impl Tmpfs {
    /// Mounts one on a folder, which is made.
    pub fn mount(on: &Path, size: &str) -> Self {
        std::fs::create_dir_all(on).expect("a folder");
        let on = on.to_owned();
        let size = format!("size={size},mode=700");
        sh(
            "mount",
            [OsStr::new("-t"), "tmpfs".as_ref(), "-o".as_ref(), size.as_ref(), "none".as_ref(), on.as_ref()],
        );
        Self(on)
    }

    /// Mounts it anew, `ro` or `rw`.
    pub fn remount(&self, how: &str) {
        let how = format!("remount,{how}");
        sh("mount", [OsStr::new("-o"), how.as_ref(), self.0.as_ref()]);
    }

    /// Leaves no room for a single byte.
    pub fn fill(&self) {
        use std::io::Write as _;
        let mut filler =
            std::fs::File::options().create(true).append(true).open(self.filler()).expect("a file");
        let block = [0; 4096];
        while filler.write_all(&block).is_ok() {}
    }

    /// Makes room again.
    pub fn free(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
