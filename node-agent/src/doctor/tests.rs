//! What `doctor` says of machines with something amiss.

use super::*;
use crate::config::Keys;
use std::path::PathBuf;

fn tree(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/trees").join(name)
}

async fn doctor(keys: Keys) -> Vec<Finding> {
    examine(&Config::new(Keys { model: Some("none".into()), ..keys }).unwrap()).await
}

#[track_caller]
fn of<'a>(findings: &'a [Finding], what: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.what == what).unwrap_or_else(|| panic!("nothing on {what}"))
}

#[tokio::test]
async fn a_pi_without_pressure_clock_and_vcgencmd_is_told_what_to_do() {
    let findings = doctor(Keys { root: Some(tree("pi-3")), ..Keys::default() }).await;
    assert_eq!(of(&findings, "hardware").found, "Raspberry Pi 3 Model B Plus Rev 1.3");
    assert!(of(&findings, "pressure").advice.as_ref().unwrap().contains("psi=1"));
    assert!(of(&findings, "clock").advice.as_ref().unwrap().contains("timedatectl"));
    let throttle = of(&findings, "throttle").advice.as_ref().unwrap();
    assert!(throttle.starts_with("sudo usermod --append --groups video "), "{throttle}");
    assert!(findings.iter().all(|finding| finding.state != State::Failed), "nothing is broken");
    let missing: Vec<_> = findings.iter().filter(|finding| finding.what == "absent").collect();
    assert!(missing.iter().any(|finding| finding.found.starts_with("fan: ")), "{missing:?}");
    for finding in &findings {
        assert_eq!(finding.advice.is_some(), finding.state != State::Good, "{finding}");
    }
}

#[tokio::test]
async fn a_machine_that_is_no_pi_hears_nothing_of_throttling() {
    let findings = doctor(Keys { root: Some(tree("x86-vm")), ..Keys::default() }).await;
    assert!(!findings.iter().any(|finding| finding.what == "throttle" || finding.what == "pressure"));
    assert_eq!(of(&findings, "clock").state, State::Good);
}

#[tokio::test]
async fn failures_are_failures() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let findings = doctor(Keys {
        root: Some("/nonexistent".into()),
        data: Some(file.join("data")),
        enrolment: Some(folder.path().join("missing.toml")),
        ..Keys::default()
    })
    .await;
    for what in ["vitals", "data", "enrolment"] {
        assert_eq!(of(&findings, what).state, State::Failed, "{what}");
        assert!(of(&findings, what).advice.is_some(), "{what}");
    }
}

#[test]
fn a_finding_reads_well() {
    let finding = Finding::note("clock", "follows no time server", "do this");
    assert_eq!(
        finding.to_string(),
        "note    clock      follows no time server\n                   -> do this"
    );
}
