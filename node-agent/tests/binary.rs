//! The program as people and systemd meet it.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn agent() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goldentooth-node"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GOLDENTOOTH_NODE_")) {
        command.env_remove(name);
    }
    command
}

fn tree(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/trees").join(name)
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(arguments: &[&str]) -> Output {
    agent().args(arguments).output().unwrap()
}

#[test]
fn a_sample_in_json_has_values_units_and_sources() {
    let output = agent().args(["sample", "--json", "--root"]).arg(tree("pi-5")).output().unwrap();
    assert!(output.status.success(), "{}", words(&output.stderr));
    let sample: Value = serde_json::from_slice(&output.stdout).unwrap();
    let at = sample["at"].as_str().unwrap();
    assert!(at.ends_with('Z') && at.as_bytes()[10] == b'T', "{at}");
    assert_eq!(sample.as_object().unwrap().len(), 2);
    let vitals = sample["vitals"].as_object().unwrap();
    for (name, vital) in vitals {
        let keys: Vec<_> = vital.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["source", "unit", "value"], "{name}");
        assert!(frames::Vital::from_name(name).is_some(), "{name}");
    }
    assert_eq!(vitals["temperature"]["value"], 46.3);
    assert_eq!(vitals["temperature"]["unit"], "°C");
    assert_eq!(vitals["under_voltage_now"]["value"], false);
    assert_eq!(vitals["fan"]["value"], 2913.0);
    assert!(!vitals.contains_key("psi_cpu_some"));
    assert!(!vitals.contains_key("throttled_now"));
}

#[test]
fn a_sample_of_this_machine_is_a_table() {
    let output = run(&["sample"]);
    assert!(output.status.success(), "{}", words(&output.stderr));
    let table = words(&output.stdout);
    assert!(table.starts_with("vital "), "{table}");
    assert!(table.contains("\nmemory_used "), "{table}");
    assert!(table.contains("\nnet_received "), "a rate needs two samples: {table}");
}

#[test]
fn wrong_use_is_two_and_failure_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = folder.path().join("node.toml");
    fs::write(&unknown, "root = \"/\"\nintervall = \"10s\"\n").unwrap();
    let unknown = unknown.to_str().unwrap();
    let told: &[(&[&str], i32, &str)] = &[
        (&["dance"], 2, "unrecognized subcommand"),
        (&["run"], 2, "--enrolment"),
        (
            &["run", "--config", unknown],
            2,
            "node.toml:2: there is no key \"intervall\", did you mean \"interval\"?",
        ),
        (&["sample", "--config", unknown], 2, "intervall"),
        (&["run", "--enrolment", "/nonexistent", "--comfort", "90"], 2, "must be below the limit"),
        (&["run", "--enrolment", "/nonexistent", "--log", "a=b=c"], 2, "is no filter"),
        (&["run", "--enrolment", "/nonexistent"], 1, "/nonexistent"),
        (&["sample", "--root", "/nonexistent"], 1, "no /proc below /nonexistent"),
        (&["doctor", "--root", "/nonexistent", "--model", "none"], 1, ""),
    ];
    for (arguments, code, part) in told {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {}", words(&output.stderr));
        assert!(words(&output.stderr).contains(part), "{arguments:?}: {}", words(&output.stderr));
    }
}

#[test]
fn the_environment_goes_over_the_file_and_flags_over_both() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.toml");
    fs::write(&file, format!("root = {:?}\n", tree("pi-3"))).unwrap();
    let temperature = |command: &mut Command| {
        let output = command.args(["sample", "--json", "--config"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", words(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["vitals"]["temperature"]["value"]
            .as_f64()
            .unwrap()
    };
    let is = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-6, "{value}");
    is(temperature(&mut agent()), 68.233);
    is(temperature(agent().env("GOLDENTOOTH_NODE_ROOT", tree("pi-4"))), 52.582);
    let mut both = agent();
    both.env("GOLDENTOOTH_NODE_ROOT", tree("pi-4"));
    let output = both.args(["sample", "--json", "--root"]).arg(tree("zero-2w")).output().unwrap();
    assert!(words(&output.stdout).contains("41.868"));
}

#[test]
fn help_names_every_key_and_has_examples() {
    let help = words(&run(&["run", "--help"]).stdout);
    for key in [
        "--enrolment",
        "--interval",
        "--ceiling",
        "--comfort",
        "--limit",
        "--root",
        "--data",
        "--model",
        "--clock",
        "--vcgencmd",
        "--get-throttled",
        "--ask-services",
        "--log",
        "--config",
        "GOLDENTOOTH_NODE_INTERVAL",
        "Examples:",
    ] {
        assert!(help.contains(key), "{key} is missing in:\n{help}");
    }
    for command in ["sample", "doctor"] {
        assert!(words(&run(&[command, "--help"]).stdout).contains("Examples:"));
    }
    assert!(words(&run(&["--help"]).stdout).contains("Exit codes:"));
}

#[test]
fn doctor_in_json_is_a_list_of_findings() {
    let output =
        agent().args(["doctor", "--json", "--model", "none", "--root"]).arg(tree("pi-3")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output.stdout));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    for finding in findings.as_array().unwrap() {
        assert!(["good", "note", "failed"].contains(&finding["state"].as_str().unwrap()), "{finding}");
        assert_eq!(finding["advice"].is_null(), finding["state"] == "good", "{finding}");
    }
}

/// An enrolment whose broker is on a port where nobody listens.
fn enrolment(folder: &Path) -> PathBuf {
    let path = folder.join("enrolment.toml");
    let key = "00".repeat(32);
    let text = format!(
        "fleet = \"home\"\nname = \"pi-07\"\nkind = \"node\"\nepoch = 1\nkey = \"{key}\"\n\
         addresses = [\"mqtt://127.0.0.1:1\"]\n[account]\nuser = \"pi-07\"\npassword = \"secret\"\n"
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn a_broker_that_does_not_answer_is_a_failure_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let output = agent()
        .args(["doctor", "--model", "none", "--enrolment"])
        .arg(enrolment(folder.path()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = words(&output.stdout);
    assert!(told.contains("FAILED  broker     mqtt://127.0.0.1:1: Connection refused"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

/// Ends a child whatever the test does.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn systemd_hears_ready_status_watchdog_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let child = agent()
        .args(["run", "--model", "none", "--root"])
        .arg(tree("pi-4"))
        .arg("--enrolment")
        .arg(enrolment(folder.path()))
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "180000000")
        .env_remove("WATCHDOG_PID")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Ended(child);
    let mut heard = Vec::new();
    let hear = |heard: &mut Vec<String>, wanted: &str| {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut buffer = [0; 512];
        while !heard.iter().any(|message| message.contains(wanted)) {
            assert!(Instant::now() < deadline, "no {wanted} in {heard:?}");
            let length =
                systemd.recv(&mut buffer).unwrap_or_else(|error| panic!("{error}: no {wanted} in {heard:?}"));
            heard.push(words(&buffer[..length]));
        }
    };
    for wanted in ["READY=1", "STATUS=", "WATCHDOG=1"] {
        hear(&mut heard, wanted);
    }
    let ended = Command::new("kill").args(["-TERM", &child.0.id().to_string()]).status().unwrap();
    assert!(ended.success());
    hear(&mut heard, "STOPPING=1");
    let status = child.0.wait().unwrap();
    let log: Vec<String> =
        BufReader::new(child.0.stderr.take().unwrap()).lines().map_while(Result::ok).collect();
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(!log.iter().any(|line| line.contains("secret")), "{log:?}");
}
