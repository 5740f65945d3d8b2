//! What feeling costs per sample, of a simulated Pi that has lived some hours.

use node_agent::feel::features::Features;
use node_agent::feel::{Feeler, Model};
use node_agent::virtual_pi::VirtualPi;

fn main() {
    // In the thread in which an agent does all of its work.
    Model::at_hand(divan::main);
}

/// Hours of life before measuring, so that every window and normal is full.
const STEPS: u64 = 3 * 360;

fn lived(model: Option<Model>) -> (VirtualPi, Feeler, u64) {
    let mut pi = VirtualPi::new(1, 0);
    let mut feeler = Feeler::new(model);
    for step in 0..STEPS {
        feeler.feel(step * 10_000, &pi.read(step * 10_000));
    }
    (pi, feeler, STEPS * 10_000)
}

/// All of it: features, baseline, model, steadiness, causes. The promise is 50 µs.
/// Feels one reading of a life after another.
fn feel(bencher: divan::Bencher<'_, '_>, model: Option<Model>) {
    let (mut pi, mut feeler, mut at) = lived(model);
    bencher
        .with_inputs(|| {
            at += 10_000;
            (at, pi.read(at))
        })
        .bench_local_values(|(at, readings)| feeler.feel(at, &readings));
}

#[divan::bench]
fn classify_with_features_and_causes(bencher: divan::Bencher<'_, '_>) {
    feel(bencher, Model::embedded().ok());
}

#[divan::bench]
fn rules_with_features_and_causes(bencher: divan::Bencher<'_, '_>) {
    feel(bencher, None);
}

#[divan::bench]
fn features_and_baseline(bencher: divan::Bencher<'_, '_>) {
    let (mut pi, _, mut at) = lived(None);
    let mut features = Features::default();
    for _ in 0..STEPS {
        at += 10_000;
        features.observe(at, &pi.read(at));
        features.learn();
    }
    bencher
        .with_inputs(|| {
            at += 10_000;
            (at, pi.read(at))
        })
        .bench_local_values(|(at, readings)| {
            features.observe(at, &readings);
            features.learn();
        });
}

#[divan::bench]
fn model_alone(bencher: divan::Bencher<'_, '_>) {
    let (_, feeler, _) = lived(None);
    let vector = *feeler.features().vector();
    let Ok(model) = Model::embedded() else { return };
    bencher.bench_local(|| model.classify(&vector).ok());
}

#[divan::bench]
fn loading_the_model(bencher: divan::Bencher<'_, '_>) {
    bencher.bench_local(|| Model::embedded().ok());
}

#[divan::bench]
fn simulated_reading(bencher: divan::Bencher<'_, '_>) {
    let (mut pi, _, mut at) = lived(None);
    bencher.bench_local(|| {
        at += 10_000;
        pi.read(at)
    });
}
