//! Messages per second that reach the store, with the broker in the way and
//! all outputs on, beside what the same broker carries to a bare subscriber.

use crate::harness::{Wire, eventually, secs};
use crate::house::House;
use crate::link::Link;
use crate::speech::Speech;
use frames::Leaf;
use goldentooth::broker::{Broker, Wanted};
use goldentooth::config::default_fleet;
use goldentooth::data::Data;
use goldentooth::enrol::{COORDINATOR, Keys};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// What a node has under way at most, as the agent's own link.
const WINDOW: usize = 8;
/// Frames sealed beforehand: more than 15 s take.
const FRAMES: usize = 1_500_000;
/// The first seconds are not counted.
const WARM_UP: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);

/// Who only counts, beside the broker alone: a client with a socket, as anybody
/// has, or one that is reached by memory, as the coordinator is.
pub const BARE: &str = "bare";
pub const LOCAL: &str = "local";

/// How much had come through at which time.
type Marks = Arc<Mutex<Vec<(Instant, u64)>>>;

pub fn run(nodes: usize, length: Duration) {
    let house = House::new(nodes);
    let reports = u32::try_from(FRAMES / nodes).expect("few frames");
    let speeches: Vec<Arc<Speech>> = house
        .names
        .iter()
        .map(|name| {
            let key = house.keys.node_key(name).expect("enrolled");
            Arc::new(Speech::new(house.keys.fleet(), name, &key, reports))
        })
        .collect();
    let runtime = Runtime::new().expect("a runtime");

    let bare = beside_nobody(&runtime, &house, &speeches, length, BARE);
    let local = beside_nobody(&runtime, &house, &speeches, length, LOCAL);
    let (stored, sent) = beside_the_coordinator(&runtime, &house, &speeches, length);
    let share = stored / bare * 100.0;
    println!("{nodes} nodes, {length:?} each; {sent} frames sent, and none lost");
    println!("| through the broker to a bare subscriber | | {bare:.0} messages/s |");
    println!("| through the broker to one in its process, by memory | | {local:.0} messages/s |");
    println!(
        "| through the broker, until stored, all outputs on | 80 % of that | {stored:.0} messages/s, {share:.0} % |"
    );
}

fn beside_nobody(
    runtime: &Runtime,
    house: &House,
    speeches: &[Arc<Speech>],
    length: Duration,
    listener: &str,
) -> f64 {
    let mut child = Command::new(std::env::current_exe().expect("my own path"))
        .arg(listener)
        .arg(&house.data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a second me");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let address = lines.next().expect("the broker's address");
    let marks = Marks::default();
    let told = Arc::clone(&marks);
    std::thread::spawn(move || {
        for count in lines {
            told.lock().unwrap().push((Instant::now(), count.parse().expect("a count")));
        }
    });
    let spoken = speak(runtime, house, speeches, &address, length);
    eventually("all carried", secs(30), || {
        let newest = marks.lock().unwrap().last().map(|last| last.1);
        (newest == Some(spoken.sent)).then_some(())
    });
    child.kill().expect("it runs");
    child.wait().expect("it ran");
    spoken.rate(&marks)
}

fn beside_the_coordinator(
    runtime: &Runtime,
    house: &House,
    speeches: &[Arc<Speech>],
    length: Duration,
) -> (f64, u64) {
    let coordinator = Arc::new(house.start(&["--no-local-node"]));
    let broker = coordinator.broker().to_owned();
    // Somebody reads each output.
    let mut reader = Wire::connect(&broker, "reader", None).expect("loopback may read");
    for filter in ["+/mood", "+/vitals", "events/#", "cast/#"] {
        reader.subscribe(&format!("gt/1/{}/{filter}", house.keys.fleet()));
    }
    std::thread::spawn(move || while reader.next(secs(3600)).is_some() {});
    let page = ureq::get(format!("{}/api/v1/stream", coordinator.ready.http)).call().expect("a stream");
    std::thread::spawn(move || std::io::copy(&mut page.into_body().into_reader(), &mut std::io::sink()));

    let marks = Marks::default();
    let (told, asked) = (Arc::clone(&marks), Arc::clone(&coordinator));
    std::thread::spawn(move || {
        while let Some(status) = asked.try_get("/api/v1/status") {
            let stored = status["stored"].as_u64().expect("a count");
            told.lock().unwrap().push((Instant::now(), stored));
            std::thread::sleep(LOOK);
        }
    });
    let spoken = speak(runtime, house, speeches, &broker, length);
    let status = eventually("all stored", secs(60), || {
        let status = coordinator.get("/api/v1/status");
        (status["stored"].as_u64() == Some(spoken.sent)).then_some(status)
    });
    assert_eq!(status["refused"], serde_json::json!({}), "{status}");
    // The thread that asks ends with it.
    coordinator.signal("-KILL");
    (spoken.rate(&marks), spoken.sent)
}

struct Spoken {
    from: Instant,
    to: Instant,
    sent: u64,
}

impl Spoken {
    /// Messages per second, from the first change after the warm-up to the
    /// last one while the load was on: the store takes them in batches.
    fn rate(&self, marks: &Marks) -> f64 {
        let marks = marks.lock().unwrap();
        let inside = |mark: &&(Instant, u64)| mark.0 >= self.from + WARM_UP && mark.0 <= self.to;
        let mut changes: Vec<(Instant, u64)> = Vec::new();
        let begin = marks.iter().find(inside).map_or(0, |first| first.1);
        for mark in marks.iter().filter(inside) {
            if mark.1 != changes.last().map_or(begin, |last| last.1) {
                changes.push(*mark);
            }
        }
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
            panic!("nothing came through")
        };
        (last.1 - first.1) as f64 / (last.0 - first.0).as_secs_f64()
    }
}

/// Every node speaks as fast as it is taken, for so long.
fn speak(
    runtime: &Runtime,
    house: &House,
    speeches: &[Arc<Speech>],
    broker: &str,
    length: Duration,
) -> Spoken {
    runtime.block_on(async {
        let mut links = Vec::new();
        for name in &house.names {
            let (user, password) = house.account(name);
            let mut link = Link::connect(broker, (&user, &password)).await;
            link.subscribe(Leaf::Cmd.topic(house.keys.fleet(), name).as_str()).await;
            links.push(link);
        }
        let from = Instant::now();
        let end = from + length;
        let mut speakers = tokio::task::JoinSet::new();
        for (mut link, speech) in links.into_iter().zip(speeches.iter().cloned()) {
            speakers.spawn(async move {
                let (mut sent, mut answered) = (0, 0);
                loop {
                    let now = Instant::now();
                    let until = speech.len().min(answered + WINDOW);
                    if now < end && sent < until {
                        link.say(speech.packets(sent..until));
                        sent = until;
                    }
                    if sent == answered {
                        return (link, sent as u64);
                    }
                    answered += link.answers().await;
                }
            });
        }
        let done = speakers.join_all().await;
        let (to, sent) = (Instant::now().min(end), done.iter().map(|one| one.1).sum());
        Spoken { from, to, sent }
    })
}

/// The embedded broker with its rules, and a subscriber that only counts, in
/// one process like the coordinator's. Prints where it is, then its count.
pub fn broker(listener: &str, data: &Path) {
    // As `goldentooth up` has it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let data = Data::open(data).expect("the data folder");
        let keys = Arc::new(Keys::load(&data, default_fleet()).expect("the keys"));
        let listen = "127.0.0.1:0".parse().expect("an address");
        let broker = Broker::start(listen, Arc::clone(&keys), &data).await.expect("a broker");
        let filter = Leaf::Frame.filter(keys.fleet()).as_str().to_owned();
        let count = Arc::new(AtomicU64::new(0));
        if listener == LOCAL {
            let wanted = vec![Wanted { filter, as_published: true }];
            let (mut client, mut heard) = broker.local().enter(COORDINATOR, wanted).await.expect("a place");
            tell(broker.listens, &count);
            while client.hear(&mut heard).await {
                count.fetch_add(heard.drain(..).len() as u64, Ordering::Relaxed);
            }
        } else {
            // On loopback anybody may read.
            let mut options = MqttOptions::new("bare", "127.0.0.1", broker.inside.port());
            options.set_max_packet_size(Some(1 << 20));
            let (client, mut events) = AsyncClient::new(options, 16);
            client.subscribe(filter, QoS::AtLeastOnce).await.expect("room");
            loop {
                match events.poll().await.expect("connected") {
                    Event::Incoming(Packet::SubAck(_)) => tell(broker.listens, &count),
                    Event::Incoming(Packet::Publish(_)) => {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    _ => {}
                }
            }
        }
    });
}

/// Prints where the broker is, then again and again how much was heard.
fn tell(broker: std::net::SocketAddr, count: &Arc<AtomicU64>) {
    println!("{broker}");
    let count = Arc::clone(count);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(LOOK);
            println!("{}", count.load(Ordering::Relaxed));
            let _ = std::io::stdout().flush();
        }
    });
}
