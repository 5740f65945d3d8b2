//! The real binaries, started as a user starts them and always stopped.

use super::{Scratch, eventually, secs};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Once;
use std::time::Duration;

/// One of the workspace's binaries, built in the profile of this test.
///
/// # Panics
/// If it can't be built.
pub fn binary(name: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    let me = std::env::current_exe().expect("my own path");
    // target/PROFILE/deps/me
    let folder = me.parent().and_then(Path::parent).expect("a target folder").to_owned();
    BUILD.call_once(|| {
        let mut build = Command::new(env!("CARGO"));
        // With the tests, so that they are built from what these share.
        build.args(["build", "--workspace", "--bins", "--tests", "--quiet"]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        // What cargo tells a test of its package is not for another cargo: ring's
        // build script would take it for a change, and half the tree be built anew.
        for (name, _) in std::env::vars_os() {
            let told = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"]
                .iter()
                .any(|own| told.starts_with(own))
            {
                build.env_remove(&name);
            }
        }
        let target = folder.parent().expect("target");
        build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).arg("--target-dir").arg(target);
        assert!(build.status().expect("cargo runs").success(), "the binaries can't be built");
    });
    folder.join(name)
}

/// Runs a binary of ours to its end.
pub fn run<S: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = S>) -> Output {
    Command::new(binary(name))
        .args(arguments)
        .env_remove("GOLDENTOOTH_URL")
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

/// A child process that does not outlive its test.
struct Running(Child);

impl Running {
    fn signal(&self, signal: &str) {
        // A process that has just ended is no error here.
        let _ = Command::new("kill").args([signal, &self.0.id().to_string()]).stderr(Stdio::null()).status();
    }

    fn stop(&mut self) -> ExitStatus {
        self.signal("-INT");
        eventually("a clean stop", secs(15), || self.0.try_wait().expect("a child"))
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What `up --json` says when all is ready.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names)] // the line has a field of that name
pub struct Ready {
    /// Always true.
    pub ready: bool,
    /// `http://…`, without a trailing slash.
    pub http: String,
    /// `mqtt://…`, without a trailing slash.
    pub mqtt: String,
    /// The data folder.
    pub data: String,
}

/// A running `goldentooth up`.
pub struct Coordinator {
    running: Running,
    /// Where it is.
    pub ready: Ready,
}

impl Coordinator {
    /// Starts `goldentooth up --json --data DATA ARGUMENTS…` on free ports
    /// and waits until it is ready.
    ///
    /// # Panics
    /// If it isn't within 30 s; its log is in `DATA.log`.
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::start_as(Command::new(binary("goldentooth")), data, arguments)
    }

    /// The same, under another program (faketime, strace, ip netns exec), which
    /// is to be given the binary already.
    ///
    /// # Panics
    /// As [`Coordinator::start`].
    pub fn start_as(mut command: Command, data: &Path, arguments: &[&str]) -> Self {
        let log = File::options().create(true).append(true).open(log_of(data)).expect("a log file");
        command.args(["up", "--json", "--data"]).arg(data).args(arguments);
        if !arguments.contains(&"--http") {
            command.args(["--http", "127.0.0.1:0"]);
        }
        if !arguments.iter().any(|argument| ["--mqtt", "--broker"].contains(argument)) {
            command.args(["--mqtt", "127.0.0.1:0"]);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("goldentooth starts");
        let mut running = Running(child);
        let mut lines = BufReader::new(running.0.stdout.take().expect("piped")).lines();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _ = tell.send(lines.next());
            // Keep reading, so that it never blocks on a full pipe.
            lines.map_while(Result::ok).for_each(drop);
        });
        let line = match told.recv_timeout(secs(30)) {
            Ok(Some(Ok(line))) => line,
            other => panic!("not ready: {other:?}; log:\n{}", read_log(data)),
        };
        let ready: Ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        assert!(ready.ready, "{line}");
        Self { running, ready }
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.running.0.id()
    }

    /// `HOST:PORT` of its broker.
    pub fn broker(&self) -> &str {
        self.ready.mqtt.trim_start_matches("mqtt://")
    }

    /// The answer to a GET, as JSON.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, path: &str) -> Value {
        self.try_get(path).unwrap_or_else(|| panic!("GET {path} failed"))
    }

    /// The answer to a GET, as JSON, if there is one.
    pub fn try_get(&self, path: &str) -> Option<Value> {
        let mut answer = ureq::get(format!("{}{path}", self.ready.http)).call().ok()?;
        answer.body_mut().read_json().ok()
    }

    /// One node's view, once it is known.
    pub fn node(&self, name: &str) -> Option<Value> {
        let nodes = self.try_get("/api/v1/nodes")?;
        nodes.as_array()?.iter().find(|node| node["name"] == name).cloned()
    }

    /// A number of `status`.
    pub fn count(&self, what: &str) -> u64 {
        self.get("/api/v1/status")[what].as_u64().unwrap_or_else(|| panic!("no count {what}"))
    }

    /// How many messages were refused with this cause.
    pub fn refused(&self, cause: &str) -> u64 {
        self.get("/api/v1/status")["refused"][cause].as_u64().unwrap_or(0)
    }

    /// Every event of this kind, oldest first.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let events = self.get(&format!("/api/v1/events?kind={kind}&limit=1000"));
        events.as_array().cloned().unwrap_or_default()
    }

    /// Enrols a node on loopback and gives its file's path.
    ///
    /// # Panics
    /// If it can't be enrolled.
    pub fn enroll(&self, name: &str, folder: &Path) -> PathBuf {
        self.enroll_as(name, folder, &[])
    }

    /// Enrols with more arguments.
    ///
    /// # Panics
    /// If it can't be enrolled.
    pub fn enroll_as(&self, name: &str, folder: &Path, more: &[&str]) -> PathBuf {
        let out = folder.join(format!("{name}.enrolment.toml"));
        let _ = std::fs::remove_file(&out);
        let mut arguments: Vec<&OsStr> =
            vec!["enroll".as_ref(), name.as_ref(), "--out".as_ref(), out.as_ref()];
        arguments.extend(["--address", "127.0.0.1", "--data", &self.ready.data].map(OsStr::new));
        arguments.extend(more.iter().map(OsStr::new));
        let output = run("goldentooth", arguments);
        assert!(output.status.success(), "enroll {name}: {}", String::from_utf8_lossy(&output.stderr));
        out
    }

    /// Ctrl-C, and how it ended.
    ///
    /// # Panics
    /// If it doesn't end within 15 s.
    pub fn stop(mut self) -> ExitStatus {
        self.running.stop()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.running.kill();
    }

    /// Another signal, as `kill` spells it (`-STOP`).
    #[allow(dead_code)] // for the benchmarks, which include this file
    pub fn signal(&self, signal: &str) {
        self.running.signal(signal);
    }
}

fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn read_log(data: &Path) -> String {
    std::fs::read_to_string(log_of(data)).unwrap_or_default()
}

/// A running `goldentooth-node run`.
pub struct Agent {
    running: Running,
    folder: PathBuf,
}

impl Agent {
    /// Starts an agent with a data folder inside `scratch`.
    pub fn start(scratch: &Scratch, enrolment: &Path, arguments: &[&str]) -> Self {
        Self::start_as(Command::new(binary("goldentooth-node")), scratch, enrolment, arguments)
    }

    /// The same, under another program.
    ///
    /// # Panics
    /// If it can't be started.
    pub fn start_as(mut command: Command, scratch: &Scratch, enrolment: &Path, arguments: &[&str]) -> Self {
        let stem = enrolment.file_stem().and_then(OsStr::to_str).unwrap_or("node").to_owned();
        let folder = scratch.join(&format!("{stem}.data"));
        let log = File::options().create(true).append(true).open(log_of(&folder)).expect("a log file");
        let child = command
            .args(["run", "--enrolment"])
            .arg(enrolment)
            .arg("--data")
            .arg(&folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("goldentooth-node starts");
        Self { running: Running(child), folder }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        read_log(&self.folder)
    }

    /// Ctrl-C, and how it ended.
    ///
    /// # Panics
    /// If it doesn't end within 15 s.
    pub fn stop(mut self) -> ExitStatus {
        self.running.stop()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.running.kill();
    }

    /// Whether it still runs after `period`.
    ///
    /// # Panics
    /// If the child can't be asked.
    pub fn lives(&mut self, period: Duration) -> bool {
        std::thread::sleep(period);
        self.running.0.try_wait().expect("a child").is_none()
    }
}
