//! Each kind of question, and what is answered.
#![allow(clippy::unnecessary_wraps)] // every kind answers in one shape: none where it can't

mod people;

use super::{Scene, Told, causes, clock, fact, gravest, gravity, reading, span, state};
use crate::ask::{EventQuery, PastQuery, id_at};
use crate::live::{Event, NodeSnapshot};
use crate::surfaces::view::FactView;
use cast::Sheet;
use cast::ask::{Asked, Question, Stretch};
use frames::Vital;
use node_agent::clock::wall;
use serde_json::Value;
use std::sync::Arc;

const HOUR: i64 = 60 * 60 * 1000;
/// The most things that an answer lists.
const MOST: usize = 5;

/// None where nothing is known that would answer it.
pub(super) async fn answer(scene: &Scene<'_>, asked: &Asked, kind: Question, sheet: &Sheet) -> Option<Told> {
    let node = || {
        let name = asked.nodes.first()?;
        scene.nodes.iter().find(|node| node.name.as_str() == name)
    };
    match kind {
        Question::Worst => worst(scene),
        Question::Fleet | Question::Trouble if asked.nodes.is_empty() => {
            fleet(scene, kind == Question::Trouble)
        }
        Question::How | Question::Fleet | Question::Trouble => how(node()?),
        Question::Council => how(node().or_else(|| gravest(scene))?),
        Question::Why => why(node().or_else(|| gravest(scene))?),
        Question::Since => since(node().or_else(|| gravest(scene))?),
        Question::Changed => changed(scene, asked).await,
        Question::Compare => compare(scene, asked),
        Question::Trend => trend(scene, asked, node()?).await,
        Question::Often => often(scene, asked).await,
        Question::Last => last(scene, asked).await,
        Question::WhoElse => who_else(scene, asked),
        Question::Said => said(scene, asked).await,
        Question::Dislike => people::dislike(scene, asked, sheet),
        Question::Advice => advice(node().or_else(|| gravest(scene))?),
        Question::Value => value(asked, node()?),
        Question::Silent => listed(scene, "silent", |node| node.silent),
        Question::Extreme => extreme(scene, asked),
        Question::Count => count(scene, asked),
        Question::Seen => seen(node()?),
        Question::Hardware => hardware(node()?),
        Question::Version => version(node()?),
        Question::Clock => clocks(scene, node()),
        Question::Service => service(scene, node()),
        Question::Who => people::who(scene, asked, sheet),
        Question::Feel => people::feel(scene, asked, sheet),
        Question::Embody => people::embody(scene, asked, sheet),
        Question::Help => Some(help(scene)),
        Question::Usual => usual(node()?),
        Question::List => {
            let names: Vec<&str> = scene.nodes.iter().map(|node| node.name.as_str()).collect();
            let facts = vec![fact("nodes", "fleet", names.len(), "", Some(wall()))];
            Some(Told::fact(format!("There are {} nodes: {}.", names.len(), names.join(", ")), facts))
        }
    }
}

fn worst(scene: &Scene<'_>) -> Option<Told> {
    let node = gravest(scene)?;
    if gravity(node) < 2 {
        let facts = vec![fact("nodes", "fleet", scene.nodes.len(), "", Some(wall()))];
        return Some(Told::fact("No node is in trouble.", facts));
    }
    how(node)
}

fn how(node: &NodeSnapshot) -> Option<Told> {
    let (word, mood) = state(node);
    let (why, mut facts) = causes(node);
    facts.insert(0, mood);
    let why = if why.is_empty() || node.silent { String::new() } else { format!(": {why}") };
    Some(Told::fact(format!("{} is {word}{why}.", node.name), facts))
}

fn fleet(scene: &Scene<'_>, trouble: bool) -> Option<Told> {
    if scene.nodes.is_empty() {
        return None;
    }
    let mut told = vec![format!("{} nodes", scene.nodes.len())];
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

fn why(node: &NodeSnapshot) -> Option<Told> {
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

fn since(node: &NodeSnapshot) -> Option<Told> {
    let (word, mood) = state(node);
    let at = if node.silent { node.last_seen } else { node.since }?;
    let long = wall() - at;
    let facts = vec![mood, fact("since", node.name.as_str(), at, "ms", Some(at))];
    Some(Told::fact(format!("{} has been {word} since {}, for {}.", node.name, clock(at), span(long)), facts))
}

/// The stretch that is asked for, else the last day.
fn stretch(asked: &Asked) -> (i64, i64) {
    let Stretch { from, to } = asked.stretch.unwrap_or(Stretch { from: 24, to: 0 });
    (wall() - i64::from(from) * HOUR, wall() - i64::from(to) * HOUR)
}

/// What the fleet recorded in a stretch, oldest first.
async fn events(scene: &Scene<'_>, asked: &Asked, kind: Option<&str>, from: i64, to: i64) -> Vec<Arc<Event>> {
    let query = EventQuery {
        after: Some(id_at(from)),
        kind: kind.map(str::to_owned),
        node: asked.nodes.first().and_then(|node| node.parse().ok()),
        limit: 1_000,
    };
    let events = scene.ask.events(query).await.unwrap_or_default();
    let ours = |event: &Arc<Event>| event.at < to && event.source == "fleet";
    events.into_iter().filter(ours).collect()
}

fn recorded(event: &Event) -> FactView {
    let subject = event.node().unwrap_or("fleet");
    let value = event.payload.get("to").cloned().unwrap_or_else(|| Value::from(event.kind.as_str()));
    FactView { event: Some(event.id.to_string()), ..fact(&event.kind, subject, value, "", Some(event.at)) }
}

fn sentence(event: &Event) -> Option<&str> {
    event.payload.get("words").and_then(Value::as_str)
}

async fn changed(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let (from, to) = stretch(asked);
    let events = events(scene, asked, None, from, to).await;
    if events.is_empty() {
        let text = format!("Nothing was recorded between {} and {}.", clock(from), clock(to));
        return Some(Told::fact(text, vec![fact("events", "fleet", 0, "", Some(to))]));
    }
    let newest: Vec<&Arc<Event>> = events.iter().rev().take(MOST).collect();
    let told: Vec<String> = newest
        .iter()
        .filter_map(|event| Some(format!("{}: {}", clock(event.at), sentence(event)?)))
        .collect();
    let facts = newest.iter().map(|event| recorded(event)).collect();
    Some(Told::fact(format!("{} events. The newest: {}", events.len(), told.join(" ")), facts))
}

fn compare(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
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

async fn trend(scene: &Scene<'_>, asked: &Asked, node: &NodeSnapshot) -> Option<Told> {
    let cause = node.causes.first().map(|cause| cause.vital);
    let vital = asked.vital.as_deref().and_then(Vital::from_name).or(cause).unwrap_or(Vital::Temperature);
    let (from, to) = stretch(asked);
    let query = PastQuery { node: node.name.clone(), vitals: vec![vital], from, to, step: (to - from) / 24 };
    let points = scene.ask.past(query).await.ok()?;
    let means: Vec<(i64, f32)> = points
        .iter()
        .filter_map(|point| Some((point.at, point.values.first().copied().flatten()?.mean)))
        .collect();
    let (Some(first), Some(last)) = (means.first(), means.last()) else { return None };
    let name = node.name.as_str();
    let words = |value: f32| fleet::words::quantity(vital, value);
    let told = |(at, mean): &(i64, f32)| {
        fact(vital.name(), name, fleet::words::tidy(*mean), vital.unit(), Some(*at))
    };
    let facts = vec![told(first), told(last)];
    let scale = first.1.abs().max(last.1.abs()).max(1e-6);
    let way = match (last.1 - first.1) / scale {
        change if change > 0.05 => "rose",
        change if change < -0.05 => "fell",
        _ => "held",
    };
    let text = format!(
        "The {} of {name} {way} from {} ({}) to {} ({}).",
        vital.row().words,
        words(first.1),
        clock(first.0),
        words(last.1),
        clock(last.0)
    );
    Some(Told::fact(text, facts))
}

/// Whether an event is of the state that is asked about, and the word for it.
fn is_of(event: &Event, wanted: &str) -> bool {
    match wanted {
        "silent" => event.kind == "silent",
        "restart" => event.kind == "restarted",
        mood => event.kind == "mood_changed" && event.payload.get("to").and_then(Value::as_str) == Some(mood),
    }
}

fn wanted(asked: &Asked) -> &str {
    asked.state.as_deref().filter(|state| !matches!(*state, "failed" | "hot")).unwrap_or("crisis")
}

fn noun(wanted: &str) -> &str {
    match wanted {
        "crisis" => "a crisis",
        "silent" => "a silence",
        "restart" => "a restart",
        "stressed" => "stress",
        "happy" => "happiness",
        _ => "boredom",
    }
}

async fn often(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let (from, to) =
        stretch(&Asked { stretch: asked.stretch.or(Some(Stretch { from: 24 * 7, to: 0 })), ..asked.clone() });
    let wanted = wanted(asked);
    let events = events(scene, asked, None, from, to).await;
    let found: Vec<&Arc<Event>> = events.iter().filter(|event| is_of(event, wanted)).collect();
    let subject = asked.nodes.first().map_or("the fleet", String::as_str);
    let mut facts = vec![fact(wanted, subject, found.len(), "", Some(to))];
    facts.extend(found.iter().rev().take(MOST).map(|event| recorded(event)));
    let times = if found.len() == 1 { "once".to_owned() } else { format!("{} times", found.len()) };
    Some(Told::fact(
        format!("{} of {subject} was recorded {times} since {}.", capital(noun(wanted)), clock(from)),
        facts,
    ))
}

async fn last(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let wanted = wanted(asked);
    let events = events(scene, asked, None, wall() - 31 * 24 * HOUR, wall()).await;
    let subject = asked.nodes.first().map_or("the fleet", String::as_str);
    let Some(found) = events.iter().rev().find(|event| is_of(event, wanted)) else {
        let facts = vec![fact(wanted, subject, 0, "", Some(wall()))];
        return Some(Told::fact(format!("No record of {} of {subject} is at hand.", noun(wanted)), facts));
    };
    let text = format!("{}, {} ago: {}", clock(found.at), span(wall() - found.at), sentence(found)?);
    Some(Told::fact(text, vec![recorded(found)]))
}

fn who_else(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
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

async fn said(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let query = EventQuery {
        kind: Some("says".to_owned()),
        node: asked.nodes.first().and_then(|node| node.parse().ok()),
        limit: 500,
        ..EventQuery::default()
    };
    let lines = scene.ask.events(query).await.ok()?;
    let by = |event: &Event| event.payload.get("by").and_then(Value::as_str).map(str::to_owned);
    let who = asked.characters.first();
    let found = lines.iter().rev().find(|event| who.is_none() || by(event).as_ref() == who);
    let Some(found) = found else {
        let name = who.and_then(|who| scene.cast.get(who)).map_or("anybody", |sheet| sheet.name.as_str());
        return Some(Told::fact(format!("No word of {name} about it is recorded."), Vec::new()));
    };
    let name = by(found)?;
    let name = scene.cast.get(&name).map_or(name.clone(), |sheet| sheet.name.clone());
    let text = found.payload.get("text").and_then(Value::as_str)?;
    let told =
        FactView { event: Some(found.id.to_string()), ..fact("says", &name, text, "", Some(found.at)) };
    Some(Told::fact(format!("{}, {name}: “{text}”", clock(found.at)), vec![told]))
}

fn advice(node: &NodeSnapshot) -> Option<Told> {
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

fn value(asked: &Asked, node: &NodeSnapshot) -> Option<Told> {
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

fn listed(scene: &Scene<'_>, word: &str, is: impl Fn(&NodeSnapshot) -> bool) -> Option<Told> {
    let found: Vec<_> = scene.nodes.iter().filter(|node| is(node)).collect();
    let facts = std::iter::once(fact(word, "fleet", found.len(), "", Some(wall())))
        .chain(found.iter().take(MOST).map(|node| state(node).1))
        .collect();
    let names: Vec<&str> = found.iter().take(MOST).map(|node| node.name.as_str()).collect();
    let text = match found.len() {
        0 => format!("No node is {word}."),
        more => format!("{more} of {} nodes: {}.", scene.nodes.len(), names.join(", ")),
    };
    Some(Told::fact(text, facts))
}

fn extreme(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let vital = Vital::from_name(asked.vital.as_deref()?)?;
    let known = scene.nodes.iter().filter(|node| !node.silent);
    let known = known.filter_map(|node| Some((node.vitals.get(vital)?, node)));
    let by = |one: &(f32, &Arc<NodeSnapshot>), other: &(f32, &Arc<NodeSnapshot>)| one.0.total_cmp(&other.0);
    let (_, node) = if asked.least { known.min_by(by) } else { known.max_by(by) }?;
    let (words, told) = reading(node, vital)?;
    let most = if asked.least { "lowest" } else { "highest" };
    Some(Told::fact(format!("The {most} {} is {words}, on {}.", vital.row().words, node.name), vec![told]))
}

fn count(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let word = match asked.state.as_deref() {
        Some("crisis") => "in crisis",
        Some(state @ ("bored" | "happy" | "stressed" | "silent")) => state,
        _ => {
            let facts = vec![fact("nodes", "fleet", scene.nodes.len(), "", Some(wall()))];
            return Some(Told::fact(format!("The fleet has {} nodes.", scene.nodes.len()), facts));
        }
    };
    listed(scene, word, |node| state(node).0 == word)
}

fn seen(node: &NodeSnapshot) -> Option<Told> {
    let at = node.last_seen?;
    let mut facts = vec![state(node).1];
    facts.push(fact("last_seen", node.name.as_str(), at, "ms", Some(at)));
    Some(Told::fact(format!("{} was heard {} ago, at {}.", node.name, span(wall() - at), clock(at)), facts))
}

fn hardware(node: &NodeSnapshot) -> Option<Told> {
    let hardware = Some(&node.about.hardware).filter(|hardware| !hardware.is_empty())?;
    let mut facts = vec![fact("hardware", node.name.as_str(), hardware.as_str(), "", node.last_seen)];
    let serial = node.about.serial.as_ref().map(|serial| {
        facts.push(fact("serial", node.name.as_str(), serial.as_str(), "", node.last_seen));
        format!(", serial number {serial}")
    });
    Some(Told::fact(format!("{} is {hardware}{}.", node.name, serial.unwrap_or_default()), facts))
}

fn version(node: &NodeSnapshot) -> Option<Told> {
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

fn clocks(scene: &Scene<'_>, node: Option<&Arc<NodeSnapshot>>) -> Option<Told> {
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

fn service(scene: &Scene<'_>, node: Option<&Arc<NodeSnapshot>>) -> Option<Told> {
    let nodes: Vec<&Arc<NodeSnapshot>> = node.map_or_else(|| scene.nodes.iter().collect(), |node| vec![node]);
    let failed = nodes.iter().filter_map(|node| Some((reading(node, Vital::FailedUnits)?, node)));
    let failed: Vec<_> =
        failed.filter(|((_, told), _)| told.value.as_f64().is_some_and(|count| count > 0.0)).collect();
    if !nodes.iter().any(|node| node.vitals.get(Vital::FailedUnits).is_some()) {
        return Some(Told::fact("No unit is counted there: the agent has no systemd to ask.", Vec::new()));
    }
    let told: Vec<String> =
        failed.iter().take(MOST).map(|((words, _), node)| format!("{} has {words}", node.name)).collect();
    let facts = failed.iter().take(MOST).map(|((_, told), _)| told.clone()).collect();
    let text = if told.is_empty() {
        "No failed unit is counted.".to_owned()
    } else {
        format!("Failed units: {}.", told.join(", "))
    };
    Some(Told::fact(text, facts))
}

fn help(scene: &Scene<'_>) -> Told {
    let name =
        |place: usize, or: &str| scene.nodes.get(place).map_or(or.to_owned(), |node| node.name.to_string());
    let (node, other) = (name(0, "pi-01"), name(1, "pi-02"));
    let all: Vec<String> = Question::ALL.iter().map(|(kind, ..)| kind.example(&node, &other)).collect();
    Told::fact(format!("Ask me, for example: {}", all.join(" ")), Vec::new())
}

fn usual(node: &NodeSnapshot) -> Option<Told> {
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
        (None, false) => format!("What is usual for {name} shows here: {why}."),
        (None, true) => format!("{name} is still learning what is normal for it."),
    };
    if facts.is_empty() {
        facts.push(state(node).1);
    }
    Some(Told::fact(text, facts))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
