//! A raw MQTT client, and a hand that seals frames with a stolen enrolment.

use frames::{Body, FleetName, Frame, Head, Leaf, NodeKey, NodeName, Say, VERSION};
use node_agent::enrolment::Enrolment;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Packet};
use rumqttc::v5::{Client, Event, MqttOptions};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// One message that arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
}

enum Happened {
    Connected,
    Message(Received),
    Acknowledged,
    Ended(String),
}

/// A connection to a broker, held open by a thread of its own.
pub struct Wire {
    client: Client,
    happened: Receiver<Happened>,
    /// Messages that arrived while something else was waited for.
    early: std::collections::VecDeque<Received>,
    up: bool,
}

impl Wire {
    /// Connects, with an account or without.
    ///
    /// # Errors
    /// What the broker answered, if it refused.
    pub fn connect(broker: &str, client_id: &str, account: Option<(&str, &str)>) -> Result<Self, String> {
        let (host, port) = broker.rsplit_once(':').ok_or("HOST:PORT")?;
        let mut options = MqttOptions::new(client_id, host, port.parse().map_err(|_| "a port")?);
        options.set_keep_alive(Duration::from_secs(20));
        options.set_max_packet_size(Some(1 << 20));
        if let Some((user, password)) = account {
            options.set_credentials(user, password);
        }
        let (client, mut connection) = Client::new(options, 1000);
        let (tell, happened) = channel();
        std::thread::spawn(move || {
            for notice in connection.iter() {
                let news = match notice {
                    Ok(Event::Incoming(Packet::ConnAck(ack))) if ack.code == ConnectReturnCode::Success => {
                        Happened::Connected
                    }
                    Ok(Event::Incoming(Packet::Publish(message))) => Happened::Message(Received {
                        topic: String::from_utf8_lossy(&message.topic).into_owned(),
                        payload: message.payload.to_vec(),
                    }),
                    Ok(Event::Incoming(Packet::PubAck(_) | Packet::SubAck(_))) => Happened::Acknowledged,
                    Ok(_) => continue,
                    Err(error) => {
                        let _ = tell.send(Happened::Ended(error.to_string()));
                        return;
                    }
                };
                if tell.send(news).is_err() {
                    return;
                }
            }
        });
        let mut wire = Self { client, happened, early: std::collections::VecDeque::new(), up: true };
        match wire.happened.recv_timeout(Duration::from_secs(10)) {
            Ok(Happened::Connected) => Ok(wire),
            Ok(Happened::Ended(error)) => Err(error),
            _ => {
                wire.early.clear();
                Err("no answer within 10 s".into())
            }
        }
    }

    /// Publishes at QoS 1 without waiting.
    ///
    /// # Panics
    /// If the connection is gone.
    pub fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>, retain: bool) {
        let payload: Vec<u8> = payload.into();
        self.client.publish(topic, QoS::AtLeastOnce, retain, payload).expect("connected");
    }

    /// Subscribes at QoS 1 and waits for the broker's word.
    ///
    /// # Panics
    /// If the connection is gone.
    pub fn subscribe(&mut self, filter: &str) {
        self.client.subscribe(filter, QoS::AtLeastOnce).expect("connected");
        loop {
            match self.happened.recv_timeout(Duration::from_secs(10)) {
                Ok(Happened::Acknowledged) => return,
                Ok(Happened::Message(message)) => self.early.push_back(message),
                Ok(Happened::Connected) => {}
                Ok(Happened::Ended(error)) => panic!("subscribing to {filter}: {error}"),
                Err(error) => panic!("subscribing to {filter}: {error}"),
            }
        }
    }

    /// Publishes at QoS 1 without waiting; on a broken connection it is lost.
    pub fn try_publish(&mut self, topic: &str, payload: Vec<u8>) {
        self.up &= self.client.publish(topic, QoS::AtLeastOnce, false, payload).is_ok();
    }

    /// Subscribes at QoS 1; false if the connection breaks meanwhile.
    pub fn try_subscribe(&mut self, filter: &str) -> bool {
        if self.client.subscribe(filter, QoS::AtLeastOnce).is_err() {
            return false;
        }
        loop {
            match self.happened.recv_timeout(Duration::from_secs(10)) {
                Ok(Happened::Acknowledged) => return true,
                Ok(Happened::Message(message)) => self.early.push_back(message),
                Ok(Happened::Connected) => {}
                Ok(Happened::Ended(_)) | Err(_) => return false,
            }
        }
    }

    /// Whether the connection is not yet known to be broken.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// The next message within `patience`.
    pub fn next(&mut self, patience: Duration) -> Option<Received> {
        if let Some(message) = self.early.pop_front() {
            return Some(message);
        }
        let end = std::time::Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(std::time::Instant::now());
            match self.happened.recv_timeout(left) {
                Ok(Happened::Message(message)) => return Some(message),
                Ok(Happened::Connected | Happened::Acknowledged) => {}
                Err(RecvTimeoutError::Timeout) => return None,
                Ok(Happened::Ended(_)) | Err(RecvTimeoutError::Disconnected) => {
                    self.up = false;
                    return None;
                }
            }
        }
    }

    /// Whether the broker ended the connection within `patience`.
    pub fn ends(&mut self, patience: Duration) -> bool {
        let end = std::time::Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(std::time::Instant::now());
            match self.happened.recv_timeout(left) {
                Ok(Happened::Ended(_)) | Err(RecvTimeoutError::Disconnected) => return true,
                Ok(Happened::Message(message)) => self.early.push_back(message),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

/// Whoever holds an enrolment file: it can seal what it likes as that node.
pub struct Forger {
    /// The fleet.
    pub fleet: FleetName,
    /// The node.
    pub name: NodeName,
    key: NodeKey,
    user: String,
    password: String,
}

impl Forger {
    /// Takes the secrets out of an enrolment file.
    ///
    /// # Panics
    /// If it can't be read.
    pub fn from_file(path: &Path) -> Self {
        let enrolment = Enrolment::read(path).expect("an enrolment file");
        Self {
            fleet: enrolment.fleet.clone(),
            name: enrolment.name.clone(),
            key: enrolment.key.as_ref().expect("a node's file").get().clone(),
            user: enrolment.account.user.clone(),
            password: enrolment.account.password.expose().to_owned(),
        }
    }

    /// Connects as that node.
    ///
    /// # Errors
    /// What the broker answered, if it refused.
    pub fn connect(&self, broker: &str) -> Result<Wire, String> {
        Wire::connect(broker, self.name.as_str(), Some((&self.user, &self.password)))
    }

    /// The node's key.
    pub fn key(&self) -> &NodeKey {
        &self.key
    }

    /// The node's account.
    pub fn account(&self) -> (&str, &str) {
        (&self.user, &self.password)
    }

    /// One of the node's topics.
    pub fn topic(&self, leaf: Leaf) -> String {
        leaf.topic(&self.fleet, &self.name).as_str().to_owned()
    }

    /// Seals words under a number, for this node's frame topic.
    ///
    /// # Panics
    /// If they are too long.
    pub fn seal(&self, boot: u32, sequence: u32, oldest: u32, say: &Say<'_>) -> Vec<u8> {
        let head = Head { version: VERSION, boot, sequence, oldest };
        let mut frame = Frame::new();
        Body { head, say: say.clone() }.encode(&mut frame).expect("short enough");
        self.seal_body(&frame)
    }

    /// Seals any bytes, for this node's frame topic.
    ///
    /// # Panics
    /// If they are too long.
    pub fn seal_body(&self, body: &[u8]) -> Vec<u8> {
        let mut frame = Frame::from_slice(body).expect("short enough");
        self.key.seal(&self.topic(Leaf::Frame), &mut frame).expect("short enough");
        frame.to_vec()
    }
}
