use super::*;

fn readings(pairs: &[(Vital, f32)]) -> Readings {
    let mut readings = Readings::default();
    for (vital, value) in pairs {
        readings.set(*vital, *value);
    }
    readings
}

fn value(features: &Features, feature: usize) -> Option<f32> {
    let vector = features.vector();
    match vector[FEATURES + feature] {
        flag if flag > 0.5 => Some(vector[feature]),
        _ => {
            assert!(vector[feature] == 0.0, "absent feature {feature} has a value");
            None
        }
    }
}

#[test]
fn the_schema_has_a_line_per_feature_and_a_stable_hash() {
    let text = schema();
    let lines = text.lines().filter(|line| !line.contains("least spread")).count();
    assert_eq!(lines, 1 + FEATURES);
    assert_eq!(schema_hash().len(), 64);
    assert_eq!(
        vital_of(NORMALS_AT - 1),
        SIGNALS.iter().rfind(|signal| signal.windowed).map(|signal| signal.vital)
    );
    assert_eq!(vital_of(NORMALS_AT), Some(Vital::Cpu));
    assert_eq!(vital_of(STRANGE_AT), None);
}

#[test]
fn absent_is_absent_and_never_zero() {
    let mut features = Features::default();
    features.observe(0, &readings(&[(Vital::Cpu, 0.0), (Vital::Temperature, 85.0)]));
    assert_eq!(value(&features, 0), Some(0.0));
    assert_eq!(value(&features, 1), None, "the busiest core was not measured");
    let place = place_of(Vital::Temperature).unwrap();
    assert!((value(&features, place).unwrap() - 1.0).abs() < 1e-6);
    assert_eq!(value(&features, WINDOWS_AT), None, "one sample makes no window");
    assert_eq!(value(&features, STRANGE_AT), None, "no normal yet");
    features.observe(10_000, &readings(&[(Vital::Cpu, 50.0)]));
    assert!(value(&features, WINDOWS_AT).unwrap().abs() < 1e-6);
    features.observe(20_000, &readings(&[(Vital::Cpu, 100.0)]));
    assert!((value(&features, WINDOWS_AT).unwrap() - 0.25).abs() < 1e-6, "half of the time at 50 %");
}

#[test]
fn a_removed_vital_leaves_no_trace() {
    let mut with = Features::default();
    let mut without_it = Features::default();
    for step in 0..30_u32 {
        let at = Millis::from(step) * 10_000;
        let cpu = 40.0 + (step % 5) as f32;
        with.observe(at, &readings(&[(Vital::Cpu, cpu), (Vital::MemoryUsed, 30.0)]));
        without_it.observe(at, &readings(&[(Vital::Cpu, cpu)]));
    }
    let mut vector = *with.vector();
    let bits = |vector: &Vector| vector.map(f32::to_bits);
    assert_ne!(bits(&vector), bits(without_it.vector()));
    without(&mut vector, Vital::MemoryUsed);
    assert_eq!(bits(&vector), bits(without_it.vector()));
}

#[test]
fn counters_tell_only_of_what_is_new() {
    let place = place_of(Vital::OomKills).unwrap();
    let mut features = Features::default();
    let killed = |count: f32| readings(&[(Vital::OomKills, count)]);
    features.observe(0, &killed(7.0));
    assert_eq!(value(&features, place), None, "seven kills before we looked");
    features.observe(10_000, &killed(7.0));
    assert_eq!(value(&features, place), Some(0.0));
    features.observe(20_000, &killed(8.0));
    assert_eq!(value(&features, place), Some(1.0));
    assert!(features.rose_within(Vital::OomKills, 1_000));
    // A reset is no event; the memory of the last one fades.
    features.observe(320_000, &killed(0.0));
    assert!((value(&features, place).unwrap() - 0.5).abs() < 1e-5);
    assert!(!features.rose_within(Vital::OomKills, 60_000));
}

#[test]
fn the_own_normal_appears_after_its_warm_up() {
    let mut features = Features::default();
    let usual = |step: u64| readings(&[(Vital::Cpu, 20.0 + (step % 3) as f32), (Vital::MemoryUsed, 40.0)]);
    for step in 0..181 {
        features.observe(step * 10_000, &usual(step));
        assert_eq!(features.distance(), None, "at step {step}");
        features.learn();
    }
    features.observe(1_810_000, &usual(1));
    assert!(features.distance().unwrap() < 1.0);
    assert!((features.usual(Vital::Cpu).unwrap() - 21.0).abs() < 0.5);
    features.observe(1_820_000, &readings(&[(Vital::Cpu, 90.0), (Vital::MemoryUsed, 40.0)]));
    assert!(features.distance().unwrap() > 5.0);
    assert!(features.deviation(Vital::Cpu).unwrap() > 10.0);
    let third = STRANGE_AT + 1 + OF_WINDOWS + 4 + 2;
    assert!(value(&features, third - 1).is_some());
    assert_eq!(value(&features, third), None, "two vitals have no third deviation");
    assert!(value(&features, STRANGE_AT + 1).is_some());
}

#[test]
fn clocks_that_jump_and_extremes_do_no_harm() {
    let mut features = Features::default();
    let wild = [f32::MAX, f32::MIN, 0.0, 1e-30, -5.0];
    for (step, at) in [0, u64::MAX, 5, u64::MAX / 2, 0, u64::MAX, 7_000].into_iter().enumerate() {
        let mut sample = Readings::default();
        for vital in Vital::ALL {
            sample.set(*vital, wild[step % wild.len()]);
        }
        features.observe(at, &sample);
        features.learn();
        assert!(features.vector().iter().all(|value| value.is_finite()), "at {at}");
    }
}

/// The hash of the schema must be another where a feature is computed otherwise: a model
/// that learned from the one would be given the other. If this fails by intent, raise
/// [`SCHEMA_VERSION`], write down what is computed now, and train anew.
#[test]
fn what_is_computed_belongs_to_the_schemas_version() {
    let mut features = Features::default();
    let mut random = fastrand::Rng::with_seed(3);
    for step in 0..720_u64 {
        let work = if step / 90 % 2 == 0 { 1.0 } else { 0.0 };
        let mut noisy = |value: f32| value * (0.8 + 0.4 * random.f32());
        let sample = [
            (Vital::Cpu, noisy(5.0 + 40.0 * work)),
            (Vital::Load1, noisy(0.2 + 1.5 * work)),
            (Vital::PsiIoSome, noisy(1.0 + 4.0 * work)),
            (Vital::MemoryUsed, noisy(30.0)),
            (Vital::NetSent, noisy(2_000.0)),
            (Vital::Temperature, 45.0 + 10.0 * work),
            (Vital::DiskUsed, 60.0 + step as f32 / 100.0),
            (Vital::OomKills, (step / 700) as f32),
        ];
        features.observe(step * 10_000, &readings(&sample));
        features.learn();
    }
    let vector = features.vector();
    let mean = |part: core::ops::Range<usize>| {
        let count = part.len() as f32;
        vector[part].iter().map(|value| value.abs()).sum::<f32>() / count
    };
    let mut told = vec![mean(0..WINDOWS_AT), mean(WINDOWS_AT..NORMALS_AT), mean(NORMALS_AT..STRANGE_AT)];
    told.extend(&vector[STRANGE_AT..FEATURES]);
    assert_eq!(SCHEMA_VERSION, 4);
    let expected: [f32; 3 + STRANGE] = [
        0.059, 0.0095, 0.0651, 0.0836, -0.0051, -0.006, -0.0146, -0.0249, 0.0159, 0.126, 0.109, 0.2259,
        0.2003, 0.3371, 0.2316, 0.2306, 0.2273, 0.1575, 0.164, 0.0733, 0.0733, 0.0, 0.0, 0.1429, -0.0733,
    ];
    for (place, (now, then)) in told.iter().zip(expected).enumerate() {
        assert!((now - then).abs() < 1e-3, "{place}: {told:?}");
    }
}
