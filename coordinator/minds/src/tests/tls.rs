//! Over real TLS, to servers that only a place's own authority vouches for.

use super::authority::authority;
use super::server::{Seen, router};
use super::*;
use crate::proxy::{Proxies, ProxySettings};
use axum::routing::get;
use axum::serve::Listener;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Listens with TLS; who breaks off while shaking hands is passed over.
struct Secure(TcpListener, TlsAcceptor);

impl Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (plain, whence) = Listener::accept(&mut self.0).await;
            if let Ok(secure) = self.1.accept(plain).await {
                return (secure, whence);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A model and an Alertmanager at `localhost`, and the file of the authority
/// that vouches for that name: its port, and the file in its folder.
async fn place() -> (u16, PathBuf, tempfile::TempDir) {
    let (pem, config) = authority();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let all = router(Arc::new(Seen::default())).route(
        "/api/v2/alerts",
        get(|| async { axum::Json(json!([{ "labels": { "alertname": "Disk" } }])) }),
    );
    let secure = Secure(listener, TlsAcceptor::from(Arc::new(config)));
    tokio::spawn(async move { axum::serve(secure, all).await });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, pem).unwrap();
    (port, file, folder)
}

/// `[providers.p]` in a dialect at a host, with more keys.
fn over(host: &str, kind: &str, more: &str) -> Settings {
    let path = if kind == "openai" { "/v1" } else { "" };
    toml::from_str(&format!(
        "[providers.p]\nkind = \"{kind}\"\nmodel = \"tiny\"\nbase_url = \"https://{host}/well{path}\"\n\
         key = {{ env = \"K\" }}\n{more}"
    ))
    .unwrap()
}

#[tokio::test]
async fn a_places_own_authority_is_believed_there_and_nowhere_else() {
    let (port, file, _folder) = place().await;
    let certificate = format!("certificate = \"{}\"\n", file.display());
    for kind in ["anthropic", "openai"] {
        let good = made(&over(&format!("localhost:{port}"), kind, &certificate), "well");
        assert_eq!(good.ask(&request("hi")).await.unwrap().text, "Evening.", "{kind}");
        let mut told = String::new();
        good.stream(&request("hi"), &mut |piece: &str| told.push_str(piece)).await.unwrap();
        assert_eq!(told, "Evening.", "{kind}");
        // Without the file nobody is known, and with it the name must still be right.
        for (host, more, why) in
            [("localhost", "", "UnknownIssuer"), ("127.0.0.1", certificate.as_str(), "not valid for name")]
        {
            let fault = made(&over(&format!("{host}:{port}"), kind, more), "well").ask(&request("hi")).await;
            let fault = fault.unwrap_err().to_string();
            assert!(fault.contains("certificate") && fault.contains(why), "{kind} {host}: {fault}");
        }
    }
}

#[tokio::test]
async fn those_who_watch_are_asked_over_tls_too() {
    let (port, file, _folder) = place().await;
    let text = format!(
        "[own]\nkind = \"alertmanager\"\nurl = \"https://localhost:{port}\"\ncertificate = \"{}\"\n\
         key = {{ env = \"K\" }}\n[stranger]\nkind = \"alertmanager\"\nurl = \"https://localhost:{port}\"\n",
        file.display()
    );
    let settings: BTreeMap<String, ProxySettings> = toml::from_str(&text).unwrap();
    let looked = Proxies::new(settings, |_| Some(KEY.to_owned())).unwrap().health().await;
    assert_eq!(looked[0].found.as_ref().unwrap().alerts[0].name, "Disk");
    let fault = looked[1].found.as_ref().unwrap_err().to_string();
    assert!(fault.contains("UnknownIssuer"), "{fault}");
}

#[test]
fn a_file_that_vouches_for_nobody_is_named_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let certificate = format!("certificate = \"{}\"\n", file.display());
    let env = |_: &str| Some(KEY.to_owned());
    let of_mind = |more: &str| over("x", "openai", more).access(env).unwrap_err().to_string();
    let of_proxy = |url: &str| {
        let text = format!("[a]\nkind = \"loki\"\nurl = \"{url}\"\n{certificate}");
        Proxies::new(toml::from_str(&text).unwrap(), env).unwrap_err().to_string()
    };
    let told = of_mind(&certificate);
    assert!(told.starts_with("minds.providers.p.certificate: ") && told.contains("ca.pem: it can't be read"));
    std::fs::write(&file, "nothing").unwrap();
    let told = of_proxy("https://x");
    assert!(told.starts_with("proxies.a.certificate: ") && told.contains("BEGIN CERTIFICATE"), "{told}");
    std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let told = of_mind(&certificate);
    assert!(told.contains("ca.pem: a certificate in it is none"), "{told}");
    let told = of_proxy("http://127.0.0.1:1");
    assert_eq!(told, "proxies.a.certificate: nobody vouches for an http:// address; write https://");
}
