//! Debian's own Prometheus and Alertmanager watch a service that is away: what
//! they say becomes services, events and facts of the pulse, and they are only
//! ever read.

// The models' own tests start them, too.
#[path = "../../coordinator/minds/src/proxy/tests/servers.rs"]
mod servers;

use crate::harness::{Scratch, eventually, secs};
use crate::minds_pulse::{started, told};
use serde_json::Value;
use servers::{alertmanager, port, prometheus};

/// What somebody answers by HTTP, if it does.
fn answer(url: &str) -> Option<Value> {
    ureq::get(url).call().ok()?.body_mut().read_json().ok()
}

#[test]
fn what_prometheus_and_alertmanager_see_becomes_services_events_and_facts() {
    let scratch = Scratch::new();
    let [watcher, teller, dead] = [port(), port(), port()];
    let _alertmanager = alertmanager(scratch.path(), teller);
    let _prometheus = prometheus(scratch.path(), watcher, dead, Some(teller));
    // An alert goes from the one to the other by itself.
    eventually("the alert at Alertmanager", secs(60), || {
        let alerts = answer(&format!("http://127.0.0.1:{teller}/api/v2/alerts"))?;
        (alerts.as_array()?.len() == 1).then_some(())
    });
    // It finds its targets one after the other, seconds apart on a busy machine.
    eventually("both targets at Prometheus", secs(60), || {
        let up = answer(&format!("http://127.0.0.1:{watcher}/api/v1/query?query=up"))?;
        let value = |job: &str| {
            let all = up["data"]["result"].as_array()?;
            all.iter().find(|one| one["metric"]["job"] == job)?["value"][1].as_str().map(str::to_owned)
        };
        (value("own")? == "1" && value("dead")? == "0").then_some(())
    });
    let file = scratch.join("goldentooth.toml");
    let text = format!(
        "[proxies.prom]\nkind = \"prometheus\"\nurl = \"http://127.0.0.1:{watcher}\"\n\
         services = {{ own = \"metrics\", dead = \"ghost\" }}\nqueries = {{ answer = \"vector(42)\" }}\n\
         [proxies.calls]\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:{teller}\"\n"
    );
    std::fs::write(&file, text).expect("a file");
    let coordinator = started(&scratch, &file);

    let alerts = eventually("an alert of each", secs(20), || {
        let events = coordinator.events("alert_raised");
        (events.len() == 2).then_some(events)
    });
    for event in &alerts {
        let payload = &event["payload"];
        assert_eq!(payload["alert"], format!("TargetDown (page) on 127.0.0.1:{dead}"), "{event}");
        assert_eq!((&payload["severity"], &payload["summary"]), (&"page".into(), &"dead is away".into()));
    }
    let states = eventually("both services", secs(20), || {
        let services = told(&coordinator, &["services"]);
        let state = |name: &str| {
            let all = services.as_array()?;
            all.iter().find(|one| one["name"] == name)?["state"].as_str().map(str::to_owned)
        };
        Some((state("metrics")?, state("ghost")?))
    });
    assert_eq!(states, ("active".to_owned(), "failed".to_owned()));

    let pulse = told(&coordinator, &["pulse", "--now"]);
    assert_eq!(pulse["missing"], serde_json::json!({}), "{pulse}");
    let facts = pulse["facts"].as_array().expect("facts");
    let about = |node: &str| facts.iter().filter(|fact| fact["node"] == node).count();
    assert_eq!((about("ghost"), about(&format!("127.0.0.1:{dead}"))), (1, 2), "{pulse}");
    assert!(facts.iter().all(|fact| fact["event"].is_string()), "each stands on its event: {pulse}");
    let lines = pulse["lines"].as_array().expect("lines");
    let has =
        |words: &str| lines.iter().any(|line| line["text"].as_str().is_some_and(|text| text.contains(words)));
    assert!(has("TargetDown") && has("ghost") && has("dead is away"), "{pulse}");
    let again = told(&coordinator, &["pulse", "--now"]);
    assert!(again["because"].as_str().is_some_and(|because| because.contains("nothing changed")), "{again}");
    assert!(coordinator.stop().success());
}
