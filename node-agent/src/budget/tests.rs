use super::*;
use proptest::prelude::*;

const MS: u64 = 1_000_000;

fn at(temperature: f32) -> Readings {
    let mut readings = Readings::default();
    readings.set(Vital::Temperature, temperature);
    readings
}

fn flag(vital: Vital) -> Readings {
    let mut readings = at(50.0);
    readings.set(vital, 1.0);
    readings
}

/// Runs the opening, so that what follows is under the account.
fn opened(limits: Limits, readings: &Readings, cost: u64) -> (Governor, Plan) {
    let mut governor = Governor::new(limits);
    let mut plan = governor.plan(0, readings, cost);
    for _ in 1..OPENING {
        plan = governor.plan(plan.next_sample, readings, cost);
    }
    (governor, plan)
}

/// The interval that settles for one reading and cost, in seconds.
fn settled(readings: &Readings, cost: u64) -> u64 {
    let (mut governor, mut plan) = opened(Limits::default(), readings, cost);
    for _ in 0..200 {
        plan = governor.plan(plan.next_sample, readings, cost);
    }
    plan.interval / 1_000
}

#[test]
fn the_table_in_the_docs_is_true() {
    let source = include_str!("../budget.rs");
    let mut rows = 0;
    for line in source.lines().filter(|line| line.starts_with("//! | ")) {
        let cells: Vec<&str> = line.trim_start_matches("//! |").split('|').map(str::trim).collect();
        let [place, headroom, one, five, ten, ..] = cells[..] else { continue };
        let readings = match place {
            "temperature" | "---" => continue,
            "none, NaN" => at(f32::NAN),
            "throttled" => flag(Vital::ThrottledNow),
            degrees => at(degrees.trim_end_matches(" °C").parse().unwrap()),
        };
        let reckoned = Limits::default().headroom(&readings).0;
        assert_eq!(format!("{reckoned:.2}"), headroom, "headroom at {place}");
        for (cell, cost) in [(one, MS), (five, 5 * MS), (ten, 10 * MS)] {
            assert_eq!(settled(&readings, cost).to_string(), cell, "{place} at {cost} ns");
        }
        rows += 1;
    }
    assert_eq!(rows, 10);
}

#[test]
fn the_opening_is_six_samples_a_second_apart_even_when_throttled() {
    let mut governor = Governor::new(Limits::default());
    let hot = flag(Vital::ThrottledNow);
    let mut now = 5_000;
    for _ in 1..OPENING {
        let plan = governor.plan(now, &hot, 50 * MS);
        assert_eq!(plan.interval, 1_000);
        now = plan.next_sample;
    }
    assert_eq!(governor.plan(now, &hot, 50 * MS).interval, 60_000);
}

#[test]
fn any_floor_is_kept_exactly() {
    for floor in [1_000, 7_000, 10_000, 45_000, 60_000] {
        let limits = Limits { floor, ..Limits::default() };
        let (mut governor, plan) = opened(limits, &at(40.0), MS / 10);
        assert_eq!(governor.plan(plan.next_sample, &at(40.0), MS / 10).interval, floor);
    }
}

#[test]
fn a_weak_supply_does_not_mute_and_only_now_counts() {
    let limits = Limits::default();
    for vital in [Vital::UnderVoltageNow, Vital::FrequencyCappedNow, Vital::ThrottledSinceBoot] {
        assert_eq!(limits.headroom(&flag(vital)), (1.0, Headroom::Temperature));
    }
    assert_eq!(limits.headroom(&flag(Vital::SoftLimitNow)), (0.0, Headroom::SoftLimit));
    assert_eq!(limits.headroom(&at(400.0)), (0.5, Headroom::NoSensor));
    assert_eq!(limits.headroom(&Readings::default()), (0.5, Headroom::NoSensor));
}

#[test]
fn one_costly_sample_delays_the_next_and_no_more() {
    let readings = at(50.0);
    let (mut governor, plan) = opened(Limits::default(), &readings, MS);
    let plan = governor.plan(plan.next_sample, &readings, MS);
    assert_eq!(plan.interval, 10_000);
    let plan = governor.plan(plan.next_sample, &readings, 20 * MS);
    assert!((20_000..=30_000).contains(&plan.interval), "{}", plan.interval);
    let mut now = plan.next_sample;
    let later: Vec<u64> = (0..60)
        .map(|_| {
            let plan = governor.plan(now, &readings, MS);
            now = plan.next_sample;
            plan.interval
        })
        .collect();
    assert_eq!(later.last(), Some(&10_000), "{later:?}");
}

#[test]
fn a_model_too_costly_is_skipped_and_tried_again() {
    let readings = at(50.0);
    let (mut governor, mut plan) = opened(Limits::default(), &readings, MS);
    assert!(!plan.skip_model);
    governor.model_cost(MS / 20);
    plan = governor.plan(plan.next_sample, &readings, MS);
    assert!(!plan.skip_model, "a twentieth is fine");
    governor.model_cost(MS / 5);
    let mut ran = 0;
    for _ in 0..128 {
        plan = governor.plan(plan.next_sample, &readings, MS);
        ran += u32::from(!plan.skip_model);
    }
    assert_eq!(ran, 2);
}

#[test]
fn limits_that_contradict_themselves_are_named() {
    let good = Limits::default();
    assert_eq!(good.check(), Ok(()));
    assert!(Limits { comfort: 80.0, ..good }.check().is_err());
    assert!(Limits { limit: f32::NAN, ..good }.check().is_err());
    assert!(Limits { floor: 0, ..good }.check().is_err());
    let error = Limits { floor: 90_000, ..good }.check().unwrap_err();
    assert!(error.to_string().contains("60000 ms"), "{error}");
}

fn any_temperature() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => 20.0_f32..95.0,
        1 => any::<f32>(),
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
    ]
}

proptest! {
    #[test]
    fn never_over_its_allowance_and_never_silent(
        samples in proptest::collection::vec(
            (any_temperature(), any::<[bool; 3]>(), 0_u64..200 * MS), 1..200),
        early in any::<u64>(),
    ) {
        let limits = Limits::default();
        let mut governor = Governor::new(limits);
        let mut now = 1_000;
        // What the account may still have to pay, reckoned apart from the governor.
        for (place, (temperature, flags, cost)) in samples.iter().enumerate() {
            let mut readings = at(*temperature);
            for (vital, set) in [Vital::ThrottledNow, Vital::SoftLimitNow, Vital::UnderVoltageNow]
                .into_iter().zip(flags)
            {
                readings.set(vital, f32::from(u8::from(*set)));
            }
            let plan = governor.plan(now, &readings, *cost);
            prop_assert!(plan.interval <= limits.ceiling, "silent for {} ms", plan.interval);
            prop_assert_eq!(plan.next_sample, now + plan.interval);
            if place >= usize::from(OPENING) {
                prop_assert!(plan.interval >= limits.floor);
                let (headroom, _) = limits.headroom(&readings);
                let allowance = (*cost as f64) / 60.0 + 500_000.0 * f64::from(headroom);
                let paid = allowance * (plan.interval as f64) / 1_000.0;
                prop_assert!(paid + 2_000.0 >= *cost as f64, "{paid} of {cost} ns paid");
            }
            now = plan.next_sample;
        }
        // A sample on demand, long before it is due, still never silences.
        let plan = governor.plan(now.saturating_sub(early % 5_000), &at(50.0), 500 * MS);
        prop_assert!(plan.interval <= limits.ceiling);
    }

    #[test]
    fn never_flapping(
        centre in 30.0_f32..90.0,
        noise in proptest::collection::vec((-0.5_f32..0.5, any::<bool>(), 0.8_f64..1.2), 400),
        throttles in any::<bool>(),
        cost in MS / 2..20 * MS,
    ) {
        let (mut governor, mut plan) = opened(Limits::default(), &at(centre), cost);
        let mut changes = 0;
        for (place, (wobble, set, factor)) in noise.iter().enumerate() {
            let mut readings = at(centre + wobble);
            readings.set(Vital::ThrottledNow, f32::from(u8::from(*set && throttles)));
            let next = governor.plan(plan.next_sample, &readings, (cost as f64 * factor) as u64);
            changes += u32::from(place > 50 && next.interval != plan.interval);
            plan = next;
        }
        // A sensor that is noisy by half a degree, a flag that toggles at random
        // and a cost that varies by a fifth: at most one change in eight samples.
        prop_assert!(changes <= 43, "{changes} changes in 350 samples");
    }
}
