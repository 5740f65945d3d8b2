//! What one sample costs: of this machine, and of a recorded Pi 4.

use node_agent::sample::{Options, Sampler};
use std::path::Path;

fn main() {
    divan::main();
}

/// Without programs: they are asked once a minute, and not waited for.
const QUIET: Options = Options { vcgencmd: false, get_throttled: false, ask_services: false };

#[divan::bench]
fn this_machine(bencher: divan::Bencher<'_, '_>) {
    sample(bencher, Path::new("/"));
}

#[divan::bench]
fn recorded_pi_4(bencher: divan::Bencher<'_, '_>) {
    sample(bencher, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/trees/pi-4"));
}

fn sample(bencher: divan::Bencher<'_, '_>, root: &Path) {
    let mut sampler = Sampler::with(root, QUIET);
    // Ten seconds apart, so that the search for new hardware has its usual part.
    let mut at = 0;
    bencher.bench_local(|| {
        at += 10_000;
        sampler.sample(at)
    });
}
