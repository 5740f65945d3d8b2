//! Another mood model on its way to a node: sent over MQTT, tried, kept over a restart,
//! and given up again when it is worse.

use crate::harness::{Agent, Coordinator, Scratch, binary, eventually, secs};
use frames::Vital;
use node_agent::feel::Model;
use node_agent::feel::features::{FEATURES, INPUTS, schema_hash};
use node_agent::feel::signals::SIGNALS;
use std::path::Path;
use std::process::{Command, Output};

const EMBEDDED: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/mood.onnx"));

/// Recorded readings that stay the same: whatever the mood does, the model did.
const TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../node-agent/tests-data/trees/x86-vm");

/// The embedded model under another version of the same length.
fn renamed(version: &str) -> Vec<u8> {
    let own = Model::embedded().unwrap().version().to_owned();
    assert_eq!(own.len(), version.len());
    let at = EMBEDDED.windows(own.len()).position(|bytes| bytes == own.as_bytes()).unwrap();
    let mut bytes = EMBEDDED.to_vec();
    bytes[at..at + own.len()].copy_from_slice(version.as_bytes());
    bytes
}

/// The numbers of one of its tensors: behind its name (field 8 of a tensor in ONNX)
/// stand its raw bytes (field 9), with their length before them.
fn tensor<'a>(model: &'a mut [u8], name: &str) -> &'a mut [u8] {
    let head = [&[0x42, name.len() as u8], name.as_bytes(), &[0x4a]].concat();
    let mut at = model.windows(head.len()).position(|bytes| bytes == head).unwrap() + head.len();
    let (mut length, mut shift) = (0, 0);
    loop {
        let byte = model[at];
        at += 1;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return &mut model[at..at + length];
        }
    }
}

/// A model with sense on golden readings that says crisis of every real machine: of any
/// that can count its open files.
fn crying_wolf(version: &str) -> Vec<u8> {
    let mut model = renamed(version);
    let weights = tensor(&mut model, "weight0");
    let width = weights.len() / 4 / INPUTS;
    let open_files = SIGNALS.iter().position(|signal| signal.vital == Vital::OpenFiles).unwrap();
    // The straight way past the hidden layers is the last eight columns: the four moods,
    // and the same turned around.
    let (flag, crisis) = (FEATURES + open_files, width - 5);
    let at = (flag * width + crisis) * 4;
    weights[at..at + 4].copy_from_slice(&1_000.0_f32.to_le_bytes());
    model
}

/// A model that takes calm for trouble and trouble for calm.
fn without_sense(version: &str) -> Vec<u8> {
    let mut model = renamed(version);
    for (bias, bytes) in [90.0_f32, 90.0, -90.0, -90.0].iter().zip(tensor(&mut model, "bias2").chunks_mut(4))
    {
        bytes.copy_from_slice(&bias.to_le_bytes());
    }
    model
}

/// The model as of an older release: made for features that were computed otherwise.
fn of_before() -> Vec<u8> {
    let hash = schema_hash();
    let at = EMBEDDED.windows(hash.len()).position(|bytes| bytes == hash.as_bytes()).unwrap();
    let mut model = EMBEDDED.to_vec();
    model[at..at + hash.len()].fill(b'0');
    model
}

fn push(coordinator: &Coordinator, scratch: &Scratch, model: &[u8]) -> Output {
    let file = scratch.join("pushed.onnx");
    std::fs::write(&file, model).unwrap();
    // What changes something needs the token, on loopback too.
    let token = goldentooth::data::token(Path::new(&coordinator.ready.data)).unwrap().unwrap();
    Command::new(binary("goldentooth"))
        .args(["models", "push", "--node", "pi", "--url", &coordinator.ready.http])
        .arg(&file)
        .env("GOLDENTOOTH_TOKEN", token.expose())
        .output()
        .unwrap()
}

#[test]
fn a_pushed_model_is_swapped_kept_over_a_restart_and_given_up_when_it_cries_wolf() {
    let scratch = Scratch::new();
    let coordinator = Coordinator::start(&scratch.join("data"), &["--no-local-node", "--no-stage"]);
    let enrolment = coordinator.enroll("pi", scratch.path());
    let start = || {
        let arguments = ["--interval", "1s", "--ceiling", "1s", "--root", TREE, "--clock", "always"];
        Agent::start(&scratch, &enrolment, &arguments)
    };
    let runs = |version: &str| {
        eventually(&format!("the node runs {version}"), secs(90), || {
            coordinator.node("pi").filter(|node| node["model"] == version)
        })
    };
    let mut agent = start();
    let embedded = Model::embedded().unwrap().version().to_owned();
    runs(&embedded);

    let (other, wolf) = (format!("{}1", &embedded[..embedded.len() - 1]), "9-wolfwolf");
    let other = if other == embedded { embedded.replace('1', "2") } else { other };
    let pushed = push(&coordinator, &scratch, &renamed(&other));
    assert!(pushed.status.success(), "{pushed:?}");
    runs(&other);

    // After a restart it is still in use, and still on trial.
    assert!(agent.stop().success());
    agent = start();
    eventually("a hello of the new start", secs(60), || {
        let sampled = coordinator.node("pi")?["silent"] == false;
        (sampled && agent.log().matches("another model is in use").count() == 1).then_some(())
    });
    runs(&other);

    // What has no sense is not even sent.
    let refused = push(&coordinator, &scratch, &without_sense(wolf));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("starved of memory"), "{told}");

    // Nor is what was made for other features: both are named.
    let refused = push(&coordinator, &scratch, &of_before());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains(&schema_hash()) && told.contains("0000"), "{told}");

    // One that cries wolf is tried, and given up for the one that last proved itself.
    let pushed = push(&coordinator, &scratch, &crying_wolf(wolf));
    assert!(pushed.status.success(), "{pushed:?}");
    runs(wolf);
    runs(&embedded);
    assert!(agent.log().contains("the model before is in use again"), "{}", agent.log());
    assert!(agent.stop().success());
    agent = start();
    eventually("it stays given up", secs(30), || {
        let log = agent.log();
        // The last start has said its first words, and none of another model.
        (log.matches("another model is in use").count() == 2).then_some(())
    });
    runs(&embedded);
    assert!(coordinator.stop().success());
    drop(agent);
}
