//! When a frame was made.

use super::{EPOCH, Pi, at, join, late, live};
use crate::{Dated, Fleet, Now};
use frames::Clock;

fn row_at(admitted: &crate::Admitted) -> Dated {
    admitted.row.as_ref().unwrap().at
}

#[test]
fn a_spool_of_the_running_boot_lands_in_the_right_minutes() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    // Cut off for ten minutes.
    let spool: Vec<_> = (0..120).map(|i| pi.vitals(6_000 + i * 5_000)).collect();
    let reconnected = 610_000;
    live(&mut fleet, at(reconnected), &pi.name.clone(), &pi.hello(reconnected));
    for (i, body) in spool.iter().enumerate() {
        let dated = row_at(&late(&mut fleet, at(reconnected + 200), &pi.name, body)).known().unwrap();
        assert!((dated - (EPOCH + 6_000 + i as i64 * 5_000)).abs() <= 1_000, "{i}: {dated}");
    }
    // And their moods are history: the node is what it said last.
    assert_eq!(fleet.node(&pi.name).unwrap().last_seen(at(620_000)), Some(EPOCH + reconnected as i64));
}

#[test]
fn delays_make_an_anchor_no_worse() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    for (i, delay) in [0, 4_000, 900, 30_000, 50].into_iter().enumerate() {
        let made = 11_000 + i as u64 * 40_000;
        let body = pi.vitals(made);
        let dated = row_at(&live(&mut fleet, at(made + delay), &pi.name, &body)).known().unwrap();
        assert!((dated - (EPOCH + made as i64)).abs() <= 300, "{delay}: {}", dated - EPOCH - made as i64);
    }
}

#[test]
fn a_slow_clock_is_followed_for_days() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    let mut mono = 1_000;
    // Its oscillator loses 500 ppm: 43 s a day.
    for i in 0..60 * 24 * 3 {
        mono = 1_000 + i * 60_030;
        let body = pi.vitals(1_000 + i * 60_000);
        let dated = row_at(&live(&mut fleet, at(mono), &pi.name, &body)).known().unwrap();
        assert!((dated - (EPOCH + mono as i64)).abs() <= 200);
    }
    assert!(mono > 3 * 86_400_000);
}

#[test]
fn an_uptime_that_jumped_is_believed_after_a_trial() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    // A virtual machine is set back to a snapshot of an hour ago, agent and all.
    pi.started += 3_500_000;
    let mut wrong = 0;
    for i in 0..10 {
        let mono = 11_000 + i * 10_000;
        let body = pi.vitals(mono);
        let dated = row_at(&live(&mut fleet, at(mono), &pi.name, &body)).known().unwrap();
        wrong += u32::from((dated - (EPOCH + mono as i64)).abs() > 1_000);
    }
    assert_eq!(wrong, 2);
}

#[test]
fn a_queue_of_old_live_frames_moves_no_anchor() {
    // An outside broker kept an hour of live frames for a coordinator that was away.
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let record = fleet.records().remove(0);
    let queue: Vec<_> = (1..360).map(|i| (i * 10_000, pi.vitals(1_000 + i * 10_000))).collect();
    let now = Now { mono: 500, unix: EPOCH + 3_601_000, trusted: true };
    let mut fleet = Fleet::new(now);
    fleet.restore(record);
    for (made, body) in &queue {
        let dated = row_at(&live(&mut fleet, now, &pi.name, body)).known().unwrap();
        assert!((dated - (EPOCH + 1_000 + *made as i64)).abs() <= 200);
    }
}

#[test]
fn an_earlier_boot_on_the_same_kernel_shares_its_anchor() {
    let mut fleet = Fleet::new(at(0));
    let mut earlier = Pi::new("pi-1", 1);
    earlier.kernel = [9; 16];
    let unheard = (earlier.hello(500_000), earlier.vitals(510_000));
    let mut pi = earlier.restarted(2);
    join(&mut fleet, &mut pi, 600_000);
    late(&mut fleet, at(601_000), &pi.name, &unheard.0);
    let dated = row_at(&late(&mut fleet, at(601_000), &pi.name, &unheard.1)).known().unwrap();
    assert!((dated - (EPOCH + 510_000)).abs() <= 200);
}

#[test]
fn an_earlier_boot_is_dated_by_its_own_clock_only_if_that_was_trusted() {
    for trusted in [true, false] {
        let mut fleet = Fleet::new(at(0));
        let mut earlier = Pi::new("pi-1", 1);
        earlier.clock = Some(Clock { offset: EPOCH - 7_200_000, trusted });
        earlier.started = -7_200_000;
        let unheard = (earlier.hello(5_000), earlier.vitals(10_000));
        let mut pi = Pi::new("pi-1", 2);
        join(&mut fleet, &mut pi, 600_000);
        late(&mut fleet, at(601_000), &pi.name, &unheard.0);
        let dated = row_at(&late(&mut fleet, at(601_000), &pi.name, &unheard.1));
        if trusted {
            assert_eq!(dated, Dated::At(EPOCH + 10_000));
        } else {
            // Before the running boot was first heard.
            assert_eq!(dated, Dated::Before(EPOCH + 600_000));
        }
    }
}

#[test]
fn a_clock_in_the_future_is_not_believed() {
    let mut fleet = Fleet::new(at(0));
    let mut earlier = Pi::new("pi-1", 1);
    earlier.clock = Some(Clock { offset: EPOCH + 86_400_000, trusted: true });
    let unheard = (earlier.hello(5_000), earlier.vitals(10_000));
    let mut pi = Pi::new("pi-1", 2);
    join(&mut fleet, &mut pi, 600_000);
    late(&mut fleet, at(601_000), &pi.name, &unheard.0);
    assert_eq!(row_at(&late(&mut fleet, at(601_000), &pi.name, &unheard.1)).known(), None);
}

#[test]
fn after_a_restart_a_replay_may_come_before_any_live_frame() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let record = fleet.records().remove(0);
    let spooled = pi.vitals(100_000);
    for trusted in [true, false] {
        let now = Now { mono: 70, unix: EPOCH + 200_000, trusted };
        let mut fleet = Fleet::new(now);
        fleet.restore(record.clone());
        let dated = row_at(&late(&mut fleet, now, &pi.name, &spooled));
        // What a trusted clock has seen is of no use to one that may be wrong.
        let wanted = if trusted { Dated::At(EPOCH + 100_000) } else { Dated::Before(EPOCH + 200_000) };
        assert_eq!(dated, wanted);
    }
}

#[test]
fn a_coordinator_without_a_clock_leans_on_a_node_that_has_one() {
    let now = Now { mono: 1_000, unix: 1_000, trusted: false };
    let mut fleet = Fleet::new(now);
    let mut pi = Pi::new("pi-1", 1);
    pi.clock = Some(Clock { offset: EPOCH + pi.started, trusted: true });
    live(&mut fleet, now, &pi.name.clone(), &pi.hello(1_000));
    assert_eq!(row_at(&live(&mut fleet, now, &pi.name.clone(), &pi.vitals(1_000))), Dated::At(EPOCH + 1_000));
}
