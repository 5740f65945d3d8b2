//! The cast beside the left half: events go to the stage, lines come back as
//! events, live views and messages. Nothing here can hold anything up: a stage
//! that falls behind passes over events.

use crate::ask::{Ask, EventQuery};
use crate::company::Passage;
use crate::data::{make_private, write_private};
use crate::intake::{Cause, Order};
use crate::live::{Event, Live, NodeSnapshot, Recorded, Said, SaidKind, Update};
use crate::services::Services;
use cast::{Cast, Kind};
use frames::NodeName;
use serde_json::json;
use serde_json::value::to_raw_value;
use stage::{Birth, Born, Glance, Line, Note, Now, Request, Turned, Wanted};
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::Uuid;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

mod hosting;
mod spare;

pub(crate) use hosting::{Hosting, SHEETS, Staged, own_sheets, start};

/// The kind of the event of a line that is a fact or a suspicion, and of one
/// that is fiction: the leaves of their topics.
pub(crate) const SAYS: &str = "says";
const TELLS: &str = "tells";
/// How many events are remembered, for lines that come late.
const REMEMBERED: usize = 4096;
/// At most this often the store is handed all that the cast remembers.
const KEEP: Duration = Duration::from_secs(2);

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
