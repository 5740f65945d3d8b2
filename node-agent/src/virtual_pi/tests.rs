use super::*;
use std::collections::{HashMap, HashSet};

fn life(pi: &mut VirtualPi, hours: u64) -> Vec<(Readings, Truth)> {
    (0..hours * 360).map(|step| (pi.read(step * 10_000), pi.truth())).collect()
}

#[test]
fn the_same_seed_lives_the_same_life_and_others_do_not() {
    let one = life(&mut VirtualPi::new(7, 3), 2);
    assert_eq!(one, life(&mut VirtualPi::new(7, 3), 2));
    assert_ne!(one, life(&mut VirtualPi::new(7, 4), 2));
    assert_ne!(one, life(&mut VirtualPi::new(8, 3), 2));
}

#[test]
fn readings_are_plausible_and_within_what_it_can_measure() {
    for number in 0..8 {
        let mut pi = VirtualPi::new(1, number);
        let sensors = pi.measurable();
        assert!(sensors.len() > 20);
        for (readings, _) in life(&mut pi, 12) {
            for (vital, value) in readings.iter() {
                assert!(sensors.contains(vital), "{vital:?}");
                let (_, high) = vital.row().scale.range();
                assert!((0.0..=high).contains(&value), "{vital:?} {value}");
                assert!(vital.unit() != "%" || value <= 100.0, "{vital:?} {value}");
            }
            let temperature = readings.get(Vital::Temperature).unwrap_or(50.0);
            assert!((20.0..=99.5).contains(&temperature), "{temperature}");
        }
    }
}

#[test]
fn every_phase_comes_and_every_mood_is_felt() {
    let mut phases = HashSet::new();
    let mut moods: HashMap<Mood, u32> = HashMap::new();
    for number in 0..40 {
        for (_, truth) in life(&mut VirtualPi::for_training(5, number), 12) {
            phases.insert(truth.phase);
            *moods.entry(truth.mood()).or_default() += 1;
        }
    }
    assert_eq!(phases.len(), 14, "{phases:?}");
    assert!(Mood::ALL.iter().all(|mood| moods[mood] > 5_000), "{moods:?}");
}

#[test]
fn an_ordinary_fleet_is_mostly_well() {
    let mut troubled = 0_u32;
    let mut all = 0_u32;
    for number in 0..30 {
        for (_, truth) in life(&mut VirtualPi::new(11, number), 12) {
            all += 1;
            troubled += u32::from(truth.mood() >= Mood::Stressed);
        }
    }
    let share = f64::from(troubled) / f64::from(all);
    assert!((0.05..0.35).contains(&share), "{share}");
}

#[test]
fn gaps_and_clocks_that_go_back_are_survived() {
    let mut pi = VirtualPi::new(2, 2);
    for at in [0, 5, 5, 1, u64::MAX, 0, 86_400_000] {
        assert!(pi.read(at).get(Vital::Cpu).is_some());
    }
}
