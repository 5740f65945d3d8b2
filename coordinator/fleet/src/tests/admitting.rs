//! What is admitted, what it changes, and what is kept of it.

use super::{EPOCH, Pi, at, join, kinds, late, live, name, ticks};
use crate::{Admission, Change, Correlation, Fleet, NodeRecord, Plot, Refusal};
use frames::{Body, Clock, Mood, Replay, Say, Service, ServiceState, Services};

#[test]
fn a_first_reading_joins_and_has_a_mood() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("sim-01", 1);
    let changes = join(&mut fleet, &mut pi, 1_000);
    assert_eq!(kinds(&changes), ["joined", "mood_changed"]);
    assert_eq!(changes[0].sentence(), "sim-01, a simulated node, joined the fleet.");
    assert_eq!(changes[1].sentence(), "sim-01 is happy: CPU 12 %.");
    let node = fleet.node(&pi.name).unwrap();
    assert!(node.is_simulated() && !node.is_silent());
    assert_eq!(node.mood(), Some(Mood::Happy));
    assert_eq!(node.mood_since(at(9_000)), Some(EPOCH + 1_000));
    assert_eq!(node.interval(), Some(10_000));
    assert_eq!(node.because()[0].words, "CPU 12 %");
    assert_eq!(node.hello().unwrap().hardware.as_str(), "Raspberry Pi 5");
}

#[test]
fn doubles_change_nothing_and_are_acknowledged_again() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let body = pi.vitals(2_000);
    live(&mut fleet, at(2_000), &pi.name, &body);
    assert_eq!(fleet.acks().len(), 1);
    assert!(fleet.acks().is_empty());
    for is_live in [true, false] {
        assert_eq!(fleet.admit(at(3_000), &pi.name, &body, is_live), Admission::Double);
    }
    assert_eq!(fleet.acks()[0].ack.through, 3);
    assert_eq!((fleet.counters().accepted, fleet.counters().doubles), (3, 2));
    fleet.found_doubles(1);
    assert_eq!((fleet.counters().accepted, fleet.counters().doubles), (2, 3));
}

#[test]
fn late_moods_are_rows_and_never_news() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    pi.mood = Some(Mood::Crisis);
    let spooled = pi.vitals(11_000);
    pi.mood = Some(Mood::Bored);
    let news = live(&mut fleet, at(21_000), &pi.name.clone(), &pi.vitals(21_000));
    assert!(matches!(
        news.changes[..],
        [Change::MoodChanged { from: Some(Mood::Happy), to: Mood::Bored, lasted: Some(20_000), .. }]
    ));
    // Out of a replay, or said again as it was.
    for is_live in [true, false] {
        let mut fleet = fleet.clone();
        let Admission::Admitted(admitted) = fleet.admit(at(22_000), &pi.name, &spooled, is_live) else {
            panic!("new")
        };
        assert!(admitted.changes.is_empty() && !admitted.live);
        assert_eq!(admitted.row.unwrap().report.mood, Some(Mood::Crisis));
        assert_eq!(fleet.node(&pi.name).unwrap().mood(), Some(Mood::Bored));
    }
}

#[test]
fn a_new_agent_without_a_verdict_keeps_the_last_one() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let mut again = pi.restarted(2);
    again.mood = None;
    let admitted = live(&mut fleet, at(5_000), &pi.name, &again.vitals(5_000));
    assert_eq!(kinds(&admitted.changes), ["restarted"]);
    assert_eq!(admitted.row.unwrap().report.mood, None);
    let node = fleet.node(&pi.name).unwrap();
    assert_eq!(node.mood(), Some(Mood::Happy));
    assert_eq!(node.report().unwrap().probabilities[1].get(), 0.9);
    assert!(!node.because().is_empty());
}

#[test]
fn a_hello_tells_what_is_new() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    pi.clock = Some(Clock { offset: 0, trusted: false });
    join(&mut fleet, &mut pi, 1_000);
    let mut say =
        |pi: &mut Pi, mono| kinds(&live(&mut fleet, at(mono), &pi.name.clone(), &pi.hello(mono)).changes);
    assert!(say(&mut pi, 2_000).is_empty());
    pi.clock = Some(Clock { offset: 1_500, trusted: false });
    assert!(say(&mut pi, 3_000).is_empty(), "a clock that is slewed");
    pi.clock = Some(Clock { offset: 1_600_000_000_000, trusted: true });
    assert_eq!(say(&mut pi, 4_000), ["clock_changed"]);
    pi.model = None;
    assert_eq!(say(&mut pi, 5_000), ["model_changed"]);
    pi.agent = "0.2.0";
    pi.serial = "2000";
    assert_eq!(say(&mut pi, 6_000), ["hardware_changed", "agent_changed"]);
    // Another kernel has another offset: no step.
    let mut rebooted =
        Pi { kernel: [7; 16], clock: Some(Clock { offset: 9, trusted: true }), ..pi.restarted(2) };
    assert_eq!(say(&mut rebooted, 7_000), ["restarted"]);
}

#[test]
fn settings_are_wanted_until_they_are_echoed() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    assert!(!fleet.desire_settings(&pi.name, Some(4)));
    join(&mut fleet, &mut pi, 1_000);
    assert_eq!(fleet.node(&pi.name).unwrap().wanted_settings(), None);
    assert!(fleet.desire_settings(&pi.name, Some(4)));
    assert_eq!(fleet.node(&pi.name).unwrap().wanted_settings(), Some(4));
    assert!(live(&mut fleet, at(2_000), &pi.name.clone(), &pi.hello(2_000)).settings_due);
    pi.settings = 4;
    let echoed = live(&mut fleet, at(3_000), &pi.name.clone(), &pi.hello(3_000));
    assert!(!echoed.settings_due);
    assert_eq!(echoed.changes, [Change::SettingsApplied { node: pi.name.clone(), version: 4 }]);
    assert_eq!(fleet.node(&pi.name).unwrap().wanted_settings(), None);
}

#[test]
fn downlink_counters_rise_above_what_the_node_has_seen() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    assert_eq!(fleet.next_downlink(&pi.name), None);
    join(&mut fleet, &mut pi, 1_000);
    assert_eq!(fleet.next_downlink(&pi.name), Some((1, 1)));
    assert_eq!(fleet.next_downlink(&pi.name), Some((1, 2)));
    // The coordinator was restored from an older copy.
    pi.downlink = 900;
    live(&mut fleet, at(2_000), &pi.name.clone(), &pi.hello(2_000));
    assert_eq!(fleet.next_downlink(&pi.name), Some((1, 901)));
    let mut again = pi.restarted(2);
    again.downlink = 0;
    join(&mut fleet, &mut again, 3_000);
    assert_eq!(fleet.next_downlink(&pi.name), Some((2, 1)));
}

#[test]
fn losses_are_told_once_a_minute() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let mut told = Vec::new();
    for second in 2..130 {
        pi.dropped += 1;
        let mono = second * 1_000;
        told.extend(live(&mut fleet, at(mono), &pi.name.clone(), &pi.vitals(mono)).changes);
        told.extend(fleet.tick(at(mono)));
    }
    let frames: Vec<u32> = told
        .iter()
        .map(|change| match change {
            Change::SpoolDropped { frames, .. } => *frames,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(frames, [1, 60, 60]);
    assert_eq!(fleet.dropped(), 128);
}

#[test]
fn units_are_compared_one_by_one() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let mut say = |pi: &mut Pi, states: &[(&str, ServiceState)]| {
        let mut body = pi.vitals(2_000);
        let units =
            states.iter().map(|(name, state)| Service { name: (*name).try_into().unwrap(), state: *state });
        body.say = Say::Services(Services { uptime: 36_000, units: units.collect() });
        live(&mut fleet, at(2_000), &pi.name, &body).changes
    };
    assert_eq!(say(&mut pi, &[("a", ServiceState::Active), ("b", ServiceState::Active)]).len(), 2);
    let changes = say(&mut pi, &[("a", ServiceState::Active), ("b", ServiceState::Failed)]);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].sentence(), "b on pi-1 is failed (was active).");
}

#[test]
fn refusals_are_counted_each_and_told_once_a_minute() {
    let mut fleet = Fleet::new(at(0));
    let pi = name("pi-1");
    let mut told = Vec::new();
    for i in 0..1_000 {
        told.extend(fleet.refuse(at(i), Some(&pi), None, Refusal::BadSeal));
    }
    assert_eq!(told, [Change::FrameRefused { node: Some(pi.clone()), cause: Refusal::BadSeal, count: 1 }]);
    let later = ticks(&mut fleet, 1_000, 200_000);
    assert_eq!(
        later,
        [(60_000, Change::FrameRefused { node: Some(pi), cause: Refusal::BadSeal, count: 999 })]
    );
    assert_eq!(fleet.counters().refused["bad_seal"], 1_000);
    // Invented names are without number.
    let strangers = (0..5_000)
        .filter_map(|i| fleet.refuse(at(200_000), Some(&name(&format!("x{i}"))), None, Refusal::NotEnrolled));
    assert_eq!(strangers.count(), 1);
    let known = (0..5_000)
        .filter_map(|i| fleet.refuse(at(200_000), Some(&name(&format!("x{i}"))), None, Refusal::BadSeal));
    assert!(known.count() <= 1_024);
}

#[test]
fn a_frame_that_can_never_be_read_is_decided() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let head = pi.vitals(2_000).head;
    fleet.refuse(at(2_000), Some(&pi.name), Some(&head), Refusal::Malformed);
    assert!(fleet.ack(&pi.name, 1).unwrap().covers(3));
    let head = pi.vitals(3_000).head;
    fleet.refuse(at(3_000), Some(&pi.name), Some(&head), Refusal::Overloaded);
    assert!(!fleet.ack(&pi.name, 1).unwrap().covers(4));
}

#[test]
fn a_newer_version_is_named_and_shows_life() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let mut told = Vec::new();
    for second in 2..200 {
        if second % 10 == 0 {
            let mut head = pi.vitals(second * 1_000).head;
            head.version = 2;
            told.extend(fleet.unreadable(at(second * 1_000), &pi.name, &head));
        }
        told.extend(fleet.tick(at(second * 1_000)));
    }
    assert_eq!(told, [Change::Unreadable { node: pi.name.clone(), version: 2 }]);
    assert_eq!(fleet.node(&pi.name).unwrap().unreadable(), Some(2));
    assert_eq!(fleet.ack(&pi.name, 1).unwrap().through, 2, "not decided");
    live(&mut fleet, at(201_000), &pi.name.clone(), &pi.vitals(201_000));
    assert_eq!(fleet.node(&pi.name).unwrap().unreadable(), None);
}

#[test]
fn what_is_refused_here() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    let mut body: Body<'_> = pi.vitals(1_000);
    body.head.sequence = crate::marks::WINDOW + 1;
    assert_eq!(fleet.admit(at(0), &pi.name, &body, true), Admission::Refused(Refusal::BeyondWindow));
    body.say = Say::Replay(Replay::default());
    assert_eq!(fleet.admit(at(0), &pi.name, &body, false), Admission::Refused(Refusal::NestedReplay));
    assert_eq!(fleet.counters().refused_total(), 2);
    for (place, refusal) in Refusal::ALL.iter().enumerate() {
        assert_eq!(serde_json::to_value(refusal).unwrap(), refusal.label());
        assert!(Refusal::ALL.iter().skip(place + 1).all(|other| other.label() != refusal.label()));
    }
}

#[test]
fn a_record_brings_everything_back() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    for (sequence, mono) in [(5, 5_000), (6, 6_000), (9, 9_000)] {
        pi.sequence = sequence - 1;
        late(&mut fleet, at(mono), &pi.name.clone(), &pi.vitals(mono));
    }
    fleet.desire_settings(&pi.name, Some(2));
    let records = fleet.records();
    assert!(fleet.records().is_empty(), "unchanged since");
    let json = serde_json::to_string(&records[0]).unwrap();
    let record: NodeRecord = serde_json::from_str(&json).unwrap();
    assert_eq!(record, records[0]);
    let mut restored = Fleet::new(at(0));
    restored.restore(record);
    assert_eq!(restored.ack(&pi.name, 1), fleet.ack(&pi.name, 1));
    let node = restored.node(&pi.name).unwrap();
    assert_eq!((node.mood(), node.running(), node.wanted_settings()), (Some(Mood::Happy), Some(1), Some(2)));
    assert_eq!(node.record(), records[0]);
    // No second joining.
    pi.sequence = 20;
    assert!(live(&mut restored, at(1_000), &pi.name.clone(), &pi.vitals(1_000)).changes.is_empty());
}

#[test]
fn changes_are_events_with_a_story() {
    let node = name("pi-1");
    let silent = Change::Returned { node: node.clone(), silent_for: Some(125_000) };
    assert_eq!(
        serde_json::to_value(&silent).unwrap(),
        serde_json::json!({"kind": "returned", "node": "pi-1", "silent_for": 125_000})
    );
    assert_eq!(silent.sentence(), "pi-1 is back after 2 min of silence.");
    let Correlation::Closes(story) = silent.correlation() else { panic!("closes") };
    assert_eq!((story.node.as_ref(), story.plot), (Some(&node), Plot::Silence));
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    for change in join(&mut fleet, &mut pi, 1_000) {
        let json = serde_json::to_value(&change).unwrap();
        assert_eq!(json["kind"], change.kind());
        assert!(Change::KINDS.contains(&change.kind()));
        assert_eq!(serde_json::from_value::<Change>(json).unwrap(), change);
    }
}

/// Whatever a sealed frame or a record from elsewhere holds, nothing panics.
#[test]
fn extreme_numbers_do_no_harm() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let mut record = fleet.records().remove(0);
    for extreme in [i64::MIN, i64::MAX, 0] {
        record.first_seen = extreme;
        record.last_seen = extreme;
        record.mood_since = Some(extreme);
        record.dropped_before = u64::MAX;
        record.boots[0].started = Some((extreme, true));
        record.boots[0].first_heard = extreme;
        record.boots[0].downlink = u32::MAX;
        record.boots[0].runs =
            vec![frames::Run { first: 0, last: u32::MAX }, frames::Run { first: 9, last: 2 }];
        for unix in [i64::MIN, i64::MAX, EPOCH] {
            for mono in [0, u64::MAX / 2, u64::MAX] {
                let now = crate::Now { mono, unix, trusted: true };
                let mut fleet = Fleet::new(now);
                fleet.restore(record.clone());
                for (sequence, uptime) in [(200_000, 0), (u32::MAX, u32::MAX)] {
                    let mut body = pi.vitals(2_000);
                    body.head.sequence = sequence;
                    body.head.oldest = sequence;
                    let Say::Vitals(report) = &mut body.say else { panic!("vitals") };
                    (report.uptime, report.interval, report.dropped) = (uptime, u16::MAX, u32::MAX);
                    fleet.admit(now, &pi.name, &body, true);
                    let mut hello = pi.hello(2_000);
                    hello.head.sequence = 300_000;
                    if let Say::Hello(hello) = &mut hello.say {
                        hello.clock = Some(Clock { offset: extreme, trusted: true });
                    }
                    fleet.admit(now, &pi.name, &hello, true);
                    fleet.offline_hint(now, &pi.name);
                    fleet.tick(now);
                    fleet.next_downlink(&pi.name);
                    fleet.acks();
                    fleet.records();
                    fleet.node(&pi.name).unwrap().last_seen(now);
                }
            }
        }
    }
}
