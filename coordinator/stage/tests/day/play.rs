//! A day of the pulse, played without a clock or a model: how often one would
//! be called, and with how many tokens.

use cast::Cast;
use stage::Millis;
use stage::pulse::{Digest, House, NodeNow, Plan, Scene, Stands, Styles, Timing};
use std::collections::{BTreeMap, BTreeSet};

/// A fleet of thirteen, as a household has.
const NODES: usize = 13;
const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const DAY: Millis = 24 * 60 * MINUTE;
/// When the day begins: any midnight.
const T: i64 = 1_763_683_200_000;
/// About as many tokens as a line takes.
const LINE: u32 = 40;

/// What a day took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// What happened to nodes.
    pub events: u32,
    /// How often a model was called.
    pub calls: u32,
    /// Tokens in, estimated.
    pub input: u32,
    /// Tokens out, a line for each fact.
    pub output: u32,
}

impl Day {
    /// The naive way: a call for every event, with a prompt like one of these and one line.
    pub fn naive(&self) -> Self {
        let each = self.input.checked_div(self.calls).unwrap_or_default();
        Self { calls: self.events, input: self.events * each, output: self.events * LINE, ..*self }
    }
}

/// What one pulse takes, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// Of what happened.
    pub context: u32,
    /// Of rules and voices before it.
    pub prefix: u32,
    /// Of those: the rules, which a provider may keep from before.
    pub rules: u32,
    /// Out, a line for each fact.
    pub output: u32,
}

/// The first pulse of a fleet in which every seventh node is in trouble.
pub fn pulse(nodes: usize) -> Pulse {
    let mut found = Pulse { context: 0, prefix: 0, rules: 0, output: 0 };
    first(nodes, 1, |plan| {
        let report = plan.report();
        let rules = plan.request.as_ref().map_or(0, |request| minds::estimate::tokens(&request.rules));
        let lines = plan.found.iter().filter(|found| found.asked).count() as u32;
        found = Pulse { context: report.context, prefix: report.prefix, rules, output: lines * LINE };
    });
    found
}

/// What a model is asked in the first two pulses of such a fleet: in the second one the
/// trouble has moved on by a node.
pub fn asked_twice(nodes: usize) -> Vec<minds::Request> {
    let mut asked = Vec::new();
    first(nodes, 2, |plan| asked.extend(plan.request.clone()));
    asked
}

/// The first pulses of a fleet in which every seventh node is in trouble.
fn first(nodes: usize, pulses: usize, mut each: impl FnMut(&Plan)) {
    let cast = Cast::built_in().expect("the sheets that are built in");
    let styles = Styles::of(&cast);
    let (muted, earlier) = (BTreeSet::new(), BTreeMap::new());
    let stands = |place: usize| match place % 28 {
        0 => Stands::Crisis,
        7 => Stands::Silent,
        14 | 21 => Stands::Stressed,
        _ => Stands::Well,
    };
    let mut digest = Digest::default();
    for pulse in 0..pulses {
        let now = 20 * MINUTE + pulse as Millis * 30 * MINUTE;
        let begin = now / MINUTE - 20;
        let turns = (0..nodes).map(|place| (place, begin, begin + 60, stands(place + 27 * pulse)));
        let nodes = turns.map(|turn| standing(std::slice::from_ref(&turn), turn.0, now)).collect();
        let scene = Scene { now: T + now.cast_signed(), nodes, ..Scene::default() };
        let (next, changes, _) = digest.look(&scene);
        digest = next;
        each(&Plan::new(&house(&cast, &styles, &muted, &earlier), &scene, &changes, &[], "a day", 7));
    }
}

fn house<'a>(
    cast: &'a Cast,
    styles: &'a Styles,
    muted: &'a BTreeSet<String>,
    earlier: &'a BTreeMap<String, Vec<String>>,
) -> House<'a> {
    House { cast, styles, muted, earlier, aliases: false, simulated: false }
}

/// A node, from which minute to which, and how it stands then.
pub type Turn = (usize, Millis, Millis, Stands);

/// Two backups at night, and nothing else; moods wobble each hour.
pub fn calm() -> Vec<Turn> {
    let mut turns = vec![(1, 120, 170, Stands::Stressed), (2, 180, 200, Stands::Stressed)];
    turns.extend((0..24).map(|hour| (3, hour * 60 + 5, hour * 60 + 8, Stands::Stressed)));
    turns
}

/// A weak supply: a crisis every ten minutes somewhere, for sixteen hours, and a
/// switch that fails twice.
pub fn bad() -> Vec<Turn> {
    let crises =
        (0..96_u64).map(|turn| ((turn % 7) as usize, 240 + turn * 10, 244 + turn * 10, Stands::Crisis));
    let silences =
        (7..NODES).flat_map(|node| [(node, 300, 330, Stands::Silent), (node, 900, 960, Stands::Silent)]);
    crises.chain(silences).collect()
}

/// Plays a day.
pub fn play(turns: &[Turn]) -> Day {
    let mut day = Day::default();
    let happened = pulses(turns, |plan| {
        if let Some(request) = &plan.request {
            let lines = plan.found.iter().filter(|found| found.asked).count() as u32;
            day.calls += 1;
            day.input += request.estimate();
            day.output += LINE * lines;
        }
    });
    Day { events: happened, ..day }
}

/// What a model is asked on a day.
pub fn asked(turns: &[Turn]) -> Vec<minds::Request> {
    let mut asked = Vec::new();
    pulses(turns, |plan| asked.extend(plan.request.clone()));
    asked
}

/// Plays the pulses of a day; gives how much happened.
fn pulses(turns: &[Turn], mut each: impl FnMut(&Plan)) -> u32 {
    let cast = Cast::built_in().expect("the sheets that are built in");
    let styles = Styles::of(&cast);
    let (muted, earlier) = (BTreeSet::new(), BTreeMap::new());
    let house = house(&cast, &styles, &muted, &earlier);
    let (mut events, mut digest) = (0, Digest::default());
    let mut timing = Timing::new(0, 30 * MINUTE);
    for now in (0..DAY).step_by(10 * SECOND as usize) {
        for (_, from, to, stands) in turns {
            if from * MINUTE == now {
                events += 1;
                if stands.is_grave() {
                    timing.urgent(now);
                }
            }
            events += u32::from(to * MINUTE == now);
        }
        if now < timing.due() {
            continue;
        }
        timing.made(now);
        let nodes = (0..NODES).map(|place| standing(turns, place, now)).collect();
        let scene = Scene { now: T + now.cast_signed(), nodes, ..Scene::default() };
        let (next, changes, _) = digest.look(&scene);
        digest = next;
        each(&Plan::new(&house, &scene, &changes, &[], "a day", 7));
    }
    events
}

fn standing(turns: &[Turn], place: usize, now: Millis) -> NodeNow {
    let (mut stands, mut since) = (Stands::Well, 0);
    for (_, from, to, there) in turns.iter().filter(|(node, ..)| *node == place) {
        if (from * MINUTE..to * MINUTE).contains(&now) {
            (stands, since) = (*there, from * MINUTE);
        } else if now >= to * MINUTE {
            (stands, since) = (Stands::Well, to * MINUTE);
        }
    }
    NodeNow {
        name: format!("pi-{place:02}"),
        simulated: false,
        stands,
        since: Some(T + since.cast_signed()),
        why: "memory pressure 34 %".to_owned(),
    }
}
