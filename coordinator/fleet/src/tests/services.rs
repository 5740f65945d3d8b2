//! Watched units, and the folder in which a node keeps what it knows.

use super::{Pi, at, join, live};
use crate::{Change, Fleet};
use frames::Service;
use frames::ServiceState::{self, Active, Failed, Inactive};

/// What the fleet tells of what a node says.
fn told(fleet: &mut Fleet, pi: &mut Pi, mono: u64, units: &[(&str, ServiceState)]) -> Vec<String> {
    let body = pi.services(mono, units);
    let admitted = live(fleet, at(mono), &pi.name.clone(), &body);
    admitted.changes.iter().map(Change::sentence).collect()
}

#[test]
fn a_unit_is_told_when_it_changes() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let nginx = |state| [("nginx.service", state)];
    assert_eq!(told(&mut fleet, &mut pi, 2_000, &nginx(Active)), ["nginx.service on pi-1 is active."]);
    assert!(told(&mut fleet, &mut pi, 3_000, &nginx(Active)).is_empty());
    let failed = told(&mut fleet, &mut pi, 4_000, &nginx(Failed));
    assert_eq!(failed, ["nginx.service on pi-1 is failed (was active)."]);
}

#[test]
fn where_a_node_keeps_what_it_knows_is_told_unless_it_is_on_its_disk() {
    let mut fleet = Fleet::new(at(0));
    let mut pi = Pi::new("pi-1", 1);
    join(&mut fleet, &mut pi, 1_000);
    let data = |state| [(Service::DATA_FOLDER, state)];
    assert!(told(&mut fleet, &mut pi, 2_000, &data(Active)).is_empty(), "as it should be");
    assert!(fleet.node(&pi.name).unwrap().services().is_empty());
    let memory = told(&mut fleet, &mut pi, 3_000, &data(Inactive));
    assert_eq!(memory.len(), 1);
    assert!(
        memory[0].starts_with("pi-1 keeps what it knows in memory, or in a layer over a read-only system"),
        "{memory:?}"
    );
    // After another start of its agent that is no news.
    let mut again = pi.restarted(2);
    join(&mut fleet, &mut again, 4_000);
    assert!(told(&mut fleet, &mut again, 5_000, &data(Inactive)).is_empty());
    assert_eq!(fleet.node(&pi.name).unwrap().services()[0].state, Inactive);
    let full = told(&mut fleet, &mut again, 6_000, &data(Failed));
    assert!(full[0].starts_with("pi-1 can't write into its data folder"), "{full:?}");
    let well = told(&mut fleet, &mut again, 7_000, &data(Active));
    assert_eq!(well, ["pi-1 keeps what it knows on its disk again."]);
    assert!(fleet.node(&pi.name).unwrap().services().is_empty());
}
