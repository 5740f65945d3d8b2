//! `up` under wrong circumstances, and its end.

use crate::faults_place::{Place, stored};
use crate::faults_tools::{Tmpfs, equipped};
use crate::harness::{Coordinator, Scratch, binary, eventually, secs};
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// Runs a binary that shall end by itself: its code and what it said on
/// standard error. One that goes on is ended with another code.
fn ended(program: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let told = Command::new("timeout")
        .args(["--kill-after=5", "30"])
        .arg(binary(program))
        .args(arguments)
        .env_remove("GOLDENTOOTH_URL")
        .stdin(Stdio::null())
        .output()
        .expect("timeout(1) runs");
    (told.status.code(), String::from_utf8_lossy(&told.stderr).into_owned())
}

fn refused(arguments: &[&str], words: &[&str]) {
    let (code, said) = ended("goldentooth", arguments);
    assert_eq!(code, Some(1), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is missing in {said:?}");
    }
    assert!(!said.contains("panicked") && said.lines().count() <= 4, "short and clear: {said}");
}

#[test]
fn a_second_up_on_the_same_data_is_refused_and_the_first_goes_on() {
    let scratch = Scratch::new();
    let data = scratch.join("data");
    let first = Coordinator::start(&data, &["--no-local-node"]);
    let folder = data.to_str().expect("a path");
    let free = ["--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--no-local-node"];
    let second: Vec<&str> = ["up", "--data", folder].into_iter().chain(free).collect();
    let process = format!("process {}", first.pid());
    refused(&second, &["another coordinator", &process, folder, "--data"]);
    assert_eq!(first.get("/api/v1/status")["connected"], true);
    assert!(data.join("address").exists(), "commands still find the first");
    assert!(first.stop().success());
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let scratch = Scratch::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let data = scratch.join("data");
    let folder = data.to_str().expect("a path");
    for (flag, other) in [("--http", "--mqtt"), ("--mqtt", "--http")] {
        refused(
            &["up", "--data", folder, "--no-local-node", flag, &address, other, "127.0.0.1:0"],
            &[&address, "in use", flag],
        );
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_the_way_out() {
    let scratch = Scratch::new();
    let free = ["--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--no-local-node"];
    let file = scratch.join("a-file");
    std::fs::write(&file, "in the way").expect("a file");
    let below = file.join("data");
    let below = below.to_str().expect("a path");
    let arguments: Vec<&str> = ["up", "--data", below].into_iter().chain(free).collect();
    refused(&arguments, &[below, "--data"]);
    if !equipped(&["mount"]) {
        return;
    }
    let disk = scratch.join("disk");
    let mounted = Tmpfs::mount(&disk, "1m");
    mounted.remount("ro");
    let inside = disk.join("data");
    let inside = inside.to_str().expect("a path");
    let arguments: Vec<&str> = ["up", "--data", inside].into_iter().chain(free).collect();
    refused(&arguments, &[inside, "Read-only", "--data"]);
}

#[test]
fn ctrl_c_ends_everything_cleanly_with_a_farewell() {
    let mut place = Place::new();
    place.nodes(&["pi"]);
    eventually("it is known", secs(30), || place.coordinator().node("pi"));
    let said = place.stop_agent("pi");
    assert_eq!(said.left, 0, "the farewell was answered");
    let silent = place.coordinator().events("silent");
    assert_eq!(silent.len(), 1, "{silent:?}");
    assert_eq!(silent[0]["payload"]["reason"], "farewell", "{silent:?}");
    place.account();

    let scratch = Scratch::new();
    let data = scratch.join("data");
    let coordinator = Coordinator::start(&data, &["--simulate", "3"]);
    eventually("all are known", secs(60), || {
        let nodes = coordinator.get("/api/v1/nodes");
        (nodes.as_array().map(Vec::len) == Some(4)).then_some(())
    });
    assert!(coordinator.stop().success(), "exit code 0");
    assert!(!data.join("address").exists(), "nobody looks for it any more");
    let log = std::fs::read_to_string(data.with_extension("log")).expect("a log");
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    let wal = std::fs::metadata(data.join("store.sqlite-wal")).map_or(0, |log| log.len());
    assert_eq!(wal, 0, "the store was closed");
    for (name, node) in stored(&data) {
        assert!(node.record.silent.is_some(), "{name} said farewell: {:?}", node.record);
    }
}

#[test]
fn twelve_simulated_nodes_are_marked_and_leave_nothing_behind() {
    let scratch = Scratch::new();
    let data = scratch.join("data");
    let coordinator = Coordinator::start(&data, &["--simulate", "12"]);
    let nodes = eventually("twelve and this machine", secs(60), || {
        let nodes = coordinator.get("/api/v1/nodes");
        let nodes = nodes.as_array()?.clone();
        let spoken = nodes.iter().filter(|node| !node["mood"].is_null()).count();
        (nodes.len() == 13 && spoken == 13).then_some(nodes)
    });
    let mut simulated: Vec<&str> = nodes
        .iter()
        .filter(|node| node["simulated"] == true)
        .filter_map(|node| node["name"].as_str())
        .collect();
    // The worst come first.
    simulated.sort_unstable();
    let expected: Vec<String> = (1..=12).map(|number| format!("sim-{number:02}")).collect();
    assert_eq!(simulated, expected);
    assert!(coordinator.stop().success());
    let first = stored(&data);
    assert!(first.keys().all(|name| !name.starts_with("sim-")), "{:?}", first.keys());
    assert_eq!(first.len(), 1, "this machine alone");
    let again = Coordinator::start(&data, &["--no-local-node"]);
    let nodes = again.get("/api/v1/nodes");
    assert_eq!(nodes.as_array().map(Vec::len), Some(1), "{nodes}");
    assert_eq!(nodes[0]["simulated"], false);
    let events = again.get("/api/v1/events?limit=1000");
    let words = events.to_string();
    assert!(!words.contains("sim-0"), "{words}");
    assert!(again.stop().success());
}

#[test]
fn wrong_use_is_told_with_code_two() {
    let wrong: [(&str, &[&str]); 14] = [
        ("goldentooth", &[]),
        ("goldentooth", &["frobnicate"]),
        ("goldentooth", &["up", "--http", "nonsense"]),
        ("goldentooth", &["up", "--simulate", "2001"]),
        ("goldentooth", &["up", "--mqtt", "127.0.0.1:0", "--broker", "mqtt://127.0.0.1:1"]),
        ("goldentooth", &["up", "--broker", "http://127.0.0.1"]),
        ("goldentooth", &["up", "--config", "/nowhere/goldentooth.toml"]),
        ("goldentooth", &["enroll", "pi"]),
        ("goldentooth", &["enroll", "pi", "--out", "pi.toml", "--kind", "king"]),
        ("goldentooth-node", &[]),
        ("goldentooth-node", &["run"]),
        ("goldentooth-node", &["run", "--interval", "10ms"]),
        ("goldentooth-node", &["run", "--intervall", "10s"]),
        ("goldentooth-node", &["sample", "--frobnicate"]),
    ];
    for (program, arguments) in wrong {
        let (code, said) = ended(program, arguments);
        assert_eq!(code, Some(2), "{program} {arguments:?}: {said}");
        assert!(!said.is_empty() && !said.contains("panicked"), "{program} {arguments:?}: {said}");
    }
}
