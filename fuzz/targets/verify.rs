//! Raw bytes, as anybody may publish them: nothing that lacks a good seal gets
//! to the decoder, and whatever the seal says, nothing panics.
#![no_main]

use frames::{Body, Down, FleetKey, FleetName, Head, Leaf, NodeKey, NodeName};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

struct Door {
    key: NodeKey,
    topic: String,
}

static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let node: NodeName = "pi-07".parse().expect("a name");
    let fleet: FleetName = "home".parse().expect("a name");
    let topic = Leaf::Frame.topic(&fleet, &node);
    Door { key: FleetKey::new([7; 32]).node_key(&node, 1), topic: topic.as_str().to_owned() }
});

fuzz_target!(|data: &[u8]| {
    // 128 bits of seal: the fuzzer doesn't find one.
    assert!(DOOR.key.open(&DOOR.topic, data).is_err(), "a forged frame was opened");
    // Behind the door the decoders stand alone, and must bear anything too.
    let _ = Head::decode(data);
    let _ = Body::decode(data);
    let _ = Down::decode(data);
});
