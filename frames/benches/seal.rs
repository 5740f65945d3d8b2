//! What a frame costs the agent (encode and seal) and the coordinator (open
//! and decode). `cargo bench -p frames`
// A benchmark is no public interface.
#![allow(missing_docs, clippy::unwrap_used)]

use divan::{Bencher, black_box};
use frames::{Body, Frame, Leaf, NodeKey};

#[path = "../tests/common/mod.rs"]
#[allow(dead_code)]
mod common;

fn main() {
    divan::main();
}

fn parts() -> (NodeKey, frames::Topic) {
    let topic = Leaf::Frame.topic(&"home".parse().unwrap(), &"pi-07".parse().unwrap());
    (NodeKey::new([7; 32]), topic)
}

#[divan::bench]
fn encode_and_seal(bencher: Bencher<'_, '_>) {
    let (key, topic) = parts();
    let body = common::body(8_640, frames::Say::Vitals(common::idle_pi5()));
    let mut frame = Frame::new();
    bencher.bench_local(|| {
        frame.clear();
        black_box(&body).encode(&mut frame).unwrap();
        key.seal(&topic, &mut frame).unwrap();
    });
}

#[divan::bench]
fn open_and_decode(bencher: Bencher<'_, '_>) {
    let (key, topic) = parts();
    let mut frame = Frame::new();
    common::body(8_640, frames::Say::Vitals(common::idle_pi5())).encode(&mut frame).unwrap();
    key.seal(&topic, &mut frame).unwrap();
    bencher.bench_local(|| {
        Body::decode(key.open(&topic, black_box(&frame)).unwrap()).map(|body| body.head.sequence)
    });
}
