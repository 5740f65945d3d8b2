//! The cast beside the left half: events go to the stage, lines come back as
//! events, live views and messages. Nothing here can hold anything up: a stage
//! that falls behind passes over events.

use crate::ask::{Ask, EventQuery};
use crate::company::{self, Company, Hosted, Models, Passage};
use crate::config::CastSettings;
use crate::data::{make_private, write_private};
use crate::intake::{Cause, Order};
use crate::live::{Event, Live, NodeSnapshot, Recorded, Said, SaidKind, Update};
use crate::services::Services;
use crate::thinking::{Held, Setting, Thinking};
use cast::{Cast, Kind, Sheet, SheetError};
use frames::NodeName;
use serde_json::json;
use serde_json::value::to_raw_value;
use stage::{Birth, Born, Glance, Kept, Line, Note, Now, Request, Stage, Turned, Wanted};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::Uuid;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

mod spare;

use spare::spare;

/// The kind of the event of a line that is a fact or a suspicion, and of one
/// that is fiction: the leaves of their topics.
pub(crate) const SAYS: &str = "says";
const TELLS: &str = "tells";
/// The folder of the fleet's own sheets, in the data folder.
pub(crate) const SHEETS: &str = "cast";
/// How many events are remembered, for lines that come late.
const REMEMBERED: usize = 4096;
const EVENTS: usize = 1024;
/// At most this often the store is handed all that the cast remembers.
const KEEP: Duration = Duration::from_secs(2);
const LINES: usize = 64;

/// What the cast is put on stage with.
pub(crate) struct Hosting<'a> {
    pub(crate) live: Live,
    pub(crate) ask: Ask,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) company: &'a Company,
    pub(crate) thinking: &'a Thinking,
    /// Language models, with their keys and certificates.
    pub(crate) minds: (minds::Settings, BTreeMap<String, minds::Access>),
    /// Those who watch from outside.
    pub(crate) proxies: minds::proxy::Proxies,
    pub(crate) services: Services,
    pub(crate) settings: &'a CastSettings,
    /// The data folder.
    pub(crate) folder: &'a Path,
    pub(crate) seed: u64,
    /// What the cast remembered before.
    pub(crate) kept: Option<serde_json::Value>,
    /// Whether what happens to the cast is kept: not in a run with simulated nodes.
    pub(crate) lasting: bool,
}

/// Puts the cast on stage. It ends when its task is aborted.
///
/// # Errors
/// [`SheetError`] if a built-in sheet is faulty.
pub(crate) async fn start(hosting: Hosting<'_>) -> Result<Staged, SheetError> {
    let Hosting {
        live,
        ask,
        orders,
        company,
        thinking,
        minds,
        proxies,
        services,
        settings,
        folder,
        seed,
        kept,
        lasting,
    } = hosting;
    let tropes = crate::thinking::quiet::tropes(folder);
    let folder = folder.join(SHEETS);
    let mut cast = Cast::built_in()?.with_most(settings.most);
    own_sheets(&mut cast, &folder);
    for id in settings.veiled.iter().filter(|id| !cast.veil(id)) {
        tracing::error!(id, "[cast] veiled: there is no sheet of this name");
    }
    let mut kept: Kept = kept.map_or_else(Kept::default, |kept| {
        serde_json::from_value(kept).unwrap_or_else(|error| {
            tracing::error!(%error, "what the cast remembered can't be read: it begins anew");
            Kept::default()
        })
    });
    // Whose sheet was taken away is on stage no longer.
    kept.born.retain(|id, _| cast.get(id).is_some());
    let mut stage = Stage::new(cast, seed, settings.for_stage(services.relations().clone()));
    stage.remember(kept);
    stage.begin(node_agent::clock::wall());
    stage.know_tropes(tropes);
    let (events, heard) = broadcast::channel(EVENTS);
    let (out, lines) = mpsc::channel(LINES);
    let (requests, asked) = mpsc::channel(LINES);
    let now = Now::of(&stage);
    let on_stage = Arc::clone(&now.cast);
    let (tell, seen) = watch::channel(now);
    let stage = tokio::spawn(stage::run(stage, heard, asked, out, tell));
    let (asked_of, budget) = (ask.clone(), requests.clone());
    let settling = company::bets::settle(seen.clone(), (live.clone(), ask.clone()), orders.clone());
    let settling = tokio::spawn(settling);
    let setting = Setting {
        settings: minds.0,
        access: minds.1,
        proxies,
        services: services.clone(),
        boredom: settings.boredom as f32,
        seen: seen.clone(),
        lasting,
        // Who is born later joins the pulse at the next start.
        cast: Cast::clone(&seen.borrow().cast),
        live: live.clone(),
        ask: ask.clone(),
        orders: orders.clone(),
        requests: requests.clone(),
        seed,
    };
    let (aliases, simulated) = (setting.settings.pulse.aliases, setting.settings.simulated);
    let held = Held::start(setting).await;
    let models = Models { router: held.router(), aliases, simulated };
    let sparing = tokio::spawn(spare(budget, held.router()));
    thinking.enter(held);
    let passage = Passage::default();
    company.enter(Hosted {
        seen: seen.clone(),
        services: services.clone(),
        live: live.clone(),
        ask,
        orders: orders.clone(),
        requests: requests.clone(),
        models,
        lasting,
        before: Mutex::default(),
        fresh: Mutex::default(),
        passage: Arc::clone(&passage),
    });
    let updates = live.subscribe();
    let (glances, asked) = mpsc::channel(LINES);
    let places = (live.clone(), asked_of, services.clone());
    let looking = company::glance::look(seen.clone(), places, orders.clone(), asked);
    let looking = tokio::spawn(looking);
    let voices = Voices {
        live,
        orders,
        requests,
        services,
        events,
        glances,
        seen,
        passage,
        folder: lasting.then_some(folder),
        roles: HashMap::new(),
        embodied: HashSet::new(),
        cast: on_stage,
        past: VecDeque::new(),
    };
    let (end, ending) = oneshot::channel();
    let task = tokio::spawn(async move {
        voices.run(updates, lines, ending).await;
        stage.abort();
        looking.abort();
        sparing.abort();
        settling.abort();
    });
    Ok(Staged { end, task })
}

/// A cast on stage.
pub(crate) struct Staged {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Staged {
    /// Ends it, when what the cast remembers has been handed on.
    pub(crate) async fn end(self) {
        drop(self.end);
        // A task that failed has told of it.
        let _ = self.task.await;
    }
}

/// Adds the fleet's own sheets, from the folder `cast` of the data folder. A
/// faulty one stays off the stage, and is named in the log.
pub(crate) fn own_sheets(cast: &mut Cast, folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let id = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(file = %file.display(), %error, "a sheet can't be read");
                continue;
            }
        };
        let mut larger = cast.clone();
        let sheet = match Sheet::parse(id, &text) {
            Ok(sheet) => sheet,
            Err(error) => {
                tracing::error!(%error, "a sheet stays off the stage");
                continue;
            }
        };
        if larger.add(sheet).is_err() {
            tracing::error!(id, most = larger.most(), "the stage is full: a sheet stays off it");
            continue;
        }
        let faults = cast::lint::lint(&larger, |_| true);
        match faults.iter().find(|fault| fault.is_fault() && fault.is_about(id)) {
            Some(fault) => tracing::error!(%fault, "a sheet stays off the stage"),
            None => *cast = larger,
        }
    }
}

/// Brings back what each character said last, from the events of before. Fiction is
/// nothing that anybody said of a node.
pub(crate) async fn remember(live: &Live, ask: &Ask) {
    let query = EventQuery { kind: Some(SAYS.to_owned()), ..EventQuery::default() };
    match ask.events(query).await {
        Ok(events) => {
            events.iter().filter_map(|event| said(event)).for_each(|said| live.said(&Arc::new(said)));
        }
        Err(error) => tracing::warn!(%error, "what was said before can't be read"),
    }
}

struct Voices {
    live: Live,
    orders: mpsc::Sender<Order>,
    requests: mpsc::Sender<Request>,
    services: Services,
    events: broadcast::Sender<Arc<Event>>,
    glances: mpsc::Sender<Glance>,
    seen: watch::Receiver<Now>,
    passage: Passage,
    /// Where newborns' sheets go; none if nothing is kept.
    folder: Option<PathBuf>,
    /// What each node is for, as the stage was last told.
    roles: HashMap<NodeName, String>,
    embodied: HashSet<NodeName>,
    /// Who was on stage when nodes were last embodied.
    cast: Arc<Cast>,
    past: VecDeque<Cause>,
}

impl Voices {
    async fn run(
        mut self,
        mut updates: broadcast::Receiver<Update>,
        mut lines: mpsc::Receiver<Wanted>,
        mut ending: oneshot::Receiver<()>,
    ) {
        for node in self.live.nodes() {
            self.meet(&node).await;
        }
        // What changes on a calm stage is kept at once, on a busy one with what follows.
        let (mut kept, mut changed) = (None::<Instant>, false);
        loop {
            let due = kept.map_or_else(Instant::now, |kept| kept + KEEP);
            tokio::select! {
                _ = &mut ending => break,
                line = lines.recv() => match line {
                    Some(Wanted::Line(line)) => self.say(*line).await,
                    // Whoever looks has enough to look at: another time.
                    Some(Wanted::Glance(glance)) => drop(self.glances.try_send(glance)),
                    Some(Wanted::Turned(turned)) => self.decline(turned).await,
                    Some(Wanted::Born(born)) => self.record(*born).await,
                    Some(Wanted::Note(note)) => self.note(*note).await,
                    None => break,
                },
                () = sleep_until(due), if changed => {
                    (kept, changed) = (Some(Instant::now()), false);
                    self.keep().await;
                }
                turned = self.seen.changed(), if !changed => match turned {
                    Ok(()) => {
                        changed = true;
                        self.recast();
                    }
                    Err(_) => break,
                },
                update = updates.recv() => match update {
                    Ok(Update::Event(event)) => self.hear(event),
                    Ok(Update::Node(node)) => self.meet(&node).await,
                    Ok(Update::Said(_) | Update::Gone(_) | Update::Erased(_)) => {}
                    Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "the cast passes over updates"),
                    Err(RecvError::Closed) => break,
                },
            }
        }
        if changed {
            self.keep().await;
        }
    }

    /// Tells the stage what a node is for, where that is new: its group, else
    /// the role of a service that is declared there.
    async fn meet(&mut self, node: &NodeSnapshot) {
        let role = node.tag.group.as_deref();
        let role = role.or_else(|| self.services.relations().role_of(node.name.as_str()));
        if role != self.roles.get(&node.name).map(String::as_str) {
            let role = role.map(str::to_owned);
            match role.clone() {
                Some(role) => self.roles.insert(node.name.clone(), role),
                None => self.roles.remove(&node.name),
            };
            // The stage gone means that everything stops.
            let _ = self.requests.send(Request::Settle(node.name.to_string(), role)).await;
        }
        self.embody(&node.name);
    }

    fn embody(&mut self, name: &NodeName) {
        if self.embodied.contains(name) {
            return;
        }
        let cast = Arc::clone(&self.seen.borrow().cast);
        if let Some(sheet) = cast.embody(name.as_str()) {
            self.embodied.insert(name.clone());
            self.live.embody(name, &sheet.id);
        }
    }

    /// Whoever is on stage now may embody a node that another embodied before.
    fn recast(&mut self) {
        let cast = Arc::clone(&self.seen.borrow().cast);
        if Arc::ptr_eq(&cast, &self.cast) {
            return;
        }
        for node in self.live.nodes() {
            let head = cast.embody(node.name.as_str()).map(|sheet| sheet.id.as_str());
            if head.is_some() && head != node.character.as_deref() {
                self.embodied.remove(&node.name);
            }
            self.embody(&node.name);
        }
        self.cast = cast;
    }

    /// Hands on what the cast remembers.
    async fn keep(&mut self) {
        self.recast();
        if self.folder.is_none() {
            return;
        }
        // What is read here is sent before anybody is forgotten, or read after that.
        let passage = Arc::clone(&self.passage);
        let _turn = passage.lock().await;
        let kept = to_raw_value(&self.seen.borrow_and_update().kept);
        match kept {
            // Intake gone means that everything stops.
            Ok(kept) => drop(self.orders.send(Order::Keep(kept)).await),
            Err(error) => tracing::error!(%error, "what the cast remembers can't be written"),
        }
    }

    /// Somebody was born: its sheet is written, and the birth told.
    async fn record(&self, Born { id, birth, text }: Born) {
        if let Some(folder) = &self.folder {
            let file = folder.join(format!("{id}.toml"));
            let written = make_private(folder).and_then(|()| write_private(&file, text.as_bytes()));
            if let Err(error) = written {
                tracing::error!(id, %error, "a newborn's sheet can't be kept: it lives until the next start");
            }
        }
        let cast = Arc::clone(&self.seen.borrow().cast);
        let name = cast.get(&id).map_or(id.as_str(), |sheet| sheet.name.as_str());
        let Birth { node, why, cause, .. } = &birth;
        let payload = json!({
            "by": id, "node": node, "why": why,
            "words": format!("{name} came on stage, as {node}'s own: {why}."),
        });
        let cause =
            cause.as_ref().and_then(|cause| self.past.iter().find(|event| event.id.to_string() == *cause));
        let order = Order::Note {
            kind: "born",
            source: "stage",
            payload,
            cause: cause.copied(),
            lasting: self.folder.is_some(),
        };
        let _ = self.orders.send(order).await;
    }

    /// Records what the stage wants recorded.
    async fn note(&self, Note { kind, payload, cause }: Note) {
        let node: Option<NodeName> =
            payload.get("node").and_then(|node| node.as_str()).and_then(|node| node.parse().ok());
        let simulated = node.is_some_and(|node| node.is_simulated());
        let cause = cause.and_then(|id| self.past.iter().rev().find(|event| event.id == id)).copied();
        let lasting = self.folder.is_some() && !simulated;
        // Intake gone means that everything stops.
        let _ = self.orders.send(Order::Note { kind, source: "stage", payload, cause, lasting }).await;
    }

    fn hear(&mut self, event: Arc<Event>) {
        if matches!(event.kind.as_str(), SAYS | TELLS) {
            return;
        }
        if self.past.len() >= REMEMBERED {
            self.past.pop_front();
        }
        self.past.push_back(Cause::from(&*event));
        // Only without a stage is there nobody to hear it.
        let _ = self.events.send(event);
    }

    /// What was declined is recorded, with its cause.
    async fn decline(&self, turned: Turned) {
        let Turned { by, why, count, room, event, path } = turned;
        let node: Option<NodeName> = room.parse().ok();
        let cast = Arc::clone(&self.seen.borrow().cast);
        let who = cast.get(&by).map_or("The cast", |sheet| sheet.name.as_str());
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        let circle = if path.is_empty() { String::new() } else { format!(" ({})", path.join(" → ")) };
        let payload = json!({
            "node": node, "by": by, "why": why.name(), "count": count, "event": event, "path": path,
            "words": format!("{who} had to decline {times}: {}{circle}.", why.words()),
        });
        // Intake gone means that everything stops.
        let _ = self
            .orders
            .send(Order::Note {
                kind: "declined",
                source: "stage",
                payload,
                cause: None,
                lasting: self.folder.is_some(),
            })
            .await;
    }

    async fn say(&self, line: Line) {
        let Some(cause) = self.past.iter().rev().find(|event| event.id == line.cause) else {
            // A sentence whose event is not at hand can't be checked: unsaid.
            tracing::warn!(cause = %line.cause, "a line about an event that is forgotten");
            return;
        };
        let kind = match line.kind {
            Kind::Fact => SaidKind::Fact,
            Kind::Suspicion => SaidKind::Suspicion,
            Kind::Fiction => SaidKind::Fiction,
        };
        let facts = serde_json::to_value(&line.facts).unwrap_or_default();
        let node: Option<NodeName> = line.node.parse().ok();
        let said = Arc::new(Said {
            by: line.by,
            text: line.text,
            bare: line.bare,
            plain: line.plain,
            kind,
            facts: Recorded::new(&facts),
            node: node.clone(),
            at: line.at,
            cause: line.cause.to_string(),
            aside: line.aside,
        });
        let payload = json!({
            "node": node, "by": said.by, "text": said.text, "kind": said.kind, "facts": facts,
            "mind": line.mind, "bare": said.bare, "plain": said.plain, "aside": line.aside, "feeling": line.feeling,
            "readiness": line.readiness, "thoughts": line.thoughts,
        });
        let order = Order::Follow {
            node,
            cause: *cause,
            kind: if kind == SaidKind::Fiction { TELLS } else { SAYS },
            source: said.by.clone(),
            payload,
            said,
        };
        // Intake gone means that everything stops.
        let _ = self.orders.send(order).await;
    }
}

/// What an event of ours says was said.
fn said(event: &Event) -> Option<Said> {
    let text = |key: &str| event.payload.get(key).and_then(serde_json::Value::as_str);
    Some(Said {
        by: text("by")?.to_owned(),
        text: text("text")?.to_owned(),
        bare: text("bare").unwrap_or_default().to_owned(),
        plain: text("plain").unwrap_or_default().to_owned(),
        kind: serde_json::from_value(event.payload.get("kind")?.clone()).ok()?,
        facts: Recorded::new(&event.payload.get("facts")),
        node: text("node").and_then(|node| node.parse().ok()),
        at: event.at,
        cause: event.causation.as_ref().map(Uuid::to_string).unwrap_or_default(),
        aside: false,
    })
}
