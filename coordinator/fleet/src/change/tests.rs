use super::*;
use std::collections::BTreeSet;

/// One of each, with what it says.
fn all() -> Vec<(Change, &'static str)> {
    let node: NodeName = "pi-07".parse().unwrap();
    let n = || node.clone();
    let silent = |reason| Change::Silent { node: n(), reason, last_seen: Some(0), interval: 10_000 };
    vec![
        (Change::Joined { node: n(), simulated: false }, "pi-07 joined the fleet."),
        (
            Change::MoodChanged {
                node: n(),
                from: Some(Mood::Stressed),
                to: Mood::Crisis,
                probability: 0.8,
                because: Vec::new(),
                classifier: Classifier::Rules,
                lasted: None,
            },
            "pi-07 is in crisis (was stressed).",
        ),
        (silent(SilentReason::Missed), "pi-07 is silent: three intervals of 10 s passed without a frame."),
        (
            silent(SilentReason::ConnectionLost),
            "pi-07 is silent: its connection was lost and no frame followed.",
        ),
        (silent(SilentReason::Farewell), "pi-07 said farewell and is silent."),
        (Change::Returned { node: n(), silent_for: None }, "pi-07 is back."),
        (
            Change::Restarted { node: n(), boot: 7, machine: Some(false), uptime: 1 },
            "The agent on pi-07 started anew; the machine went on.",
        ),
        (
            Change::ClockChanged { node: n(), by: Some(-7_200_000), trusted: true },
            "The clock of pi-07 was set back by 2 h; it follows a time server.",
        ),
        (
            Change::ClockChanged { node: n(), by: None, trusted: false },
            "The clock of pi-07 changed: it follows no time server.",
        ),
        (
            Change::ModelChanged { node: n(), from: None, to: Some("m2".into()) },
            "pi-07 feels with model m2 now.",
        ),
        (
            Change::ModelChanged { node: n(), from: Some("m2".into()), to: None },
            "pi-07 has no model; the rules speak for it.",
        ),
        (
            Change::AgentChanged { node: n(), from: "0.1.0".into(), to: "0.2.0".into() },
            "pi-07 went from agent 0.1.0 to 0.2.0.",
        ),
        (
            Change::HardwareChanged { node: n(), from: "Pi 4".into(), to: "Pi 5".into() },
            "pi-07 is other hardware now: Pi 5 (was Pi 4).",
        ),
        (
            Change::ServiceChanged {
                node: n(),
                unit: "ssh.service".into(),
                from: None,
                to: ServiceState::Active,
            },
            "ssh.service on pi-07 is active.",
        ),
        (
            Change::BoardRenamed { node: n(), before: "pi-03".parse().unwrap(), serial: "10000000a".into() },
            "pi-07 speaks from the board that was pi-03 (serial 10000000a): a new card, it seems. \
             Its past stays with pi-03.",
        ),
        (
            Change::CardChanged { node: n(), serial: "10000000a".into() },
            "pi-07 started anew with a new enrolment on the same board (serial 10000000a): a new card, it seems.",
        ),
        (
            Change::ServiceReported {
                service: "backup".parse().unwrap(),
                node: None,
                from: Some(ServiceState::Active),
                to: ServiceState::Failed,
                note: Some("the target is full".into()),
                seen_by: None,
            },
            "backup says that it is failed (was active): “the target is full”.",
        ),
        (
            Change::ServiceReported {
                service: "blog".parse().unwrap(),
                node: Some(n()),
                from: None,
                to: ServiceState::Failed,
                note: None,
                seen_by: Some("kuma".into()),
            },
            "kuma sees blog on pi-07 as failed.",
        ),
        (Change::SettingsApplied { node: n(), version: 3 }, "pi-07 took settings version 3."),
        (
            Change::SpoolDropped { node: n(), frames: 1, total: 2 },
            "pi-07 lost 1 frame for want of room or time, 2 since its agent started.",
        ),
        (
            Change::TwoBootsAlternate { node: n(), boots: [1, 2] },
            "Two agents speak as pi-07 in turns: one enrolment file is on two machines. Enrol one again.",
        ),
        (
            Change::FrameRefused { node: Some(n()), cause: Refusal::Empty, count: 1 },
            "A frame was refused on the topic of pi-07: the message is empty.",
        ),
        (
            Change::FrameRefused { node: None, cause: Refusal::TooLong, count: 9 },
            "9 frames were refused on the topic of nobody here: longer than the largest frame.",
        ),
        (
            Change::Unreadable { node: n(), version: 2 },
            "pi-07 speaks frame version 2, which can't be read here: upgrade the coordinator.",
        ),
    ]
}

#[test]
fn every_change_has_a_kind_a_sentence_and_a_payload() {
    let mut kinds = BTreeSet::new();
    for (change, sentence) in all() {
        assert_eq!(change.sentence(), sentence);
        let json = serde_json::to_value(&change).unwrap();
        assert_eq!(json["kind"], change.kind());
        assert_eq!(serde_json::from_value::<Change>(json).unwrap(), change);
        kinds.insert(change.kind());
    }
    assert_eq!(kinds, Change::KINDS.into_iter().collect());
}

#[test]
fn stories_open_and_close() {
    for (change, _) in all() {
        let opens = matches!(change.correlation(), Correlation::Opens(_));
        let closes = matches!(change.correlation(), Correlation::Closes(_));
        assert_eq!(closes, matches!(change.kind(), "returned"), "{change:?}");
        let opening = ["silent", "mood_changed", "frame_refused", "spool_dropped"];
        assert_eq!(opens, opening.contains(&change.kind()), "{change:?}");
    }
}
