//! From a frame's publishing until its event is read from the page's stream.

use crate::harness::secs;
use crate::house::House;
use crate::link::Link;
use crate::speech::{Speech, cpu};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const FRAMES: usize = 1_000;
/// What the fleet is besides: the page has more than one node to tell of.
const OTHERS: &str = "12";

pub fn run() {
    let house = House::new(1);
    let name = &house.names[0];
    let key = house.keys.node_key(name).expect("enrolled");
    let speech = Speech::new(house.keys.fleet(), name, &key, FRAMES as u32 + 1);
    let coordinator = house.start(&["--no-local-node", "--simulate", OTHERS]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (user, password) = house.account(name);
    let mut link = runtime.block_on(Link::connect(coordinator.broker(), (&user, &password)));

    let (tell, told) = channel();
    let page = ureq::get(format!("{}/api/v1/stream", coordinator.ready.http)).call().expect("a stream");
    let mine = format!("\"{name}\"");
    std::thread::spawn(move || {
        let lines = BufReader::new(page.into_body().into_reader()).lines().map_while(Result::ok);
        for line in lines {
            let read = Instant::now();
            let Some(json) = line.strip_prefix("data:").filter(|json| json.contains(&mine)) else { continue };
            let node: Value = serde_json::from_str(json).expect("JSON");
            if let Some(cpu) = node["vitals"]["cpu"]["value"].as_f64()
                && tell.send((read, cpu)).is_err()
            {
                return;
            }
        }
    });

    let mut rng = fastrand::Rng::with_seed(1);
    let mut times: Vec<Duration> = Vec::with_capacity(FRAMES);
    for at in 0..speech.len() {
        link.say(speech.packets(at..at + 1));
        let sent = Instant::now();
        runtime.block_on(link.answers());
        if at > 0 {
            let shown = loop {
                let (read, shown) = told.recv_timeout(secs(5)).expect("an event of it within 5 s");
                // Quantised on the way, to half a percent.
                if (shown - f64::from(cpu(at))).abs() < 5.0 {
                    break read;
                }
            };
            times.push(shown - sent);
        }
        // Not in step with anything.
        std::thread::sleep(Duration::from_millis(rng.u64(10..90)));
    }
    // The first ones meet cold caches and the opening of the stream.
    times.drain(..times.len() - FRAMES);
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "| sample to web page, {FRAMES} frames | p99 50 ms | p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms |",
        at(50),
        at(99),
        at(100)
    );
    assert!(coordinator.stop().success(), "a clean stop");
}
