//! Questions to a whole cast on stage, over nodes of a fixture.

use super::*;
use crate::ask::Ask;
use crate::flavour::Flavour;
use crate::intake::Order;
use crate::live::{Live, NodeSnapshot, Update};
use crate::surfaces::fixtures::{NOW, node, silent};
use crate::surfaces::schemas::assert_valid;
use cast::Cast;
use frames::Mood::{Bored, Crisis, Happy, Stressed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use store::{Batch, Event, Store};
use tokio::sync::{broadcast, mpsc, watch};

mod asked;
mod models;
mod shown;

struct Setup {
    company: Company,
    orders: mpsc::Receiver<Order>,
    // The stage ends with its events.
    _events: broadcast::Sender<Arc<Event>>,
    _lines: mpsc::Receiver<stage::Wanted>,
}

fn setup(nodes: Vec<NodeSnapshot>) -> Setup {
    setup_with(nodes, minds::Settings::default())
}

fn setup_with(nodes: Vec<NodeSnapshot>, settings: minds::Settings) -> Setup {
    setup_among(nodes, settings, crate::services::Services::default())
}

fn setup_among(
    nodes: Vec<NodeSnapshot>,
    settings: minds::Settings,
    services: crate::services::Services,
) -> Setup {
    setup_on(nodes, settings, services, Ask::empty())
}

/// A store in which this has happened.
fn recorded(events: Vec<Event>) -> Store {
    let mut store = Store::temporary().unwrap();
    let events = events.into_iter().map(Arc::new).collect();
    store.commit(&Batch { events, ..Batch::default() }).unwrap();
    store
}

/// A fleet with a past.
fn setup_after(store: &Store, nodes: Vec<NodeSnapshot>) -> Setup {
    let ask = Ask::new(store.reader().unwrap(), None);
    setup_on(nodes, minds::Settings::default(), crate::services::Services::default(), ask)
}

fn setup_on(
    nodes: Vec<NodeSnapshot>,
    settings: minds::Settings,
    services: crate::services::Services,
    ask: Ask,
) -> Setup {
    let live = Live::new(NOW);
    live.tell(nodes.into_iter().map(|node| Update::Node(Arc::new(node))));
    let cast = Cast::built_in().unwrap();
    let (events, heard) = broadcast::channel(16);
    let (out, lines) = mpsc::channel(16);
    let (requests, asked) = mpsc::channel(16);
    let (orders, taken) = mpsc::channel(1_024);
    let stage = stage::Stage::new(cast, 7, stage::Settings::default());
    let (tell, seen) = watch::channel(stage::Now::of(&stage));
    tokio::spawn(stage::run(stage, heard, asked, out, tell));
    let company = Company::default();
    // Without anybody to take receipts they are counted as lost, and nothing else.
    let (receipts, _) = mpsc::channel(1);
    let simulated = settings.simulated;
    let router = minds::Router::new(settings, BTreeMap::new(), receipts, || NOW);
    company.enter(Hosted {
        seen,
        models: Models { router, aliases: false, simulated },
        lasting: true,
        services,
        live,
        ask,
        orders,
        requests,
        before: Mutex::default(),
        fresh: Mutex::default(),
        passage: Passage::default(),
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
    /// Asked by somebody who has asked nothing before.
    async fn ask(&self, text: &str) -> AnswersView {
        self.company.ask(text, text, Flavour::Full).await.unwrap()
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
    let roll = council.readings.iter().find(|one| one.by == "consul").unwrap();
    assert_eq!(roll.words, "1 node silent");
    assert_eq!(fleet.company.council(&"pi-9".parse().unwrap()).await, Ok(None));
}

#[tokio::test]
async fn an_eye_reads_what_runs_on_a_node_and_what_that_needs() {
    let service = |name: &str, node: &str, needs: &[&str]| fleet::Declared {
        name: name.parse().unwrap(),
        nodes: vec![node.parse().unwrap()],
        unit: None,
        needs: needs.iter().map(|need| need.parse().unwrap()).collect(),
        role: None,
    };
    let all =
        vec![service("web", "pi-2", &["api"]), service("api", "pi-3", &["db"]), service("db", "pi-5", &[])];
    let services = crate::services::Services::new(fleet::Relations::new(all).unwrap());
    let nodes = vec![node("pi-2", Some(Happy)), node("pi-3", Some(Bored)), silent("pi-5")];
    let fleet = setup_among(nodes, minds::Settings::default(), services);
    for (node, verdict, words) in [
        ("pi-2", "uneasy", "db in trouble, 1 of 2 services that it needs"),
        ("pi-3", "uneasy", "db in trouble, 1 of 1 services that it needs"),
    ] {
        let council = fleet.company.council(&node.parse().unwrap()).await.unwrap().unwrap();
        let umbrell = council.readings.iter().find(|one| one.by == "umbrell").unwrap();
        assert_eq!((umbrell.verdict.as_str(), umbrell.words.as_str()), (verdict, words));
        assert_eq!((umbrell.subject.as_deref(), umbrell.measure.as_str()), (Some("db"), "needs"));
    }
    let said = fleet.ask("@umbrell why is pi-2 like that").await;
    assert!(said.answers[0].text.contains("By my own eye: db in trouble"), "{}", said.answers[0].text);
    assert!(said.answers[0].facts.iter().any(|fact| fact.kind == "needs"));
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
async fn what_was_is_not_answered_with_what_is() {
    let fleet = fleet();
    let ask =
        async |text: &str| fleet.company.ask(text, "ann", Flavour::Off).await.unwrap().answers.remove(0);
    let now = ask("how hot is pi-1").await;
    assert!(now.text.contains("71.5 °C") && now.facts[0].kind == "temperature", "{}", now.text);
    let was = ask("and yesterday?").await;
    assert!(was.text.starts_with("No temperature of pi-1 is recorded from "), "{}", was.text);
    assert_eq!((was.facts[0].kind.as_str(), was.facts[0].value.as_u64()), ("temperature.reports", Some(0)));
    let how = ask("why was pi-1 stressed yesterday?").await;
    assert!(how.text.starts_with("Nothing was recorded between "), "{}", how.text);
    assert!(!how.text.contains("eye"), "{}", how.text);
    let most = ask("which node was the hottest yesterday").await;
    assert!(most.text.starts_with("I can't tell that"), "{}", most.text);
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
    let answers = fleet.company.ask("why is pi-1 stressed", "ann", Flavour::Full).await.unwrap();
    let Order::Note { kind, payload, .. } = fleet.orders.recv().await.unwrap() else { panic!("no note") };
    assert_eq!((kind, payload["person"].as_str()), ("answered", Some("ann")));
    let ids: Vec<&str> =
        answers.answers.iter().flat_map(|one| &one.facts).map(|fact| fact.id.as_str()).collect();
    let recorded: Vec<&str> =
        payload["facts"].as_array().unwrap().iter().map(|fact| fact["id"].as_str().unwrap()).collect();
    assert_eq!(ids, recorded);
    assert!(!ids.is_empty());
    // Nothing has committed it yet, and whoever follows a link finds it all the same.
    let fact = fleet.company.fact(&Ask::empty(), ids[0]).await.unwrap();
    assert_eq!(fact.as_ref(), Some(&answers.answers[0].facts[0]));
}

#[tokio::test]
async fn a_room_that_has_had_enough_bears_no_debate_and_still_gets_its_answer() {
    let fleet = fleet();
    let mut voices = Vec::new();
    for _ in 0..5 {
        let answers = fleet.company.ask("why is pi-1 stressed", "ann", Flavour::Full).await.unwrap();
        voices.push(answers.answers.len());
    }
    assert!(voices[0] > 1, "{voices:?}");
    assert_eq!(voices[4], 1, "after three answers in half a minute one answers: {voices:?}");
}

#[tokio::test]
async fn a_hundred_at_once_are_all_answered_or_told_why_not() {
    let fleet = fleet();
    let asked = (0..100).map(|number| {
        let company = fleet.company.clone();
        tokio::spawn(
            async move { company.ask("how is pi-1", &format!("person {number}"), Flavour::Full).await },
        )
    });
    let asked: Vec<_> = asked.collect();
    let (mut answered, mut declined) = (0, 0);
    for one in asked {
        match one.await.unwrap() {
            Ok(answers) => answered += answers.answers.len(),
            Err(CompanyError::Declined(words)) => {
                assert!(words.contains("declines: "), "{words}");
                declined += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(answered + declined, 100);
    assert_eq!(declined, 0, "whoever is free answers");
}

#[tokio::test]
async fn an_answer_has_as_much_voice_as_is_wanted() {
    let fleet = fleet();
    let ask = async |flavour: Flavour| {
        let person = flavour.word();
        fleet.company.ask("why is pi-1 stressed", person, flavour).await.unwrap()
    };
    let (off, light, full) = (ask(Flavour::Off).await, ask(Flavour::Light).await, ask(Flavour::Full).await);
    assert_eq!((off.answers.len(), light.answers.len()), (1, 1));
    assert!(off.answers[0].text.starts_with("pi-1 is stressed: "), "{}", off.answers[0].text);
    assert!(
        light.answers[0].text.contains(&off.answers[0].text) && light.answers[0].text != off.answers[0].text
    );
    assert!(full.answers.len() > 1, "both sides speak");
}

/// The half of the paraphrases that nothing was built with: each question is
/// asked of a fleet that is known, and what is stated is held against it.
#[tokio::test]
async fn paraphrases_go_to_the_right_kind_and_every_stated_fact_is_right() {
    let nodes = vec![
        node("pi-03", Some(Stressed)),
        node("pi-05", Some(Happy)),
        node("pi-07", Some(Bored)),
        silent("nas"),
    ];
    let mut fleet = setup(nodes.clone());
    let (mut right, mut all, mut held) = (0, 0, 0);
    for line in include_str!("../../../cast/questions/test.tsv").lines() {
        let (kind, text) = line.split_once('\t').unwrap();
        all += 1;
        let answers = fleet.ask(text).await;
        let Order::Note { payload, .. } = fleet.orders.recv().await.unwrap() else { panic!("no note") };
        right += usize::from(payload["asked"]["kind"] == kind);
        for answer in &answers.answers {
            if payload["asked"]["kind"].is_null() {
                assert!(answer.text.contains("I can't tell that") && answer.text.matches('?').count() >= 3);
            }
            for fact in &answer.facts {
                held += usize::from(is_right(&nodes, fact, text));
            }
        }
    }
    println!("{right} of {all} to the right kind, {held} facts held against the fleet");
    assert!(right * 100 >= all * 85, "{right} of {all}");
    assert!(held > 150, "only {held} facts could be held against the fleet");
}

/// Whether a fact can be held against these nodes; one that differs fails the test.
fn is_right(nodes: &[NodeSnapshot], fact: &crate::surfaces::view::FactView, question: &str) -> bool {
    let state = |node: &NodeSnapshot| match (node.silent, node.mood) {
        (true, _) => "silent",
        (_, Some(Crisis)) => "in crisis",
        (_, mood) => mood.map_or("learning", frames::Mood::name),
    };
    if let Some(node) = nodes.iter().find(|node| node.name.as_str() == fact.subject) {
        let expected: serde_json::Value = match (frames::Vital::from_name(&fact.kind), fact.kind.as_str()) {
            (Some(vital), _) => {
                let value = node.vitals.get(vital).unwrap_or_else(|| panic!("{question}: {fact:?}"));
                if vital.is_flag() { (value > 0.5).into() } else { fleet::words::tidy(value).into() }
            }
            (_, "mood") => state(node).into(),
            (_, "hardware") => node.about.hardware.as_str().into(),
            (_, "agent") => node.about.agent.as_str().into(),
            _ => return false,
        };
        assert_eq!(fact.value, expected, "{question}: {fact:?}");
        return true;
    }
    let expected = match fact.kind.as_str() {
        "nodes" if fact.subject == "fleet" => nodes.len(),
        word if fact.subject == "fleet" && ["silent", "stressed", "happy", "bored"].contains(&word) => {
            let like = nodes.iter().filter(|node| state(node) == word);
            // "Who else" leaves out the one that it names, and the past counts events.
            let others = like.filter(|node| !question.contains(node.name.as_str())).count();
            let told = fact.value.as_u64().unwrap_or_default() as usize;
            return told == others || told == nodes.iter().filter(|node| state(node) == word).count();
        }
        _ => return false,
    };
    assert_eq!(fact.value, expected, "{question}: {fact:?}");
    true
}
