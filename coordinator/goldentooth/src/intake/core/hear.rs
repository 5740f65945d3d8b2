//! From a message of the broker to what the fleet makes of it.

use super::{Core, Route};
use crate::intake::link::Publish;
use crate::intake::snapshot::about;
use fleet::{Admission, Admitted, Now, Refusal};
use frames::{Body, Command, FrameError, Head, Leaf, NodeName, Place, Say, VERSION};
use std::sync::Arc;
use store::RawFrame;

/// The most frames of unknown versions that wait for the store.
const MOST_UNREADABLE: usize = 1_000;

impl Core {
    /// One message from the broker, whatever it is.
    pub fn message(&mut self, now: Now, topic: &str, payload: &[u8], retain: bool) {
        if self.keys.changes() != self.known {
            self.known = self.keys.changes();
            self.routes.clear();
            self.downlinks.forget_keys();
        }
        if !self.routes.contains_key(topic) {
            match Place::parse(self.keys.fleet(), topic) {
                Some(Place::Node { node, leaf: Leaf::Status }) => {
                    return self.status(now, &node, payload, retain);
                }
                Some(Place::Node { node, leaf: Leaf::Frame }) => match self.keys.node_key(&node) {
                    Some(key) => {
                        self.routes.insert(topic.into(), Route { node, key });
                    }
                    None => return self.refuse(now, Some(&node), None, Refusal::NotEnrolled),
                },
                Some(Place::Services(name)) => return self.report(now, name, payload),
                _ => return self.refuse(now, None, None, Refusal::BadTopic),
            }
        }
        // Taken out while in use, so that the rest of `self` stays free.
        let Some((topic, route)) = self.routes.remove_entry(topic) else { return };
        self.frame(now, &topic, &route, payload, retain);
        self.routes.insert(topic, route);
    }

    /// `offline` on a status topic is a hint, and only when it is news. Of nobody
    /// (a forgotten node's will, say) the broker shall keep nothing.
    fn status(&mut self, now: Now, node: &NodeName, payload: &[u8], retained: bool) {
        if self.keys.entry(node).is_none() {
            if !payload.is_empty() {
                let topic = Leaf::Status.topic(self.keys.fleet(), node).as_str().to_owned();
                self.output.publish.push(Publish::clearing(topic));
            }
            return;
        }
        if !retained && payload == b"offline" && self.fleet.offline_hint(now, node) {
            let ask = self.downlinks.address_running(&mut self.fleet, node, Command::SampleNow);
            self.output.publish.extend(ask);
        }
    }

    fn frame(&mut self, now: Now, topic: &str, route: &Route, payload: &[u8], retain: bool) {
        let node = &route.node;
        if retain {
            return self.refuse(now, Some(node), None, Refusal::Retained);
        }
        let bytes = match route.key.open(topic, payload) {
            Ok(bytes) => bytes,
            Err(error) => return self.refuse(now, Some(node), None, error.into()),
        };
        if self.is_full() {
            return self.refuse(now, Some(node), None, Refusal::Overloaded);
        }
        match Body::decode(bytes) {
            Ok(Body { say: Say::Replay(replay), .. }) => {
                if replay.bodies.is_empty() {
                    self.refuse(now, Some(node), None, Refusal::EmptyReplay);
                }
                for inner in &replay.bodies {
                    self.body(now, node, inner, false);
                }
            }
            Ok(body) => self.admit(now, node, &body, true),
            Err(error) => self.undecoded(now, node, bytes, error),
        }
    }

    fn body(&mut self, now: Now, node: &NodeName, bytes: &[u8], live: bool) {
        match Body::decode(bytes) {
            Ok(body) => self.admit(now, node, &body, live),
            Err(error) => self.undecoded(now, node, bytes, error),
        }
    }

    fn undecoded(&mut self, now: Now, node: &NodeName, bytes: &[u8], error: FrameError) {
        let head = Head::decode(bytes).ok();
        let (FrameError::UnknownVersion(version), Some(head)) = (error, head) else {
            return self.refuse(now, Some(node), head.as_ref(), error.into());
        };
        let changes = self.fleet.unreadable(now, node, &head);
        self.changed(now, &changes);
        self.touched.insert(node.clone());
        let batch = self.batch(node);
        if batch.unreadable.len() < MOST_UNREADABLE {
            let bytes = bytes.to_vec();
            batch.unreadable.push(RawFrame { node: node.clone(), received: now.unix, version, bytes });
        }
        let answer = self.downlinks.unsupported(now, &mut self.fleet, node, VERSION);
        self.output.publish.extend(answer);
    }

    fn admit(&mut self, now: Now, node: &NodeName, body: &Body<'_>, live: bool) {
        let epoch = self.keys.entry(node).map_or(0, |entry| entry.epoch);
        if matches!(body.say, Say::Hello(_)) {
            // Before, so that another enrolment is seen; after, for one that is heard first.
            self.fleet.enrolled(node, epoch);
        }
        let admitted = match self.fleet.admit(now, node, body, live) {
            Admission::Admitted(admitted) => *admitted,
            Admission::Double => return,
            Admission::Refused(cause) => return tracing::debug!(%node, %cause, "refused"),
        };
        self.admitted += 1;
        if matches!(body.say, Say::Hello(_)) {
            self.fleet.enrolled(node, epoch);
        }
        let Admitted { row, changes, live, settings_due, .. } = admitted;
        self.batch(node).rows.extend(row);
        self.changed(now, &changes);
        if let (Say::Hello(hello), true) = (&body.say, live) {
            self.abouts.insert(node.clone(), Arc::new(about(hello)));
        }
        if live {
            self.touched.insert(node.clone());
        }
        if settings_due && let Some(settings) = self.settings.get(node).copied() {
            let message = self.downlinks.address_running(&mut self.fleet, node, Command::Settings(settings));
            self.output.publish.extend(message);
        }
    }

    pub(super) fn refuse(&mut self, now: Now, node: Option<&NodeName>, head: Option<&Head>, cause: Refusal) {
        tracing::debug!(node = node.map(NodeName::as_str), %cause, "refused");
        let told = self.fleet.refuse(now, node, head, cause);
        self.changed(now, told.as_slice());
    }

    /// Messages on a node's frame topic that the broker's rules turned away.
    pub fn turned_away(&mut self, now: Now, node: Option<&NodeName>, messages: u64) {
        for _ in 0..messages {
            self.refuse(now, node, None, Refusal::NotAllowed);
        }
    }
}
