//! An agent whose time the test drives: the real agent, spool and disk log over
//! a real connection, but hours pass in seconds.

use crate::harness::{Forger, Wire};
use frames::{Leaf, Readings, Vital};
use node_agent::agent::{About, Agent, Identity};
use node_agent::budget::Limits;
use node_agent::feel::Feeler;
use node_agent::say::disk::Log;
use node_agent::say::folder::Folder;
use node_agent::say::keep;
use node_agent::say::spool::Spool;
use std::path::Path;
use std::time::{Duration, Instant};

/// An agent, its disk and its connection.
pub struct Driven {
    agent: Agent,
    log: Option<Log<Folder>>,
    wire: Option<Wire>,
    forger: Forger,
    /// Its uptime in ms.
    now: u64,
    /// Samples so far.
    pub samples: u64,
}

impl Driven {
    /// An agent that has just started, with this folder for what is undecided.
    pub fn new(enrolment: &Path, folder: Option<&Path>, boot: u32) -> Self {
        let forger = Forger::from_file(enrolment);
        let now = 100_000;
        let mut spool = Spool::new(now, boot, u64::from(boot));
        let log = folder.map(|folder| {
            let mut log = Log::open(Folder::new(folder), boot);
            keep::begin(&mut spool, &mut log);
            log
        });
        let identity = Identity {
            fleet: forger.fleet.clone(),
            name: forger.name.clone(),
            key: forger.key().clone(),
            boot,
        };
        let limits = Limits { floor: 1_000, ceiling: 1_000, ..Limits::default() };
        let agent = Agent::new(now, identity, About::default(), limits, Feeler::new(None), spool);
        Self { agent, log, wire: None, forger, now, samples: 0 }
    }

    /// Takes samples, a second apart.
    pub fn sample(&mut self, count: u64) {
        for _ in 0..count {
            self.step(1_000);
            let mut readings = Readings::default();
            readings.set(Vital::MemoryUsed, (self.samples % 100) as f32);
            self.agent.sampled(self.now, &readings, 0);
            self.samples += 1;
        }
    }

    /// Connects, unless it is connected.
    pub fn link(&mut self, broker: &str) {
        if self.wire.as_ref().is_some_and(Wire::is_up) {
            return;
        }
        if self.wire.take().is_some() {
            self.agent.disconnected(self.now);
        }
        // A broker that is just starting is asked again at the next step.
        let Ok(mut wire) = self.forger.connect(broker) else { return };
        if wire.try_subscribe(&self.forger.topic(Leaf::Cmd)) {
            self.wire = Some(wire);
            self.agent.connected(self.now);
        }
    }

    /// Lets time pass, says what is due and hears what has come.
    pub fn step(&mut self, time: u64) {
        self.now += time;
        if let Some(log) = &mut self.log {
            // A full disk is no reason to end: memory goes on.
            let _ = keep::tend(self.agent.spool(), log, self.now);
        }
        let Some(wire) = &mut self.wire else { return };
        while let Some(frame) = self.agent.transmit(self.now) {
            wire.try_publish(self.agent.topic(), frame.to_vec());
        }
        while let Some(message) = wire.next(Duration::ZERO) {
            self.agent.received(self.now, &message.payload);
        }
    }

    /// Goes on until everything is decided.
    ///
    /// # Panics
    /// If it isn't within `patience`.
    pub fn settle(&mut self, broker: &str, patience: Duration) {
        let end = Instant::now() + patience;
        while !self.is_settled() {
            self.link(broker);
            self.step(200);
            std::thread::sleep(Duration::from_millis(10));
            let (left, disk) = (self.agent.spooled(), self.log.as_ref().map(Log::unread));
            assert!(Instant::now() < end, "{}: {left} in memory, {disk:?} on the disk", self.forger.name);
        }
    }

    /// Whether everything said has been decided.
    pub fn is_settled(&self) -> bool {
        self.agent.is_settled()
    }

    /// Its last word.
    pub fn farewell(&mut self) {
        self.agent.farewell(self.now);
    }

    /// Bodies lost for want of room.
    pub fn dropped(&self) -> u32 {
        self.agent.dropped()
    }
}
