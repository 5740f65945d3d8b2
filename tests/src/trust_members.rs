//! Row 6 of the threat table once more: whose key is taken away. And who is forgotten or
//! renamed, with what brokers keep of them.

use crate::harness::{Forger, Wire, binary, eventually, run, secs};
use crate::trust_place::{Place, hello, report};
use frames::{Leaf, Mood, Say, Vital};
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};

/// A revoked key must be refused within this.
const SOON: Duration = Duration::from_secs(5);

/// Runs a command on the place's data folder; what it printed, or said of its failure.
fn command(place: &Place, arguments: &[&str]) -> Result<Value, String> {
    let data = place.data().display().to_string();
    let done = run("goldentooth", arguments.iter().copied().chain(["--json", "--data", &data]));
    if done.status.success() {
        return Ok(serde_json::from_slice(&done.stdout).expect("JSON"));
    }
    Err(String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn row_6_who_is_revoked_live_is_refused_within_five_seconds() {
    refuses_who_is_revoked(Place::embedded());
}

#[test]
fn row_6_with_mosquitto_who_is_revoked_live_is_refused_within_five_seconds() {
    refuses_who_is_revoked(Place::mosquitto());
}

fn refuses_who_is_revoked(mut place: Place) {
    let stolen = place.node("pi");
    let topic = stolen.topic(Leaf::Frame);
    let mut thief = stolen.connect(&place.broker()).expect("the thief comes in");
    thief.publish(&topic, stolen.seal(1, 1, 1, &hello(9_000)), false);
    assert_eq!(place.handled(1).accepted, 1);

    let since = Instant::now();
    assert_eq!(command(&place, &["revoke", "pi"]).unwrap()["revoked"], "pi");
    let mut refused = Vec::new();
    if place.is_embedded() {
        assert!(thief.ends(SOON), "the live session is dropped");
        assert!(stolen.connect(&place.broker()).is_err(), "the password opens nothing");
    } else {
        // Mosquitto's files are its operator's: the coordinator refuses by itself.
        thief.publish(&topic, stolen.seal(1, 2, 1, &report(9_020)), false);
        let counts = place.handled(2);
        assert_eq!((counts.accepted, counts.refused()), (1, vec![("not_enrolled", 1)]));
        refused.push(("not_enrolled", 1));
    }
    assert!(since.elapsed() < SOON, "it took {:?}", since.elapsed());
    eventually("it stands in the audit", SOON, || (place.told("revoked", "pi") == 1).then_some(()));
    assert!(place.coordinator().node("pi").is_some(), "it stays in every view");
    let told = command(&place, &["revoke", "pi"]).unwrap_err();
    assert!(told.contains("pi is not enrolled"), "{told}");

    // Enrolled anew it is let in, and the stolen key stays void.
    let fresh = place.node("pi");
    let wire = fresh.connect(&place.broker()).expect("the new file comes in");
    wire.publish(&topic, stolen.seal(1, 3, 1, &report(9_040)), false);
    wire.publish(&topic, fresh.seal(2, 1, 1, &hello(9_050)), false);
    let counts = place.handled(3 + refused.len() as u64);
    refused.insert(0, ("bad_seal", 1));
    assert_eq!((counts.accepted, counts.refused()), (2, refused));
}

#[test]
fn row_6_a_stopped_coordinators_keys_can_be_revoked_and_nothing_else() {
    let mut place = Place::embedded();
    let pi = place.node("pi");
    place.stop(true);
    let told = command(&place, &["forget", "pi"]).unwrap_err();
    assert!(told.contains("no coordinator runs") && told.contains("goldentooth up"), "{told}");
    command(&place, &["revoke", "pi"]).unwrap();
    place.start();
    assert!(pi.connect(&place.broker()).is_err(), "the password opens nothing");
}

/// Where Home Assistant finds a node.
fn device(pi: &Forger) -> String {
    format!("homeassistant/device/goldentooth_{}_{}/config", pi.fleet, pi.name)
}

/// A greeting of one that can measure something.
fn able(uptime: u32) -> Say<'static> {
    let Say::Hello(mut greeting) = hello(uptime) else { panic!("a greeting") };
    greeting.measurable = [Vital::MemoryUsed, Vital::Temperature].into_iter().collect();
    Say::Hello(greeting)
}

/// What the broker keeps of a node, by the end of its topic.
fn kept(place: &Place, pi: &Forger) -> Vec<&'static str> {
    let mut looker = place.anybody("looker");
    let topic = |leaf: Leaf| pi.topic(leaf);
    let mut all =
        vec![("mood", topic(Leaf::Mood)), ("vitals", topic(Leaf::Vitals)), ("status", topic(Leaf::Status))];
    // The embedded broker keeps none: it is told to who asks.
    all.extend((!place.is_embedded()).then(|| ("device", device(pi))));
    let found = |topic: &str, looker: &mut Wire| {
        looker.subscribe(topic);
        looker.next(Duration::from_millis(500)).is_some_and(|message| !message.payload.is_empty())
    };
    all.iter().filter(|(_, topic)| found(topic, &mut looker)).map(|(word, _)| *word).collect()
}

#[test]
fn of_a_forgotten_node_nothing_is_kept_but_its_past() {
    forgets(Place::embedded(), &["mood", "vitals", "status"]);
}

#[test]
fn of_a_forgotten_node_an_outside_broker_keeps_nothing() {
    forgets(Place::lawless(), &["mood", "vitals", "status", "device"]);
}

fn forgets(mut place: Place, before: &[&str]) {
    let pi = place.node("pi");
    let wire = pi.connect(&place.broker()).expect("it comes in");
    wire.publish(&pi.topic(Leaf::Status), "online", true);
    wire.publish(&pi.topic(Leaf::Frame), pi.seal(1, 1, 1, &able(9_000)), false);
    wire.publish(&pi.topic(Leaf::Frame), pi.seal(1, 2, 1, &report(9_010)), false);
    assert_eq!(place.handled(2).accepted, 2);
    let mut home = place.anybody("home-assistant");
    home.subscribe(&device(&pi));
    let described = home.next(secs(10)).expect("it is described to who asks");
    let described: Value = serde_json::from_slice(&described.payload).expect("JSON");
    assert_eq!(described["cmps"].as_object().map(serde_json::Map::len), Some(4));
    eventually("what is kept of it", secs(10), || (kept(&place, &pi) == before).then_some(()));

    for wrong in [["forget", "nobody"], ["forget", "sim-01"]] {
        let told = command(&place, &wrong).unwrap_err();
        assert!(told.contains(wrong[1]), "{told}");
    }
    let done = command(&place, &["forget", "pi"]).unwrap();
    assert_eq!((&done["forgotten"], &done["purged"]), (&"pi".into(), &false.into()));
    eventually("it is gone", SOON, || place.coordinator().node("pi").is_none().then_some(()));
    assert_eq!(
        home.next(secs(5)).map(|message| message.payload),
        Some(Vec::new()),
        "the device is taken away"
    );
    // Somebody who goes on speaking for it leaves nothing behind either.
    if !place.is_embedded() {
        wire.publish(&pi.topic(Leaf::Status), "online", true);
    }
    drop(wire);
    eventually("nothing is kept", secs(10), || kept(&place, &pi).is_empty().then_some(()));
    let told = || place.coordinator().get("/api/v1/events?node=pi");
    assert!(told().to_string().contains("pi joined the fleet."), "its past is kept");

    command(&place, &["forget", "pi", "--purge"]).unwrap();
    assert!(!told().to_string().contains("pi joined the fleet."), "its past is gone");
    eventually("that it was forgotten is told", SOON, || (place.told("forgotten", "pi") == 2).then_some(()));
    // It stays so over a restart, and whoever is enrolled anew begins anew.
    place.stop(true);
    place.start();
    assert!(place.coordinator().node("pi").is_none());
    let anew = place.node("pi");
    let wire = anew.connect(&place.broker()).expect("the new file comes in");
    wire.publish(&pi.topic(Leaf::Frame), anew.seal(1, 1, 1, &hello(9_100)), false);
    assert_eq!(place.handled(1).accepted, 1);
    assert!(place.coordinator().node("pi").is_some());
}

#[test]
fn a_renamed_nodes_past_goes_along_and_its_old_file_is_void() {
    let mut place = Place::embedded();
    let old = place.node("raspberrypi");
    let wire = old.connect(&place.broker()).expect("it comes in");
    wire.publish(&old.topic(Leaf::Frame), old.seal(1, 1, 1, &hello(9_000)), false);
    wire.publish(&old.topic(Leaf::Frame), old.seal(1, 2, 1, &report(9_010)), false);
    assert_eq!(place.handled(2).accepted, 2);
    place.settle();

    let file = place.scratch.join("attic.toml");
    let out = file.display().to_string();
    let rename = ["rename", "raspberrypi", "attic", "--address", "127.0.0.1", "--out", &out];
    assert_eq!(command(&place, &rename).unwrap()["to"], "attic");
    assert!(old.connect(&place.broker()).is_err(), "the old password opens nothing");
    // The views are told with the next news, which may be a moment later.
    eventually("the old name to be gone", SOON, || {
        place.coordinator().node("raspberrypi").is_none().then_some(())
    });
    let history = place.coordinator().get("/api/v1/nodes/attic/history?span=hour");
    let reports: u64 = history["reports"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
    assert_eq!(reports, 1, "its past went along");

    let new = Forger::from_file(&file);
    let wire = new.connect(&place.broker()).expect("the new file comes in");
    wire.publish(&new.topic(Leaf::Frame), new.seal(2, 1, 1, &hello(9_050)), false);
    assert_eq!(place.handled(3).accepted, 3);
    assert_eq!(
        (place.told("renamed", "attic"), place.told("joined", "attic")),
        (1, 0),
        "it did not join anew"
    );
    assert_eq!(place.told("board_renamed", "attic"), 0);
    let taken = command(&place, &["rename", "attic", "attic", "--out", &out]).unwrap_err();
    assert!(taken.contains("attic"), "{taken}");
}

/// A report of this mood.
fn feeling(uptime: u32, mood: Mood) -> Say<'static> {
    let Say::Vitals(report) = report(uptime) else { unreachable!("a report") };
    Say::Vitals(frames::Report { mood: Some(mood), ..report })
}

#[test]
fn who_takes_a_retired_nodes_name_inherits_its_habits_and_memories() {
    let mut place = Place::with_cast();
    let old = place.node("pi");
    let wire = old.connect(&place.broker()).expect("it comes in");
    let moods = [Mood::Happy, Mood::Crisis, Mood::Happy].into_iter().zip(1_u32..);
    let said = moods.map(|(mood, turn)| feeling(9_000 + 10 * turn, mood));
    for (say, sequence) in std::iter::once(hello(9_000)).chain(said).zip(1..) {
        wire.publish(&old.topic(Leaf::Frame), old.seal(1, sequence, 1, &say), false);
    }
    assert_eq!(place.handled(4).accepted, 4);
    eventually("its crisis is told", SOON, || (place.told("mood_changed", "pi") >= 2).then_some(()));
    let url = place.coordinator().ready.http.clone();
    let named = Command::new(binary("goldentooth"))
        .args(["habit", "pi", "the backup", "--as", "ann", "--url", &url])
        .env("GOLDENTOOTH_DATA", place.data())
        .output()
        .expect("the binary runs");
    assert!(named.status.success(), "{named:?}");

    command(&place, &["forget", "pi"]).unwrap();
    eventually("it gets its obituary", SOON, || (place.told("obituary", "pi") == 1).then_some(()));
    let page = place.coordinator().get("/api/v1/nodes/pi/biography").to_string();
    for fact in ["days", "calm", "night", "stood_by", "the backup"] {
        assert!(page.contains(fact), "{fact}: {page}");
    }

    let heir = place.node("pi");
    let wire = heir.connect(&place.broker()).expect("the heir comes in");
    wire.publish(&heir.topic(Leaf::Frame), heir.seal(2, 1, 1, &hello(100)), false);
    assert_eq!(place.handled(5).accepted, 5);
    eventually("it inherits", SOON, || (place.told("inherited", "pi") >= 1).then_some(()));
    let habits = place.coordinator().get("/api/v1/habits").to_string();
    assert!(habits.contains("the backup"), "{habits}");
    eventually("what its character remembers is marked", SOON, || {
        place.coordinator().get("/api/v1/cast").to_string().contains("(handed down)").then_some(())
    });
}
