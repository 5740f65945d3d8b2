//! What is promised of a node's feeling whatever its sensors, its clock and its
//! interval do.

use super::*;
use crate::feel::features::{FEATURES, vital_of};
use frames::Vital;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;

type Plateau = &'static [(Vital, f32)];

const IDLE: Plateau = &[
    (Vital::Cpu, 3.0),
    (Vital::CpuBusiest, 6.0),
    (Vital::Load1, 0.1),
    (Vital::PsiCpuSome, 0.5),
    (Vital::PsiMemorySome, 0.0),
    (Vital::PsiMemoryFull, 0.0),
    (Vital::PsiIoSome, 0.2),
    (Vital::PsiIoFull, 0.1),
    (Vital::MemoryUsed, 14.0),
    (Vital::DiskUsed, 40.0),
    (Vital::DiskBusy, 0.5),
    (Vital::DiskWrite, 20_000.0),
    (Vital::NetReceived, 1_000.0),
    (Vital::NetSent, 1_000.0),
    (Vital::Temperature, 45.0),
    (Vital::Processes, 110.0),
    (Vital::Blocked, 0.0),
    (Vital::OomKills, 0.0),
];

const WORK: Plateau =
    &[(Vital::Cpu, 35.0), (Vital::CpuBusiest, 60.0), (Vital::Load1, 1.4), (Vital::NetSent, 2e6)];

const BUILD: Plateau = &[
    (Vital::Cpu, 99.0),
    (Vital::CpuBusiest, 100.0),
    (Vital::Load1, 6.0),
    (Vital::PsiCpuSome, 80.0),
    (Vital::PsiIoSome, 3.0),
    (Vital::DiskBusy, 30.0),
    (Vital::Temperature, 70.0),
];

const STARVED: Plateau = &[
    (Vital::Cpu, 60.0),
    (Vital::Load1, 9.0),
    (Vital::MemoryUsed, 98.0),
    (Vital::PsiMemorySome, 80.0),
    (Vital::PsiMemoryFull, 60.0),
    (Vital::PsiIoSome, 70.0),
    (Vital::PsiIoFull, 60.0),
    (Vital::DiskBusy, 100.0),
    (Vital::Blocked, 9.0),
];

/// A machine that does this, with some noise in what is not a count.
fn reading(plateau: Plateau, random: &mut fastrand::Rng) -> Readings {
    let mut readings = Readings::default();
    for (vital, value) in IDLE.iter().chain(plateau) {
        let noise = if [Vital::OomKills, Vital::Blocked].contains(vital) { 0.0 } else { 0.06 };
        readings.set(*vital, value * (1.0 + noise * (random.f32() - 0.5)));
    }
    readings
}

/// A node that has been idle and at work in turn for three hours, at 10 s.
struct Node {
    feeler: Feeler,
    random: fastrand::Rng,
    at: Millis,
}

impl Node {
    fn lived() -> Self {
        let feeler = Feeler::new(Some(Model::embedded().unwrap()));
        let mut node = Self { feeler, random: fastrand::Rng::with_seed(11), at: 1_000_000 };
        for step in 0..3 * 360 {
            node.step(if step / 60 % 2 == 0 { IDLE } else { WORK });
        }
        node
    }

    fn feel(&mut self, readings: &Readings) -> Feeling {
        self.at += 10 * SECOND;
        self.feeler.feel(self.at, readings)
    }

    fn step(&mut self, plateau: Plateau) -> Feeling {
        let readings = reading(plateau, &mut self.random);
        self.feel(&readings)
    }
}

fn surest(feeling: &Feeling) -> f32 {
    feeling.probabilities.into_iter().fold(0.0, f32::max)
}

#[test]
fn a_crisis_is_shown_within_two_samples() {
    for before in [IDLE, WORK, BUILD] {
        let mut node = Node::lived();
        for _ in 0..30 {
            node.step(before);
        }
        let moods = [node.step(STARVED).mood, node.step(STARVED).mood];
        assert!(moods.contains(&Some(Mood::Crisis)), "{moods:?}");
    }
}

#[test]
fn noise_changes_the_mood_at_most_sixty_times_an_hour() {
    let mut node = Node::lived();
    let (mut changes, mut last) = (0, None);
    for _ in 0..360 {
        let plateau = [IDLE, WORK, BUILD, STARVED][node.random.usize(..4)];
        let mood = node.step(plateau).mood;
        changes += u32::from(last.is_some() && last != mood);
        last = mood;
    }
    assert!((1..=60).contains(&changes), "{changes} changes");
}

/// Missing: it is absent, never zero; the node is less sure, and still has a mood.
#[test]
fn missing_sensors_lower_confidence_and_never_read_as_zero() {
    let mut node = Node::lived();
    let whole = node.step(WORK);
    let lost = [Vital::MemoryUsed, Vital::Temperature, Vital::PsiCpuSome, Vital::PsiIoSome, Vital::DiskBusy];
    let mut readings = Readings::default();
    for (vital, value) in reading(WORK, &mut node.random).iter().filter(|(vital, _)| !lost.contains(vital)) {
        readings.set(vital, value);
    }
    let part = node.feel(&readings);
    assert!(surest(&part) < surest(&whole), "{part:?} {whole:?}");
    assert!(part.mood.is_some() && part.distance.is_some());
    let vector = node.feeler.features().vector();
    for feature in (0..FEATURES).filter(|feature| vital_of(*feature).is_some_and(|v| lost.contains(&v))) {
        assert_eq!((vector[feature].to_bits(), vector[FEATURES + feature].to_bits()), (0, 0), "{feature}");
    }
    assert!(part.causes.iter().all(|cause| !lost.contains(&cause.vital)));
}

/// Not a number, and infinities: as if the sensor were missing.
#[test]
fn what_is_no_number_is_missing() {
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (mut node, mut other) = (Node::lived(), Node::lived());
        let (mut odd_one, mut missing) = (Readings::default(), Readings::default());
        for (vital, value) in reading(WORK, &mut node.random).iter() {
            odd_one.set(vital, if vital == Vital::Cpu { odd } else { value });
            if vital != Vital::Cpu {
                missing.set(vital, value);
            }
        }
        assert_eq!(node.feel(&odd_one), other.feel(&missing));
        // And nothing of it stays.
        assert!(node.step(WORK).probabilities.iter().all(|probability| probability.is_finite()));
    }
}

/// A counter that rises is news; one that wraps or begins anew says nothing.
#[test]
fn a_wrapped_counter_is_no_event() {
    let mut node = Node::lived();
    let mut count = |kills: f32, samples: u32| {
        let mut mood = None;
        for _ in 0..samples {
            let mut readings = reading(IDLE, &mut node.random);
            readings.set(Vital::OomKills, kills);
            mood = node.feel(&readings).mood;
        }
        (mood, node.feeler.features().rose_within(Vital::OomKills, 5 * MINUTE))
    };
    assert!(count(4.29e9, 3).1, "it rose");
    assert!(!count(4.29e9, 90).1, "a quarter of an hour later");
    let (mood, rose) = count(1.0, 3);
    assert!(mood <= Some(Mood::Happy) && !rose, "wrapped: {mood:?}");
}

/// A frozen sensor is one that says nothing new: it neither alarms nor hides what the
/// others say.
#[test]
fn a_frozen_sensor_neither_alarms_nor_hides_a_crisis() {
    let mut node = Node::lived();
    let frozen = [Vital::Temperature, Vital::MemoryUsed, Vital::DiskBusy];
    let kept = reading(IDLE, &mut node.random);
    let step = |node: &mut Node, plateau| {
        let mut readings = reading(plateau, &mut node.random);
        for vital in frozen {
            readings.set(vital, kept.get(vital).unwrap());
        }
        node.feel(&readings).mood
    };
    for place in 0..360 {
        let mood = step(&mut node, IDLE);
        assert!(place < 20 || mood <= Some(Mood::Happy), "{mood:?} at {place}");
    }
    let moods = [step(&mut node, STARVED), step(&mut node, STARVED)];
    assert!(moods.contains(&Some(Mood::Crisis)), "{moods:?}");
}

/// The clock serves the hours of the day alone, and uptime that stands or goes back
/// speaks for no time: the mood goes on.
#[test]
fn a_clock_that_jumps_changes_no_mood() {
    let mut node = Node::lived();
    for place in 0..60_i64 {
        node.feeler.set_clock([None, Some(0), Some(1_800_000_000_000), Some(i64::MAX)][place as usize % 4]);
        if place % 20 == 10 {
            // Back by an hour, and on from there.
            node.at -= 60 * MINUTE;
        }
        let feeling = node.step(IDLE);
        assert!(feeling.probabilities.iter().all(|probability| probability.is_finite()), "{feeling:?}");
        assert!(place < 20 || feeling.mood <= Some(Mood::Happy), "{feeling:?} at {place}");
    }
}

/// After a reboot the node knows itself at the first sample, and has a mood at the
/// second.
#[test]
fn a_reboot_forgets_nothing_of_what_is_usual() {
    let mut node = Node::lived();
    let kept = node.feeler.keep();
    let usual = node.feeler.features().usual(Vital::MemoryUsed);
    assert!(usual.is_some());
    let mut again = Node { feeler: Feeler::new(Some(Model::embedded().unwrap())), at: 0, ..node };
    assert!(again.feeler.restore(&kept));
    assert_eq!(again.feeler.features().usual(Vital::MemoryUsed), usual);
    assert_eq!(again.step(IDLE).mood, None);
    let feeling = again.step(IDLE);
    assert!(feeling.mood <= Some(Mood::Happy) && feeling.distance.is_some(), "{feeling:?}");
}

/// The moods of a trace at 10 s, of which `every` samples are one: of rates the mean,
/// of levels the last.
fn moods(trace: &[Readings], every: usize) -> Vec<(Millis, Mood)> {
    const RATES: [Vital; 9] = [
        Vital::Cpu,
        Vital::CpuBusiest,
        Vital::DiskBusy,
        Vital::DiskRead,
        Vital::DiskWrite,
        Vital::NetReceived,
        Vital::NetSent,
        Vital::SwapIn,
        Vital::SwapOut,
    ];
    let mut feeler = Feeler::new(Some(Model::embedded().unwrap()));
    let mut out = Vec::new();
    for (place, group) in trace.chunks_exact(every).enumerate() {
        let mut readings = group.last().unwrap().clone();
        for vital in RATES {
            let values = group.iter().filter_map(|one| one.get(vital));
            let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
            if count > 0.0 {
                readings.set(vital, sum / count);
            }
        }
        let at = (place + 1) as Millis * every as Millis * 10 * SECOND;
        out.extend(feeler.feel(at, &readings).mood.map(|mood| (at, mood)));
    }
    out
}

/// Save within two samples of a change.
#[test]
fn the_same_trace_at_10_30_and_60_s_gives_the_same_moods() {
    let mut random = fastrand::Rng::with_seed(4);
    // Minutes of each.
    let day: [(u64, Plateau); 9] = [
        (120, IDLE),
        (60, WORK),
        (60, IDLE),
        (20, STARVED),
        (60, IDLE),
        (60, WORK),
        (60, IDLE),
        (20, STARVED),
        (40, WORK),
    ];
    let mut trace = Vec::new();
    for (minutes, plateau) in day {
        trace.extend((0..6 * minutes).map(|_| reading(plateau, &mut random)));
    }
    let fine = moods(&trace, 1);
    for mood in [Mood::Bored, Mood::Happy, Mood::Crisis] {
        assert!(fine.iter().any(|(_, other)| *other == mood), "a trace with {mood}");
    }
    for every in [3, 6] {
        let coarse = moods(&trace, every);
        let two_samples = 2 * every as Millis * 10 * SECOND;
        let changed = |moods: &[(Millis, Mood)]| -> Vec<Millis> {
            moods.windows(2).filter(|pair| pair[0].1 != pair[1].1).map(|pair| pair[1].0).collect()
        };
        let changes = [changed(&fine), changed(&coarse)].concat();
        let (mut compared, mut same) = (0, 0);
        for (at, mood) in &coarse {
            let Some((_, other)) = fine.iter().find(|(other, _)| other == at) else { continue };
            if changes.iter().any(|change| at.abs_diff(*change) <= two_samples) {
                continue;
            }
            compared += 1;
            if mood == other {
                same += 1;
            } else {
                println!("at {} min, every {every}: {mood}, and {other} at 10 s", at / MINUTE);
            }
        }
        // The exception must stay one.
        assert!(compared * 10 > coarse.len() * 7, "{compared} of {}", coarse.len());
        assert_eq!(same, compared);
    }
}
