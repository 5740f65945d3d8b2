//! Restarts, and one enrolment on two machines.

use super::{Pi, at, join, kinds, late, live, name};
use crate::{Admission, Change, Fleet, MAX_BOOTS};

#[test]
fn two_machines_with_one_file_are_told_of_once() {
    let mut fleet = Fleet::new(at(0));
    let mut a = Pi::new("pi-1", 1);
    let mut b = Pi::new("pi-1", 2);
    b.started = -50_000;
    join(&mut fleet, &mut a, 1_000);
    assert_eq!(kinds(&join(&mut fleet, &mut b, 5_000)), ["restarted"]);
    let mut told = Vec::new();
    for i in 0..20 {
        let mono = 11_000 + i * 10_000;
        told.extend(live(&mut fleet, at(mono), &a.name.clone(), &a.vitals(mono)).changes);
        told.extend(live(&mut fleet, at(mono + 4_000), &b.name.clone(), &b.vitals(mono + 4_000)).changes);
        told.extend(fleet.tick(at(mono + 5_000)));
    }
    assert_eq!(told, [Change::TwoBootsAlternate { node: a.name.clone(), boots: [1, 2] }]);
    // Each of the two is acknowledged to itself.
    let acks = fleet.acks();
    assert_eq!(acks.iter().map(|due| (due.to, due.ack.boot)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
}

#[test]
fn a_delayed_last_word_is_no_second_machine() {
    let mut fleet = Fleet::new(at(0));
    let mut a = Pi::new("pi-1", 1);
    join(&mut fleet, &mut a, 1_000);
    let delayed = [a.vitals(11_000), a.vitals(19_000)];
    let mut b = a.restarted(2);
    join(&mut fleet, &mut b, 20_000);
    for body in &delayed {
        let admitted = live(&mut fleet, at(24_000), &a.name, body);
        assert!(admitted.changes.is_empty() && !admitted.live && admitted.row.is_some());
    }
    assert_eq!(fleet.node(&a.name).unwrap().running(), Some(2));
}

#[test]
fn replays_of_an_earlier_boot_are_no_second_machine() {
    let mut fleet = Fleet::new(at(0));
    let mut a = Pi::new("pi-1", 1);
    join(&mut fleet, &mut a, 1_000);
    let spooled: Vec<_> = (1..10).map(|i| a.vitals(1_000 + i * 10_000)).collect();
    let mut b = a.restarted(2);
    join(&mut fleet, &mut b, 120_000);
    for body in &spooled {
        assert!(late(&mut fleet, at(121_000), &a.name, body).changes.is_empty());
    }
    // Its acknowledgement is addressed to the boot that runs now.
    let due = fleet.acks();
    assert!(due.iter().all(|due| due.to == 2));
    assert!(due.iter().any(|due| due.ack.boot == 1 && due.ack.through == 11));
}

#[test]
fn a_reboot_of_the_machine_is_told_apart() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let mut pi = Pi::new("pi-1", 2);
    pi.started = 5_000;
    let changes = join(&mut fleet, &mut pi, 30_000);
    let Change::Restarted { machine, uptime, .. } = changes[0] else { panic!("{changes:?}") };
    assert_eq!((machine, uptime), (Some(true), 25_000));
    assert_eq!(changes[0].sentence(), "pi-1 rebooted.");
}

#[test]
fn boots_are_bounded_and_a_forgotten_one_makes_no_news() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    pi.dropped = 3;
    join(&mut fleet, &mut pi, 1_000);
    let captured = pi.vitals(2_000);
    live(&mut fleet, at(2_000), &pi.name, &captured);
    for boot in 2..=20 {
        let mut next = pi.restarted(boot);
        next.dropped = 1;
        join(&mut fleet, &mut next, u64::from(boot) * 10_000);
    }
    let record = fleet.records().remove(0);
    assert_eq!(record.boots.len(), MAX_BOOTS);
    assert_eq!(record.running, Some(20));
    assert_eq!(record.retired, (1..=12).collect::<Vec<u32>>());
    assert_eq!(fleet.node(&pi.name).unwrap().dropped(), 3 + 19);
    // The store finds the row a double; here it must not pass for a new start.
    let admitted = live(&mut fleet, at(300_000), &pi.name, &captured);
    assert!(admitted.changes.is_empty() && !admitted.live);
    assert_eq!(fleet.admit(at(300_000), &pi.name, &captured, true), Admission::Double);
    assert_eq!(fleet.node(&pi.name).unwrap().running(), Some(20));
    assert_eq!(fleet.node(&pi.name).unwrap().dropped(), 3 + 19);
    assert_eq!(fleet.dropped(), 3 + 19);
}

#[test]
fn what_all_have_lost_is_the_sum_of_what_each_has() {
    let mut fleet = Fleet::new(at(0));
    let (mut one, mut two) = (Pi::new("pi-1", 1), Pi::new("pi-2", 1));
    (one.dropped, two.dropped) = (3, 5);
    join(&mut fleet, &mut one, 1_000);
    join(&mut fleet, &mut two, 1_000);
    assert_eq!(fleet.dropped(), 8);
    let other = name("pi-3");
    assert!(fleet.rename(&two.name, &other));
    assert_eq!(fleet.dropped(), 8, "under another name they are lost all the same");
    let records = fleet.records();
    let mut restored = Fleet::new(at(0));
    // Twice the same is once.
    for record in records.iter().chain(&records) {
        restored.restore(record.clone());
    }
    assert_eq!(restored.dropped(), 8);
    assert!(restored.forget(&other) && !restored.forget(&other));
    assert_eq!(restored.dropped(), 3);
}

#[test]
fn a_boot_that_was_first_heard_in_a_replay_becomes_the_running_one() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    let spooled = pi.vitals(1_000);
    assert_eq!(kinds(&late(&mut fleet, at(5_000), &pi.name, &spooled).changes), ["joined"]);
    let admitted = live(&mut fleet, at(6_000), &pi.name.clone(), &pi.vitals(6_000));
    assert_eq!(kinds(&admitted.changes), ["mood_changed"]);
    assert_eq!(fleet.node(&pi.name).unwrap().running(), Some(1));
}
