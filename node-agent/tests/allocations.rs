//! What feeling allocates: the features and the baseline nothing at all, the inference
//! library a known number of pieces.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use allocation_counter::measure;
use node_agent::feel::features::Features;
use node_agent::feel::{Feeler, Model};
use node_agent::virtual_pi::VirtualPi;

/// Past the warm-up, so that every window and normal is at work.
const WARM: u64 = 400;
const SAMPLES: u64 = 200;

/// One run of the model for the mood, and up to three for the reasons: so many pieces at most
/// per sample, and so many bytes.
const MOST_PIECES: u64 = 80;
const MOST_BYTES: u64 = 12_000;

#[test]
fn features_and_baseline_allocate_nothing() {
    let (mut features, mut pi) = (Features::default(), VirtualPi::new(1, 0));
    let mut live = |steps: core::ops::Range<u64>| {
        let (mut pieces, mut bytes) = (0, 0);
        for step in steps {
            let at = step * 10_000;
            let readings = pi.read(at);
            let counted = measure(|| {
                features.observe(at, &readings);
                features.learn();
            });
            pieces += counted.count_total;
            bytes += counted.bytes_total;
        }
        (pieces, bytes)
    };
    live(0..WARM);
    assert_eq!(live(WARM..WARM + SAMPLES), (0, 0));
}

#[test]
fn the_rules_allocate_nothing_and_the_model_a_known_amount() {
    let lived = |model: Option<Model>| {
        // As an agent works: in the thread that runs the models.
        Model::at_hand(|| {
            let (mut feeler, mut pi) = (Feeler::new(model), VirtualPi::new(1, 0));
            let (mut pieces, mut bytes) = (0, 0);
            for step in 0..WARM + SAMPLES {
                let readings = pi.read(step * 10_000);
                let counted = measure(|| {
                    feeler.feel(step * 10_000, &readings);
                });
                if step >= WARM {
                    pieces += counted.count_total;
                    bytes += counted.bytes_total;
                }
            }
            (pieces / SAMPLES, bytes / SAMPLES)
        })
    };
    assert_eq!(lived(None), (0, 0));
    let (pieces, bytes) = lived(Some(Model::embedded().unwrap()));
    println!("the model: {pieces} allocations of {bytes} bytes in all per sample");
    assert!(pieces > 0, "nothing was counted");
    assert!(pieces <= MOST_PIECES && bytes <= MOST_BYTES, "{pieces} pieces, {bytes} bytes");
}

#[test]
fn what_a_node_keeps_stays_within_64_kib() {
    let mut feeler = Feeler::new(None);
    let mut pi = VirtualPi::new(1, 0);
    for step in 0..WARM {
        feeler.feel(step * 10_000, &pi.read(step * 10_000));
    }
    let (state, file) = (feeler.features().bytes(), feeler.keep().len());
    println!("features and baseline: {state} bytes in memory, {file} bytes in the file");
    assert!(state <= 65_536 && file <= 65_536, "{state} {file}");
}
