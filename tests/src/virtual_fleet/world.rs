//! The world of a virtual fleet: one queue of happenings, ordered by time.

use super::node::{POWERLESS, STARTED, SimNode, started};
use super::plan::{Ending, Plan};
use super::queue::{Entry, Happening};
use fleet::Now;
use frames::{FleetKey, FleetName, Leaf, NodeName, Vital};
use goldentooth::enrol::Keys;
use goldentooth::intake::core::Core;
use goldentooth::intake::writer::Stores;
use goldentooth::live::{Event, Update};
use node_agent::agent::Identity;
use node_agent::enrolment::Kind;
use node_agent::feel::Model;
use node_agent::virtual_pi::VirtualPi;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use store::{EventIds, SeriesQuery, Store};

/// The wall clock at the world's start: a full minute, in November 2026.
pub const EPOCH: i64 = 1_795_000_020_000 / 60_000 * 60_000;
/// What one sample costs a virtual agent, in ns: about what it costs a Pi 4.
const SAMPLE_COST: u64 = 2_000_000;
/// After an outage an agent connects again within this, in ms.
const RECONNECT: u64 = 30_000;

/// A fleet, its coordinator and the time.
pub struct World {
    model: Model,
    rng: fastrand::Rng,
    plan: Plan,
    now: u64,
    order: u64,
    queue: BinaryHeap<Reverse<Entry>>,
    nodes: Vec<SimNode>,
    by_topic: BTreeMap<String, usize>,
    keys: Arc<Keys>,
    core: Core,
    stores: Stores,
    ending: bool,
    away: bool,
    false_silences: Vec<String>,
    events: Vec<Arc<Event>>,
    trace: Vec<String>,
}

impl World {
    pub fn new(seed: u64, model: &Model, plan: Plan) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let fleet: FleetName = "home".parse().expect("a name");
        let keys = Arc::new(Keys::in_memory(fleet.clone(), FleetKey::new([7; 32])));
        let now = at(0);
        let mut nodes = Vec::new();
        let mut by_topic = BTreeMap::new();
        for number in 0..plan.nodes {
            let name: NodeName = format!("pi-{number:02}").parse().expect("a name");
            keys.admit(&name, Kind::Node);
            let key = keys.node_key(&name).expect("enrolled");
            let pi = VirtualPi::new(seed, number as u32);
            let identity = Identity { fleet: fleet.clone(), name: name.clone(), key, boot: rng.u32(..) };
            let offset = rng.u64(1_000..1_000_000);
            let agent = started(offset, identity, &pi, rng.u64(..), (model, plan.floor));
            by_topic.insert(Leaf::Cmd.topic(&fleet, &name).as_str().to_owned(), number);
            nodes.push(SimNode {
                agent,
                pi,
                name,
                offset,
                on: true,
                wakes: None,
                up: false,
                connection: 0,
                samples: 0,
                heard: 0,
                troubled: 0,
            });
        }
        let core = Core::new(now, Arc::clone(&keys), EventIds::after(None));
        let stores = Stores { kept: Store::temporary().expect("a store in memory"), simulated: None };
        let mut world = Self {
            model: model.clone(),
            rng,
            plan,
            now: 0,
            order: 0,
            queue: BinaryHeap::new(),
            nodes,
            by_topic,
            keys,
            core,
            stores,
            ending: false,
            away: false,
            false_silences: Vec::new(),
            events: Vec::new(),
            trace: Vec::new(),
        };
        world.core.connected(now, true);
        world.schedule();
        world
    }

    /// Puts what is known from the start into the queue.
    fn schedule(&mut self) {
        for node in 0..self.nodes.len() {
            let start = self.rng.u64(0..2_000);
            self.push(start, Happening::Link(node, true));
            if let Some((from, to)) = self.plan.cut {
                self.push(from, Happening::Link(node, false));
                self.push(to, Happening::Link(node, true));
            } else if self.plan.faults && self.rng.f32() < 0.2 {
                let from = self.rng.u64(30_000..self.plan.length / 2);
                let length = self.rng.u64(1_000..600_000).min(self.plan.length - from - 1);
                self.push(from, Happening::Link(node, false));
                self.push(from + length, Happening::Link(node, true));
            }
        }
        if let Some((from, to)) = self.plan.coordinator_down {
            self.push(from, Happening::Away(true));
            self.push(to, Happening::Away(false));
        }
        if let Some(every) = self.plan.power_fails {
            for number in 1..self.plan.length / every {
                let node = number as usize % self.nodes.len();
                let for_so_long = POWERLESS[number as usize % POWERLESS.len()];
                self.push(number * every, Happening::Power(node, false));
                self.push(number * every + for_so_long, Happening::Power(node, true));
            }
        }
        if self.plan.faults {
            let crash = self.rng.u64(60_000..self.plan.length);
            self.push(crash, Happening::Crash);
        }
        self.push(1_000, Happening::Tick);
        self.push(2_000, Happening::Commit);
        self.push(self.plan.length, Happening::End);
    }

    fn push(&mut self, at: u64, what: Happening) {
        self.order += 1;
        self.queue.push(Reverse(Entry { at: at.max(self.now), order: self.order, what }));
    }

    /// Lets everything happen, until all is decided or ten minutes have
    /// passed after the end.
    pub fn run(mut self) -> Ending {
        let last = self.plan.length + 600_000;
        while let Some(Reverse(Entry { at, what, .. })) = self.queue.pop() {
            self.now = at;
            let settled = || self.nodes.iter().all(|node| node.agent.is_settled());
            if at > last || (self.ending && settled()) {
                break;
            }
            self.happen(what);
            self.coordinator_speaks();
        }
        self.core.commit(&mut self.stores);
        self.coordinator_speaks();
        self.ended()
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Wake(node) => {
                // One that was brought forward has been seen to.
                if self.nodes[node].wakes.take_if(|at| *at == self.now).is_some() {
                    self.wake(node);
                }
            }
            // Nobody is there; what comes due is done when somebody is.
            Happening::Up(..) if self.away => {}
            Happening::Tick if self.away => self.push(self.now + 1_000, Happening::Tick),
            Happening::Commit if self.away => self.push(self.now + 2_000, Happening::Commit),
            Happening::Up(node, frame) => {
                let sim = &mut self.nodes[node];
                sim.heard = self.now;
                let topic = sim.agent.topic().to_owned();
                self.core.message(at(self.now), &topic, &frame, false);
            }
            Happening::Down(node, connection, payload) => {
                let sim = &mut self.nodes[node];
                if sim.up && sim.connection == connection {
                    sim.agent.received(sim.uptime(self.now), &payload);
                    self.wake(node);
                }
            }
            Happening::Link(node, up) => {
                let sim = &mut self.nodes[node];
                let uptime = sim.uptime(self.now);
                sim.up = up;
                if up {
                    sim.connection += 1;
                    sim.agent.connected(uptime);
                } else {
                    sim.agent.disconnected(uptime);
                }
                self.wake(node);
            }
            Happening::Power(node, on) => self.power(node, on),
            Happening::Tick => {
                self.core.tick(at(self.now));
                self.push(self.now + 1_000, Happening::Tick);
            }
            Happening::Commit => {
                self.core.commit(&mut self.stores);
                self.push(self.now + 2_000, Happening::Commit);
            }
            Happening::Crash => self.crash(),
            Happening::Away(away) => {
                self.away = away;
                if !away {
                    self.crash();
                }
                for node in 0..self.nodes.len() {
                    let after = if away { 0 } else { self.rng.u64(1..RECONNECT) };
                    self.push(self.now + after, Happening::Link(node, !away));
                }
            }
            Happening::End => {
                self.ending = true;
                for node in 0..self.nodes.len() {
                    let sim = &mut self.nodes[node];
                    sim.agent.farewell(sim.uptime(self.now));
                    self.wake(node);
                }
            }
        }
    }

    /// A node without power does nothing; then its machine starts anew.
    fn power(&mut self, number: usize, on: bool) {
        let (boot, seed) = (self.rng.u32(..), self.rng.u64(..));
        let sim = &mut self.nodes[number];
        (sim.on, sim.up) = (on, false);
        if on {
            sim.offset = STARTED.wrapping_sub(self.now);
            let identity = Identity { boot, ..sim.agent.identity().clone() };
            sim.agent = started(STARTED, identity, &sim.pi, seed, (&self.model, self.plan.floor));
            self.push(self.now + 2_000, Happening::Link(number, true));
        }
    }

    /// Everything that was not committed is gone.
    fn crash(&mut self) {
        let now = at(self.now);
        let ids = self.stores.kept.event_ids().expect("a readable store");
        self.core = Core::new(now, Arc::clone(&self.keys), ids);
        let records = self.stores.kept.records().expect("a readable store");
        self.core.restore(records.into_iter().map(|record| (record, None)));
        self.core.connected(now, true);
    }

    /// Lets a node do what is due, and notes when to look again.
    fn wake(&mut self, number: usize) {
        let now = self.now;
        let sim = &mut self.nodes[number];
        if !sim.on {
            return;
        }
        let uptime = sim.uptime(now);
        if sim.agent.due() <= uptime {
            let mut readings = sim.pi.read(now);
            if self.plan.power_fails.is_some() {
                let clock = sim.clock(uptime, EPOCH + now.cast_signed());
                readings.set(Vital::ClockSynchronised, f32::from(u8::from(clock.trusted)));
                sim.agent.clock(uptime, Some(clock));
            }
            sim.agent.sampled(uptime, &readings, SAMPLE_COST);
            sim.samples += 1;
        }
        let mut frames = Vec::new();
        while let Some(frame) = sim.agent.transmit(uptime) {
            if sim.up {
                frames.push(frame.to_vec());
            }
        }
        let due = sim.agent.due();
        let next = sim.agent.wake().map_or(due, |wake| wake.min(due));
        let next = (next != u64::MAX).then(|| sim.at(next.max(uptime + 1)));
        if let Some(next) = next.filter(|next| sim.wakes.is_none_or(|at| *next < at)) {
            sim.wakes = Some(next);
            self.push(next, Happening::Wake(number));
        }
        for frame in frames {
            self.send(number, &frame);
        }
    }

    /// The way up: up to 400 ms, sometimes much longer, sometimes lost or doubled.
    fn send(&mut self, node: usize, frame: &[u8]) {
        let faults = self.plan.faults && !self.ending;
        let copies = match self.rng.f32() {
            chance if faults && chance < 0.01 => 0,
            chance if faults && chance < 0.03 => 2,
            _ => 1,
        };
        if copies == 0 {
            self.nodes[node].troubled = self.now;
        }
        for _ in 0..copies {
            let delay = if faults && self.rng.f32() < 0.01 { 5_000 } else { self.rng.u64(1..400) };
            if delay == 5_000 {
                self.nodes[node].troubled = self.now;
            }
            self.push(self.now + delay, Happening::Up(node, frame.to_vec()));
        }
    }

    /// Delivers what the coordinator publishes and notes what it tells.
    fn coordinator_speaks(&mut self) {
        let output = self.core.output(at(self.now));
        for message in output.publish {
            let Some(&node) = self.by_topic.get(message.topic.as_str()) else { continue };
            if self.plan.faults && !self.ending && self.rng.f32() < 0.01 {
                continue;
            }
            let delay = self.rng.u64(1..400);
            let connection = self.nodes[node].connection;
            self.push(self.now + delay, Happening::Down(node, connection, message.payload.clone()));
        }
        for update in output.updates {
            let Update::Event(event) = update else { continue };
            self.trace.push(format!("{:>8} {} {}", self.now, event.kind, event.payload));
            self.events.push(Arc::clone(&event));
            if event.kind == "silent" && !self.ending {
                let heard = self.nodes.iter().find(|sim| Some(sim.name.as_str()) == event.node());
                // A lost frame may be the one that told of a longer interval:
                // then the coordinator is right to miss the next.
                let silent = (event.at - EPOCH).unsigned_abs();
                let wrongly = |sim: &&SimNode| {
                    (sim.heard..sim.heard + 2 * self.plan.floor).contains(&silent)
                        && silent - sim.troubled.min(silent) > 4 * self.plan.floor
                };
                if let Some(sim) = heard.filter(wrongly) {
                    let ago = self.now - sim.heard;
                    self.false_silences.push(format!("{} at {} ms, heard {ago} ms ago", sim.name, self.now));
                }
            }
        }
    }

    fn ended(self) -> Ending {
        let reader = self.stores.kept.reader().expect("a readable store");
        let mut rows = BTreeMap::new();
        let mut per_minute = BTreeMap::new();
        for sim in &self.nodes {
            let to = EPOCH + self.now.cast_signed() + 1;
            let query = SeriesQuery { node: &sim.name, vitals: &[], from: EPOCH - 60_000, to, step: None };
            let series = reader.series(&query).expect("a readable store");
            let count: u32 = series.points.iter().map(|point| point.reports).sum();
            rows.insert(sim.name.to_string(), count as usize);
            for point in &series.points {
                let minute = (point.at - EPOCH).div_euclid(60_000);
                *per_minute.entry(minute).or_default() += point.reports as usize;
            }
        }
        let name = |sim: &SimNode| sim.name.to_string();
        Ending {
            samples: self.nodes.iter().map(|sim| (name(sim), sim.samples)).collect(),
            rows,
            per_minute,
            unsettled: self.nodes.iter().filter(|sim| !sim.agent.is_settled()).map(name).collect(),
            dropped: self.nodes.iter().map(|sim| sim.agent.dropped()).sum(),
            false_silences: self.false_silences,
            status: self.core.status_now(),
            events: self.events,
            trace: self.trace,
        }
    }
}

fn at(now: u64) -> Now {
    // The coordinator's monotonic clock did not start with the world.
    Now { mono: now + 5_000_000, unix: EPOCH + now.cast_signed(), trusted: true }
}
