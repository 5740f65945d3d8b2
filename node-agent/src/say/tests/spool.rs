use super::party::{Coordinator, MemoryFiles, long_words, words};
use crate::say::disk::Log;
use crate::say::keep;
use crate::say::spool::Spool;
use frames::{Ack, Body, Say};

const BOOT: u32 = 0xb007;
const SIX_HOURS: usize = 6 * 360;

fn ack(boot: u32, through: u32) -> Ack {
    Ack { boot, through, runs: heapless::Vec::new() }
}

/// Says all that is due until `end`, and hands it over; acknowledges every 2 s.
fn drain(spool: &mut Spool, coordinator: &mut Coordinator, from: u64, end: u64) -> Vec<u64> {
    let mut frames_at = Vec::new();
    let mut now = from;
    while now < end {
        while let Some(frame) = spool.speak(now) {
            frames_at.push(now);
            coordinator.receive(&frame);
        }
        if now.is_multiple_of(2_000) {
            for ack in coordinator.commit() {
                spool.ack(now, &ack);
            }
        }
        now += 10;
    }
    frames_at
}

#[test]
fn live_bodies_go_at_once_and_leave_when_decided() {
    let mut spool = Spool::new(0, BOOT, 1);
    spool.connected(0);
    assert_eq!(spool.push(&words(1)), 1);
    assert_eq!(spool.wake(), Some(0));
    let frame = spool.speak(5).unwrap();
    let body = Body::decode(&frame).unwrap();
    assert_eq!((body.head.boot, body.head.sequence, body.head.oldest), (BOOT, 1, 1));
    assert!(matches!(body.say, Say::Farewell(_)), "live bodies are not wrapped");
    assert!(spool.speak(5).is_none());
    assert_eq!(spool.len(), 1, "said is not decided");
    assert_eq!(spool.ack(2_000, &ack(BOOT, 1)), 1);
    assert!(spool.is_empty());
    assert_eq!(spool.wake(), None);
}

#[test]
fn six_hours_fit_and_memory_follows_the_outage() {
    let mut spool = Spool::new(0, BOOT, 1);
    let fresh = spool.memory();
    assert!(fresh < 256, "{fresh} B before anything is said");
    // The longest words of a vitals body: 112 B of frame less seal and head.
    let longest = [2; 81];
    for _ in 0..SIX_HOURS {
        spool.push(&longest);
    }
    assert_eq!((spool.len(), spool.dropped()), (SIX_HOURS, 0));
    assert!(spool.memory() < 240 * 1024, "{} B", spool.memory());
    for _ in 0..3 * SIX_HOURS {
        spool.push(&longest);
        assert!(spool.memory() < 240 * 1024, "{} B", spool.memory());
        assert!(spool.len() >= SIX_HOURS);
    }
    assert_eq!(spool.len() + spool.dropped() as usize, 4 * SIX_HOURS);
    assert_eq!(spool.oldest(), spool.dropped() + 1, "the oldest went first");
    spool.ack(1, &ack(BOOT, 4 * SIX_HOURS as u32 - 1));
    assert_eq!(spool.len(), 1);
    assert!(spool.memory() < 6 * 1024, "{} B after draining", spool.memory());
}

#[test]
fn long_bodies_are_bounded_too() {
    let mut spool = Spool::new(0, BOOT, 1);
    for _ in 0..500 {
        spool.push(&long_words(32));
    }
    assert!(spool.memory() < 240 * 1024, "{} B", spool.memory());
    assert!(spool.dropped() > 0);
    spool.push(&[1; 4096]);
    spool.push(&[]);
    assert_eq!(spool.len() + spool.dropped() as usize, 502, "what can't be said counts as lost");
    let mut coordinator = Coordinator::default();
    spool.connected(0);
    drain(&mut spool, &mut coordinator, 0, 120_000);
    assert!(spool.is_empty());
}

#[test]
fn the_backlog_waits_its_turn_and_keeps_its_pace() {
    for seed in 0..4 {
        let mut spool = Spool::new(0, BOOT, seed);
        for second in 0..1_000 {
            spool.push(&words(second));
        }
        let mut coordinator = Coordinator::default();
        spool.connected(100_000);
        let sequence = spool.push(&words(9_999));
        let live = spool.speak(100_000).expect("live goes first");
        assert_eq!(coordinator.receive(&live), [(BOOT, sequence)]);

        // Nobody answers: one window goes out, and then nothing.
        let mut said = Vec::new();
        for now in (100_000..150_000).step_by(10) {
            if let Some(frame) = spool.speak(now) {
                said.push(now);
                assert!(coordinator.receive(&frame).len() <= 32);
                assert!(spool.speak(now).is_none(), "one at a time");
            }
        }
        assert_eq!(said.len(), 4, "one window");
        assert!(said[0] <= 130_000, "begins within 30 s");
        assert!(said.windows(2).all(|pair| pair[1] - pair[0] >= 100), "10 frames/s");

        // Answers come: the rest follows, oldest first, and nothing twice.
        drain(&mut spool, &mut coordinator, 150_000, 200_000);
        assert!(spool.is_empty());
        assert_eq!(coordinator.seen.len(), 1_001);
        assert_eq!(coordinator.doubles, 0);
    }
}

#[test]
fn what_stays_unanswered_is_said_again_later_and_later() {
    let mut spool = Spool::new(0, BOOT, 3);
    spool.connected(0);
    spool.push(&words(1));
    let mut said = Vec::new();
    for now in (0..7_200_000).step_by(100) {
        while let Some(frame) = spool.speak(now) {
            said.push(now);
            assert!(Body::decode(&frame).is_ok());
        }
    }
    let gaps: Vec<_> = said.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= 60_000), "{gaps:?}");
    assert!(gaps.iter().all(|gap| *gap <= 16 * 90_000 + 200), "{gaps:?}");
    assert!(gaps[3] > 2 * gaps[0], "backs off: {gaps:?}");
    assert!(said.len() > 5, "never gives up: {said:?}");
}

#[test]
fn patience_follows_the_delay_seen() {
    let mut spool = Spool::new(0, BOOT, 3);
    spool.connected(0);
    // A coordinator on an SD card: answers take 30 s.
    for round in 0..10_u32 {
        let now = u64::from(round) * 30_000;
        spool.push(&words(round));
        assert!(spool.speak(now).is_some());
        spool.ack(now + 30_000, &ack(BOOT, round + 1));
    }
    spool.push(&words(99));
    assert!(spool.speak(300_000).is_some());
    let again = (300_000..).step_by(100).find(|now| spool.speak(*now).is_some()).unwrap();
    assert!(again >= 300_000 + 90_000, "after three times the delay, not {again}");
}

#[test]
fn runs_are_not_said_again() {
    let mut spool = Spool::new(0, BOOT, 3);
    for second in 0..10 {
        spool.push(&words(second));
    }
    spool.connected(0);
    let mut decided = ack(BOOT, 2);
    decided.runs.push(frames::Run { first: 5, last: 7 }).unwrap();
    decided.runs.push(frames::Run { first: 10, last: 10 }).unwrap();
    assert_eq!(spool.ack(0, &decided), 6);
    let mut coordinator = Coordinator::default();
    let frame = (0..).step_by(100).find_map(|now| spool.speak(now)).unwrap();
    let said: Vec<_> = coordinator.receive(&frame).into_iter().map(|(_, sequence)| sequence).collect();
    assert_eq!(said, [3, 4, 8, 9]);
    assert_eq!(Body::decode(&frame).unwrap().head.oldest, 3);
}

#[test]
fn an_earlier_boot_comes_back_from_the_disk_with_its_own_number() {
    let files = MemoryFiles::default();
    let mut spool = Spool::new(0, 1, 1);
    let mut log = Log::open(files.clone(), 1);
    for second in 0..300 {
        spool.push(&words(second));
    }
    // Nothing is written before five minutes are over, and then once.
    assert!(!keep::tend(&mut spool, &mut log, 299_999).unwrap());
    assert_eq!(files.writes.get(), 0);
    assert!(keep::tend(&mut spool, &mut log, 300_000).unwrap());
    assert!(!keep::tend(&mut spool, &mut log, 300_000).unwrap());
    assert_eq!((files.writes.get(), spool.len()), (1, 0));
    assert!(!spool.is_empty(), "what is on the disk is still held");
    assert_eq!(spool.oldest(), 1);
    spool.push(&words(300));
    keep::close(&mut spool, &mut log, 310_000).unwrap();

    let mut spool = Spool::new(400_000, 2, 1);
    let mut log = Log::open(files.clone(), 2);
    keep::begin(&mut spool, &mut log);
    spool.push(&words(400));
    spool.connected(400_000);
    let mut coordinator = Coordinator::default();
    for now in (400_000..600_000).step_by(100) {
        keep::tend(&mut spool, &mut log, now).unwrap();
        while let Some(frame) = spool.speak(now) {
            coordinator.receive(&frame);
        }
        if now.is_multiple_of(2_000) {
            for ack in coordinator.commit() {
                spool.ack(now, &ack);
            }
        }
    }
    assert!(spool.is_empty());
    assert_eq!(coordinator.seen.range((1, 0)..(2, 0)).count(), 301);
    assert!(coordinator.seen.contains(&(2, 1)));
    assert_eq!(coordinator.doubles, 0);
    assert!(files.files.borrow().is_empty(), "the disk is empty again");
}

#[test]
fn nothing_is_written_while_answers_come() {
    let files = MemoryFiles::default();
    let mut spool = Spool::new(0, 1, 1);
    let mut log = Log::open(files.clone(), 1);
    spool.connected(0);
    for round in 0..400_u32 {
        let now = u64::from(round) * 10_000;
        spool.push(&words(round));
        keep::tend(&mut spool, &mut log, now).unwrap();
        while spool.speak(now).is_some() {}
        // The newest is always undecided.
        spool.ack(now, &ack(1, round));
    }
    assert_eq!(files.writes.get(), 0);
    // A coordinator that falls silent behind a living broker is an outage too.
    for round in 400..460_u32 {
        let now = u64::from(round) * 10_000;
        spool.push(&words(round));
        keep::tend(&mut spool, &mut log, now).unwrap();
        while spool.speak(now).is_some() {}
    }
    assert!((1..=2).contains(&files.writes.get()), "{}", files.writes.get());
}
