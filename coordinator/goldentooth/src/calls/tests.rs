//! Calls as they leave the house, to a real receiver; the hours between them
//! are made up.

use super::*;
use crate::care::Scope;
use crate::data::Data;
use crate::surfaces::fixtures::{node, silent};
use axum::Router;
use axum::extract::{Request, State as Extracted};
use axum::http::{HeaderMap, StatusCode};
use axum::serve::Listener;
use frames::Mood;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const MINUTE: UnixMillis = 60_000;
const HOUR: UnixMillis = 60 * MINUTE;

/// What a receiver heard.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    headers: HeaderMap,
    pub(super) body: String,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn title(&self) -> String {
        serde_json::from_str::<serde_json::Value>(&self.body).unwrap()["title"].as_str().unwrap().to_owned()
    }
}

#[derive(Clone)]
struct Ear {
    heard: Arc<Mutex<Vec<Heard>>>,
    answer: Arc<AtomicU16>,
}

/// A server that keeps what it is sent, and answers as it is told.
pub(super) struct Receiver {
    pub(super) url: String,
    ear: Ear,
    runtime: Option<runtime::Runtime>,
}

struct Tls(TcpListener, TlsAcceptor);

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, from)) = self.0.accept().await else { continue };
            // One that doesn't trust us hangs up here.
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Receiver {
    pub(super) fn tls(config: rustls::ServerConfig) -> Self {
        Self::start(Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn plain() -> Self {
        Self::start(None)
    }

    fn start(tls: Option<TlsAcceptor>) -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let ear = Ear { heard: Arc::default(), answer: Arc::new(AtomicU16::new(200)) };
        let router = Router::new().fallback(hear).with_state(ear.clone());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        runtime.spawn(async {
            let listener = TcpListener::from_std(listener).unwrap();
            match tls {
                None => axum::serve(listener, router).await,
                Some(tls) => axum::serve(Tls(listener, tls), router).await,
            }
        });
        Self { url: format!("{scheme}://{address}/a-secret-topic"), ear, runtime: Some(runtime) }
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        lock::mutex(&self.ear.heard).clone()
    }

    fn titles(&self) -> Vec<String> {
        self.heard().iter().map(Heard::title).collect()
    }

    fn answers(&self, status: u16) {
        self.ear.answer.store(status, Ordering::SeqCst);
    }

    fn place(&self) -> Place {
        toml::from_str(&format!("kind = \"webhook\"\nurl = {:?}", self.url)).unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // A test's own runtime may not wait for another's threads.
        self.runtime.take().into_iter().for_each(runtime::Runtime::shutdown_background);
    }
}

async fn hear(Extracted(ear): Extracted<Ear>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    lock::mutex(&ear.heard).push(Heard { headers: parts.headers, body });
    StatusCode::from_u16(ear.answer.load(Ordering::SeqCst)).unwrap()
}

/// Calls of a data folder, at a time that the test sets.
struct House {
    folder: tempfile::TempDir,
    receiver: Receiver,
    calls: Calls,
    care: Care,
    began: UnixMillis,
    now: UnixMillis,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let receiver = Receiver::plain();
        let began = clock::wall();
        let calls = Calls::open(vec![receiver.place()], folder.path(), began);
        let data = Arc::new(Data::open(folder.path()).unwrap());
        let care = Care::open(&data, &Live::new(began)).unwrap();
        Self { folder, receiver, calls, care, began, now: began }
    }

    /// Lets time pass; then what was heard of these nodes is so.
    async fn after(&mut self, span: UnixMillis, nodes: &[NodeSnapshot]) {
        self.now += span;
        for node in nodes {
            self.calls.hear(self.now, node);
        }
        self.step().await;
    }

    async fn step(&self) {
        let (now, care) = (self.now, &self.care);
        let tried = |calls: &Calls| calls.messages().iter().map(|one| one.attempts).sum::<usize>();
        let before = (tried(&self.calls), self.receiver.heard().len());
        self.calls.step(now, |_| true, |node, cause| care.is_quiet(now, node, cause));
        let sent = tried(&self.calls) - before.0;
        // What was sent has been answered, and that has been noted.
        for _ in 0..500 {
            let noted = self
                .calls
                .messages()
                .iter()
                .all(|one| one.attempts == 0 || one.delivered.is_some() || one.error.is_some());
            if self.receiver.heard().len() >= before.1 + sent && noted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{sent} messages were sent, and did not arrive");
    }

    fn restart(&mut self) {
        self.calls.keep();
        self.calls = Calls::open(vec![self.receiver.place()], self.folder.path(), self.now);
    }
}

fn ill(name: &str) -> NodeSnapshot {
    node(name, Some(Mood::Crisis))
}

fn well(name: &str) -> NodeSnapshot {
    node(name, Some(Mood::Happy))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_fleet_is_one_message_and_is_said_again_with_growing_pauses() {
    let mut house = House::new();
    let missed: Vec<NodeSnapshot> = (0..40).map(|i| silent(&format!("pi-{i:02}"))).collect();
    for one in &missed {
        house.after(1_000, std::slice::from_ref(one)).await;
    }
    house.after(Cause::Silent.gather(), &missed).await;
    assert_eq!(house.receiver.titles(), ["40 nodes are silent: pi-00, pi-01 and 38 more"]);
    let body: serde_json::Value = serde_json::from_str(&house.receiver.heard()[0].body).unwrap();
    assert_eq!(body["nodes"].as_array().unwrap().len(), 40);

    let mut told = Vec::new();
    for minute in 1..=24 * 60 {
        house.after(MINUTE, &missed).await;
        told.resize(house.receiver.heard().len() - 1, minute);
    }
    assert_eq!(told, [30, 150, 630], "after half an hour, two hours more and eight more");
    assert!(house.receiver.titles()[3].contains("40 nodes are silent"));

    let back: Vec<NodeSnapshot> = (0..40).map(|i| well(&format!("pi-{i:02}"))).collect();
    house.after(MINUTE, &back).await;
    house.after(watch::SETTLE, &back).await;
    assert_eq!(house.receiver.heard().len(), 5);
    assert!(
        house.receiver.titles()[4].starts_with("40 nodes have returned"),
        "{:?}",
        house.receiver.titles()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_arrive_is_shown_and_tried_again_also_after_a_restart() {
    let mut house = House::new();
    house.receiver.answers(503);
    house.after(0, &[ill("pi-1")]).await;
    house.after(Cause::Crisis.gather(), &[]).await;
    let shown = &house.calls.messages()[0];
    assert_eq!((shown.attempts, shown.delivered), (1, None));
    assert!(shown.error.as_ref().is_some_and(|error| error.contains("503")), "{shown:?}");
    house.after(4_000, &[]).await;
    assert_eq!(house.receiver.heard().len(), 1, "not before its pause is over");

    house.restart();
    assert!(house.calls.messages()[0].error.is_some(), "it is still shown");
    house.receiver.answers(204);
    house.after(2 * MINUTE, &[ill("pi-1")]).await;
    // The error of the first attempt stands until the second has been noted.
    for _ in 0..500 {
        if house.calls.messages()[0].error.is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let shown = &house.calls.messages()[0];
    assert!((shown.attempts, shown.error.as_ref()) == (2, None) && shown.delivered.is_some(), "{shown:?}");
    assert_eq!(house.receiver.titles(), ["pi-1 is in crisis"; 2], "the same message, and no new one");

    house.restart();
    house.after(RESTARTED, &[ill("pi-1")]).await;
    assert_eq!(
        house.receiver.heard().len(),
        2,
        "what arrived is not sent again, and what was told not told anew"
    );
    assert_eq!(house.calls.troubles()[0].told, 1);
    house.after(30 * MINUTE, &[ill("pi-1")]).await;
    assert_eq!(house.receiver.heard().len(), 3, "but it is said again when that is due");

    // What nobody took for a day is given up, and that is counted.
    house.receiver.answers(500);
    house.after(2 * HOUR, &[ill("pi-1")]).await;
    house.after(25 * HOUR, &[]).await;
    assert_eq!(house.calls.counts().1, 1);
    assert!(house.calls.messages().iter().any(|one| one.given_up));
}

/// Long enough after a restart that a silence of the page itself is no reason.
const RESTARTED: UnixMillis = 95_000;

#[tokio::test(flavor = "multi_thread")]
async fn one_cause_at_one_node_is_muted_and_a_window_holds_over_a_restart() {
    let mut house = House::new();
    let (began, until) = (house.began, house.began + HOUR);
    let crisis = Scope::Node("pi-1".parse().unwrap());
    house.care.quiet(began, crisis, Some(Cause::Crisis), began, until, "known").unwrap();
    let mut voltage = well("pi-1");
    voltage.mood = Some(Mood::Crisis);
    let mut readings = frames::Readings::default();
    readings.set(frames::Vital::UnderVoltageNow, 1.0);
    voltage.vitals = frames::Vitals::from(&readings);
    house.after(0, &[voltage.clone(), ill("pi-2")]).await;
    house.after(Cause::Crisis.gather(), &[]).await;
    let mut titles = house.receiver.titles();
    titles.sort();
    assert_eq!(titles, ["pi-1 has under-voltage", "pi-2 is in crisis"], "its crisis alone is muted");

    // A window for everything, that begins later.
    house.care.quiet(began, Scope::All, None, began + 10 * MINUTE, until, "new switch").unwrap();
    house.after(10 * MINUTE, &[silent("pi-3")]).await;
    house.after(2 * MINUTE, &[silent("pi-3")]).await;
    house.restart();
    house.after(20 * MINUTE, &[voltage.clone(), silent("pi-3")]).await;
    assert_eq!(house.receiver.heard().len(), 2, "nobody is called in a quiet time");
    house.after(HOUR, &[voltage, silent("pi-3")]).await;
    let titles = house.receiver.titles();
    assert!(
        titles.contains(&"pi-3 is silent".to_owned()),
        "what lasts until its end is told then: {titles:?}"
    );
    assert!(titles.iter().any(|title| title.starts_with("pi-1 is in crisis")), "{titles:?}");
}

#[test]
fn a_damaged_file_is_set_aside_and_calls_go_on() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), "{\"troubles\": 7}").unwrap();
    let calls = Calls::open(Vec::new(), folder.path(), 0);
    assert!(calls.troubles().is_empty());
    assert!(folder.path().join("calls.damaged").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_node_calls_no_more() {
    let mut house = House::new();
    house.after(0, &[silent("pi-1")]).await;
    house.calls.step(house.now, |_| false, |_, _| false);
    house.after(HOUR, &[]).await;
    assert!(house.calls.troubles().is_empty() && house.receiver.heard().is_empty());
}
