use super::*;
use crate::feel::Model;
use crate::feel::swap::Habit;
use crate::say::tests::party::Coordinator;
use frames::{Ack, Body, Command, Down, MAX_CHUNK, ModelChunk, Run, SEAL_BYTES, Settings, VERSION, Vital};
use sha2::{Digest as _, Sha256};

const BOOT: u32 = 0xa11ce;

fn identity() -> Identity {
    Identity {
        fleet: "home".parse().unwrap(),
        name: "pi-07".parse().unwrap(),
        key: NodeKey::new([7; 32]),
        boot: BOOT,
    }
}

fn agent() -> Agent {
    let about = About {
        hardware: Hardware {
            model: "Raspberry Pi 5 Model B Rev 1.0, in a case with a long name".to_owned(),
            ..Hardware::default()
        },
        measurable: VitalSet::default(),
    };
    Agent::new(0, identity(), about, Limits::default(), Feeler::new(None), Spool::new(0, BOOT, 1))
}

/// A downlink, sealed for this agent.
fn down(boot: u32, counter: u32, command: Command<'_>) -> Frame {
    let mut frame = Frame::new();
    Down { version: VERSION, boot, counter, command }.encode(&mut frame).unwrap();
    let topic = Leaf::Cmd.topic(&identity().fleet, &identity().name);
    identity().key.seal(&topic, &mut frame).unwrap();
    frame
}

/// Everything that is due, opened and checked.
fn said(agent: &mut Agent, now: Millis) -> Vec<Frame> {
    std::iter::from_fn(|| agent.transmit(now))
        .map(|frame| {
            let body = identity().key.open("gt/1/home/pi-07/frame", &frame).expect("a seal that fits");
            assert_eq!(body.len() + SEAL_BYTES, frame.len());
            Frame::from_slice(body).unwrap()
        })
        .collect()
}

fn hellos(frames: &[Frame]) -> Vec<Hello> {
    let hello = |frame: &Frame| match Body::decode(frame).unwrap().say {
        Say::Hello(hello) => Some(hello),
        _ => None,
    };
    frames.iter().filter_map(hello).collect()
}

/// Connected, greeted, nothing left to say.
fn met(now: Millis) -> Agent {
    let mut agent = agent();
    agent.connected(now);
    assert_eq!(hellos(&said(&mut agent, now)).len(), 1);
    agent
}

#[test]
fn hello_comes_first_and_live() {
    let mut agent = agent();
    assert!(agent.due() <= 500, "a little time for the link");
    assert!(agent.transmit(0).is_none());
    agent.connected(20);
    assert_eq!(agent.due(), 20, "the link is up: sample at once");
    agent.clock(20, Some(Clock { offset: 1_000, trusted: true }));
    agent.sampled(20, &Readings::default(), 0);
    let frames = said(&mut agent, 20);
    let sequences: Vec<_> = frames.iter().map(|frame| Body::decode(frame).unwrap().head.sequence).collect();
    assert_eq!(sequences, [1, 2]);
    let hello = &hellos(&frames)[0];
    assert_eq!(hello.clock, Some(Clock { offset: 1_000, trusted: true }));
    assert_eq!(
        hello.hardware.as_str(),
        "Raspberry Pi 5 Model B Rev 1.0, in a case with a",
        "cut to its room"
    );
    assert!(agent.due() >= 1_020 && agent.due() <= 2_020, "often at first: {}", agent.due());
}

#[test]
fn without_a_link_everything_is_held_with_one_hello_at_its_head() {
    let mut agent = agent();
    let mut now = 0;
    while now < 3_600_000 {
        now = agent.due();
        agent.clock(now, Some(Clock { offset: 5, trusted: true }));
        agent.sampled(now, &Readings::default(), 0);
        assert!(agent.transmit(now).is_none());
    }
    let held = agent.spooled();
    assert!((300..=380).contains(&held), "{held} in an hour at 10 s");
    agent.connected(now);
    let live = said(&mut agent, now);
    assert_eq!(live.len(), 1, "the greeting is live, the rest waits");
    let mut coordinator = Coordinator::default();
    for frame in &live {
        coordinator.receive(frame);
    }
    for step in 1..600 {
        let now = now + step * 100;
        for frame in said(&mut agent, now) {
            coordinator.receive(&frame);
        }
        for (counter, ack) in coordinator.commit().into_iter().enumerate() {
            let counter = step as u32 * 4 + counter as u32;
            agent.received(now, &down(BOOT, counter, Command::Ack(ack)));
        }
    }
    assert!(agent.is_settled());
    assert_eq!(coordinator.seen.len(), held + 1);
    assert_eq!(coordinator.doubles, 0);
}

#[test]
fn only_sealed_and_rising_downlinks_of_this_boot_are_obeyed() {
    let mut agent = met(0);
    let ack = || Command::Ack(Ack { boot: BOOT, through: 1, runs: heapless::Vec::new() });

    agent.received(1, b"");
    agent.received(1, &[0; 40]);
    let mut altered = down(BOOT, 9, ack());
    altered[3] ^= 1;
    agent.received(1, &altered);
    assert_eq!((agent.heard().unsealed, agent.spooled()), (3, 1));

    agent.received(1, &down(BOOT ^ 1, 9, ack()));
    assert_eq!((agent.heard().stale, agent.spooled()), (1, 1), "another boot's");
    agent.received(1, &down(BOOT, 9, ack()));
    assert_eq!((agent.heard().accepted, agent.spooled()), (1, 0));
    for counter in [9, 8, 0] {
        agent.received(1, &down(BOOT, counter, Command::SampleNow));
    }
    assert_eq!(agent.heard().stale, 4);
    agent.received(1, &down(BOOT, 10, Command::SampleNow));
    assert_eq!(agent.heard().accepted, 2);
}

#[test]
fn stale_downlinks_are_answered_by_one_hello_in_ten_seconds() {
    let mut agent = met(0);
    agent.received(0, &down(BOOT, 5, Command::SampleNow));
    let mut greeted = Vec::new();
    for now in (0..60_000).step_by(100) {
        agent.received(now, &down(BOOT, 3, Command::SampleNow));
        for hello in hellos(&said(&mut agent, now)) {
            assert_eq!(hello.downlink, 5, "tells the counter that it has seen");
            greeted.push(now);
        }
    }
    assert!((5..=6).contains(&greeted.len()), "{greeted:?}");
    assert!(greeted.windows(2).all(|pair| pair[1] - pair[0] >= 10_000), "{greeted:?}");
}

#[test]
fn settings_only_grow_newer_and_are_echoed() {
    let mut agent = met(0);
    let settings = |version, floor| Command::Settings(Settings { version, floor, ceiling: 600 });
    let today = down(BOOT, 1, settings(2, 300));
    agent.received(20_000, &today);
    assert_eq!(agent.governor.limits().floor, 30_000);
    assert_eq!(hellos(&said(&mut agent, 20_000))[0].settings, 2);
    // Yesterday's, as recorded and with a new counter; and nonsense.
    agent.received(40_000, &today);
    agent.received(40_000, &down(BOOT, 2, settings(1, 50)));
    agent.received(40_000, &down(BOOT, 3, settings(2, 50)));
    agent.received(40_000, &down(BOOT, 4, settings(3, 0)));
    agent.received(40_000, &down(BOOT, 5, settings(3, 900)));
    assert_eq!(agent.governor.limits().floor, 30_000);
    assert_eq!(hellos(&said(&mut agent, 40_000))[0].settings, 2);
    agent.received(60_000, &down(BOOT, 6, settings(3, 100)));
    assert_eq!(agent.governor.limits().floor, 10_000);
}

#[test]
fn a_sample_can_be_asked_for_but_not_more_than_one_a_second() {
    let mut agent = met(0);
    let mut now = 0;
    for _ in 0..20 {
        now = agent.due();
        agent.sampled(now, &Readings::default(), 0);
    }
    assert!(agent.due() >= now + 10_000);
    agent.received(now + 100, &down(BOOT, 1, Command::SampleNow));
    assert_eq!(agent.due(), now + 1_000);
    agent.received(now + 5_000, &down(BOOT, 2, Command::SampleNow));
    assert_eq!(agent.due(), now + 1_000);
}

#[test]
fn a_coordinator_that_cannot_read_us_makes_us_slow() {
    let mut agent = met(0);
    agent.sampled(0, &Readings::default(), 0);
    agent.received(10, &down(BOOT, 1, Command::Unsupported { max: VERSION - 1 }));
    assert_eq!(agent.due(), 60_000);
    agent.sampled(60_000, &Readings::default(), 0);
    assert_eq!(agent.due(), 120_000);
    let frames = said(&mut agent, 60_000);
    let Say::Vitals(report) = Body::decode(frames.last().unwrap()).unwrap().say else { panic!("no vitals") };
    assert_eq!(report.interval, 600, "it says so");
    // After a reconnection another coordinator may be there.
    agent.disconnected(61_000);
    agent.connected(62_000);
    agent.sampled(120_000, &Readings::default(), 0);
    assert!(agent.due() < 180_000);
    agent.received(120_000, &down(BOOT, 2, Command::Unsupported { max: VERSION }));
    assert!(agent.due() < 180_000, "it can read us after all");
}

/// Sends a model in pieces, from the given counter on.
fn send(agent: &mut Agent, counter: u32, bytes: &[u8], hash: [u8; 32]) {
    for (place, piece) in bytes.chunks(MAX_CHUNK).enumerate() {
        let (length, offset) = (bytes.len() as u32, (place * MAX_CHUNK) as u32);
        let chunk = ModelChunk { hash, length, offset, bytes: piece };
        agent.received(60_000, &down(BOOT, counter + place as u32, Command::Model(chunk)));
    }
}

#[test]
fn a_model_that_came_in_whole_is_used_and_told_of() {
    let mut agent = met(0);
    let model = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/mood.onnx"));
    send(&mut agent, 1, model, [9; 32]);
    assert_eq!((agent.heard().unfit, agent.heard().swapped), (1, 0), "another hash");
    assert!(agent.model_news().is_none() && agent.feeler().model().is_none());
    send(&mut agent, 500, model, Sha256::digest(model).into());
    assert_eq!(agent.heard().swapped, 1);
    let version = Model::embedded().unwrap().version().to_owned();
    assert_eq!(hellos(&said(&mut agent, 60_000))[0].model.as_deref(), Some(version.as_str()));
    assert!(matches!(agent.model_news(), Some(ModelNews::Taken(bytes)) if bytes == model));
    // The same one again is no news.
    send(&mut agent, 1_000, model, Sha256::digest(model).into());
    assert_eq!(agent.heard().swapped, 1);
    assert!(agent.model_news().is_none());
}

#[test]
fn a_new_model_that_fails_is_given_up() {
    let mut agent = met(0);
    agent.feeler.swap_model(None);
    agent.probation = Some(Probation::new(Model::embedded().ok(), Habit::default()));
    let mut readings = Readings::default();
    readings.set(Vital::Cpu, 10.0);
    for step in 1..4 {
        agent.sampled(60_000 + step * 10_000, &readings, 0);
    }
    assert_eq!(agent.heard().given_up, 1);
    assert!(matches!(agent.model_news(), Some(ModelNews::GivenUp)));
    assert!(agent.feeler().model().is_some(), "the one before is in use");
}

#[test]
fn a_clock_that_was_set_is_said_again_and_one_that_drifts_is_not() {
    let clock = |offset, trusted| Some(Clock { offset, trusted });
    let mut agent = agent();
    agent.clock(0, clock(0, false));
    agent.connected(0);
    assert_eq!(hellos(&said(&mut agent, 0))[0].clock, clock(0, false));
    for now in (10_000..100_000).step_by(10_000) {
        agent.clock(now, clock(now.cast_signed() / 1_000, false));
        assert!(hellos(&said(&mut agent, now)).is_empty());
    }
    agent.clock(100_000, clock(1_700_000_000_000, true));
    assert_eq!(hellos(&said(&mut agent, 100_000))[0].clock, clock(1_700_000_000_000, true));
    // A clock that jumps about is said at most once in 10 s.
    let mut count = 0;
    for now in (100_000..200_000).step_by(1_000) {
        agent.clock(now, clock(now.cast_signed() * 10, true));
        count += hellos(&said(&mut agent, now)).len();
    }
    assert!((9..=11).contains(&count), "{count}");
}

#[test]
fn the_last_word_is_a_farewell() {
    let mut agent = met(0);
    agent.sampled(0, &Readings::default(), 0);
    agent.farewell(500);
    assert_eq!(agent.due(), Millis::MAX);
    let frames = said(&mut agent, 500);
    assert!(matches!(
        Body::decode(frames.last().unwrap()).unwrap().say,
        Say::Farewell(Farewell { uptime: 5 })
    ));
    assert!(!agent.is_settled());
    let runs = heapless::Vec::from_slice(&[Run { first: 1, last: 3 }]).unwrap();
    agent.received(600, &down(BOOT, 1, Command::Ack(Ack { boot: BOOT, through: 0, runs })));
    assert!(agent.is_settled());
}

#[test]
fn the_same_seed_says_the_same() {
    let trace = || {
        let mut agent = agent();
        let mut bytes = Vec::new();
        for now in (0..600_000).step_by(500) {
            match now {
                100_000 | 300_000 => agent.connected(now),
                200_000 => agent.disconnected(now),
                _ => {}
            }
            if agent.due() <= now {
                agent.sampled(now, &Readings::default(), 200_000);
            }
            while let Some(frame) = agent.transmit(now) {
                bytes.extend_from_slice(&frame);
            }
        }
        bytes
    };
    let first = trace();
    assert!(first.len() > 1_000);
    assert_eq!(first, trace());
}
