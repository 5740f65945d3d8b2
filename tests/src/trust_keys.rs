//! Rows 6 and 7 of the threat table: a stolen key, a file used twice.

use crate::harness::{Agent, Forger, Wire, eventually, secs};
use crate::trust_place::{Place, hello, report};
use frames::Leaf;
use node_agent::enrolment::Enrolment;
use std::time::{Duration, Instant};

/// A revoked file must be refused within this.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn row_6_a_stolen_key_is_refused_within_five_seconds_of_enrolling_again() {
    refuses_a_stolen_key(Place::embedded());
}

#[test]
fn row_6_with_mosquitto_it_is_refused_within_five_seconds() {
    refuses_a_stolen_key(Place::mosquitto());
}

fn refuses_a_stolen_key(mut place: Place) {
    let stolen = place.node("pi");
    let mut thief = stolen.connect(&place.broker()).expect("the thief comes in");
    let topic = stolen.topic(Leaf::Frame);
    thief.publish(&topic, stolen.seal(1, 1, 1, &hello(9_000)), false);
    assert_eq!(place.handled(1).accepted, 1);

    let file = place.enroll("pi", "node");
    let since = Instant::now();
    assert!(thief.ends(SOON), "the live session is dropped");
    assert!(stolen.connect(&place.broker()).is_err(), "the old password opens nothing");
    assert!(since.elapsed() < SOON, "it took {:?}", since.elapsed());
    // The key is void by itself: even over the new account's link.
    place.settle();
    let fresh = Forger::from_file(&file);
    let wire = fresh.connect(&place.broker()).expect("the new file comes in");
    wire.publish(&topic, stolen.seal(1, 2, 1, &report(9_020)), false);
    wire.publish(&topic, fresh.seal(2, 1, 1, &hello(9_030)), false);
    let counts = place.handled(3);
    assert_eq!((counts.accepted, counts.refused()), (2, vec![("bad_seal", 1)]));
    assert_eq!(place.told("enrolled", "pi"), 2, "each enrolment stands in the audit");
}

#[test]
fn row_6_where_the_broker_has_no_rules_a_stolen_key_is_refused_all_the_same() {
    let mut place = Place::lawless();
    let stolen = place.node("pi");
    let thief = stolen.connect(&place.broker()).expect("the thief comes in");
    let topic = stolen.topic(Leaf::Frame);
    thief.publish(&topic, stolen.seal(1, 1, 1, &hello(9_000)), false);
    assert_eq!(place.handled(1).accepted, 1);
    place.node("pi");
    thief.publish(&topic, stolen.seal(1, 2, 1, &report(9_020)), false);
    let counts = place.handled(2);
    assert_eq!((counts.accepted, counts.refused()), (1, vec![("bad_seal", 1)]));
}

#[test]
fn row_6_live_frames_of_two_boots_in_turns_raise_the_alarm_and_a_restart_does_not() {
    let mut place = Place::embedded();
    let pi = place.node("pi");
    let wire = pi.connect(&place.broker()).expect("it comes in");
    let began = Instant::now();
    let uptime = || 9_000 + (began.elapsed().as_millis() / 100) as u32;
    let say = |pi: &Forger, boot: u32, sequence: u32| {
        let frame =
            pi.seal(boot, sequence, 1, &if sequence == 1 { hello(uptime()) } else { report(uptime()) });
        wire.publish(&pi.topic(Leaf::Frame), frame, false);
        std::thread::sleep(Duration::from_millis(2_500));
    };
    let (a, b) = (70, 71);
    say(&pi, a, 1);
    say(&pi, a, 2);
    say(&pi, b, 1);
    say(&pi, b, 2);
    assert_eq!(place.told("restarted", "pi"), 1);
    assert_eq!(place.told("two_boots_alternate", "pi"), 0, "A, B is a restart");
    say(&pi, a, 3);
    assert_eq!(place.told("two_boots_alternate", "pi"), 1, "A, B, A is an alarm");
    say(&pi, b, 3);
    say(&pi, a, 4);
    assert_eq!(place.told("two_boots_alternate", "pi"), 1, "and told once");
    assert_eq!(place.handled(7).accepted, 7, "nothing is lost meanwhile");
}

#[test]
fn row_7_the_older_file_is_refused_and_its_agent_dropped_within_five_seconds() {
    drops_the_older_file(Place::embedded());
}

#[test]
fn row_7_with_mosquitto_the_older_file_is_refused_within_five_seconds() {
    drops_the_older_file(Place::mosquitto());
}

fn drops_the_older_file(mut place: Place) {
    let old = place.enroll("pi", "node");
    let mut agent = Agent::start(&place.scratch, &old, &["--interval", "1s"]);
    eventually("the agent's mood", secs(20), || {
        place.coordinator().node("pi").filter(|pi| !pi["mood"].is_null())
    });
    let new = place.enroll("pi", "node");
    let since = Instant::now();
    eventually("the agent is cut off", SOON, || agent.log().contains("no link to the broker").then_some(()));
    let counted = place.coordinator().count("accepted");
    assert!(Forger::from_file(&old).connect(&place.broker()).is_err(), "the older file opens nothing");
    assert!(since.elapsed() < SOON, "it took {:?}", since.elapsed());
    assert!(agent.lives(secs(4)), "it goes on trying");
    assert_eq!(place.coordinator().count("accepted"), counted, "and nothing of it is taken");
    agent.kill();
    let second = Agent::start(&place.scratch, &new, &["--interval", "1s"]);
    eventually("the new file's frames", secs(20), || {
        (place.coordinator().count("accepted") > counted + 1).then_some(())
    });
    assert!(second.stop().success());
    assert_eq!(place.coordinator().refused("bad_seal"), 0, "the broker's door was enough");
}

#[test]
fn row_7_a_reader_whose_file_is_void_hears_nothing_more_whatever_it_calls_itself() {
    for mut place in [Place::embedded(), Place::mosquitto()] {
        let (file, pi) = (place.enroll("wall", "reader"), place.node("pi"));
        let old = Enrolment::read(&file).expect("an enrolment file").account;
        let account = (old.user.as_str(), old.password.expose());
        let broker = place.broker();
        let mut tablet = Wire::connect(&broker, "tablet", Some(account)).expect("the reader comes in");
        tablet.subscribe(&pi.topic(Leaf::Frame));
        place.enroll("wall", "reader");
        assert!(tablet.ends(SOON), "the live session is dropped");
        assert!(Wire::connect(&broker, "tablet", Some(account)).is_err(), "the old password opens nothing");
        place.settle();
        let speaker = pi.connect(&broker).expect("it comes in");
        speaker.publish(&pi.topic(Leaf::Frame), pi.seal(1, 1, 1, &hello(9_000)), false);
        assert_eq!(place.handled(1).accepted, 1);
        assert!(tablet.next(Duration::ZERO).is_none(), "the reader heard a frame");
    }
}

#[test]
fn row_7_one_file_on_two_machines_raises_the_alarm() {
    tells_of_two_machines(Place::embedded());
}

#[test]
fn row_7_with_mosquitto_one_file_on_two_machines_raises_the_alarm() {
    tells_of_two_machines(Place::mosquitto());
}

/// The two push each other out at the broker, and speak in turns.
fn tells_of_two_machines(mut place: Place) {
    let file = place.enroll("pi", "node");
    let copied = place.scratch.join("copy.enrolment.toml");
    std::fs::copy(&file, &copied).expect("copied");
    let one = Agent::start(&place.scratch, &file, &["--interval", "1s"]);
    eventually("the first machine", secs(20), || place.coordinator().node("pi"));
    let two = Agent::start(&place.scratch, &copied, &["--interval", "1s"]);
    eventually("the alarm", secs(60), || (place.told("two_boots_alternate", "pi") > 0).then_some(()));
    assert_eq!(place.told("two_boots_alternate", "pi"), 1);
    assert_eq!(place.told("silent", "pi"), 0, "one of them is always there");
    drop((one, two));
}
