//! What a pulse looks at: what is live, and what those tell who watch from outside.

use crate::calls::watch::Cause;
use crate::live::{Live, NodeSnapshot, UnixMillis};
use crate::services::{Service, Services};
use fleet::service::state_word;
use frames::{Mood, ServiceState};
use minds::proxy::{Looked, Proxies};
use stage::pulse::{NodeNow, Scene, Stands, Trouble};
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that is so now. `since` is how long ago the last pulse was.
pub(super) async fn scene(
    now: UnixMillis,
    (live, services, proxies): (&Live, &Services, &Proxies),
    passed: &BTreeMap<String, Stands>,
    since: Duration,
) -> Scene {
    let (health, logs) = tokio::join!(proxies.health(), proxies.logs(since));
    let mut scene = inside(now, live, &services.all(live), passed);
    for looked in health.into_iter().chain(logs) {
        add(&mut scene, looked);
    }
    scene
}

/// What is known without asking anybody.
fn inside(now: UnixMillis, live: &Live, services: &[Service], passed: &BTreeMap<String, Stands>) -> Scene {
    let nodes = live.nodes();
    let mut scene = Scene { now, passed: passed.clone(), ..Scene::default() };
    for node in &nodes {
        // Moods and silences are told by themselves.
        let troubles = Cause::ALL.into_iter().filter(|cause| !matches!(cause, Cause::Crisis | Cause::Silent));
        for trouble in troubles.filter(|cause| cause.holds(node) == Some(true)) {
            let words = format!("{} {}", node.name, trouble.words().0);
            scene.alerts.insert(Trouble::new(Trouble::FLEET, node.name.as_str(), &words), String::new());
        }
    }
    for service in services {
        let state = service.state().filter(|state| is_trouble(*state));
        if let Some(state) = state {
            let words = format!("{} {}", service.name, state_word(state));
            let note = service.report.as_ref().and_then(|report| report.note.clone());
            let trouble = Trouble::new(Trouble::FLEET, &service.name, &words);
            scene.services.insert(trouble, note.unwrap_or_default());
        }
    }
    scene.nodes = nodes.iter().map(|node| now_of(node)).collect();
    scene
}

/// What somebody outside tells. What is seen of services the watch has made
/// their reports already.
fn add(scene: &mut Scene, looked: Looked) {
    let Looked { name, found, .. } = looked;
    let outlook = match found {
        Ok(outlook) => outlook,
        Err(fault) => {
            scene.missing.insert(name, fault.to_string());
            return;
        }
    };
    for alert in &outlook.alerts {
        scene.alerts.insert(Trouble::new(&name, &alert.subject, &alert.lasting()), alert.summary.clone());
    }
    scene.told.extend(outlook.words.into_iter().map(|words| (name.clone(), words)));
}

/// What is stopped may be meant to be.
fn is_trouble(state: ServiceState) -> bool {
    matches!(state, ServiceState::Failed | ServiceState::Missing)
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
        simulated: node.simulated,
        stands,
        since: if node.silent { node.last_seen } else { node.since },
        why,
    }
}
