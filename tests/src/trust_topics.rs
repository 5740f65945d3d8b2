//! Rows 1 to 3 of the threat table: whose topic it is, who may listen, and
//! whose client id it is.

use crate::harness::{Wire, always, eventually, secs};
use crate::trust_place::{Place, hello, report};
use frames::Leaf;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

const BOOT: u32 = 11;

#[test]
fn row_1_a_node_that_publishes_as_another_gives_no_rows_and_one_audit_event() {
    let mut place = Place::embedded();
    let told = |place: &Place| place.told("frame_refused", "two");
    publishes_as_another(&mut place);
    // The door tells intake within a second.
    eventually("the audit event", secs(5), || (told(&place) > 0).then_some(()));
    let counts = place.handled(2);
    assert_eq!((counts.accepted, counts.refused()), (1, vec![("not_allowed", 1)]));
    always("one audit event", secs(2), || told(&place) == 1);
    assert_eq!(place.coordinator().events("frame_refused").len(), 1);
}

#[test]
fn row_1_with_mosquitto_it_gives_no_rows_and_one_line_in_its_log() {
    let mut place = Place::mosquitto();
    publishes_as_another(&mut place);
    let counts = place.handled(1);
    assert_eq!((counts.accepted, counts.refused()), (1, vec![]), "Mosquitto forwards nothing");
    let denied = || {
        let log = place.mosquitto_log();
        log.lines().filter(|line| line.contains("Denied PUBLISH from one")).count()
    };
    eventually("Mosquitto's audit", secs(5), || (denied() > 0).then_some(()));
    assert_eq!(denied(), 1);
}

/// Even a frame that two itself has sealed is not one's to publish. What one
/// says for itself afterwards is taken.
fn publishes_as_another(place: &mut Place) {
    let (one, two) = (place.node("one"), place.node("two"));
    let wire = one.connect(&place.broker()).expect("one comes in");
    wire.publish(&two.topic(Leaf::Frame), two.seal(BOOT, 1, 1, &hello(9_000)), false);
    wire.publish(&one.topic(Leaf::Frame), one.seal(BOOT, 1, 1, &hello(9_000)), false);
    eventually("one's own frame", secs(5), || place.coordinator().node("one"));
    assert!(place.coordinator().node("two").is_none(), "two has never spoken");
}

#[test]
fn row_1_where_the_broker_has_no_rules_the_seal_refuses_it_with_one_audit_event() {
    let mut place = Place::lawless();
    let (one, two) = (place.node("one"), place.node("two"));
    let wire = one.connect(&place.broker()).expect("one comes in");
    // Sealed by one, and by one for its own topic: neither is two's.
    for sequence in 1..=100 {
        wire.publish(&two.topic(Leaf::Frame), one.seal(BOOT, sequence, 1, &report(9_000)), false);
    }
    let counts = place.handled(100);
    assert_eq!((counts.accepted, counts.refused()), (0, vec![("bad_seal", 100)]));
    always("one audit event", secs(2), || place.told("frame_refused", "two") == 1);
    assert!(place.coordinator().node("two").is_none(), "two has never spoken");
}

#[test]
fn row_2_a_node_that_subscribes_to_everything_hears_nothing_of_others() {
    hears_nothing_of_others(Place::embedded());
}

#[test]
fn row_2_with_mosquitto_it_hears_nothing_of_others() {
    hears_nothing_of_others(Place::mosquitto());
}

fn hears_nothing_of_others(mut place: Place) {
    let (one, two) = (place.node("one"), place.node("two"));
    let mut reader = place.reader("wall");
    // The embedded broker grants no filter in part; Mosquitto asks at each delivery.
    reader.subscribe(if place.is_embedded() { "gt/1/home/+/frame" } else { "#" });
    let mut spy = one.connect(&place.broker()).expect("one comes in");
    for filter in ["#", "gt/#", "gt/1/home/+/cmd", "gt/1/home/two/cmd", "+/+/+/+/+", "$share/all/#"] {
        spy.subscribe(filter);
    }
    let speaker = two.connect(&place.broker()).expect("two comes in");
    let topic = two.topic(Leaf::Frame);
    speaker.publish(&topic, two.seal(BOOT, 1, 1, &hello(9_000)), false);
    for sequence in 2..=100 {
        speaker.publish(&topic, two.seal(BOOT, sequence, 1, &report(9_000 + sequence)), false);
    }
    assert_eq!(place.handled(100).accepted, 100);
    let heard = spy.next(secs(2));
    assert!(heard.is_none(), "one heard {}", heard.expect("something").topic);
    assert!(!spy.ends(secs(0)), "and it was there all the time");
    let mut frames = 0;
    while let Some(message) = reader.next(secs(1)) {
        frames += usize::from(message.topic == topic);
        assert!(!message.topic.ends_with("/cmd"), "a reader heard a command");
    }
    assert_eq!(frames, 100, "the reader has heard them all");
}

#[test]
fn row_3_a_client_that_calls_itself_as_another_does_not_push_it_out() {
    stays_though_another_takes_its_client_id(Place::embedded());
}

#[test]
fn row_3_with_mosquitto_it_does_not_push_it_out() {
    stays_though_another_takes_its_client_id(Place::mosquitto());
}

fn stays_though_another_takes_its_client_id(mut place: Place) {
    let (one, two) = (place.node("one"), place.node("two"));
    let broker = place.broker();
    let mut wire = one.connect(&broker).expect("one comes in");
    let topic = one.topic(Leaf::Frame);
    wire.publish(&topic, one.seal(BOOT, 1, 1, &hello(9_000)), false);
    place.handled(1);
    for client_id in ["one", "coordinator.goldentooth"] {
        let thief = Wire::connect(&broker, client_id, Some(two.account()));
        // Mosquitto gives the client its own name instead.
        assert_eq!(thief.is_err(), place.is_embedded(), "{client_id}");
        assert!(Wire::connect(&broker, client_id, None).is_err(), "{client_id} without an account");
        let (user, _) = one.account();
        let (_, password) = two.account();
        assert!(Wire::connect(&broker, client_id, Some((user, password))).is_err(), "a wrong password");
    }
    assert!(!wire.ends(secs(2)), "one was pushed out");
    wire.publish(&topic, one.seal(BOOT, 2, 1, &report(9_050)), false);
    assert_eq!(place.handled(2).accepted, 2, "one and the coordinator are still there");
}

#[test]
fn row_1_a_will_on_anothers_topic_is_not_published() {
    for mut place in [Place::embedded(), Place::mosquitto()] {
        let (one, two) = (place.node("one"), place.node("two"));
        let mut reader = place.reader("wall");
        for leaf in [Leaf::Frame, Leaf::Status] {
            reader.subscribe(&one.topic(leaf));
            dies_with_a_will(&place.broker(), "two", two.account(), &one.topic(leaf));
        }
        let heard = reader.next(secs(2));
        assert!(heard.is_none(), "a forged will on {}", heard.expect("something").topic);
        assert!(place.coordinator().node("one").is_none(), "one has never spoken");
        // Its own will is published, so that the above shows something.
        assert!(dies_with_a_will(&place.broker(), "one", one.account(), &one.topic(Leaf::Status)));
        let own = reader.next(secs(5)).expect("its own will");
        assert_eq!((own.topic, own.payload), (one.topic(Leaf::Status), b"offline".to_vec()));
    }
}

/// Connects with a last will, and dies. Gives whether it was let in.
fn dies_with_a_will(broker: &str, client_id: &str, account: (&str, &str), topic: &str) -> bool {
    let text = |text: &str| [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat();
    // Version 5; account, will at QoS 1, clean start; keep alive 60 s; no properties.
    let mut packet = [text("MQTT"), vec![5, 0b1100_1110, 0, 60, 0], text(client_id)].concat();
    packet.push(0);
    for part in [topic, "offline", account.0, account.1] {
        packet.extend(text(part));
    }
    // The length comes in digits of 7 bits, the lowest first.
    let length = match packet.len() {
        short @ ..128 => vec![short as u8],
        long => vec![(long % 128) as u8 | 0x80, (long / 128) as u8],
    };
    let mut link = TcpStream::connect(broker).expect("a broker");
    link.set_read_timeout(Some(secs(5))).expect("set");
    link.write_all(&[&[0x10], length.as_slice(), &packet].concat()).expect("sent");
    let mut answer = [0; 4];
    // CONNACK: type, length, flags, reason.
    link.read_exact(&mut answer).is_ok_and(|()| answer[0] == 0x20 && answer[3] == 0)
}
