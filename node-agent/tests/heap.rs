//! Feeling does not grow the heap, whatever the inference library does.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use node_agent::feel::{Feeler, Model};
use node_agent::virtual_pi::VirtualPi;

/// Anonymous memory of this process, in KiB. The only test in this binary, so
/// that nobody else moves it.
fn anonymous() -> u64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn thousands_of_samples_cost_no_memory() {
    let mut feeler = Feeler::new(Some(Model::embedded().unwrap()));
    let mut pi = VirtualPi::new(1, 0);
    let mut feel = |steps: core::ops::Range<u64>| {
        for step in steps {
            feeler.feel(step * 10_000, &pi.read(step * 10_000));
        }
    };
    feel(0..200);
    let before = anonymous();
    // About 12,000 runs of the model: at 106 bytes each, a leak would be 1.2 MiB.
    feel(200..2_200);
    let grown = anonymous().saturating_sub(before);
    assert!(grown < 256, "grew by {grown} KiB");
}
