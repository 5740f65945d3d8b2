//! Home Assistant's MQTT discovery: one retained message for each node, that
//! describes the device and every sensor of it on the topics that are there
//! anyway. <https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload>
//!
//! Simulated nodes are not told: nobody wants them in a house.

use crate::live::NodeSnapshot;
use frames::{FleetName, Leaf, NodeName, Topic, Vital, VitalSet};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// What people look at first; the others are marked as diagnostics.
const FIRST: [Vital; 5] = [Vital::Temperature, Vital::Cpu, Vital::Load1, Vital::MemoryUsed, Vital::DiskUsed];

/// What a discovery message depends on: it is said again when this changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    measurable: VitalSet,
    hardware: String,
    agent: String,
}

impl Known {
    /// Of a node; none while nothing is known of what it measures, and for a simulated one.
    pub(super) fn of(node: &NodeSnapshot) -> Option<Self> {
        let about = &node.about;
        let known = !node.simulated && !about.measurable.is_empty();
        known.then(|| Self {
            measurable: about.measurable,
            hardware: about.hardware.clone(),
            agent: about.agent.clone(),
        })
    }
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

/// The message that describes a node.
pub(super) fn config(fleet: &FleetName, node: &NodeSnapshot, known: &Known) -> Value {
    let id = id(fleet, &node.name);
    let topic = |leaf: Leaf| leaf.topic(fleet, &node.name).as_str().to_owned();
    let mut device = json!({ "identifiers": [id], "name": node.name });
    for (key, text) in [("model", known.hardware.as_str()), ("sw_version", known.agent.as_str())] {
        if !text.is_empty() {
            device[key] = text.into();
        }
    }
    if let Some(serial) = &node.about.serial {
        device["serial_number"] = serial.as_str().into();
    }
    let mut components = Map::new();
    components.insert("mood".to_owned(), mood(&id, &topic(Leaf::Mood)));
    components.insert("silent".to_owned(), silent(&id, &topic(Leaf::Mood)));
    for vital in known.measurable.iter() {
        let mut component = sensor(&id, vital, &topic(Leaf::Vitals));
        component["availability"] = json!([
            { "topic": topic(Leaf::Status) },
            { "topic": topic(Leaf::Mood), "value_template": "{{ 'offline' if value_json.silent else 'online' }}" },
        ]);
        component["availability_mode"] = "all".into();
        components.insert(vital.name().to_owned(), component);
    }
    json!({
        "device": device,
        "origin": { "name": "Goldentooth", "sw_version": env!("CARGO_PKG_VERSION") },
        "components": components,
        "qos": 1,
    })
}

/// Told also of a silent node: that it is silent is just what it says then.
fn mood(id: &str, topic: &str) -> Value {
    json!({
        "platform": "sensor",
        "unique_id": format!("{id}_mood"),
        "name": "Mood",
        "device_class": "enum",
        "options": ["bored", "happy", "stressed", "crisis", "silent", "learning"],
        "icon": "mdi:emoticon-outline",
        "state_topic": topic,
        "value_template": "{{ 'silent' if value_json.silent else (value_json.mood or 'learning') }}",
        "json_attributes_topic": topic,
        "json_attributes_template": "{{ {'because': value_json.because | map(attribute='words') | list, 'probabilities': value_json.probabilities, 'since': value_json.since} | tojson }}",
    })
}

fn silent(id: &str, topic: &str) -> Value {
    json!({
        "platform": "binary_sensor",
        "unique_id": format!("{id}_speaks"),
        "name": "Speaks",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": topic,
        "value_template": "{{ 'OFF' if value_json.silent else 'ON' }}",
    })
}

fn sensor(id: &str, vital: Vital, topic: &str) -> Value {
    let name = vital.name();
    let value = format!("value_json.vitals.{name}.value");
    let absent = format!("if '{name}' in value_json.vitals else None");
    let words = vital.row().words;
    let mut first = words.chars();
    let words: String = first.next().into_iter().flat_map(char::to_uppercase).chain(first).collect();
    let mut sensor = json!({
        "unique_id": format!("{id}_{name}"),
        "name": words,
        "state_topic": topic,
    });
    if vital.is_flag() {
        sensor["platform"] = "binary_sensor".into();
        sensor["value_template"] = format!("{{{{ ('ON' if {value} else 'OFF') {absent} }}}}").into();
        if vital != Vital::ClockSynchronised {
            sensor["device_class"] = "problem".into();
        }
    } else {
        sensor["platform"] = "sensor".into();
        sensor["value_template"] = format!("{{{{ {value} {absent} }}}}").into();
        sensor["state_class"] = "measurement".into();
        if !vital.unit().is_empty() {
            sensor["unit_of_measurement"] = vital.unit().into();
        }
        let class = match vital.unit() {
            "°C" => Some("temperature"),
            "B/s" => Some("data_rate"),
            "MHz" => Some("frequency"),
            _ => None,
        };
        if let Some(class) = class {
            sensor["device_class"] = class.into();
        }
        if let Some(icon) = icon(vital) {
            sensor["icon"] = icon.into();
        }
    }
    if !FIRST.contains(&vital) {
        sensor["entity_category"] = "diagnostic".into();
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
    use std::sync::Arc;

    fn measuring(name: &str) -> NodeSnapshot {
        let mut node = node(name, Some(Mood::Happy));
        Arc::make_mut(&mut node.about).measurable = Vital::ALL.iter().copied().collect();
        node
    }

    #[test]
    fn a_device_has_its_mood_and_every_vital_that_it_can_measure() {
        let fleet: FleetName = "home".parse().unwrap();
        let node = measuring("pi-07");
        let known = Known::of(&node).unwrap();
        let config = config(&fleet, &node, &known);
        assert_eq!(topic(&fleet, &node.name).as_str(), "homeassistant/device/goldentooth_home_pi-07/config");
        let components = config["components"].as_object().unwrap();
        assert_eq!(components.len(), Vital::ALL.len() + 2);
        let ids: std::collections::BTreeSet<_> =
            components.values().map(|one| one["unique_id"].as_str().unwrap()).collect();
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
        assert_eq!(Known::of(&measuring("sim-01")), None);
    }
}
