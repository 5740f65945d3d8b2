//! Over real sockets, with a broker that only knows how to answer.

use super::*;
use crate::enrolment::{Account, Address, Enrolment, Secret};
use crate::say::link::{ONLINE, connection};
use crate::virtual_pi::VirtualPi;
use bytes::BytesMut;
use frames::{Ack, Body, Command, Down, FleetName, Frame, NodeKey, NodeName, Say, VERSION};
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectReturnCode, Disconnect, DisconnectReasonCode, Packet, PingResp, PubAck, Publish, SubAck,
    SubscribeReasonCode,
};
use rumqttc::v5::mqttbytes::{Error, QoS};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

const NORMAL: DisconnectReasonCode = DisconnectReasonCode::NormalDisconnection;

/// Whatever the agent sends, and a way to send something to it.
struct Peer {
    heard: mpsc::Receiver<Packet>,
    say: mpsc::Sender<Packet>,
}

impl Peer {
    async fn next(&mut self) -> Packet {
        timeout(Duration::from_secs(5), self.heard.recv()).await.expect("in time").expect("still connected")
    }

    async fn publish(&mut self) -> Publish {
        loop {
            if let Packet::Publish(publish) = self.next().await {
                return publish;
            }
        }
    }
}

/// Answers one connection as a broker does.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    heard: mpsc::Sender<Packet>,
    mut say: mpsc::Receiver<Packet>,
) {
    let mut buffer = BytesMut::new();
    loop {
        let packet = match Packet::read(&mut buffer, None) {
            Err(Error::InsufficientBytes(_)) => {
                tokio::select! {
                    read = stream.read_buf(&mut buffer) => if !read.is_ok_and(|read| read > 0) { return },
                    said = say.recv() => match said {
                        Some(packet) => send(&mut stream, &packet).await,
                        None => return,
                    },
                }
                continue;
            }
            // What this decoder makes of a packet without any content.
            Err(Error::PayloadRequired) => Packet::Disconnect(Disconnect::new(NORMAL)),
            packet => packet.unwrap(),
        };
        let answer = match &packet {
            Packet::Connect(..) => {
                let code = ConnectReturnCode::Success;
                Some(Packet::ConnAck(ConnAck { session_present: false, code, properties: None }))
            }
            Packet::Subscribe(subscribe) => {
                let return_codes = vec![SubscribeReasonCode::Success(QoS::AtLeastOnce)];
                Some(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None }))
            }
            Packet::Publish(publish) => Some(Packet::PubAck(PubAck::new(publish.pkid, None))),
            Packet::PingReq(_) => Some(Packet::PingResp(PingResp)),
            _ => None,
        };
        if let Some(answer) = answer {
            send(&mut stream, &answer).await;
        }
        if heard.send(packet).await.is_err() {
            return;
        }
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), packet: &Packet) {
    let mut bytes = BytesMut::new();
    packet.write(&mut bytes, None).unwrap();
    // The agent may be gone already.
    let _ = stream.write_all(&bytes).await;
}

async fn accept(listener: &TcpListener, tls: Option<&TlsAcceptor>) -> Option<Peer> {
    let (tell, heard) = mpsc::channel(64);
    let (say, said) = mpsc::channel(4);
    let stream = listener.accept().await.unwrap().0;
    match tls {
        None => drop(tokio::spawn(serve(stream, tell, said))),
        Some(tls) => drop(tokio::spawn(serve(tls.accept(stream).await.ok()?, tell, said))),
    }
    Some(Peer { heard, say })
}

fn key() -> NodeKey {
    NodeKey::new([9; 32])
}

fn enrolment(addresses: &[String], certificate: Option<String>) -> Enrolment {
    Enrolment {
        fleet: "home".parse::<FleetName>().unwrap(),
        name: "pi-07".parse::<NodeName>().unwrap(),
        kind: Kind::Node,
        epoch: 1,
        key: Some(key().into()),
        addresses: addresses.iter().map(|address| address.parse::<Address>().unwrap()).collect(),
        certificate,
        account: Account { user: "pi-07".to_owned(), password: Secret::new("hush".to_owned()) },
    }
}

/// Opens a frame.
fn open(publish: &Publish) -> (u32, u32, bool) {
    assert_eq!(publish.topic, "gt/1/home/pi-07/frame");
    assert!(!publish.retain && publish.qos == QoS::AtLeastOnce);
    let body = Body::decode(key().open("gt/1/home/pi-07/frame", &publish.payload).unwrap()).unwrap();
    (body.head.boot, body.head.sequence, matches!(body.say, Say::Hello(_)))
}

fn ack(boot: u32, counter: u32, through: u32) -> Packet {
    let topic = "gt/1/home/pi-07/cmd";
    let mut frame = Frame::new();
    let command = Command::Ack(Ack { boot, through, runs: heapless::Vec::new() });
    Down { version: VERSION, boot, counter, command }.encode(&mut frame).unwrap();
    key().seal(topic, &mut frame).unwrap();
    Packet::Publish(Publish::new(topic, QoS::AtMostOnce, frame.to_vec(), None))
}

#[tokio::test]
async fn a_life_over_one_link() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // The first address does not answer.
    let addresses = ["mqtt://127.0.0.1:1".to_owned(), format!("mqtt://127.0.0.1:{port}")];
    let options = RunOptions {
        grace: Duration::from_secs(2),
        ..RunOptions::simulated(enrolment(&addresses, None), VirtualPi::new(1, 1))
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let agent = tokio::spawn(run(options, async { drop(stopped.await) }));

    let mut peer = accept(&listener, None).await.unwrap();
    let Packet::Connect(connect, Some(will), Some(login)) = peer.next().await else { panic!("no connect") };
    assert_eq!((connect.client_id.as_str(), connect.clean_start), ("pi-07", true));
    assert!((10..=30).contains(&connect.keep_alive));
    assert_eq!(connect.properties.unwrap().max_packet_size, Some(4096 + 256));
    assert_eq!((login.username.as_str(), login.password.as_str()), ("pi-07", "hush"));
    assert_eq!(
        (&will.topic[..], &will.message[..], will.retain),
        (&b"gt/1/home/pi-07/status"[..], &b"offline"[..], true)
    );
    let Packet::Subscribe(subscribe) = peer.next().await else { panic!("no subscription") };
    assert_eq!(subscribe.filters[0].path, "gt/1/home/pi-07/cmd");
    let status = peer.publish().await;
    assert_eq!(
        (&status.topic[..], &status.payload[..], status.retain),
        (&b"gt/1/home/pi-07/status"[..], ONLINE.as_bytes(), true)
    );

    // Greeted, then the first sample at once.
    let (boot, first, hello) = open(&peer.publish().await);
    assert!(hello && first == 1);
    assert_eq!(open(&peer.publish().await), (boot, 2, false));
    peer.say.send(ack(boot, 1, 2)).await.unwrap();

    // The link is cut: it comes back and greets again.
    drop(peer);
    let mut peer = accept(&listener, None).await.unwrap();
    assert_eq!(peer.publish().await.payload, ONLINE);
    let (again, mut last, hello) = open(&peer.publish().await);
    assert!(hello && again == boot && last > 2);

    // Stopped: a farewell, an answer, offline, and an orderly end.
    stop.send(()).unwrap();
    let status = loop {
        let publish = peer.publish().await;
        if publish.topic.ends_with(b"/status") {
            break publish;
        }
        last = open(&publish).1.max(last);
        peer.say.send(ack(boot, last + 10, last)).await.unwrap();
    };
    assert_eq!((&status.payload[..], status.retain), (OFFLINE.as_bytes(), true));
    assert!(matches!(peer.next().await, Packet::Disconnect(_)));
    timeout(Duration::from_secs(5), agent).await.unwrap().unwrap().unwrap();
}

fn certificate() -> (String, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(["elsewhere".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (made.cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn tls_with_the_pinned_certificate_and_no_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // A name works as well as a number; the certificate's own name is not asked.
    let addresses = [format!("mqtts://localhost:{}", listener.local_addr().unwrap().port())];
    let (ours, acceptor) = certificate();
    let (theirs, _) = certificate();

    let options = RunOptions::simulated(enrolment(&addresses, Some(ours)), VirtualPi::new(1, 1));
    let agent = tokio::spawn(run(options, std::future::pending()));
    let mut peer = accept(&listener, Some(&acceptor)).await.expect("TLS with the pinned certificate");
    assert!(matches!(peer.next().await, Packet::Connect(..)));
    assert_eq!(peer.publish().await.payload, ONLINE);
    assert_eq!(open(&peer.publish().await).1, 1);
    agent.abort();

    let (_, link) =
        Shell::new(RunOptions::simulated(enrolment(&addresses, Some(theirs)), VirtualPi::new(1, 1))).unwrap();
    let (tell, _news) = mpsc::channel(4);
    let attempt = connection(&link, &link.addresses[0], &tell);
    let (peer, ended) = tokio::join!(accept(&listener, Some(&acceptor)), attempt);
    let (lasted, why) = ended.unwrap();
    assert!(peer.is_none() && lasted == Duration::ZERO);
    assert!(why.contains("certificate is not the one of this enrolment"), "{why}");
}

#[tokio::test]
async fn what_could_not_be_said_is_kept_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let options = RunOptions {
        spool: Some(folder.path().join("spool")),
        ..RunOptions::simulated(enrolment(&["mqtt://127.0.0.1:1".to_owned()], None), VirtualPi::new(1, 1))
    };
    run(options, tokio::time::sleep(Duration::from_millis(1_700))).await.unwrap();
    let mut log = Log::open(Folder::new(&folder.path().join("spool")), 0);
    let mut kept = Vec::new();
    while let Some(body) = log.read_next() {
        assert_eq!(body.version, VERSION);
        kept.push(body.sequence);
    }
    assert!(kept.len() >= 3, "two samples and a farewell: {kept:?}");
    assert!(kept.iter().enumerate().all(|(place, sequence)| *sequence as usize == place + 1));
}

#[tokio::test]
async fn what_is_no_node_does_not_run() {
    let addresses = ["mqtt://127.0.0.1:1".to_owned()];
    let reader = Enrolment { kind: Kind::Reader, key: None, ..enrolment(&addresses, None) };
    let no_key = Enrolment { key: None, ..enrolment(&addresses, None) };
    let bad = enrolment(&["mqtts://127.0.0.1:1".to_owned()], Some("not a certificate".to_owned()));
    for (enrolment, told) in
        [(reader, "for a reader"), (no_key, "no key"), (bad, "certificate can't be read")]
    {
        let options = RunOptions::simulated(enrolment, VirtualPi::new(1, 1));
        let error = run(options, std::future::pending()).await.unwrap_err().to_string();
        assert!(error.contains(told) && error.contains("enrol"), "{error}");
    }
}
