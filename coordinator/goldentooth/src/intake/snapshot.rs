//! From the fleet's node to the one that surfaces see.

use crate::live::{About, NodeSnapshot};
use fleet::{Node, Now};
use frames::{Hello, distance_from_code};
use std::sync::Arc;

/// How a node looks at this moment. What its last `Hello` said is handed in,
/// since it rarely changes.
pub(super) fn snapshot(now: Now, node: &Node, about: Arc<About>) -> NodeSnapshot {
    let report = node.report();
    let mood = node.mood();
    NodeSnapshot {
        name: node.name().clone(),
        simulated: node.is_simulated(),
        mood,
        since: node.mood_since(now),
        probabilities: report.filter(|_| mood.is_some()).map(|report| report.probabilities),
        causes: report.map(|report| report.causes.clone()).unwrap_or_default(),
        distance: report.and_then(|report| report.distance).map(distance_from_code),
        classifier: report.map(|report| report.classifier),
        silent: node.is_silent(),
        last_seen: node.last_seen(now),
        vitals: report.map(|report| report.vitals.clone()).unwrap_or_default(),
        interval: node.interval(),
        budget: report.map(|report| report.budget),
        dropped: node.dropped(),
        about,
        unreadable: node.unreadable(),
        services: node.services().to_vec(),
        character: None,
        last_said: None,
        tag: Arc::default(),
    }
}

/// What a `Hello` says that surfaces show.
pub(super) fn about(hello: &Hello) -> About {
    About {
        hardware: hello.hardware.as_str().to_owned(),
        agent: hello.agent.as_str().to_owned(),
        model: hello.model.as_ref().map(|model| model.as_str().to_owned()),
        serial: hello.serial.as_ref().map(|serial| serial.as_str().to_owned()),
        measurable: hello.measurable,
        clock_trusted: hello.clock.map(|clock| clock.trusted),
        settings: hello.settings,
    }
}
