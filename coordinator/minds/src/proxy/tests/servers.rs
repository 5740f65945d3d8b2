//! Debian's own Prometheus and Alertmanager, started for a test. `tests/` has
//! them, too.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A program that ends with the test.
pub(super) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &str, arguments: &[String]) -> Server {
    let child = Command::new(Path::new("/usr/bin").join(program))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Server(child.unwrap_or_else(|error| panic!("{program}: {error}; ./ci/test needs installs it")))
}

/// A port that is free now.
pub(super) fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Prometheus that watches itself (the job `own`) and a port where nobody is
/// (the job `dead`), each second, and raises an alert of severity `page` for
/// who is away; it tells it to the Alertmanager at that port, if there is one.
pub(super) fn prometheus(folder: &Path, port: u16, dead: u16, teller: Option<u16>) -> Server {
    let path = |name: &str| folder.join(name).display().to_string();
    let told = teller.map_or_else(String::new, |teller| {
        format!(
            "alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ['127.0.0.1:{teller}'] }}] }}] }}\n"
        )
    });
    let config = format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{}]\n{told}scrape_configs:\n\
         - job_name: own\n  static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]\n\
         - job_name: dead\n  static_configs: [{{ targets: ['127.0.0.1:{dead}'] }}]\n",
        path("rules.yml")
    );
    let rules = "groups:\n- name: g\n  rules:\n  - alert: TargetDown\n    expr: up == 0\n    labels: { severity: page }\n    annotations: { summary: '{{ $labels.job }} is away' }\n";
    std::fs::write(path("prometheus.yml"), config).unwrap();
    std::fs::write(path("rules.yml"), rules).unwrap();
    start(
        "prometheus",
        &[
            format!("--config.file={}", path("prometheus.yml")),
            format!("--storage.tsdb.path={}", path("prometheus")),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ],
    )
}

/// An Alertmanager that tells nobody; what is severe stands for what is less so
/// of the same instance.
pub(super) fn alertmanager(folder: &Path, port: u16) -> Server {
    let path = |name: &str| folder.join(name).display().to_string();
    let config = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n\
        inhibit_rules: [{ source_matchers: [severity=page], target_matchers: [severity=ticket], equal: [instance] }]\n";
    std::fs::write(path("alertmanager.yml"), config).unwrap();
    start(
        "prometheus-alertmanager",
        &[
            format!("--config.file={}", path("alertmanager.yml")),
            format!("--storage.path={}", path("alertmanager")),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--cluster.listen-address=".to_owned(),
        ],
    )
}
