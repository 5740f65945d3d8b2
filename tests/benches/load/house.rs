//! A data folder with many nodes enrolled, and what a process takes.

use crate::harness::{Coordinator, Scratch};
use frames::NodeName;
use goldentooth::config::default_fleet;
use goldentooth::data::Data;
use goldentooth::enrol::{Entry, Keys};
use node_agent::enrolment::Kind;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A data folder, and the keys of everybody in it.
pub struct House {
    // Removed at the end, with the data folder in it.
    _scratch: Scratch,
    /// The data folder.
    pub data: PathBuf,
    /// The keys of the nodes.
    pub keys: Keys,
    /// The nodes.
    pub names: Vec<NodeName>,
}

impl House {
    /// Enrols `count` nodes at once, which `goldentooth enroll` would do one by one.
    pub fn new(count: usize) -> Self {
        let scratch = Scratch::new();
        let path = scratch.join("data");
        let data = Data::open(&path).expect("a data folder");
        data.fleet_key().expect("a key");
        let names: Vec<NodeName> =
            (1..=count).map(|number| format!("pi-{number:05}").parse().expect("a name")).collect();
        let accounts: BTreeMap<&str, Entry> =
            names.iter().map(|name| (name.as_str(), Entry { kind: Kind::Node, epoch: 1 })).collect();
        let roll = serde_json::json!({ "version": 1, "accounts": accounts });
        std::fs::write(data.path("enrolments.json"), roll.to_string()).expect("room on the disk");
        let keys = Keys::load(&data, default_fleet()).expect("the keys");
        Self { _scratch: scratch, data: path, keys, names }
    }

    /// Starts the coordinator: see [`program`].
    pub fn start(&self, arguments: &[&str]) -> Coordinator {
        let program = program();
        assert!(program.exists(), "{} is missing: bench/run builds it", program.display());
        Coordinator::start_as(Command::new(program), &self.data, arguments)
    }

    /// A node's user name and password at the broker.
    pub fn account(&self, name: &NodeName) -> (String, String) {
        let entry = self.keys.entry(name).expect("enrolled");
        (name.as_str().to_owned(), self.keys.password(name, entry).expose().to_owned())
    }
}

/// The coordinator to measure: the one that `GOLDENTOOTH_PROGRAM` names, else that
/// beside this benchmark. It is not built here, since what is measured shall not
/// be what something else builds.
pub fn program() -> PathBuf {
    std::env::var_os("GOLDENTOOTH_PROGRAM").map_or_else(
        || {
            let me = std::env::current_exe().expect("my own path");
            // target/release/deps/me
            me.parent().and_then(Path::parent).expect("a target folder").join("goldentooth")
        },
        PathBuf::from,
    )
}

/// What a process has taken so far.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    at: Instant,
    cpu: Duration,
    /// Resident memory, in MiB.
    pub rss: f64,
    /// The part of it that no file stands behind, in MiB.
    pub anonymous: f64,
}

impl Taken {
    /// Reads it from `/proc`.
    pub fn by(pid: u32) -> Self {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).expect("it runs");
        // After the name, which may hold anything: utime and stime, in the
        // kernel's 1/100 s, which no Linux that we run on has otherwise.
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().expect("ticks")).sum();
        let rollup = read("smaps_rollup");
        let mib = |key: &str| {
            let line = rollup.lines().find_map(|line| line.strip_prefix(key)).expect("the key");
            line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).expect("KiB") / 1024.0
        };
        Self {
            at: Instant::now(),
            cpu: Duration::from_millis(ticks * 10),
            rss: mib("Rss:"),
            anonymous: mib("Anonymous:"),
        }
    }

    /// Percent of one core, since `before`.
    pub fn percent_since(&self, before: &Self) -> f64 {
        self.cpu.saturating_sub(before.cpu).as_secs_f64() / (self.at - before.at).as_secs_f64() * 100.0
    }
}
