//! Characters as they are shown, alone and among all.

use super::*;
use crate::surfaces::view::ArcView;
use serde_json::json;
use store::EventIds;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// A store in which two characters were moved, and one plot of one of them is over.
fn moved() -> Store {
    let (mut ids, at) = (EventIds::after(None), node_agent::clock::wall() - DAY);
    let mut events = Vec::new();
    for (by, name) in [("malvo", "paranoia"), ("caudex", "humor")] {
        let grew = json!({
            "by": by, "why": "incident", "catalyst": "system_event", "until": at + 3 * DAY,
            "traits": { name: 0.2 }, "words": format!("{by}: {name}"),
        });
        events.push(Event::new(&mut ids, at, "grew", "stage", grew));
    }
    let closed = json!({
        "turn": "closed", "plot": "drama", "about": "malvo and umbrell", "opened": events[0].id, "chapters": 4,
    });
    events.push(Event::new(&mut ids, at + 1, stage::THREAD, "stage", closed));
    recorded(events)
}

#[tokio::test]
async fn what_became_of_one_is_the_same_alone_and_among_all() {
    let store = moved();
    let nodes = vec![node("pi-1", Some(Happy))];
    let fleet = setup_after(&store, nodes);
    // Its chart ends when it is asked for, so its times differ.
    let told = |arc: &ArcView| {
        let nature = arc.nature.as_ref();
        let traits = nature.iter().flat_map(|nature| &nature.traits).map(|line| line.name.clone());
        let causes = nature.map_or(Vec::new(), |nature| nature.causes.clone());
        (traits.collect::<Vec<_>>(), causes, arc.threads.clone())
    };
    let (all, arcs) = (fleet.company.characters().await.unwrap(), fleet.company.arcs().await.unwrap());
    assert!(arcs.keys().eq(all.iter().map(|one| &one.id).collect::<BTreeSet<_>>()));
    for one in all {
        let alone = fleet.company.profile(&one.id).await.unwrap();
        assert_valid("profile", &serde_json::to_value(&alone).unwrap());
        assert_eq!((&alone.character.name, &alone.character.nodes), (&one.name, &one.nodes));
        let (traits, causes, threads) = told(&alone.arc);
        let (moved, plots) = match one.id.as_str() {
            "malvo" => (vec!["paranoia"], 1),
            "caudex" => (vec!["humor"], 0),
            "umbrell" => (vec![], 1),
            _ => (vec![], 0),
        };
        assert_eq!((traits.iter().eq(&moved), causes.len(), threads.len()), (true, moved.len(), plots));
        assert_eq!((traits, causes, threads), told(&arcs[&one.id]), "{}", one.id);
    }
    let nobody = fleet.company.profile("nobody").await.unwrap_err();
    assert_eq!(nobody, CompanyError::Nobody("nobody".to_owned()));
}
