//! The one connection to the broker, embedded or not: what it brings goes to
//! intake through a bounded channel, what intake says goes out.

use crate::broker::LARGEST_PACKET;
use crate::config::Outside;
use crate::enrol::{COORDINATOR, Keys};
use crate::surfaces::mqtt::Publication;
use bytes::Bytes;
use frames::{FleetName, Leaf};
use node_agent::enrolment::Address;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, LastWill, Packet, RetainForwardRule};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Messages between the socket and intake: a second of the aimed rate.
const INBOX: usize = 50_000;
/// Messages on their way out: an Ack for each node of a large fleet, and some.
const OUTBOX: usize = 32_768;
/// What is not acknowledged by the broker at a time; more wait in the outbox.
const INFLIGHT: u16 = 1_000;
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Between attempts to connect: from the first to the last.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

/// What the link brings.
#[derive(Debug)]
pub enum Heard {
    /// The link is up and everything subscribed to.
    Connected,
    /// The link is down, and why.
    Disconnected(String),
    /// A message.
    Message {
        /// Its topic, which may be anything.
        topic: Bytes,
        /// Its payload, which may be anything.
        payload: Bytes,
        /// Whether it was published as retained.
        retain: bool,
    },
}

/// A message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it.
    pub retain: bool,
    /// How surely it arrives. What the next message says again anyway goes at most once,
    /// which spares an answer from each that it passes.
    pub qos: QoS,
}

impl Publish {
    /// Takes away what the broker keeps on a topic.
    pub fn clearing(topic: String) -> Self {
        Self { topic, payload: Vec::new(), retain: true, qos: QoS::AtLeastOnce }
    }
}

impl From<Publication> for Publish {
    fn from(message: Publication) -> Self {
        Self {
            topic: message.topic.as_str().to_owned(),
            payload: message.payload.into_bytes(),
            retain: message.retain,
            qos: message.qos,
        }
    }
}

/// Why the link can't be made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The broker's certificate can't be used.
    #[error("the broker's certificate can't be used: {0}")]
    Certificate(#[from] node_agent::say::tls::TlsError),
}

/// How to connect.
#[derive(Debug)]
pub struct Way {
    options: MqttOptions,
    filters: Vec<Filter>,
}

impl Way {
    /// To the embedded broker.
    pub fn inside(keys: &Keys, broker: SocketAddr) -> Self {
        let address = Address { tls: false, host: broker.ip().to_string(), port: broker.port() };
        let mut way = Self::to(&address, COORDINATOR, keys.fleet());
        way.options.set_credentials(COORDINATOR, keys.own_password().expose());
        way
    }

    /// To an outside broker. `instance` names this coordinator for ever.
    ///
    /// # Errors
    /// [`LinkError::Certificate`].
    pub fn outside(outside: &Outside, fleet: &FleetName, instance: &str) -> Result<Self, LinkError> {
        let client = format!("goldentooth-{fleet}-{instance}");
        let mut way = Self::to(&outside.address, &client, fleet);
        if let Some((user, password)) = &outside.account {
            way.options.set_credentials(user, password.expose());
        }
        if let Some(pem) = outside.certificate.as_ref().filter(|_| outside.address.tls) {
            let config = node_agent::say::tls::pinned(pem)?;
            way.options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
        }
        Ok(way)
    }

    fn to(address: &Address, client: &str, fleet: &FleetName) -> Self {
        // Brackets, since rumqttc puts host and port together as text.
        let host =
            if address.host.contains(':') { format!("[{}]", address.host) } else { address.host.clone() };
        let mut options = MqttOptions::new(client, host, address.port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_start(true)
            .set_max_packet_size(Some(LARGEST_PACKET as u32 + 1024))
            .set_outgoing_inflight_upper_limit(INFLIGHT);
        let filter = |leaf: Leaf, preserve_retain| Filter {
            path: leaf.filter(fleet).as_str().to_owned(),
            qos: QoS::AtLeastOnce,
            nolocal: true,
            preserve_retain,
            retain_forward_rule: RetainForwardRule::OnEverySubscribe,
        };
        // A frame published as retained must be seen as such, to be refused;
        // of a status only what is news counts.
        let mut services = Filter::new(frames::services_filter(fleet).as_str(), QoS::AtLeastOnce);
        services.nolocal = true;
        let filters = vec![filter(Leaf::Frame, true), filter(Leaf::Status, false), services];
        Self { options, filters }
    }

    /// Says this when the link breaks.
    pub fn set_will(&mut self, topic: &str, payload: Vec<u8>) {
        self.options.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true, None));
    }

    /// Hears this topic, too, with what is retained on it.
    pub fn hear(&mut self, topic: &str) {
        let mut filter = Filter::new(topic, QoS::AtLeastOnce);
        filter.preserve_retain = true;
        self.filters.push(filter);
    }
}

/// The sending half. Nothing waits: what finds no room is dropped and counted.
#[derive(Clone)]
pub struct Sender(AsyncClient);

impl Sender {
    /// Publishes; false if there was no room.
    pub fn publish(&self, message: Publish) -> bool {
        self.0.try_publish(message.topic, message.qos, message.retain, message.payload).is_ok()
    }

    /// Says goodbye, after what waits has gone out.
    pub fn disconnect(&self) {
        // With no room left, the link just breaks: the broker copes.
        let _ = self.0.try_disconnect();
    }
}

/// Opens the link and keeps it open until its receiver is dropped or it was
/// told to disconnect.
pub fn open(way: Way) -> (Sender, mpsc::Receiver<Heard>, JoinHandle<()>) {
    let (client, events) = AsyncClient::new(way.options, OUTBOX);
    let (heard, inbox) = mpsc::channel(INBOX);
    let task = tokio::spawn(hold(client.clone(), events, way.filters, heard));
    (Sender(client), inbox, task)
}

async fn hold(client: AsyncClient, mut events: EventLoop, filters: Vec<Filter>, heard: mpsc::Sender<Heard>) {
    let mut pause = RETRY.0;
    let mut leaving = false;
    loop {
        let told = match events.poll().await {
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                Heard::Message { topic: publish.topic, payload: publish.payload, retain: publish.retain }
            }
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                pause = RETRY.0;
                // A full outbox would be from before; it was just cleared.
                if let Err(error) = client.try_subscribe_many(filters.iter().cloned()) {
                    tracing::error!(%error, "can't subscribe");
                }
                continue;
            }
            Ok(Event::Incoming(Packet::SubAck(_))) => Heard::Connected,
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => {
                leaving = true;
                continue;
            }
            Ok(_) => continue,
            Err(_) if leaving => return,
            Err(ConnectionError::RequestsDone) => return,
            Err(error) => Heard::Disconnected(error.to_string()),
        };
        let broken = matches!(told, Heard::Disconnected(_));
        if heard.send(told).await.is_err() {
            return;
        }
        if broken {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY.1);
        }
    }
}
