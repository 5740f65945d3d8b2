//! Row 10 of the threat table, on a node: a full disk, a card that can only be
//! read, and a death at any write.

use crate::faults_place::{Place, accepted, stored};
use crate::faults_tools::{Overlay, Tmpfs, equipped, tampered};
use crate::harness::{eventually, secs};

const FAILS: &str = "the disk takes nothing";
const WORKS_AGAIN: &str = "the disk takes what is undecided again";

/// A node with its folder on a file system of its own.
fn alone(size: &str, how: &str) -> (Place, Tmpfs) {
    let mut place = Place::new();
    let disk = Tmpfs::mount(&place.folder("pi"), size);
    // Before it starts: a file that is open to be written forbids it.
    disk.remount(how);
    place.nodes(&["pi"]);
    accepted(&place, 4);
    (place, disk)
}

#[test]
fn row_10_an_agent_goes_on_with_a_full_disk_says_so_once_and_loses_nothing() {
    if !equipped(&["mount"]) {
        return;
    }
    let (mut place, disk) = alone("64k", "rw");
    disk.fill();
    place.kill();
    eventually("it tells", secs(30), || place.log("pi").contains(FAILS).then_some(()));
    // Two more tries.
    assert!(place.running("pi").lives(secs(7)), "it goes on");
    assert_eq!(place.log("pi").matches(FAILS).count(), 1, "{}", place.log("pi"));
    assert_eq!(place.kept("pi"), 0, "nothing half written stays");
    place.start();
    // The disk stays full until all is said, from memory: many at once.
    let mut last = place.coordinator().count("accepted");
    eventually("the backlog comes", secs(60), || {
        let before = std::mem::replace(&mut last, place.coordinator().count("accepted"));
        (last >= before + 8).then_some(())
    });
    std::thread::sleep(secs(2));
    // What was under way when the link broke is said again after 90 s at the
    // latest; it may wait on the disk by now.
    assert_eq!(place.log("pi").matches(FAILS).count(), 1, "{}", place.log("pi"));
    disk.free();
    place.settle();
    place.account();
    drop(disk);
}

#[test]
fn row_10_an_agent_goes_on_with_a_read_only_card_and_writes_once_it_can_again() {
    if !equipped(&["mount"]) {
        return;
    }
    let (mut place, disk) = alone("1m", "ro");
    let keeps = |place: &Place| place.coordinator().get("/api/v1/nodes/pi")["keeps"].clone();
    eventually("the coordinator shows it", secs(20), || (keeps(&place) == "nowhere").then_some(()));
    place.kill();
    eventually("it tells", secs(30), || place.log("pi").contains(FAILS).then_some(()));
    assert!(place.running("pi").lives(secs(4)), "it goes on");
    assert_eq!(place.log("pi").matches(FAILS).count(), 1, "{}", place.log("pi"));
    disk.remount("rw");
    eventually("it tells", secs(30), || place.log("pi").contains(WORKS_AGAIN).then_some(()));
    assert!(place.kept("pi") > 0);
    // What lies on the disk outlives the agent.
    let said = place.stop_agent("pi");
    assert!(place.undecided("pi") >= 8, "{said:?}");
    place.start();
    place.agent("pi");
    place.drained("pi");
    // That folder is a tmpfs: it takes what is written, and a reboot would take it.
    eventually("the coordinator shows it", secs(20), || (keeps(&place) == "memory").then_some(()));
    let stored = place.account();
    assert_eq!(stored["pi"].record.boots.len(), 2);
    drop(disk);
}

#[test]
fn an_agent_on_a_read_only_system_goes_on_says_so_and_is_shown_so() {
    if !equipped(&["mount"]) {
        return;
    }
    let mut place = Place::new();
    let Some(overlay) = Overlay::mount(&place.folder("pi")) else { return };
    place.nodes(&["pi"]);
    accepted(&place, 4);
    assert!(place.log("pi").contains("lies in memory (a read-only system's overlay"), "{}", place.log("pi"));
    let keeps = |place: &Place| place.coordinator().get("/api/v1/nodes/pi")["keeps"].clone();
    eventually("the coordinator shows it", secs(20), || (keeps(&place) == "memory").then_some(()));
    let events = place.coordinator().get("/api/v1/events?kind=service_changed");
    assert!(
        events
            .to_string()
            .contains("pi keeps what it knows in memory, or in a layer over a read-only system"),
        "{events}"
    );
    // It keeps what it can't say there, and loses nothing but by a reboot.
    place.kill();
    eventually("it is kept", secs(30), || (place.kept("pi") > 0).then_some(()));
    let said = place.stop_agent("pi");
    assert!(place.undecided("pi") > 0, "{said:?}");
    place.start();
    place.agent("pi");
    place.drained("pi");
    place.settle();
    assert_eq!(keeps(&place), "memory", "still so");
    place.account();
    drop(overlay);
}

#[test]
fn row_10_an_agent_that_dies_at_a_write_loses_nothing_that_was_acknowledged_or_kept() {
    if !equipped(&["strace"]) {
        return;
    }
    let mut place = Place::new();
    let deaths = [("fdatasync", 1), ("fdatasync", 2), ("fsync", 1), ("unlink", 1)];
    for (number, (call, when)) in deaths.iter().enumerate() {
        let name = format!("pi-{number}");
        place.enroll(&name, "127.0.0.1", &["--log", "error"]);
        place.agent_as(tampered("goldentooth-node", call, "signal=KILL", &when.to_string()), &name);
    }
    let names: Vec<String> = (0..deaths.len()).map(|number| format!("pi-{number}")).collect();
    accepted(&place, 3 * names.len() as u64);
    place.kill();
    let known = stored(&place.data());
    let before: Vec<u64> = names.iter().map(|name| known[name].rows.len() as u64).collect();
    place.start();
    accepted(&place, names.len() as u64);
    place.kill();
    std::thread::sleep(secs(8));
    place.start();
    let mut kept = Vec::new();
    for (name, (call, when)) in names.iter().zip(deaths) {
        eventually(&format!("{name} dies at {call} {when}"), secs(100), || {
            (!place.running(name).lives(secs(0))).then_some(())
        });
        place.kill_agent(name);
        kept.push(place.kept_numbers(name));
        // It starts again without harm, and says what it had kept.
        place.agent(name);
    }
    for name in &names {
        place.drained(name);
    }
    place.settle();
    place.stop();
    let stored = stored(&place.data());
    for ((name, kept), before) in names.iter().zip(kept).zip(before) {
        let node = &stored[name];
        assert_eq!(node.record.boots.len(), 2, "{name}: one start more");
        let first = &node.record.boots[0];
        let decided = |number: u32| {
            number <= first.through || first.runs.iter().any(|run| (run.first..=run.last).contains(&number))
        };
        for (boot, number) in kept {
            assert_eq!(boot, first.boot, "{name}");
            assert!(decided(number), "{name} had kept {number}: {first:?}");
        }
        // What was acknowledged before the coordinator died is there.
        assert!(node.rows.len() as u64 >= before, "{name}: {before} were stored before");
        assert_eq!(first.dropped, 0, "{name}");
    }
}

#[test]
fn row_10_an_agent_whose_writes_fail_for_a_while_keeps_them_in_memory_and_in_order() {
    if !equipped(&["strace"]) {
        return;
    }
    let mut place = Place::new();
    for (number, (call, when)) in
        [("fdatasync", "1..2"), ("fdatasync", "2"), ("fsync", "1")].into_iter().enumerate()
    {
        let name = format!("pi-{number}");
        place.enroll(&name, "127.0.0.1", &[]);
        place.agent_as(tampered("goldentooth-node", call, "error=ENOSPC", when), &name);
    }
    accepted(&place, 9);
    place.kill();
    std::thread::sleep(secs(14));
    place.start();
    // Half written, written twice, or only in memory: each sample counts once.
    for number in 0..3 {
        let name = format!("pi-{number}");
        place.drained(&name);
        assert_eq!(place.log(&name).matches(FAILS).count(), 1, "{}", place.log(&name));
        assert_eq!(place.log(&name).matches(WORKS_AGAIN).count(), 1, "{}", place.log(&name));
    }
    place.account();
}
