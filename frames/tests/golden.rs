//! The bytes on the wire, checked in, so that the format can't drift unseen.
//!
//! `GOLDEN=write cargo test -p frames --test golden` writes the file anew: only
//! for a new version byte, under a new name, since old versions are read for ever.
// A test may fail by panicking: that is how it tells.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{body, downward, extreme, idle_pi5, upward};
use frames::{Body, Down, FleetKey, FleetName, Frame, Leaf, NodeKey, NodeName, SEAL_BYTES, Say};
use std::fmt::Write as _;
use std::path::PathBuf;

fn key() -> NodeKey {
    let fleet_key: [u8; 32] = std::array::from_fn(|i| i as u8);
    FleetKey::new(fleet_key).node_key(&name(), 1)
}

fn name() -> NodeName {
    "pi-07".parse().unwrap()
}

fn fleet() -> FleetName {
    "home".parse().unwrap()
}

fn sealed(leaf: Leaf, encode: impl Fn(&mut Frame)) -> Frame {
    let mut frame = Frame::new();
    encode(&mut frame);
    key().seal(&leaf.topic(&fleet(), &name()), &mut frame).unwrap();
    frame
}

/// A line each: direction, name, hex of the sealed frame; its meaning above it.
fn golden() -> String {
    let mut text = String::from(
        "# Sealed frames of version 1: fleet `home`, node `pi-07`, epoch 1, fleet key 00 01 02 … 1f.\n\
         # Never change a line: frames of this version stay readable for ever.\n",
    );
    for (name, meaning, body) in upward() {
        let frame = sealed(Leaf::Frame, |frame| body.encode(frame).unwrap());
        write!(text, "\n# {meaning}\nup {name} {}\n", hex(&frame)).unwrap();
    }
    for (name, meaning, down) in downward() {
        let frame = sealed(Leaf::Cmd, |frame| down.encode(frame).unwrap());
        write!(text, "\n# {meaning}\ndown {name} {}\n", hex(&frame)).unwrap();
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/version-1.txt")
}

fn line(direction: &str, name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(file()).unwrap();
    let found = text.lines().find_map(|line| line.strip_prefix(&format!("{direction} {name} ")));
    unhex(found.unwrap_or_else(|| panic!("no line `{direction} {name}`")))
}

#[test]
fn bytes_are_as_checked_in() {
    if std::env::var_os("GOLDEN").is_some_and(|wish| wish == "write") {
        std::fs::write(file(), golden()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file()).unwrap(), golden());
}

#[test]
fn checked_in_bytes_mean_what_they_meant() {
    for (name, _, body) in upward() {
        let frame = line("up", name);
        let topic = Leaf::Frame.topic(&fleet(), &self::name());
        assert_eq!(Body::decode(key().open(&topic, &frame).unwrap()), Ok(body), "{name}");
    }
    for (name, _, down) in downward() {
        let frame = line("down", name);
        let topic = Leaf::Cmd.topic(&fleet(), &self::name());
        assert_eq!(Down::decode(key().open(&topic, &frame).unwrap()), Ok(down), "{name}");
    }
}

#[test]
fn sizes_are_as_promised() {
    let idle = line("up", "idle-pi5");
    let topic = Leaf::Frame.topic(&fleet(), &name());
    assert_eq!(topic.as_str(), "gt/1/home/pi-07/frame");
    assert!(idle.len() <= 88, "idle Pi 5 takes {} B", idle.len());
    assert!(idle.len() + topic.len() <= 112, "with its topic {} B", idle.len() + topic.len());
    let longest = line("up", "extreme");
    assert!(longest.len() <= 112, "extreme takes {} B", longest.len());
}

#[test]
fn a_full_replay_of_the_longest_reports_fits_a_frame() {
    let mut one = Frame::new();
    extreme().encode(&mut one).unwrap();
    let bodies = std::iter::repeat_n(one.as_slice(), frames::MAX_REPLAY).collect();
    let replay = body(0, Say::Replay(frames::Replay { bodies }));
    let mut frame = Frame::new();
    replay.encode(&mut frame).unwrap();
    assert!(frame.len() + SEAL_BYTES <= frames::MAX_FRAME);
    assert_eq!(Body::decode(&frame), Ok(replay));
}

#[test]
fn full_services_of_the_longest_names_fit_a_frame() {
    let unit = frames::Service {
        name: "u".repeat(64).as_str().try_into().unwrap(),
        state: frames::ServiceState::Missing,
    };
    let units = std::iter::repeat_n(unit, frames::MAX_SERVICES).collect();
    let services = body(1, Say::Services(frames::Services { uptime: u32::MAX, units }));
    let mut frame = Frame::new();
    services.encode(&mut frame).unwrap();
    assert!(frame.len() + SEAL_BYTES <= frames::MAX_FRAME);
}

#[test]
fn assembling_a_spooled_body_is_encoding_it() {
    let whole = body(8_640, Say::Vitals(idle_pi5()));
    let (mut at_once, mut words, mut assembled) = (Frame::new(), Frame::new(), Frame::new());
    whole.encode(&mut at_once).unwrap();
    whole.say.encode(&mut words).unwrap();
    Body::assemble(&whole.head, &words, &mut assembled).unwrap();
    assert_eq!(at_once, assembled);
}
