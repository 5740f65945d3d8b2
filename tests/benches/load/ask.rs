//! A question to the cast, from its sending until its answer is read: offline,
//! by the understudy, over HTTP and with all that is recorded of it.

use crate::harness::secs;
use crate::house::House;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ASKED: usize = 200;
const NODES: &str = "12";
/// Simple, moderate and complex ones.
const QUESTIONS: [&str; 5] = [
    "how is the fleet",
    "how hot is sim-01",
    "how is sim-02",
    "why is sim-03 like that",
    "what happened today",
];

pub fn run() {
    let house = House::new(1);
    let coordinator = house.start(&["--no-local-node", "--simulate", NODES]);
    let http = &coordinator.ready.http;
    let get = |path: &str| -> Value {
        ureq::get(format!("{http}{path}")).call().expect("an answer").body_mut().read_json().expect("JSON")
    };
    let since = Instant::now();
    while get("/api/v1/nodes").as_array().map_or(0, Vec::len) < 12 {
        assert!(since.elapsed() < secs(60), "twelve nodes within a minute");
        std::thread::sleep(Duration::from_millis(200));
    }
    let mut times: Vec<Duration> = Vec::with_capacity(ASKED);
    for number in 0..ASKED + 20 {
        let text = QUESTIONS[number % QUESTIONS.len()];
        let sent = Instant::now();
        let mut answer = ureq::post(format!("{http}/api/v1/ask"))
            .send_json(json!({ "text": text, "as": format!("person {number}") }))
            .expect("an answer");
        let told: Value = answer.body_mut().read_json().expect("JSON");
        let took = sent.elapsed();
        assert!(told["answers"].as_array().is_some_and(|answers| !answers.is_empty()), "{text}: {told}");
        // The first ones meet cold caches.
        if number >= 20 {
            times.push(took);
        }
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "| a question to the cast, offline, {ASKED} asked | 50 ms | p50 {:.1} ms, p95 {:.1} ms, longest {:.1} ms |",
        at(50),
        at(95),
        at(100)
    );
    assert!(coordinator.stop().success(), "a clean stop");
}
