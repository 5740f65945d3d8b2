//! Services as they are known now: what the configuration declares, what
//! services report, and what the agents' watched units say.

use crate::live::{Event, Live, NodeSnapshot};
use crate::words::lock;
use fleet::service::{unit_name, worst};
use fleet::{Declared, Millis, Refusal, Relations, Report, Reports};
use frames::{Mood, NodeName, ServiceState};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};

/// So many changes of one service are told in a minute. What is beyond them is
/// known, and becomes no event.
const TOLD: u32 = 10;
const MINUTE: Millis = 60_000;
/// The most services that may report.
const MOST: usize = 1_024;

/// Services; cheap to clone.
#[derive(Clone, Default)]
pub struct Services(Arc<Inner>);

#[derive(Default)]
struct Inner {
    relations: Relations,
    reported: RwLock<Reports>,
    /// By service: when its minute began, and how much was told in it.
    told: Mutex<BTreeMap<NodeName, (Millis, u32)>>,
    /// By service: when accesses to its secrets are told next, and how many are untold.
    accesses: Mutex<BTreeMap<NodeName, (Millis, u32)>>,
}

/// What a report is beside what was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing new.
    None,
    /// It was in this state before; none if it had not said.
    Was(Option<ServiceState>),
}

/// Where a service is seen, and how it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// On which node.
    pub node: NodeName,
    /// As which unit.
    pub unit: String,
    /// How it is.
    pub state: ServiceState,
}

/// One service as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What it is called.
    pub name: String,
    /// As it is declared; none for a unit that is only watched.
    pub declared: Option<Declared>,
    /// Who needs it, directly.
    pub needed_by: Vec<NodeName>,
    /// Where its unit is watched.
    pub seen: Vec<Seen>,
    /// What it said of itself last.
    pub report: Option<Report>,
}

impl Service {
    /// How it is: the worst of what is seen and said. None while nothing is known.
    pub fn state(&self) -> Option<ServiceState> {
        let seen = self.seen.iter().map(|seen| seen.state);
        worst(seen.chain(self.report.as_ref().map(|report| report.state)))
    }
}

impl Services {
    /// What is declared; nothing has been reported yet.
    pub fn new(relations: Relations) -> Self {
        Self(Arc::new(Inner { relations, ..Inner::default() }))
    }

    /// What is declared.
    pub fn relations(&self) -> &Relations {
        &self.0.relations
    }

    /// What was reported last.
    pub fn reports(&self) -> Reports {
        lock::read(&self.0.reported).clone()
    }

    /// Takes what was reported before, from the events that tell it, oldest first.
    pub fn remember<'a>(&self, events: impl IntoIterator<Item = &'a Event>) {
        let mut reported = lock::write(&self.0.reported);
        for event in events {
            let text = |key: &str| event.payload.get(key).and_then(Value::as_str);
            let Some(service) = text("service").and_then(|name| name.parse().ok()) else { continue };
            let state = event.payload.get("to").cloned().map(serde_json::from_value);
            let Some(Ok(state)) = state else { continue };
            let node = text("node").and_then(|node| node.parse().ok());
            let note = text("note").map(str::to_owned);
            reported.insert(service, Report { state, node, note, at: event.at });
        }
    }

    /// Takes a report.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`] if it is known but too much to be told, or there is no room.
    pub(crate) fn take(&self, now: Millis, service: NodeName, report: Report) -> Result<News, Refusal> {
        let mut reported = lock::write(&self.0.reported);
        if reported.len() >= MOST && !reported.contains_key(&service) {
            return Err(Refusal::Overloaded);
        }
        let to = report.state;
        let before = reported.insert(service.clone(), report).map(|report| report.state);
        if before == Some(to) {
            return Ok(News::None);
        }
        let mut told = lock::mutex(&self.0.told);
        let (began, count) = told.entry(service).or_insert((now, 0));
        if now.saturating_sub(*began) >= MINUTE {
            (*began, *count) = (now, 0);
        }
        *count += 1;
        if *count > TOLD { Err(Refusal::Overloaded) } else { Ok(News::Was(before)) }
    }

    /// Takes in how often secrets of a service that reports were asked for; gives how often since
    /// that was told last, once a minute at most.
    pub(crate) fn accessed(&self, now: Millis, service: &NodeName, read: u32) -> Option<u32> {
        let mut accesses = lock::mutex(&self.0.accesses);
        if read == 0 && !accesses.contains_key(service) {
            return None;
        }
        let (due, untold) = accesses.entry(service.clone()).or_default();
        *untold = untold.saturating_add(read);
        if now < *due || *untold == 0 {
            return None;
        }
        *due = now.saturating_add(MINUTE);
        Some(std::mem::take(untold))
    }

    /// Every service that is declared, reports, or is watched as a unit: the
    /// declared ones in their order, then the others by name.
    pub fn all(&self, live: &Live) -> Vec<Service> {
        self.among(&live.nodes())
    }

    /// What the services that are declared on a node need, directly or through others, and
    /// whether each is in trouble: not at work, or wherever it runs is silent or in crisis.
    pub fn needed_on(&self, nodes: &[Arc<NodeSnapshot>], node: &str) -> Vec<(NodeName, bool)> {
        let relations = self.relations();
        let mut needed: Vec<&Declared> = Vec::new();
        for need in relations.on(node).flat_map(|own| relations.needed_by(&own.name)) {
            if !needed.iter().any(|known| known.name == need.name) {
                needed.push(need);
            }
        }
        if needed.is_empty() {
            return Vec::new();
        }
        let all = self.among(nodes);
        let is_grave = |place: &NodeName| {
            let node = nodes.iter().find(|node| node.name == *place);
            node.is_some_and(|node| node.silent || node.mood == Some(Mood::Crisis))
        };
        let is_ill = |need: &Declared| {
            let one = all.iter().find(|one| one.declared.as_ref().is_some_and(|own| own.name == need.name));
            let state = one.and_then(Service::state);
            let idle =
                matches!(state, Some(ServiceState::Failed | ServiceState::Missing | ServiceState::Inactive));
            idle || (!need.nodes.is_empty() && need.nodes.iter().all(is_grave))
        };
        needed.into_iter().map(|need| (need.name.clone(), is_ill(need))).collect()
    }

    /// The same, among these nodes.
    pub(crate) fn among(&self, nodes: &[Arc<NodeSnapshot>]) -> Vec<Service> {
        let reports = self.reports();
        let relations = self.relations();
        let new = |name: String, declared: Option<Declared>| Service {
            needed_by: relations
                .iter()
                .filter(|other| other.needs.iter().any(|need| need.as_str() == name))
                .map(|other| other.name.clone())
                .collect(),
            report: name.parse().ok().and_then(|name: NodeName| reports.get(&name).cloned()),
            name,
            declared,
            seen: Vec::new(),
        };
        let mut all: Vec<Service> =
            relations.iter().map(|one| new(one.name.as_str().to_owned(), Some(one.clone()))).collect();
        let mut others: BTreeMap<String, Service> = BTreeMap::new();
        for name in reports.keys().filter(|name| relations.get(name).is_none()) {
            others.insert(name.as_str().to_owned(), new(name.as_str().to_owned(), None));
        }
        for node in nodes {
            for unit in node.services.iter().filter(|unit| !unit.is_data_folder()) {
                let seen =
                    Seen { node: node.name.clone(), unit: unit.name.as_str().to_owned(), state: unit.state };
                let declared: Vec<&NodeName> =
                    relations.of_unit(node.name.as_str(), &unit.name).map(|one| &one.name).collect();
                if declared.is_empty() {
                    let name = unit_name(&unit.name);
                    let other = others.entry(name.to_owned()).or_insert_with(|| new(name.to_owned(), None));
                    other.seen.push(seen);
                } else {
                    let these =
                        all.iter_mut().filter(|one| declared.iter().any(|own| own.as_str() == one.name));
                    these.for_each(|one| one.seen.push(seen.clone()));
                }
            }
        }
        all.extend(others.into_values());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Update;
    use crate::surfaces::fixtures;

    fn declared(name: &str, nodes: &[&str], needs: &[&str]) -> Declared {
        let names = |all: &[&str]| all.iter().map(|one| one.parse().unwrap()).collect();
        Declared {
            name: name.parse().unwrap(),
            nodes: names(nodes),
            unit: Some(name.to_owned()),
            needs: names(needs),
            role: None,
        }
    }

    #[test]
    fn what_is_declared_watched_and_reported_is_one_list() {
        let relations =
            Relations::new(vec![declared("web", &["pi-1"], &["db"]), declared("db", &[], &[])]).unwrap();
        let services = Services::new(relations);
        let live = Live::new(0);
        let unit = |name: &str, state| frames::Service { name: name.try_into().unwrap(), state };
        for (name, units) in [
            (
                "pi-1",
                vec![unit("web.service", ServiceState::Active), unit("cron.service", ServiceState::Active)],
            ),
            (
                "pi-2",
                vec![unit("db.service", ServiceState::Active), unit("web.service", ServiceState::Failed)],
            ),
            ("pi-3", vec![unit("db.service", ServiceState::Failed)]),
        ] {
            let node =
                crate::live::NodeSnapshot { services: units, ..fixtures::node(name, Some(Mood::Happy)) };
            live.tell([Update::Node(Arc::new(node))]);
        }
        let report = Report { state: ServiceState::Changing, node: None, note: None, at: 7 };
        assert_eq!(services.take(0, "nas".parse().unwrap(), report.clone()), Ok(News::Was(None)));
        assert_eq!(services.take(0, "nas".parse().unwrap(), report), Ok(News::None));
        let all = services.all(&live);
        let told: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.state(), one.seen.len())).collect();
        assert_eq!(
            told,
            [
                ("web", Some(ServiceState::Active), 1),
                ("db", Some(ServiceState::Failed), 2),
                ("cron", Some(ServiceState::Active), 1),
                ("nas", Some(ServiceState::Changing), 0),
                // Not declared to run there: another service of the same name.
                ("web", Some(ServiceState::Failed), 1),
            ]
        );
        assert_eq!(all[1].needed_by, ["web".parse().unwrap()]);
        let need = |node| services.needed_on(&live.nodes(), node);
        assert_eq!(need("pi-1"), [("db".parse().unwrap(), true)], "it failed on one of its nodes");
        assert!(need("pi-2").is_empty(), "nothing is declared to run there");
    }

    #[test]
    fn what_runs_on_silent_nodes_alone_is_in_trouble() {
        let all = vec![declared("web", &["pi-1"], &["db"]), declared("db", &["pi-2", "pi-3"], &[])];
        let services = Services::new(Relations::new(all).unwrap());
        let nodes = |second: NodeSnapshot| {
            [fixtures::node("pi-1", Some(Mood::Happy)), second, fixtures::silent("pi-3")].map(Arc::new)
        };
        let ill = |nodes: &[Arc<NodeSnapshot>]| services.needed_on(nodes, "pi-1")[0].1;
        assert!(!ill(&nodes(fixtures::node("pi-2", Some(Mood::Stressed)))), "one of them still works");
        assert!(ill(&nodes(fixtures::node("pi-2", Some(Mood::Crisis)))));
    }
}
