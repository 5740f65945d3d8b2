//! The cast beside the left half: events go to the stage, lines come back as
//! events, live views and messages. Nothing here can hold anything up: a stage
//! that falls behind passes over events.

use crate::ask::{Ask, EventQuery};
use crate::company::{self, Company, Hosted};
use crate::intake::{Cause, Order};
use crate::live::{Event, Live, Recorded, Said, SaidKind, Update};
use crate::thinking::{Held, Setting, Thinking};
use cast::{Cast, Kind, Sheet, SheetError};
use frames::NodeName;
use serde_json::json;
use stage::{Glance, Line, Request, Stage, Turned, Wanted};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::Uuid;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The kind of the event of a line that is a fact or a suspicion, and of one
/// that is fiction: the leaves of their topics.
pub(crate) const SAYS: &str = "says";
const TELLS: &str = "tells";
/// How many events are remembered, for lines that come late.
const REMEMBERED: usize = 4096;
const EVENTS: usize = 1024;
const LINES: usize = 64;
/// How often the load of this machine is looked at.
const SPARE: Duration = Duration::from_secs(10);

/// Puts the cast on stage. It ends when its task is aborted.
///
/// # Errors
/// [`SheetError`] if a built-in sheet is faulty.
pub(crate) async fn start(
    (live, ask): (Live, Ask),
    orders: mpsc::Sender<Order>,
    (company, thinking): (&Company, &Thinking),
    (folder, (settings, keys)): (&Path, (minds::Settings, BTreeMap<String, minds::Key>)),
    seed: u64,
) -> Result<JoinHandle<()>, SheetError> {
    let mut cast = Cast::built_in()?;
    own_sheets(&mut cast, &folder.join("cast"));
    let mut stage = Stage::new(cast.clone(), seed);
    let guessed = EventQuery { kind: Some("guessed".to_owned()), ..EventQuery::default() };
    for event in ask.events(guessed).await.unwrap_or_default() {
        if let Some(by) = event.payload.get("by").and_then(serde_json::Value::as_str) {
            stage.remember_guessed(by);
        }
    }
    let (events, heard) = broadcast::channel(EVENTS);
    let (out, lines) = mpsc::channel(LINES);
    let (requests, asked) = mpsc::channel(LINES);
    let stage = tokio::spawn(stage::run(stage, heard, asked, out));
    let (asked_of, budget) = (ask.clone(), requests.clone());
    let setting = Setting {
        settings,
        keys,
        cast: cast.clone(),
        live: live.clone(),
        ask: ask.clone(),
        orders: orders.clone(),
        requests: requests.clone(),
        seed,
    };
    thinking.enter(Held::start(setting).await);
    company.enter(Hosted {
        cast: cast.clone(),
        services: Vec::new(),
        live: live.clone(),
        ask,
        orders: orders.clone(),
        requests,
        before: Mutex::new(BTreeMap::new()),
    });
    let updates = live.subscribe();
    let (glances, asked) = mpsc::channel(LINES);
    let looking = company::glance::look(cast.clone(), (live.clone(), asked_of), orders.clone(), asked);
    let looking = tokio::spawn(looking);
    let sparing = tokio::spawn(spare(budget));
    let voices =
        Voices { cast, live, orders, events, glances, embodied: HashSet::new(), past: VecDeque::new() };
    Ok(tokio::spawn(async move {
        voices.run(updates, lines).await;
        stage.abort();
        looking.abort();
        sparing.abort();
    }))
}

/// Tells the stage what this machine can spare, by its load.
async fn spare(requests: mpsc::Sender<Request>) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    loop {
        // In 65,536ths, of the last minute.
        let load = rustix::system::sysinfo().loads[0] as f32 / 65_536.0;
        let budget = cast::life::compute_budget(load / cores as f32, 1_000);
        if requests.send(Request::Budget(budget)).await.is_err() {
            return;
        }
        tokio::time::sleep(SPARE).await;
    }
}

/// Adds the fleet's own sheets, from the folder `cast` of the data folder. A
/// faulty one stays off the stage, and is named in the log.
fn own_sheets(cast: &mut Cast, folder: &Path) {
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
            tracing::error!(id, most = cast::MOST, "the stage is full: a sheet stays off it");
            continue;
        }
        let faults = cast::lint::lint(&larger, |_| true);
        match faults.iter().find(|fault| fault.to_string().contains(&format!("{id}.toml"))) {
            Some(fault) => tracing::error!(%fault, "a sheet stays off the stage"),
            None => *cast = larger,
        }
    }
}

/// Brings back what each character said last, from the events of before.
pub(crate) async fn remember(live: &Live, ask: &Ask) {
    for kind in [SAYS, TELLS] {
        let query = EventQuery { kind: Some(kind.to_owned()), ..EventQuery::default() };
        match ask.events(query).await {
            Ok(events) => {
                events.iter().filter_map(|event| said(event)).for_each(|said| live.said(&Arc::new(said)));
            }
            Err(error) => tracing::warn!(%error, "what was said before can't be read"),
        }
    }
}

struct Voices {
    cast: Cast,
    live: Live,
    orders: mpsc::Sender<Order>,
    events: broadcast::Sender<Arc<Event>>,
    glances: mpsc::Sender<Glance>,
    embodied: HashSet<NodeName>,
    past: VecDeque<Cause>,
}

impl Voices {
    async fn run(mut self, mut updates: broadcast::Receiver<Update>, mut lines: mpsc::Receiver<Wanted>) {
        for node in self.live.nodes() {
            self.embody(&node.name);
        }
        loop {
            tokio::select! {
                line = lines.recv() => match line {
                    Some(Wanted::Line(line)) => self.say(*line).await,
                    // Whoever looks has enough to look at: another time.
                    Some(Wanted::Glance(glance)) => drop(self.glances.try_send(glance)),
                    Some(Wanted::Turned(turned)) => self.decline(turned).await,
                    None => return,
                },
                update = updates.recv() => match update {
                    Ok(Update::Event(event)) => self.hear(event),
                    Ok(Update::Node(node)) => self.embody(&node.name),
                    Ok(Update::Said(_) | Update::Gone(_)) => {}
                    Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "the cast passes over updates"),
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    fn embody(&mut self, name: &NodeName) {
        if !self.embodied.contains(name)
            && let Some(sheet) = self.cast.embody(name.as_str())
        {
            self.embodied.insert(name.clone());
            self.live.embody(name, &sheet.id);
        }
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
        let Turned { by, why, count, room, event } = turned;
        let node: Option<NodeName> = room.parse().ok();
        let who = self.cast.get(&by).map_or("The cast", |sheet| sheet.name.as_str());
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        let payload = json!({
            "node": node, "by": by, "why": why.name(), "count": count, "event": event,
            "words": format!("{who} had to decline {times}: {}.", why.words()),
        });
        // Intake gone means that everything stops.
        let _ = self.orders.send(Order::Note { kind: "declined", source: "stage", payload }).await;
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
