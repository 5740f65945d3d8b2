//! What a pulse looks at, out of what is live.

use crate::calls::watch::Cause;
use crate::live::{Live, NodeSnapshot, UnixMillis};
use frames::Mood;
use stage::pulse::{NodeNow, Scene, Stands};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is so now.
pub(super) fn scene(now: UnixMillis, live: &Live, passed: &BTreeMap<String, Stands>) -> Scene {
    let nodes = live.nodes();
    let mut alerts = BTreeSet::new();
    for node in &nodes {
        // Moods and silences are told by themselves.
        let troubles = Cause::ALL.into_iter().filter(|cause| !matches!(cause, Cause::Crisis | Cause::Silent));
        for trouble in troubles.filter(|cause| cause.holds(node) == Some(true)) {
            alerts.insert(format!("{} {}", node.name, trouble.words().0));
        }
    }
    let nodes = nodes.iter().map(|node| now_of(node)).collect();
    let passed = passed.clone();
    Scene { now, nodes, passed, alerts, services: BTreeSet::new(), missing: Vec::new() }
}

fn now_of(node: &NodeSnapshot) -> NodeNow {
    let stands = match (node.silent, node.mood) {
        (true, _) => Stands::Silent,
        (_, Some(Mood::Crisis)) => Stands::Crisis,
        (_, Some(Mood::Stressed)) => Stands::Stressed,
        _ => Stands::Well,
    };
    let why = if stands == Stands::Well { String::new() } else { crate::surfaces::view::because_words(node) };
    NodeNow {
        name: node.name.to_string(),
        stands,
        since: if node.silent { node.last_seen } else { node.since },
        why,
    }
}
