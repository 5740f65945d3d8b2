//! Rows 4 and 5 of the threat table: frames that come again, late or altered.

use crate::harness::{Forger, Wire, secs};
use crate::trust_place::{Place, hello, replay, report};
use frames::{Body, Frame, Head, Leaf, MAX_REPLAY, VERSION};

const BOOT: u32 = 22;

/// A body as a spool holds it.
fn body(sequence: u32, oldest: u32) -> Vec<u8> {
    let mut bytes = Frame::new();
    let head = Head { version: VERSION, boot: BOOT, sequence, oldest };
    Body { head, say: report(9_000 + sequence) }.encode(&mut bytes).expect("short enough");
    bytes.to_vec()
}

fn publish(wire: &Wire, pi: &Forger, frames: impl IntoIterator<Item = Vec<u8>>) -> u64 {
    let topic = pi.topic(Leaf::Frame);
    frames.into_iter().map(|frame| wire.publish(&topic, frame, false)).count() as u64
}

#[test]
fn row_4_a_thousand_captured_frames_give_no_row_after_a_restart_of_the_coordinator() {
    for kindly in [true, false] {
        let mut place = Place::embedded();
        let pi = place.node("pi");
        let mut ear = place.reader("wall");
        ear.subscribe(&pi.topic(Leaf::Frame));
        let wire = pi.connect(&place.broker()).expect("it comes in");
        let said = publish(&wire, &pi, (1..=1_000).map(|sequence| pi.seal_body(&body(sequence, 1))));
        assert_eq!(place.handled(said).stored, 1_000);
        let captured: Vec<Vec<u8>> =
            std::iter::from_fn(|| ear.next(secs(1))).map(|message| message.payload).collect();
        assert_eq!(captured.len(), 1_000, "all were captured");

        place.stop(kindly);
        place.start();
        let wire = pi.connect(&place.broker()).expect("it comes in");
        publish(&wire, &pi, captured);
        let counts = place.handled(1_000);
        assert_eq!((counts.accepted, counts.stored, counts.doubles), (0, 0, 1_000), "kindly: {kindly}");
        // And in the order that a reordering network would give.
        publish(&wire, &pi, (1..=1_000).rev().map(|sequence| pi.seal_body(&body(sequence, 1))));
        assert_eq!(place.handled(2_000).doubles, 2_000);
        assert_eq!(rows(&mut place), 1_000);
    }
}

#[test]
fn row_4_a_thousand_spooled_frames_below_the_newest_give_a_thousand_rows_after_a_restart() {
    for wrapped in [false, true] {
        let mut place = Place::embedded();
        let pi = place.node("pi");
        let wire = pi.connect(&place.broker()).expect("it comes in");
        // Live ones have overtaken what lies in the spool since an outage.
        let live = (1_002..=1_012).map(|sequence| pi.seal_body(&body(sequence, 2)));
        publish(&wire, &pi, std::iter::once(pi.seal(BOOT, 1, 1, &hello(9_000))).chain(live));
        assert_eq!(place.handled(12).accepted, 12);
        place.stop(true);
        place.start();
        let wire = pi.connect(&place.broker()).expect("it comes in");
        let spooled: Vec<Vec<u8>> = (2..=1_001).map(|sequence| body(sequence, 2)).collect();
        let say = || -> Vec<Vec<u8>> {
            if wrapped {
                spooled.chunks(MAX_REPLAY).map(|bodies| pi.seal(BOOT, 0, 0, &replay(bodies))).collect()
            } else {
                spooled.iter().rev().map(|body| pi.seal_body(body)).collect()
            }
        };
        publish(&wire, &pi, say());
        let counts = place.handled(1_000);
        assert_eq!((counts.accepted, counts.stored, counts.doubles), (1_000, 1_000, 0), "wrapped: {wrapped}");
        publish(&wire, &pi, say());
        let counts = place.handled(2_000);
        assert_eq!((counts.accepted, counts.doubles), (1_000, 1_000), "wrapped: {wrapped}");
        assert_eq!(rows(&mut place), 1_011, "the greeting is no row");
    }
}

/// The rows in the store, after the coordinator has stopped.
fn rows(place: &mut Place) -> u64 {
    place.stop(true);
    let (store, _) = store::Store::open(&place.data()).expect("the store");
    store.reader().expect("a reader").stats().expect("stats").raw
}

#[test]
fn row_5_no_frame_with_any_one_bit_flipped_is_accepted_and_each_is_counted() {
    let mut place = Place::embedded();
    let pi = place.node("pi");
    let other = place.node("other");
    let wire = pi.connect(&place.broker()).expect("it comes in");
    let bodies = [body(3, 1), body(4, 1)];
    let frames = [
        pi.seal(BOOT, 1, 1, &hello(9_000)),
        pi.seal(BOOT, 2, 1, &report(9_010)),
        pi.seal(BOOT, 0, 0, &replay(&bodies)),
    ];
    let mut sent = 0;
    for frame in &frames {
        sent += publish(&wire, &pi, (0..frame.len() * 8).map(|bit| flipped(frame, bit)));
    }
    let counts = place.handled(sent);
    assert_eq!((counts.accepted, counts.refused()), (0, vec![("bad_seal", sent)]));
    assert!(place.coordinator().node("pi").is_none(), "nobody has spoken");
    // Cut anywhere, or with a byte more, it is refused as well.
    let frame = &frames[1];
    sent += publish(&wire, &pi, (1..frame.len()).map(|length| frame[..length].to_vec()));
    sent += publish(&wire, &pi, [[frame.as_slice(), &[0]].concat()]);
    let counts = place.handled(sent);
    assert_eq!((counts.accepted, counts.refused["too_short"]), (0, frames::SEAL_BYTES as u64));
    // On another node's topic the seal does not fit either.
    let elsewhere = other.connect(&place.broker()).expect("it comes in");
    sent += publish(&elsewhere, &other, frames.clone());
    assert_eq!(place.handled(sent).accepted, 0);
    // Unaltered, they are taken: two, and the two in the replay.
    sent += publish(&wire, &pi, frames) + 1;
    assert_eq!(place.handled(sent).accepted, 4);
}

fn flipped(frame: &[u8], bit: usize) -> Vec<u8> {
    let mut altered = frame.to_vec();
    altered[bit / 8] ^= 1 << (bit % 8);
    altered
}
