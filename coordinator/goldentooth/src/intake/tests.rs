//! Intake against the real keys, fleet and store, without a socket.

use super::core::Core;
use super::link::Publish;
use super::writer::{Done, Stores};
use crate::enrol::Keys;
use crate::live::Update;
use fleet::Now;
use frames::{
    Body, Budget, Classifier, Command, Down, FleetKey, Frame, Head, Headroom, Hello, Leaf, MAX_FRAME, Mood,
    NodeName, Probability, Readings, Replay, Report, Say, Settings, VERSION, Vital, VitalSet, Vitals,
};
use node_agent::enrolment::Kind;
use rumqttc::v5::mqttbytes::QoS;
use std::sync::Arc;
use store::{EventQuery, Store, StoreError};

const BOOT: u32 = 7;

struct Desk {
    keys: Arc<Keys>,
    core: Core,
    stores: Stores,
    now: Now,
}

fn name(name: &str) -> NodeName {
    name.parse().unwrap()
}

fn desk() -> Desk {
    let keys = Arc::new(Keys::in_memory("home".parse().unwrap(), FleetKey::new([9; 32])));
    keys.admit(&name("pi-1"), Kind::Node);
    keys.simulate(2);
    let kept = Store::temporary().unwrap();
    let now = Now { mono: 1_000_000, unix: 1_790_000_000_000, trusted: true };
    let mut core = Core::new(now, Arc::clone(&keys), kept.event_ids().unwrap());
    core.connected(now, true);
    Desk { keys, core, stores: Stores { kept, simulated: Some(Store::temporary().unwrap()) }, now }
}

impl Desk {
    fn topic(&self, node: &str) -> String {
        Leaf::Frame.topic(self.keys.fleet(), &name(node)).as_str().to_owned()
    }

    fn seal(&self, node: &str, body: &[u8]) -> Vec<u8> {
        let mut frame = Frame::from_slice(body).unwrap();
        self.keys.node_key(&name(node)).unwrap().seal(&self.topic(node), &mut frame).unwrap();
        frame.to_vec()
    }

    fn hear(&mut self, node: &str, payload: &[u8]) {
        let topic = self.topic(node);
        self.core.message(self.now, &topic, payload, false);
    }

    fn say(&mut self, node: &str, sequence: u32, say: Say<'_>) {
        let payload = self.seal(node, &encode(sequence, say));
        self.hear(node, &payload);
    }

    fn published(&mut self) -> Vec<Publish> {
        self.core.output(self.now).publish
    }

    /// The commands among what was published to a node, with their counters.
    fn commands(&mut self, node: &str) -> Vec<(u32, u32, String)> {
        let topic = Leaf::Cmd.topic(self.keys.fleet(), &name(node));
        let key = self.keys.node_key(&name(node)).unwrap();
        let published = self.published();
        let commands = published.iter().filter(|message| message.topic == topic.as_str()).map(|message| {
            let down = Down::decode(key.open(&topic, &message.payload).unwrap()).unwrap();
            let repeated = matches!(down.command, Command::Ack(_));
            let word = match down.command {
                Command::Ack(ack) => format!("ack {} {}", ack.boot, ack.through),
                Command::Settings(settings) => format!("settings {}", settings.version),
                Command::Unsupported { max } => format!("unsupported {max}"),
                Command::SampleNow => "sample".to_owned(),
                Command::Model(_) => "model".to_owned(),
            };
            assert_eq!(message.qos == QoS::AtMostOnce, repeated, "{word}: what is said once must arrive");
            (down.boot, down.counter, word)
        });
        commands.collect()
    }

    fn counts(&self) -> (u64, u64, u64, u64) {
        let status = self.core.status_now();
        assert_eq!(status.accepted, status.stored + status.pending);
        (status.accepted, status.stored, status.doubles, status.refused.values().sum())
    }

    fn refused(&self, cause: &str) -> u64 {
        self.core.status_now().refused.get(cause).copied().unwrap_or(0)
    }
}

fn encode(sequence: u32, say: Say<'_>) -> Vec<u8> {
    let mut body = Frame::new();
    let oldest = u32::from(sequence > 0);
    Body { head: Head { version: VERSION, boot: BOOT, sequence, oldest }, say }.encode(&mut body).unwrap();
    body.to_vec()
}

fn report(cpu: f32, mood: Option<Mood>) -> Say<'static> {
    let mut readings = Readings::default();
    readings.set(Vital::Cpu, cpu);
    Say::Vitals(Report {
        uptime: 5_000,
        vitals: Vitals::from(&readings),
        mood,
        probabilities: [Probability::new(0.25); 4],
        causes: heapless::Vec::new(),
        distance: None,
        classifier: Classifier::Rules,
        budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
        interval: 100,
        dropped: 0,
    })
}

fn hello(settings: u32, downlink: u32) -> Say<'static> {
    Say::Hello(Hello {
        kernel_boot: [1; 16],
        agent: "0.1.0".try_into().unwrap(),
        model: None,
        hardware: "Pi 5".try_into().unwrap(),
        serial: None,
        measurable: VitalSet::default(),
        uptime: 5_000,
        clock: None,
        settings,
        downlink,
    })
}

#[test]
fn a_frame_is_told_at_once_and_acknowledged_only_when_stored() {
    let mut desk = desk();
    desk.say("pi-1", 1, hello(0, 0));
    desk.say("pi-1", 2, report(12.0, Some(Mood::Happy)));
    let output = desk.core.output(desk.now);
    assert!(output.publish.is_empty(), "nothing is acknowledged before the commit");
    let Update::Node(node) = &output.updates[0] else { panic!("{:?}", output.updates) };
    assert_eq!((node.mood, node.about.hardware.as_str()), (Some(Mood::Happy), "Pi 5"));
    assert!(node.probabilities.is_some());
    assert_eq!(desk.counts(), (2, 0, 0, 0));

    desk.core.commit(&mut desk.stores);
    assert_eq!(desk.counts(), (2, 2, 0, 0));
    let output = desk.core.output(desk.now);
    let kinds: Vec<_> = output
        .updates
        .iter()
        .filter_map(|update| if let Update::Event(event) = update { Some(event.kind.as_str()) } else { None })
        .collect();
    assert_eq!(kinds, ["joined", "mood_changed"]);
    assert_eq!(output.publish.len(), 1);
    assert_eq!(desk.stores.kept.reader().unwrap().stats().unwrap().raw, 1);

    // Said again: counted as a double, and acknowledged again.
    desk.say("pi-1", 2, report(12.0, Some(Mood::Happy)));
    desk.core.commit(&mut desk.stores);
    assert_eq!(desk.counts(), (2, 2, 1, 0));
    assert_eq!(desk.commands("pi-1"), [(BOOT, 2, format!("ack {BOOT} 2"))]);
}

#[test]
fn while_the_disk_is_full_nothing_is_acknowledged_and_nothing_lost() {
    let mut desk = desk();
    desk.say("pi-1", 1, report(1.0, None));
    let work = desk.core.take().unwrap();
    desk.say("pi-1", 2, report(2.0, None));
    assert!(desk.core.take().is_none(), "one batch at a time");
    desk.core.committed(Done { work, result: Err(StoreError::Full("no room".into())) });
    assert!(desk.core.status_now().degraded.unwrap().contains("full"));
    assert!(desk.commands("pi-1").is_empty());
    assert_eq!(desk.counts(), (2, 0, 0, 0));

    let work = desk.core.take().unwrap();
    assert_eq!(work.kept.rows.len(), 1, "the same batch again");
    let done = desk.stores.commit(work);
    desk.core.committed(done);
    assert_eq!(desk.core.status_now().degraded, None);
    // Taken with the first batch, so it speaks of the first frame alone.
    assert_eq!(desk.commands("pi-1"), [(BOOT, 1, format!("ack {BOOT} 1"))]);
    desk.core.commit(&mut desk.stores);
    assert_eq!(desk.commands("pi-1"), [(BOOT, 2, format!("ack {BOOT} 2"))]);
    assert_eq!(desk.counts(), (2, 2, 0, 0));
}

#[test]
fn everything_on_a_frame_topic_is_counted_once() {
    let mut desk = desk();
    let good = desk.seal("pi-1", &encode(1, report(1.0, None)));
    let topic = desk.topic("pi-1");
    desk.core.message(desk.now, &topic, &good, true);
    assert_eq!(desk.refused("retained"), 1);
    desk.hear("pi-1", &[]);
    assert_eq!(desk.refused("empty"), 1);
    desk.hear("pi-1", &[0; 16]);
    assert_eq!(desk.refused("too_short"), 1);
    desk.hear("pi-1", &vec![0; MAX_FRAME + 1]);
    assert_eq!(desk.refused("too_long"), 1);
    for bit in 0..good.len() * 8 {
        let mut altered = good.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        desk.hear("pi-1", &altered);
    }
    assert_eq!(desk.refused("bad_seal"), good.len() as u64 * 8);
    desk.core.message(desk.now, &desk.topic("pi-2"), &good, false);
    assert_eq!(desk.refused("not_enrolled"), 1);
    for topic in ["gt/1/home/cast/frame", "gt/1/other/pi-1/frame", ""] {
        desk.core.message(desk.now, topic, &good, false);
    }
    assert_eq!(desk.refused("bad_topic"), 3);
    let garbage = desk.seal("pi-1", &[VERSION, 0xff, 0xff]);
    desk.hear("pi-1", &garbage);
    assert_eq!(desk.refused("malformed"), 1);
    assert_eq!(desk.counts().0, 0);
    desk.hear("pi-1", &good);
    assert_eq!(desk.counts(), (1, 0, 0, 8 + good.len() as u64 * 8 + 1));
    desk.core.commit(&mut desk.stores);
    assert_eq!(desk.stores.kept.reader().unwrap().stats().unwrap().raw, 1);
}

#[test]
fn frames_of_an_older_epoch_are_refused_from_the_next_message_on() {
    let mut desk = desk();
    let old = desk.seal("pi-1", &encode(1, report(1.0, None)));
    desk.hear("pi-1", &old);
    let older = desk.seal("pi-1", &encode(2, report(1.0, None)));
    desk.keys.admit(&name("pi-1"), Kind::Node);
    desk.hear("pi-1", &older);
    assert_eq!((desk.counts().0, desk.refused("bad_seal")), (1, 1));
    desk.say("pi-1", 2, report(1.0, None));
    assert_eq!(desk.counts().0, 2);
}

#[test]
fn a_newer_version_is_kept_raw_and_answered_once() {
    let mut desk = desk();
    desk.say("pi-1", 1, hello(0, 0));
    desk.published();
    let mut body = encode(2, report(1.0, None));
    body[0] = VERSION + 1;
    for _ in 0..3 {
        let payload = desk.seal("pi-1", &body);
        desk.hear("pi-1", &payload);
    }
    assert_eq!(desk.refused("unknown_version"), 3);
    assert_eq!(desk.commands("pi-1"), [(BOOT, 1, format!("unsupported {VERSION}"))]);
    desk.core.commit(&mut desk.stores);
    let kept = desk.stores.kept.reader().unwrap().unreadable().unwrap();
    assert_eq!((kept.len(), kept[0].version, kept[0].bytes.as_slice()), (3, VERSION + 1, body.as_slice()));
    assert_eq!(desk.core.fleet().node(&name("pi-1")).unwrap().unreadable(), Some(VERSION + 1));
}

#[test]
fn a_replay_counts_its_bodies() {
    let mut desk = desk();
    desk.say("pi-1", 9, report(1.0, None));
    let bodies: Vec<Vec<u8>> = (1..4).map(|sequence| encode(sequence, report(1.0, None))).collect();
    let mut replay = Replay::default();
    for body in &bodies {
        replay.bodies.push(body).unwrap();
    }
    desk.say("pi-1", 0, Say::Replay(replay.clone()));
    assert_eq!(desk.counts(), (4, 0, 0, 0));
    desk.say("pi-1", 0, Say::Replay(replay));
    assert_eq!(desk.counts(), (4, 0, 3, 0));
    desk.say("pi-1", 0, Say::Replay(Replay::default()));
    assert_eq!(desk.refused("empty_replay"), 1);
}

#[test]
fn what_is_simulated_stays_out_of_the_store() {
    let mut desk = desk();
    desk.say("sim-01", 1, report(1.0, Some(Mood::Crisis)));
    desk.core.message(desk.now, &desk.topic("sim-03"), &[1; 64], false);
    assert_eq!(desk.refused("not_enrolled"), 1, "there are only two");
    desk.core.commit(&mut desk.stores);
    assert_eq!(desk.counts().1, 1);
    assert_eq!(desk.commands("sim-01").len(), 1, "acknowledged like any other");
    let kept = desk.stores.kept.reader().unwrap().stats().unwrap();
    assert_eq!((kept.raw, kept.nodes, kept.events), (0, 0, 0));
    let simulated = desk.stores.simulated.as_ref().unwrap().reader().unwrap().stats().unwrap();
    // Joined, its mood, and the refused frame.
    assert_eq!((simulated.raw, simulated.nodes, simulated.events), (1, 1, 3));
}

#[test]
fn real_and_simulated_silences_found_together_go_their_ways() {
    let mut desk = desk();
    desk.say("pi-1", 1, report(1.0, None));
    desk.say("sim-01", 1, report(1.0, None));
    desk.core.commit(&mut desk.stores);
    for _ in 0..60 {
        desk.now.mono += 1_000;
        desk.core.tick(desk.now);
    }
    desk.core.commit(&mut desk.stores);
    let silences = EventQuery { kind: Some("silent".parse().unwrap()), ..EventQuery::default() };
    for (store, node) in [(&desk.stores.kept, "pi-1"), (desk.stores.simulated.as_ref().unwrap(), "sim-01")] {
        let events = store.reader().unwrap().events(&silences).unwrap();
        assert_eq!(events.iter().map(|event| event.node().unwrap()).collect::<Vec<_>>(), [node]);
    }
}

#[test]
fn settings_are_said_until_the_node_has_them() {
    let mut desk = desk();
    let settings = Settings { version: 3, floor: 50, ceiling: 600 };
    desk.say("pi-1", 1, hello(0, 40));
    desk.published();
    desk.core.set(&name("pi-1"), settings);
    // The counter goes on from what the node echoed.
    assert_eq!(desk.commands("pi-1"), [(BOOT, 41, "settings 3".to_owned())]);
    desk.say("pi-1", 2, hello(0, 41));
    assert_eq!(desk.commands("pi-1"), [(BOOT, 42, "settings 3".to_owned())]);
    desk.say("pi-1", 3, hello(3, 42));
    assert!(desk.commands("pi-1").is_empty());
}

#[test]
fn a_restart_forgets_nothing() {
    let mut desk = desk();
    desk.say("pi-1", 1, hello(0, 0));
    desk.say("pi-1", 2, report(5.0, Some(Mood::Happy)));
    let captured: Vec<Vec<u8>> =
        (1..=2).map(|sequence| desk.seal("pi-1", &encode(sequence, report(5.0, None)))).collect();
    desk.core.commit(&mut desk.stores);
    desk.published();

    let ids = desk.stores.kept.event_ids().unwrap();
    let mut core = Core::new(desk.now, Arc::clone(&desk.keys), ids);
    core.connected(desk.now, true);
    core.restore(desk.stores.kept.records().unwrap().into_iter().map(|record| (record, None)));
    desk.core = core;
    let output = desk.core.output(desk.now);
    let Update::Node(node) = &output.updates[0] else { panic!() };
    assert_eq!((node.mood, node.about.hardware.as_str()), (Some(Mood::Happy), "Pi 5"));
    for frame in &captured {
        desk.hear("pi-1", frame);
    }
    assert_eq!(desk.counts(), (0, 0, 2, 0));
    desk.core.commit(&mut desk.stores);
    let commands = desk.commands("pi-1");
    assert!(commands[0].1 > 1, "a counter never falls, even over a restart: {commands:?}");
    let joined = EventQuery { kind: Some("joined".parse().unwrap()), ..EventQuery::default() };
    assert_eq!(desk.stores.kept.reader().unwrap().events(&joined).unwrap().len(), 1);
}

#[test]
fn only_news_of_a_lost_connection_is_a_hint() {
    let mut desk = desk();
    desk.say("pi-1", 1, report(5.0, None));
    desk.published();
    let status = Leaf::Status.topic(desk.keys.fleet(), &name("pi-1"));
    desk.core.message(desk.now, &status, b"offline", true);
    assert!(desk.commands("pi-1").is_empty());
    desk.core.message(desk.now, &status, b"offline", false);
    assert_eq!(desk.commands("pi-1"), [(BOOT, 1, "sample".to_owned())]);
    assert_eq!(desk.counts(), (1, 0, 0, 0), "a status is no frame");
}
