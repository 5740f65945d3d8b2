//! Where the faults are tried: a coordinator, real agents that sample every
//! second, and a strict account at the end: what the agents took, the store
//! has, once each.

use crate::harness::{Agent, Coordinator, Scratch, binary, eventually, secs};
use fleet::NodeRecord;
use node_agent::say::disk::Log;
use node_agent::say::folder::Folder;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use store::Store;

/// How every agent here runs: a sample a second, whatever it costs, and what is
/// undecided on the disk soon.
pub const PACE: [&str; 10] = [
    "--interval",
    "1s",
    "--ceiling",
    "1s",
    "--model",
    "none",
    "--ask-services",
    "false",
    "--keep-every",
    "3s",
];
/// An agent starts with its backlog within 30 s, and says it again after 90 s.
pub const DRAINS: Duration = Duration::from_mins(3);

/// A coordinator and its agents.
pub struct Place {
    coordinator: Option<Coordinator>,
    agents: BTreeMap<String, Member>,
    arguments: Vec<String>,
    /// Where everything lies.
    pub scratch: Scratch,
}

struct Member {
    enrolment: PathBuf,
    arguments: Vec<String>,
    agent: Option<Agent>,
}

/// What an agent's log says of its starts that ended in good order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Ends.
    pub stops: u64,
    /// Samples taken in all of them.
    pub samples: u64,
    /// Undecided at the last end.
    pub left: u64,
}

/// What the store has of one node.
#[derive(Debug)]
pub struct Stored {
    /// Rows of vitals, by boot and sequence.
    pub rows: Vec<Row>,
    /// What is remembered of it.
    pub record: NodeRecord,
}

/// One row of vitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The boot that said it.
    pub boot: u32,
    /// Its number.
    pub sequence: u32,
    /// When it was made, in Unix milliseconds; if unknown, a time before which.
    pub at: i64,
    /// Whether that is known.
    pub known: bool,
}

impl Place {
    /// A coordinator with its own broker, on a port that it keeps over restarts.
    pub fn new() -> Self {
        let mut place = Self::idle(&[]);
        place.start();
        place.keep_port();
        place
    }

    /// Later starts take the port that the broker has now.
    pub fn keep_port(&mut self) {
        let broker = self.coordinator().broker().to_owned();
        self.arguments.extend(["--mqtt".to_owned(), broker]);
    }

    /// A coordinator with these arguments, not yet started.
    pub fn idle(arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        let config = scratch.join("goldentooth.toml");
        // Commits often, so that agents have their answer before they end.
        std::fs::write(&config, "commit_every = \"200ms\"\nclock = \"always\"\n").expect("a configuration");
        let mut all = vec!["--no-local-node".to_owned(), "--no-stage".to_owned()];
        all.extend(["--config".to_owned(), config.display().to_string()]);
        all.extend(arguments.iter().copied().map(str::to_owned));
        Self { coordinator: None, agents: BTreeMap::new(), arguments: all, scratch }
    }

    /// Starts the coordinator (again).
    pub fn start(&mut self) {
        self.start_as(Command::new(binary("goldentooth")));
    }

    /// Starts the coordinator under another program, which has the binary already.
    pub fn start_as(&mut self, command: Command) {
        assert!(self.coordinator.is_none(), "it runs already");
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.coordinator = Some(Coordinator::start_as(command, &self.data(), &arguments));
    }

    /// The coordinator.
    pub fn coordinator(&self) -> &Coordinator {
        self.coordinator.as_ref().expect("it runs")
    }

    /// The coordinator's data folder.
    pub fn data(&self) -> PathBuf {
        self.scratch.join("data")
    }

    /// Stops the coordinator: Ctrl-C.
    pub fn stop(&mut self) {
        let ended = self.coordinator.take().expect("it runs").stop();
        assert!(ended.success(), "a clean stop: {ended}");
    }

    /// Kills the coordinator: SIGKILL.
    pub fn kill(&mut self) {
        self.coordinator.take().expect("it runs").kill();
    }

    /// Forgets a coordinator that has ended by itself.
    pub fn bury(&mut self) {
        drop(self.coordinator.take());
    }

    /// Enrols a node, without starting its agent.
    pub fn enroll(&mut self, name: &str, address: &str, more: &[&str]) {
        let arguments = ["--address", address];
        let enrolment = self.coordinator().enroll_as(name, self.scratch.path(), &arguments);
        // Rows get the agent's own time, unless it shall be doubted.
        let clock: &[&str] = if more.contains(&"--clock") { &[] } else { &["--clock", "always"] };
        let arguments = PACE.iter().chain(clock).chain(more).copied().map(str::to_owned).collect();
        self.agents.insert(name.to_owned(), Member { enrolment, arguments, agent: None });
    }

    /// Enrols nodes and starts their agents.
    pub fn nodes(&mut self, names: &[&str]) {
        for name in names {
            self.enroll(name, "127.0.0.1", &[]);
            self.agent(name);
        }
    }

    /// Starts a node's agent (again).
    pub fn agent(&mut self, name: &str) {
        self.agent_as(Command::new(binary("goldentooth-node")), name);
    }

    /// Starts a node's agent under another program, which has the binary already.
    pub fn agent_as(&mut self, command: Command, name: &str) {
        let scratch = &self.scratch;
        let member = self.agents.get_mut(name).expect("enrolled");
        assert!(member.agent.is_none(), "{name} runs already");
        let arguments: Vec<&str> = member.arguments.iter().map(String::as_str).collect();
        member.agent = Some(Agent::start_as(command, scratch, &member.enrolment, &arguments));
    }

    /// A node's running agent.
    pub fn running(&mut self, name: &str) -> &mut Agent {
        self.agents.get_mut(name).and_then(|member| member.agent.as_mut()).expect("it runs")
    }

    /// Where a node keeps what is undecided.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.scratch.join(&format!("{name}.enrolment.data"))
    }

    /// What a node has logged, over all its starts.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.scratch.join(&format!("{name}.enrolment.log"))).unwrap_or_default()
    }

    /// What the coordinator has logged, over all its starts.
    pub fn coordinator_log(&self) -> String {
        std::fs::read_to_string(self.scratch.join("data.log")).unwrap_or_default()
    }

    /// Stops a node's agent in good order.
    pub fn stop_agent(&mut self, name: &str) -> Said {
        let agent = self.agents.get_mut(name).and_then(|member| member.agent.take()).expect("it runs");
        let ended = agent.stop();
        assert!(ended.success(), "{name}: {ended}");
        self.said(name)
    }

    /// Forgets an agent that has ended by itself, or kills it.
    pub fn kill_agent(&mut self, name: &str) {
        let agent = self.agents.get_mut(name).and_then(|member| member.agent.take()).expect("it runs");
        agent.kill();
    }

    /// What a node says of its starts that ended in good order.
    pub fn said(&self, name: &str) -> Said {
        let mut said = Said::default();
        for line in self.log(name).lines().filter(|line| line.contains("stopped samples=")) {
            let number = |key: &str| -> u64 {
                let words = line.split_whitespace().find_map(|word| word.strip_prefix(key));
                words.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{key} in {line}"))
            };
            said.stops += 1;
            said.samples += number("samples=");
            said.left = number("left=");
        }
        said
    }

    /// Files in a node's folder that hold undecided frames.
    pub fn kept(&self, name: &str) -> usize {
        let entries = std::fs::read_dir(self.folder(name)).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("spool-")).count()
    }

    /// How many frames a node that does not run has on its disk.
    pub fn undecided(&self, name: &str) -> usize {
        Log::open(Folder::new(&self.folder(name)), 0).unread()
    }

    /// Boot and number of each frame that a node that does not run has on its disk.
    pub fn kept_numbers(&self, name: &str) -> Vec<(u32, u32)> {
        let mut log = Log::open(Folder::new(&self.folder(name)), 0);
        let mut numbers = Vec::new();
        while let Some(kept) = log.read_next() {
            numbers.push((kept.boot, kept.sequence));
        }
        numbers
    }

    /// Lets the coordinator start under a program that kills it while it starts.
    pub fn dies_at_start(&self, mut command: Command) {
        command
            .args(["up", "--json", "--http", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let ended = eventually("it dies", secs(60), || child.try_wait().expect("a child"));
        assert!(!ended.success(), "{ended}");
    }

    /// Waits until a running agent has nothing on its disk any more.
    pub fn drained(&self, name: &str) {
        let last = || format!("{name}'s folder is empty; its log:\n{}", self.log(name));
        let end = std::time::Instant::now() + DRAINS;
        while self.kept(name) > 0 {
            assert!(std::time::Instant::now() < end, "not within {DRAINS:?}: {}", last());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops every agent when all that it took is decided. One that ends with
    /// something undecided is started again, and says it then.
    pub fn settle(&mut self) {
        let names: Vec<String> = self.agents.keys().cloned().collect();
        for name in &names {
            if self.agents[name].agent.is_none() {
                continue;
            }
            for _ in 0..5 {
                self.drained(name);
                if self.stop_agent(name).left == 0 && self.kept(name) == 0 {
                    break;
                }
                self.agent(name);
                // Until it has heard of signals, one would just end it.
                std::thread::sleep(secs(2));
            }
            let said = self.said(name);
            assert_eq!((said.left, self.kept(name)), (0, 0), "{name} has nothing left: {}", self.log(name));
        }
    }

    /// The end: everybody stops, and every sample of every agent is in the
    /// store, once. Agents that were killed are left out of the account; the
    /// answer is what the store has of each node.
    pub fn account(mut self) -> BTreeMap<String, Stored> {
        self.settle();
        let status = self.coordinator().get("/api/v1/status");
        assert!(status["degraded"].is_null(), "{status}");
        self.stop();
        let stored = stored(&self.data());
        for (name, node) in &stored {
            let said = self.said(name);
            assert_eq!(
                node.rows.len() as u64,
                said.samples,
                "rows of {name}, by samples: {said:?} {:?}",
                node.record.boots
            );
            whole(name, node);
        }
        assert_eq!(stored.len(), self.agents.len(), "every node is known");
        stored
    }
}

/// Every number of every boot of a node is decided, and none was given up.
pub fn whole(name: &str, node: &Stored) {
    for boot in &node.record.boots {
        assert!(boot.runs.is_empty(), "{name}: a gap that nobody fills: {boot:?}");
        assert_eq!(boot.dropped, 0, "{name}: {boot:?}");
    }
}

/// The boot that speaks of each node is whole. What only a lost coordinator had decided
/// never comes again: that boot says so with its next frame, an ended one has none.
pub fn whole_at_last(data: &Path) {
    for (name, node) in stored(data) {
        let running = node.record.boots.iter().find(|boot| Some(boot.boot) == node.record.running);
        let running = running.expect("it spoke");
        assert!(running.runs.is_empty() && running.dropped == 0, "{name}: {running:?}");
        assert!(!node.rows.is_empty(), "{name}");
    }
}

/// What is in the store of a coordinator that does not run.
pub fn stored(data: &Path) -> BTreeMap<String, Stored> {
    let (store, opened) = Store::open(data).expect("the store opens");
    assert_eq!(opened, store::Opened::Existing);
    // By its own SQL, so that nothing is summed up, dated or left out.
    let file = rusqlite::Connection::open(data.join("store.sqlite")).expect("the store's file");
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut query = file
        .prepare(
            "SELECT name, boot, sequence, at, known FROM vitals JOIN node ON node.id = vitals.node
             ORDER BY name, boot, sequence",
        )
        .expect("the schema");
    let found = query.query_map([], |row| {
        let name: String = row.get(0)?;
        Ok((name, Row { boot: row.get(1)?, sequence: row.get(2)?, at: row.get(3)?, known: row.get(4)? }))
    });
    for found in found.expect("rows") {
        let (name, row) = found.expect("a row");
        let rows = rows.entry(name).or_default();
        let twice = rows.last().is_some_and(|last| (last.boot, last.sequence) == (row.boot, row.sequence));
        assert!(!twice, "stored twice: {row:?}");
        rows.push(row);
    }
    let records = store.records().expect("records").into_iter();
    records
        .map(|record| {
            let name = record.name.to_string();
            let rows = rows.remove(&name).unwrap_or_default();
            (name, Stored { rows, record })
        })
        .collect()
}

/// Waits until at least `count` frames were accepted since the coordinator's start.
pub fn accepted(place: &Place, count: u64) {
    counted(place, "accepted", count);
}

/// Waits until at least `count` frames are on the disk since the coordinator's start.
pub fn committed(place: &Place, count: u64) {
    counted(place, "stored", count);
}

fn counted(place: &Place, what: &str, count: u64) {
    eventually(&format!("{count} frames are {what}"), secs(60), || {
        (place.coordinator().count(what) >= count).then_some(())
    });
}
