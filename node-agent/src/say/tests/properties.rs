//! Any order of saying, losing, answering, failing and restarting.

use super::party::{Coordinator, MemoryFiles, long_words, words};
use crate::say::disk::Log;
use crate::say::keep;
use crate::say::spool::Spool;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Step {
    Push(u16),
    PushLong(u8),
    Connect,
    Disconnect,
    /// Says all that is due; the link loses it or not.
    Speak {
        lost: bool,
    },
    Commit {
        lost: bool,
    },
    Wait(u32),
    /// Writes fail from now on (after some bytes), or succeed again.
    Disk(Option<u16>),
    /// SIGKILL: memory is gone.
    Kill,
    /// A clean stop and a new start.
    Restart,
    Copy,
    /// The coordinator is restored from the last copy.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..120_u16).prop_map(Step::Push),
        1 => (500..3_000_u16).prop_map(Step::Push),
        1 => (1..5_u8).prop_map(Step::PushLong),
        3 => Just(Step::Connect),
        2 => Just(Step::Disconnect),
        6 => prop::bool::weighted(0.2).prop_map(|lost| Step::Speak { lost }),
        5 => prop::bool::weighted(0.2).prop_map(|lost| Step::Commit { lost }),
        4 => (1..50_000_u32).prop_map(Step::Wait),
        3 => (250_000..400_000_u32).prop_map(Step::Wait),
        1 => prop::option::of(0..600_u16).prop_map(Step::Disk),
        1 => Just(Step::Kill),
        1 => Just(Step::Restart),
        1 => Just(Step::Copy),
        1 => Just(Step::Restore),
    ]
}

struct World {
    now: u64,
    boot: u32,
    spool: Spool,
    log: Log<MemoryFiles>,
    files: MemoryFiles,
    coordinator: Coordinator,
    copy: Coordinator,
    /// All that was ever pushed.
    pushed: BTreeSet<(u32, u32)>,
    /// What was in the memory of a killed process, or of one that stopped
    /// while the disk was full: parts of it may be on the disk all the same.
    gone: BTreeSet<(u32, u32)>,
    /// What acknowledgements that arrived in this boot have covered.
    covered: BTreeSet<(u32, u32)>,
    /// Dropped in earlier boots.
    dropped: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        let files = MemoryFiles::default();
        Self {
            now: 1_000,
            boot: 1,
            spool: Spool::new(1_000, 1, seed),
            log: Log::open(files.clone(), 1),
            files,
            coordinator: Coordinator::default(),
            copy: Coordinator::default(),
            pushed: BTreeSet::new(),
            gone: BTreeSet::new(),
            covered: BTreeSet::new(),
            dropped: 0,
        }
    }

    fn start(&mut self) {
        self.dropped += self.spool.dropped();
        self.boot += 1;
        self.spool = Spool::new(self.now, self.boot, u64::from(self.boot));
        self.log = Log::open(self.files.clone(), self.boot);
        keep::begin(&mut self.spool, &mut self.log);
        self.covered.clear();
    }

    fn push(&mut self, say: &[u8], bodies: u32) {
        for _ in 0..bodies {
            let sequence = self.spool.push(say);
            self.pushed.insert((self.boot, sequence));
        }
    }

    fn speak(&mut self, lost: bool) {
        let _ = keep::tend(&mut self.spool, &mut self.log, self.now);
        let due = self.spool.wake();
        let mut said = 0;
        while let Some(frame) = self.spool.speak(self.now) {
            said += 1;
            let mut nobody = Coordinator::default();
            let listener = if lost { &mut nobody } else { &mut self.coordinator };
            for said in listener.receive(&frame) {
                assert!(self.pushed.contains(&said), "{said:?} was never pushed");
                assert!(!self.covered.contains(&said), "{said:?} was decided already");
            }
        }
        assert!(said == 0 || due.is_some_and(|due| due <= self.now), "{said} said, but due {due:?}");
        let next = self.spool.wake();
        assert!(
            next.is_none_or(|next| next > self.now),
            "at {}: due {next:?}, but nothing is said",
            self.now
        );
    }

    fn commit(&mut self, lost: bool) {
        for ack in self.coordinator.commit() {
            if !lost {
                self.spool.ack(self.now, &ack);
                // A restored coordinator may take back what it said of a boot.
                self.covered.retain(|(boot, _)| *boot != ack.boot);
                let all = self.pushed.range((ack.boot, 0)..(ack.boot + 1, 0));
                self.covered.extend(all.filter(|(_, sequence)| ack.covers(*sequence)));
            }
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Push(bodies) => self.push(&words(7), u32::from(*bodies)),
            Step::PushLong(bodies) => self.push(&long_words(32), u32::from(*bodies)),
            Step::Connect => self.spool.connected(self.now),
            Step::Disconnect => self.spool.disconnected(self.now),
            Step::Speak { lost } => self.speak(*lost),
            Step::Commit { lost } => self.commit(*lost),
            Step::Wait(time) => {
                self.now += u64::from(*time);
                let _ = keep::tend(&mut self.spool, &mut self.log, self.now);
            }
            Step::Disk(failing) => self.files.failing.set(failing.map(usize::from)),
            Step::Kill => {
                self.gone.extend(self.spool.to_keep().map(|kept| (kept.boot, kept.sequence)));
                self.start();
            }
            Step::Restart => {
                if keep::close(&mut self.spool, &mut self.log, self.now).is_err() {
                    self.gone.extend(self.spool.to_keep().map(|kept| (kept.boot, kept.sequence)));
                }
                self.start();
            }
            Step::Copy => self.copy = self.coordinator.clone(),
            Step::Restore => {
                let copy = self.copy.clone();
                self.coordinator.restore(&copy);
            }
        }
        assert!(self.spool.memory() < 240 * 1024 + 70 * 1024, "{} B", self.spool.memory());
        assert!(self.log.bytes() <= 8 * 1024 * 1024 + 64 * 1024, "{} B", self.log.bytes());
    }

    /// All is well again: how long until nothing is held?
    fn drain(&mut self) -> u64 {
        self.files.failing.set(None);
        self.spool.disconnected(self.now);
        self.spool.connected(self.now);
        let start = self.now;
        let mut commit = self.now;
        while !self.spool.is_empty() {
            self.speak(false);
            if self.now >= commit {
                self.commit(false);
                commit += 2_000;
            } else {
                // A shell sleeps until this moment, and so does the test.
                self.now = self.spool.wake().unwrap_or(commit).min(commit).max(self.now + 1);
            }
            assert!(self.now - start < 3_600_000, "an hour, and still {} held", self.spool.len());
        }
        self.now - start
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Bounded at every step; nothing is lost that is not counted; nothing is
    /// said that is known to be decided; and in the end it drains to empty.
    #[test]
    fn a_spool_keeps_its_word(seed: u64, steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new(seed);
        for step in &steps {
            world.take(step);
        }
        world.drain();
        let missing = world.pushed.difference(&world.coordinator.seen);
        let missing = missing.filter(|body| !world.gone.contains(body)).count();
        let counted = (world.dropped + world.spool.dropped()) as usize;
        prop_assert!(missing <= counted, "{missing} missing, {counted} counted as dropped");
        let _ = keep::tend(&mut world.spool, &mut world.log, world.now);
        prop_assert_eq!(world.log.bytes(), 0, "nothing is left on the disk");
    }
}
