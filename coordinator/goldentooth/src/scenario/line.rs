//! The level of vitals: readings go into real agents, which sample, judge by their
//! rules and seal; what they say goes through the real intake into a fleet, on
//! virtual time. What the fleet tells of it are the events.

use super::{DAY, Naming, Scenario, Turn, What, wall};
use crate::enrol::Keys;
use crate::habits::Habits;
use crate::intake::core::Core;
use crate::intake::writer::Stores;
use crate::live::Update;
use fleet::{Change, Episode, Now};
use frames::{
    FleetKey, FleetName, Leaf, NodeName, Readings, Service, ServiceState, Services, Vital, VitalSet,
};
use node_agent::agent::{About, Agent, Identity};
use node_agent::budget::Limits;
use node_agent::enrolment::Kind;
use node_agent::feel::Feeler;
use node_agent::hardware::Hardware;
use node_agent::say::spool::Spool;
use stage::Millis;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use store::{Event, EventIds, Store};

/// Agents sample so often, where their budget lets them.
const FLOOR: Millis = 30_000;
/// What one sample costs, in ns: about what it costs a Pi 4.
const SAMPLE_COST: u64 = 2_000_000;
/// A message is under way so long.
const UNDER_WAY: Millis = 100;
/// The coordinator commits so often: nobody reads the store, and only what is
/// committed is acknowledged.
const COMMIT: Millis = 10_000;
const SECOND: Millis = 1_000;
/// Until an agent runs on a machine that starts, in ms of uptime.
const STARTED: Millis = 20_000;
/// How long each had been up when it begins.
const UP: Millis = 1_000_000;

/// What a Pi measures that has nothing to do.
const REST: [(Vital, f32); 19] = [
    (Vital::Cpu, 2.0),
    (Vital::CpuBusiest, 5.0),
    (Vital::Load1, 0.1),
    (Vital::Load5, 0.1),
    (Vital::Load15, 0.1),
    (Vital::MemoryUsed, 30.0),
    (Vital::SwapUsed, 0.0),
    (Vital::DiskUsed, 40.0),
    (Vital::DiskBusy, 0.5),
    (Vital::DiskWrite, 20_000.0),
    (Vital::NetReceived, 1_000.0),
    (Vital::NetSent, 1_000.0),
    (Vital::Processes, 110.0),
    (Vital::Blocked, 0.0),
    (Vital::OomKills, 0.0),
    (Vital::Temperature, 48.0),
    (Vital::UnderVoltageNow, 0.0),
    (Vital::ThrottledNow, 0.0),
    (Vital::FailedUnits, 0.0),
];
/// And what is different where there is work, too much of it, or no memory left.
const WORK: [(Vital, f32); 5] = [
    (Vital::Cpu, 35.0),
    (Vital::CpuBusiest, 60.0),
    (Vital::Load1, 1.4),
    (Vital::Load5, 1.4),
    (Vital::NetSent, 2e6),
];
const STRAIN: [(Vital, f32); 4] =
    [(Vital::Cpu, 99.0), (Vital::CpuBusiest, 100.0), (Vital::Load1, 6.0), (Vital::Load5, 5.0)];
const STARVED: [(Vital, f32); 3] =
    [(Vital::MemoryUsed, 98.0), (Vital::SwapUsed, 95.0), (Vital::Blocked, 9.0)];

/// Everything that the fleet tells, in order of time.
pub(super) fn events(scenario: &Scenario, seed: u64) -> Vec<(Millis, Arc<Event>)> {
    let Some(world) = World::new(scenario, seed) else { return Vec::new() };
    world.run(u64::from(scenario.days) * DAY)
}

/// What may come next; at one time in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// Something happens to a node: which of the scenario's turns.
    Turn(usize),
    /// Somebody calls something by its name: which of the scenario's namings.
    Name(usize),
    /// A node's link is up.
    Link(usize),
    /// A frame reaches the coordinator.
    Up(usize, Vec<u8>),
    /// A message reaches a node.
    Down(usize, Vec<u8>),
    /// A node may have something to do.
    Wake(usize),
    /// The coordinator's second.
    Tick,
    /// It commits.
    Commit,
}

/// One node.
struct Node {
    agent: Agent,
    /// What it measures now.
    readings: Readings,
    /// What added to the world's time is its uptime, around the end of numbers.
    offset: u64,
    linked: bool,
    /// When it wakes next.
    wakes: Option<Millis>,
    /// How often it has started.
    starts: u32,
    services: Services,
}

struct World<'a> {
    turns: Vec<Turn<'a>>,
    names: &'a [Naming],
    habits: Habits,
    seed: u64,
    now: Millis,
    queue: BinaryHeap<Reverse<(Millis, u64, Next)>>,
    order: u64,
    nodes: Vec<Node>,
    by_name: BTreeMap<&'a NodeName, usize>,
    by_topic: BTreeMap<String, usize>,
    measurable: VitalSet,
    core: Core,
    stores: Stores,
    events: Vec<(Millis, Arc<Event>)>,
}

impl<'a> World<'a> {
    /// None if the machine has no room for a store in memory.
    fn new(scenario: &'a Scenario, seed: u64) -> Option<Self> {
        let fleet: FleetName = "home".parse().ok()?;
        let keys = Arc::new(Keys::in_memory(fleet.clone(), FleetKey::new([7; 32])));
        let signs = scenario.happens.iter().flat_map(|happening| &happening.because);
        let measurable = REST.iter().map(|(vital, _)| *vital).chain(signs.map(|sign| sign.vital)).collect();
        let stores = Stores { kept: Store::temporary().ok()?, simulated: None };
        let mut world = Self {
            turns: scenario.turns(),
            names: &scenario.names,
            habits: Habits::default(),
            seed,
            now: 0,
            queue: BinaryHeap::new(),
            order: 0,
            nodes: Vec::new(),
            by_name: scenario.nodes.iter().enumerate().map(|(number, name)| (name, number)).collect(),
            by_topic: BTreeMap::new(),
            measurable,
            core: Core::new(at(0), Arc::clone(&keys), EventIds::after(None)),
            stores,
            events: Vec::new(),
        };
        world.core.know_habits(world.habits.clone());
        world.core.connected(at(0), true);
        for (number, name) in scenario.nodes.iter().enumerate() {
            keys.admit(name, Kind::Node);
            let boot = world.boot(number, 0);
            let identity =
                Identity { fleet: fleet.clone(), name: name.clone(), key: keys.node_key(name)?, boot };
            world.by_topic.insert(Leaf::Cmd.topic(&fleet, name).as_str().to_owned(), number);
            let agent = world.started(UP, identity);
            let readings = readings(What::Bored, None);
            world.nodes.push(Node {
                agent,
                readings,
                offset: UP,
                linked: false,
                wakes: None,
                starts: 0,
                services: Services::default(),
            });
            world.push(0, Next::Link(number));
        }
        for turn in 0..world.turns.len() {
            let when = world.turns.get(turn).map_or(0, |turn| turn.at);
            world.push(when, Next::Turn(turn));
        }
        for (number, naming) in scenario.names.iter().enumerate() {
            world.push(naming.at, Next::Name(number));
        }
        world.push(SECOND, Next::Tick);
        world.push(COMMIT, Next::Commit);
        Some(world)
    }

    /// Lets everything happen until the end.
    fn run(mut self, end: Millis) -> Vec<(Millis, Arc<Event>)> {
        while let Some(Reverse((at, _, next))) = self.queue.pop() {
            if at > end {
                break;
            }
            self.now = at;
            self.happen(next);
            self.coordinator_speaks();
        }
        self.events
    }

    fn push(&mut self, at: Millis, next: Next) {
        self.order += 1;
        self.queue.push(Reverse((at.max(self.now), self.order, next)));
    }

    /// A number of a start that no other has.
    fn boot(&self, number: usize, starts: u32) -> u32 {
        (self.seed as u32).wrapping_add(number as u32).wrapping_mul(0x9e37_79b9).wrapping_add(starts)
    }

    fn started(&self, uptime: Millis, identity: Identity) -> Agent {
        let kernel_boot = u128::from(identity.boot).to_le_bytes();
        let hardware =
            Hardware { model: "Raspberry Pi 5 Model B Rev 1.0".to_owned(), kernel_boot, serial: None };
        let about = About { hardware, measurable: self.measurable };
        let spool = Spool::new(uptime, identity.boot, u64::from(identity.boot));
        let limits = Limits { floor: FLOOR, ..Limits::default() };
        Agent::new(uptime, identity, about, limits, Feeler::new(None), spool)
    }

    fn happen(&mut self, next: Next) {
        let now = self.now;
        match next {
            Next::Turn(place) => self.turn(place),
            Next::Name(number) => self.name(number),
            Next::Link(number) => {
                let Some(node) = self.nodes.get_mut(number) else { return };
                node.linked = true;
                node.agent.connected(now.wrapping_add(node.offset));
                self.wake(number);
            }
            Next::Up(number, frame) => {
                let Some(node) = self.nodes.get(number) else { return };
                let topic = node.agent.topic().to_owned();
                self.core.message(at(now), &topic, &frame, false);
            }
            Next::Down(number, payload) => {
                let Some(node) = self.nodes.get_mut(number).filter(|node| node.linked) else { return };
                node.agent.received(now.wrapping_add(node.offset), &payload);
                self.wake(number);
            }
            Next::Wake(number) => {
                // One that was brought forward has been seen to.
                let is_due = |node: &mut Node| node.wakes.take_if(|wakes| *wakes == now).is_some();
                if self.nodes.get_mut(number).is_some_and(is_due) {
                    self.wake(number);
                }
            }
            Next::Tick => {
                self.core.tick(at(now));
                self.push(now + SECOND, Next::Tick);
            }
            Next::Commit => {
                self.core.commit(&mut self.stores);
                self.push(now + COMMIT, Next::Commit);
            }
        }
    }

    /// A person names a node's latest stress; where there is none, nothing gets a name.
    fn name(&self, number: usize) {
        let Some(naming) = self.names.get(number) else { return };
        let of_node = self.events.iter().filter(|(_, event)| event.node() == Some(naming.node.as_str()));
        let changes = of_node.filter_map(|(_, event)| Some((event.at, event.change()?.ok()?)));
        let changes: Vec<(i64, Change)> = changes.collect();
        if let Some(episode) = Episode::latest(changes.iter().map(|(at, change)| (*at, change))) {
            // What the rules refuse has no name, and the scenario's expectations tell.
            let _ = self.habits.call(episode, (&naming.name, "the author"), wall(self.now));
        }
    }

    /// What the author has happen.
    fn turn(&mut self, place: usize) {
        let Some(Turn { node, what, of, .. }) = self.turns.get(place).copied() else { return };
        let Some(number) = self.by_name.get(node).copied() else { return };
        let (seed, now) = (self.boot(number, 1 + place as u32), self.now);
        let Some(node) = self.nodes.get_mut(number) else { return };
        let uptime = now.wrapping_add(node.offset);
        match what {
            What::Joined => {}
            What::Silent => {
                node.linked = false;
                node.agent.disconnected(uptime);
            }
            What::Restarted => {
                node.starts += 1;
                node.offset = STARTED.wrapping_sub(now);
                let identity = Identity { boot: seed, ..node.agent.identity().clone() };
                node.linked = false;
                node.wakes = None;
                let agent = self.started(STARTED, identity);
                if let Some(node) = self.nodes.get_mut(number) {
                    node.agent = agent;
                }
                self.push(now + 2 * SECOND, Next::Link(number));
            }
            What::UnitFailed => {
                let name = of.and_then(|of| of.unit.as_deref()).unwrap_or_default();
                let Ok(name) = name.parse() else { return };
                let known = node.services.units.iter_mut().find(|unit| unit.name == name);
                match known {
                    Some(unit) => unit.state = ServiceState::Failed,
                    // One more than a node can watch is nobody's.
                    None => drop(node.services.units.push(Service { name, state: ServiceState::Failed })),
                }
                let services = node.services.clone();
                node.agent.services(uptime, services);
                self.wake(number);
            }
            What::Bored | What::Happy | What::Stressed | What::Crisis => {
                node.readings = readings(what, of.map(|of| of.because.as_slice()));
                if !node.linked {
                    self.push(now, Next::Link(number));
                }
            }
        }
    }

    /// Lets a node do what is due, and notes when to look again.
    fn wake(&mut self, number: usize) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(number) else { return };
        let uptime = now.wrapping_add(node.offset);
        if node.agent.due() <= uptime {
            node.agent.sampled(uptime, &node.readings, SAMPLE_COST);
        }
        let mut frames = Vec::new();
        while let Some(frame) = node.agent.transmit(uptime) {
            if node.linked {
                frames.push(frame.to_vec());
            }
        }
        let due = node.agent.due();
        let next = node.agent.wake().map_or(due, |wake| wake.min(due));
        let next = (next != u64::MAX).then(|| next.max(uptime + 1).wrapping_sub(node.offset));
        let next = next.filter(|next| node.wakes.is_none_or(|wakes| *next < wakes));
        if let Some(next) = next {
            node.wakes = Some(next);
            self.push(next, Next::Wake(number));
        }
        for frame in frames {
            self.push(now + UNDER_WAY, Next::Up(number, frame));
        }
    }

    /// Delivers what the coordinator publishes, and keeps what it tells.
    fn coordinator_speaks(&mut self) {
        let output = self.core.output(at(self.now));
        for message in output.publish {
            if let Some(number) = self.by_topic.get(message.topic.as_str()).copied() {
                self.push(self.now + UNDER_WAY, Next::Down(number, message.payload.clone()));
            }
        }
        for update in output.updates {
            if let Update::Event(event) = update {
                self.events.push((self.now, event));
            }
        }
    }
}

/// What is measured where this is so: the author's signs over what goes with it.
fn readings(what: What, because: Option<&[super::Sign]>) -> Readings {
    let signs = because.unwrap_or_default();
    let also: &[(Vital, f32)] = match what {
        What::Stressed if signs.is_empty() => &STRAIN,
        What::Crisis if signs.is_empty() => &STARVED,
        What::Happy | What::Stressed | What::Crisis => &WORK,
        _ => &[],
    };
    let mut readings = Readings::default();
    let signs = signs.iter().map(|sign| (sign.vital, sign.value));
    for (vital, value) in REST.iter().chain(also).copied().chain(signs) {
        readings.set(vital, value);
    }
    readings
}

fn at(now: Millis) -> Now {
    // The coordinator's monotonic clock did not start with the world.
    Now { mono: now + 5_000_000, unix: wall(now), trusted: true }
}
