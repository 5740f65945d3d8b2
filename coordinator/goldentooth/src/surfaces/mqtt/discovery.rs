//! Home Assistant's MQTT discovery: one message for each node, that describes
//! the device and every sensor of it on the topics that are there anyway.
//! <https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload>
//!
//! A description has some 10 kB, in Home Assistant's own abbreviations, with
//! what all sensors share said once. The embedded broker keeps none of them:
//! they are said when somebody subscribes to them, and to whoever has when one
//! changes. An outside broker keeps them, in its own memory. Simulated nodes
//! are not told: nobody wants them in a house.

use super::{Publication, message};
use crate::live::{About, NodeSnapshot};
use crate::words::capital;
use frames::{FleetName, Leaf, NodeName, Topic, Vital};
use rumqttc::v5::mqttbytes::QoS;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

/// What people look at first; the others are marked as diagnostics.
const FIRST: [Vital; 5] = [Vital::Temperature, Vital::Cpu, Vital::Load1, Vital::MemoryUsed, Vital::DiskUsed];

/// The most descriptions in a second: a thousand nodes take 20 s, and half a megabyte is on its way at a time.
const PER_SECOND: usize = 50;

/// Which nodes were described, and which still are to be.
#[derive(Debug)]
pub(super) struct Descriptions {
    /// Whether the broker keeps them: then they are wanted from the start.
    kept: bool,
    wanted: bool,
    due: BTreeSet<NodeName>,
    known: HashMap<NodeName, Arc<About>>,
}

impl Descriptions {
    /// None yet, for a broker that keeps them or one that doesn't.
    pub(super) fn new(kept: bool) -> Self {
        Self { kept, wanted: kept, due: BTreeSet::new(), known: HashMap::new() }
    }

    /// Notes a node that is new, or is no more as it was described.
    pub(super) fn look(&mut self, node: &NodeSnapshot) {
        let about = &node.about;
        if node.simulated || about.measurable.is_empty() {
            return;
        }
        let known = self.known.get(&node.name);
        if known.is_some_and(|known| Arc::ptr_eq(known, about)) {
            return;
        }
        if self.wanted && known.is_none_or(|known| described(known) != described(about)) {
            self.due.insert(node.name.clone());
        }
        self.known.insert(node.name.clone(), Arc::clone(about));
    }

    /// Somebody wants them all, again.
    pub(super) fn asked(&mut self) {
        self.wanted = true;
        self.due.extend(self.known.keys().cloned());
    }

    /// Whose turn it is now; to be called every second.
    pub(super) fn turn(&mut self) -> Vec<NodeName> {
        let rest = self.due.iter().nth(PER_SECOND).cloned();
        let rest = rest.map(|first| self.due.split_off(&first)).unwrap_or_default();
        std::mem::replace(&mut self.due, rest).into_iter().collect()
    }

    /// The message that describes a node.
    pub(super) fn describe(&self, fleet: &FleetName, node: &NodeSnapshot) -> Option<Publication> {
        message(topic(fleet, &node.name), self.kept, &config(fleet, node))
    }

    /// The message that takes a node's description away, also from a broker that keeps it.
    pub(super) fn forget(&mut self, fleet: &FleetName, name: &NodeName) -> Publication {
        self.due.remove(name);
        self.known.remove(name);
        Publication { topic: topic(fleet, name), payload: String::new(), retain: true, qos: QoS::AtLeastOnce }
    }

    /// The broker may have forgotten what it kept.
    pub(super) fn again(&mut self) {
        self.known.clear();
        self.due.clear();
    }
}

/// What a description depends on.
fn described(about: &About) -> (frames::VitalSet, &str, &str, Option<&str>) {
    (about.measurable, &about.hardware, &about.agent, about.serial.as_deref())
}

/// Where a node's device is described.
pub(super) fn topic(fleet: &FleetName, node: &NodeName) -> Topic {
    let mut topic = Topic::new();
    // Names are short enough: 89 bytes at most.
    let _ = write!(topic, "homeassistant/device/{}/config", id(fleet, node));
    topic
}

fn id(fleet: &FleetName, node: &NodeName) -> String {
    format!("goldentooth_{fleet}_{node}")
}

/// The description of a node. What stands beside the components holds for each
/// that doesn't say it itself.
fn config(fleet: &FleetName, node: &NodeSnapshot) -> Value {
    let (id, about) = (id(fleet, &node.name), &node.about);
    let topic = |leaf: Leaf| leaf.topic(fleet, &node.name).as_str().to_owned();
    let mut device = json!({ "ids": id, "name": node.name });
    for (key, text) in [("mdl", about.hardware.as_str()), ("sw", about.agent.as_str())] {
        if !text.is_empty() {
            device[key] = text.into();
        }
    }
    if let Some(serial) = &about.serial {
        device["sn"] = serial.as_str().into();
    }
    let mut components = Map::new();
    components.insert("mood".to_owned(), mood(&id, &topic(Leaf::Mood)));
    components.insert("silent".to_owned(), silent(&id, &topic(Leaf::Mood)));
    components.extend(about.measurable.iter().map(|vital| (vital.name().to_owned(), sensor(&id, vital))));
    json!({
        "dev": device,
        "o": { "name": "Goldentooth", "sw": env!("CARGO_PKG_VERSION") },
        "stat_t": topic(Leaf::Vitals),
        "avty": [
            { "t": topic(Leaf::Status) },
            { "t": topic(Leaf::Mood), "val_tpl": "{{'offline' if value_json.silent else 'online'}}" },
        ],
        "avty_mode": "all",
        "cmps": components,
        "qos": 1,
    })
}

/// Told also of a silent node: that it is silent is just what it says then.
fn mood(id: &str, topic: &str) -> Value {
    json!({
        "p": "sensor",
        "uniq_id": format!("{id}_mood"),
        "name": "Mood",
        "dev_cla": "enum",
        "ops": ["bored", "happy", "stressed", "crisis", "silent", "learning"],
        "ic": "mdi:emoticon-outline",
        "avty": [],
        "stat_t": topic,
        "val_tpl": "{{'silent' if value_json.silent else (value_json.mood or 'learning')}}",
        "json_attr_t": topic,
        "json_attr_tpl": "{{{'because': value_json.because | map(attribute='words') | list, 'probabilities': value_json.probabilities, 'since': value_json.since} | tojson}}",
    })
}

fn silent(id: &str, topic: &str) -> Value {
    json!({
        "p": "binary_sensor",
        "uniq_id": format!("{id}_speaks"),
        "name": "Speaks",
        "dev_cla": "connectivity",
        "ent_cat": "diagnostic",
        "avty": [],
        "stat_t": topic,
        "val_tpl": "{{'OFF' if value_json.silent else 'ON'}}",
    })
}

fn sensor(id: &str, vital: Vital) -> Value {
    let name = vital.name();
    let mut sensor = json!({
        "uniq_id": format!("{id}_{name}"),
        "name": capital(vital.row().words),
        // What was not measured this time is unknown, which is "None" for Home Assistant.
        "val_tpl": format!("{{{{value_json.vitals.get('{name}',{{}}).get('value')}}}}"),
    });
    if vital.is_flag() {
        sensor["p"] = "binary_sensor".into();
        // As Home Assistant's templates write JSON's true and false.
        sensor["pl_on"] = "True".into();
        sensor["pl_off"] = "False".into();
        if vital != Vital::ClockSynchronised {
            sensor["dev_cla"] = "problem".into();
        }
    } else {
        sensor["p"] = "sensor".into();
        sensor["stat_cla"] = "measurement".into();
        if !vital.unit().is_empty() {
            sensor["unit_of_meas"] = vital.unit().into();
        }
        let class = match vital.unit() {
            "°C" => Some("temperature"),
            "B/s" => Some("data_rate"),
            "MHz" => Some("frequency"),
            _ => None,
        };
        if let Some(class) = class {
            sensor["dev_cla"] = class.into();
        }
        if let Some(icon) = icon(vital) {
            sensor["ic"] = icon.into();
        }
    }
    if !FIRST.contains(&vital) {
        sensor["ent_cat"] = "diagnostic".into();
    }
    sensor
}

/// A picture where the device class brings none.
fn icon(vital: Vital) -> Option<&'static str> {
    use Vital::*;
    Some(match vital {
        Cpu | CpuBusiest | Load1 | Load5 | Load15 => "mdi:chip",
        PsiCpuSome | PsiMemorySome | PsiMemoryFull | PsiIoSome | PsiIoFull => "mdi:gauge",
        MemoryUsed | SwapUsed => "mdi:memory",
        DiskUsed | DiskBusy => "mdi:harddisk",
        Fan => "mdi:fan",
        Processes | Blocked => "mdi:format-list-numbered",
        FailedUnits | FilesystemErrors | ReadOnlyMounts | OomKills | DiskErrors => "mdi:alert-outline",
        NetErrors | TcpRetransmits => "mdi:lan-disconnect",
        OpenFiles => "mdi:file-multiple-outline",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::fixtures::node;
    use frames::Mood;

    fn measuring(name: &str) -> NodeSnapshot {
        let mut node = node(name, Some(Mood::Happy));
        Arc::make_mut(&mut node.about).measurable = Vital::ALL.iter().copied().collect();
        node
    }

    #[test]
    fn a_device_has_its_mood_and_every_vital_that_it_can_measure() {
        let fleet: FleetName = "home".parse().unwrap();
        let node = measuring("pi-07");
        let config = config(&fleet, &node);
        assert_eq!(topic(&fleet, &node.name).as_str(), "homeassistant/device/goldentooth_home_pi-07/config");
        let components = config["cmps"].as_object().unwrap();
        assert_eq!(components.len(), Vital::ALL.len() + 2);
        let ids: BTreeSet<_> = components.values().map(|one| one["uniq_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), components.len(), "each has an id of its own");
        insta::assert_json_snapshot!(
            ["mood", "silent", "temperature", "throttled_now"].map(|key| &components[key])
        );
        // Judged by Home Assistant's own schemas, too: ci/home_assistant.py reads this file.
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/home-assistant.example.json");
        let text = format!("{config:#}\n");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            text,
            "BLESS=1 cargo test -p goldentooth"
        );
    }

    #[test]
    fn a_simulated_node_is_no_device() {
        let mut descriptions = Descriptions::new(true);
        descriptions.look(&measuring("sim-01"));
        assert!(descriptions.turn().is_empty());
    }

    #[test]
    fn a_broker_that_keeps_nothing_is_told_when_asked_and_at_a_bearable_pace() {
        let mut descriptions = Descriptions::new(false);
        let nodes: Vec<_> = (0..120).map(|number| measuring(&format!("pi-{number:03}"))).collect();
        for node in &nodes {
            descriptions.look(node);
        }
        assert!(descriptions.turn().is_empty(), "nobody asked");
        descriptions.asked();
        let turns: Vec<usize> = (0..4).map(|_| descriptions.turn().len()).collect();
        assert_eq!(turns, [50, 50, 20, 0]);
        // From now on there is a listener, who hears of what changes.
        for node in &nodes {
            descriptions.look(node);
        }
        assert!(descriptions.turn().is_empty());
        let mut upgraded = nodes[7].clone();
        Arc::make_mut(&mut upgraded.about).agent = "0.2.0".to_owned();
        descriptions.look(&upgraded);
        assert_eq!(descriptions.turn(), [upgraded.name.clone()]);
        let fleet: FleetName = "home".parse().unwrap();
        let told = descriptions.describe(&fleet, &upgraded).unwrap();
        assert!(!told.retain && told.payload.len() < 12_000, "{} bytes", told.payload.len());
    }
}
