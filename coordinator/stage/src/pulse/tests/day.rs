//! What a day costs: calls and tokens of a calm one and of a bad one, beside
//! asking a model about every event.

use super::*;
use crate::stage::Millis;

/// A fleet of thirteen, as a household has.
const NODES: usize = 13;
const SECOND: Millis = 1_000;
const DAY: Millis = 24 * 60 * 60 * SECOND;

/// What a day took.
#[derive(Debug, Default, PartialEq, Eq)]
struct Day {
    events: u32,
    calls: u32,
    tokens: u32,
}

/// Plays a day: `turns` are a node, from when to when, and how it stands then.
fn play(turns: &[(usize, Millis, Millis, Stands)]) -> Day {
    let minute = |minute: Millis| minute * 60 * SECOND;
    let now_of = |place: usize, now: Millis| {
        let name = format!("pi-{place:02}");
        let of_node = turns.iter().filter(|(node, ..)| *node == place);
        let (mut stands, mut since) = (Stands::Well, 0);
        for (_, from, to, there) in of_node {
            if (minute(*from)..minute(*to)).contains(&now) {
                (stands, since) = (*there, minute(*from));
            } else if now >= minute(*to) {
                (stands, since) = (Stands::Well, minute(*to));
            }
        }
        NodeNow { name, stands, since: Some(T + since.cast_signed()), why: "memory pressure 34 %".to_owned() }
    };
    let (mut day, mut digest) = (Day::default(), Digest::default());
    let mut timing = Timing::new(0, minute(30));
    for now in (0..DAY).step_by(10 * SECOND as usize) {
        let began = turns.iter().filter(|(_, from, ..)| minute(*from) == now);
        let ended = turns.iter().filter(|(_, _, to, _)| minute(*to) == now).count() as u32;
        for (.., stands) in began {
            day.events += 1;
            if stands.is_grave() {
                timing.urgent(now);
            }
        }
        day.events += ended;
        if now < timing.due() {
            continue;
        }
        timing.made(now);
        let nodes = (0..NODES).map(|place| now_of(place, now)).collect();
        let scene = Scene { now: T + now.cast_signed(), nodes, ..Scene::default() };
        let (next, changes, _) = digest.look(&scene);
        digest = next;
        let plan = Plan::new(&house(false), &scene, &changes, &[], "a day", 7);
        if let Some(request) = plan.request {
            day.calls += 1;
            // In, and as many out as a line for each fact takes.
            let lines = plan.found.iter().filter(|found| found.asked).count() as u32;
            day.tokens += request.estimate() + 40 * lines;
        }
    }
    day
}

#[test]
fn a_calm_day_costs_a_few_calls_and_a_bad_one_stays_within_the_budget() {
    // Two backups at night, and nothing else; moods wobble each hour.
    let mut calm = vec![(1, 120, 170, Stands::Stressed), (2, 180, 200, Stands::Stressed)];
    calm.extend((0..24).map(|hour| (3, hour * 60 + 5, hour * 60 + 8, Stands::Stressed)));
    // A weak supply: a crisis every ten minutes somewhere, for sixteen hours, and a switch that fails twice.
    let mut bad: Vec<_> = (0..96_u64)
        .map(|turn| ((turn % 7) as usize, 240 + turn * 10, 244 + turn * 10, Stands::Crisis))
        .collect();
    bad.extend(
        (7..NODES).flat_map(|node| [(node, 300, 330, Stands::Silent), (node, 900, 960, Stands::Silent)]),
    );
    let (calm, bad) = (play(&calm), play(&bad));
    println!("calm: {calm:?}\nbad: {bad:?}");
    assert!((1..=6).contains(&calm.calls) && calm.events >= 50, "{calm:?}");
    assert!(bad.calls <= 288 && bad.events >= 200, "{bad:?}");
    assert!(u64::from(bad.tokens) > minds::Limits::default().day / 4, "it is a bad day: {bad:?}");
    // Asking about every event, with a prompt like one of these.
    let each = bad.tokens / bad.calls;
    println!("a call per event would be {} and {} tokens", calm.events * each, bad.events * each);
}
