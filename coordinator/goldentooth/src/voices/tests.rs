//! A cast put on stage as the coordinator does it: what it can spare reaches everybody.

use super::*;
use crate::company::Company;
use crate::config::CastSettings;
use crate::flavour::Flavour;
use crate::surfaces::fixtures::{NOW, node};
use crate::thinking::Thinking;
use frames::Mood::{Happy, Stressed};
use node_agent::clock::wall;
use std::collections::BTreeMap;
use store::{Batch, Call, Store};

struct House {
    company: Company,
    orders: mpsc::Receiver<Order>,
    _staged: Staged,
    // The folder goes with it.
    _folder: tempfile::TempDir,
}

/// A cast on a machine under this load, with these models, over a ledger of these calls.
async fn house(load: fn() -> f32, minds: minds::Settings, calls: Vec<Call>) -> House {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::temporary().unwrap();
    store.commit(&Batch { calls, ..Batch::default() }).unwrap();
    let ask = Ask::new(store.reader().unwrap(), None);
    let live = Live::new(NOW);
    let nodes = [node("pi-1", Some(Stressed)), node("pi-2", Some(Happy))];
    live.tell(nodes.map(|node| Update::Node(Arc::new(node))));
    let (company, thinking) = (Company::default(), Thinking::default());
    let (orders, taken) = mpsc::channel(1_024);
    let hosting = Hosting {
        live,
        ask,
        orders,
        company: &company,
        thinking: &thinking,
        minds: (minds, BTreeMap::new()),
        proxies: minds::proxy::Proxies::default(),
        services: Services::default(),
        settings: &CastSettings::default(),
        folder: folder.path(),
        seed: 7,
        kept: None,
        lasting: true,
        load,
    };
    let staged = start(hosting).await.unwrap();
    House { company, orders: taken, _staged: staged, _folder: folder }
}

#[tokio::test]
async fn a_machine_with_nothing_to_spare_overwhelms_everybody() {
    let house = house(|| 9.0, minds::Settings::default(), Vec::new()).await;
    let overwhelmed = async {
        loop {
            let all = house.company.characters().await.unwrap();
            let spent = all.iter().filter(|one| one.readiness == "overwhelmed");
            if spent.filter(|one| one.readiness_because == "the machine has little to spare").count() == 15 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), overwhelmed).await.expect("the stage hears of the load");
}

#[tokio::test]
async fn what_the_ledger_spent_today_is_not_spent_again() {
    let spent = |id, input| Call {
        id,
        at: wall(),
        task: "chat".to_owned(),
        by: Vec::new(),
        why: "asked".to_owned(),
        provider: "home".to_owned(),
        model: "tiny".to_owned(),
        input,
        output: 0,
        cached: 0,
        estimate: input,
        money: 0,
        latency: 1,
        outcome: "answered".to_owned(),
        words: String::new(),
    };
    // Nobody listens there: who is asked nevertheless ends otherwise than by the budget.
    let settings = "[budget]\nday = 10000\n[providers.home]\nkind = \"openai\"\nmodel = \"tiny\"\n\
                    base_url = \"http://127.0.0.1:1/v1\"\n";
    for (input, by_budget) in [(9_990, true), (10, false)] {
        let settings = toml::from_str(settings).unwrap();
        let mut house = house(|| 0.2, settings, vec![spent(Uuid::now_v7(), input)]).await;
        let told = house.company.ask("how is pi-1", "ann", Flavour::Full).await.unwrap();
        assert_eq!(told.answers[0].mind, "understudy");
        let receipt = async {
            loop {
                if let Some(Order::Call(call)) = house.orders.recv().await {
                    return call;
                }
            }
        };
        let receipt = tokio::time::timeout(Duration::from_secs(10), receipt).await.expect("a receipt");
        assert_eq!(receipt.outcome == "budget", by_budget, "{receipt:?}");
    }
}
