//! A whole pulse and a question by language models, over real HTTP and from the
//! command line: one house speaks Anthropic's dialect, one OpenAI's, one is busy.

// What the models' own tests talk to.
#[path = "../../coordinator/minds/src/tests/server.rs"]
mod server;

use crate::harness::{Coordinator, Forger, Scratch, binary, eventually, secs};
use crate::trust_place::{hello, report};
use frames::{Leaf, Mood, Say};
use serde_json::Value;
use server::Server;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

/// What the server takes for its key.
const KEY: &str = "sk-canary-0123456789";
const BOOT: u32 = 31;

/// The configuration: who is asked for what, and somebody outside who is away.
fn config(model: &str) -> String {
    format!(
        "[minds]\norder = [\"busy\", \"home\"]\ntasks.chat = [\"claude\"]\n\
         [minds.providers.busy]\nkind = \"anthropic\"\nbase_url = \"{model}/529\"\nmodel = \"m\"\nkey = {{ env = \"GT_TEST_KEY\" }}\n\
         [minds.providers.claude]\nkind = \"anthropic\"\nbase_url = \"{model}/well\"\nmodel = \"m\"\nkey = {{ env = \"GT_TEST_KEY\" }}\n\
         price = {{ in = 2.0, out = 10.0, cached = 0.5 }}\n\
         [minds.providers.home]\nkind = \"openai\"\nbase_url = \"{model}/well/v1\"\nmodel = \"m\"\nkey = {{ env = \"GT_TEST_KEY\" }}\n\
         [proxies.away]\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:1\"\n"
    )
}

/// What a command answers as JSON. The address is given, the token found in the data folder.
pub fn told(coordinator: &Coordinator, arguments: &[&str]) -> Value {
    let output = Command::new(binary("goldentooth"))
        .args(arguments)
        .arg("--json")
        .env("GOLDENTOOTH_URL", &coordinator.ready.http)
        .env("GOLDENTOOTH_DATA", &coordinator.ready.data)
        .env_remove("GOLDENTOOTH_TOKEN")
        .env_remove("GOLDENTOOTH_FLAVOUR")
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said} {}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains(KEY), "no key comes out: {said}");
    serde_json::from_str(&said).expect("JSON")
}

/// A coordinator with one node, which is in crisis.
fn in_crisis(scratch: &Scratch, config: &Path) -> Coordinator {
    let coordinator = started(scratch, config);
    fall(&coordinator, "pi-07", scratch);
    coordinator
}

/// A coordinator without a node.
pub fn started(scratch: &Scratch, config: &Path) -> Coordinator {
    let mut command = Command::new(binary("goldentooth"));
    command.env("GT_TEST_KEY", KEY).env("GOLDENTOOTH_CONFIG", config);
    Coordinator::start_as(command, &scratch.join("data"), &["--no-local-node"])
}

/// A new node falls into a crisis.
pub fn fall(coordinator: &Coordinator, name: &str, scratch: &Scratch) {
    let pi = Forger::from_file(&coordinator.enroll(name, scratch.path()));
    let wire = pi.connect(coordinator.broker()).expect("it comes in");
    let crisis = |uptime| match report(uptime) {
        Say::Vitals(report) => Say::Vitals(frames::Report { mood: Some(Mood::Crisis), ..report }),
        other => other,
    };
    let topic = pi.topic(Leaf::Frame);
    for (sequence, say) in [(1, hello(9_000)), (2, crisis(9_010)), (3, crisis(9_020))] {
        wire.publish(&topic, pi.seal(BOOT, sequence, 1, &say), false);
    }
    eventually("its crisis in the past", secs(20), || {
        let events = coordinator.events("mood_changed");
        let its = |event: &&Value| event["node"] == name && event["payload"]["to"] == "crisis";
        events.iter().find(its).map(|_| ())
    });
}

#[test]
fn a_pulse_and_a_question_by_models_from_the_command_line() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let model = runtime.block_on(Server::start());
    let scratch = Scratch::new();
    let file = scratch.join("goldentooth.toml");
    std::fs::write(&file, config(&model.url)).expect("a file");
    let coordinator = in_crisis(&scratch, &file);

    let dry = told(&coordinator, &["pulse", "--dry-run"]);
    assert_eq!((&dry["called"], model.calls()), (&Value::Bool(false), 0), "{dry}");
    assert!(dry["prompt"].as_str().is_some_and(|prompt| prompt.contains("{node}=pi-07")), "{dry}");
    assert_eq!(dry["tokenizer"], "goldentooth-estimate-1");
    assert!(dry["context"].as_u64().is_some_and(|context| (20..=500).contains(&context)), "{dry}");
    let why = dry["missing"]["away"].as_str().expect("who tells nothing is named");
    assert!(why.starts_with("it can't be reached"), "{why}");

    let pulse = told(&coordinator, &["pulse", "--now"]);
    assert_eq!(pulse["called"], true, "{pulse}");
    assert_eq!(
        (&pulse["facts"][0]["node"], &pulse["facts"][0]["occasion"]),
        (&"pi-07".into(), &"crisis".into())
    );
    let line = &pulse["lines"][0];
    assert_eq!((&line["mind"], &line["text"]), (&"home".into(), &"pi-07 is in crisis.".into()), "{pulse}");
    assert_eq!((&pulse["output"], &pulse["cached"]), (&7.into(), &30.into()), "by the provider's count");
    let prompt = model.last_body()["messages"]
        .as_array()
        .and_then(|all| all.last()?["content"].as_str().map(str::to_owned));
    let shown = pulse["prompt"].as_str().expect("a prompt");
    assert!(prompt.is_some_and(|sent| shown.ends_with(&sent)), "what is shown is what was sent: {shown}");
    eventually("the line is told, with its fact", secs(10), || {
        let said = coordinator.events("says");
        let ours = said.iter().find(|event| event["payload"]["mind"] == "home")?;
        (ours["payload"]["text"] == "pi-07 is in crisis." && !ours["causation"].is_null()).then_some(())
    });

    let calls = model.calls();
    let again = told(&coordinator, &["pulse", "--now"]);
    assert_eq!((&again["called"], model.calls()), (&Value::Bool(false), calls), "nothing changed: {again}");

    let answers = told(&coordinator, &["ask", "--as", "ann", "how", "is", "the", "fleet"]);
    let answer = &answers["answers"][0];
    assert_eq!(answer["mind"], "claude", "{answers}");
    let text = answer["text"].as_str().expect("words");
    assert!(text.starts_with("Hear me: ") && text.ends_with(" Hear me."), "{text}");
    assert!(!answer["facts"].as_array().expect("facts").is_empty());

    let minds = told(&coordinator, &["minds"]);
    let of = |name: &str| {
        let providers = minds["providers"].as_array().expect("providers");
        providers.iter().find(|one| one["name"] == name).cloned().expect("it is there")
    };
    assert_eq!(of("home")["outcomes"]["answered"], 1, "{minds}");
    assert_eq!(of("busy")["outcomes"]["failed"], 3, "tried thrice, with pauses: {minds}");
    assert_eq!((&of("claude")["input"], &of("claude")["output"]), (&47.into(), &7.into()));
    assert_eq!(minds["budget"]["day"], 47 + 7 + 47 + 7, "{minds}");

    let ledger = eventually("five calls in the ledger", secs(10), || {
        let ledger = told(&coordinator, &["minds", "ledger"]);
        (ledger["calls"].as_array()?.len() == 5).then_some(ledger)
    });
    let newest = &ledger["calls"][0];
    assert_eq!((&newest["task"], &newest["provider"]), (&"chat".into(), &"claude".into()), "{ledger}");
    // 12 + 5 fresh ones at 2, 30 kept at 0.5, 7 out at 10, for a million.
    assert_eq!(newest["money"], 119e-6, "{newest}");
    assert!(newest["estimate"].as_u64().is_some_and(|guess| guess > 100), "{newest}");
    assert_eq!(ledger["days"].as_array().map(Vec::len), Some(3), "{ledger}");
    assert!(coordinator.stop().success());
    let log = std::fs::read_to_string(scratch.join("data.log")).unwrap_or_default();
    assert!(!log.contains(KEY) && log.contains("a proxy tells nothing"), "{log}");
}

/// The configuration of one provider, which behaves so.
fn one(model: &str, kind: &str, way: &str, more: &str) -> String {
    let path = if kind == "openai" { "/v1" } else { "" };
    format!(
        "[minds]\n{more}\n[minds.providers.home]\nkind = \"{kind}\"\nbase_url = \"{model}/{way}{path}\"\nmodel = \"m\"\n\
         key = {{ env = \"GT_TEST_KEY\" }}\n"
    )
}

/// A coordinator for each dialect, with one provider that behaves so.
fn each_dialect(way: &str, more: &str, mut meet: impl FnMut(&str, &Server, &Scratch, Coordinator)) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for kind in ["anthropic", "openai"] {
        let model = runtime.block_on(Server::start());
        let scratch = Scratch::new();
        let file = scratch.join("goldentooth.toml");
        std::fs::write(&file, one(&model.url, kind, way, more)).expect("a file");
        let coordinator = started(&scratch, &file);
        meet(kind, &model, &scratch, coordinator);
    }
}

#[test]
fn an_answer_is_shown_as_it_comes_and_whoever_goes_away_ends_it() {
    each_dialect("stalls", "", |kind, model, scratch, coordinator| {
        fall(&coordinator, "pi-07", scratch);
        let mut command = Command::new(binary("goldentooth"));
        command
            .args(["ask", "how", "is", "the", "fleet"])
            .env("GOLDENTOOTH_URL", &coordinator.ready.http)
            .env("GOLDENTOOTH_DATA", &coordinator.ready.data)
            .stdout(Stdio::piped());
        let mut asking = command.spawn().expect("the binary runs");
        let mut lines = BufReader::new(asking.stdout.take().expect("piped")).lines();
        // The model has begun its answer, and will never end it.
        let who = lines.next().expect("a line").expect("text");
        let said = lines.next().expect("a line").expect("text");
        assert!(who.ends_with(", by home:") && said.starts_with("  Hear me: "), "{kind}: {who} {said}");
        assert_eq!(model.seen.gone.load(Ordering::SeqCst), 0);
        asking.kill().expect("it is there");
        asking.wait().expect("it ends");
        // Long before the 20 s after which the understudy would have answered.
        eventually("the model is let go of", secs(10), || {
            (model.seen.gone.load(Ordering::SeqCst) == 1).then_some(())
        });
        let ledger = eventually("its receipt", secs(10), || {
            let ledger = told(&coordinator, &["minds", "ledger"]);
            (!ledger["calls"].as_array()?.is_empty()).then_some(ledger)
        });
        assert_eq!(ledger["calls"][0]["outcome"], "cancelled", "{kind}: {ledger}");
        assert!(coordinator.stop().success());
    });
}

#[test]
fn a_tale_in_a_models_words_out_of_a_purse_of_its_own() {
    each_dialect(
        "well",
        "simulated = true\n[minds.budget]\nfiction = 5000",
        |kind, model, _, coordinator| {
            told(&coordinator, &["cast", "tale"]);
            let begun = eventually("a tale begins", secs(20), || coordinator.events("tale_began").pop());
            assert_eq!((&begun["payload"]["mind"], model.calls()), (&"home".into(), 1), "{kind}: {begun}");
            let beats = begun["payload"]["beats"].as_array().expect("beats");
            let line =
                eventually("its first line", secs(20), || coordinator.events("tells").first().cloned());
            let line = &line["payload"];
            assert_eq!((&line["mind"], &line["text"]), (&"home".into(), &beats[0]["text"]), "{kind}: {line}");
            assert_eq!(line["kind"], "fiction", "{kind}: {line}");
            let minds = told(&coordinator, &["minds"]);
            assert_eq!(
                (&minds["budget"]["fiction"], &minds["budget"]["day"]),
                (&54.into(), &0.into()),
                "{minds}"
            );
            assert!(coordinator.stop().success());
        },
    );
}
