use super::*;

fn trace(names: &str, rows: &[&[f64]]) -> Vec<u8> {
    let mut bytes = format!("node,at_ms,moods,{names}\n").into_bytes();
    bytes.extend(rows.iter().flat_map(|row| row.iter()).flat_map(|number| number.to_le_bytes()));
    bytes
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

#[test]
fn a_recorded_trace_gives_the_agents_own_features() {
    let trace = trace(
        "cpu,temperature",
        &[
            &[1.0, 0.0, 2.0, 50.0, f64::NAN],
            &[1.0, 10_000.0, 2.0, 60.0, 40.5],
            &[2.0, 0.0, 2.0, 50.0, f64::NAN],
            &[2.0, 10_000.0, 0.0, 1.0, 1.0],
        ],
    );
    let mut out = Vec::new();
    assert_eq!(recorded(trace.as_slice(), &mut out, 1, false).unwrap(), 3);
    let rows = numbers(&out);
    assert_eq!(rows.len(), 3 * COLUMNS);
    let mut features = Features::default();
    let mut readings = Readings::default();
    readings.set(Vital::Cpu, 50.0);
    features.observe(0, &readings);
    assert_eq!(&rows[HEAD..COLUMNS], features.vector());
    assert_eq!(rows[2 * COLUMNS..][..2], [2.0, 2.0], "the second node begins anew");
    assert_eq!(&rows[2 * COLUMNS + HEAD..3 * COLUMNS], features.vector());
    readings.set(Vital::Cpu, 60.0);
    readings.set(Vital::Temperature, 40.5);
    features.observe(10_000, &readings);
    assert_eq!(&rows[COLUMNS + HEAD..2 * COLUMNS], features.vector());
}

#[test]
fn a_board_is_laid_over() {
    let rows: Vec<[f64; 5]> = (0..200).map(|row| [1.0, f64::from(row) * 10_000.0, 2.0, 100.0, 3.0]).collect();
    let rows: Vec<&[f64]> = rows.iter().map(<[f64; 5]>::as_slice).collect();
    let mut named = Named::new(&["cpu".to_owned(), BOARD.to_owned()]).unwrap();
    let mut last = Readings::default();
    super::rows(&trace("", &rows)[18..], 2, |_, row| {
        last = named.readings(row);
        Ok(())
    })
    .unwrap();
    assert!(last.get(Vital::Temperature).unwrap() >= 80.0, "a bare Pi 5 at full load");
    assert_eq!(last.get(Vital::ThrottledNow), Some(1.0));
}

#[test]
fn metrics_without_names_are_judged_after_their_history() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut row = |minute: i32| {
        let work = 0.3 + 0.2 * random.f64();
        let mut cells = vec![1.0, f64::from(minute) * 60_000.0, if minute < 5_800 { 0.0 } else { 3.0 }];
        cells.extend((0..6).map(|_| if minute > 5_900 { random.f64() } else { work + 0.1 * random.f64() }));
        cells
    };
    let rows: Vec<Vec<f64>> = (0..6_000).map(&mut row).collect();
    let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let mut out = Vec::new();
    let model = Model::embedded().unwrap();
    assert_eq!(
        judged(trace("m1,m2,m3,m4,m5,m6", &rows).as_slice(), &mut out, Some(&model), true).unwrap(),
        200
    );
    let said = numbers(&out);
    let (calm, wild) = (said[50 * 8 + 2], said[199 * 8 + 2]);
    assert!(wild > 2.0 * calm, "{calm} {wild}");
}

#[test]
fn faults_in_a_trace_are_named() {
    let fault = |trace: &[u8], relative| recorded(trace, io::sink(), 1, relative).unwrap_err().to_string();
    assert!(fault(b"node,at_ms,moods,warmth\n", false).contains("warmth"));
    assert!(fault(b"", false).contains("node,at_ms,moods"));
    assert!(fault(&trace("cpu", &[&[1.0, 0.0]]), false).contains("row 1"));
    let many = vec!["m"; MOST_VITALS + 1].join(",");
    assert!(fault(&trace(&many, &[]), true).contains("41 metrics"));
}

#[test]
fn simulated_lives_are_labelled_and_repeatable() {
    let run = || {
        let mut out = Vec::new();
        simulated(&mut out, 1, 0..2, 1, 10).unwrap();
        out
    };
    assert_eq!(run(), run());
    assert!(run().len() > 40 * COLUMNS * 4);
}

/// The threshold is the node's own, so what another node would call trouble is none here.
#[test]
fn any_score_is_judged_as_a_models_trouble() {
    let days = |peak: f64| -> Vec<[f64; 4]> {
        (0..5 * 1_440)
            .map(|minute| {
                let odd = minute >= 4 * 1_440 && minute % 1_440 < 30;
                let daily = if minute % 1_440 < 30 { peak } else { 0.2 };
                [1.0, f64::from(minute) * 60_000.0, 1.0, if odd { 0.6 } else { daily }]
            })
            .collect()
    };
    for (peak, crisis) in [(0.2, true), (0.7, false)] {
        let rows = days(peak);
        let rows: Vec<&[f64]> = rows.iter().map(<[f64; 4]>::as_slice).collect();
        let mut out = Vec::new();
        assert_eq!(scored(trace("score", &rows).as_slice(), &mut out).unwrap(), 7_200);
        let last: Vec<f32> = numbers(&out).chunks(8).skip(4 * 1_440).map(|row| row[7]).collect();
        assert_eq!(last.contains(&3.0), crisis, "daily up to {peak}");
    }
}
