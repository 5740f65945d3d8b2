//! A coordinator that is somewhere else one day: both ends in network namespaces of their
//! own, TLS between them, and multicast DNS to find it again.

use crate::faults_tools::{equipped, sh};
use crate::harness::{Agent, Coordinator, Scratch, binary, eventually, secs};
use std::path::Path;
use std::process::{Command, Stdio};

/// Two namespaces with a cable between them.
struct Pair {
    house: String,
    node: String,
    net: String,
}

impl Pair {
    fn new() -> Self {
        let number = std::process::id();
        let pair = Self {
            house: format!("gtm{number}a"),
            node: format!("gtm{number}b"),
            net: format!("10.214.{}", number % 250),
        };
        let (house, node) = (pair.house.as_str(), pair.node.as_str());
        for space in [house, node] {
            sh("ip", ["netns", "add", space]);
            sh("ip", ["-n", space, "link", "set", "lo", "up"]);
        }
        sh(
            "ip",
            ["-n", house, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", node],
        );
        for (space, end) in [(house, 1), (node, 2)] {
            sh("ip", ["-n", space, "addr", "add", &pair.at(end), "dev", "cable"]);
            sh("ip", ["-n", space, "link", "set", "cable", "up"]);
        }
        pair
    }

    fn host(&self, end: u8) -> String {
        format!("{}.{end}", self.net)
    }

    fn at(&self, end: u8) -> String {
        format!("{}/24", self.host(end))
    }

    /// Another lease: the house is elsewhere from now on.
    fn moves(&self, from: u8, to: u8) {
        sh("ip", ["-n", &self.house, "addr", "del", &self.at(from), "dev", "cable"]);
        sh("ip", ["-n", &self.house, "addr", "add", &self.at(to), "dev", "cable"]);
    }

    fn inside(space: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", space]).arg(binary(program));
        command
    }

    /// Whether the coordinator in the house says that the node speaks.
    fn speaks(&self, coordinator: &Coordinator, name: &str) -> bool {
        let mut ask = Self::inside(&self.house, "goldentooth");
        ask.args(["nodes", "--json", "--url", &coordinator.ready.http]).stdin(Stdio::null());
        let told = ask.output().expect("goldentooth runs").stdout;
        let nodes: serde_json::Value = serde_json::from_slice(&told).unwrap_or_default();
        let nodes = nodes.as_array().cloned().unwrap_or_default();
        nodes.iter().any(|node| node["name"] == name && node["silent"] == false)
    }

    fn start(&self, data: &Path) -> Coordinator {
        let arguments = ["--mqtt", "0.0.0.0:8883", "--no-local-node", "--no-stage"];
        Coordinator::start_as(Self::inside(&self.house, "goldentooth"), data, &arguments)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for space in [&self.house, &self.node] {
            let _ = Command::new("ip").args(["netns", "del", space]).status();
        }
    }
}

#[test]
fn a_coordinator_that_moved_is_found_again_and_so_is_a_local_name() {
    if !equipped(&["ip"]) {
        return;
    }
    let (pair, scratch) = (Pair::new(), Scratch::new());
    let data = scratch.join("data");
    let coordinator = pair.start(&data);
    let instance = std::fs::read_to_string(data.join("instance")).expect("its instance");
    let enroll = |name: &str, host: &str| {
        let out = scratch.join(&format!("{name}.toml"));
        let mut ask = Pair::inside(&pair.house, "goldentooth");
        ask.args(["enroll", name, "--address", host, "--data"]).arg(&data).arg("--out").arg(&out);
        assert!(ask.status().expect("goldentooth runs").success());
        out
    };
    let by_number = enroll("pi-1", &pair.host(1));
    // A name that only multicast DNS knows: the one that the coordinator itself announces.
    let local = format!("goldentooth-{}.local", instance.trim());
    let (by_name, deaf) = (enroll("pi-2", &local), enroll("pi-3", &local));
    let pace = ["--interval", "1s", "--ceiling", "1s", "--model", "none", "--ask-services", "false"];
    let agent = |file: &Path, more: &[&str]| {
        let arguments: Vec<&str> = pace.iter().chain(more).copied().collect();
        Agent::start_as(Pair::inside(&pair.node, "goldentooth-node"), &scratch, file, &arguments)
    };
    let (first, second) = (agent(&by_number, &[]), agent(&by_name, &[]));
    let third = agent(&deaf, &["--mdns", "false"]);
    for name in ["pi-1", "pi-2"] {
        eventually(name, secs(30), || pair.speaks(&coordinator, name).then_some(()));
    }

    coordinator.kill();
    pair.moves(1, 77);
    let coordinator = pair.start(&data);
    let there = format!("connected to the broker at mqtts://{}:", pair.host(77));
    eventually("the name leads there", secs(90), || second.log().contains(&there).then_some(()));
    // Only after the link was down for a while, the network is asked.
    eventually("it is found again", secs(200), || first.log().contains(&there).then_some(()));
    let log = first.log();
    assert!(log.contains("a coordinator of home is announced at mqtts://"), "{log}");
    for name in ["pi-1", "pi-2"] {
        eventually(name, secs(30), || pair.speaks(&coordinator, name).then_some(()));
    }
    assert!(!second.log().contains("is announced at"), "{}", second.log());
    // Whoever may not ask the network knows no such name, and finds nobody.
    assert!(!pair.speaks(&coordinator, "pi-3"));
    let log = third.log();
    assert!(log.contains(&format!("no link to the broker at mqtts://{local}")), "{log}");
    assert!(!log.contains("is announced at") && !log.contains("connected to the broker"), "{log}");
}
