//! Places that calls go to, over plain HTTP and over a real TLS server whose
//! certificate no public authority has signed.

// What the models' own tests have.
#[path = "../../../../minds/src/tests/authority.rs"]
mod authority;

use super::*;
use crate::calls::tests::{Heard, Receiver};
use authority::authority;

fn place(kind: Kind, url: &str) -> Place {
    Place { kind, url: url.to_owned(), token: None, certificate: None, trusted: None }
}

fn call() -> Call {
    Call {
        cause: Some(Cause::Crisis),
        state: State::Began,
        nodes: vec!["pi-1".parse().unwrap()],
        title: "pi-1 is in crisis".to_owned(),
        words: "pi-1: temperature 84.5 °C".to_owned(),
        at: 1_795_231_433_123,
    }
}

#[test]
fn a_place_is_shown_without_its_secrets() {
    let shown = place(Kind::Ntfy, "https://me:secret@ntfy.example/topic?auth=x").shown();
    assert_eq!(shown, "https://ntfy.example");
    assert!(place(Kind::Ntfy, "https://ntfy.example/t").check().is_ok());
    for wrong in ["ntfy.example/t", "ftp://x/y", "http://", "", "https:///secret"] {
        let told = place(Kind::Webhook, wrong).check().unwrap_err();
        assert!(!told.contains("secret"), "{told}");
    }
    let topic = place(Kind::Ntfy, "https://ntfy.example/secret");
    assert!(!topic.key().contains("secret") && topic.key() != place(Kind::Webhook, &topic.url).key());
}

#[test]
fn calls_arrive_over_tls_where_the_place_s_own_authority_is_trusted_and_nowhere_else() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (pem, config) = authority();
    let receiver = Receiver::tls(config);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, pem).unwrap();
    let url = receiver.url.replace("127.0.0.1", "localhost");
    assert!(url.starts_with("https://localhost:"), "{url}");

    for kind in [Kind::Webhook, Kind::Ntfy] {
        let told = place(kind, &url).send(&call()).unwrap_err();
        assert!(told.to_lowercase().contains("certificate"), "{kind:?}: {told}");
    }
    assert!(receiver.heard().is_empty(), "nobody else reads a call");

    let trusting = |kind, url: &str| {
        let mut place = Place { certificate: Some(file.clone()), ..place(kind, url) };
        place.token = Some(Secret::new("tk_1".to_owned()));
        place.ready().unwrap();
        place
    };
    for kind in [Kind::Webhook, Kind::Ntfy] {
        trusting(kind, &url).send(&call()).unwrap();
    }
    // The authority vouches for a name, not for whoever answers.
    let other = receiver.url.as_str();
    assert!(trusting(Kind::Webhook, other).send(&call()).is_err());

    let [webhook, ntfy]: [Heard; 2] = receiver.heard().try_into().unwrap();
    let body: serde_json::Value = serde_json::from_str(&webhook.body).unwrap();
    assert_eq!((&body["cause"], &body["state"]), (&"crisis".into(), &"began".into()));
    assert_eq!(body["text"], "pi-1 is in crisis\npi-1: temperature 84.5 °C");
    assert_eq!(body["nodes"], serde_json::json!(["pi-1"]));
    assert_eq!(ntfy.header("title"), Some("pi-1 is in crisis"));
    assert_eq!(ntfy.header("priority"), Some("urgent"));
    assert_eq!(ntfy.header("authorization"), Some("Bearer tk_1"));
    assert_eq!(ntfy.body, "pi-1: temperature 84.5 °C");
}

#[test]
fn a_certificate_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let mut place = Place { certificate: Some(file.clone()), ..place(Kind::Webhook, "https://x/y") };
    assert!(place.ready().unwrap_err().contains("ca.pem"));
    std::fs::write(&file, "nothing").unwrap();
    let told = place.ready().unwrap_err();
    assert!(told.contains("ca.pem") && told.contains("BEGIN CERTIFICATE"), "{told}");
}
