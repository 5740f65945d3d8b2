//! The cast that is on stage.

use super::{CompanyError, Models, NOBODY, Wish, council};
use crate::ask::Ask;
use crate::intake::Order;
use crate::live::Live;
use crate::services::Services;
use crate::surfaces::view::{CouncilView, FactView, ToldView};
use crate::thinking::quiet::Teller;
use crate::words::lock;
use cast::Cast;
use cast::ask::Asked;
use cast::style::Styled;
use frames::NodeName;
use node_agent::clock::wall;
use serde_json::json;
use stage::pulse::Styles;
use stage::{Now, Request};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot, watch};

/// So many facts of the latest answers are at hand: more than two seconds bring, or on
/// an SD card thirty.
const FRESH: usize = 512;

/// The cast on stage, and what it takes to answer.
pub(crate) struct Hosted {
    pub(crate) seen: watch::Receiver<Now>,
    pub(crate) services: Services,
    pub(crate) live: Live,
    pub(crate) ask: Ask,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) models: Models,
    /// Whether what happens here is kept for good.
    pub(crate) lasting: bool,
    pub(crate) before: Mutex<BTreeMap<String, Asked>>,
    /// The facts of the latest answers, which the store has only after its next commit.
    pub(crate) fresh: Mutex<VecDeque<FactView>>,
    pub(crate) passage: Passage,
}

/// The way into the store of what names people, one at a time: who forgets a person
/// knows by it what was sent before. It counts the people who were forgotten.
pub(crate) type Passage = Arc<tokio::sync::Mutex<u64>>;

impl Hosted {
    /// A fact of an answer that was given lately.
    pub(super) fn fresh(&self, id: &str) -> Option<FactView> {
        lock::mutex(&self.fresh).iter().find(|fact| fact.id == id).cloned()
    }

    pub(super) fn keep_fresh(&self, facts: &[FactView]) {
        let mut fresh = lock::mutex(&self.fresh);
        fresh.extend(facts.iter().cloned());
        let surplus = fresh.len().saturating_sub(FRESH);
        fresh.drain(..surplus);
    }

    pub(super) async fn request<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, CompanyError> {
        let (sender, answer) = oneshot::channel();
        self.requests.send(make(sender)).await.map_err(|_| CompanyError::Away)?;
        answer.await.map_err(|_| CompanyError::Away)
    }

    pub(super) fn cast(&self) -> Arc<Cast> {
        Arc::clone(&self.seen.borrow().cast)
    }

    /// Things as a character tells them: whom one names, else who embodies the node.
    /// None if it has no style, or nobody tells them.
    pub(super) fn tell(
        &self,
        by: Option<&str>,
        node: Option<&str>,
        (things, seed): (&[&str], u64),
    ) -> Result<Option<ToldView>, CompanyError> {
        let cast = self.cast();
        let sheet = match by {
            Some(by) => {
                let nobody = || CompanyError::Nobody(by.to_owned());
                Some(cast.meant_by(by).first().copied().ok_or_else(nobody)?)
            }
            None => node.and_then(|node| cast.embody(node)),
        };
        let told = sheet.and_then(|sheet| Some((sheet, sheet.style?)));
        Ok(told.map(|(sheet, style)| {
            let Styled { opens, lines, ends } = style.whole(things.iter().copied(), seed);
            let (by, name, style) = (sheet.id.clone(), sheet.name.clone(), style.name.clone());
            ToldView { by, name, style, opens, lines, ends }
        }))
    }

    pub(super) async fn wish(&self, name: &str, wish: Wish, person: &str) -> Result<String, CompanyError> {
        let forgotten = *self.passage.lock().await;
        let nobody = || CompanyError::Nobody(name.to_owned());
        let cast = self.cast();
        let sheet = cast.meant_by(name).first().copied().ok_or_else(nobody)?;
        let id = sheet.id.clone();
        let (kind, done, words, payload) = match wish {
            Wish::Mute(mute) => {
                let done = self.request(|answer| Request::Mute(id.clone(), mute, answer)).await?;
                let words =
                    if mute { "is muted; what is grave is left to others." } else { "may speak again." };
                ("muted", done, words.to_owned(), json!({ "muted": mute }))
            }
            Wish::Thumb(up) => {
                let done = self.request(|answer| Request::Thumb(id.clone(), up, answer)).await?;
                let words = if up {
                    "has your thumb, and will be heard sooner."
                } else {
                    "will stand back a little."
                };
                ("thumbed", done, words.to_owned(), json!({ "up": up }))
            }
            Wish::Guess(guess) => {
                let right = self.request(|answer| Request::Guess(id.clone(), guess.clone(), answer)).await?;
                if !right.ok_or_else(|| CompanyError::NoVeil(sheet.name.clone()))? {
                    return Ok(format!("No. {} keeps it to itself a while longer.", sheet.name));
                }
                ("guessed", true, format!("was found out: {}.", guess.trim()), json!({ "right": true }))
            }
        };
        if !done {
            return Err(nobody());
        }
        let words = format!("{} {words}", sheet.name);
        let mut payload = payload;
        payload["by"] = id.into();
        payload["words"] = words.clone().into();
        self.note_of((person, forgotten), kind, payload).await;
        Ok(words)
    }

    /// Gives a node a character of its own; gives what there is to say about it.
    pub(super) async fn bear(&self, node: &str) -> Result<String, CompanyError> {
        let known = node.parse().ok().and_then(|name| self.live.node(&name));
        let node = known.ok_or_else(|| CompanyError::NoNode(node.to_owned()))?.name.to_string();
        let now = node_agent::clock::wall();
        let born = self.request(|answer| Request::Bear(node.clone(), now, answer)).await?;
        let id = born.map_err(|error| CompanyError::Unborn(error.to_string()))?;
        Ok(format!("{id} is on stage, as {node}'s own: goldentooth cast show {id}"))
    }

    /// Has a tale told; gives what there is to say about it.
    pub(super) async fn tale(&self) -> Result<String, CompanyError> {
        let cast = self.cast();
        let teller = Teller {
            requests: &self.requests,
            router: &self.models.router,
            cast: &cast,
            styles: &Styles::of(&cast),
            live: &self.live,
            simulated: self.models.simulated,
        };
        let begun = teller.tell(None).await.ok_or(CompanyError::Away)?;
        let tale = begun.map_err(|error| CompanyError::Untold(error.to_string()))?;
        let title = &tale.whim.title;
        Ok(format!("A tale begins, all of it made up: “{title}”. goldentooth events --follow has it."))
    }

    /// Records what a person did since so many people had been forgotten: if somebody was
    /// forgotten meanwhile, it is told of nobody.
    pub(super) async fn note_of(
        &self,
        (person, forgotten): (&str, u64),
        kind: &'static str,
        mut payload: serde_json::Value,
    ) {
        let now = self.passage.lock().await;
        if *now != forgotten {
            payload = store::forgotten();
        } else if person != NOBODY {
            payload["person"] = person.into();
        }
        self.note(kind, payload).await;
    }

    pub(super) async fn note(&self, kind: &'static str, payload: serde_json::Value) {
        // Intake gone means that everything stops.
        let note = Order::Note { kind, source: "stage", payload, cause: None, lasting: self.lasting };
        let _ = self.orders.send(note).await;
    }

    /// What every eye of the cast sees in a node; none if it has not spoken.
    pub(super) async fn council(&self, name: &NodeName) -> Result<Option<CouncilView>, CompanyError> {
        let Some(node) = self.live.node(name) else { return Ok(None) };
        let portraits = self.request(Request::Portraits).await?;
        let (now, cast) = (wall(), self.cast());
        let council = council::sit(&cast, (&self.ask, &self.services), &self.live.nodes(), &node, now).await;
        Ok(Some(council::shown(&cast, &portraits, &council, &node, now)))
    }
}

/// The word that a value is in JSON.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
