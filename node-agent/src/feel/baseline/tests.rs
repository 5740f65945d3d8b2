use super::*;

const FLOORS: [f32; 3] = [0.02, 0.02, 0.02];

/// A life of three vitals at 10 s, the second following the first.
fn lived(steps: u32) -> (Baseline, fastrand::Rng) {
    let mut random = fastrand::Rng::with_seed(5);
    let mut baseline = Baseline::new(&FLOORS);
    for _ in 0..steps {
        baseline.observe(&sample(&mut random), 10.0, None);
        baseline.learn();
    }
    (baseline, random)
}

fn sample(random: &mut fastrand::Rng) -> [Option<f32>; 3] {
    let work = 0.2 + 0.3 * random.f32();
    [Some(work), Some(work * 0.8 + 0.02 * random.f32()), Some(0.5 + 0.05 * random.f32())]
}

#[test]
fn nothing_is_strange_before_the_warm_up() {
    let (mut baseline, mut random) = lived(179);
    assert_eq!(baseline.observe(&sample(&mut random), 10.0, None), None);
    assert_eq!(baseline.usual(0), None);
    baseline.learn();
    assert!(baseline.observe(&sample(&mut random), 10.0, None).is_some());
}

#[test]
fn what_parts_company_is_stranger_than_what_moves_together() {
    let (mut baseline, mut random) = lived(8_640);
    let ordinary = baseline.observe(&sample(&mut random), 10.0, None).unwrap();
    assert!(ordinary.joint < 2.0, "{ordinary:?}");
    let together = baseline.observe(&[Some(0.48), Some(0.39), Some(0.52)], 10.0, None).unwrap();
    let apart = baseline.observe(&[Some(0.48), Some(0.2), Some(0.52)], 10.0, None).unwrap();
    assert!(apart.joint > 2.0 * together.joint, "{apart:?} {together:?}");
    assert!(apart.own > 2.0, "by its own experience: {apart:?}");
}

#[test]
fn the_largest_are_sorted_and_no_more_than_known() {
    let (mut baseline, _) = lived(1_000);
    let strange = baseline.observe(&[Some(0.9), None, Some(0.9)], 10.0, None).unwrap();
    let largest: Vec<f32> = strange.largest.into_iter().flatten().collect();
    assert_eq!(largest.len(), 2);
    assert!(largest[0] >= largest[1]);
    assert!((strange.out - 1.0).abs() < 1e-6);
    assert_eq!(baseline.deviation(1), None, "what was not measured has no deviation");
}

#[test]
fn the_order_of_the_vitals_does_not_matter() {
    let order = |place: [usize; 3]| {
        let mut random = fastrand::Rng::with_seed(5);
        let mut baseline = Baseline::new(&FLOORS);
        let mut last = None;
        for step in 0..3_000 {
            let mut values = sample(&mut random);
            if step == 2_999 {
                values[1] = Some(0.9);
            }
            last = baseline.observe(&place.map(|from| values[from]), 10.0, None);
            baseline.learn();
        }
        last.unwrap()
    };
    let (one, other) = (order([0, 1, 2]), order([2, 0, 1]));
    for (a, b) in [(one.joint, other.joint), (one.root, other.root), (one.own, other.own)] {
        assert!((a - b).abs() < 0.02 * a.abs().max(1.0), "{one:?} {other:?}");
    }
    assert_eq!(one.largest, other.largest);
}

#[test]
fn what_is_kept_is_known_again() {
    let (mut baseline, mut random) = lived(3_000);
    let mut kept = Vec::new();
    baseline.keep(&mut kept);
    let mut other = Baseline::new(&FLOORS);
    assert!(other.restore(&kept));
    let next = [Some(0.9), Some(0.1), sample(&mut random)[2]];
    // What is not kept is the mean of the last minutes.
    let (one, same) =
        (baseline.observe(&next, 10.0, None).unwrap(), other.observe(&next, 10.0, None).unwrap());
    assert!((one.levels - same.levels).abs() < 0.05 * one.levels, "{one:?} {same:?}");
    assert_eq!(baseline.usual(0), other.usual(0));
    for wrong in [&kept[4..], &kept[..kept.len() - 1], &[]] {
        assert!(!other.restore(wrong), "{} bytes", wrong.len());
    }
    let nan: Vec<u8> = f32::NAN.to_le_bytes().repeat(kept.len() / 4);
    assert!(!other.restore(&nan));
    assert_eq!(baseline.usual(0), other.usual(0), "and nothing has changed");
}

#[test]
fn forty_vitals_stay_within_their_bytes() {
    let baseline = Baseline::new(&[0.05; 100]);
    assert_eq!(baseline.signals.len(), MOST_VITALS);
    assert!(baseline.bytes() < 97_000, "{}", baseline.bytes());
}
