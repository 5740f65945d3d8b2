//! What the coordinator says to nodes: sealed, counted, addressed to a boot.

use super::link::Publish;
use crate::enrol::Keys;
use fleet::{Fleet, Millis, Now};
use frames::{Command, Down, Frame, FrameError, Leaf, NodeKey, NodeName, VERSION};
use rumqttc::v5::mqttbytes::QoS;
use std::collections::HashMap;
use std::sync::Arc;

/// A node is told at most this often that its frames can't be read.
const UNSUPPORTED_EVERY: Millis = 60_000;

/// Makes downlinks.
pub(super) struct Downlinks {
    keys: Arc<Keys>,
    cached: HashMap<NodeName, NodeKey>,
    unsupported: HashMap<NodeName, Millis>,
}

impl Downlinks {
    pub(super) fn new(keys: Arc<Keys>) -> Self {
        Self { keys, cached: HashMap::new(), unsupported: HashMap::new() }
    }

    /// The keys have changed.
    pub(super) fn forget_keys(&mut self) {
        self.cached.clear();
    }

    /// To the boot that speaks; none while the node has not spoken.
    pub(super) fn address_running(
        &mut self,
        fleet: &mut Fleet,
        node: &NodeName,
        command: Command<'_>,
    ) -> Option<Publish> {
        let (boot, counter) = fleet.next_downlink(node)?;
        self.make(node, boot, counter, command)
    }

    /// To this boot.
    pub(super) fn address_boot(
        &mut self,
        fleet: &mut Fleet,
        node: &NodeName,
        boot: u32,
        command: Command<'_>,
    ) -> Option<Publish> {
        let counter = fleet.next_downlink_to(node, boot)?;
        self.make(node, boot, counter, command)
    }

    /// That frames can be read up to version `max`, unless that was just said.
    pub(super) fn unsupported(
        &mut self,
        now: Now,
        fleet: &mut Fleet,
        node: &NodeName,
        max: u8,
    ) -> Option<Publish> {
        let last = self.unsupported.get(node);
        if last.is_some_and(|last| now.mono < last.saturating_add(UNSUPPORTED_EVERY)) {
            return None;
        }
        let message = self.address_running(fleet, node, Command::Unsupported { max })?;
        self.unsupported.insert(node.clone(), now.mono);
        Some(message)
    }

    fn make(&mut self, node: &NodeName, boot: u32, counter: u32, command: Command<'_>) -> Option<Publish> {
        if !self.cached.contains_key(node) {
            self.cached.insert(node.clone(), self.keys.node_key(node)?);
        }
        let key = self.cached.get(node)?;
        let topic = Leaf::Cmd.topic(self.keys.fleet(), node);
        // What is decided is said again with the next acknowledgement.
        let qos = match command {
            Command::Ack(_) => QoS::AtMostOnce,
            _ => QoS::AtLeastOnce,
        };
        let sealed = || -> Result<Frame, FrameError> {
            let mut frame = Frame::new();
            Down { version: VERSION, boot, counter, command }.encode(&mut frame)?;
            key.seal(&topic, &mut frame)?;
            Ok(frame)
        };
        match sealed() {
            Ok(frame) => {
                let (topic, payload) = (topic.as_str().to_owned(), frame.to_vec());
                Some(Publish { topic, payload, retain: false, qos })
            }
            Err(error) => {
                tracing::error!(%node, %error, "a downlink can't be made");
                None
            }
        }
    }
}
