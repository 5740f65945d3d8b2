//! The spool drains to empty, whatever came before: an overflow, a refused
//! frame, a coordinator of yesterday, a new enrolment.

use crate::faults_driven::Driven;
use crate::faults_place::{Place, accepted, stored, whole_at_last};
use crate::faults_tools::sh;
use crate::harness::{eventually, secs};
use crate::trust_place::report;
use frames::{Frame, VERSION};
use node_agent::say::disk::Log;
use node_agent::say::folder::Folder;
use node_agent::say::spool::Kept;

#[test]
fn a_spool_drains_after_an_overflow_and_what_is_missing_is_told() {
    let mut place = Place::new();
    let out = place.coordinator().enroll("pi", place.scratch.path());
    let broker = place.coordinator().broker().to_owned();
    // In memory alone there is room for 2,240.
    let mut node = Driven::new(&out, None, 1);
    node.sample(3_000);
    // Among them the greeting, which is no row.
    let lost = u64::from(node.dropped());
    assert!((760..=900).contains(&lost), "{lost}");
    node.link(&broker);
    node.sample(1);
    node.settle(&broker, secs(60));
    node.sample(1);
    node.farewell();
    node.settle(&broker, secs(60));
    assert_eq!(place.coordinator().count("dropped"), lost);
    assert_eq!(place.coordinator().events("spool_dropped").len(), 1);
    let samples = node.samples;
    drop(node);
    place.stop();
    let node = &stored(&place.data())["pi"];
    assert_eq!(node.rows.len() as u64, samples - (lost - 1), "all that there was room for");
    let [boot] = &node.record.boots[..] else { panic!("{:?}", node.record.boots) };
    assert!(boot.runs.is_empty(), "{boot:?}");
    assert_eq!(u64::from(boot.dropped), lost);
}

#[test]
fn a_spool_drains_after_frames_that_are_refused_for_good() {
    const EARLIER: u32 = 77;
    let mut place = Place::new();
    place.enroll("pi", "127.0.0.1", &[]);
    // What an earlier start has left: words, among which some are none.
    let folder = place.folder("pi");
    let mut log = Log::open(Folder::new(&folder), EARLIER);
    let mut words = Frame::new();
    report(1_000).encode(&mut words).expect("short enough");
    let bodies = (1..=90).map(|sequence| Kept {
        version: VERSION,
        boot: EARLIER,
        sequence,
        say: if sequence % 30 == 15 { &[250, 1, 2] } else { &words },
    });
    let (written, done) = log.append(bodies);
    done.expect("a disk with room");
    assert_eq!(written, 90);
    drop(log);
    assert_eq!(place.kept("pi"), 1);

    place.agent("pi");
    place.drained("pi");
    let refused = place.coordinator().get("/api/v1/status")["refused"].clone();
    place.settle();
    place.stop();
    let said = place.said("pi");
    let node = &stored(&place.data())["pi"];
    let earlier: Vec<u32> =
        node.rows.iter().filter(|row| row.boot == EARLIER).map(|row| row.sequence).collect();
    let good: Vec<u32> = (1..=90).filter(|sequence| sequence % 30 != 15).collect();
    assert_eq!(earlier, good, "all that can be read; refused: {refused}");
    assert_eq!((node.rows.len() - earlier.len()) as u64, said.samples);
    assert_eq!(refused["malformed"], 3, "{refused}");
}

#[test]
fn a_spool_drains_to_a_coordinator_restored_from_yesterdays_copy() {
    let mut place = Place::new();
    place.nodes(&["pi-1", "pi-2"]);
    accepted(&place, 6);
    place.stop();
    let (data, copy) = (place.data(), place.scratch.join("yesterday"));
    sh("cp", ["-a".as_ref(), data.as_os_str(), copy.as_os_str()]);
    place.start();
    // Much is decided that the copy knows nothing of.
    accepted(&place, 24);
    place.kill();
    std::fs::remove_dir_all(&data).expect("removed");
    sh("cp", ["-a".as_ref(), copy.as_os_str(), data.as_os_str()]);
    place.start();
    accepted(&place, 12);
    // Acknowledgements are believed, though the copy's counter was behind.
    for name in ["pi-1", "pi-2"] {
        place.drained(name);
    }
    place.settle();
    let silent = place.coordinator().events("silent");
    let farewells = silent.iter().filter(|event| event["payload"]["reason"] == "farewell").count();
    assert_eq!(silent.len(), farewells, "nobody is missed: {silent:?}");
    place.stop();
    whole_at_last(&place.data());
}

#[test]
fn a_spool_drains_after_a_new_enrolment_and_what_was_said_before_it_counts() {
    let mut place = Place::new();
    place.nodes(&["pi"]);
    accepted(&place, 4);
    place.kill();
    std::thread::sleep(secs(6));
    let said = place.stop_agent("pi");
    assert!(place.undecided("pi") >= 4, "{said:?}");
    place.start();
    place.enroll("pi", "127.0.0.1", &[]);
    place.agent("pi");
    place.drained("pi");
    // Enrolled again while it runs: the old file is void at once …
    place.stop_agent("pi");
    place.enroll("pi", "127.0.0.1", &[]);
    place.agent("pi");
    let node = || {
        let node = place.coordinator().node("pi")?;
        (node["silent"] == false).then_some(())
    };
    eventually("it is back", secs(30), node);
    let stored = place.account();
    assert_eq!(stored["pi"].record.boots.len(), 3);
}
