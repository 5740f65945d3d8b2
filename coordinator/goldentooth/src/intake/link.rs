//! The one link to the broker: what it brings goes to intake through a bounded
//! channel, what intake says goes out. An embedded broker is reached through
//! memory, an outside one by MQTT.

use crate::broker::{LARGEST_PACKET, Local, Message, Wanted};
use crate::config::Outside;
use crate::enrol::COORDINATOR;
use crate::surfaces::mqtt::Publication;
use bytes::Bytes;
use frames::{FleetName, Leaf};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, LastWill, Packet, RetainForwardRule};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Messages between the socket and intake: a second of the aimed rate.
const INBOX: usize = 50_000;
/// Messages on their way out: an Ack for each node of a large fleet, and some.
const OUTBOX: usize = 32_768;
/// What is not acknowledged by the broker at a time; more wait in the outbox.
const INFLIGHT: u16 = 1_000;
/// The most messages that go out to the embedded broker in one turn.
const SAID: usize = 64;
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
    to: To,
    filters: Vec<Filter>,
}

#[derive(Debug)]
enum To {
    Local(Local),
    Outside(Box<MqttOptions>),
}

impl Way {
    /// To the embedded broker.
    pub fn inside(broker: Local, fleet: &FleetName) -> Self {
        Self { to: To::Local(broker), filters: heard(fleet) }
    }

    /// To an outside broker. `instance` names this coordinator for ever.
    ///
    /// # Errors
    /// [`LinkError::Certificate`].
    pub fn outside(outside: &Outside, fleet: &FleetName, instance: &str) -> Result<Self, LinkError> {
        let Outside { address, account, certificate } = outside;
        // Brackets, since rumqttc puts host and port together as text.
        let host =
            if address.host.contains(':') { format!("[{}]", address.host) } else { address.host.clone() };
        let mut options = MqttOptions::new(format!("goldentooth-{fleet}-{instance}"), host, address.port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_start(true)
            .set_max_packet_size(Some(LARGEST_PACKET as u32 + 1024))
            .set_outgoing_inflight_upper_limit(INFLIGHT);
        if let Some((user, password)) = account {
            options.set_credentials(user, password.expose());
        }
        if let Some(pem) = certificate.as_ref().filter(|_| address.tls) {
            let config = node_agent::say::tls::pinned(pem)?;
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
        }
        Ok(Self { to: To::Outside(Box::new(options)), filters: heard(fleet) })
    }

    /// An outside broker says this when the link breaks; an embedded one ends
    /// with this process.
    pub fn set_will(&mut self, topic: &str, payload: Vec<u8>) {
        if let To::Outside(options) = &mut self.to {
            options.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true, None));
        }
    }

    /// Hears this topic, too, with what is retained on it.
    pub fn hear(&mut self, topic: &str) {
        let mut filter = Filter::new(topic, QoS::AtLeastOnce);
        filter.preserve_retain = true;
        self.filters.push(filter);
    }
}

/// What a coordinator hears.
fn heard(fleet: &FleetName) -> Vec<Filter> {
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
    vec![filter(Leaf::Frame, true), filter(Leaf::Status, false), services]
}

/// The sending half. Nothing waits: what finds no room is dropped and counted.
#[derive(Clone)]
pub struct Sender(Out);

#[derive(Clone)]
enum Out {
    Local(mpsc::Sender<Said>),
    Outside(AsyncClient),
}

/// What goes to the task that holds a local link.
enum Said {
    Publish(Publish),
    Goodbye,
}

impl Sender {
    /// Publishes; false if there was no room.
    pub fn publish(&self, message: Publish) -> bool {
        match &self.0 {
            Out::Local(out) => out.try_send(Said::Publish(message)).is_ok(),
            Out::Outside(client) => {
                let Publish { topic, payload, retain, qos } = message;
                client.try_publish(topic, qos, retain, payload).is_ok()
            }
        }
    }

    /// Says goodbye, after what waits has gone out.
    pub fn disconnect(&self) {
        // With no room left, the link just breaks: the broker copes.
        match &self.0 {
            Out::Local(out) => drop(out.try_send(Said::Goodbye)),
            Out::Outside(client) => drop(client.try_disconnect()),
        }
    }
}

/// Opens the link and keeps it open until its receiver is dropped or it was
/// told to disconnect.
pub fn open(way: Way) -> (Sender, mpsc::Receiver<Heard>, JoinHandle<()>) {
    let (heard, inbox) = mpsc::channel(INBOX);
    match way.to {
        To::Local(broker) => {
            let (out, said) = mpsc::channel(OUTBOX);
            let task = tokio::spawn(hold_local(broker, way.filters, said, heard));
            (Sender(Out::Local(out)), inbox, task)
        }
        To::Outside(options) => {
            let (client, events) = AsyncClient::new(*options, OUTBOX);
            let task = tokio::spawn(hold_outside(client.clone(), events, way.filters, heard));
            (Sender(Out::Outside(client)), inbox, task)
        }
    }
}

async fn hold_local(
    broker: Local,
    filters: Vec<Filter>,
    mut out: mpsc::Receiver<Said>,
    inbox: mpsc::Sender<Heard>,
) {
    let wanted = |filter: Filter| Wanted { filter: filter.path, as_published: filter.preserve_retain };
    let wanted = filters.into_iter().map(wanted).collect();
    let (mut client, mut heard) = match broker.enter(COORDINATOR, wanted).await {
        Ok(entered) => entered,
        Err(error) => {
            // Nobody may be listening any more.
            let _ = inbox.send(Heard::Disconnected(error.to_string())).await;
            return;
        }
    };
    let mut open = inbox.send(Heard::Connected).await.is_ok();
    let mut said = Vec::with_capacity(SAID);
    while open {
        for Message { topic, payload, retain } in heard.drain(..) {
            let message = Heard::Message { topic: topic.into(), payload, retain };
            open &= inbox.send(message).await.is_ok();
        }
        tokio::select! {
            running = client.hear(&mut heard) => {
                if !running {
                    let _ = inbox.send(Heard::Disconnected("the broker has ended".to_owned())).await;
                    break;
                }
            }
            many = out.recv_many(&mut said, SAID) => {
                // Without a sender nobody listens either.
                open = many > 0;
                for said in said.drain(..) {
                    match said {
                        Said::Publish(Publish { topic, payload, retain, qos }) => {
                            client.say(topic, payload, retain, qos != QoS::AtMostOnce).await;
                        }
                        Said::Goodbye => open = false,
                    }
                }
            }
        }
    }
    client.leave().await;
}

async fn hold_outside(
    client: AsyncClient,
    mut events: EventLoop,
    filters: Vec<Filter>,
    heard: mpsc::Sender<Heard>,
) {
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
