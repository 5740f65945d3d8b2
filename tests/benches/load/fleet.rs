//! What the coordinator takes while a virtual fleet speaks every 10 s.

use crate::house::{House, Taken, program};
use goldentooth::enrol::Reach;
use node_agent::enrolment::Address;
use node_agent::feel::Model;
use node_agent::run::{RunOptions, run as run_agent};
use node_agent::virtual_pi::VirtualPi;
use std::path::Path;
use std::time::Duration;

/// The nodes start this far apart, so that 1,000 are spread over an interval.
const APART: Duration = Duration::from_millis(10);
/// The opening samples are one second apart, six of them; then some calm.
const SETTLE: Duration = Duration::from_secs(30);
const LOOKS: u32 = 5;

pub fn run(nodes: usize, length: Duration) {
    let house = House::new(nodes);
    let coordinator = house.start(&["--no-local-node"]);
    let address: Address = coordinator.ready.mqtt.parse().expect("an address");
    let reach = Reach { host: address.host.clone(), port: address.port, tls: address.tls, certificate: None };
    let model = Model::embedded().expect("the model");
    let empty = Taken::by(coordinator.pid());

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (number, name) in (1_u32..).zip(&house.names) {
        let entry = house.keys.entry(name).expect("enrolled");
        let enrolment = house.keys.enrolment(name, entry, &reach, vec![address.clone()]);
        let mut options = RunOptions::simulated(enrolment, VirtualPi::new(1, number));
        options.model = Some(model.clone());
        runtime.spawn(async move {
            tokio::time::sleep(APART * number).await;
            run_agent(options, std::future::pending()).await.expect("an agent");
        });
    }
    std::thread::sleep(APART * u32::try_from(nodes).expect("some") + SETTLE);

    let (begin, stored) = (Taken::by(coordinator.pid()), coordinator.count("stored"));
    let mut before = begin;
    println!("{nodes} nodes; the coordinator without any: {:.1} MiB", empty.rss);
    for look in 1..=LOOKS {
        std::thread::sleep(length / LOOKS);
        let now = Taken::by(coordinator.pid());
        println!(
            "after {:>5.0} s: {:5.1} % of one core, RSS {:5.1} MiB, of it anonymous {:5.1}",
            (length / LOOKS * look).as_secs_f64(),
            now.percent_since(&before),
            now.rss,
            now.anonymous
        );
        before = now;
    }
    let end = before;
    let status = coordinator.get("/api/v1/status");
    let frames = status["stored"].as_u64().unwrap_or_default() - stored;
    // From the events: all nodes at once are more than the client reads.
    let silent = coordinator.events("silent").len();
    println!("{frames} frames in {length:?}; status {status}; {silent} silent");
    assert_eq!(status["nodes"], nodes, "not all came: {status}");
    assert_eq!(silent, 0, "false silences");
    // With its write-ahead log.
    let files = ["store.sqlite", "store.sqlite-wal"].map(|file| std::fs::metadata(house.data.join(file)));
    let disk = files.iter().flatten().map(|file| file.len() as f64).sum::<f64>() / f64::from(1 << 20);
    let goal = if nodes == 1_000 { "5 %, 80 MiB" } else { "" };
    let program = program();
    let profile = program.parent().and_then(Path::file_name).unwrap_or_default().display();
    println!(
        "| coordinator ({profile}), {nodes} nodes at 10 s, {} s | {goal} | {:.1} % of one core, {:.1} MiB ({:.1} anonymous; \
         {:+.1} MiB since the start of measuring; {:.1} KiB per node); store {disk:.1} MiB |",
        length.as_secs(),
        end.percent_since(&begin),
        end.rss,
        end.anonymous,
        end.rss - begin.rss,
        (end.rss - empty.rss) * 1024.0 / nodes as f64,
    );
    coordinator.kill();
    runtime.shutdown_background();
}
