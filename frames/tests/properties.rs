//! What holds for every value, every truncation and every flipped bit.
// A test may fail by panicking: that is how it tells.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{body, downward, idle_pi5, upward};
use frames::{
    Ack, Body, Down, FleetKey, FleetName, Frame, FrameError, Leaf, NodeKey, NodeName, Place, Readings, Run,
    Say, Scale, Vital, Vitals,
};
use proptest::prelude::*;

const TOPIC: &str = "gt/1/home/pi-07/frame";

fn key() -> NodeKey {
    NodeKey::new([7; 32])
}

fn vital() -> impl Strategy<Value = Vital> {
    (0..Vital::ALL.len()).prop_map(|at| Vital::ALL[at])
}

/// Any set of vitals with values in and beyond their range.
fn readings() -> impl Strategy<Value = Readings> {
    prop::collection::vec((vital(), 0.0_f32..=1.0), 0..Vital::ALL.len()).prop_map(|pairs| {
        let mut readings = Readings::default();
        for (vital, share) in pairs {
            let (low, high) = vital.row().scale.range();
            readings.set(vital, low + share * share * share * (high - low));
        }
        readings
    })
}

proptest! {
    #[test]
    fn every_value_comes_back_within_its_stated_step(readings in readings()) {
        let vitals = Vitals::from(&readings);
        prop_assert_eq!(vitals.present(), readings.present());
        for (vital, value) in readings.iter() {
            let back = vitals.get(vital).unwrap();
            let scale = vital.row().scale;
            let expected = if scale == Scale::Flag { f32::from(u8::from(value >= 0.5)) } else { value };
            // A millionth for the rounding of f32 itself.
            let tolerance = scale.tolerance(value) + value.abs() * 1e-6;
            prop_assert!((back - expected).abs() <= tolerance, "{} {value} came back as {back}", vital.name());
        }
    }

    #[test]
    fn what_was_quantised_once_stays_as_it_is(readings in readings()) {
        let once = Vitals::from(&readings);
        let mut again = Readings::default();
        for (vital, value) in once.iter() {
            again.set(vital, value);
        }
        for (vital, value) in Vitals::from(&again).iter() {
            prop_assert_eq!(Some(value), once.get(vital));
        }
    }

    #[test]
    fn any_reading_survives_the_wire(readings in readings()) {
        let mut report = idle_pi5();
        report.vitals = Vitals::from(&readings);
        let body = body(5, Say::Vitals(report));
        let mut frame = Frame::new();
        body.encode(&mut frame).unwrap();
        prop_assert_eq!(Body::decode(&frame), Ok(body));
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        // Half of the cases begin like a body of ours, to get past the first check.
        let mut ours = bytes.clone();
        ours.splice(..bytes.len().min(1), [frames::VERSION]);
        for bytes in [bytes, ours] {
            if let Ok(body) = Body::decode(&bytes) {
                let mut again = Frame::new();
                body.encode(&mut again).unwrap();
                prop_assert_eq!(Body::decode(&again), Ok(body));
            }
            let _ = Down::decode(&bytes);
            let _ = frames::Head::decode(&bytes);
            prop_assert!(key().open(TOPIC, &bytes).is_err());
        }
    }

    #[test]
    fn an_ack_covers_its_mark_and_runs_alone(through in 0_u32..50, first in 52_u32..60, length in 0_u32..9) {
        let runs = [Run { first, last: first + length }].into_iter().collect();
        let ack = Ack { boot: 1, through, runs };
        for sequence in 1..80 {
            let inside = sequence <= through || (first..=first + length).contains(&sequence);
            prop_assert_eq!(ack.covers(sequence), inside);
        }
    }

    #[test]
    fn names_and_topics_are_read_as_they_were_written(name in "[A-Za-z0-9_-]{1,32}", fleet in "[A-Za-z0-9_-]{1,16}") {
        let fleet: FleetName = fleet.parse().unwrap();
        if let Ok(node) = name.parse::<NodeName>() {
            for leaf in [Leaf::Frame, Leaf::Status, Leaf::Cmd, Leaf::Mood, Leaf::Vitals] {
                let topic = leaf.topic(&fleet, &node);
                prop_assert_eq!(Place::parse(&fleet, &topic), Some(Place::Node { node: node.clone(), leaf }));
            }
        } else {
            prop_assert!(["cast", "events", "services"].contains(&name.as_str()));
        }
    }

    #[test]
    fn any_topic_is_read_or_refused_and_never_panics(topic in "(gt/1/home/)?[a-z/+#é]{0,40}") {
        let _ = Place::parse(&"home".parse().unwrap(), &topic);
    }
}

#[test]
fn every_truncation_of_a_body_is_an_error() {
    for (name, _, body) in upward() {
        let mut bytes = Frame::new();
        body.encode(&mut bytes).unwrap();
        for length in 0..bytes.len() {
            assert!(Body::decode(&bytes[..length]).is_err(), "{name} cut to {length}");
        }
        bytes.push(0).unwrap();
        assert_eq!(Body::decode(&bytes), Err(FrameError::TrailingBytes), "{name}");
    }
    for (name, _, down) in downward() {
        let mut bytes = Frame::new();
        down.encode(&mut bytes).unwrap();
        for length in 0..bytes.len() {
            assert!(Down::decode(&bytes[..length]).is_err(), "{name} cut to {length}");
        }
    }
}

#[test]
fn every_flipped_bit_and_truncation_of_a_sealed_frame_is_refused() {
    for (name, _, body) in upward() {
        let mut frame = Frame::new();
        body.encode(&mut frame).unwrap();
        key().seal(TOPIC, &mut frame).unwrap();
        assert!(key().open(TOPIC, &frame).is_ok());
        for bit in 0..frame.len() * 8 {
            frame[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key().open(TOPIC, &frame), Err(FrameError::BadSeal), "{name}, bit {bit}");
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        for length in 0..frame.len() {
            assert!(key().open(TOPIC, &frame[..length]).is_err(), "{name} cut to {length}");
        }
    }
}

#[test]
fn a_seal_holds_for_one_topic_one_node_and_one_epoch() {
    let fleet_key = FleetKey::new([1; 32]);
    let (one, two): (NodeName, NodeName) = ("pi-1".parse().unwrap(), "pi-2".parse().unwrap());
    let mut frame = Frame::new();
    body(1, Say::Vitals(idle_pi5())).encode(&mut frame).unwrap();
    fleet_key.node_key(&one, 1).seal("gt/1/home/pi-1/frame", &mut frame).unwrap();

    let open = |name, epoch, topic| fleet_key.node_key(name, epoch).open(topic, &frame).map(|_| ());
    assert_eq!(open(&one, 1, "gt/1/home/pi-1/frame"), Ok(()));
    assert_eq!(open(&one, 1, "gt/1/home/pi-2/frame"), Err(FrameError::BadSeal));
    assert_eq!(open(&one, 1, "gt/1/home/pi-1/cmd"), Err(FrameError::BadSeal));
    assert_eq!(open(&two, 1, "gt/1/home/pi-1/frame"), Err(FrameError::BadSeal));
    assert_eq!(open(&one, 2, "gt/1/home/pi-1/frame"), Err(FrameError::BadSeal));
}

#[test]
fn secrets_do_not_print() {
    let fleet_key = FleetKey::new([0x5A; 32]);
    let printed = format!("{fleet_key:?} {:?}", fleet_key.node_key(&"pi-1".parse().unwrap(), 1));
    assert_eq!(printed, "FleetKey(secret) NodeKey(secret)");
}

#[test]
fn names_are_refused_with_their_cause() {
    use frames::NameError;
    assert_eq!("".parse::<NodeName>(), Err(NameError::Empty));
    assert_eq!("cast".parse::<NodeName>(), Err(NameError::Reserved));
    assert_eq!("a/b".parse::<NodeName>(), Err(NameError::BadCharacter('/')));
    assert_eq!("pi+".parse::<NodeName>(), Err(NameError::BadCharacter('+')));
    assert_eq!("x".repeat(33).parse::<NodeName>(), Err(NameError::TooLong(32)));
    assert_eq!("x".repeat(17).parse::<FleetName>(), Err(NameError::TooLong(16)));
    assert!("sim-01".parse::<NodeName>().unwrap().is_simulated());
}

#[test]
fn a_body_that_numbers_itself_wrongly_is_malformed() {
    let numbered = |sequence, oldest, say: Say<'_>| {
        let mut body = body(sequence, say);
        body.head.oldest = oldest;
        let mut bytes = Frame::new();
        body.encode(&mut bytes).unwrap();
        Body::decode(&bytes).map(|_| ())
    };
    assert_eq!(numbered(0, 0, Say::Vitals(idle_pi5())), Err(FrameError::Malformed));
    assert_eq!(numbered(5, 6, Say::Vitals(idle_pi5())), Err(FrameError::Malformed));
    assert_eq!(numbered(5, 0, Say::Vitals(idle_pi5())), Err(FrameError::Malformed));
    assert_eq!(numbered(5, 5, Say::Replay(frames::Replay::default())), Err(FrameError::Malformed));
}

#[test]
fn a_newer_version_is_named_and_its_head_still_read() {
    let mut bytes = Frame::new();
    body(9, Say::Vitals(idle_pi5())).encode(&mut bytes).unwrap();
    bytes[0] = 2;
    assert_eq!(Body::decode(&bytes), Err(FrameError::UnknownVersion(2)));
    assert_eq!(frames::Head::decode(&bytes).unwrap().sequence, 9);
}
