//! An agent that takes so many samples of a recorded tree, seals what it says of them, and is
//! answered by nobody: what `bench/instructions` counts the instructions of.
//!
//! `samples COUNT TREE`

use frames::NodeKey;
use node_agent::agent::{About, Agent, Identity};
use node_agent::budget::Limits;
use node_agent::feel::{Feeler, Model};
use node_agent::hardware::Hardware;
use node_agent::sample::{Options, Sampler};
use node_agent::say::spool::Spool;
use std::path::PathBuf;

/// As if the machine had run for an hour.
const START: u64 = 3_600_000;
const BOOT: u32 = 1;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let count: u64 =
        arguments.next().and_then(|count| count.to_str()?.parse().ok()).ok_or("COUNT is missing")?;
    let tree = PathBuf::from(arguments.next().ok_or("TREE is missing")?);
    let options = Options { vcgencmd: false, get_throttled: true, ask_services: false };
    let mut sampler = Sampler::with(&tree, options);
    let (fleet, name) = ("home".parse()?, "recorded".parse()?);
    let identity = Identity { fleet, name, key: NodeKey::new([7; 32]), boot: BOOT };
    let about = About { hardware: Hardware::read(&tree), ..About::default() };
    let (feeler, spool) = (Feeler::new(Some(Model::embedded()?)), Spool::new(START, BOOT, 1));
    let mut agent = Agent::new(START, identity, about, Limits::default(), feeler, spool);
    agent.connected(START);
    let mut bytes = 0;
    for step in 0..count {
        let at = START + step * 10_000;
        let sample = sampler.sample(at);
        agent.measurable(at, sampler.measurable());
        agent.sampled(at, &sample.readings, 1_000_000);
        bytes += std::iter::from_fn(|| agent.transmit(at)).map(|frame| frame.len()).sum::<usize>();
    }
    println!("{count} samples, {bytes} bytes sealed");
    Ok(())
}
