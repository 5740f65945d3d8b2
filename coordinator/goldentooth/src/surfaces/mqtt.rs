//! What the coordinator says on MQTT, for any dashboard: moods, vitals, events
//! and what characters say, as JSON. Pure: updates and the time come in,
//! messages go out; who publishes them is intake's business.
//!
//! | topic | when | retained |
//! | --- | --- | --- |
//! | `gt/1/<fleet>/<node>/mood` | mood or silence changes | yes |
//! | `gt/1/<fleet>/<node>/vitals` | at most every [`PACE`], see [`pace`] | yes |
//! | `homeassistant/device/…/config` | asked for, or what can be measured there changes: `discovery.rs` | by an outside broker |
//! | `gt/1/<fleet>/events/<kind>` | each event | no |
//! | `gt/1/<fleet>/cast/<persona>/says` | a fact or a suspicion is said | no |
//! | `gt/1/<fleet>/cast/<persona>/tells` | fiction is told | no |
//!
//! And one comes in: on `gt/1/<fleet>/services/<name>` a service's own account
//! publishes a [`ReportMessage`] whenever its state changes.

use super::view::{CauseView, EventView, NodeView, Reading, SaidView, VitalView, time};
use crate::flavour::Flavour;
use crate::live::{NodeSnapshot, Said, SaidKind, Update};
use frames::{FleetName, Leaf, Mood, NodeName, ServiceState, Topic, cast_topic, event_topic};
use jiff::Timestamp;
use rumqttc::v5::mqttbytes::QoS;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

mod discovery;
#[cfg(test)]
mod tests;

/// The least time between two `vitals` messages of a node, in milliseconds.
pub const PACE: u64 = 10_000;

/// How much earlier than due a message may go, in milliseconds: a node that
/// speaks every ten seconds, give or take, is not told only every second time.
const SLACK: u64 = 500;

/// The most `vitals` messages in a second, over all nodes. Beyond 2,000 nodes
/// each is told less often instead.
const MOST_PER_SECOND: u64 = 200;

/// The least time between two `vitals` messages of a node in a fleet of
/// `nodes`, in milliseconds.
pub fn pace(nodes: usize) -> u64 {
    PACE.max(nodes as u64 * 1000 / MOST_PER_SECOND)
}

/// One message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Where.
    pub topic: Topic,
    /// JSON.
    pub payload: String,
    /// Whether the broker keeps it for those who subscribe later.
    pub retain: bool,
    /// How surely it arrives: vitals at most once, since the next ones are never far.
    pub qos: QoS,
}

/// How a node feels: the message on its `mood` topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MoodMessage {
    /// The node's name.
    pub node: String,
    /// Its own verdict; null only until its second sample.
    #[cfg_attr(test, schemars(with = "Option<crate::surfaces::schemas::Mood>"))]
    pub mood: Option<Mood>,
    /// Whether it has stopped speaking.
    pub silent: bool,
    /// Whether it is a simulated node.
    pub simulated: bool,
    /// Since when it has been in this mood.
    pub since: Option<Timestamp>,
    /// When its last frame arrived.
    pub last_seen: Option<Timestamp>,
    /// The probability of each mood, 0 to 1; empty while the mood is null.
    pub probabilities: BTreeMap<Cow<'static, str>, f64>,
    /// What speaks for the mood, loudest first.
    pub because: Vec<CauseView>,
}

/// What a node measures: the message on its `vitals` topic.
// One goes out for every frame, and is written as it is, not as a map first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "VitalsMessage"))]
pub struct VitalsMessage<V = BTreeMap<Cow<'static, str>, VitalView>> {
    /// The node's name.
    pub node: String,
    /// Whether it is a simulated node.
    pub simulated: bool,
    /// When the frame arrived.
    pub at: Option<Timestamp>,
    /// The reading by vital; what was not measured is left out.
    pub vitals: V,
}

/// What a service reports of itself: the message on its `services` topic. At
/// most 1,024 bytes; retained or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ReportMessage {
    /// How it is.
    #[cfg_attr(test, schemars(with = "crate::surfaces::schemas::ServiceState"))]
    pub state: ServiceState,
    /// On which node; needless where the configuration declares just one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", length(max = 32)))]
    pub node: Option<NodeName>,
    /// What else there is to say, in at most 200 characters, none of them a control character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(max = 200)))]
    pub note: Option<String>,
    /// How often its secrets were asked for since its last report: a secret store says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_read: Option<u32>,
}

/// Turns updates into messages, and keeps their pace. Holds a few bytes per node.
#[derive(Debug)]
pub struct Outlet {
    fleet: FleetName,
    flavour: Flavour,
    told: HashMap<NodeName, Told>,
    descriptions: discovery::Descriptions,
}

#[derive(Debug)]
struct Told {
    mood: (Option<Mood>, bool),
    /// When its next vitals are due.
    next: u64,
}

impl Outlet {
    /// One that speaks on the topics of `fleet`, with so much voice, and has told nothing
    /// yet. `kept` says whether the broker shall keep what it is told for Home Assistant.
    pub fn new(fleet: FleetName, flavour: Flavour, kept: bool) -> Self {
        Self { fleet, flavour, told: HashMap::new(), descriptions: discovery::Descriptions::new(kept) }
    }

    /// The broker may have forgotten what it kept: all is told again.
    pub fn again(&mut self) {
        self.told.clear();
        self.descriptions.again();
    }

    /// Somebody wants to know every device.
    pub fn discovery_asked(&mut self) {
        self.descriptions.asked();
    }

    /// The nodes whose turn it is to be described to Home Assistant; to be called every second.
    pub fn turn(&mut self) -> Vec<NodeName> {
        self.descriptions.turn()
    }

    /// The message that describes a node to Home Assistant.
    pub fn describe(&self, node: &NodeSnapshot) -> Option<Publication> {
        self.descriptions.describe(&self.fleet, node)
    }

    /// The messages that an update makes at `now` (monotonic milliseconds).
    pub fn heard(&mut self, now: u64, update: &Update) -> Vec<Publication> {
        match update {
            Update::Node(node) => self.node(now, node),
            Update::Event(event) => {
                let topic = event_topic(&self.fleet, &event.kind);
                message(topic, false, &EventView::from(&**event).in_flavour(self.flavour))
                    .into_iter()
                    .collect()
            }
            Update::Said(said) => self.said(said).into_iter().collect(),
            Update::Gone(name) => self.gone(name),
            // No event stays at a broker.
            Update::Erased(_) => Vec::new(),
        }
    }

    fn node(&mut self, now: u64, node: &NodeSnapshot) -> Vec<Publication> {
        let mood = (node.mood, node.silent);
        let pace = pace(self.told.len());
        let (new_mood, new_vitals) = if let Some(told) = self.told.get_mut(&node.name) {
            let due = now + SLACK >= told.next && !node.silent;
            (std::mem::replace(&mut told.mood, mood) != mood, due)
        } else {
            self.told.insert(node.name.clone(), Told { mood, next: now });
            (true, !node.silent)
        };
        let mut messages = Vec::new();
        self.descriptions.look(node);
        if new_mood {
            messages.extend(message(Leaf::Mood.topic(&self.fleet, &node.name), true, &mood_message(node)));
        }
        if new_vitals && !node.vitals.present().is_empty() {
            if let Some(told) = self.told.get_mut(&node.name) {
                told.next = told.next.max(now) + pace;
            }
            let vitals = VitalsMessage {
                node: node.name.as_str().to_owned(),
                simulated: node.simulated,
                at: node.last_seen.and_then(time),
                vitals: Reading(&node.vitals),
            };
            let topic = Leaf::Vitals.topic(&self.fleet, &node.name);
            let vitals = message(topic, true, &vitals);
            messages.extend(vitals.map(|message| Publication { qos: QoS::AtMostOnce, ..message }));
        }
        messages
    }

    /// Takes away what brokers keep of a node that is no more.
    fn gone(&mut self, name: &NodeName) -> Vec<Publication> {
        self.told.remove(name);
        let kept = [Leaf::Mood, Leaf::Vitals, Leaf::Status].map(|leaf| Publication {
            topic: leaf.topic(&self.fleet, name),
            payload: String::new(),
            retain: true,
            qos: QoS::AtLeastOnce,
        });
        kept.into_iter().chain([self.descriptions.forget(&self.fleet, name)]).collect()
    }

    fn said(&self, said: &Said) -> Option<Publication> {
        if said.aside {
            return None;
        }
        let leaf = match said.kind {
            SaidKind::Fact | SaidKind::Suspicion => "says",
            SaidKind::Fiction => "tells",
        };
        message(
            cast_topic(&self.fleet, &said.by, leaf),
            false,
            &SaidView::from(said).in_flavour(self.flavour),
        )
    }
}

fn mood_message(node: &NodeSnapshot) -> MoodMessage {
    let view = NodeView::from(node);
    MoodMessage {
        node: view.name,
        mood: view.mood,
        silent: view.silent,
        simulated: view.simulated,
        since: view.since,
        last_seen: view.last_seen,
        probabilities: view.probabilities,
        because: view.because,
    }
}

/// None for a topic that does not fit, which an unfit kind or persona makes.
fn message(topic: Topic, retain: bool, body: &impl Serialize) -> Option<Publication> {
    let payload = serde_json::to_string(body).ok()?;
    (!topic.is_empty()).then_some(Publication { topic, payload, retain, qos: QoS::AtLeastOnce })
}
