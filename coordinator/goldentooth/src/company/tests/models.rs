//! Answers in a model's words, asked of a server that is really there.

use super::*;
use crate::company::fixtures::Provider;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::future::ready;

/// A model that writes this line for every answer, and the settings to ask it.
async fn model(line: &'static str, simulated: bool) -> (minds::Settings, Provider) {
    let answer = move |body: Value| {
        let schema = &body["response_format"]["json_schema"]["schema"];
        let ids = schema.pointer("/properties/lines/items/properties/answer/enum");
        let ids = ids.and_then(Value::as_array).unwrap().iter();
        let lines: Vec<_> = ids.map(|id| json!({ "answer": id, "text": line })).collect();
        ready(Ok(json!({ "lines": lines })))
    };
    let provider = Provider::start(answer).await;
    let text = format!("simulated = {simulated}\n[budget]\nhour = 6000\n{}", provider.toml);
    (toml::from_str(&text).unwrap(), provider)
}

#[tokio::test]
async fn a_model_gives_the_voice_and_says_that_it_did() {
    let (settings, model) = model("Hear me: {answer}", false).await;
    let nodes = vec![node("pi-1", Some(Stressed)), node("pi-2", Some(Happy))];
    let fleet = setup_with(nodes, settings);
    let plain = fleet.company.ask("how is pi-2", "ann", Flavour::Off).await.unwrap().answers.remove(0);
    assert_eq!(plain.mind, "understudy", "who wants the plain fact waits for no model");
    let voiced = fleet.company.ask("how is pi-2", "bob", Flavour::Full).await.unwrap();
    assert_valid("ask", &serde_json::to_value(&voiced).unwrap());
    let voiced = &voiced.answers[0];
    assert_eq!((voiced.mind.as_str(), &voiced.by), ("home", &plain.by));
    assert_eq!(voiced.text, format!("Hear me: {}", plain.text));
    assert_eq!(voiced.facts.len(), plain.facts.len(), "it stands on the same facts");
    assert_eq!(model.calls(), 1);
    // The budget holds for questions as for everything: then the understudy answers.
    let mut minds = Vec::new();
    for turn in 0..12 {
        let answers = fleet.company.ask("how is pi-2", &format!("p{turn}"), Flavour::Full).await;
        minds.extend(answers.unwrap().answers.into_iter().map(|answer| answer.mind));
    }
    assert!(minds.contains(&"understudy".to_owned()) && minds[0] == "home", "{minds:?}");
}

#[tokio::test]
async fn what_a_model_may_not_say_the_understudy_says() {
    let (settings, model) = model("{answer} And it is dead, like pi-1.", false).await;
    let fleet = setup_with(vec![node("pi-2", Some(Happy))], settings);
    let answer = fleet.ask("how is pi-2").await.answers.remove(0);
    assert_eq!((answer.mind.as_str(), model.calls()), ("understudy", 1));
    assert!(!answer.text.contains("dead") && answer.text.contains("pi-2 is happy"), "{}", answer.text);
}

#[tokio::test]
async fn one_node_is_told_as_one_whoever_says_it() {
    let questions =
        ["how is the fleet", "how many nodes are there", "how many nodes are happy", "list the nodes"];
    let one = [
        "Of 1 node: 1 happy. All is well.",
        "The fleet has 1 node.",
        "1 of 1 node: pi-1.",
        "There is 1 node: pi-1.",
    ];
    let two = [
        "Of 2 nodes: 2 happy. All is well.",
        "The fleet has 2 nodes.",
        "2 of 2 nodes: pi-1, pi-2.",
        "There are 2 nodes: pi-1, pi-2.",
    ];
    for (count, told) in [(1, one), (2, two)] {
        let nodes: Vec<_> = (1..=count).map(|place| node(&format!("pi-{place}"), Some(Happy))).collect();
        let (settings, model) = model("Hear me: {answer}", false).await;
        let (alone, voiced) = (setup(nodes.clone()), setup_with(nodes, settings));
        for (question, told) in questions.into_iter().zip(told) {
            let plain = alone.company.ask(question, question, Flavour::Off).await.unwrap().answers.remove(0);
            assert_eq!(plain.text, told);
            let understudys = alone.ask(question).await.answers.remove(0);
            assert!(understudys.text.contains(told), "{}", understudys.text);
            let models = voiced.ask(question).await.answers.remove(0);
            assert_eq!((models.mind.as_str(), models.text), ("home", format!("Hear me: {told}")));
        }
        assert_eq!(model.calls(), questions.len());
    }
}

#[tokio::test]
async fn simulated_nodes_are_the_understudys() {
    for simulated in [false, true] {
        let (settings, model) = model("{answer}", simulated).await;
        let sim = NodeSnapshot { simulated: true, ..node("sim-01", Some(Happy)) };
        let fleet = setup_with(vec![sim, node("pi-1", Some(Happy))], settings);
        let answer = fleet.ask("how is sim-01").await.answers.remove(0);
        assert_eq!(answer.mind == "home", simulated);
        assert_eq!(fleet.ask("how is pi-1").await.answers[0].mind, "home");
        assert_eq!(model.calls(), 1 + usize::from(simulated));
    }
}

#[tokio::test]
async fn who_is_forgotten_while_the_answer_is_on_its_way_is_named_nowhere() {
    let (reached, is_reached) = tokio::sync::oneshot::channel();
    let go = Arc::new(tokio::sync::Notify::new());
    let (reached, waits) = (Arc::new(Mutex::new(Some(reached))), Arc::clone(&go));
    let answer = move |_| {
        let (reached, waits) = (Arc::clone(&reached), Arc::clone(&waits));
        async move {
            if let Some(reached) = reached.lock().unwrap().take() {
                reached.send(()).unwrap();
            }
            waits.notified().await;
            Err(StatusCode::BAD_REQUEST)
        }
    };
    let settings = toml::from_str(&Provider::start(answer).await.toml).unwrap();
    let Setup { company, mut orders, _events, _lines } =
        setup_with(vec![node("pi-2", Some(Happy))], settings);
    let (company, asking) = (company.clone(), company);
    let asked = tokio::spawn(async move { asking.ask("how is pi-2", "Wilhelmina", Flavour::Full).await });
    is_reached.await.unwrap();
    let forgotten = tokio::spawn(async move { company.forget("Wilhelmina").await });
    // As intake does.
    let Some(Order::Unname { done, .. }) = orders.recv().await else { panic!("it begins with what waits") };
    done.send(store::Uuid::now_v7()).unwrap();
    let Some(Order::ForgetPerson { cast, done, .. }) = orders.recv().await else { panic!("then the store") };
    assert!(!cast.unwrap().to_string().contains("Wilhelmina"));
    done.send(Ok(store::ForgottenPerson { events: 3, others: 0 })).unwrap();
    assert_eq!(forgotten.await.unwrap().unwrap().events, 3);
    go.notify_one();
    asked.await.unwrap().unwrap();
    let mut kinds = Vec::new();
    while let Ok(order) = orders.try_recv() {
        let Order::Note { kind, payload, .. } = order else { continue };
        assert!(!payload.to_string().contains("Wilhelmina"), "{kind}: {payload}");
        kinds.push(kind);
    }
    assert_eq!(kinds, ["person_forgotten", "answered"], "that somebody asked stays");
}
