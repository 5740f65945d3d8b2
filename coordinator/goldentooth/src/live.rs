//! What is so right now: every node as last heard, the counters of intake,
//! and a stream of what changes. Told before anything is committed, so that a
//! screen never waits for the disk.
//!
//! Bounded on every side: one snapshot per node, and a stream of
//! [`STREAM`] updates; a subscriber that falls behind is told so
//! (`RecvError::Lagged`) and reads [`Live::nodes`] again.

use crate::words::lock;
use frames::{Budget, Cause, Classifier, MOODS, Mood, NodeName, Probability, VitalSet, Vitals};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use tokio::sync::{broadcast, watch};

pub use store::Event;

/// Wall-clock time in milliseconds since 1970.
pub type UnixMillis = i64;

/// How many updates the stream holds for its slowest subscriber.
pub const STREAM: usize = 4096;

/// One node as the coordinator knows it now.
#[derive(Clone, Debug)]
pub struct NodeSnapshot {
    /// Its name.
    pub name: NodeName,
    /// Whether it is a simulated one.
    pub simulated: bool,
    /// Its own verdict; none until its second sample.
    pub mood: Option<Mood>,
    /// Since when it has been in this mood.
    pub since: Option<UnixMillis>,
    /// The probability of each mood, in the order of [`Mood::ALL`]; none without a mood.
    pub probabilities: Option<[Probability; MOODS]>,
    /// What speaks loudest for the mood, loudest first. Values stand in `vitals`.
    pub causes: heapless::Vec<Cause, 2>,
    /// Joint distance from its own normal; none while unknown.
    pub distance: Option<f32>,
    /// Who gave the verdict; none before the first report.
    pub classifier: Option<Classifier>,
    /// Whether it has stopped speaking.
    pub silent: bool,
    /// When its last frame arrived.
    pub last_seen: Option<UnixMillis>,
    /// Its newest reading.
    pub vitals: Vitals,
    /// Its current interval between samples, in milliseconds; none before the first report.
    pub interval: Option<u64>,
    /// State of its thermal budget; none before the first report.
    pub budget: Option<Budget>,
    /// Frames that it says it has lost, over all boots that we know of.
    pub dropped: u64,
    /// What its last `Hello` said of it.
    pub about: Arc<About>,
    /// The frame version that it speaks, if that can't be read here.
    pub unreadable: Option<u8>,
    /// The units that it watches, as it last said.
    pub services: Vec<frames::Service>,
    /// The sheet of the persona that embodies it, if the cast is on stage.
    pub character: Option<Arc<str>>,
    /// The last thing that its character said.
    pub last_said: Option<Arc<Said>>,
    /// What an operator says of it.
    pub tag: Arc<Tag>,
}

/// What an operator says of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tag {
    /// The group that it belongs to.
    pub group: Option<String>,
    /// Words to find it by.
    pub labels: Vec<String>,
}

/// What a node says of itself, and rarely changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// What the hardware calls itself.
    pub hardware: String,
    /// Version of the agent.
    pub agent: String,
    /// Version of the mood model; none while the rules speak.
    pub model: Option<String>,
    /// The board's serial number.
    pub serial: Option<String>,
    /// What can be measured there.
    pub measurable: VitalSet,
    /// Whether its clock follows a time server; none if it has no clock.
    pub clock_trusted: Option<bool>,
    /// The version of the settings in force there.
    pub settings: u32,
}

/// What a sentence is: wholly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaidKind {
    /// Every word of it is recorded.
    Fact,
    /// A guess, and marked as one.
    Suspicion,
    /// A story.
    Fiction,
}

/// Facts as recorded, as the text of their JSON: one sentence is held for each
/// node, and a tree of values would take ten times the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded(Box<str>);

impl Recorded {
    /// Of facts that can be written as JSON; none of what can't.
    pub fn new(facts: &impl serde::Serialize) -> Self {
        Self(serde_json::to_string(facts).unwrap_or_else(|_| "[]".to_owned()).into())
    }

    /// The facts.
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

/// One sentence of a character.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The sheet's file name.
    pub by: String,
    /// The sentence, with all that its speaker makes of it.
    pub text: String,
    /// The fact alone, as its speaker puts it; empty where it was not kept.
    pub bare: String,
    /// The fact in plain words; empty where it was not kept.
    pub plain: String,
    /// Fact, suspicion or fiction.
    pub kind: SaidKind,
    /// What its slots were filled from, as recorded.
    pub facts: Recorded,
    /// Which node it is about.
    pub node: Option<NodeName>,
    /// When it was said.
    pub at: UnixMillis,
    /// The id of the event that it names.
    pub cause: String,
    /// Whether it is more than people are told unasked in a day: it stands
    /// beside its node, and is published to nobody.
    pub aside: bool,
}

/// The counters of intake. Every message on a frame topic is in exactly one
/// of `accepted`, `doubles` and `refused`; `accepted = stored + pending`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// When this coordinator started to count.
    pub since: UnixMillis,
    /// How many nodes are known.
    pub nodes: u64,
    /// Frames admitted.
    pub accepted: u64,
    /// Admitted frames that the store has committed.
    pub stored: u64,
    /// Frames that had been decided before.
    pub doubles: u64,
    /// Admitted frames that wait for the next commit.
    pub pending: u64,
    /// Frames that agents say they have lost.
    pub dropped: u64,
    /// Frames refused, by cause.
    pub refused: BTreeMap<&'static str, u64>,
    /// Why the store can't take anything at the moment, in words; none while all is well.
    pub degraded: Option<String>,
    /// Whether the broker's link is up.
    pub connected: bool,
}

/// One thing that changed.
#[derive(Clone, Debug)]
pub enum Update {
    /// A node spoke, changed, fell silent or was spoken about.
    Node(Arc<NodeSnapshot>),
    /// Something happened, and is in the store.
    Event(Arc<Event>),
    /// A character spoke.
    Said(Arc<Said>),
    /// A node was forgotten, or has another name now.
    Gone(NodeName),
    /// A person was forgotten: whoever holds events of theirs overwrites them.
    Erased(Arc<str>),
}

/// Overwrites what an event tells, if it is about something that this person said or
/// did; whether it was.
pub fn erase(event: &mut Event, person: &str) -> bool {
    let theirs = event.payload.get("person").and_then(serde_json::Value::as_str) == Some(person);
    if theirs {
        event.payload = store::forgotten();
    }
    theirs
}

/// The shared live state: cheap to clone, one writer (intake), any readers.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    nodes: RwLock<BTreeMap<NodeName, Arc<NodeSnapshot>>>,
    beside: RwLock<BTreeMap<NodeName, Beside>>,
    status: watch::Sender<Status>,
    updates: broadcast::Sender<Update>,
    /// The same without readings: most who listen wait for what is rare, and
    /// would be woken by every frame.
    news: broadcast::Sender<Update>,
}

/// What others than the node itself say of it.
#[derive(Clone, Default)]
struct Beside {
    character: Option<Arc<str>>,
    last_said: Option<Arc<Said>>,
    tag: Arc<Tag>,
}

impl Live {
    /// An empty one, that counts from `since`.
    pub fn new(since: UnixMillis) -> Self {
        Self(Arc::new(Inner {
            nodes: RwLock::default(),
            beside: RwLock::default(),
            status: watch::Sender::new(Status { since, ..Status::default() }),
            updates: broadcast::Sender::new(STREAM),
            news: broadcast::Sender::new(STREAM),
        }))
    }

    /// Every known node, by name.
    pub fn nodes(&self) -> Vec<Arc<NodeSnapshot>> {
        lock::read(&self.0.nodes).values().cloned().collect()
    }

    /// One node.
    pub fn node(&self, name: &NodeName) -> Option<Arc<NodeSnapshot>> {
        lock::read(&self.0.nodes).get(name).cloned()
    }

    /// The counters of intake.
    pub fn status(&self) -> Status {
        self.0.status.borrow().clone()
    }

    /// Waits until the counters are as wanted.
    pub async fn wait_for(&self, wanted: impl FnMut(&Status) -> bool) {
        let mut status = self.0.status.subscribe();
        // The sender lives as long as this does.
        let _ = status.wait_for(wanted).await;
    }

    /// What changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Update> {
        self.0.updates.subscribe()
    }

    /// The same without readings: of nodes only who is new, or spoken of anew.
    pub fn subscribe_to_news(&self) -> broadcast::Receiver<Update> {
        self.0.news.subscribe()
    }

    /// Tells what intake found: for nodes, the newest snapshot of each replaces the older.
    pub fn tell(&self, updates: impl IntoIterator<Item = Update>) {
        self.pass_on(updates, false);
    }

    /// Tells it, nodes as news or only those that are new.
    fn pass_on(&self, updates: impl IntoIterator<Item = Update>, nodes_are_news: bool) {
        let mut gone = Vec::new();
        let beside = lock::read(&self.0.beside);
        let mut nodes = lock::write(&self.0.nodes);
        for update in updates {
            let mut news = true;
            let update = match update {
                Update::Node(mut node) => {
                    if let Some(beside) = beside.get(&node.name) {
                        let told = Arc::make_mut(&mut node);
                        told.character.clone_from(&beside.character);
                        told.last_said.clone_from(&beside.last_said);
                        told.tag = Arc::clone(&beside.tag);
                    }
                    let known = nodes.insert(node.name.clone(), Arc::clone(&node)).is_some();
                    news = nodes_are_news || !known;
                    Update::Node(node)
                }
                Update::Gone(name) => {
                    nodes.remove(&name);
                    gone.push(name.clone());
                    Update::Gone(name)
                }
                other => other,
            };
            self.send(update, news);
        }
        drop((nodes, beside));
        for name in gone {
            lock::write(&self.0.beside).remove(&name);
        }
    }

    /// Replaces the counters.
    pub fn count(&self, status: Status) {
        self.0.status.send_if_modified(|old| {
            let changed = *old != status;
            *old = status;
            changed
        });
    }

    /// Which persona embodies a node.
    pub fn embody(&self, name: &NodeName, character: &str) {
        self.beside(name, |beside| beside.character = Some(character.into()));
    }

    /// What an operator says of a node, which need not have spoken yet.
    pub fn tag(&self, name: &NodeName, tag: Tag) {
        self.beside(name, |beside| beside.tag = Arc::new(tag));
    }

    /// What a character said, about a node or about all of them.
    pub fn said(&self, said: &Arc<Said>) {
        // Fiction is nothing that anybody said of a node.
        if let Some(name) = said.node.as_ref().filter(|_| said.kind != SaidKind::Fiction) {
            self.beside(name, |beside| {
                beside.last_said = Some(Arc::clone(said));
                beside.character.get_or_insert_with(|| said.by.as_str().into());
            });
        }
        self.send(Update::Said(Arc::clone(said)), true);
    }

    fn send(&self, update: Update, news: bool) {
        // Without a subscriber there is nobody to tell.
        if news {
            let _ = self.0.news.send(update.clone());
        }
        let _ = self.0.updates.send(update);
    }

    fn beside(&self, name: &NodeName, change: impl FnOnce(&mut Beside)) {
        change(lock::write(&self.0.beside).entry(name.clone()).or_default());
        let told = lock::read(&self.0.nodes).get(name).cloned();
        // So that the snapshot and the stream carry it.
        self.pass_on(told.map(Update::Node), true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::fixtures::{NOW, node};

    #[test]
    fn a_reading_is_no_news_but_a_new_node_is_and_what_is_said_of_one() {
        let live = Live::new(NOW);
        let (mut all, mut news) = (live.subscribe(), live.subscribe_to_news());
        let reading = || [Update::Node(Arc::new(node("pi-1", None)))];
        live.tell(reading());
        assert!(matches!(news.try_recv(), Ok(Update::Node(_))), "it is new");
        live.tell(reading());
        assert!(news.try_recv().is_err());
        let name: NodeName = "pi-1".parse().unwrap();
        live.tag(&name, Tag { group: Some("kitchen".to_owned()), ..Tag::default() });
        let Ok(Update::Node(told)) = news.try_recv() else { panic!("its tag is news") };
        assert_eq!(told.tag.group.as_deref(), Some("kitchen"));
        live.tell([Update::Gone(name)]);
        live.tell(reading());
        assert!(matches!(news.try_recv(), Ok(Update::Gone(_))));
        assert!(matches!(news.try_recv(), Ok(Update::Node(_))), "and new once more");
        assert_eq!(std::iter::from_fn(|| all.try_recv().ok()).count(), 5, "who listens to all hears all");
    }

    #[test]
    fn fiction_is_nothing_that_was_said_of_a_node() {
        let live = Live::new(NOW);
        live.tell([Update::Node(Arc::new(node("pi-1", None)))]);
        let name: NodeName = "pi-1".parse().unwrap();
        let said = |kind| {
            Arc::new(Said {
                by: "malvo".to_owned(),
                text: "Once upon a time.".to_owned(),
                bare: String::new(),
                plain: String::new(),
                kind,
                facts: Recorded::new(&[(); 0]),
                node: Some(name.clone()),
                at: NOW,
                cause: String::new(),
                aside: false,
            })
        };
        let mut told = live.subscribe();
        live.said(&said(SaidKind::Fiction));
        assert!(live.node(&name).unwrap().last_said.is_none());
        assert!(matches!(told.try_recv(), Ok(Update::Said(_))), "it is told all the same");
        live.said(&said(SaidKind::Suspicion));
        assert_eq!(live.node(&name).unwrap().last_said.as_ref().unwrap().kind, SaidKind::Suspicion);
    }
}
