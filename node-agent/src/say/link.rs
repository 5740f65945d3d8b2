//! The connection to the broker: made, held, lost and made again.
//!
//! A link is one task. It tries the addresses in turn, and tells what happens;
//! a new connection begins with nothing from the one before, because the spool
//! alone knows what is still to be said.

use crate::enrolment::Address;
use crate::say::find::{self, Search};
use crate::say::tls::is_wrong_certificate;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use bytes::Bytes;
use frames::{FleetName, MAX_FRAME};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, LastWill, Packet, PubAckReason, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, MqttOptions, StateError, TlsError};
use rumqttc::{NetworkOptions, TlsConfiguration, Transport};
use rustls::ClientConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// The broker takes us for gone after one and a half of it; we the broker after two.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// The largest packet that we accept: a frame, its topic and what stands between.
const MAX_PACKET: u32 = MAX_FRAME as u32 + 256;
/// Messages that wait for the broker's answer at most; enough for one window.
const IN_FLIGHT: u16 = 16;
/// Messages published beyond this wait: room is left for `online` and the like.
const ROOM: usize = 8;
/// Requests between the agent and the link at most.
const REQUESTS: usize = 12;
/// A connection that lasted this long was a good one: the next failure is a first.
const LASTED: Duration = Duration::from_secs(10);
/// Between two rounds through the addresses: from half a second to 15 s, and
/// as much again at random.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(15);

/// What stands on a status topic while the agent is connected.
pub const ONLINE: &str = "online";
/// What stands there afterwards, by last will or after a farewell.
pub const OFFLINE: &str = "offline";

/// Whom to connect as, and where.
pub struct LinkOptions {
    /// Where the broker may be reached, tried in turn.
    pub addresses: Vec<Address>,
    /// The account, which is the client id as well.
    pub user: String,
    /// Its password.
    pub password: crate::enrolment::Secret,
    /// The topic for [`ONLINE`] and [`OFFLINE`].
    pub status: String,
    /// The topic to listen on.
    pub command: String,
    /// The fleet: coordinators are looked for under its name when none of the addresses answers.
    pub fleet: FleetName,
    /// Whether the local network may be asked by multicast DNS.
    pub mdns: bool,
    /// How to speak TLS, if an address asks for it.
    pub tls: Option<Arc<ClientConfig>>,
    /// Decides the jitter of the pauses.
    pub seed: u64,
}

/// What happens on a link.
pub enum News {
    /// It is up: publish here.
    Up(Line),
    /// It is down, and this is why, in words.
    Down(String),
    /// A message on the command topic.
    Command(Bytes),
}

/// A live connection to publish on.
#[derive(Clone)]
pub struct Line {
    client: AsyncClient,
    load: Arc<Load>,
}

/// What the agent and its link know together of one connection.
#[derive(Default)]
struct Load {
    /// Messages that wait for the broker's answer.
    waiting: AtomicUsize,
    /// The agent has ended the connection.
    closed: AtomicBool,
    room: Notify,
}

impl Line {
    /// Whether one more message may be published now.
    pub fn has_room(&self) -> bool {
        self.waiting() < ROOM
    }

    /// Messages that the broker has not yet answered.
    pub fn waiting(&self) -> usize {
        self.load.waiting.load(Ordering::Relaxed)
    }

    /// Waits until the broker has answered some message.
    pub async fn answered(&self) {
        self.load.room.notified().await;
    }

    /// Publishes at `QoS` 1. A message that the link has no room for is lost:
    /// ask [`has_room`](Self::has_room) first.
    pub fn publish(&self, topic: &str, retain: bool, payload: Vec<u8>) {
        if self.client.try_publish(topic, QoS::AtLeastOnce, retain, payload).is_ok() {
            self.load.waiting.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends the connection in good order, so that the last will stays unused.
    /// The link ends with it.
    pub fn close(&self) {
        self.load.closed.store(true, Ordering::Relaxed);
        let _ = self.client.try_disconnect();
    }

    fn answer(&self) {
        // Only what was published is answered; a broker that answers more must
        // not bring the count below zero.
        let down = |waiting: usize| waiting.checked_sub(1);
        let _ = self.load.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, down);
        self.load.room.notify_one();
    }
}

/// Keeps a link up until nobody listens to its news any more.
pub async fn keep(options: LinkOptions, news: mpsc::Sender<News>) {
    let pauses = || {
        ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LAST_PAUSE)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(options.seed)
            .build()
    };
    let mut pause = pauses();
    let mut told = String::new();
    let mut search = Search::new(Instant::now(), options.seed);
    let mut found: Vec<Address> = Vec::new();
    loop {
        // Without a certificate nobody who is found could be trusted.
        if options.mdns && options.tls.is_some() && search.is_due(Instant::now()) {
            found = find::coordinators(&options.fleet).await;
            found.retain(|place| !options.addresses.contains(place));
            if let Some(place) = found.first() {
                tracing::info!("a coordinator of {} is announced at {place}", options.fleet);
            }
        }
        for address in options.addresses.iter().chain(&found) {
            let Some((lasted, why)) = connection(&options, address, &news).await else { return };
            if news.is_closed() {
                return;
            }
            if lasted > Duration::ZERO {
                search.again(Instant::now());
            }
            if lasted > LASTED {
                pause = pauses();
                told.clear();
            }
            let words = format!("{address}: {why}");
            // The same failure again is no news.
            if words != told {
                tracing::warn!("no link to the broker at {words}; trying on");
                told.clone_from(&words);
            }
            if lasted > Duration::ZERO && news.send(News::Down(words)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause.next().unwrap_or(LAST_PAUSE)) => {}
            () = news.closed() => return,
        }
    }
}

/// One connection, from the first attempt to its end: how long it was up, and
/// why it ended; none if the agent itself has ended it.
pub(crate) async fn connection(
    options: &LinkOptions,
    address: &Address,
    news: &mpsc::Sender<News>,
) -> Option<(Duration, String)> {
    let address = &*find::resolved(address, options.mdns).await;
    let (client, mut events) = match mqtt_options(options, address) {
        Ok(mqtt) => AsyncClient::new(mqtt, REQUESTS),
        Err(why) => return Some((Duration::ZERO, why.to_owned())),
    };
    let line = Line { client, load: Arc::default() };
    let mut up: Option<Instant> = None;
    let mut refused = false;
    let why = loop {
        let packet = match events.poll().await {
            Ok(Event::Incoming(packet)) => packet,
            Ok(Event::Outgoing(_)) => continue,
            Err(_) if line.load.closed.load(Ordering::Relaxed) => return None,
            Err(error) => break words(&error),
        };
        let heard = match packet {
            Packet::ConnAck(_) => {
                up = Some(Instant::now());
                let _ = line.client.try_subscribe(options.command.as_str(), QoS::AtLeastOnce);
                line.publish(&options.status, true, ONLINE.into());
                tracing::info!("connected to the broker at {address}");
                News::Up(line.clone())
            }
            Packet::Publish(publish) if publish.topic.as_ref() == options.command.as_bytes() => {
                News::Command(publish.payload)
            }
            Packet::PubAck(answer) => {
                line.answer();
                let fine = [PubAckReason::Success, PubAckReason::NoMatchingSubscribers];
                if !refused && !fine.contains(&answer.reason) {
                    refused = true;
                    tracing::warn!("the broker refuses what this node publishes: {:?}", answer.reason);
                }
                continue;
            }
            Packet::SubAck(answer)
                if !matches!(answer.return_codes.first(), Some(SubscribeReasonCode::Success(_))) =>
            {
                tracing::warn!("the broker lets this node hear no commands: {:?}", answer.return_codes);
                continue;
            }
            _ => continue,
        };
        if news.send(heard).await.is_err() {
            break "nobody listens any more".to_owned();
        }
    };
    // Up for no time at all is still up: news of it has gone out.
    let lasted = up.map_or(Duration::ZERO, |since| since.elapsed().max(Duration::from_nanos(1)));
    Some((lasted, why))
}

fn mqtt_options(options: &LinkOptions, address: &Address) -> Result<MqttOptions, &'static str> {
    let mut mqtt = MqttOptions::new(options.user.as_str(), address.host.as_str(), address.port);
    mqtt.set_keep_alive(KEEP_ALIVE)
        .set_clean_start(true)
        .set_credentials(options.user.as_str(), options.password.expose())
        .set_max_packet_size(Some(MAX_PACKET))
        .set_receive_maximum(Some(IN_FLIGHT))
        .set_outgoing_inflight_upper_limit(IN_FLIGHT)
        .set_last_will(LastWill::new(options.status.as_str(), OFFLINE, QoS::AtLeastOnce, true, None));
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    mqtt.set_network_options(network);
    if address.tls {
        let tls = options.tls.clone().ok_or("it asks for TLS, but the enrolment holds no certificate")?;
        mqtt.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls)));
    }
    Ok(mqtt)
}

/// Why a connection failed, for people.
fn words(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword
            | ConnectReturnCode::NotAuthorized
            | ConnectReturnCode::Banned
            | ConnectReturnCode::BadClientId
            | ConnectReturnCode::ClientIdentifierNotValid,
        ) => "the broker does not accept this enrolment (a newer one may have voided it); enrol again"
            .to_owned(),
        ConnectionError::ConnectionRefused(code) => format!("the broker refuses: {code:?}"),
        ConnectionError::Timeout(_) => "no answer in time".to_owned(),
        ConnectionError::Io(error) => error.to_string(),
        ConnectionError::Tls(TlsError::Io(error)) => {
            match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(inner) if is_wrong_certificate(inner) => {
                    "the broker's certificate is not the one of this enrolment; enrol again".to_owned()
                }
                _ => error.to_string(),
            }
        }
        ConnectionError::MqttState(StateError::AwaitPingResp) => "the broker has gone quiet".to_owned(),
        ConnectionError::MqttState(StateError::ConnectionAborted) => {
            "the broker closed the connection".to_owned()
        }
        ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
            format!("the broker ended the connection: {reason_code:?}")
        }
        other => other.to_string(),
    }
}
