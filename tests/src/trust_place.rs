//! Where the threat table is tried: a real coordinator over its own broker,
//! over Mosquitto with the accounts and rules that `enroll --print-mosquitto`
//! prints, or over a Mosquitto that lets everybody do everything, so that
//! nothing but the seal stands in the way.

use crate::harness::{Coordinator, Forger, Mosquitto, Scratch, Wire, eventually, run, secs};
use frames::{Hello, Probability, Readings, Replay, Report, Say, Vital, VitalSet};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Mosquitto's account of the coordinator, which the operator names.
const COORDINATOR: (&str, &str) = ("coordinator.goldentooth", "the operator's choice");
/// Nothing may come after the last message in this time.
const QUIET: Duration = Duration::from_millis(700);

/// A coordinator and its broker.
pub struct Place {
    coordinator: Option<Coordinator>,
    mosquitto: Option<Mosquitto>,
    rules: Option<Rules>,
    files: u32,
    cast: bool,
    /// Where everything lies.
    pub scratch: Scratch,
}

/// Mosquitto's password and ACL files, as an operator would keep them.
struct Rules {
    passwords: PathBuf,
    acl: PathBuf,
    /// By user: the line of the password file, and the lines of the ACL.
    members: BTreeMap<String, (String, String)>,
}

impl Place {
    /// The embedded broker.
    pub fn embedded() -> Self {
        Self::new(Scratch::new(), None, None, false)
    }

    /// The embedded broker, and the cast on its stage.
    pub fn with_cast() -> Self {
        Self::new(Scratch::new(), None, None, true)
    }

    /// Mosquitto, with the rules that `enroll` prints.
    pub fn mosquitto() -> Self {
        let scratch = Scratch::new();
        let rules = Rules::new(&scratch);
        rules.write();
        let access = format!(
            "allow_anonymous false\nuse_username_as_clientid true\npassword_file {}\nacl_file {}\n\
             log_dest file {}\nlog_type all\nuser root",
            rules.passwords.display(),
            rules.acl.display(),
            scratch.join("mosquitto.log").display(),
        );
        let mosquitto = Mosquitto::start(&scratch, &access);
        Self::new(scratch, Some(mosquitto), Some(rules), false)
    }

    /// Mosquitto without any rules.
    pub fn lawless() -> Self {
        let scratch = Scratch::new();
        let mosquitto = Mosquitto::start(&scratch, "allow_anonymous true\nuser root");
        Self::new(scratch, Some(mosquitto), None, false)
    }

    fn new(scratch: Scratch, mosquitto: Option<Mosquitto>, rules: Option<Rules>, cast: bool) -> Self {
        let mut place = Self { coordinator: None, mosquitto, rules, files: 0, cast, scratch };
        place.start();
        place
    }

    /// Starts the coordinator (again).
    pub fn start(&mut self) {
        let mut arguments = vec!["--no-local-node".to_owned()];
        if !self.cast {
            arguments.push("--no-stage".to_owned());
        }
        if let Some(mosquitto) = &self.mosquitto {
            let (user, password) = COORDINATOR;
            let account = if self.rules.is_some() { format!("{user}:{password}@") } else { String::new() };
            arguments
                .extend(["--broker".to_owned(), format!("mqtt://{account}127.0.0.1:{}", mosquitto.port)]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.coordinator = Some(Coordinator::start(&self.data(), &arguments));
    }

    /// Stops the coordinator, cleanly or by SIGKILL.
    pub fn stop(&mut self, kindly: bool) {
        let coordinator = self.coordinator.take().expect("it runs");
        if kindly {
            assert!(coordinator.stop().success(), "a clean stop");
        } else {
            coordinator.kill();
        }
    }

    /// The coordinator's data folder.
    pub fn data(&self) -> PathBuf {
        self.scratch.join("data")
    }

    /// The coordinator.
    pub fn coordinator(&self) -> &Coordinator {
        self.coordinator.as_ref().expect("it runs")
    }

    /// Whether the embedded broker carries the frames.
    pub fn is_embedded(&self) -> bool {
        self.mosquitto.is_none()
    }

    /// `HOST:PORT` of the broker.
    pub fn broker(&self) -> String {
        self.coordinator().broker().to_owned()
    }

    /// A client without an account.
    pub fn anybody(&self, client_id: &str) -> Wire {
        Wire::connect(&self.broker(), client_id, None).expect("everybody may come in")
    }

    /// Enrols, anew or again, into a file of its own; in Mosquitto's files,
    /// too, as the printed words say.
    pub fn enroll(&mut self, name: &str, kind: &str) -> PathBuf {
        self.files += 1;
        let out = self.scratch.join(&format!("{name}-{}.enrolment.toml", self.files));
        let (file, data) = (out.display().to_string(), self.data().display().to_string());
        let arguments = ["enroll", name, "--kind", kind, "--out", &file, "--address", "127.0.0.1"];
        let told = run("goldentooth", arguments.into_iter().chain(["--data", &data, "--print-mosquitto"]));
        assert!(told.status.success(), "enroll {name}: {}", String::from_utf8_lossy(&told.stderr));
        if let Some(rules) = &mut self.rules {
            rules.take(name, &String::from_utf8_lossy(&told.stdout));
            rules.write();
            self.mosquitto.as_ref().expect("its rules are there").reload();
        }
        out
    }

    /// Enrols a node and takes the secrets out of its file.
    pub fn node(&mut self, name: &str) -> Forger {
        let file = self.enroll(name, "node");
        self.settle();
        Forger::from_file(&file)
    }

    /// Waits until the coordinator is linked and Mosquitto has read its files
    /// again: an agent says again what was lost meanwhile, but a forger's hand
    /// does not.
    pub fn settle(&self) {
        if self.rules.is_some() {
            std::thread::sleep(QUIET);
        }
        let status = || self.coordinator().get("/api/v1/status");
        eventually("the coordinator's link", secs(10), || (status()["connected"] == true).then_some(()));
    }

    /// A client of a reader's account.
    pub fn reader(&mut self, name: &str) -> Wire {
        let file = self.enroll(name, "reader");
        self.settle();
        let enrolment = node_agent::enrolment::Enrolment::read(&file).expect("an enrolment file");
        let account = (enrolment.account.user.as_str(), enrolment.account.password.expose());
        eventually("the reader's link", secs(5), || Wire::connect(&self.broker(), name, Some(account)).ok())
    }

    /// Waits until `messages` are counted since the coordinator's start, and
    /// sees that no more are; then nothing is pending.
    pub fn handled(&self, messages: u64) -> Counts {
        let mut last = Counts::of(self.coordinator());
        let end = std::time::Instant::now() + secs(30);
        while (last.handled() < messages || last.pending > 0) && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(50));
            last = Counts::of(self.coordinator());
        }
        std::thread::sleep(QUIET);
        let counts = Counts::of(self.coordinator());
        assert_eq!(counts.handled(), messages, "messages counted, of those sent: {counts:?}");
        assert_eq!(counts.accepted, counts.stored + counts.pending, "{counts:?}");
        assert_eq!(counts.pending, 0, "everything reaches the store: {counts:?}");
        counts
    }

    /// How many events of this kind there are about a node.
    pub fn told(&self, kind: &str, node: &str) -> usize {
        self.coordinator().events(kind).iter().filter(|event| event["node"] == node).count()
    }

    /// What Mosquitto has logged.
    pub fn mosquitto_log(&self) -> String {
        std::fs::read_to_string(self.scratch.join("mosquitto.log")).unwrap_or_default()
    }
}

impl Rules {
    fn new(scratch: &Scratch) -> Self {
        let (user, password) = COORDINATOR;
        let fleet = "home".parse().expect("a name");
        let acl = fleet::mosquitto_acl(&fleet, [(user, fleet::Account::Coordinator)]);
        let members = BTreeMap::from([(user.to_owned(), (format!("{user}:{password}"), acl))]);
        Self { passwords: scratch.join("passwords"), acl: scratch.join("acl"), members }
    }

    /// Takes what `enroll --print-mosquitto` printed.
    fn take(&mut self, user: &str, printed: &str) {
        let after = |mark: &str| {
            let start = printed.find(mark).unwrap_or_else(|| panic!("no {mark:?} in {printed}"));
            printed[start..].split_once('\n').expect("more lines").1
        };
        let password = after("# Mosquitto's password file").lines().next().expect("a line");
        let acl = after("# mosquitto.conf needs");
        self.members.insert(user.to_owned(), (password.to_owned(), acl.to_owned()));
    }

    fn write(&self) {
        let (passwords, acls): (Vec<_>, Vec<_>) = self.members.values().cloned().unzip();
        std::fs::write(&self.acl, acls.join("\n")).expect("the ACL file");
        // Renamed when it is whole: Mosquitto may be reading it at any time, and
        // would cut off everybody whose password is not hashed yet.
        let new = self.passwords.with_extension("new");
        std::fs::write(&new, passwords.join("\n") + "\n").expect("the password file");
        let hashed = Command::new("mosquitto_passwd").arg("-U").arg(&new).status();
        assert!(hashed.expect("mosquitto_passwd is installed").success());
        std::fs::rename(&new, &self.passwords).expect("the password file");
    }
}

/// The counters of `status`.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Counts {
    /// Admitted.
    pub accepted: u64,
    /// In the store.
    pub stored: u64,
    /// On the way there.
    pub pending: u64,
    /// Decided before.
    pub doubles: u64,
    /// Refused, by cause.
    pub refused: BTreeMap<String, u64>,
}

impl Counts {
    fn of(coordinator: &Coordinator) -> Self {
        serde_json::from_value(coordinator.get("/api/v1/status")).expect("counters")
    }

    /// Messages in any of the three.
    pub fn handled(&self) -> u64 {
        self.accepted + self.doubles + self.refused.values().sum::<u64>()
    }

    /// The refusals, as a test writes them down.
    pub fn refused(&self) -> Vec<(&str, u64)> {
        self.refused
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(cause, count)| (cause.as_str(), *count))
            .collect()
    }
}

/// A greeting at this uptime, in tenths of a second.
pub fn hello(uptime: u32) -> Say<'static> {
    Say::Hello(Hello {
        kernel_boot: [7; 16],
        agent: "0.1.0".try_into().expect("short"),
        model: None,
        hardware: "A forged Pi".try_into().expect("short"),
        serial: None,
        measurable: VitalSet::default(),
        uptime,
        clock: None,
        settings: 0,
        downlink: 0,
    })
}

/// A report at this uptime, in tenths of a second, of a node that speaks once
/// a minute.
pub fn report(uptime: u32) -> Say<'static> {
    let mut readings = Readings::default();
    readings.set(Vital::MemoryUsed, 42.0);
    readings.set(Vital::Temperature, 51.5);
    Say::Vitals(Report {
        uptime,
        vitals: (&readings).into(),
        mood: None,
        probabilities: [Probability::default(); 4],
        causes: nothing(),
        distance: None,
        classifier: frames::Classifier::Rules,
        budget: frames::Budget { headroom: Probability::new(0.5), source: frames::Headroom::Temperature },
        interval: 600,
        dropped: 0,
    })
}

/// An empty list of whatever kind a body wants.
fn nothing<T: Default>() -> T {
    T::default()
}

/// A replay of whole bodies.
pub fn replay(bodies: &[Vec<u8>]) -> Say<'_> {
    let mut replay = Replay::default();
    for body in bodies {
        replay.bodies.push(body).expect("no more than fit");
    }
    Say::Replay(replay)
}
