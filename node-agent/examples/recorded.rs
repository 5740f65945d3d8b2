//! What an agent makes of recorded trees, as one line of JSON each: what it reads, the probabilities of
//! its moods, and the frames that it seals. Time, boot number and key are fixed, so that the same
//! trees give the same lines on every kind of processor.

use frames::{NodeKey, Vital};
use node_agent::agent::{About, Agent, Identity};
use node_agent::budget::Limits;
use node_agent::feel::{Feeler, Model};
use node_agent::hardware::Hardware;
use node_agent::sample::{Options, Sampler};
use node_agent::say::spool::Spool;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

const BOOT: u32 = 0xa11ce;
/// As if the machine had run for an hour.
const START: u64 = 3_600_000;
const SAMPLES: u64 = 40;

fn line(tree: &Path, model: &Model) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    // Nothing that would ask this machine instead of the tree.
    let options = Options { vcgencmd: false, get_throttled: true, ask_services: false };
    let mut sampler = Sampler::with(tree, options);
    let mut feeler = Feeler::new(Some(model.clone()));
    let identity = Identity {
        fleet: "home".parse()?,
        name: "recorded".parse()?,
        key: NodeKey::new([7; 32]),
        boot: BOOT,
    };
    let about = About { hardware: Hardware::read(tree), ..About::default() };
    let spool = Spool::new(START, BOOT, 1);
    let mut agent =
        Agent::new(START, identity, about, Limits::default(), Feeler::new(Some(model.clone())), spool);
    agent.connected(START);
    let (mut vitals, mut moods, mut frames) = (BTreeMap::new(), Vec::new(), Vec::new());
    for step in 0..SAMPLES {
        let at = START + step * 10_000;
        let sample = sampler.sample(at);
        moods.push(feeler.feel(at, &sample.readings).probabilities);
        agent.measurable(at, sampler.measurable());
        agent.sampled(at, &sample.readings, 1_000_000);
        frames.extend(std::iter::from_fn(|| agent.transmit(at)).map(|frame| hex::encode(&frame)));
        vitals = Vital::ALL
            .iter()
            .filter_map(|vital| Some((vital.name(), sample.readings.get(*vital)?)))
            .collect();
    }
    let name = tree.file_name().unwrap_or_default().to_string_lossy();
    Ok(json!({ "tree": name, "vitals": vitals, "probabilities": moods, "frames": frames }))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::embedded()?;
    for tree in std::env::args_os().skip(1) {
        println!("{}", line(Path::new(&tree), &model)?);
    }
    Ok(())
}
