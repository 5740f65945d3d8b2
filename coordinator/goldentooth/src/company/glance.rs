//! Looking at a node because the stage wants it: what every eye sees is
//! recorded as an event, and comes back to the stage with all others.

use super::word;
use super::{bets, council};
use crate::ask::Ask;
use crate::intake::Order;
use crate::live::{Live, NodeSnapshot};
use crate::services::Services;
use cast::council::Seat;
use cast::eye::{NEEDS, Verdict};
use fleet::words::{named, quantity, tidy};
use frames::Vital;
use node_agent::clock::wall;
use serde_json::{Value, json};
use stage::facts::LOOKED;
use stage::{Glance, Now};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Looks wherever it is asked to, one node after the other, until nobody asks.
pub(crate) async fn look(
    seen: watch::Receiver<Now>,
    (live, ask, services): (Live, Ask, Services),
    orders: mpsc::Sender<Order>,
    mut glances: mpsc::Receiver<Glance>,
) {
    let mut looked: HashMap<String, i64> = HashMap::new();
    while let Some(glance) = glances.recv().await {
        let nodes = live.nodes();
        looked.retain(|name, _| nodes.iter().any(|node| node.name.as_str() == name));
        let Some(node) = chosen(&nodes, &looked, &glance) else { continue };
        let now = wall();
        looked.insert(node.name.to_string(), now);
        let cast = Arc::clone(&seen.borrow().cast);
        let council = council::sit(&cast, (&ask, &services), &nodes, node, now).await;
        let seeing = council.seats.iter().filter(|seat| seat.gaze.verdict != Verdict::Blind);
        let trends = bets::prospects(&ask, node, now).await;
        let payload = json!({
            "node": node.name, "trends": trends, "mood": node.mood, "after": glance.after, "uneasy": council.uneasy,
            "calm": council.calm, "readings": seeing.map(reading).collect::<Vec<_>>(),
            "words": format!("The cast looked at {}: {}", node.name, council::count(&council)),
        });
        // Intake gone means that everything stops.
        let note =
            Order::Note { kind: LOOKED, source: "stage", payload, cause: None, lasting: !node.simulated };
        if orders.send(note).await.is_err() {
            return;
        }
    }
}

/// The node that is asked for, else the one that nobody has looked at for
/// longest; a silent one has nothing to see.
fn chosen<'a>(
    nodes: &'a [Arc<NodeSnapshot>],
    looked: &HashMap<String, i64>,
    glance: &Glance,
) -> Option<&'a NodeSnapshot> {
    let node = if let Some(name) = &glance.node {
        nodes.iter().find(|node| node.name.as_str() == name)
    } else {
        let known = nodes.iter().filter(|node| !node.silent && node.mood.is_some());
        known.min_by_key(|node| looked.get(node.name.as_str()).copied().unwrap_or(0))
    };
    node.map(|node| &**node)
}

fn reading(seat: &Seat) -> Value {
    let gaze = &seat.gaze;
    let value = gaze.value.unwrap_or_default() as f32;
    let (unit, vital, text, sign) = match gaze.subject.as_deref() {
        Some(service) if gaze.measure == NEEDS => {
            let text =
                format!("{} of {} in trouble", tidy(value), tidy(gaze.against.unwrap_or_default() as f32));
            ("", "services needed there".to_owned(), text, format!("a needed service in trouble ({service})"))
        }
        Some(subject) => match Vital::from_name(subject) {
            Some(vital) if vital.is_flag() => {
                (vital.unit(), vital.row().words.to_owned(), quantity(vital, value), named(vital, value))
            }
            Some(vital) => {
                let (words, text) = (vital.row().words, quantity(vital, value));
                (vital.unit(), words.to_owned(), text.clone(), format!("{words} of {text}"))
            }
            None if subject == "distance" => {
                let text = format!("{} standard deviations", tidy(value));
                (
                    "standard deviations",
                    "joint distance".to_owned(),
                    text.clone(),
                    format!("a joint distance of {text}"),
                )
            }
            None => {
                let (kind, text) = (subject.replace('_', " "), tidy(value).to_string());
                ("", kind.clone(), text.clone(), format!("{text} times {kind}"))
            }
        },
        None => ("", String::new(), String::new(), String::new()),
    };
    json!({
        "by": seat.by, "eye": word(&seat.eye), "verdict": word(&gaze.verdict), "subject": gaze.subject,
        "value": tidy(value), "unit": unit, "vital": vital, "text": text, "sign": sign,
        "words": council::reading(seat),
    })
}
