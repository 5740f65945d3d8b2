//! What the model weighs in memory: loads it, runs it many times, and prints
//! resident and anonymous memory at each stage.

use node_agent::feel::features::INPUTS;
use node_agent::feel::{Feeler, Model};
use std::fs;

fn weigh(stage: &str) {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let kib = |key: &str| {
        rollup
            .lines()
            .find_map(|line| line.strip_prefix(key)?.split_whitespace().next())
            .unwrap_or("?")
            .to_owned()
    };
    println!(
        "{stage:<28} RSS {:>6} KiB, PSS {:>6}, anonymous {:>6}",
        kib("Rss:"),
        kib("Pss:"),
        kib("Anonymous:")
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    weigh("start");
    let model = Model::embedded()?;
    weigh("model loaded");
    let vector = [0.25; INPUTS];
    for _ in 0..100 {
        model.classify(&vector)?;
    }
    weigh("100 runs");
    for _ in 0..100_000 {
        model.classify(&vector)?;
    }
    weigh("100,000 runs");
    let nodes: Vec<Feeler> = (0..1_000).map(|_| Feeler::new(Some(model.clone()))).collect();
    weigh("1,000 nodes share it");
    println!("{} bytes each", size_of::<Feeler>() * nodes.len() / 1_000);
    Ok(())
}
