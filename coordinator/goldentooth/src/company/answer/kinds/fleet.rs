//! Questions about several nodes, or all of them, as they are now.
#![allow(clippy::unnecessary_wraps)] // every kind answers in one shape: none where it can't

use super::super::{Scene, Told, fact, gravest, gravity, reading, state};
use super::{MOST, node};
use crate::live::NodeSnapshot;
use crate::services::Service;
use crate::surfaces::view::FactView;
use crate::words::counted;
use cast::ask::{Asked, Question};
use fleet::service::state_word;
use frames::{ServiceState, Vital};
use node_agent::clock::wall;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn worst(scene: &Scene<'_>) -> Option<Told> {
    let node = gravest(scene)?;
    if gravity(node) < 2 {
        let facts = vec![fact("nodes", "fleet", scene.nodes.len(), "", Some(wall()))];
        return Some(Told::fact("No node is in trouble.", facts));
    }
    node::how(node)
}

pub(super) fn fleet(scene: &Scene<'_>, trouble: bool) -> Option<Told> {
    if scene.nodes.is_empty() {
        return None;
    }
    let mut told = vec![nodes(scene.nodes.len())];
    let mut facts = vec![fact("nodes", "fleet", scene.nodes.len(), "", Some(wall()))];
    for word in ["in crisis", "silent", "stressed", "happy", "bored", "learning"] {
        let found = scene.nodes.iter().filter(|node| state(node).0 == word).count();
        if found > 0 {
            told.push(format!("{found} {word}"));
            facts.push(fact(word, "fleet", found, "", Some(wall())));
        }
    }
    let grave: Vec<_> = scene.nodes.iter().filter(|node| gravity(node) >= 2).collect();
    let mut text = format!("Of {}.", told.join(", ").replacen(',', ":", 1));
    if grave.is_empty() {
        text.push_str(if trouble { " Nothing is wrong." } else { " All is well." });
    } else {
        let names: Vec<String> =
            grave.iter().take(MOST).map(|node| format!("{} ({})", node.name, state(node).0)).collect();
        text = format!("{text} To look at: {}.", names.join(", "));
        facts.extend(grave.iter().take(MOST).map(|node| state(node).1));
    }
    Some(Told::fact(text, facts))
}

pub(super) fn compare(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let find = |name: &String| scene.nodes.iter().find(|node| node.name.as_str() == name);
    let (one, other) = (find(asked.nodes.first()?)?, find(asked.nodes.get(1)?)?);
    let mut facts = vec![state(one).1, state(other).1];
    let mut told = Vec::new();
    let named = asked.vital.as_deref().and_then(Vital::from_name);
    let vitals = named.map_or(
        vec![Vital::Cpu, Vital::Load1, Vital::MemoryUsed, Vital::Temperature, Vital::DiskUsed],
        |vital| vec![vital],
    );
    for vital in vitals {
        if let (Some((here, a)), Some((there, b))) = (reading(one, vital), reading(other, vital)) {
            told.push(format!("{} {here} against {there}", vital.row().words));
            facts.extend([a, b]);
        }
    }
    let told = if told.is_empty() { String::new() } else { format!(" {}.", told.join(", ")) };
    let text = format!("{} is {}, {} is {}.{told}", one.name, state(one).0, other.name, state(other).0);
    Some(Told::fact(text, facts))
}

pub(super) fn who_else(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let first = asked.nodes.first();
    let like = first.and_then(|name| scene.nodes.iter().find(|node| node.name.as_str() == name));
    let word = match (asked.state.as_deref(), like) {
        (Some("crisis"), _) => "in crisis",
        (Some("happy"), _) => "happy",
        (Some("bored"), _) => "bored",
        (Some("silent"), _) => "silent",
        (None, Some(node)) => state(node).0,
        _ => "stressed",
    };
    let others: Vec<_> = scene
        .nodes
        .iter()
        .filter(|node| Some(&node.name.to_string()) != first && state(node).0 == word)
        .collect();
    let facts = std::iter::once(fact(word, "fleet", others.len(), "", Some(wall())))
        .chain(others.iter().take(MOST).map(|node| state(node).1))
        .collect();
    let names: Vec<&str> = others.iter().take(MOST).map(|node| node.name.as_str()).collect();
    let text = match others.len() {
        0 => format!("Nobody else is {word}."),
        more => format!("Also {word}, {more} in all: {}.", names.join(", ")),
    };
    Some(Told::fact(text, facts))
}

pub(super) fn listed(scene: &Scene<'_>, word: &str, is: impl Fn(&NodeSnapshot) -> bool) -> Option<Told> {
    let found: Vec<_> = scene.nodes.iter().filter(|node| is(node)).collect();
    let facts = std::iter::once(fact(word, "fleet", found.len(), "", Some(wall())))
        .chain(found.iter().take(MOST).map(|node| state(node).1))
        .collect();
    let names: Vec<&str> = found.iter().take(MOST).map(|node| node.name.as_str()).collect();
    let text = match found.len() {
        0 => format!("No node is {word}."),
        more => format!("{more} of {}: {}.", nodes(scene.nodes.len()), names.join(", ")),
    };
    Some(Told::fact(text, facts))
}

pub(super) fn extreme(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let vital = Vital::from_name(asked.vital.as_deref()?)?;
    let known = scene.nodes.iter().filter(|node| !node.silent);
    let known = known.filter_map(|node| Some((node.vitals.get(vital)?, node)));
    let by = |one: &(f32, &Arc<NodeSnapshot>), other: &(f32, &Arc<NodeSnapshot>)| one.0.total_cmp(&other.0);
    let (_, node) = if asked.least { known.min_by(by) } else { known.max_by(by) }?;
    let (words, told) = reading(node, vital)?;
    let most = if asked.least { "lowest" } else { "highest" };
    Some(Told::fact(format!("The {most} {} is {words}, on {}.", vital.row().words, node.name), vec![told]))
}

pub(super) fn count(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let word = match asked.state.as_deref() {
        Some("crisis") => "in crisis",
        Some(state @ ("bored" | "happy" | "stressed" | "silent")) => state,
        _ => {
            let facts = vec![fact("nodes", "fleet", scene.nodes.len(), "", Some(wall()))];
            return Some(Told::fact(format!("The fleet has {}.", nodes(scene.nodes.len())), facts));
        }
    };
    listed(scene, word, |node| state(node).0 == word)
}

pub(super) fn clocks(scene: &Scene<'_>, node: Option<&Arc<NodeSnapshot>>) -> Option<Told> {
    let told = |node: &NodeSnapshot| match node.about.clock_trusted {
        Some(true) => "follows a time server",
        Some(false) => "follows no time server",
        None => "is not known",
    };
    let fact = |node: &NodeSnapshot| {
        fact("clock_trusted", node.name.as_str(), Value::from(node.about.clock_trusted), "", node.last_seen)
    };
    if let Some(node) = node {
        return Some(Told::fact(format!("The clock of {} {}.", node.name, told(node)), vec![fact(node)]));
    }
    let wrong: Vec<_> = scene.nodes.iter().filter(|node| node.about.clock_trusted == Some(false)).collect();
    let names: Vec<&str> = wrong.iter().take(MOST).map(|node| node.name.as_str()).collect();
    let facts = wrong.iter().take(MOST).map(|node| fact(node)).collect();
    let text = if names.is_empty() {
        "No clock is known to go without a time server.".to_owned()
    } else {
        format!("Without a time server, {} in all: {}.", wrong.len(), names.join(", "))
    };
    Some(Told::fact(text, facts))
}

/// Services that are named as they are, else whatever has failed: of services, and of
/// units that nobody watches by name.
pub(super) fn service(scene: &Scene<'_>, asked: &Asked, node: Option<&Arc<NodeSnapshot>>) -> Option<Told> {
    let all = scene.services.among(scene.nodes);
    let is = |one: &Service| {
        let word = one.state().map_or("of a state that nobody tells", state_word);
        (format!("{} is {word}", one.name), fact("service", &one.name, word, "", Some(wall())))
    };
    let named: Vec<_> = all.iter().filter(|one| asked.services.contains(&one.name)).map(is).collect();
    if !named.is_empty() {
        let (told, facts): (Vec<String>, Vec<FactView>) = named.into_iter().take(MOST).unzip();
        return Some(Told::fact(format!("{}.", told.join(", ")), facts));
    }
    let here = |one: &&Service| {
        node.is_none_or(|node| {
            let declared = one.declared.iter().flat_map(|own| &own.nodes);
            one.seen.iter().map(|seen| &seen.node).chain(declared).any(|place| *place == node.name)
        })
    };
    let broken = |one: &&Service| {
        matches!(one.state(), Some(ServiceState::Failed | ServiceState::Missing | ServiceState::Inactive))
    };
    let here: Vec<&Service> = all.iter().filter(here).collect();
    let broken: Vec<_> = here.iter().copied().filter(broken).take(MOST).map(is).collect();
    let nodes: Vec<&Arc<NodeSnapshot>> = node.map_or_else(|| scene.nodes.iter().collect(), |node| vec![node]);
    let counted = nodes.iter().filter_map(|node| Some((reading(node, Vital::FailedUnits)?, node)));
    let counted: Vec<_> = counted.collect();
    if here.is_empty() && counted.is_empty() {
        return Some(Told::fact("No unit is counted there: the agent has no systemd to ask.", Vec::new()));
    }
    let failed = counted.iter().filter(|((_, told), _)| told.value.as_f64().is_some_and(|count| count > 0.0));
    let failed =
        failed.take(MOST).map(|((words, told), node)| (format!("{} has {words}", node.name), told.clone()));
    let (failed, mut facts): (Vec<String>, Vec<FactView>) = failed.unzip();
    let (broken, of_services): (Vec<String>, Vec<FactView>) = broken.into_iter().unzip();
    facts.splice(0..0, of_services);
    let services = match (here.is_empty(), broken.is_empty()) {
        (true, _) => None,
        (false, true) => Some("No service is known to be down.".to_owned()),
        (false, false) => Some(format!("Services: {}.", broken.join(", "))),
    };
    let units = match (counted.is_empty(), failed.is_empty()) {
        (true, _) => None,
        (false, true) => Some("No failed unit is counted.".to_owned()),
        (false, false) => Some(format!("Failed units: {}.", failed.join(", "))),
    };
    let told: Vec<String> = services.into_iter().chain(units).collect();
    Some(Told::fact(told.join(" "), facts))
}

pub(super) fn list(scene: &Scene<'_>) -> Option<Told> {
    let names: Vec<&str> = scene.nodes.iter().map(|node| node.name.as_str()).collect();
    let facts = vec![fact("nodes", "fleet", names.len(), "", Some(wall()))];
    let are = if names.len() == 1 { "is" } else { "are" };
    Some(Told::fact(format!("There {are} {}: {}.", nodes(names.len()), names.join(", ")), facts))
}

fn nodes(count: usize) -> String {
    counted(count, "node", "nodes")
}

pub(super) fn help(scene: &Scene<'_>) -> Told {
    let name =
        |place: usize, or: &str| scene.nodes.get(place).map_or(or.to_owned(), |node| node.name.to_string());
    let (node, other) = (name(0, "pi-01"), name(1, "pi-02"));
    let all: Vec<String> = Question::ALL.iter().map(|(kind, ..)| kind.example(&node, &other)).collect();
    Told::fact(format!("Ask me, for example: {}", all.join(" ")), Vec::new())
}
