//! What changed since when: the memory behind the stream.
//!
//! Every change gets a number. Of a node only its newest state counts, so one
//! number per node is kept, not a queue; of events, the last [`EVENTS`]. A
//! client is nothing but the number it has reached: however slow it is, it
//! costs no memory, gets each node's newest state when it asks again, and
//! never holds anybody up. What goes out is rendered once for all clients.

use super::trace::Trace;
use crate::live::{Event, Live, NodeSnapshot, UnixMillis, Update, erase};
use crate::surfaces::view::{CardView, EventView, FleetView, NodeView};
use crate::words::lock;
use frames::{Mood, NodeName};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

#[cfg(test)]
mod tests;

/// How many events are kept for clients that come back.
const EVENTS: usize = 512;
/// How many updates are taken in under one lock.
const GULP: usize = 256;

/// A place in the stream: which coordinator, and the number reached there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    epoch: u64,
    number: u64,
}

impl Place {
    /// The same coordinator's place at another number.
    pub(super) fn at(self, number: u64) -> Self {
        Self { number, ..self }
    }

    /// Reads what [`Place::to_string`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (epoch, number) = text.split_once('-')?;
        Some(Self { epoch: u64::from_str_radix(epoch, 16).ok()?, number: number.parse().ok()? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:x}-{}", self.epoch, self.number)
    }
}

/// What a client wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Every node, the verdict and every event.
    All,
    /// Every node, and the verdict.
    Nodes,
    /// The same, of each node what a card shows.
    Cards,
    /// Every event.
    Events,
    /// One node, and every event.
    Node(NodeName),
}

/// Where a slot keeps the whole node, and where what a card shows.
const WHOLE: usize = 0;
const CARD: usize = 1;

impl Wanted {
    fn shape(&self) -> usize {
        if *self == Self::Cards { CARD } else { WHOLE }
    }
}

/// One thing to send.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) number: u64,
    pub(super) kind: &'static str,
    pub(super) json: Arc<str>,
}

/// What a client has not seen.
#[derive(Debug)]
pub(super) struct Batch {
    /// In the order of their numbers.
    pub(super) items: Vec<Item>,
    /// How far it reaches.
    pub(super) reached: Place,
    /// Whether events are missing that are kept no more.
    pub(super) missed: bool,
}

pub(super) struct Hub(Arc<Inner>);

struct Inner {
    live: Live,
    epoch: u64,
    state: Mutex<State>,
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    number: u64,
    nodes: HashMap<NodeName, Slot>,
    order: BTreeMap<u64, NodeName>,
    events: VecDeque<(u64, Arc<Event>, Option<Arc<str>>)>,
    /// The number of the newest event that is kept no more.
    forgotten: u64,
    /// The number at which a node was last forgotten: whoever has seen it begins anew.
    gone: u64,
    /// The number at which the verdict may last have changed.
    verdict: u64,
    rendered: Option<(u64, Arc<str>)>,
}

#[derive(Default)]
struct Slot {
    number: u64,
    standing: (Option<Mood>, bool),
    /// As it was last rendered: whole, and as a card.
    json: [Option<Arc<str>>; 2],
    trace: Trace,
    seen: Option<UnixMillis>,
}

impl Hub {
    pub(super) fn new(live: Live) -> Self {
        // A restart counts anew; the time of its start tells it from the one before.
        let epoch = live.status().since.unsigned_abs();
        let inner = Inner { live, epoch, state: Mutex::default(), newest: watch::Sender::new(0) };
        Self(Arc::new(inner))
    }

    /// Takes in what `live` tells, until it or `stopping` ends.
    pub(super) async fn listen(&self, mut stopping: watch::Receiver<bool>) {
        let mut updates = self.0.live.subscribe();
        self.take_all();
        loop {
            let first = tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                first = updates.recv() => first,
            };
            match first {
                Ok(first) => {
                    let more = std::iter::from_fn(|| updates.try_recv().ok()).take(GULP);
                    self.take(std::iter::once(first).chain(more));
                }
                // Nodes are read again; events stay in the store for who asks.
                Err(RecvError::Lagged(_)) => self.take_all(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn take_all(&self) {
        self.take(self.0.live.nodes().into_iter().map(Update::Node));
    }

    /// Numbers what changed, and wakes those who wait for it.
    pub(super) fn take(&self, updates: impl Iterator<Item = Update>) {
        let mut state = lock::mutex(&self.0.state);
        for update in updates {
            match update {
                Update::Node(node) => state.node(&node),
                Update::Event(event) => state.event(event),
                Update::Gone(name) => state.gone(&name),
                Update::Erased(person) => state.erase(&person),
                // What was said stands in its node and among the events.
                Update::Said(_) => {}
            }
        }
        let number = state.number;
        drop(state);
        self.0.newest.send_replace(number);
    }

    /// Changes whenever there is something new.
    pub(super) fn newest(&self) -> watch::Receiver<u64> {
        self.0.newest.subscribe()
    }

    /// Where the stream is now.
    pub(super) fn place(&self) -> Place {
        Place { epoch: self.0.epoch, number: lock::mutex(&self.0.state).number }
    }

    /// Before everything.
    pub(super) fn start(&self) -> Place {
        Place { epoch: self.0.epoch, number: 0 }
    }

    /// Whether a place is one of this coordinator's run.
    pub(super) fn knows(&self, place: Place) -> bool {
        place.epoch == self.0.epoch && place.number <= lock::mutex(&self.0.state).number
    }

    /// The temperature and load of a node's last minutes.
    pub(super) fn trace(&self, node: &NodeName) -> Trace {
        lock::mutex(&self.0.state).nodes.get(node).map(|slot| slot.trace.clone()).unwrap_or_default()
    }

    /// At most `most` nodes, and the events, that changed after `place`.
    pub(super) fn since(&self, place: Place, most: usize, wanted: &Wanted) -> Batch {
        let mut state = lock::mutex(&self.0.state);
        let after = place.number + 1;
        let changed = state.changed(after, most, wanted);
        let nodes = matches!(wanted, Wanted::All | Wanted::Nodes | Wanted::Cards);
        let events = !matches!(wanted, Wanted::Nodes | Wanted::Cards);
        // Where nodes were cut short, the rest waits for them: numbers only rise.
        let end = if changed.len() == most { changed.last().map_or(0, |last| last.0) } else { state.number };
        // Whoever begins wants no past: it is asked for elsewhere.
        let missed =
            events && (1..state.forgotten).contains(&place.number) || (1..state.gone).contains(&place.number);
        let mut items = Vec::new();
        let known = if events { state.events.partition_point(|event| event.0 < after) } else { EVENTS };
        let fresh = state.events.iter_mut().skip(known).take_while(|event| event.0 <= end);
        items.extend(fresh.map(|(number, event, json)| {
            let json = json.get_or_insert_with(|| render(&EventView::from(&**event)));
            Item { number: *number, kind: "event", json: Arc::clone(json) }
        }));
        let verdict = (nodes && state.verdict > place.number).then_some(state.verdict);
        let known = state.rendered.clone().filter(|(number, _)| *number == state.verdict);
        drop(state);

        items.extend(changed.into_iter().filter_map(|(number, name, json)| {
            let json = json.or_else(|| self.render_node(&name, number, wanted.shape()))?;
            Some(Item { number, kind: "node", json })
        }));
        items.sort_unstable_by_key(|item| item.number);
        if let Some(number) = verdict {
            let json = known.map_or_else(|| self.render_fleet(number), |(_, json)| json);
            items.push(Item { number: end, kind: "fleet", json });
        }
        Batch { items, reached: place.at(end.max(place.number)), missed }
    }

    /// The newest state of a node. It may be newer than `number`, and is then
    /// sent once more: the same state twice does no harm.
    fn render_node(&self, name: &NodeName, number: u64, shape: usize) -> Option<Arc<str>> {
        let node = NodeView::from(&*self.0.live.node(name)?);
        let json = if shape == CARD { render(&CardView::from(node)) } else { render(&node) };
        if let Some(slot) = lock::mutex(&self.0.state).nodes.get_mut(name)
            && slot.number == number
        {
            slot.json[shape] = Some(Arc::clone(&json));
        }
        Some(json)
    }

    fn render_fleet(&self, number: u64) -> Arc<str> {
        let nodes = self.0.live.nodes();
        let json = render(&FleetView::of(nodes.iter().map(|node| &**node)));
        lock::mutex(&self.0.state).rendered = Some((number, Arc::clone(&json)));
        json
    }
}

impl State {
    /// Numbers and names of nodes that changed, and how they were last rendered.
    fn changed(&self, after: u64, most: usize, wanted: &Wanted) -> Vec<(u64, NodeName, Option<Arc<str>>)> {
        let json = |name: &NodeName| self.nodes.get(name).and_then(|slot| slot.json[wanted.shape()].clone());
        match wanted {
            Wanted::All | Wanted::Nodes | Wanted::Cards => {
                let changed = self.order.range(after..).take(most);
                changed.map(|(number, name)| (*number, name.clone(), json(name))).collect()
            }
            Wanted::Node(name) => {
                let number = self.nodes.get(name).map(|slot| slot.number).filter(|number| *number >= after);
                number.map(|number| (number, name.clone(), json(name))).into_iter().collect()
            }
            Wanted::Events => Vec::new(),
        }
    }

    fn node(&mut self, node: &NodeSnapshot) {
        self.number += 1;
        let number = self.number;
        let standing = (node.mood, node.silent);
        let slot = self.nodes.entry(node.name.clone()).or_default();
        self.order.remove(&slot.number);
        self.order.insert(number, node.name.clone());
        // The sentence names a reason only where something is wrong.
        let unwell = node.silent || matches!(node.mood, Some(Mood::Stressed | Mood::Crisis));
        if slot.number == 0 || slot.standing != standing || unwell {
            self.verdict = number;
        }
        if let Some(seen) = node.last_seen
            && slot.seen != node.last_seen
        {
            slot.trace.push(seen, &node.vitals);
        }
        slot.number = number;
        slot.standing = standing;
        slot.seen = node.last_seen;
        slot.json = [None, None];
    }

    fn gone(&mut self, name: &NodeName) {
        let Some(slot) = self.nodes.remove(name) else { return };
        self.order.remove(&slot.number);
        self.number += 1;
        self.gone = self.number;
        self.verdict = self.number;
    }

    fn erase(&mut self, person: &str) {
        for (_, event, rendered) in &mut self.events {
            if erase(Arc::make_mut(event), person) {
                *rendered = None;
            }
        }
    }

    fn event(&mut self, event: Arc<Event>) {
        self.number += 1;
        if self.events.len() == EVENTS
            && let Some((number, ..)) = self.events.pop_front()
        {
            self.forgotten = number;
        }
        self.events.push_back((self.number, event, None));
    }
}

/// As JSON; views have no map keys or numbers that could fail.
fn render(view: &impl serde::Serialize) -> Arc<str> {
    serde_json::to_string(view).unwrap_or_else(|_| "null".to_owned()).into()
}
