//! A node's connection, as lean as can be, so that the load takes little of
//! the machine: packets made before, and their answers counted.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::Error;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Connect, ConnectReturnCode, Filter, Login, Packet, PubAck, PubAckReason, Subscribe,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Answered packets, and those that wait to be written.
pub struct Link {
    stream: TcpStream,
    arrived: BytesMut,
    out: BytesMut,
}

impl Link {
    /// Connects as `account` (user and password), whose name is the client's.
    pub async fn connect(broker: &str, account: (&str, &str)) -> Self {
        let stream = TcpStream::connect(broker).await.expect("the broker listens");
        stream.set_nodelay(true).expect("a TCP socket");
        let mut link = Self { stream, arrived: BytesMut::new(), out: BytesMut::new() };
        let connect =
            Connect { keep_alive: 0, client_id: account.0.to_owned(), clean_start: true, properties: None };
        link.put(&Packet::Connect(connect, None, Some(Login::new(account.0, account.1))));
        match link.packet().await {
            Packet::ConnAck(answer) => assert_eq!(answer.code, ConnectReturnCode::Success),
            other => panic!("no answer to a connect: {other:?}"),
        }
        link
    }

    /// Listens to a topic.
    pub async fn subscribe(&mut self, topic: &str) {
        let mut subscribe = Subscribe::new(Filter::new(topic, QoS::AtLeastOnce), None);
        subscribe.pkid = 1;
        self.put(&Packet::Subscribe(subscribe));
        while !matches!(self.packet().await, Packet::SubAck(_)) {}
    }

    /// Writes packets as they are.
    pub fn say(&mut self, packets: &[u8]) {
        self.out.extend_from_slice(packets);
    }

    /// Sends what waits, and takes what has arrived, at least one packet: how
    /// many of ours were answered. What is published to us is answered, too.
    pub async fn answers(&mut self) -> usize {
        let mut answers = 0;
        let mut packet = self.packet().await;
        loop {
            match packet {
                Packet::PubAck(answer) => {
                    let fine = [PubAckReason::Success, PubAckReason::NoMatchingSubscribers];
                    assert!(fine.contains(&answer.reason), "refused: {:?}", answer.reason);
                    answers += 1;
                }
                Packet::Publish(publish) if publish.pkid != 0 => {
                    self.put(&Packet::PubAck(PubAck::new(publish.pkid, None)));
                }
                _ => {}
            }
            match Packet::read(&mut self.arrived, None) {
                Ok(next) => packet = next,
                Err(_) => return answers,
            }
        }
    }

    fn put(&mut self, packet: &Packet) {
        packet.write(&mut self.out, None).expect("room");
    }

    /// Sends what waits, and waits for a packet.
    async fn packet(&mut self) -> Packet {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await.expect("connected");
            self.out.clear();
        }
        loop {
            match Packet::read(&mut self.arrived, None) {
                Ok(packet) => return packet,
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("the broker says {error}"),
            }
            let read = self.stream.read_buf(&mut self.arrived).await.expect("connected");
            assert!(read > 0, "the broker ended the connection");
        }
    }
}
