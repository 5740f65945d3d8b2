//! Nodes for the tests of this room.

use crate::live::{About, NodeSnapshot, Recorded, Said, SaidKind};
use frames::Vital::{self, ClockSynchronised, Cpu, Load1, NetReceived, Temperature, ThrottledNow};
use frames::{Budget, Cause, Classifier, Direction, Headroom, Mood, Probability, Readings, VitalSet, Vitals};
use std::sync::Arc;

/// When the fixtures were heard: 2026-11-21T03:23:53.123Z.
pub(crate) const NOW: i64 = 1_795_231_433_123;

pub(crate) fn readings(temperature: f32, load: f32) -> Vitals {
    let mut readings = Readings::default();
    for (vital, value) in [
        (Cpu, 34.0),
        (Load1, load),
        (NetReceived, 120_000.0),
        (Temperature, temperature),
        (ThrottledNow, f32::from(u8::from(temperature > 80.0))),
        (ClockSynchronised, 1.0),
    ] {
        readings.set(vital, value);
    }
    Vitals::from(&readings)
}

pub(crate) fn cause(vital: Vital, usual: Option<f32>) -> Cause {
    let usual = usual.and_then(|usual| vital.row().scale.encode(usual));
    Cause { vital, direction: Direction::Above, usual }
}

/// A node heard 4 s ago that has felt so for ten minutes; without a mood it
/// is new and has measured nothing.
pub(crate) fn node(name: &str, mood: Option<Mood>) -> NodeSnapshot {
    let (temperature, probabilities, causes) = match mood {
        Some(Mood::Crisis) => (
            84.5,
            [0.0, 0.05, 0.2, 0.75],
            vec![cause(Temperature, Some(48.0)), cause(ThrottledNow, Some(0.0))],
        ),
        Some(Mood::Stressed) => (71.5, [0.05, 0.15, 0.7, 0.1], vec![cause(Temperature, Some(48.0))]),
        Some(Mood::Happy) => (48.0, [0.2, 0.7, 0.1, 0.0], vec![cause(Cpu, None)]),
        Some(Mood::Bored) | None => (41.0, [0.9, 0.1, 0.0, 0.0], Vec::new()),
    };
    NodeSnapshot {
        name: name.parse().unwrap(),
        simulated: name.starts_with("sim-"),
        mood,
        since: mood.map(|_| NOW - 600_000),
        probabilities: mood.map(|_| probabilities.map(Probability::new)),
        causes: causes.into_iter().collect(),
        distance: mood.map(|_| 1.4),
        classifier: mood.map(|_| Classifier::Model),
        silent: false,
        last_seen: Some(NOW - 4_000),
        vitals: if mood.is_some() { readings(temperature, 0.42) } else { Vitals::default() },
        interval: mood.map(|_| 10_000),
        budget: mood.map(|_| Budget { headroom: Probability::new(0.6), source: Headroom::Temperature }),
        dropped: 0,
        about: Arc::new(About {
            hardware: "Raspberry Pi 4 Model B Rev 1.4".to_owned(),
            agent: "0.1.0".to_owned(),
            model: Some("2026-11-a".to_owned()),
            serial: None,
            measurable: VitalSet::default(),
            clock_trusted: Some(true),
            settings: 0,
        }),
        unreadable: None,
        services: Vec::new(),
        character: Some("operant-7".into()),
        last_said: None,
        tag: Arc::default(),
    }
}

/// A node that was happy and stopped speaking an hour ago.
pub(crate) fn silent(name: &str) -> NodeSnapshot {
    NodeSnapshot { silent: true, last_seen: Some(NOW - 3_600_000), ..node(name, Some(Mood::Happy)) }
}

/// A node whose board, character and words try to be more than text.
pub(crate) fn hostile(name: &str) -> NodeSnapshot {
    let said = Said {
        by: "malvo".to_owned(),
        text: "<script>alert(2)</script>\u{1b}[2J \u{202e}deliver".to_owned(),
        bare: String::new(),
        plain: String::new(),
        kind: SaidKind::Fact,
        facts: Recorded::new(&[(); 0]),
        node: Some(name.parse().unwrap()),
        at: NOW - 30_000,
        cause: String::new(),
        aside: false,
    };
    let hardware = "<img src=x onerror=alert(1)>\u{1b}]0;pwned\u{7}".to_owned();
    let about = About { hardware, ..About::default() };
    NodeSnapshot {
        about: Arc::new(about),
        last_said: Some(Arc::new(said)),
        ..node(name, Some(Mood::Stressed))
    }
}
