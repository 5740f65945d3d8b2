//! The embedded broker and its door, over real sockets.

use super::*;
use crate::enrol::{COORDINATOR, Entry};
use node_agent::enrolment::Kind;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAckReason, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(5);
const NEVER: Duration = Duration::from_millis(400);

struct Room {
    _folder: tempfile::TempDir,
    keys: Arc<Keys>,
    broker: Broker,
}

async fn room(listen: &str) -> Room {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::open(folder.path()).unwrap();
    let keys = Arc::new(Keys::load(&data, "home".parse().unwrap()).unwrap());
    for (name, kind) in [("one", Kind::Node), ("two", Kind::Node), ("wall", Kind::Reader)] {
        keys.admit(&name.parse().unwrap(), kind);
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let broker = Broker::start(listen.parse().unwrap(), Arc::clone(&keys), &data).await.unwrap();
    Room { _folder: folder, keys, broker }
}

struct Client {
    client: AsyncClient,
    events: EventLoop,
}

impl Room {
    fn password(&self, user: &str) -> String {
        let name = user.parse().unwrap();
        let entry: Entry = self.keys.entry(&name).unwrap();
        self.keys.password(&name, entry).expose().to_owned()
    }

    fn options(&self, id: &str, account: Option<(&str, &str)>) -> MqttOptions {
        let mut options = MqttOptions::new(id, "127.0.0.1", self.broker.inside.port());
        options.set_clean_start(true);
        if let Some((user, password)) = account {
            options.set_credentials(user, password);
        }
        options
    }

    async fn enter(&self, id: &str, account: Option<(&str, &str)>) -> Result<Client, ConnectionError> {
        Client::connect(self.options(id, account)).await
    }

    /// The coordinator's own place, which hears this.
    async fn coordinator(&self, filter: &str) -> LocalClient {
        let wanted = vec![Wanted { filter: filter.to_owned(), as_published: true }];
        let (client, kept) = self.broker.local().enter(COORDINATOR, wanted).await.unwrap();
        assert_eq!(kept, []);
        client
    }

    async fn member(&self, user: &str) -> Client {
        self.enter(user, Some((user, &self.password(user)))).await.unwrap()
    }
}

impl Client {
    async fn connect(options: MqttOptions) -> Result<Self, ConnectionError> {
        let (client, mut events) = AsyncClient::new(options, 64);
        let answer = timeout(SOON, events.poll()).await.unwrap()?;
        assert!(matches!(answer, Event::Incoming(Packet::ConnAck(_))), "{answer:?}");
        Ok(Self { client, events })
    }

    /// The next packet that `wanted` takes; none if it does not come in time.
    async fn next<T>(&mut self, within: Duration, wanted: impl Fn(&Packet) -> Option<T>) -> Option<T> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            match tokio::time::timeout_at(deadline, self.events.poll()).await {
                Ok(Ok(Event::Incoming(packet))) => {
                    if let Some(found) = wanted(&packet) {
                        return Some(found);
                    }
                }
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => return None,
            }
        }
    }

    async fn hear(&mut self, filter: &str) -> bool {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
        let granted = |packet: &Packet| match packet {
            Packet::SubAck(ack) => Some(matches!(ack.return_codes[0], SubscribeReasonCode::Success(_))),
            _ => None,
        };
        self.next(SOON, granted).await.unwrap()
    }

    async fn say(&mut self, topic: &str) -> bool {
        self.client.publish(topic, QoS::AtLeastOnce, false, "x").await.unwrap();
        let taken = |packet: &Packet| match packet {
            Packet::PubAck(ack) => {
                Some(matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers))
            }
            _ => None,
        };
        self.next(SOON, taken).await.unwrap_or(false)
    }

    async fn heard(&mut self, within: Duration) -> Option<String> {
        let topic = |packet: &Packet| match packet {
            Packet::Publish(publish) => Some(String::from_utf8(publish.topic.to_vec()).unwrap()),
            _ => None,
        };
        self.next(within, topic).await
    }

    /// Whether the broker has ended the link.
    async fn is_cut(&mut self) -> bool {
        let deadline = tokio::time::Instant::now() + SOON;
        loop {
            match tokio::time::timeout_at(deadline, self.events.poll()).await {
                Ok(Err(_) | Ok(Event::Incoming(Packet::Disconnect(_)))) => return true,
                Ok(Ok(_)) => {}
                Err(_) => return false,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_says_and_hears_only_its_own() {
    let room = room("127.0.0.1:0").await;
    let mut coordinator = room.coordinator("gt/1/home/+/frame").await;
    let mut one = room.member("one").await;
    assert!(one.hear("gt/1/home/one/cmd").await);
    for filter in ["#", "gt/1/home/+/cmd", "gt/1/home/two/cmd", "$share/x/#", "gt/#"] {
        assert!(!one.hear(filter).await, "{filter}");
    }
    assert!(!one.say("gt/1/home/two/frame").await);
    assert!(one.say("gt/1/home/one/frame").await);
    let mut heard = Vec::new();
    assert!(timeout(SOON, coordinator.hear(&mut heard)).await.unwrap());
    let frame = Message { topic: "gt/1/home/one/frame".to_owned(), payload: "x".into(), retain: false };
    assert_eq!(std::mem::take(&mut heard), [frame]);
    let another = timeout(NEVER, coordinator.hear(&mut heard)).await;
    assert!(another.is_err(), "what is for another never arrives: {heard:?}");
    let turned_away = room.broker.turned_away.take();
    let by_one = Trespass { messages: 1, account: "node:one:1".to_owned() };
    assert_eq!(turned_away.into_iter().collect::<Vec<_>>(), [(Some("two".parse().unwrap()), by_one)]);
    for topic in ["gt/1/home/two/cmd", "gt/1/home/two/mood", "gt/1/home/one/cmd"] {
        coordinator.say(topic.to_owned(), b"x".to_vec(), false, true).await;
    }
    assert_eq!(one.heard(SOON).await.as_deref(), Some("gt/1/home/one/cmd"));
    assert_eq!(one.heard(NEVER).await, None);
    room.broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_id_belongs_to_its_account() {
    let room = room("127.0.0.1:0").await;
    let mut one = room.member("one").await;
    let two = room.password("two");
    let wall = room.password("wall");
    let mut watcher = room.enter("tablet", Some(("wall", &wall))).await.unwrap();
    for (id, account) in [
        ("one", Some(("two", two.as_str()))),
        ("one", Some(("wall", wall.as_str()))),
        ("one", None),
        ("tablet", None),
        ("two", None),
        (COORDINATOR, None),
        (COORDINATOR, Some(("two", two.as_str()))),
        ("other", Some(("two", two.as_str()))),
        ("one", Some(("one", two.as_str()))),
        ("one", Some(("nobody", two.as_str()))),
        ("one", Some((COORDINATOR, two.as_str()))),
        (COORDINATOR, Some((COORDINATOR, two.as_str()))),
    ] {
        assert!(room.enter(id, account).await.is_err(), "{id} {:?}", account.map(|(user, _)| user));
    }
    assert!(one.say("gt/1/home/one/frame").await, "one has stayed");
    assert!(watcher.hear("gt/1/home/+/mood").await, "and so has the reader");
    // Its own account may take over: a link that broke unseen.
    let mut again = room.member("one").await;
    assert!(again.say("gt/1/home/one/frame").await);
    assert!(one.is_cut().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_one_reads_and_writes_nothing() {
    let room = room("127.0.0.1:0").await;
    let mut anybody = room.enter("somebody", None).await.unwrap();
    assert!(anybody.hear("gt/1/home/+/mood").await);
    assert!(!anybody.hear("gt/1/home/+/cmd").await);
    for topic in ["gt/1/home/one/frame", "gt/1/home/one/mood", "homeassistant/status", "x"] {
        assert!(!anybody.say(topic).await, "{topic}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_epoch_ends_the_session_and_closes_the_door() {
    let room = room("127.0.0.1:0").await;
    let name: NodeName = "one".parse().unwrap();
    let old = room.password("one");
    let mut one = room.member("one").await;
    assert!(one.hear("gt/1/home/one/cmd").await);
    room.keys.admit(&name, Kind::Node);
    // Even before the link is cut, the old epoch says nothing any more.
    assert!(!one.say("gt/1/home/one/frame").await);
    room.broker.revoker()(&name);
    assert!(one.is_cut().await);
    assert!(room.enter("one", Some(("one", &old))).await.is_err());
    assert!(room.member("one").await.say("gt/1/home/one/frame").await);
    // A reader may call itself as it likes, and is found all the same.
    let (wall, old) = ("wall".parse().unwrap(), room.password("wall"));
    let mut tablet = room.enter("tablet", Some(("wall", &old))).await.unwrap();
    room.keys.admit(&wall, Kind::Reader);
    let mut renewed = room.member("wall").await;
    room.broker.revoker()(&wall);
    assert!(tablet.is_cut().await);
    assert!(renewed.hear("gt/1/home/+/mood").await, "the new file's session stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_it_speaks_tls_with_the_certificate_of_the_file() {
    let room = room("0.0.0.0:0").await;
    let pem = room.broker.certificate.clone().unwrap();
    let port = room.broker.listens.port();
    let secure = |pem: &str| {
        let mut options = MqttOptions::new("one", "localhost", port);
        let config = node_agent::say::tls::pinned(pem).unwrap();
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
        options.set_credentials("one", room.password("one"));
        options
    };
    let mut one = Client::connect(secure(&pem)).await.unwrap();
    assert!(one.say("gt/1/home/one/frame").await);
    let other = super::tests::room("0.0.0.0:0").await;
    let wrong = secure(other.broker.certificate.as_deref().unwrap());
    assert!(Client::connect(wrong).await.is_err(), "another certificate is not this broker's");
    assert!(room.broker.inside.ip().is_loopback());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_told_with_the_way_out() {
    let room = room("127.0.0.1:0").await;
    let folder = tempfile::tempdir().unwrap();
    let data = Data::open(folder.path()).unwrap();
    let again = Broker::start(room.broker.listens, Arc::clone(&room.keys), &data).await;
    let told = again.err().unwrap().to_string();
    assert!(told.contains("--mqtt") && told.contains("--broker"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_keeps_is_heard_at_once_by_memory_too() {
    let room = room("127.0.0.1:0").await;
    let mut one = room.member("one").await;
    one.client.publish("gt/1/home/one/status", QoS::AtLeastOnce, true, "online").await.unwrap();
    assert!(one.say("gt/1/home/one/frame").await, "and the one before is taken");
    let wanted = vec![Wanted { filter: "gt/1/home/+/status".to_owned(), as_published: false }];
    let (_client, kept) = room.broker.local().enter(COORDINATOR, wanted).await.unwrap();
    let status = Message { topic: "gt/1/home/one/status".to_owned(), payload: "online".into(), retain: true };
    assert_eq!(kept, [status]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_does_not_listen_gets_all_of_it_later() {
    const MANY: usize = 10_000;
    let room = room("127.0.0.1:0").await;
    let mut coordinator = room.coordinator("gt/1/home/+/frame").await;
    let (speaker, _) = room.broker.local().enter("speaker", Vec::new()).await.unwrap();
    // More than its lanes hold: the rest waits in its queue.
    for number in 0..MANY {
        speaker.say("gt/1/home/one/frame".to_owned(), number.to_string().into(), false, true).await;
    }
    let mut heard = Vec::new();
    while heard.len() < MANY {
        assert!(timeout(SOON, coordinator.hear(&mut heard)).await.unwrap());
    }
    let told = heard.iter().map(|message| String::from_utf8(message.payload.to_vec()).unwrap());
    assert!(told.eq((0..MANY).map(|number| number.to_string())), "in the same order");
    // And afterwards nothing has to wait any more.
    speaker.say("gt/1/home/one/frame".to_owned(), b"last".to_vec(), false, true).await;
    heard.clear();
    assert!(timeout(SOON, coordinator.hear(&mut heard)).await.unwrap());
    assert_eq!(heard[0].payload, "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_ends_says_so_to_the_coordinator() {
    let room = room("127.0.0.1:0").await;
    let mut coordinator = room.coordinator("gt/1/home/+/frame").await;
    room.broker.stop().await;
    assert!(!timeout(SOON, coordinator.hear(&mut Vec::new())).await.unwrap());
}
