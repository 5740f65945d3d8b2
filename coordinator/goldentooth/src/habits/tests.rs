//! Twelve nodes over three weeks: whom nightly backups call at night before and
//! after their owner has named them, and whether every real trouble still calls.

use super::*;
use crate::calls::watch::{Cause as Why, State as When, Watch};
use crate::enrol::Keys;
use crate::intake::core::Core;
use crate::intake::writer::Stores;
use crate::live::Update;
use fleet::Now;
use frames::{
    Body, Budget, Cause, Classifier, Direction, FleetKey, Frame, Head, Headroom, Hello, Leaf, Mood,
    Probability, Readings, Report, Say, VERSION, Vital, VitalSet, Vitals,
};
use node_agent::enrolment::Kind;
use std::collections::BTreeSet;
use store::Store;

const NODES: usize = 12;
const DAYS: i64 = 21;
const MINUTES: i64 = 24 * 60;
/// So many minutes apart do nodes speak while nothing changes.
const APART: i64 = 15;
/// 2025-11-21T00:00:00Z.
const BEGINS: i64 = 1_763_683_200_000;
/// In this minute of the day their owner looks at what happened at night.
const BREAKFAST: i64 = 8 * 60;

/// A stretch of stress as it was planned.
#[derive(Clone, Debug)]
struct Planned {
    node: usize,
    from: i64,
    until: i64,
    mood: Mood,
    signs: Vec<Vital>,
    /// Whether somebody must be called.
    real: bool,
}

/// The same numbers for ever.
struct Chance(u64);

impl Chance {
    fn below(&mut self, below: i64) -> i64 {
        // A linear congruence by Knuth; its upper half is good enough for jitter.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).cast_signed() % below
    }
}

/// Nightly backups, and among them what is none: 8 overheatings by day, 4 backups
/// that hang for hours, and 4 with processes killed for want of memory beside them.
fn plan() -> Vec<Planned> {
    let mut chance = Chance(7);
    let mut all = Vec::new();
    for node in 0..NODES {
        for day in 0..DAYS {
            let usual = day * MINUTES + 2 * 60 + 10 + node.cast_signed() as i64 * 5;
            let from = usual + chance.below(25) - 12;
            let mood = if chance.below(3) == 0 { Mood::Stressed } else { Mood::Crisis };
            let (until, signs) = (from + 25 + chance.below(20), vec![Vital::DiskBusy]);
            let night = Planned { node, from, until, mood, signs, real: false };
            all.push(match (node, day) {
                (0..4, 10) => Planned { mood: Mood::Crisis, until: from + 5 * 60, real: true, ..night },
                (4..8, 12) => {
                    let signs = vec![Vital::DiskBusy, Vital::OomKills];
                    Planned { mood: Mood::Crisis, signs, real: true, ..night }
                }
                _ => night,
            });
        }
        if node < 8 {
            let from = (5 + node.cast_signed() as i64) * MINUTES + 13 * 60 + chance.below(120);
            let signs = vec![Vital::Temperature];
            all.push(Planned { node, from, until: from + 40, mood: Mood::Crisis, signs, real: true });
        }
    }
    all
}

struct World {
    keys: Arc<Keys>,
    core: Core,
    stores: Stores,
    ask: Ask,
    habits: Habits,
    watch: Watch,
    sequence: [u32; NODES],
}

fn name(node: usize) -> NodeName {
    format!("pi-{node:02}").parse().unwrap()
}

fn now(minute: i64) -> Now {
    let mono = 1_000_000 + minute.unsigned_abs() * 60_000;
    Now { mono, unix: BEGINS + minute * 60_000, trusted: true }
}

impl World {
    fn new() -> Self {
        let keys = Arc::new(Keys::in_memory("home".parse().unwrap(), FleetKey::new([9; 32])));
        for node in 0..NODES {
            keys.admit(&name(node), Kind::Node);
        }
        let kept = Store::temporary().unwrap();
        let ask = Ask::new(kept.reader().unwrap(), None);
        let mut core = Core::new(now(0), Arc::clone(&keys), kept.event_ids().unwrap());
        core.connected(now(0), true);
        let habits = Habits::default();
        core.know_habits(habits.clone());
        let stores = Stores { kept, simulated: None };
        let mut world =
            Self { keys, core, stores, ask, habits, watch: Watch::default(), sequence: [0; NODES] };
        for node in 0..NODES {
            world.hello(0, node, None);
        }
        world
    }

    fn hello(&mut self, minute: i64, node: usize, serial: Option<&str>) {
        let hello = Hello {
            kernel_boot: [1; 16],
            agent: "0.1.0".try_into().unwrap(),
            model: None,
            hardware: "Pi 5".try_into().unwrap(),
            serial: serial.map(|serial| serial.try_into().unwrap()),
            measurable: VitalSet::default(),
            uptime: u32::try_from(minute * 600 + 10_000).unwrap(),
            clock: None,
            settings: 0,
            downlink: 0,
        };
        self.say(minute, node, Say::Hello(hello));
    }

    fn say(&mut self, minute: i64, node: usize, say: Say<'_>) {
        self.sequence[node] += 1;
        let head = Head { version: VERSION, boot: 7, sequence: self.sequence[node], oldest: 1 };
        let topic = Leaf::Frame.topic(self.keys.fleet(), &name(node));
        let mut frame = Frame::new();
        Body { head, say }.encode(&mut frame).unwrap();
        self.keys.node_key(&name(node)).unwrap().seal(topic.as_str(), &mut frame).unwrap();
        self.core.message(now(minute), topic.as_str(), &frame, false);
    }

    fn report(&mut self, minute: i64, node: usize, mood: Mood, signs: &[Vital]) {
        let mut readings = Readings::default();
        for vital in [Vital::Cpu, Vital::DiskBusy, Vital::Temperature, Vital::OomKills] {
            readings.set(vital, if signs.contains(&vital) { 90.0 } else { 1.0 });
        }
        let usual = |vital: &Vital| vital.row().scale.encode(1.0);
        let causes = signs.iter().map(|vital| Cause {
            vital: *vital,
            direction: Direction::Above,
            usual: usual(vital),
        });
        let report = Report {
            uptime: u32::try_from(minute * 600 + 10_000).unwrap(),
            vitals: Vitals::from(&readings),
            mood: Some(mood),
            probabilities: [Probability::new(0.25); 4],
            causes: causes.collect(),
            distance: None,
            classifier: Classifier::Model,
            budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
            // In tenths of a second.
            interval: APART as u16 * 600,
            dropped: 0,
        };
        self.say(minute, node, Say::Vitals(report));
    }

    /// Who is called for in this minute because of a crisis.
    fn calls(&mut self, minute: i64) -> Vec<NodeName> {
        let now = now(minute);
        self.core.tick(now);
        for update in self.core.output(now).updates {
            if let Update::Node(node) = update {
                self.watch.hear(now.unix, &node, String::new);
            }
        }
        let habits = self.habits.clone();
        let quiet = |node: &NodeName, cause: Why| cause == Why::Crisis && habits.excuses(node);
        let calls = self.watch.due(now.unix, quiet);
        let began =
            calls.into_iter().filter(|call| call.state == When::Began && call.cause == Some(Why::Crisis));
        began.flat_map(|call| call.nodes).collect()
    }
}

/// How many calls were for nothing, and how many real troubles called. Their owner
/// names what called for nothing, if `naming`.
async fn live_through(plan: &[Planned], naming: bool) -> (usize, usize) {
    let mut world = World::new();
    let (mut for_nothing, mut called) = (0, vec![false; plan.len()]);
    let mut to_name: BTreeSet<NodeName> = BTreeSet::new();
    let mut moods = [None; NODES];
    let of_node = |node| plan.iter().filter(move |one| one.node == node).collect::<Vec<_>>();
    let by_node: Vec<Vec<&Planned>> = (0..NODES).map(of_node).collect();
    for minute in 0..DAYS * MINUTES {
        for node in 0..NODES {
            let going_on = by_node[node].iter().find(|one| (one.from..one.until).contains(&minute));
            let (mood, signs) =
                going_on.map_or((Mood::Happy, &[][..]), |one| (one.mood, one.signs.as_slice()));
            if moods[node].replace(mood) != Some(mood) || minute % APART == 0 {
                world.report(minute, node, mood, signs);
            }
        }
        for node in world.calls(minute) {
            let of = plan
                .iter()
                .position(|one| name(one.node) == node && (one.from..one.until + 5).contains(&minute));
            let of = of.unwrap_or_else(|| panic!("a call for {node} in minute {minute}, when all was well"));
            if plan[of].real {
                called[of] = true;
            } else {
                for_nothing += 1;
                to_name.insert(node);
            }
        }
        if minute % MINUTES == BREAKFAST {
            world.core.commit(&mut world.stores);
            for node in std::mem::take(&mut to_name).into_iter().filter(|_| naming) {
                let habit =
                    world.habits.name(&world.ask, now(minute).unix, &node, ("the backup", "ann")).await;
                assert_eq!(habit.unwrap().name, "the backup");
            }
        }
    }
    (for_nothing, called.into_iter().filter(|called| *called).count())
}

#[tokio::test]
async fn named_backups_call_nobody_and_every_real_trouble_does() {
    let plan = plan();
    let crises = plan.iter().filter(|one| !one.real && one.mood == Mood::Crisis).count();
    let (before, real_before) = live_through(&plan, false).await;
    let (after, real_after) = live_through(&plan, true).await;
    assert_eq!((before, real_before, real_after), (crises, 16, 16));
    assert!(after * 8 < before, "{after} of {before} nights still called for nothing");
}

#[tokio::test]
async fn an_heir_goes_on_with_the_habits_of_its_board_and_of_its_name() {
    let mut world = World::new();
    world.hello(1, 0, Some("10000000aaaa"));
    world.report(2, 0, Mood::Stressed, &[Vital::DiskBusy]);
    world.core.commit(&mut world.stores);
    world.habits.name(&world.ask, now(3).unix, &name(0), ("the backup", "ann")).await.unwrap();
    // Another board under its name, and then the old board under another name.
    world.hello(4, 0, Some("10000000bbbb"));
    // Looked at as often as intake does, it falls silent within an hour.
    for seconds in (0..3_600_u64).step_by(10) {
        let Now { mono, unix, trusted } = now(5);
        let after = seconds * 1_000;
        world.core.tick(Now { mono: mono + after, unix: unix + after.cast_signed(), trusted });
    }
    world.hello(201, 1, Some("10000000bbbb"));
    world.core.commit(&mut world.stores);
    let query = crate::ask::EventQuery { kind: Some("inherited".to_owned()), ..Default::default() };
    let handed: Vec<String> = world
        .ask
        .events(query)
        .await
        .unwrap()
        .iter()
        .map(|event| event.payload["words"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        handed,
        [
            "pi-00 goes on with the habits of the board before it: the backup.",
            "pi-01 goes on with the habits of pi-00: the backup.",
        ]
    );
    assert_eq!((world.habits.of(&name(0)).len(), world.habits.of(&name(1)).len()), (0, 1));
}

#[tokio::test]
async fn what_was_named_is_kept_and_what_is_simulated_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::open(folder.path()).unwrap();
    let habits = Habits::open(&data).unwrap();
    for node in ["pi-07", "sim-01"] {
        let node: NodeName = node.parse().unwrap();
        let (signs, worst) = (Vec::new(), Mood::Stressed);
        let episode = Episode { node, began: BEGINS, ended: None, signs, worst };
        habits.change(|habits| habits.name(episode, "the backup", "ann", BEGINS).map(|_| ())).unwrap();
    }
    habits.keep();
    let again = Habits::open(&data).unwrap().all();
    assert_eq!((again.len(), again[0].node.as_str()), (1, "pi-07"));
    std::fs::write(data.path(FILE), "no JSON").unwrap();
    assert!(matches!(Habits::open(&data), Err(DataError::Damaged { .. })));
}
