//! Row 10 of the threat table, at the coordinator: a full disk under the
//! store, and a death at any write.

use crate::faults_place::{Place, accepted};
use crate::faults_tools::{Tmpfs, equipped, tampered};
use crate::harness::{eventually, secs};

#[test]
fn row_10_a_full_disk_under_the_store_is_shown_and_frames_stay_with_their_nodes() {
    if !equipped(&["mount"]) {
        return;
    }
    let mut place = Place::idle(&[]);
    let disk = Tmpfs::mount(&place.data(), "24m");
    place.start();
    place.nodes(&["pi-1", "pi-2", "pi-3"]);
    accepted(&place, 9);
    disk.fill();
    let coordinator = place.coordinator();
    let status = eventually("the trouble is shown", secs(60), || {
        let status = coordinator.get("/api/v1/status");
        (!status["degraded"].is_null()).then_some(status)
    });
    let why = status["degraded"].as_str().expect("words").to_owned();
    assert!(why.contains("full"), "{why}");
    let ready = ureq::get(format!("{}/readyz", coordinator.ready.http)).call();
    assert!(matches!(ready, Err(ureq::Error::StatusCode(503))), "{ready:?}");
    let healthy = ureq::get(format!("{}/healthz", coordinator.ready.http)).call();
    assert!(healthy.is_ok(), "it lives: {healthy:?}");

    // While it lasts nothing is stored, and nothing is taken for stored.
    let stored = coordinator.count("stored");
    std::thread::sleep(secs(6));
    let status = coordinator.get("/api/v1/status");
    assert_eq!(status["stored"].as_u64(), Some(stored), "{status}");
    assert!(status["pending"].as_u64() >= Some(9), "{status}");
    // Live views go on meanwhile.
    assert_eq!(coordinator.node("pi-1").expect("known")["silent"], false);
    // An agent that ends now has got no answer for what it said since, and keeps it.
    let said = place.stop_agent("pi-1");
    assert!(place.undecided("pi-1") >= 6, "{said:?}");

    disk.free();
    let coordinator = place.coordinator();
    eventually("all is well again", secs(30), || {
        let status = coordinator.get("/api/v1/status");
        (status["degraded"].is_null() && status["stored"].as_u64() > Some(stored)).then_some(())
    });
    assert!(ureq::get(format!("{}/readyz", coordinator.ready.http)).call().is_ok());
    assert_eq!(place.coordinator_log().matches("the store takes nothing").count(), 1);
    place.agent("pi-1");
    place.account();
    drop(disk);
}

#[test]
fn row_10_a_coordinator_killed_while_its_disk_is_full_loses_nothing() {
    if !equipped(&["mount"]) {
        return;
    }
    let mut place = Place::idle(&[]);
    let disk = Tmpfs::mount(&place.data(), "24m");
    place.start();
    place.keep_port();
    place.nodes(&["pi-1", "pi-2"]);
    accepted(&place, 6);
    disk.fill();
    let trouble = || (!place.coordinator().get("/api/v1/status")["degraded"].is_null()).then_some(());
    eventually("the trouble is shown", secs(60), trouble);
    std::thread::sleep(secs(5));
    place.kill();
    disk.free();
    place.start();
    place.account();
    drop(disk);
}

#[test]
fn row_10_a_coordinator_that_dies_at_a_write_loses_nothing_that_it_acknowledged() {
    if !equipped(&["strace"]) {
        return;
    }
    let mut place = Place::new();
    place.nodes(&["pi-1", "pi-2", "pi-3"]);
    accepted(&place, 6);
    place.stop();
    for (call, when) in [("pwrite64", 12), ("pwrite64", 31), ("pwrite64", 70), ("fsync", 6), ("fsync", 9)] {
        place.start_as(tampered("goldentooth", call, "signal=KILL", &when.to_string()));
        let died = || place.coordinator().try_get("/api/v1/status").is_none().then_some(());
        eventually(&format!("it dies at {call} {when}"), secs(60), died);
        place.bury();
    }
    // Nor while it opens the store: the thread that does has its own count.
    for (call, when) in [("pwrite64", "1"), ("pwrite64", "4"), ("fsync", "2")] {
        place.dies_at_start(tampered("goldentooth", call, "signal=KILL", when));
    }
    place.start();
    place.account();
}

#[test]
fn row_10_a_store_whose_writes_fail_for_a_while_has_everything_afterwards() {
    if !equipped(&["strace"]) {
        return;
    }
    for (call, error, when) in
        [("pwrite64", "ENOSPC", "20..24"), ("pwrite64", "EIO", "30"), ("fsync", "EIO", "7..9")]
    {
        let mut place = Place::new();
        place.nodes(&["pi-1", "pi-2"]);
        accepted(&place, 4);
        place.stop();
        place.start_as(tampered("goldentooth", call, &format!("error={error}"), when));
        eventually("the trouble has passed", secs(60), || {
            let log = place.coordinator_log();
            (log.contains("the store takes nothing") && log.contains("the store takes frames again"))
                .then_some(())
        });
        place.account();
    }
}
