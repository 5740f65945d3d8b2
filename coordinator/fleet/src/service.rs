//! Services: what runs on nodes and who needs whom, as the configuration
//! declares it, and how each is, as units and reports say.

use frames::{NodeName, ServiceState};
use std::collections::{BTreeMap, BTreeSet};

/// The most services that may be declared.
pub const MAX_DECLARED: usize = 256;
/// The most that one service may say that it needs.
pub const MAX_NEEDS: usize = 32;

/// A service as it is declared. Its name is spelt as a node's: it is the name
/// of its account, and the last level of its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What it is called.
    pub name: NodeName,
    /// Where it runs; empty for wherever its unit is watched, or nowhere here.
    pub nodes: Vec<NodeName>,
    /// Its unit in systemd; `nginx` means `nginx.service`.
    pub unit: Option<String>,
    /// The services that it needs.
    pub needs: Vec<NodeName>,
    /// What its nodes are for: they live in one household.
    pub role: Option<String>,
}

/// Why services can't be declared so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    /// Two of one name.
    #[error("{0} is declared twice")]
    Twice(NodeName),
    /// A need of something that is not declared.
    #[error("{who} needs {whom}, which is not declared: add a [[service]] of that name, or take it out")]
    Unknown {
        /// Who needs it.
        who: NodeName,
        /// What is not declared.
        whom: NodeName,
    },
    /// They need each other in a circle.
    #[error("they need each other in a circle: {}", .0.iter().map(NodeName::as_str).collect::<Vec<_>>().join(" → "))]
    Cycle(Vec<NodeName>),
    /// More than there is room for.
    #[error("{0} services are declared, and {MAX_DECLARED} is the most")]
    TooMany(usize),
    /// One that needs more than there is room for.
    #[error("{0} needs more than {MAX_NEEDS} others")]
    TooNeedy(NodeName),
}

impl RelationError {
    /// The service at which it was found; none if it is about all of them.
    pub fn at(&self) -> Option<&NodeName> {
        match self {
            Self::Twice(name) | Self::TooNeedy(name) | Self::Unknown { who: name, .. } => Some(name),
            Self::Cycle(path) => path.first(),
            Self::TooMany(_) => None,
        }
    }
}

/// Every declared service, without a circle among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    services: Vec<Declared>,
}

impl Relations {
    /// Takes what is declared.
    ///
    /// # Errors
    /// [`RelationError`].
    pub fn new(services: Vec<Declared>) -> Result<Self, RelationError> {
        if services.len() > MAX_DECLARED {
            return Err(RelationError::TooMany(services.len()));
        }
        let mut names = BTreeSet::new();
        for service in &services {
            if !names.insert(&service.name) {
                return Err(RelationError::Twice(service.name.clone()));
            }
            if service.needs.len() > MAX_NEEDS {
                return Err(RelationError::TooNeedy(service.name.clone()));
            }
        }
        for service in &services {
            if let Some(whom) = service.needs.iter().find(|whom| !names.contains(whom)) {
                return Err(RelationError::Unknown { who: service.name.clone(), whom: whom.clone() });
            }
        }
        let all = Self { services };
        let mut settled = BTreeSet::new();
        for service in &all.services {
            all.settle(service, &mut Vec::new(), &mut settled)?;
        }
        Ok(all)
    }

    /// Follows needs to their end; what was followed before is settled.
    fn settle<'a>(
        &'a self,
        service: &'a Declared,
        path: &mut Vec<&'a NodeName>,
        settled: &mut BTreeSet<&'a NodeName>,
    ) -> Result<(), RelationError> {
        if settled.contains(&service.name) {
            return Ok(());
        }
        if let Some(start) = path.iter().position(|name| **name == service.name) {
            let circle = path.iter().skip(start).copied().chain([&service.name]);
            return Err(RelationError::Cycle(circle.cloned().collect()));
        }
        path.push(&service.name);
        for need in service.needs.iter().filter_map(|need| self.get(need)) {
            self.settle(need, path, settled)?;
        }
        path.pop();
        settled.insert(&service.name);
        Ok(())
    }

    /// Every one, in the order of the declaration.
    pub fn iter(&self) -> impl Iterator<Item = &Declared> {
        self.services.iter()
    }

    /// The one of this name.
    pub fn get(&self, name: &NodeName) -> Option<&Declared> {
        self.services.iter().find(|service| service.name == *name)
    }

    /// Those that this unit on this node is, or is part of.
    pub fn of_unit<'a>(&'a self, node: &str, unit: &str) -> impl Iterator<Item = &'a Declared> {
        self.services.iter().filter(move |service| {
            let here = service.nodes.is_empty() || service.nodes.iter().any(|own| own.as_str() == node);
            here && service.unit.as_deref().is_some_and(|own| whole_unit(own) == whole_unit(unit))
        })
    }

    /// Everything that a service needs, directly or through others, the nearest first.
    pub fn needed_by(&self, name: &NodeName) -> Vec<&Declared> {
        let mut found: Vec<&Declared> = Vec::new();
        let mut next: Vec<&Declared> = self.get(name).into_iter().collect();
        while !next.is_empty() {
            let needs = next.iter().flat_map(|service| &service.needs).filter_map(|need| self.get(need));
            next = needs.collect();
            next.retain(|service| {
                let new = !found.iter().any(|known| known.name == service.name);
                if new {
                    found.push(service);
                }
                new
            });
        }
        found
    }

    /// Those that are declared to run on a node.
    pub fn on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Declared> {
        self.services.iter().filter(move |service| service.nodes.iter().any(|own| own.as_str() == node))
    }

    /// What a node depends on, by what runs there: the names of services and of
    /// the nodes that they run on, without its own.
    pub fn places_needed_on(&self, node: &str) -> Vec<String> {
        let mut places = BTreeSet::new();
        for needed in self.on(node).flat_map(|service| self.needed_by(&service.name)) {
            places.insert(needed.name.as_str().to_owned());
            places.extend(needed.nodes.iter().map(|place| place.as_str().to_owned()));
        }
        places.remove(node);
        places.into_iter().collect()
    }

    /// What a node is for: the role of the first service declared there that has one.
    pub fn role_of(&self, node: &str) -> Option<&str> {
        self.on(node).find_map(|service| service.role.as_deref())
    }
}

/// A unit's name with its kind: `nginx` is `nginx.service`.
pub fn whole_unit(unit: &str) -> String {
    if unit.contains('.') { unit.to_owned() } else { format!("{unit}.service") }
}

/// What a unit is called as a service: `nginx.service` and `nginx@1.service` are `nginx`.
pub fn unit_name(unit: &str) -> &str {
    unit.split(['.', '@']).next().unwrap_or(unit)
}

/// How a service is, of how it is in several places: as in the worst of them.
pub fn worst(states: impl IntoIterator<Item = ServiceState>) -> Option<ServiceState> {
    states.into_iter().max_by_key(|state| match state {
        ServiceState::Active => 0,
        ServiceState::Changing => 1,
        ServiceState::Inactive => 2,
        ServiceState::Missing => 3,
        ServiceState::Failed => 4,
    })
}

/// The word for a state.
pub fn state_word(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Active => "active",
        ServiceState::Changing => "changing",
        ServiceState::Inactive => "inactive",
        ServiceState::Failed => "failed",
        ServiceState::Missing => "missing",
    }
}

/// What a service said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it is.
    pub state: ServiceState,
    /// On which node, if it says so.
    pub node: Option<NodeName>,
    /// What else it says, in its own words.
    pub note: Option<String>,
    /// When it was heard.
    pub at: crate::UnixMillis,
}

/// The newest report of each service that reports.
pub type Reports = BTreeMap<NodeName, Report>;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> NodeName {
        text.parse().unwrap()
    }

    fn service(text: &str, nodes: &[&str], needs: &[&str]) -> Declared {
        Declared {
            name: name(text),
            nodes: nodes.iter().map(|node| name(node)).collect(),
            unit: Some(text.to_owned()),
            needs: needs.iter().map(|need| name(need)).collect(),
            role: None,
        }
    }

    #[test]
    fn a_circle_is_refused_with_its_path() {
        let all = vec![
            service("web", &[], &["api"]),
            service("api", &[], &["db"]),
            service("db", &[], &["disk", "api"]),
            service("disk", &[], &[]),
        ];
        let error = Relations::new(all).unwrap_err();
        assert_eq!(error.to_string(), "they need each other in a circle: api → db → api");
        assert_eq!(error.at(), Some(&name("api")));
        let own = Relations::new(vec![service("a", &[], &["a"])]).unwrap_err();
        assert_eq!(own.to_string(), "they need each other in a circle: a → a");
        let twice = Relations::new(vec![service("a", &[], &[]), service("a", &[], &[])]).unwrap_err();
        assert_eq!(twice, RelationError::Twice(name("a")));
        let unknown = Relations::new(vec![service("a", &[], &["b"])]).unwrap_err();
        assert!(unknown.to_string().starts_with("a needs b, which is not declared"));
    }

    #[test]
    fn a_node_depends_on_what_its_services_need() {
        let all = vec![
            service("web", &["pi-1"], &["api"]),
            service("api", &["pi-2"], &["db"]),
            service("db", &["pi-3", "pi-1"], &[]),
            service("alone", &["pi-4"], &[]),
        ];
        let all = Relations::new(all).unwrap();
        assert_eq!(all.places_needed_on("pi-1"), ["api", "db", "pi-2", "pi-3"]);
        assert_eq!(all.places_needed_on("pi-2"), ["db", "pi-1", "pi-3"]);
        assert!(all.places_needed_on("pi-4").is_empty() && all.places_needed_on("x").is_empty());
        let units: Vec<_> = all.of_unit("pi-2", "api.service").map(|found| found.name.as_str()).collect();
        assert_eq!(units, ["api"]);
        assert_eq!(all.of_unit("pi-9", "api.service").count(), 0);
    }

    #[test]
    fn several_places_are_as_the_worst() {
        use ServiceState::{Active, Changing, Failed, Inactive, Missing};
        assert_eq!(worst([Active, Failed, Missing]), Some(Failed));
        assert_eq!(worst([Active, Changing, Inactive]), Some(Inactive));
        assert_eq!(worst([]), None);
        assert_eq!(unit_name("nginx@2.service"), "nginx");
    }

    proptest! {
        /// Whatever is declared: it is refused, or following needs ends.
        #[test]
        fn accepted_needs_end(edges in prop::collection::vec((0..8_u8, 0..8_u8), 0..16)) {
            let services = (0..8_u8).map(|one| {
                let needs: BTreeSet<String> =
                    edges.iter().filter(|(from, _)| *from == one).map(|(_, to)| format!("s{to}")).collect();
                let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
                service(&format!("s{one}"), &[], &needs)
            });
            match Relations::new(services.collect()) {
                Ok(all) => for one in all.iter() {
                    let needed = all.needed_by(&one.name);
                    prop_assert!(needed.iter().all(|other| other.name != one.name));
                },
                Err(RelationError::Cycle(path)) => {
                    prop_assert_eq!(path.first(), path.last());
                    for pair in path.windows(2) {
                        let edge = |(from, to): &(u8, u8)| pair[0].as_str() == format!("s{from}") && pair[1].as_str() == format!("s{to}");
                        prop_assert!(edges.iter().any(edge));
                    }
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
