//! A board that changes its card or its name, and a name that changes its board.

use super::{Pi, at, join, kinds, name};
use crate::{Change, Fleet};

#[test]
fn a_board_under_another_name_is_recognised_once() {
    let mut fleet = Fleet::new(at(0));
    join(&mut fleet, &mut Pi::new("old", 1), 1_000);
    let mut moved = Pi { serial: "old", ..Pi::new("new", 2) };
    let changes = join(&mut fleet, &mut moved, 2_000);
    let told = Change::BoardRenamed { node: name("new"), before: name("old"), serial: "old".into() };
    assert_eq!(changes.iter().filter(|change| **change == told).count(), 1, "{changes:?}");
    assert!(!kinds(&join(&mut fleet, &mut moved, 3_000)).contains(&"board_renamed"));
    // Another board is nobody's.
    assert!(!kinds(&join(&mut fleet, &mut Pi::new("other", 3), 4_000)).contains(&"board_renamed"));
}

#[test]
fn simulated_boards_are_nobodys() {
    let mut fleet = Fleet::new(at(0));
    join(&mut fleet, &mut Pi::new("pi-1", 1), 1_000);
    let mut simulated = Pi { serial: "pi-1", ..Pi::new("sim-01", 2) };
    assert!(!kinds(&join(&mut fleet, &mut simulated, 2_000)).contains(&"board_renamed"));
}

#[test]
fn a_new_enrolment_after_a_reboot_of_the_same_board_is_a_new_card() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    fleet.enrolled(&pi.name, 1);
    // The same file after a reboot is no other card.
    let mut rebooted = Pi { kernel: [7; 16], ..pi.restarted(2) };
    fleet.enrolled(&pi.name, 1);
    assert_eq!(kinds(&join(&mut fleet, &mut rebooted, 2_000)), ["restarted"]);
    // Nor is a new file for the agent that is there.
    fleet.enrolled(&pi.name, 2);
    assert_eq!(kinds(&join(&mut fleet, &mut rebooted.restarted(3), 3_000)), ["restarted"]);
    // Both together are.
    fleet.enrolled(&pi.name, 3);
    let mut fresh = Pi { kernel: [8; 16], ..rebooted.restarted(4) };
    assert_eq!(kinds(&join(&mut fleet, &mut fresh, 4_000)), ["restarted", "card_changed"]);
    // And another board under the name is just that.
    fleet.enrolled(&pi.name, 4);
    let mut other = Pi { kernel: [9; 16], serial: "other", ..fresh.restarted(5) };
    assert_eq!(kinds(&join(&mut fleet, &mut other, 5_000)), ["restarted", "hardware_changed"]);
}

#[test]
fn a_renamed_node_is_the_same_node() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    join(&mut fleet, &mut Pi::new("pi-2", 9), 1_000);
    assert!(!fleet.rename(&pi.name, &name("pi-2")), "taken");
    assert!(!fleet.rename(&name("nobody"), &name("attic")));
    assert!(fleet.rename(&pi.name, &name("attic")));
    assert!(fleet.node(&pi.name).is_none());
    assert_eq!(fleet.node(&name("attic")).unwrap().first_seen(), at(1_000).unix);
    assert!(fleet.records().iter().any(|record| record.name == name("attic")));
    let mut renamed = Pi { name: name("attic"), ..pi.restarted(2) };
    assert_eq!(kinds(&join(&mut fleet, &mut renamed, 2_000)), ["restarted"], "neither new nor another board");
}
