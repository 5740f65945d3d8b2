//! Whole stories, told to a [`Fleet`] in plain numbers.
// Times in tests are small, and probabilities come back digit for digit.
#![allow(clippy::cast_possible_wrap, clippy::float_cmp)]

mod admitting;
mod boards;
mod dating;
mod liveness;
mod services;
mod turns;

use crate::{Admission, Admitted, Change, Fleet, Millis, Now, UnixMillis};
use frames::{
    Body, Budget, Classifier, Clock, Farewell, Head, Headroom, Hello, Mood, NodeName, Probability, Readings,
    Report, Say, Service, ServiceState, Services, VERSION, Vital, VitalSet, Vitals,
};

/// The wall clock when the monotonic one is zero.
pub(crate) const EPOCH: UnixMillis = 1_800_000_000_000;

/// A coordinator's clocks, `mono` milliseconds after its start.
pub(crate) fn at(mono: Millis) -> Now {
    Now { mono, unix: EPOCH + mono as i64, trusted: true }
}

pub(crate) fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

/// A node that is told what to say.
#[derive(Clone)]
pub(crate) struct Pi {
    pub(crate) name: NodeName,
    pub(crate) boot: u32,
    pub(crate) sequence: u32,
    pub(crate) oldest: u32,
    /// When its kernel started, on the coordinator's monotonic clock.
    pub(crate) started: i64,
    pub(crate) kernel: [u8; 16],
    pub(crate) clock: Option<Clock>,
    pub(crate) interval: u16,
    pub(crate) dropped: u32,
    pub(crate) mood: Option<Mood>,
    pub(crate) agent: &'static str,
    pub(crate) model: Option<&'static str>,
    pub(crate) serial: &'static str,
    pub(crate) settings: u32,
    pub(crate) downlink: u32,
}

impl Pi {
    /// One on a board of its own.
    pub(crate) fn new(text: &'static str, boot: u32) -> Self {
        Self {
            name: name(text),
            boot,
            sequence: 0,
            oldest: 1,
            started: -3_600_000,
            kernel: [boot as u8; 16],
            clock: None,
            interval: 100,
            dropped: 0,
            mood: Some(Mood::Happy),
            agent: "0.1.0",
            model: Some("m1"),
            serial: text,
            settings: 0,
            downlink: 0,
        }
    }

    fn uptime(&self, mono: Millis) -> u32 {
        u32::try_from((mono as i64 - self.started) / 100).unwrap()
    }

    fn body(&mut self, say: Say<'static>) -> Body<'static> {
        self.sequence += 1;
        let head = Head { version: VERSION, boot: self.boot, sequence: self.sequence, oldest: self.oldest };
        Body { head, say }
    }

    pub(crate) fn vitals(&mut self, mono: Millis) -> Body<'static> {
        let mut readings = Readings::default();
        readings.set(Vital::Cpu, 12.0);
        readings.set(Vital::Temperature, 51.5);
        let mut probabilities = [Probability::default(); 4];
        if let Some(mood) = self.mood {
            probabilities[mood as usize] = Probability::new(0.9);
        }
        let report = Report {
            uptime: self.uptime(mono),
            vitals: Vitals::from(&readings),
            mood: self.mood,
            probabilities,
            causes: heapless::Vec::new(),
            distance: None,
            classifier: Classifier::Model,
            budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
            interval: self.interval,
            dropped: self.dropped,
        };
        self.body(Say::Vitals(report))
    }

    pub(crate) fn hello(&mut self, mono: Millis) -> Body<'static> {
        let hello = Hello {
            kernel_boot: self.kernel,
            agent: self.agent.try_into().unwrap(),
            model: self.model.map(|model| model.try_into().unwrap()),
            hardware: "Raspberry Pi 5".try_into().unwrap(),
            serial: Some(self.serial.try_into().unwrap()),
            measurable: [Vital::Cpu, Vital::Temperature].into_iter().collect::<VitalSet>(),
            uptime: self.uptime(mono),
            clock: self.clock,
            settings: self.settings,
            downlink: self.downlink,
        };
        self.body(Say::Hello(hello))
    }

    pub(crate) fn services(&mut self, mono: Millis, units: &[(&str, ServiceState)]) -> Body<'static> {
        let unit = |(name, state): &(&str, ServiceState)| Service {
            name: (*name).try_into().unwrap(),
            state: *state,
        };
        let uptime = self.uptime(mono);
        self.body(Say::Services(Services { uptime, units: units.iter().map(unit).collect() }))
    }

    pub(crate) fn farewell(&mut self, mono: Millis) -> Body<'static> {
        let uptime = self.uptime(mono);
        self.body(Say::Farewell(Farewell { uptime }))
    }

    /// Another start of the agent, on the same kernel.
    pub(crate) fn restarted(&self, boot: u32) -> Self {
        Self { boot, sequence: 0, oldest: 1, dropped: 0, ..self.clone() }
    }
}

/// Admits a body as a live one, which has to be new.
pub(crate) fn live(fleet: &mut Fleet, now: Now, name: &NodeName, body: &Body<'_>) -> Admitted {
    admitted(fleet.admit(now, name, body, true))
}

/// Admits a body out of a replay, which has to be new.
pub(crate) fn late(fleet: &mut Fleet, now: Now, name: &NodeName, body: &Body<'_>) -> Admitted {
    admitted(fleet.admit(now, name, body, false))
}

fn admitted(admission: Admission) -> Admitted {
    match admission {
        Admission::Admitted(admitted) => *admitted,
        other => panic!("not admitted: {other:?}"),
    }
}

pub(crate) fn kinds(changes: &[Change]) -> Vec<&'static str> {
    changes.iter().map(Change::kind).collect()
}

/// Ticks every second from `from` up to and with `to`, and collects the changes.
pub(crate) fn ticks(fleet: &mut Fleet, from: Millis, to: Millis) -> Vec<(Millis, Change)> {
    let mut changes = Vec::new();
    for mono in (from..=to).step_by(1_000) {
        changes.extend(fleet.tick(at(mono)).into_iter().map(|change| (mono, change)));
    }
    changes
}

/// Says hello and one reading at `mono`.
pub(crate) fn join(fleet: &mut Fleet, pi: &mut Pi, mono: Millis) -> Vec<Change> {
    let mut changes = live(fleet, at(mono), &pi.name.clone(), &pi.hello(mono)).changes;
    changes.extend(live(fleet, at(mono), &pi.name.clone(), &pi.vitals(mono)).changes);
    changes
}
