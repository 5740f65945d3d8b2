//! Questions to a whole cast on stage, over nodes of a fixture.

use super::*;
use crate::ask::Ask;
use crate::intake::Order;
use crate::live::{Live, NodeSnapshot, Update};
use crate::surfaces::fixtures::{NOW, node, silent};
use crate::surfaces::schemas::assert_valid;
use cast::Cast;
use frames::Mood::{Bored, Crisis, Happy, Stressed};
use std::collections::BTreeSet;
use std::sync::Mutex;
use tokio::sync::{broadcast, mpsc};

struct Setup {
    company: Company,
    orders: mpsc::Receiver<Order>,
    // The stage ends with its events.
    _events: broadcast::Sender<Arc<crate::live::Event>>,
    _lines: mpsc::Receiver<stage::Line>,
}

fn setup(nodes: Vec<NodeSnapshot>) -> Setup {
    let live = Live::new(NOW);
    live.tell(nodes.into_iter().map(|node| Update::Node(Arc::new(node))));
    let cast = Cast::built_in().unwrap();
    let (events, heard) = broadcast::channel(16);
    let (out, lines) = mpsc::channel(16);
    let (requests, asked) = mpsc::channel(16);
    let (orders, taken) = mpsc::channel(1_024);
    tokio::spawn(stage::run(stage::Stage::new(cast.clone(), 7), heard, asked, out));
    let company = Company::default();
    company.enter(Hosted {
        cast,
        services: Vec::new(),
        live,
        ask: Ask::empty(),
        orders,
        requests,
        before: Mutex::default(),
    });
    Setup { company, orders: taken, _events: events, _lines: lines }
}

fn fleet() -> Setup {
    setup(vec![
        node("pi-1", Some(Stressed)),
        node("pi-2", Some(Happy)),
        node("pi-3", Some(Bored)),
        node("pi-4", Some(Happy)),
        silent("pi-5"),
    ])
}

impl Setup {
    async fn ask(&self, text: &str) -> AnswersView {
        self.company.ask(text, "ann").await.unwrap()
    }
}

fn speakers(answers: &AnswersView) -> Vec<&str> {
    answers.answers.iter().map(|answer| answer.by.as_str()).collect()
}

#[tokio::test]
async fn a_council_counts_every_eye_and_hides_the_veiled() {
    let fleet = fleet();
    let council = fleet.company.council(&"pi-1".parse().unwrap()).await.unwrap().unwrap();
    assert_valid("council", &serde_json::to_value(&council).unwrap());
    assert_eq!(council.readings.len(), 15);
    assert_eq!((council.uneasy + council.calm + council.blind) as usize, 15);
    assert!(council.uneasy > 0 && council.calm > 0, "they disagree: {council:#?}");
    assert_eq!((council.sitting.as_str(), council.node.as_str()), ("debate", "pi-1"));
    for veiled in ["tallow", "marrow"] {
        let reading = council.readings.iter().find(|one| one.by == veiled).unwrap();
        assert!(reading.eye.is_empty() && reading.subject.is_none() && reading.value.is_none());
    }
    let heat = council.readings.iter().find(|one| one.by == "vaelix").unwrap();
    assert_eq!(
        (heat.subject.as_deref(), heat.value, heat.against),
        (Some("temperature"), Some(71.5), Some(70.0))
    );
    assert_eq!(heat.words, "temperature 71.5 °C, limit 70.0 °C");
    assert_eq!(fleet.company.council(&"pi-9".parse().unwrap()).await, Ok(None));
}

#[tokio::test]
async fn a_question_gets_as_many_speakers_as_it_is_worth() {
    let fleet = fleet();
    let simple = fleet.ask("how hot is pi-1").await;
    assert_eq!(simple.answers.len(), 1);
    assert!(!simple.answers[0].text.contains("eyes"), "{}", simple.answers[0].text);
    let moderate = fleet.ask("how is pi-1").await;
    assert_eq!(moderate.answers.len(), 1);
    assert!(moderate.answers[0].text.contains("eye"), "{}", moderate.answers[0].text);
    let complex = fleet.ask("why is pi-1 stressed").await;
    let sides: BTreeSet<&str> = speakers(&complex).into_iter().collect();
    assert!(sides.len() >= 2, "both sides speak: {:?}", speakers(&complex));
    assert!(complex.answers.iter().any(|answer| answer.text.contains("find nothing")));
    let named = fleet.ask("@caudex why is pi-1 stressed").await;
    assert_eq!(speakers(&named), ["caudex"], "whoever is named is asked for nobody else's word");
    assert!(named.answers[0].text.contains("By my own eye"), "{}", named.answers[0].text);
    let council = fleet.ask("what does the council say about pi-1?").await;
    assert!(
        council.answers[0].text.contains("vaelix is uneasy (temperature 71.5 °C"),
        "{}",
        council.answers[0].text
    );
}

#[tokio::test]
async fn an_answer_in_a_crisis_begins_with_what_helps() {
    let fleet = setup(vec![node("pi-1", Some(Crisis)), silent("pi-5"), node("pi-2", Some(Happy))]);
    for (text, node, number) in [
        ("how is pi-1", "pi-1", "84.5 °C"),
        ("why is pi-1 in crisis?", "pi-1", "84.5 °C"),
        ("what should I do about pi-1?", "pi-1", "84.5 °C"),
        ("which node is worst?", "pi-1", "84.5 °C"),
        ("what should I do about pi-5?", "pi-5", "no frame for"),
    ] {
        let answers = fleet.ask(text).await;
        assert_eq!(answers.answers.len(), 1, "one speaker: {text}");
        let answer = &answers.answers[0];
        let first = answer.text.split_inclusive(". ").next().unwrap();
        assert!(first.starts_with(node) && first.contains(number), "{first}");
        assert!(first.split_whitespace().count() <= 25, "{first}");
        let act = if node == "pi-1" { "give it air" } else { "check its supply" };
        assert!(first.contains(act), "{first}");
    }
}

#[tokio::test]
async fn what_is_answered_is_recorded_with_its_facts() {
    let mut fleet = fleet();
    let answers = fleet.ask("why is pi-1 stressed").await;
    let Order::Note { kind, payload, .. } = fleet.orders.recv().await.unwrap() else { panic!("no note") };
    assert_eq!((kind, payload["person"].as_str()), ("answered", Some("ann")));
    let ids: Vec<&str> =
        answers.answers.iter().flat_map(|one| &one.facts).map(|fact| fact.id.as_str()).collect();
    let recorded: Vec<&str> =
        payload["facts"].as_array().unwrap().iter().map(|fact| fact["id"].as_str().unwrap()).collect();
    assert_eq!(ids, recorded);
    assert!(!ids.is_empty());
}
