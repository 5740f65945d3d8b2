//! Debian's own Prometheus and Alertmanager, started for the test.

use super::*;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A program that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program of Debian's; none, said plainly, where it is not installed.
fn start(program: &str, arguments: &[String]) -> Option<Server> {
    let path = Path::new("/usr/bin").join(program);
    if !path.exists() {
        println!("NOT TESTED HERE: {program} is not installed (ci/test needs installs it)");
        return None;
    }
    let child = Command::new(path).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Some(Server(child.unwrap()))
}

/// A port that is free now.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

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
    let path = |name: &str| folder.path().join(name).display().to_string();
    let config = format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{}]\nscrape_configs:\n\
         - job_name: own\n  static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]\n\
         - job_name: dead\n  static_configs: [{{ targets: ['127.0.0.1:{dead}'] }}]\n",
        path("rules.yml")
    );
    let rules = "groups:\n- name: g\n  rules:\n  - alert: TargetDown\n    expr: up == 0\n    labels: { severity: page }\n    annotations: { summary: '{{ $labels.job }} is away' }\n";
    std::fs::write(path("prometheus.yml"), config).unwrap();
    std::fs::write(path("rules.yml"), rules).unwrap();
    let arguments = [
        format!("--config.file={}", path("prometheus.yml")),
        format!("--storage.tsdb.path={}", path("data")),
        format!("--web.listen-address=127.0.0.1:{port}"),
    ];
    let Some(_server) = start("prometheus", &arguments) else { return };
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
    let path = |name: &str| folder.path().join(name).display().to_string();
    let config = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n\
        inhibit_rules: [{ source_matchers: [severity=page], target_matchers: [severity=ticket], equal: [instance] }]\n";
    std::fs::write(path("alertmanager.yml"), config).unwrap();
    let arguments = [
        format!("--config.file={}", path("alertmanager.yml")),
        format!("--storage.path={}", path("data")),
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--cluster.listen-address=".to_owned(),
    ];
    let Some(_server) = start("prometheus-alertmanager", &arguments) else { return };
    let url = format!("http://127.0.0.1:{port}");
    let asked = proxies(&format!("[a]\nkind = \"alertmanager\"\nurl = \"{url}\""));
    until(&asked, |outlook| outlook.alerts.is_empty()).await;
    let alert = |name: &str, severity: &str, instance: &str| json!({ "labels": { "alertname": name, "severity": severity, "instance": instance }, "annotations": { "summary": format!("{name} it is") } });
    let alerts = json!([
        alert("Down", "page", "nas"),
        alert("Slow", "ticket", "nas"),
        alert("Known", "ticket", "pi-1")
    ]);
    let http = Http::new(CONNECT);
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
