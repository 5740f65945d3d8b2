//! Questions about one node as it is now.
#![allow(clippy::unnecessary_wraps)] // every kind answers in one shape: none where it can't

use super::super::{Told, causes, clock, fact, gravity, reading, span, state};
use super::capital;
use crate::live::NodeSnapshot;
use cast::ask::Asked;
use frames::Vital;
use node_agent::clock::wall;

pub(super) fn how(node: &NodeSnapshot) -> Option<Told> {
    let (word, mood) = state(node);
    let (why, mut facts) = causes(node);
    facts.insert(0, mood);
    let why = if why.is_empty() || node.silent { String::new() } else { format!(": {why}") };
    Some(Told::fact(format!("{} is {word}{why}.", node.name), facts))
}

pub(super) fn why(node: &NodeSnapshot) -> Option<Told> {
    let (word, mood) = state(node);
    let (why, mut facts) = causes(node);
    facts.insert(0, mood);
    if node.silent {
        let ago = node.last_seen.map(|seen| wall() - seen)?;
        facts.push(fact("unheard", node.name.as_str(), ago, "ms", Some(wall())));
        return Some(Told::fact(format!("{} is silent: no frame for {}.", node.name, span(ago)), facts));
    }
    let text = if why.is_empty() {
        format!("{} is {word}; no single reading stands out.", node.name)
    } else {
        format!("{} is {word}: {why}.", node.name)
    };
    Some(Told::fact(text, facts))
}

pub(super) fn since(node: &NodeSnapshot) -> Option<Told> {
    let (word, mood) = state(node);
    let at = if node.silent { node.last_seen } else { node.since }?;
    let long = wall() - at;
    let facts = vec![mood, fact("since", node.name.as_str(), at, "ms", Some(at))];
    Some(Told::fact(format!("{} has been {word} since {}, for {}.", node.name, clock(at), span(long)), facts))
}

pub(super) fn advice(node: &NodeSnapshot) -> Option<Told> {
    let (word, mood) = state(node);
    let (why, mut facts) = causes(node);
    facts.insert(0, mood);
    let act = match node.causes.first() {
        _ if node.silent => cast::act::SILENT,
        _ if gravity(node) < 2 => "leave it be",
        loudest => cast::act::act(loudest.map(|cause| cause.vital.name())),
    };
    let why = if why.is_empty() || node.silent { String::new() } else { format!(" ({why})") };
    Some(Told::fact(format!("{} is {word}{why}: {act}.", node.name), facts))
}

pub(super) fn value(asked: &Asked, node: &NodeSnapshot) -> Option<Told> {
    let vital = Vital::from_name(asked.vital.as_deref()?)?;
    let Some((words, told)) = reading(node, vital) else {
        return Some(Told::fact(
            format!("{} does not measure its {}.", node.name, vital.row().words),
            vec![state(node).1],
        ));
    };
    let when = if node.silent { " when it was heard last" } else { "" };
    Some(Told::fact(format!("{} of {}: {words}{when}.", capital(vital.row().words), node.name), vec![told]))
}

pub(super) fn seen(node: &NodeSnapshot) -> Option<Told> {
    let at = node.last_seen?;
    let mut facts = vec![state(node).1];
    facts.push(fact("last_seen", node.name.as_str(), at, "ms", Some(at)));
    Some(Told::fact(format!("{} was heard {} ago, at {}.", node.name, span(wall() - at), clock(at)), facts))
}

pub(super) fn usual(node: &NodeSnapshot) -> Option<Told> {
    let name = node.name.as_str();
    let (why, mut facts) = causes(node);
    let far = node.distance.map(|far| {
        let far = fleet::words::tidy(far);
        facts.push(fact("distance", name, far, "standard deviations", node.last_seen));
        format!("{name} is {far} standard deviations from its own normal")
    });
    let text = match (far, why.is_empty()) {
        (Some(far), false) => format!("{far}; {why}."),
        (Some(far), true) => format!("{far}; no reading stands out."),
        (None, false) => {
            format!("{name} is still learning what is normal for it; what stands out now: {why}.")
        }
        (None, true) => format!("{name} is still learning what is normal for it."),
    };
    if facts.is_empty() {
        facts.push(state(node).1);
    }
    Some(Told::fact(text, facts))
}

pub(super) fn hardware(node: &NodeSnapshot) -> Option<Told> {
    let hardware = Some(&node.about.hardware).filter(|hardware| !hardware.is_empty())?;
    let mut facts = vec![fact("hardware", node.name.as_str(), hardware.as_str(), "", node.last_seen)];
    let serial = node.about.serial.as_ref().map(|serial| {
        facts.push(fact("serial", node.name.as_str(), serial.as_str(), "", node.last_seen));
        format!(", serial number {serial}")
    });
    Some(Told::fact(format!("{} is {hardware}{}.", node.name, serial.unwrap_or_default()), facts))
}

pub(super) fn version(node: &NodeSnapshot) -> Option<Told> {
    let name = node.name.as_str();
    let mut facts = vec![fact("agent", name, node.about.agent.as_str(), "", node.last_seen)];
    let judge = match &node.about.model {
        Some(model) => {
            facts.push(fact("model", name, model.as_str(), "", node.last_seen));
            format!("mood model {model}")
        }
        None => "the rules, without a model".to_owned(),
    };
    Some(Told::fact(format!("{name} runs agent {} with {judge}.", node.about.agent), facts))
}
