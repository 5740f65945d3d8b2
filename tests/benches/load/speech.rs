//! What the loads say: frames as a Pi makes them, sealed before the clock runs.

use bytes::{Bytes, BytesMut};
use frames::{
    Body, Budget, Classifier, Frame, Head, Headroom, Hello, Leaf, Mood, NodeKey, NodeName, Probability,
    Readings, Report, Say, VERSION, Vital, VitalSet, Vitals,
};
use node_agent::clock::uptime;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use std::ops::Range;

/// One node's words as MQTT packets, one after the other.
pub struct Speech {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Speech {
    /// A `Hello`, then `reports` reports whose CPU share alternates between
    /// [`cpu`]'s two values. The last of them is a sample of now.
    pub fn new(fleet: &frames::FleetName, node: &NodeName, key: &NodeKey, reports: u32) -> Self {
        let topic = Leaf::Frame.topic(fleet, node);
        let begin = u32::try_from(uptime() / 100).unwrap_or(u32::MAX).saturating_sub(reports);
        let mut speech = Self { bytes: Vec::with_capacity(reports as usize * 160), ends: Vec::new() };
        let mut packet = BytesMut::new();
        for sequence in 1..=reports + 1 {
            let say = match sequence {
                1 => Say::Hello(hello(begin)),
                _ => Say::Vitals(report(begin + sequence - 1, sequence)),
            };
            let head = Head { version: VERSION, boot: 1, sequence, oldest: 1 };
            let mut frame = Frame::new();
            Body { head, say }.encode(&mut frame).expect("short enough");
            key.seal(topic.as_str(), &mut frame).expect("short enough");
            let payload = Bytes::copy_from_slice(&frame);
            let mut publish = Publish::new(topic.as_str(), QoS::AtLeastOnce, payload, None);
            // Numbers come round again long after they were answered.
            publish.pkid = (sequence % 65_535) as u16 + 1;
            packet.clear();
            Packet::Publish(publish).write(&mut packet, None).expect("room");
            speech.bytes.extend_from_slice(&packet);
            speech.ends.push(speech.bytes.len());
        }
        speech
    }

    /// How many packets there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of some packets.
    pub fn packets(&self, which: Range<usize>) -> &[u8] {
        let end = |count: usize| count.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.bytes[end(which.start)..end(which.end)]
    }
}

/// The CPU share, in percent, that packet number `at` tells.
pub fn cpu(at: usize) -> f32 {
    if at.is_multiple_of(2) { 10.0 } else { 60.0 }
}

fn hello(uptime: u32) -> Hello {
    Hello {
        kernel_boot: [7; 16],
        agent: "0.1.0".try_into().expect("short"),
        model: Some("mood-2026.1".try_into().expect("short")),
        hardware: "Raspberry Pi 5 Model B Rev 1.0".try_into().expect("short"),
        serial: None,
        measurable: Vital::ALL.iter().copied().collect::<VitalSet>(),
        uptime,
        clock: None,
        settings: 0,
        downlink: 0,
    }
}

/// As many vitals as an idle Pi 5 tells.
fn report(uptime: u32, sequence: u32) -> Report {
    let mut readings = Readings::default();
    for (place, vital) in Vital::ALL.iter().enumerate() {
        if !matches!(vital, Vital::SwapUsed | Vital::SwapIn | Vital::SwapOut) {
            readings.set(*vital, ((place as u32 + sequence) % 90) as f32);
        }
    }
    readings.set(Vital::Cpu, cpu(sequence as usize - 1));
    Report {
        uptime,
        vitals: Vitals::from(&readings),
        mood: Some(Mood::Happy),
        probabilities: [0.1, 0.7, 0.15, 0.05].map(Probability::new),
        causes: heapless::Vec::new(),
        distance: None,
        classifier: Classifier::Model,
        budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
        interval: 100,
        dropped: 0,
    }
}
