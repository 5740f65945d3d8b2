//! Brokers and coordinators that die by SIGKILL while frames flow.

use crate::faults_driven::Driven;
use crate::faults_place::{Place, accepted, stored};
use crate::harness::{Mosquitto, Scratch, secs};
use std::time::{Duration, Instant};

/// Reports that each driven node has waiting: two hours at a sample a second.
const BACKLOG: u64 = 4_000;

/// Lets a few agents drain a long backlog, with a disaster every thousand
/// frames, and counts.
fn under_load(place: &mut Place, disasters: u64, mut disaster: impl FnMut(&mut Place)) {
    let mut nodes: Vec<Driven> = Vec::new();
    for (number, name) in ["one", "two", "three"].into_iter().enumerate() {
        let out = place.coordinator().enroll(name, place.scratch.path());
        let folder = place.scratch.join(&format!("{name}.spool"));
        let mut node = Driven::new(&out, Some(&folder), number as u32 + 1);
        node.sample(BACKLOG);
        nodes.push(node);
    }
    let mut broker = place.coordinator().broker().to_owned();
    let mut seen = 0;
    for round in 0..=disasters {
        let patience = Instant::now() + Duration::from_mins(2);
        loop {
            for node in &mut nodes {
                node.link(&broker);
                node.step(200);
            }
            std::thread::sleep(Duration::from_millis(5));
            let all = nodes.iter().all(Driven::is_settled);
            if all && round == disasters {
                break;
            }
            if round < disasters && place.coordinator().count("accepted") >= seen + 1_500 {
                break;
            }
            assert!(Instant::now() < patience, "it goes on: {:?}", place.coordinator().get("/api/v1/status"));
        }
        if round < disasters {
            // Some of it is under way right now: to the broker, to the store, or back.
            disaster(place);
            place.coordinator().broker().clone_into(&mut broker);
            seen = place.coordinator().count("accepted");
        }
    }
    for node in &mut nodes {
        node.farewell();
        node.settle(&broker, secs(60));
        assert_eq!(node.dropped(), 0);
    }
    let samples: Vec<u64> = nodes.iter().map(|node| node.samples).collect();
    drop(nodes);
    place.stop();
    let stored = stored(&place.data());
    for (name, samples) in ["one", "three", "two"].into_iter().zip([samples[0], samples[2], samples[1]]) {
        let node = &stored[name];
        assert_eq!(node.rows.len() as u64, samples, "{name}: none lost, none twice");
        let [boot] = &node.record.boots[..] else { panic!("{name}: {:?}", node.record.boots) };
        assert!(boot.runs.is_empty() && boot.dropped == 0, "{name}: {boot:?}");
    }
}

#[test]
fn a_coordinator_killed_while_a_backlog_comes_loses_nothing_and_stores_nothing_twice() {
    let mut place = Place::new();
    under_load(&mut place, 3, |place| {
        place.kill();
        place.start();
    });
}

#[test]
fn mosquitto_killed_while_a_backlog_comes_loses_nothing_and_nothing_is_stored_twice() {
    let scratch = Scratch::new();
    let mut mosquitto = Mosquitto::start(&scratch, "");
    let mut place = Place::idle(&["--broker", &mosquitto.url()]);
    place.start();
    under_load(&mut place, 3, |place| {
        mosquitto.kill();
        std::thread::sleep(secs(1));
        mosquitto.restart();
        let linked = || (place.coordinator().get("/api/v1/status")["connected"] == true).then_some(());
        crate::harness::eventually("the coordinator's link is up again", secs(40), linked);
    });
}

#[test]
fn a_coordinator_killed_behind_mosquitto_loses_nothing_that_mosquitto_had_taken() {
    let scratch = Scratch::new();
    let mosquitto = Mosquitto::start(&scratch, "");
    let mut place = Place::idle(&["--broker", &mosquitto.url()]);
    place.start();
    under_load(&mut place, 2, |place| {
        place.kill();
        // Mosquitto says thanks for what nobody hears.
        std::thread::sleep(secs(1));
        place.start();
    });
}

#[test]
fn real_agents_live_through_the_death_of_their_coordinator() {
    let mut place = Place::new();
    place.nodes(&["pi-1", "pi-2", "pi-3"]);
    for round in 1..=3 {
        accepted(&place, 6);
        place.kill();
        // Once so long that what is undecided goes to the disk.
        std::thread::sleep(secs(if round == 2 { 8 } else { 1 }));
        place.start();
    }
    for name in ["pi-1", "pi-2", "pi-3"] {
        place.drained(name);
    }
    let silent = place.coordinator().events("silent");
    assert!(silent.is_empty(), "nobody fell silent, only the coordinator did: {silent:?}");
    place.account();
}

#[test]
fn real_agents_live_through_the_death_of_mosquitto_and_none_is_called_silent() {
    let scratch = Scratch::new();
    let mut mosquitto = Mosquitto::start(&scratch, "");
    let mut place = Place::idle(&["--broker", &mosquitto.url()]);
    place.start();
    place.nodes(&["pi-1", "pi-2", "pi-3"]);
    accepted(&place, 9);
    mosquitto.kill();
    std::thread::sleep(secs(6));
    mosquitto.restart();
    let before = place.coordinator().count("accepted");
    accepted(&place, before + 9);
    let silent = place.coordinator().events("silent");
    assert!(silent.is_empty(), "the broker was away, not they: {silent:?}");
    place.account();
}
