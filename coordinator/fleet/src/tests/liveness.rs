//! Who is silent, and who is not.

use super::{EPOCH, Pi, at, join, kinds, late, live, ticks};
use crate::{Change, Fleet, Now, SilentReason};
use frames::Body;
use proptest::prelude::*;

fn silences(changes: &[(u64, Change)]) -> Vec<(u64, SilentReason)> {
    changes
        .iter()
        .filter_map(|(mono, change)| match change {
            Change::Silent { reason, .. } => Some((*mono, *reason)),
            _ => None,
        })
        .collect()
}

/// Speaks every ten seconds from `from` up to `to`, ticking every second.
fn speak(fleet: &mut Fleet, pi: &mut Pi, from: u64, to: u64) -> Vec<(u64, Change)> {
    let mut changes = Vec::new();
    for mono in (from..=to).step_by(1_000) {
        if (mono - from).is_multiple_of(10_000) {
            let body = pi.vitals(mono);
            changes.extend(live(fleet, at(mono), &pi.name, &body).changes.into_iter().map(|c| (mono, c)));
        }
        changes.extend(fleet.tick(at(mono)).into_iter().map(|c| (mono, c)));
    }
    changes
}

#[test]
fn silent_after_three_of_its_intervals() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    speak(&mut fleet, &mut pi, 11_000, 61_000);
    let changes = ticks(&mut fleet, 62_000, 200_000);
    assert_eq!(silences(&changes), [(91_000, SilentReason::Missed)]);
    let node = fleet.node(&pi.name).unwrap();
    assert_eq!(node.last_seen(at(200_000)), Some(EPOCH + 61_000));
    assert_eq!(node.silence(at(200_000)), Some((SilentReason::Missed, EPOCH + 91_000)));
    // It returns with the next live frame, and the mood is still known.
    let back = live(&mut fleet, at(201_000), &pi.name.clone(), &pi.vitals(201_000));
    assert_eq!(back.changes, [Change::Returned { node: pi.name.clone(), silent_for: Some(110_000) }]);
}

#[test]
fn its_current_interval_counts() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    pi.interval = 600;
    join(&mut fleet, &mut pi, 1_000);
    assert_eq!(silences(&ticks(&mut fleet, 2_000, 300_000)), [(181_000, SilentReason::Missed)]);
}

#[test]
fn a_farewell_is_believed_at_once() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let late_word = pi.vitals(1_500);
    let last = live(&mut fleet, at(2_000), &pi.name.clone(), &pi.farewell(2_000));
    assert!(matches!(last.changes[..], [Change::Silent { reason: SilentReason::Farewell, .. }]));
    // A word from before it, and the will, change nothing.
    assert!(live(&mut fleet, at(2_100), &pi.name, &late_word).changes.is_empty());
    assert!(!fleet.offline_hint(at(2_200), &pi.name));
    assert!(ticks(&mut fleet, 3_000, 300_000).is_empty());
    // A new start brings it back.
    let mut again = pi.restarted(2);
    let changes = join(&mut fleet, &mut again, 301_000);
    assert_eq!(kinds(&changes), ["restarted", "returned"]);
    assert!(matches!(changes[0], Change::Restarted { machine: Some(false), boot: 2, .. }));
}

#[test]
fn a_hint_comes_true_only_without_a_frame() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    speak(&mut fleet, &mut pi, 11_000, 101_000);
    // A take-over: the will is published, and the node goes on.
    assert!(fleet.offline_hint(at(101_500), &pi.name));
    assert!(!fleet.offline_hint(at(101_600), &pi.name), "asked once");
    assert!(silences(&speak(&mut fleet, &mut pi, 102_000, 152_000)).is_empty());
    // A real one: within one interval, and a second for the way.
    let body = pi.vitals(161_000);
    live(&mut fleet, at(161_000), &pi.name, &body);
    assert!(fleet.offline_hint(at(162_000), &pi.name));
    let changes = ticks(&mut fleet, 163_000, 250_000);
    assert_eq!(silences(&changes), [(173_000, SilentReason::ConnectionLost)]);
}

#[test]
fn a_hint_about_a_slow_node_comes_true_within_fifteen_seconds() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    pi.interval = 600;
    join(&mut fleet, &mut pi, 1_000);
    for mono in [61_000, 121_000, 181_000] {
        ticks(&mut fleet, mono - 59_000, mono - 1_000);
        live(&mut fleet, at(mono), &pi.name.clone(), &pi.vitals(mono));
    }
    // A forged will: the node is asked for a sample, and answers.
    assert!(fleet.offline_hint(at(190_000), &pi.name));
    live(&mut fleet, at(191_000), &pi.name.clone(), &pi.vitals(191_000));
    assert!(ticks(&mut fleet, 192_000, 240_000).is_empty());
    assert!(fleet.offline_hint(at(240_500), &pi.name));
    assert_eq!(silences(&ticks(&mut fleet, 241_000, 300_000)), [(255_000, SilentReason::ConnectionLost)]);
}

#[test]
fn nothing_counts_before_everybody_could_have_come_back() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let record = fleet.records().remove(0);
    // The coordinator was down for an hour, and hears a retained `offline`.
    let mut fleet = Fleet::new(at(0));
    assert!(fleet.restore(record));
    fleet.offline_hint(at(100), &pi.name);
    // Three intervals are 30 s; an agent may wait as long before it connects again.
    assert!(ticks(&mut fleet, 1_000, 34_000).is_empty());
    let mut alive = fleet.clone();
    assert_eq!(silences(&ticks(&mut fleet, 35_000, 65_000)), [(35_000, SilentReason::ConnectionLost)]);
    live(&mut alive, at(34_500), &pi.name.clone(), &pi.vitals(34_500));
    assert!(ticks(&mut alive, 35_000, 64_000).is_empty());
    // The same after a reconnect.
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    speak(&mut fleet, &mut pi, 11_000, 101_000);
    ticks(&mut fleet, 102_000, 120_000);
    fleet.reconnected(at(120_500));
    assert_eq!(silences(&ticks(&mut fleet, 121_000, 200_000)), [(156_000, SilentReason::Missed)]);
}

#[test]
fn a_coordinator_that_was_stopped_blames_nobody() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    speak(&mut fleet, &mut pi, 11_000, 61_000);
    // Stopped for a minute; the first thing it does is to look at its clock.
    assert!(fleet.tick(at(121_000)).is_empty());
    assert!(silences(&speak(&mut fleet, &mut pi, 122_000, 180_000)).is_empty());
}

#[test]
fn replays_of_old_frames_revive_nobody() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let mut captured = Vec::new();
    for mono in (11_000..=201_000).step_by(10_000) {
        let body = pi.vitals(mono);
        // Every other frame was held back by someone and never seen.
        if mono % 20_000 == 1_000 {
            captured.push(body);
        } else {
            live(&mut fleet, at(mono), &pi.name, &body);
        }
        fleet.tick(at(mono));
    }
    let held_back = pi.vitals(211_000);
    ticks(&mut fleet, 202_000, 300_000);
    assert!(fleet.node(&pi.name).unwrap().is_silent());
    for body in &captured {
        // As if live, and as replays.
        assert!(live(&mut fleet.clone(), at(301_000), &pi.name, body).changes.is_empty());
        let admitted = late(&mut fleet, at(301_000), &pi.name, body);
        assert!(admitted.changes.is_empty() && !admitted.live && admitted.row.is_some());
    }
    // Even the newest one, held back for a minute and a half, shows no life now.
    assert!(live(&mut fleet, at(302_000), &pi.name, &held_back).changes.is_empty());
    assert!(fleet.node(&pi.name).unwrap().is_silent());
    // After a restart of the coordinator neither.
    let record = fleet.records().remove(0);
    let mut fleet = Fleet::new(at(0));
    fleet.restore(record);
    for body in captured.iter().chain([&held_back]) {
        assert_eq!(fleet.admit(at(1_000), &pi.name, body, true), crate::Admission::Double);
    }
    assert!(fleet.node(&pi.name).unwrap().is_silent());
}

#[test]
fn the_wall_clock_decides_nothing() {
    let ten_years = 10 * 365 * 86_400_000;
    let mut fleet = Fleet::new(Now { mono: 0, unix: 0, trusted: false });
    let mut pi = Pi::new("pi-1", 1);
    for second in 1..400 {
        let mono = second * 1_000;
        // 1970, then ten years on, then back.
        let unix = if (100..200).contains(&second) { mono as i64 + ten_years } else { mono as i64 };
        let now = Now { mono, unix, trusted: second > 150 };
        if second % 10 == 0 {
            let admitted = live(&mut fleet, now, &pi.name.clone(), &pi.vitals(mono));
            // No anchor jumps: every row is dated by the clock of its time.
            assert_eq!(admitted.row.unwrap().at.known(), Some(unix));
        }
        assert!(fleet.tick(now).is_empty(), "at {second} s");
    }
    let now = Now { mono: 400_000, unix: 400_000, trusted: true };
    assert_eq!(fleet.node(&pi.name).unwrap().mood_since(now), Some(10_000));
}

proptest! {
    /// Delays below two intervals, lost frames (never two running), false
    /// hints that a sample answers: a node that speaks is never called silent.
    #[test]
    fn no_false_silence(steps in prop::collection::vec((0..9_000_u64, prop::bool::weighted(0.3), any::<bool>()), 5..60)) {
        let mut fleet = Fleet::new(at(0));
        let mut pi = Pi::new("pi-1", 1);
        join(&mut fleet, &mut pi, 500);
        let mut on_their_way: Vec<(u64, Body<'static>, bool)> = Vec::new();
        let mut lost_one = false;
        for mono in (1_000..(steps.len() as u64 + 1) * 10_000).step_by(1_000) {
            if mono % 10_000 == 0 {
                let (delay, lost, hint) = steps[(mono / 10_000 - 1) as usize];
                let body = pi.vitals(mono);
                lost_one = lost && !lost_one;
                if !lost_one {
                    on_their_way.push((mono + delay, body, hint));
                }
            }
            on_their_way.sort_by_key(|(arrives, body, _)| (*arrives, body.head.sequence));
            while on_their_way.first().is_some_and(|(arrives, ..)| *arrives <= mono) {
                let (_, body, hint) = on_their_way.remove(0);
                fleet.admit(at(mono), &pi.name, &body, true);
                if hint && fleet.offline_hint(at(mono), &pi.name) {
                    // What was asked for.
                    on_their_way.push((mono + 3_000, pi.vitals(mono + 1_000), false));
                }
            }
            let changes = fleet.tick(at(mono));
            prop_assert!(changes.is_empty(), "at {mono}: {changes:?}");
        }
    }

    /// A node that stops is silent after three intervals, whatever came before,
    /// but nobody is before the coordinator has listened for 35 s.
    #[test]
    fn no_missed_silence(beats in 3..30_u64, interval in 20..700_u16) {
        let mut fleet = Fleet::new(at(0));
        let mut pi = Pi::new("pi-1", 1);
        pi.interval = interval;
        let pace = u64::from(interval) * 100;
        let (mut mono, mut last) = (0, 0);
        for _ in 0..beats {
            while mono + 1_000 <= last + pace {
                mono += 1_000;
                prop_assert!(fleet.tick(at(mono)).is_empty());
            }
            last += pace;
            mono = last;
            live(&mut fleet, at(mono), &pi.name.clone(), &pi.vitals(mono));
        }
        let due = (last + 3 * pace).max(35_000);
        let changes = silences(&ticks(&mut fleet, last + 1_000, due + 2 * pace + 2_000));
        prop_assert_eq!(changes.len(), 1);
        prop_assert!((due..due + 1_000).contains(&changes[0].0));
    }
}
