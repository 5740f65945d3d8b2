//! A backup made while everything runs, and the way back from it.

use crate::faults_place::{Place, accepted, committed, whole_at_last};
use crate::harness::{eventually, run, secs};
use std::path::Path;

fn backup(what: &str, file: &Path, data: &Path) -> Result<String, String> {
    let done = run(
        "goldentooth",
        [what.as_ref(), file.as_os_str(), "--json".as_ref(), "--data".as_ref(), data.as_os_str()],
    );
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if done.status.success() { Ok(words(&done.stdout)) } else { Err(words(&done.stderr)) }
}

#[test]
fn a_coordinator_restored_from_yesterdays_backup_is_believed_and_revives_nothing_old() {
    let mut place = Place::new();
    place.nodes(&["pi-1", "pi-2"]);
    committed(&place, 8);
    let (data, file) = (place.data(), place.scratch.join("yesterday.tar"));
    backup("backup", &file, &data).expect("it is saved while it runs");
    let told = backup("restore", &file, &data).unwrap_err();
    assert!(told.contains("another coordinator"), "{told}");

    // Much is decided that the backup knows nothing of; one is enrolled, and one again.
    accepted(&place, 24);
    place.nodes(&["pi-3"]);
    place.stop_agent("pi-2");
    let old = place.scratch.join("pi-2.old.toml");
    std::fs::copy(place.scratch.join("pi-2.enrolment.toml"), &old).expect("copied");
    place.enroll("pi-2", "127.0.0.1", &[]);
    place.agent("pi-2");
    accepted(&place, 30);
    place.kill();
    let told = backup("restore", &file, &data).expect("it is restored");
    assert!(told.contains("\"kept_keys\":true") && told.contains("\"nodes\":2"), "{told}");
    place.start();
    accepted(&place, 12);
    // Acknowledgements are believed: every spool runs empty.
    for name in ["pi-1", "pi-2", "pi-3"] {
        eventually(name, secs(60), || {
            let node = place.coordinator().node(name)?;
            (node["silent"] == false).then_some(())
        });
        place.drained(name);
    }
    let thief = crate::harness::Forger::from_file(&old);
    assert!(thief.connect(place.coordinator().broker()).is_err(), "what was voided since stays void");
    place.settle();
    place.stop();
    whole_at_last(&place.data());
}
