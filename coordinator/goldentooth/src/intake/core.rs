//! Intake without I/O: messages and the time come in; live views, messages to
//! publish and batches to commit come out.
//!
//! The order of a frame: verify → decode → the fleet admits or refuses → live
//! views are told → commit → acknowledgement and events. Only what is
//! committed is acknowledged: the acknowledgements are taken with the batch
//! and let go when it is on the disk.

mod commit;
mod members;
mod recognise;
mod report;

use super::Cause;
use super::downlink::Downlinks;
use super::link::Publish;
use super::snapshot::{about, snapshot};
use super::story::Chronicle;
use super::writer::Work;
use crate::enrol::Keys;
use crate::habits::Habits;
use crate::live::{About, Status, Update};
use crate::models::Piece;
use crate::services::Services;
use commit::Flight;
use fleet::{Admission, Admitted, Change, Fleet, NodeRecord, Now, Refusal, UnixMillis};
use frames::{
    Body, Command, FleetName, FrameError, Head, Leaf, MAX_CHUNK, ModelChunk, NodeKey, NodeName, Place, Say,
    Settings, VERSION,
};
use serde_json::value::RawValue;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use store::{Batch, Call, Event, EventIds, RawFrame};

/// The most rows that wait for the store; beyond, frames are refused and stay
/// with their nodes. At about 250 B each, 25 MB.
pub const MOST_PENDING: usize = 100_000;
/// As many rows are committed at once, without waiting for the time.
pub const FULL_BATCH: usize = 20_000;
/// The most events that wait for the store; beyond, the newest are lost.
const MOST_EVENTS: usize = 10_000;
/// The most receipts that wait for the store.
const MOST_CALLS: usize = 1_000;
/// The most frames of unknown versions that wait for the store.
const MOST_UNREADABLE: usize = 1_000;

/// What intake has to say to the outside, since it was last asked.
#[derive(Debug, Default)]
pub struct Output {
    /// For the live views.
    pub updates: Vec<Update>,
    /// For the broker.
    pub publish: Vec<Publish>,
}

/// Where a frame topic leads.
struct Route {
    node: NodeName,
    key: NodeKey,
}

/// The state of intake.
pub struct Core {
    keys: Arc<Keys>,
    /// As of which change of the keys the routes are.
    known: u64,
    routes: HashMap<Box<str>, Route>,
    fleet: Fleet,
    downlinks: Downlinks,
    chronicle: Chronicle,
    abouts: HashMap<NodeName, Arc<About>>,
    settings: HashMap<NodeName, Settings>,
    services: Services,
    habits: Habits,
    touched: HashSet<NodeName>,
    work: Work,
    admitted: u64,
    flight: Option<Flight>,
    /// A batch that could not be committed: the next attempt.
    held: Option<Work>,
    output: Output,
    since: UnixMillis,
    stored: u64,
    degraded: Option<String>,
    connected: bool,
}

impl Core {
    /// Intake of a fleet of nobody. `ids` continue after the store's newest event.
    pub fn new(now: Now, keys: Arc<Keys>, ids: EventIds) -> Self {
        Self {
            known: keys.changes(),
            downlinks: Downlinks::new(Arc::clone(&keys)),
            keys,
            routes: HashMap::new(),
            fleet: Fleet::new(now),
            chronicle: Chronicle::new(ids),
            abouts: HashMap::new(),
            settings: HashMap::new(),
            services: Services::default(),
            habits: Habits::default(),
            touched: HashSet::new(),
            work: Work::default(),
            admitted: 0,
            flight: None,
            held: None,
            output: Output::default(),
            since: now.unix,
            stored: 0,
            degraded: None,
            connected: false,
        }
    }

    /// Takes what the store remembers, at start: each node, and the settings
    /// that it shall have.
    pub fn restore(&mut self, nodes: impl IntoIterator<Item = (NodeRecord, Option<Settings>)>) {
        for (record, settings) in nodes {
            let name = record.name.clone();
            if let Some(hello) = &record.hello {
                self.abouts.insert(name.clone(), Arc::new(about(hello)));
            }
            if !self.fleet.restore(record) {
                tracing::warn!(%name, "no room for another node");
                continue;
            }
            if let Some(settings) = settings {
                self.fleet.desire_settings(&name, Some(settings.version));
                self.settings.insert(name.clone(), settings);
            }
            self.touched.insert(name);
        }
    }

    /// Takes reports of these services from now on.
    pub fn hear_services(&mut self, services: Services) {
        self.services = services;
    }

    /// Knows habits by these names from now on.
    pub fn know_habits(&mut self, habits: Habits) {
        self.habits = habits;
    }

    /// The fleet as known now.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The link to the broker came up or went down.
    pub fn connected(&mut self, now: Now, connected: bool) {
        self.connected = connected;
        if connected {
            self.fleet.reconnected(now);
        }
    }

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
                self.output.publish.push(Publish { topic, payload: Vec::new(), retain: true });
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

    fn refuse(&mut self, now: Now, node: Option<&NodeName>, head: Option<&Head>, cause: Refusal) {
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

    /// What time alone brings; to be called every second.
    pub fn tick(&mut self, now: Now) {
        if !self.connected {
            // Nobody can be heard, so nobody is missed.
            self.fleet.reconnected(now);
        }
        let changes = self.fleet.tick(now);
        self.changed(now, &changes);
        self.look_at_habits(now);
    }

    /// How a node shall be from now on; the store has it already.
    pub fn set(&mut self, node: &NodeName, settings: Settings) {
        self.settings.insert(node.clone(), settings);
        if self.fleet.desire_settings(node, Some(settings.version)) {
            let message = self.downlinks.address_running(&mut self.fleet, node, Command::Settings(settings));
            self.output.publish.extend(message);
        }
    }

    /// A piece of a model for a node.
    pub fn model(&mut self, node: &NodeName, piece: &Piece) {
        let bytes = piece.model.get(piece.offset..).unwrap_or_default();
        let chunk = ModelChunk {
            hash: piece.hash,
            length: u32::try_from(piece.model.len()).unwrap_or(u32::MAX),
            offset: u32::try_from(piece.offset).unwrap_or(u32::MAX),
            bytes: bytes.get(..MAX_CHUNK).unwrap_or(bytes),
        };
        let message = self.downlinks.address_running(&mut self.fleet, node, Command::Model(chunk));
        self.output.publish.extend(message);
    }

    /// Something else that happened, by itself or after another event. It is told
    /// when it is in the store: the fleet's, or the one that goes with this run.
    pub fn note(
        &mut self,
        now: Now,
        lasting: bool,
        (kind, source): (&str, &str),
        cause: Option<Cause>,
        payload: serde_json::Value,
    ) {
        let event = match cause {
            Some(cause) => self.chronicle.follow(now.unix, cause, kind, source, payload),
            None => self.chronicle.note(now.unix, kind, source, payload),
        };
        self.keep(!lasting, event);
    }

    /// What the cast remembers now.
    pub fn keep_cast(&mut self, cast: Box<RawValue>) {
        self.work.kept.cast = Some(cast);
    }

    /// The receipt of a call to a language model.
    pub fn call(&mut self, call: Call) {
        let calls = &mut self.work.kept.calls;
        if calls.len() < MOST_CALLS {
            calls.push(call);
        } else {
            tracing::warn!(provider = call.provider, "a receipt was lost: the store can't keep up");
        }
    }

    /// Something that followed from an event.
    pub fn follow(
        &mut self,
        now: Now,
        node: Option<&NodeName>,
        cause: Cause,
        source: &str,
        said: (&str, serde_json::Value),
    ) {
        let event = self.chronicle.follow(now.unix, cause, said.0, source, said.1);
        self.keep(node.is_some_and(NodeName::is_simulated), event);
    }

    fn changed(&mut self, now: Now, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        for change in changes {
            self.touched.extend(change.node().filter(|node| self.fleet.node(node).is_some()).cloned());
            tracing::info!(kind = change.kind(), "{}", change.sentence());
        }
        let events = self.chronicle.tell(now.unix, changes);
        for (change, mut event) in changes.iter().zip(events) {
            self.recognise(now, change, &mut event);
            let cause = Cause::from(&event);
            self.keep(change.node().is_some_and(NodeName::is_simulated), event);
            self.hand_down(now, change, cause);
        }
    }

    fn keep(&mut self, simulated: bool, event: Event) {
        let batch = if simulated { &mut self.work.simulated } else { &mut self.work.kept };
        if batch.events.len() < MOST_EVENTS {
            batch.events.push(Arc::new(event));
        } else {
            tracing::warn!(kind = event.kind, "an event was lost: the store can't keep up");
        }
    }

    fn batch(&mut self, node: &NodeName) -> &mut Batch {
        if node.is_simulated() { &mut self.work.simulated } else { &mut self.work.kept }
    }

    fn rows(&self) -> usize {
        self.work.kept.rows.len() + self.work.simulated.rows.len()
    }

    fn is_full(&self) -> bool {
        self.rows() >= MOST_PENDING
    }

    /// Whether the next commit should not wait for its time.
    pub fn is_batch_full(&self) -> bool {
        self.rows() >= FULL_BATCH
    }

    /// Whether the store took nothing when last asked.
    pub fn status_degraded(&self) -> bool {
        self.degraded.is_some()
    }

    /// Whether events wait for the next commit: people wait for them.
    pub fn has_news(&self) -> bool {
        !self.work.kept.events.is_empty() || !self.work.simulated.events.is_empty()
    }

    /// What is to be told and published, since the last call.
    pub fn output(&mut self, now: Now) -> Output {
        let mut output = std::mem::take(&mut self.output);
        let mut updates = Vec::with_capacity(self.touched.len() + output.updates.len());
        let mut touched: Vec<NodeName> = self.touched.drain().collect();
        // In an order that does not change from run to run.
        touched.sort_unstable();
        for name in touched {
            if let Some(node) = self.fleet.node(&name) {
                let about = self.abouts.get(&name).cloned().unwrap_or_default();
                updates.push(Update::Node(Arc::new(snapshot(now, node, about))));
            }
        }
        // The node first, then what is told of it.
        updates.append(&mut output.updates);
        output.updates = updates;
        output
    }

    /// The counters.
    pub fn status_now(&self) -> Status {
        let counters = self.fleet.counters();
        Status {
            since: self.since,
            nodes: self.fleet.nodes().len() as u64,
            accepted: counters.accepted,
            stored: self.stored,
            doubles: counters.doubles,
            pending: counters.accepted.saturating_sub(self.stored),
            dropped: self.fleet.dropped(),
            refused: counters.refused.clone(),
            degraded: self.degraded.clone(),
            connected: self.connected,
        }
    }

    /// The fleet's name.
    pub fn name(&self) -> &FleetName {
        self.keys.fleet()
    }
}
