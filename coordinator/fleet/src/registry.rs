//! The fleet: every node, and what is to be said to and of them.

use crate::change::Change;
use crate::node::Node;
use crate::record::NodeRecord;
use crate::refusal::{Counters, Refusal};
use crate::time::{Millis, Now};
use frames::{Ack, Head, NodeName};
use std::collections::BTreeMap;

/// The most nodes of a fleet. Frames of further ones are refused.
pub const MAX_NODES: usize = 16_384;

/// If nothing was called for this long, the coordinator itself was away
/// (suspended, stopped, starved), and silences are counted anew.
pub const PAUSE: Millis = 15_000;

/// Refusals of one cause and node are told at most this often …
const TELL_REFUSALS: Millis = 60_000;
/// … and at most so many pairs are kept apart; further ones share one.
const MAX_TOLD: usize = 1_024;

/// An acknowledgement that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueAck {
    /// Who shall be told.
    pub node: NodeName,
    /// The boot that the downlink is addressed to.
    pub to: u32,
    /// What has been decided. Its own `boot` may be an earlier one.
    pub ack: Ack,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    at: Millis,
    /// Refused since, and not told.
    pending: u64,
}

/// Every node as the coordinator knows it.
///
/// Call [`Fleet::tick`] every second: silences are found there.
#[derive(Clone, Debug)]
pub struct Fleet {
    // Boxed: a map's leaves are half empty, and a node is large.
    pub(crate) nodes: BTreeMap<NodeName, Box<Node>>,
    pub(crate) counters: Counters,
    /// What all nodes have dropped, kept as it is counted: it is asked for far
    /// more often than it changes.
    pub(crate) dropped: u64,
    /// When the coordinator began to listen, or did so again.
    base: Millis,
    /// When anything was last called.
    beat: Millis,
    told: BTreeMap<(Option<NodeName>, Refusal), Told>,
}

impl Fleet {
    /// A fleet of nobody; the coordinator listens from now on.
    pub fn new(now: Now) -> Self {
        Self {
            nodes: BTreeMap::new(),
            counters: Counters::default(),
            dropped: 0,
            base: now.mono,
            beat: now.mono,
            told: BTreeMap::new(),
        }
    }

    /// Takes a node from the store, at start. False if there is no room.
    pub fn restore(&mut self, record: NodeRecord) -> bool {
        if self.nodes.len() >= MAX_NODES && !self.nodes.contains_key(&record.name) {
            return false;
        }
        let node = Node::restore(record);
        self.forget(&node.name);
        self.dropped = self.dropped.saturating_add(node.dropped());
        self.nodes.insert(node.name.clone(), Box::new(node));
        true
    }

    /// Forgets a node that is enrolled no longer.
    pub fn forget(&mut self, node: &NodeName) -> bool {
        let gone = self.nodes.remove(node);
        self.dropped = self.dropped.saturating_sub(gone.as_ref().map_or(0, |node| node.dropped()));
        gone.is_some()
    }

    /// Gives a node another name; all that is known of it stays. False if there is no
    /// such node, or another has that name.
    pub fn rename(&mut self, from: &NodeName, to: &NodeName) -> bool {
        if self.nodes.contains_key(to) {
            return false;
        }
        let Some(mut node) = self.nodes.remove(from) else { return false };
        node.name = to.clone();
        node.dirty = true;
        self.nodes.insert(to.clone(), node);
        true
    }

    /// Which of a node's enrolments is in force: another one may mean another card.
    pub fn enrolled(&mut self, name: &NodeName, epoch: u32) {
        let Some(node) = self.nodes.get_mut(name) else { return };
        if node.epoch == epoch {
            return;
        }
        node.enrolled_again |= node.epoch != 0;
        node.epoch = epoch;
        node.dirty = true;
    }

    /// Another real node that was last heard from this board.
    pub(crate) fn on_board(&self, serial: &str, but: &NodeName) -> Option<&NodeName> {
        let others = self.nodes.values().filter(|node| node.name != *but && !node.is_simulated());
        others
            .filter(|node| node.hello.as_ref().and_then(|hello| hello.serial.as_deref()) == Some(serial))
            .max_by_key(|node| node.last_seen.map(|seen| seen.unix))
            .map(|node| &node.name)
    }

    /// Every node, by name.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.nodes.values().map(Box::as_ref)
    }

    /// One node.
    pub fn node(&self, name: &NodeName) -> Option<&Node> {
        self.nodes.get(name).map(Box::as_ref)
    }

    /// What became of every frame.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Frames that all agents say they have lost.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The store found this many admitted rows to be doubles: what was
    /// decided before the marks were forgotten, or cut off.
    pub fn found_doubles(&mut self, rows: u64) {
        let rows = rows.min(self.counters.accepted);
        self.counters.accepted -= rows;
        self.counters.doubles += rows;
    }

    /// The link to the broker is up again: nothing was heard while it was down.
    pub fn reconnected(&mut self, now: Now) {
        self.base = now.mono;
        self.beat = now.mono;
    }

    /// A node's last will, or `offline` on its status topic: a hint, since it
    /// is not sealed. If true, ask the node for a sample: one that lives
    /// answers before the hint comes true.
    pub fn offline_hint(&mut self, now: Now, node: &NodeName) -> bool {
        self.awake(now);
        self.nodes.get_mut(node).is_some_and(|node| node.hinted(now))
    }

    /// What time alone brings: silences, and refusals and losses that were
    /// held back so as not to be told too often. To be called every second.
    pub fn tick(&mut self, now: Now) -> Vec<Change> {
        self.awake(now);
        let mut changes = Vec::new();
        for node in self.nodes.values_mut() {
            changes.extend(node.check_silence(now, self.base));
            changes.extend(node.tell_losses(now));
        }
        self.told.retain(|(node, cause), told| {
            if now.mono < told.at.saturating_add(TELL_REFUSALS) {
                return true;
            }
            if told.pending == 0 {
                return false;
            }
            changes.push(Change::FrameRefused { node: node.clone(), cause: *cause, count: told.pending });
            *told = Told { at: now.mono, pending: 0 };
            true
        });
        changes
    }

    /// Counts a refused message, and tells of it unless that was just done.
    /// `head` is its head, if the seal fitted: a frame that can never be read
    /// is decided with that, so that the node doesn't say it again.
    pub fn refuse(
        &mut self,
        now: Now,
        node: Option<&NodeName>,
        head: Option<&Head>,
        cause: Refusal,
    ) -> Option<Change> {
        self.awake(now);
        self.counters.refuse(cause);
        if let (Some(known), Some(head), true) =
            (node.and_then(|name| self.nodes.get_mut(name)), head, cause.decides())
            && let Some(boot) = known.boot_mut(head.boot)
        {
            boot.marks.decide(head.sequence, head.oldest);
            boot.due = true;
            known.dirty = true;
        }
        // Names that nobody gave are without number: they share one place.
        let named = !matches!(cause, Refusal::NotEnrolled | Refusal::BadTopic);
        let mut key = (node.filter(|_| named).cloned(), cause);
        if self.told.len() >= MAX_TOLD && !self.told.contains_key(&key) {
            key.0 = None;
        }
        if let Some(told) = self.told.get_mut(&key) {
            told.pending += 1;
            return None;
        }
        self.told.insert(key, Told { at: now.mono, pending: 0 });
        Some(Change::FrameRefused { node: node.cloned(), cause, count: 1 })
    }

    /// A sealed frame of a version that can't be read here: counted, not
    /// decided, and a sign of life. Keep it raw and answer `Unsupported`.
    pub fn unreadable(&mut self, now: Now, name: &NodeName, head: &Head) -> Vec<Change> {
        self.awake(now);
        self.counters.refuse(Refusal::UnknownVersion);
        let mut changes = Vec::new();
        let Some(node) = self.enter(now, name) else { return changes };
        node.meet(&mut changes);
        if node.unreadable != Some(head.version) {
            node.unreadable = Some(head.version);
            changes.push(Change::Unreadable { node: name.clone(), version: head.version });
        }
        node.heard_unreadable(now, head, &mut changes);
        changes
    }

    /// The acknowledgement of one boot of a node.
    pub fn ack(&self, node: &NodeName, boot: u32) -> Option<Ack> {
        self.nodes.get(node)?.ack(boot)
    }

    /// The acknowledgements that are due, one for each boot that was heard
    /// since the last call. Take them together with the batch, and send them
    /// once that is committed: they cover all that was admitted before.
    pub fn acks(&mut self) -> Vec<DueAck> {
        let mut due = Vec::new();
        for node in self.nodes.values_mut() {
            let (running, takes_turns) = (node.running, node.alternated.is_some());
            for boot in node.boots.iter_mut().filter(|boot| boot.due) {
                boot.due = false;
                // Two agents in turns each wait for their own.
                let to = if takes_turns { boot.number } else { running.unwrap_or(boot.number) };
                due.push(DueAck { node: node.name.clone(), to, ack: boot.marks.ack(boot.number) });
            }
        }
        due
    }

    /// The nodes that differ from what was last taken: for the next commit.
    pub fn records(&mut self) -> Vec<NodeRecord> {
        let changed = self.nodes.values_mut().filter(|node| node.dirty);
        changed
            .map(|node| {
                node.dirty = false;
                node.record()
            })
            .collect()
    }

    /// The boot that a downlink to this node is addressed to, and the counter
    /// that it bears. None while the node has not spoken.
    pub fn next_downlink(&mut self, node: &NodeName) -> Option<(u32, u32)> {
        let running = self.nodes.get(node)?.running?;
        self.next_downlink_to(node, running).map(|counter| (running, counter))
    }

    /// The counter of a downlink to this boot of a node, as [`DueAck::to`]
    /// names it.
    pub fn next_downlink_to(&mut self, node: &NodeName, boot: u32) -> Option<u32> {
        let node = self.nodes.get_mut(node)?;
        let boot = node.boot_mut(boot)?;
        // A counter at its end would be stale for ever: 4 billion downlinks.
        boot.downlink = boot.downlink.saturating_add(1);
        let counter = boot.downlink;
        node.dirty = true;
        Some(counter)
    }

    /// The version of the settings that a node shall have. False if the node
    /// is unknown: say it again when it has joined.
    pub fn desire_settings(&mut self, node: &NodeName, version: Option<u32>) -> bool {
        let Some(node) = self.nodes.get_mut(node) else { return false };
        node.dirty |= node.settings != version;
        node.settings = version;
        true
    }

    /// The node of this name, made if there is room.
    pub(crate) fn enter(&mut self, now: Now, name: &NodeName) -> Option<&mut Node> {
        if !self.nodes.contains_key(name) {
            if self.nodes.len() >= MAX_NODES {
                return None;
            }
            self.nodes.insert(name.clone(), Box::new(Node::new(name.clone(), now)));
        }
        self.nodes.get_mut(name).map(Box::as_mut)
    }

    /// Notes that the coordinator is awake, and whether it was away before.
    pub(crate) fn awake(&mut self, now: Now) {
        if now.mono > self.beat.saturating_add(PAUSE) {
            self.base = now.mono;
        }
        self.beat = self.beat.max(now.mono);
    }
}
