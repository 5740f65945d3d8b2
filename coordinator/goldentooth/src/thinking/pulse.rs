//! The pulse in real time: what is so is gathered, one call is made if
//! something changed, and what a model said is told.

mod known;

use known::Known;

use super::quiet::{self, Quiet};
use super::{Wanted, gather, watch};
use crate::ask::{Ask, EventQuery};
use crate::company::drill;
use crate::company::word;
use crate::intake::{Cause, Order as Intake};
use crate::live::{Event, Live, Recorded, Said, SaidKind, Update};
use crate::services::Services;
use crate::surfaces::view::{PulseView, WhimBeatView, WhimView, time};
use crate::words::hundredths;
use cast::boredom::Becomes;
use cast::{Cast, Kind};
use frames::{Mood, NodeName};
use minds::proxy::Proxies;
use minds::{PulseSettings, Router, Understudy};
use node_agent::clock;
use serde_json::{Value, json};
use stage::pulse::{Digest, Given, Plan, PulseLine, Report, Scene, Stands, Styles, Timing};
use stage::tale::Tale;
use stage::{Now, Request};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch::Receiver as Watched;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// What somebody wants, and where the answer goes.
pub(super) type Order = (Wanted, oneshot::Sender<PulseView>);

/// The most troubled nodes of which a digest is kept over a restart.
const KEPT: usize = 1_000;
/// The kind of the event that records a pulse.
const KIND: &str = "pulsed";

/// What the pulse lives on.
pub(super) struct Heart {
    pub(super) router: Router,
    pub(super) cast: Cast,
    pub(super) live: Live,
    pub(super) ask: Ask,
    pub(super) orders: mpsc::Sender<Intake>,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) settings: PulseSettings,
    /// Whether models may be asked about simulated nodes.
    pub(super) simulated: bool,
    pub(super) services: Services,
    /// Those who watch from outside.
    pub(super) proxies: Proxies,
    /// Below this activity somebody is bored; 0 for never.
    pub(super) boredom: f32,
    /// The cast as it is.
    pub(super) seen: Watched<Now>,
    /// Whether what happens to the cast is kept.
    pub(super) lasting: bool,
    pub(super) seed: u64,
}

/// What it remembers.
struct Memory {
    digest: Digest,
    styles: Styles,
    understudy: Understudy,
    last: PulseView,
    made: u64,
    /// When that was.
    at: Instant,
    quiet: Quiet,
    /// The gravest that nodes have been since.
    passed: BTreeMap<String, Stands>,
}

impl Memory {
    /// Notes how grave it was, also if it is over by the next pulse.
    fn pass(&mut self, event: &Event, stands: Stands) {
        let Some(node) = event.node() else { return };
        if self.passed.len() < KEPT || self.passed.contains_key(node) {
            let known = self.passed.entry(node.to_owned()).or_insert(stands);
            *known = stands.max(*known);
        }
    }
}

impl Heart {
    /// Beats until nobody can ask any more.
    pub(super) async fn run(self, mut asked: mpsc::Receiver<Order>) {
        let start = Instant::now();
        let now = || start.elapsed().as_millis() as u64;
        let mut timing = Timing::new(0, self.settings.every.as_millis() as u64);
        let mut memory = Memory {
            digest: self.remembered().await,
            styles: Styles::of(&self.cast),
            understudy: Understudy::default(),
            last: PulseView { because: "no pulse has been made yet".to_owned(), ..PulseView::default() },
            made: 0,
            at: start,
            quiet: Quiet::new(0, self.boredom),
            passed: BTreeMap::new(),
        };
        let mut updates = self.live.subscribe_to_news();
        loop {
            let due = start + Duration::from_millis(timing.due());
            tokio::select! {
                order = asked.recv() => {
                    let Some((wanted, answer)) = order else { return };
                    let view = match wanted {
                        Wanted::Last => memory.last.clone(),
                        Wanted::Dry => self.dry(&memory, now()).await,
                        Wanted::Now => {
                            timing.made(now());
                            self.beat(&mut memory, "asked for", now()).await
                        }
                    };
                    // Nobody waiting any longer is no trouble.
                    let _ = answer.send(PulseView { due: time(clock::wall() + left(&timing, now())), ..view });
                }
                () = sleep_until(due) => {
                    let why = if timing.is_urgent() { "urgent".to_owned() } else { self.every() };
                    timing.made(now());
                    self.beat(&mut memory, &why, now()).await;
                }
                update = updates.recv() => match update {
                    Ok(Update::Event(event)) => self.hear(&event, &mut timing, &mut memory, now()),
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    /// What is grave brings the next pulse forward, but not for simulated nodes
    /// of which no model is asked.
    fn hear(&self, event: &Event, timing: &mut Timing, memory: &mut Memory, now: u64) {
        memory.quiet.hear(now, event);
        let grave = grave(event);
        if let Some(stands) = grave {
            memory.pass(event, stands);
        }
        let node: Option<NodeName> = event.node().and_then(|node| node.parse().ok());
        let counts = self.simulated || node.is_none_or(|node| !node.is_simulated());
        if counts && (grave.is_some() || watch::is_pressing(event)) {
            timing.urgent(now);
        }
    }

    async fn scene(&self, memory: &Memory) -> Scene {
        let outside = (&self.live, &self.services, &self.proxies);
        gather::scene(clock::wall(), outside, &memory.passed, memory.at.elapsed()).await
    }

    fn every(&self) -> String {
        format!("every {} min", self.settings.every.as_secs() / 60)
    }

    /// What was so at the last pulse before a restart.
    async fn remembered(&self) -> Digest {
        let query = EventQuery { kind: Some(KIND.to_owned()), limit: 1, ..EventQuery::default() };
        let events = self.ask.events(query).await.unwrap_or_default();
        let digest = events.last().and_then(|event| event.payload.get("digest").cloned());
        digest.and_then(|digest| serde_json::from_value(digest).ok()).unwrap_or_default()
    }

    /// What a pulse would be now.
    async fn dry(&self, memory: &Memory, now: u64) -> PulseView {
        let scene = self.scene(memory).await;
        let (_, changes, nodes) = memory.digest.look(&scene);
        let known = self.known(&nodes, changes.has_troubles()).await;
        let plan = Plan::new(
            &known.house(self, &memory.styles),
            &scene,
            &changes,
            &known.events(),
            &self.every(),
            self.seed,
        );
        let activity = memory.quiet.activity(now, quiet::troubles(&scene), self.at_work());
        PulseView { activity: hundredths(activity), ..view(&plan.report()) }
    }

    async fn beat(&self, memory: &mut Memory, why: &str, now: u64) -> PulseView {
        let scene = self.scene(memory).await;
        memory.at = Instant::now();
        let (digest, changes, nodes) = memory.digest.look(&scene);
        let known = self.known(&nodes, changes.has_troubles()).await;
        memory.made += 1;
        let seed = self.seed.wrapping_add(memory.made << 8);
        let report = {
            let house = known.house(self, &memory.styles);
            let plan = Plan::new(&house, &scene, &changes, &known.events(), why, seed);
            let given = match &plan.request {
                None => Err("nobody was called".to_owned()),
                Some(request) => match self.router.ask(request).await {
                    Ok(given) => Ok(Given {
                        json: given.answer.json,
                        mind: given.by,
                        output: given.output,
                        cached: given.cached,
                    }),
                    Err(nobody) => Err(nobody.to_string()),
                },
            };
            plan.settle(&house, &mut memory.understudy, given, seed)
        };
        if !changes.is_empty() {
            self.tell(&report, &digest, &known).await;
        }
        memory.digest = digest;
        memory.passed.clear();
        let activity = memory.quiet.activity(now, quiet::troubles(&scene), self.at_work());
        let is_bored = memory.quiet.is_bored(now, activity);
        let tale = if is_bored { self.tale(memory, activity, seed).await } else { None };
        if tale.is_some() {
            memory.quiet.rest(now);
        }
        memory.last = PulseView {
            at: time(scene.now),
            activity: hundredths(activity),
            bored: tale.map(shown),
            ..view(&report)
        };
        memory.last.clone()
    }

    /// The share of nodes that are at work: in any mood but boredom.
    fn at_work(&self) -> f32 {
        let nodes = self.live.nodes();
        let at_work = nodes.iter().filter(|node| node.mood.is_some_and(|mood| mood != Mood::Bored)).count();
        at_work as f32 / nodes.len().max(1) as f32
    }

    /// Has somebody who is bored tell a tale; none if this is no time for it.
    async fn tale(&self, memory: &Memory, activity: f32, seed: u64) -> Option<Tale> {
        let teller = quiet::Teller {
            requests: &self.requests,
            router: &self.router,
            cast: &self.cast,
            styles: &memory.styles,
            live: &self.live,
            simulated: self.simulated,
        };
        let tale = teller.tell(Some(activity)).await?.ok()?;
        if tale.whim.becomes == Becomes::Drill {
            self.drill(seed).await;
        }
        Some(tale)
    }

    /// Whoever has a break-in in mind has a failure of this fleet played in words.
    async fn drill(&self, seed: u64) {
        let now = self.seen.borrow().clone();
        let nodes = self.live.nodes();
        if let Some(drill) = drill::drill(&now, (&nodes, self.services.relations()), None, seed) {
            // Intake gone means that everything stops.
            let _ = self.orders.send(drill::order(&drill, self.lasting)).await;
        }
    }

    /// Records a pulse, and tells what a model said in it. What the understudy
    /// fills in was told when it happened.
    async fn tell(&self, report: &Report, digest: &Digest, known: &Known) {
        let kept = if digest.troubled() <= KEPT { json!(digest) } else { Value::Null };
        let payload = json!({
            "because": report.because, "called": report.called, "context": report.context,
            "prefix": report.prefix, "output": report.output, "cached": report.cached,
            "dropped": report.dropped, "lines": report.lines.len(), "digest": kept,
            "words": format!("A pulse: {}.", report.because),
        });
        // Intake gone means that everything stops.
        let _ = self
            .orders
            .send(Intake::Note { kind: KIND, source: "stage", payload, cause: None, lasting: true })
            .await;
        for line in report.lines.iter().filter(|line| line.mind != Understudy::NAME) {
            let event =
                report.facts.iter().find(|fact| line.facts.contains(&fact.id)).and_then(|fact| fact.event);
            // Without the event that it is about a line can't be checked: unsaid.
            let event = event.and_then(|id| known.events.iter().find(|event| event.id == id));
            if let Some(event) = event {
                self.say(line, event).await;
            }
        }
    }

    async fn say(&self, line: &PulseLine, event: &Arc<Event>) {
        let node: Option<NodeName> = event.node().and_then(|node| node.parse().ok());
        let facts: Vec<Value> = line
            .filled
            .iter()
            .map(|filled| {
                let mut fact = json!(filled);
                fact["event"] = json!(event.id);
                fact
            })
            .collect();
        let plain = event.payload.get("words").and_then(Value::as_str).unwrap_or_default();
        let said = Arc::new(Said {
            by: line.by.clone(),
            text: line.text.clone(),
            kind: if line.kind == Kind::Suspicion { SaidKind::Suspicion } else { SaidKind::Fact },
            facts: Recorded::new(&facts),
            node: node.clone(),
            at: clock::wall(),
            cause: event.id.to_string(),
            aside: false,
            bare: line.bare.clone(),
            plain: plain.to_owned(),
        });
        let payload = json!({
            "node": node, "by": said.by, "text": said.text, "kind": said.kind, "facts": facts,
            "mind": line.mind, "bare": said.bare, "plain": said.plain, "aside": false,
        });
        let (cause, source) = (Cause::from(&**event), said.by.clone());
        let order = Intake::Follow { node, cause, kind: crate::voices::SAYS, source, payload, said };
        let _ = self.orders.send(order).await;
    }
}

/// How long it is until the next one, in milliseconds.
fn left(timing: &Timing, now: u64) -> i64 {
    i64::try_from(timing.due().saturating_sub(now)).unwrap_or(i64::MAX)
}

/// How grave an event says that its node is; none for what can wait.
fn grave(event: &Event) -> Option<Stands> {
    let to = event.payload.get("to").and_then(Value::as_str);
    match (event.kind.as_str(), to) {
        ("silent", _) => Some(Stands::Silent),
        ("mood_changed", Some("crisis")) => Some(Stands::Crisis),
        _ => None,
    }
}

/// A tale as surfaces show it.
fn shown(tale: Tale) -> WhimView {
    let Tale { whim, mind } = tale;
    WhimView {
        by: whim.by,
        behaviour: word(&whim.behaviour),
        becomes: word(&whim.becomes),
        trope: whim.trope,
        title: whim.title,
        reads: whim.reads,
        roles: whim.roles,
        beats: whim.beats.into_iter().map(|beat| WhimBeatView { by: beat.by, text: beat.text }).collect(),
        asks: whim.asks,
        mind,
    }
}

/// A report as others see it: the same names, one for one.
fn view(report: &Report) -> PulseView {
    serde_json::to_value(report).and_then(serde_json::from_value).unwrap_or_default()
}
