//! What is answered: from what is so now and what is recorded, and from nothing
//! else. Each number, name and state of an answer is one of its facts.

mod kinds;
mod sitting;

pub(super) use sitting::{Called, call};

use crate::ask::Ask;
use crate::live::NodeSnapshot;
use crate::services::Services;
use crate::surfaces::view::{FactView, time};
use cast::ask::{Asked, Question};
use cast::{Cast, Sheet};
use frames::{Mood, Vital};
use serde_json::Value;
use stage::Portrait;
use std::sync::Arc;

/// What may be looked at for an answer.
pub(super) struct Scene<'a> {
    pub(super) cast: &'a Cast,
    pub(super) nodes: &'a [Arc<NodeSnapshot>],
    pub(super) ask: &'a Ask,
    pub(super) services: &'a Services,
    pub(super) portraits: &'a [Portrait],
}

/// An answer on its way. Its facts get their ids when it is given.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) text: String,
    pub(super) facts: Vec<FactView>,
    pub(super) kind: &'static str,
}

impl Told {
    fn fact(text: impl Into<String>, facts: Vec<FactView>) -> Self {
        Self { text: text.into(), facts, kind: "fact" }
    }
}

/// Answers a question as it was understood. What can't be told is said so, with
/// three questions that can be.
pub(super) async fn answer(scene: &Scene<'_>, asked: &Asked, sheet: &Sheet) -> Told {
    let told = match asked.kind {
        Some(kind) => kinds::answer(scene, asked, kind, sheet).await,
        None => None,
    };
    told.unwrap_or_else(|| unknown(scene, asked))
}

fn unknown(scene: &Scene<'_>, asked: &Asked) -> Told {
    let name = |place: usize| scene.nodes.get(place).map(|node| node.name.to_string());
    let node = asked.nodes.first().cloned().or_else(|| name(0)).unwrap_or_else(|| "pi-01".to_owned());
    let other = name(1).unwrap_or_else(|| "pi-02".to_owned());
    let three = [Question::Worst, Question::Why, Question::Changed].map(|kind| kind.example(&node, &other));
    Told::fact(format!("I can't tell that. Ask me one of these: {}", three.join(" ")), Vec::new())
}

/// Whose business a question is.
pub(super) fn whose<'a>(cast: &'a Cast, asked: &Asked) -> Option<&'a Sheet> {
    let personal = matches!(asked.kind, Some(Question::Who | Question::Feel | Question::Dislike));
    if personal && let Some(who) = asked.characters.first() {
        return cast.get(who);
    }
    if let Some(node) = asked.nodes.first() {
        return cast.embody(node);
    }
    let id = match asked.kind? {
        Question::Silent | Question::Seen | Question::Service | Question::List | Question::Said => "umbrell",
        Question::Often | Question::Last | Question::Clock | Question::Count => "operant-7",
        Question::Trouble | Question::Advice | Question::Worst => "malvo",
        Question::Extreme | Question::Value | Question::Trend | Question::Usual => "caudex",
        Question::Compare | Question::WhoElse => "glestrine",
        _ => "calliope",
    };
    cast.get(id)
}

fn fact(kind: &str, subject: &str, value: impl Into<Value>, unit: &str, at: Option<i64>) -> FactView {
    FactView {
        id: String::new(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        value: value.into(),
        unit: unit.to_owned(),
        at: at.and_then(time),
        event: None,
    }
}

/// The node's newest value of a vital, and the words for it.
fn reading(node: &NodeSnapshot, vital: Vital) -> Option<(String, FactView)> {
    let value = node.vitals.get(vital)?;
    let told =
        if vital.is_flag() { Value::from(value > 0.5) } else { Value::from(fleet::words::tidy(value)) };
    let words = fleet::words::quantity(vital, value);
    Some((words, fact(vital.name(), node.name.as_str(), told, vital.unit(), node.last_seen)))
}

/// How a node is, in a word, and the fact of it.
fn state(node: &NodeSnapshot) -> (&'static str, FactView) {
    let word = match (node.silent, node.mood) {
        (true, _) => "silent",
        (_, None) => "learning",
        (_, Some(Mood::Crisis)) => "in crisis",
        (_, Some(mood)) => mood.name(),
    };
    (word, fact("mood", node.name.as_str(), word, "", node.last_seen))
}

/// How grave a node's state is: silent and in crisis first.
fn gravity(node: &NodeSnapshot) -> u8 {
    match (node.silent, node.mood) {
        (true, _) => 3,
        (_, Some(Mood::Crisis)) => 4,
        (_, Some(Mood::Stressed)) => 2,
        (_, None) => 1,
        _ => 0,
    }
}

/// Who is worst off; equals by name.
fn gravest<'a>(scene: &Scene<'a>) -> Option<&'a Arc<NodeSnapshot>> {
    scene.nodes.iter().max_by_key(|node| (gravity(node), std::cmp::Reverse(node.name.clone())))
}

/// Why a node is as it is: words and facts of its causes.
fn causes(node: &NodeSnapshot) -> (String, Vec<FactView>) {
    let mut words = Vec::new();
    let mut facts = Vec::new();
    for cause in &node.causes {
        let Some(value) = node.vitals.get(cause.vital) else { continue };
        let because = fleet::words::explain(cause, value);
        words.push(because.words.clone());
        facts.extend(reading(node, cause.vital).map(|(_, fact)| fact));
        if let Some(usual) = because.usual {
            facts.push(fact(
                &format!("{}.usual", cause.vital.name()),
                node.name.as_str(),
                usual,
                cause.vital.unit(),
                None,
            ));
        }
    }
    (words.join(" and "), facts)
}

fn clock(at: i64) -> String {
    time(at).map_or_else(|| "an unknown time".to_owned(), |at| at.strftime("%b %-d, %H:%M UTC").to_string())
}

fn span(millis: i64) -> String {
    fleet::words::span(millis.max(0).unsigned_abs())
}
