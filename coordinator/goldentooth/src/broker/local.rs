//! The coordinator's own place at the embedded broker: what it hears and says
//! passes through memory. A socket to a broker in the same process would cost
//! four sends and four receives for each frame, half of what a frame takes.

use super::BrokerError;
use bytes::Bytes;
use mqtt5::QoS;
use mqtt5::broker::router::{
    DeliveryLanes, LaneReceivers, MessageRouter, SubscriptionRequest, TakeoverNotice,
};
use mqtt5::broker::storage::QueueHandle;
use mqtt5::packet::publish::PublishPacket;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

/// Messages that wait in each lane; behind them comes the client's bounded
/// queue, as for every other client.
const LANE: usize = 4096;
/// The most messages taken from that queue at once.
const BACKLOG: usize = 256;

/// The way to the broker of this process.
#[derive(Clone)]
pub struct Local {
    pub(super) router: Arc<MessageRouter>,
    /// Its sender is gone when the broker has ended.
    pub(super) running: watch::Receiver<()>,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Local")
    }
}

/// One client in this process, as the router knows it.
pub struct LocalClient {
    name: String,
    router: Arc<MessageRouter>,
    running: watch::Receiver<()>,
    lanes: LaneReceivers,
    queue: QueueHandle,
    generation: u64,
    /// The router takes a client whose receiver is gone for one that has left.
    _replaced: oneshot::Receiver<TakeoverNotice>,
}

/// A message that a local client hears.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
    /// Whether it was published, or kept, as retained.
    pub retain: bool,
}

impl From<PublishPacket> for Message {
    fn from(packet: PublishPacket) -> Self {
        Self { topic: packet.topic_name, payload: packet.payload, retain: packet.retain }
    }
}

/// What a local client wants to hear.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which topics.
    pub filter: String,
    /// Whether a message tells that it was published as retained.
    pub as_published: bool,
}

impl Local {
    /// Enters under this name, with what it wants to hear, and brings what the
    /// broker keeps on those topics. Nobody else can have a name that the door
    /// gives to no account.
    ///
    /// # Errors
    /// [`BrokerError::Start`] if the router refuses a filter.
    pub async fn enter(
        &self,
        name: &str,
        wanted: Vec<Wanted>,
    ) -> Result<(LocalClient, Vec<Message>), BrokerError> {
        let router = Arc::clone(&self.router);
        let (send, lanes) = DeliveryLanes::channel(LANE);
        let (replace, replaced) = oneshot::channel();
        let queue = router.queue_handle(name);
        let registration =
            router.register_session(name.to_owned(), send, Arc::clone(&queue), replace, true).await;
        let mut kept = Vec::new();
        for Wanted { filter, as_published } in wanted {
            let request = SubscriptionRequest::new(name, filter.as_str(), QoS::AtLeastOnce)
                .with_no_local(true)
                .with_retain_as_published(as_published);
            let refused = |error: mqtt5::MqttError| BrokerError::Start(error.to_string());
            router.subscribe(request).await.map_err(refused)?;
            let retained = router.get_retained_messages(&filter).await;
            kept.extend(retained.into_iter().map(|packet| Message { retain: true, ..packet.into() }));
        }
        let client = LocalClient {
            name: name.to_owned(),
            router,
            running: self.running.clone(),
            lanes,
            queue,
            generation: registration.generation,
            _replaced: replaced,
        };
        Ok((client, kept))
    }
}

impl LocalClient {
    /// Waits for messages and adds them to `heard`, at least one; false once
    /// the broker has ended. Dropping the future loses nothing.
    pub async fn hear(&mut self, heard: &mut Vec<Message>) -> bool {
        loop {
            tokio::select! {
                biased;
                message = self.lanes.recv() => {
                    let Some(message) = message else { return false };
                    heard.push(message.publish.into());
                    while heard.len() < LANE && let Ok(message) = self.lanes.try_recv() {
                        heard.push(message.publish.into());
                    }
                    // What the lanes had no room for came later.
                    if !self.queue.is_empty() {
                        self.queue.notify();
                    }
                    return true;
                }
                () = self.queue.notified() => {}
                ended = self.running.changed() => {
                    if ended.is_err() {
                        return false;
                    }
                }
            }
            // Kept in memory, so nothing is waited for between taking and keeping.
            let backlog = self.queue.take(BACKLOG).await;
            self.queue.finish_drain();
            if !self.queue.is_empty() {
                self.queue.notify();
            }
            if !backlog.is_empty() {
                heard.extend(backlog.into_iter().map(|message| message.to_publish_packet().into()));
                return true;
            }
        }
    }

    /// Publishes. Nobody is waited for: what a slow client has no room for
    /// goes into its own bounded queue.
    pub async fn say(&self, topic: String, payload: Vec<u8>, retain: bool, surely: bool) {
        let qos = if surely { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        let packet = PublishPacket::new(topic, payload, qos).with_retain(retain);
        self.router.route_message_with_deadline(&packet, Some(&self.name), Instant::now()).await;
    }

    /// Leaves.
    pub async fn leave(self) {
        self.router.release_client(&self.name, self.generation, false).await;
    }
}
