//! The whole coordinator with llama.cpp's own server, which has a tiny random
//! model. Its words are rubbish: that none of them is said, that each is refused
//! with its cause, and that what it took is in the ledger, is shown here.

use crate::harness::{Coordinator, Scratch, eventually, secs};
use crate::minds_pulse::{fall, started, told};
use serde_json::Value;

/// Where the server is: `ci/judges` starts one, and sets this.
const AT: &str = "GOLDENTOOTH_LLAMA";
/// So many nodes fall one after another: the model may have nothing to say of one.
const NODES: usize = 6;

/// The newest call of a task that ended in one of these ways, once there is one.
fn newest(coordinator: &Coordinator, task: &str, ways: &[&str]) -> Value {
    eventually("its call in the ledger", secs(10), || {
        let ledger = told(coordinator, &["minds", "ledger"]);
        let calls = ledger["calls"].as_array()?;
        let ended = |call: &Value| call["outcome"].as_str().is_some_and(|outcome| ways.contains(&outcome));
        calls.iter().find(|call| call["task"] == task && ended(call)).cloned()
    })
}

/// How its provider is, once it is let through: the server answers 500 where its
/// own grammar was cut short, which is tried again, and then rests it.
fn rested(coordinator: &Coordinator) -> Value {
    eventually("its breaker lets one through", secs(60), || {
        let home = told(coordinator, &["minds"])["providers"][0].clone();
        (home["health"] != "open").then_some(home)
    })
}

#[test]
#[ignore = "it needs llama.cpp's server: ci/judges has it, and runs this"]
fn of_a_random_model_in_llama_cpps_own_server_nothing_is_said() {
    let url = std::env::var(AT).expect("GOLDENTOOTH_LLAMA is the server's address");
    let scratch = Scratch::new();
    let file = scratch.join("goldentooth.toml");
    let text = format!(
        "[minds.providers.home]\nkind = \"openai\"\nbase_url = \"{url}/v1\"\nmodel = \"tiny\"\n\
         price = {{ in = 1.0, out = 3.0 }}\n"
    );
    std::fs::write(&file, text).expect("a file");
    let coordinator = started(&scratch, &file);

    let mut refused = Vec::new();
    for place in 1..=NODES {
        let name = format!("pi-0{place}");
        fall(&coordinator, &name, &scratch);
        rested(&coordinator);
        let pulse = told(&coordinator, &["pulse", "--now"]);
        assert_eq!(pulse["facts"][0]["node"], name.as_str(), "{pulse}");
        let line = &pulse["lines"][0];
        let text = line["text"].as_str().expect("words");
        assert!(text.contains(&name) && line["mind"] == "understudy", "the understudy fills in: {pulse}");
        refused.extend(pulse["dropped"].as_array().expect("a list").clone());
        if pulse["called"] == true && !refused.is_empty() {
            break;
        }
    }
    assert!(!refused.is_empty(), "not one line of {NODES} pulses");
    for line in &refused {
        assert!(line["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{line}");
    }
    // One that ran out of tokens on the way is unreadable, and in the ledger, too.
    let call = newest(&coordinator, "pulse", &["answered"]);
    let count = |key: &str| call[key].as_u64().expect("a number");
    assert!(count("input") > count("estimate"), "by its own count: a token for each byte: {call}");
    let money = (count("input") + 3 * count("output")) as f64 / 1e6;
    assert!((call["money"].as_f64().expect("money") - money).abs() < 1e-9, "{call}");

    rested(&coordinator);
    let answers = told(&coordinator, &["ask", "--as", "ann", "how", "is", "the", "fleet"]);
    let answer = &answers["answers"][0];
    assert_eq!(answer["mind"], "understudy", "{answers}");
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("pi-01")), "a person is answered");
    let call = newest(&coordinator, "chat", &["answered", "unreadable", "failed"]);
    assert!(call["input"].as_u64() > Some(0) || call["outcome"] == "failed", "{call}");

    let minds = told(&coordinator, &["minds"]);
    let home = &minds["providers"][0];
    assert!(home["dialect"] == "openai" && home["outcomes"]["answered"].as_u64() > Some(0), "{minds}");
    let took = home["input"].as_u64().zip(home["output"].as_u64()).map(|(one, other)| one + other);
    assert_eq!(minds["budget"]["day"].as_u64(), took, "{minds}");
    assert!(coordinator.stop().success());
}
