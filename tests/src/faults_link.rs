//! A link that is really cut: the agent in a network namespace of its own,
//! the coordinator outside, TLS between them.

use crate::faults_place::{Place, accepted};
use crate::faults_tools::{equipped, sh};
use crate::harness::{Wire, binary, eventually, secs};
use std::process::Command;

/// A network with two ends: ours, and the namespace's.
struct Cable {
    space: String,
    ours: String,
    address: String,
}

impl Cable {
    fn new() -> Self {
        let number = std::process::id();
        let (space, ours) = (format!("gt{number}"), format!("gth{number}"));
        let net = format!("10.213.{}", number % 250);
        let cable = Self { space, ours, address: format!("{net}.1") };
        let (space, ours, theirs) = (cable.space.as_str(), cable.ours.as_str(), format!("gtn{number}"));
        sh("ip", ["netns", "add", space]);
        sh("ip", ["link", "add", ours, "type", "veth", "peer", "name", &theirs, "netns", space]);
        sh("ip", ["addr", "add", &format!("{net}.1/30"), "dev", ours]);
        sh("ip", ["link", "set", ours, "up"]);
        sh("ip", ["-n", space, "addr", "add", &format!("{net}.2/30"), "dev", &theirs]);
        sh("ip", ["-n", space, "link", "set", "lo", "up"]);
        sh("ip", ["-n", space, "link", "set", &theirs, "up"]);
        cable
    }

    fn set(&self, state: &str) {
        sh("ip", ["link", "set", &self.ours, state]);
    }

    fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.space]).arg(binary(program));
        command
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["link", "del", &self.ours]).status();
        let _ = Command::new("ip").args(["netns", "del", &self.space]).status();
    }
}

#[test]
fn a_minute_without_a_link_costs_no_sample_and_each_is_at_its_time() {
    if !equipped(&["ip"]) {
        return;
    }
    let cable = Cable::new();
    let mut place = Place::idle(&["--mqtt", &format!("{}:0", cable.address)]);
    place.start();
    let broker = place.coordinator().ready.mqtt.clone();
    assert!(broker.starts_with(&format!("mqtts://{}:", cable.address)), "TLS off loopback: {broker}");
    let plain = Wire::connect(broker.trim_start_matches("mqtts://"), "anybody", None);
    assert!(plain.is_err(), "nothing is said in the clear there");
    place.enroll("pi", &cable.address, &[]);
    place.agent_as(cable.inside("goldentooth-node"), "pi");
    accepted(&place, 8);

    cable.set("down");
    let heard = |place: &Place, kind: &str| -> usize { place.coordinator().events(kind).len() };
    eventually("it is missed", secs(50), || (heard(&place, "silent") == 1).then_some(()));
    // What is left of the minute.
    let down = std::time::Instant::now();
    std::thread::sleep(secs(60).saturating_sub(down.elapsed()));
    assert!(place.running("pi").lives(secs(0)));
    cable.set("up");
    eventually("it is back", secs(60), || (heard(&place, "returned") == 1).then_some(()));
    place.drained("pi");
    let stored = place.account();
    let node = &stored["pi"];
    assert_eq!(node.record.boots.len(), 1, "one start was enough");
    // Each second has its sample, the cut ones too: the longest gap is a slow
    // machine's, not the link's.
    let mut times: Vec<i64> = node.rows.iter().map(|row| row.at).collect();
    assert!(node.rows.iter().all(|row| row.known), "each is dated");
    times.sort_unstable();
    let gap = times.windows(2).map(|pair| pair[1] - pair[0]).max().expect("rows");
    assert!(gap < 10_000, "the longest gap is {gap} ms");
    let span = times[times.len() - 1] - times[0];
    assert!(span > 60_000, "the cut minute is in it: {span} ms");
}
