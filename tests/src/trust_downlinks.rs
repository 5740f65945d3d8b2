//! What is said to nodes, and of them: yesterday's settings, take-overs and
//! forged wills.

use crate::harness::{Agent, Forger, Wire, always, eventually, secs};
use crate::trust_place::Place;
use frames::{Body, Command, Down, Hello, Leaf, NodeKey, Say};
use node_agent::enrolment::Enrolment;
use std::path::Path;
use std::time::{Duration, Instant};
use store::Store;

/// Nobody is silent, nor was.
fn no_silence(place: &Place, node: &str) -> bool {
    place.told("silent", node) == 0
        && place.coordinator().node(node).is_some_and(|view| view["silent"] == false)
}

#[test]
fn a_take_over_is_no_silence() {
    for mut place in [Place::embedded(), Place::mosquitto()] {
        let file = place.enroll("pi", "node");
        let agent = Agent::start(&place.scratch, &file, &["--interval", "2s"]);
        eventually("the agent", secs(20), || place.coordinator().node("pi"));
        let thief = Forger::from_file(&file);
        for _ in 0..3 {
            // The broker may publish the agent's last will now.
            let wire = eventually("the take-over", secs(10), || thief.connect(&place.broker()).ok());
            std::thread::sleep(Duration::from_millis(300));
            drop(wire);
            always("it lives", secs(4), || no_silence(&place, "pi"));
        }
        always("it lives", secs(6), || no_silence(&place, "pi"));
        drop(agent);
    }
}

#[test]
fn a_forged_will_is_no_silence_even_of_a_node_that_speaks_once_a_minute() {
    for mut place in [Place::embedded(), Place::lawless()] {
        let file = place.enroll("pi", "node");
        let agent = Agent::start(&place.scratch, &file, &["--interval", "60s"]);
        eventually("the agent", secs(20), || place.coordinator().node("pi"));
        let forger = Forger::from_file(&file);
        let vandal = if place.is_embedded() {
            // Only the node's own account may write there; it pushes the
            // agent out, which comes again.
            forger.connect(&place.broker()).expect("a stolen file")
        } else {
            place.anybody("vandal")
        };
        for retain in [false, true] {
            vandal.publish(&forger.topic(Leaf::Status), "offline", retain);
        }
        // Fifteen seconds after the hint it would come true.
        always("it lives", secs(18), || no_silence(&place, "pi"));
        drop(agent);
    }
}

#[test]
fn yesterdays_settings_sent_again_change_nothing() {
    let mut place = Place::lawless();
    let file = place.enroll("pi", "node");
    let mut ear = Ear::new(&place, &file);
    let agent = Agent::start(&place.scratch, &file, &["--interval", "2s"]);
    ear.until("an acknowledgement", |ear| ear.ack.is_some());
    let vandal = place.anybody("vandal");
    let yesterday = ear.set(&mut place, &vandal, 100);
    let today = ear.set(&mut place, &vandal, 30);

    // To the same start of the agent: the counter is stale.
    ear.replay(&vandal, &[&yesterday]);
    assert_eq!((ear.settings_in_force(), ear.interval), (2, 30));

    // To a later start of it, which first has none, and then today's: the
    // downlinks were to another boot.
    drop(agent);
    ear.hello = None;
    let agent = Agent::start(&place.scratch, &file, &["--interval", "2s"]);
    ear.until("today's settings", |ear| ear.settings_in_force() == 2);
    ear.replay(&vandal, &[&yesterday, &today, &yesterday]);
    assert_eq!((ear.settings_in_force(), ear.interval), (2, 30));
    drop(agent);
}

/// Hears what goes to and fro between the coordinator and one node.
struct Ear {
    wire: Wire,
    key: NodeKey,
    pi: Forger,
    /// The newest acknowledgement, as sealed.
    ack: Option<Vec<u8>>,
    /// The newest settings, as sealed, and their version.
    settings: Option<(u32, Vec<u8>)>,
    /// The newest greeting.
    hello: Option<Hello>,
    /// The interval in the newest report, in tenths of a second.
    interval: u16,
}

impl Ear {
    fn new(place: &Place, file: &Path) -> Self {
        let enrolment = Enrolment::read(file).expect("an enrolment file");
        let pi = Forger::from_file(file);
        let mut wire = place.anybody("ear");
        wire.subscribe(&pi.topic(Leaf::Cmd));
        wire.subscribe(&pi.topic(Leaf::Frame));
        let key = enrolment.key.expect("a node's file").get().clone();
        Self { wire, key, pi, ack: None, settings: None, hello: None, interval: 0 }
    }

    /// Listens until it is so.
    fn until(&mut self, what: &str, mut so: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + secs(40);
        while !so(self) {
            assert!(Instant::now() < end, "{what}: not within 40 s");
            self.listen(Duration::from_millis(200));
        }
    }

    /// Takes in what arrives until nothing does for so long.
    fn listen(&mut self, patience: Duration) {
        while let Some(message) = self.wire.next(patience) {
            let Ok(bytes) = self.key.open(&message.topic, &message.payload) else { continue };
            if message.topic == self.pi.topic(Leaf::Cmd) {
                match Down::decode(bytes).expect("a downlink").command {
                    Command::Ack(_) => self.ack = Some(message.payload),
                    Command::Settings(settings) => self.settings = Some((settings.version, message.payload)),
                    _ => {}
                }
            } else {
                match Body::decode(bytes).expect("a body").say {
                    Say::Hello(hello) => self.hello = Some(hello),
                    Say::Vitals(report) => self.interval = report.interval,
                    _ => {}
                }
            }
        }
    }

    fn settings_in_force(&self) -> u32 {
        self.hello.as_ref().map_or(0, |hello| hello.settings)
    }

    /// Has the coordinator give the node new settings, and waits until it has
    /// taken them. Gives the downlink that bore them.
    fn set(&mut self, place: &mut Place, vandal: &Wire, interval: u16) -> Vec<u8> {
        place.stop(true);
        let (mut store, _) = Store::open(&place.data()).expect("the store");
        let wanted = store.set_settings(&self.pi.name, interval, interval, 0).expect("stored").version;
        drop(store);
        place.start();
        // A node that stayed connected is greeted by nobody: a stale downlink
        // has it say what it holds.
        vandal.publish(&self.pi.topic(Leaf::Cmd), self.ack.clone().expect("heard before"), false);
        self.until("new settings", |ear| ear.settings_in_force() == wanted && ear.interval == interval);
        let (version, sealed) = self.settings.clone().expect("they were heard");
        assert_eq!(version, wanted);
        sealed
    }

    /// Sends downlinks again, and waits for a greeting that was made after
    /// they had come in.
    fn replay(&mut self, vandal: &Wire, downlinks: &[&Vec<u8>]) {
        let topic = self.pi.topic(Leaf::Cmd);
        for sealed in downlinks {
            vandal.publish(&topic, (*sealed).clone(), false);
        }
        std::thread::sleep(secs(2));
        self.listen(Duration::from_millis(1));
        self.hello = None;
        vandal.publish(&topic, self.ack.clone().expect("heard before"), false);
        self.until("a greeting", |ear| ear.hello.is_some());
        self.listen(Duration::from_millis(500));
    }
}
