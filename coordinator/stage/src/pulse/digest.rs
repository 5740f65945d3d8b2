//! What changed since the last pulse: not every wobble, but what lasted, and
//! what is grave at once.

use cast::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A node is stressed once it has been so for this long.
const DWELL: UnixMillis = 10 * 60_000;
/// Trouble is over once it has been better for this long, alerts and services too.
const EASED: UnixMillis = 5 * 60_000;
/// The most alerts and services that are told apart.
const MOST: usize = 256;

/// How a node stands, gravest last. What is bored, happy or not yet known is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Nothing weighs on it.
    Well,
    /// Something does.
    Stressed,
    /// It stopped speaking.
    Silent,
    /// It fails.
    Crisis,
}

impl Stands {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Stressed => "stressed",
            Self::Silent => "silent",
            Self::Crisis => "crisis",
        }
    }

    /// Whether it counts at once, and must be told.
    pub fn is_grave(self) -> bool {
        self >= Self::Silent
    }
}

/// One node as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeNow {
    /// Its name.
    pub name: String,
    /// Whether it is a simulated one.
    pub simulated: bool,
    /// How it stands.
    pub stands: Stands,
    /// Since when.
    pub since: Option<UnixMillis>,
    /// What speaks loudest for it, in words; empty where nothing does.
    pub why: String,
}

/// What is wrong besides nodes: an alert that is active, or a service in trouble.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Trouble {
    /// Who says so: the fleet itself, or one who watches from outside.
    pub source: String,
    /// What it is about: a node, a service, a host.
    pub subject: String,
    /// What, without anything that changes while it lasts.
    pub words: String,
}

impl Trouble {
    /// The fleet itself, as a source.
    pub const FLEET: &'static str = "fleet";

    /// What somebody says.
    pub fn new(source: &str, subject: &str, words: &str) -> Self {
        Self { source: source.to_owned(), subject: subject.to_owned(), words: words.to_owned() }
    }

    /// In full, with what else there is to say of it.
    pub(super) fn with(&self, more: &BTreeMap<Self, String>) -> String {
        match more.get(self).filter(|more| !more.is_empty()) {
            Some(more) => format!("{}: {more}", self.words),
            None => self.words.clone(),
        }
    }
}

/// All that was gathered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// When.
    pub now: UnixMillis,
    /// Every node.
    pub nodes: Vec<NodeNow>,
    /// The gravest that nodes have been since the last pulse, also if it is over.
    pub passed: BTreeMap<String, Stands>,
    /// Alerts that are active, with what else there is to say of each.
    pub alerts: BTreeMap<Trouble, String>,
    /// Services that are in trouble, with what else there is to say of each.
    pub services: BTreeMap<Trouble, String>,
    /// What else those who watch from outside tell, a line each, beside who does.
    pub told: Vec<(String, String)>,
    /// Sources that gave nothing, and why.
    pub missing: BTreeMap<String, String>,
}

/// What was so at the last pulse. Only trouble is held: of a large fleet that
/// is well it is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    troubled: BTreeMap<String, Stands>,
    alerts: Vec<Held>,
    services: Vec<Held>,
}

/// Something that was wrong at the last pulse, or was not wrong for long enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    trouble: Trouble,
    /// Since when nobody says so any more.
    gone: Option<UnixMillis>,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Which node.
    pub node: String,
    /// How it stood.
    pub from: Stands,
    /// How it stands.
    pub to: Stands,
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Nodes, the gravest first.
    pub nodes: Vec<Turned>,
    /// Alerts that are new.
    pub alerts: Vec<Trouble>,
    /// Services newly in trouble.
    pub services: Vec<Trouble>,
    /// How many alerts and services are over.
    pub over: usize,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.alerts.is_empty() && self.services.is_empty() && self.over == 0
    }

    /// Whether alerts are new, or services newly in trouble.
    pub fn has_troubles(&self) -> bool {
        !self.alerts.is_empty() || !self.services.is_empty()
    }

    /// What changed, in words.
    pub fn words(&self) -> String {
        let count = |to: Stands| self.nodes.iter().filter(|turned| turned.to == to).count();
        let counts = [
            (count(Stands::Crisis), "new in crisis"),
            (count(Stands::Silent), "new silent"),
            (count(Stands::Stressed), "newly stressed"),
            (count(Stands::Well), "well again"),
            (self.alerts.len(), "new alerts"),
            (self.services.len(), "services newly in trouble"),
            (self.over, "alerts or services over"),
        ];
        let words: Vec<_> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if words.is_empty() { "nothing changed".to_owned() } else { words.join(", ") }
    }
}

impl Digest {
    /// The digest of what is so now, and what changed since this one.
    pub fn next(&self, scene: &Scene) -> (Self, Changes) {
        let (alerts, new_alerts, alerts_over) = held(&self.alerts, &scene.alerts, scene);
        let (services, new_services, services_over) = held(&self.services, &scene.services, scene);
        let mut next = Self { troubled: BTreeMap::new(), alerts, services };
        let mut changes = Changes {
            nodes: Vec::new(),
            alerts: new_alerts,
            services: new_services,
            over: alerts_over + services_over,
        };
        for node in &scene.nodes {
            let held = self.troubled.get(&node.name).copied().unwrap_or(Stands::Well);
            // What was grave and is over is told as over, however short it was.
            let passed =
                scene.passed.get(&node.name).copied().filter(|passed| *passed > node.stands.max(held));
            let from = passed.unwrap_or(held);
            let to = if passed.is_some() { node.stands } else { settled(held, node, scene.now) };
            if to != Stands::Well {
                next.troubled.insert(node.name.clone(), to);
            }
            if from != to {
                changes.nodes.push(Turned { node: node.name.clone(), from, to });
            }
        }
        // What is grave first; then what is over, gravest first; then by name.
        changes.nodes.sort_by(|one, other| {
            let rank = |turned: &Turned| (turned.to.is_grave(), turned.to.max(turned.from));
            rank(other).cmp(&rank(one)).then_with(|| one.node.cmp(&other.node))
        });
        (next, changes)
    }

    /// How many nodes are held as troubled.
    pub fn troubled(&self) -> usize {
        self.troubled.len()
    }
}

/// What is wrong from now on, what of it is new, and how much is over. What a
/// source said that says nothing now stays as it was; what somebody no longer
/// says is over once that has lasted, so that what comes and goes is told once.
fn held(before: &[Held], now: &BTreeMap<Trouble, String>, scene: &Scene) -> (Vec<Held>, Vec<Trouble>, usize) {
    let is_held = |trouble: &&Trouble| before.iter().any(|held| held.trouble == **trouble);
    let named: Vec<&Trouble> = now.keys().take(MOST).collect();
    let new = named.iter().copied().filter(|trouble| !is_held(trouble)).cloned().collect();
    let mut next: Vec<Held> =
        named.into_iter().map(|trouble| Held { trouble: trouble.clone(), gone: None }).collect();
    let mut over = 0;
    for held in before.iter().filter(|held| !now.contains_key(&held.trouble)) {
        if scene.missing.contains_key(&held.trouble.source) {
            next.push(held.clone());
            continue;
        }
        let gone = held.gone.unwrap_or(scene.now);
        if scene.now.saturating_sub(gone) >= EASED {
            over += 1;
        } else {
            next.push(Held { gone: Some(gone), ..held.clone() });
        }
    }
    next.truncate(2 * MOST);
    (next, new, over)
}

/// How a node counts: what is grave at once, anything else once it has lasted.
fn settled(held: Stands, node: &NodeNow, now: UnixMillis) -> Stands {
    let lasted = node.since.map_or(UnixMillis::MAX, |since| now.saturating_sub(since));
    if node.stands.is_grave() {
        return node.stands;
    }
    let enough = if node.stands > held { DWELL } else { EASED };
    if lasted >= enough { node.stands } else { held }
}
