//! Debian's own Prometheus and Alertmanager, started for the test.

use super::servers::{alertmanager, port, prometheus};
use super::*;

/// Asks again until what is wanted is told: they need some seconds to begin.
async fn until(asked: &Proxies, fits: impl Fn(&Outlook) -> bool) -> Outlook {
    let mut last = None;
    for _ in 0..300 {
        let found = asked.health().await.remove(0).found;
        match found {
            Ok(outlook) if fits(&outlook) => return outlook,
            other => last = Some(other),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("not within a minute: {last:?}");
}

#[tokio::test]
async fn prometheus_itself() {
    let (folder, port, dead) = (tempfile::tempdir().unwrap(), port(), port());
    let _server = prometheus(folder.path(), port, dead, None);
    let asked = proxies(&format!(
        "[p]\nkind = \"prometheus\"\nurl = \"http://127.0.0.1:{port}\"\nservices = {{ own = \"metrics\", dead = \"ghost\" }}\n\
         [p.queries]\nanswer = \"scalar(vector(42))\"\ntargets = \"count by (job) (up)\"\nwrong = \"sum(\"\nrange = \"up[1m]\"\n"
    ));
    let outlook = until(&asked, |outlook| !outlook.alerts.is_empty() && outlook.services.len() == 2).await;
    let words: Vec<String> = outlook.alerts.iter().map(Alert::words).collect();
    assert_eq!(words, [format!("TargetDown (page) on 127.0.0.1:{dead}: dead is away")]);
    assert_eq!(outlook.services["metrics"], State::Up);
    assert_eq!(outlook.services["ghost"], State::Down);
    let told = |start: &str| outlook.words.iter().find(|words| words.starts_with(start)).unwrap().as_str();
    assert_eq!(told("1 of 2"), format!("1 of 2 targets don't answer: 127.0.0.1:{dead} of dead"));
    assert_eq!(told("answer"), "answer: 42");
    assert_eq!(told("targets"), "targets: dead 1, own 1");
    assert!(told("wrong").starts_with("wrong can't be told: it answers 400"), "{}", told("wrong"));
    assert!(told("range").contains("where one value is wanted"), "{}", told("range"));
}

#[tokio::test]
async fn alertmanager_itself() {
    let (folder, port) = (tempfile::tempdir().unwrap(), port());
    let _server = alertmanager(folder.path(), port);
    let url = format!("http://127.0.0.1:{port}");
    let asked = proxies(&format!("[a]\nkind = \"alertmanager\"\nurl = \"{url}\""));
    until(&asked, |outlook| outlook.alerts.is_empty()).await;
    let alert = |name: &str, severity: &str, instance: &str| json!({ "labels": { "alertname": name, "severity": severity, "instance": instance }, "annotations": { "summary": format!("{name} it is") } });
    let alerts = json!([
        alert("Down", "page", "nas"),
        alert("Slow", "ticket", "nas"),
        alert("Known", "ticket", "pi-1")
    ]);
    let http = Http::new(CONNECT, None);
    http.post(&format!("{url}/api/v2/alerts"), Vec::new(), &alerts, MOST).await.unwrap();
    let silence = json!({
        "matchers": [{ "name": "alertname", "value": "Known", "isRegex": false, "isEqual": true }],
        "startsAt": "2000-01-01T00:00:00Z", "endsAt": "2100-01-01T00:00:00Z", "createdBy": "ann", "comment": "known",
    });
    http.post(&format!("{url}/api/v2/silences"), Vec::new(), &silence, MOST).await.unwrap();
    // What is silenced, and what another alert stands for, is left out.
    let outlook = until(&asked, |outlook| outlook.alerts.len() == 1).await;
    assert_eq!(outlook.alerts[0].words(), "Down (page) on nas: Down it is");
}
