//! Row 8 of the threat table: malformed, oversized and retained messages, and
//! the sums that must hold whatever arrives.

use crate::harness::{Forger, Wire, eventually, secs};
use crate::trust_place::{Place, hello, replay, report};
use frames::{Body, Frame, Head, Leaf, MAX_FRAME, VERSION};

const BOOT: u32 = 33;

#[test]
fn row_8_every_message_on_a_frame_topic_is_counted_exactly_once() {
    counts_every_message(Place::embedded());
}

#[test]
fn row_8_with_mosquitto_every_message_is_counted_exactly_once() {
    counts_every_message(Place::lawless());
}

fn counts_every_message(mut place: Place) {
    let pi = place.node("pi");
    let wire = pi.connect(&place.broker()).expect("it comes in");
    let topic = pi.topic(Leaf::Frame);
    let mut sent: u64 = 0;
    let mut say = |payload: Vec<u8>, retain: bool| {
        wire.publish(&topic, payload, retain);
        sent += 1;
    };
    // Eleven good ones, five of them twice.
    say(pi.seal(BOOT, 1, 1, &hello(9_000)), false);
    for sequence in 2..=11 {
        say(pi.seal(BOOT, sequence, 1, &report(9_000 + sequence)), false);
    }
    for sequence in 2..=6 {
        say(pi.seal(BOOT, sequence, 1, &report(9_000 + sequence)), false);
    }
    for length in [0, 0, 0] {
        say(vec![0; length], false);
    }
    for length in [1, frames::SEAL_BYTES] {
        say(vec![b'x'; length], false);
    }
    for length in [MAX_FRAME + 1, 5_000, 200_000] {
        say(vec![b'x'; length], false);
    }
    for length in [frames::SEAL_BYTES + 1, 60, MAX_FRAME] {
        say(vec![b'x'; length], false);
    }
    for wrong in [malformed(60), malformed(61)] {
        say(pi.seal_body(&wrong), false);
    }
    say(pi.seal_body(&[body(70), vec![0]].concat()), false);
    say(pi.seal_body(&[vec![VERSION + 1], malformed(80)[1..].to_vec()].concat()), false);
    say(pi.seal(BOOT, 0, 0, &replay(&[])), false);
    say(pi.seal(BOOT, 900_000, 1, &report(9_100)), false);
    // Retained: garbage, a good one, one too long, and one that clears the topic.
    say(vec![b'x'; 40], true);
    say(pi.seal(BOOT, 12, 1, &report(9_012)), true);
    say(vec![b'x'; 5_000], true);
    say(Vec::new(), true);

    let counts = place.handled(sent);
    assert_eq!((counts.accepted, counts.doubles), (11, 5));
    let refused = [
        ("bad_seal", 3),
        ("beyond_window", 1),
        ("empty", 3),
        ("empty_replay", 1),
        ("malformed", 2),
        ("retained", 4),
        ("too_long", 3),
        ("too_short", 2),
        ("trailing_bytes", 1),
        ("unknown_version", 1),
    ];
    assert_eq!(counts.refused(), refused);
    // A replay is counted by what is in it.
    let inside = [body(12), body(13), body(2), malformed(62)];
    wire.publish(&topic, pi.seal(BOOT, 0, 0, &replay(&inside)), false);
    let counts = place.handled(sent + 4);
    assert_eq!((counts.accepted, counts.doubles, counts.refused["malformed"]), (13, 6, 3));
    // More than any packet may hold is the broker's to refuse; intake goes on.
    let flood = pi.connect(&place.broker()).expect("it comes in");
    flood.publish(&topic, vec![b'x'; 2 << 20], false);
    speaks_on(&place, &pi, 20, sent + 5);
}

/// A body of an unknown kind.
fn malformed(sequence: u8) -> Vec<u8> {
    let boot = BOOT.to_le_bytes();
    [&[VERSION], boot.as_slice(), &[sequence, 1, 99]].concat()
}

fn body(sequence: u32) -> Vec<u8> {
    let mut bytes = Frame::new();
    let head = Head { version: VERSION, boot: BOOT, sequence, oldest: 1 };
    Body { head, say: report(9_000 + sequence) }.encode(&mut bytes).expect("short enough");
    bytes.to_vec()
}

/// One more good frame over a new link: it is the last of so many messages.
fn speaks_on(place: &Place, pi: &Forger, sequence: u32, messages: u64) {
    let wire = eventually("the node's link", secs(5), || pi.connect(&place.broker()).ok());
    let before = place.coordinator().count("accepted");
    wire.publish(&pi.topic(Leaf::Frame), pi.seal(BOOT, sequence, 1, &report(9_100 + sequence)), false);
    let counts = place.handled(messages);
    assert_eq!(counts.accepted, before + 1, "{counts:?}");
}

#[test]
fn row_8_ingest_lives_through_three_restarts_with_retained_garbage() {
    let mut place = Place::lawless();
    let (pi, other) = (place.node("pi"), place.node("other"));
    let vandal = place.anybody("vandal");
    let retained = poison(&vandal, &[&pi, &other]);
    // Heard live first, each once, as retained or as nobody's.
    place.handled(retained);
    for (round, kindly) in [true, false, true].into_iter().enumerate() {
        place.stop(kindly);
        place.start();
        let counts = place.handled(retained);
        let refused = [("bad_topic", 1), ("not_enrolled", 2), ("retained", 2)];
        assert_eq!(counts.refused(), refused, "round {round}: what the broker kept, each once");
        assert_eq!(counts.accepted, 0, "round {round}");
        speaks_on(&place, &pi, 1 + round as u32, retained + 1);
        assert!(place.coordinator().node("pi").is_some(), "round {round}");
        assert!(place.coordinator().node("other").is_none(), "round {round}: it has never spoken");
    }
}

/// Garbage that the broker keeps, on every topic that a coordinator may
/// read. Gives how many messages lie on frame topics.
fn poison(vandal: &Wire, nodes: &[&Forger]) -> u64 {
    let garbage = b"\xff\x00garbage".to_vec();
    for node in nodes {
        vandal.publish(&node.topic(Leaf::Frame), garbage.clone(), true);
        for leaf in [Leaf::Status, Leaf::Cmd, Leaf::Mood, Leaf::Vitals] {
            vandal.publish(&node.topic(leaf), garbage.clone(), true);
        }
    }
    for status in ["offline", "online", ""] {
        vandal.publish("gt/1/home/nobody/status", status, true);
    }
    vandal.publish("gt/1/home/nobody/frame", garbage.clone(), true);
    vandal.publish("gt/1/home/unheard-of/frame", vec![b'x'; 100_000], true);
    vandal.publish("gt/1/home/not a name/frame", garbage.clone(), true);
    // Where the claim on the fleet stands, and more than a packet may hold.
    vandal.publish("gt/1/home/events/coordinator", garbage, true);
    vandal.publish("gt/1/home/huge/frame", vec![b'x'; 1 << 20], true);
    nodes.len() as u64 + 3
}
