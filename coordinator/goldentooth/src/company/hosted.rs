//! The cast that is on stage.

use super::answer::{self, Scene, Told};
use super::grown::Grown;
use super::plots::Plots;
use super::{CompanyError, Models, NOBODY, Show, Wish, council};
use crate::ask::{Ask, EventQuery};
use crate::flavour::Flavour;
use crate::intake::Order;
use crate::live::Live;
use crate::services::Services;
use crate::surfaces::view::{
    AnswerView, AnswersView, BetView, BetsView, BornView, CharacterView, CouncilView, FactView, SaidView,
    ServiceView, ToldView, TriggerView, time,
};
use crate::thinking::quiet::Teller;
use crate::words::{hundredths, lock};
use cast::ask::{Asked, Names, understand};
use cast::life::{Bearing, Readiness};
use cast::style::Styled;
use cast::{Cast, Sheet, Signal};
use frames::NodeName;
use minds::Understudy;
use node_agent::clock::wall;
use serde_json::json;
use stage::pulse::Styles;
use stage::{Asking, Heard, Now, Portrait, Request};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// The longest question, in bytes.
const LONGEST: usize = 2_000;
/// The most people whose last question is remembered.
const PEOPLE: usize = 256;
/// The most characters that answer `@all`.
const ALL: usize = 6;
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

    fn keep_fresh(&self, facts: &[FactView]) {
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

    fn cast(&self) -> Arc<Cast> {
        Arc::clone(&self.seen.borrow().cast)
    }

    pub(super) async fn characters(&self) -> Result<Vec<CharacterView>, CompanyError> {
        let portraits = self.request(Request::Portraits).await?;
        let known = self.services.all(&self.live);
        let known: Vec<ServiceView> = known.iter().map(ServiceView::from).collect();
        let Now { cast, kept } = self.seen.borrow().clone();
        let sheets = portraits.iter().filter_map(|portrait| Some((cast.get(&portrait.id)?, portrait)));
        let now = wall();
        let plots = Plots::read(&self.ask).await;
        let grown = |sheet| Grown { growth: &kept.grown, cast: &cast, sheet, now };
        let shown = sheets.map(|(sheet, portrait)| {
            let mut view = self.view(&grown(sheet), portrait, &known);
            view.threads = plots.threads(&kept.threads, &cast, sheet);
            view.nature = plots.nature(sheet, now).filter(|_| !kept.grown.is_fixed());
            view
        });
        Ok(shown.collect())
    }

    fn view(&self, grown: &Grown<'_>, portrait: &Portrait, services: &[ServiceView]) -> CharacterView {
        let Grown { growth, cast, sheet, now } = *grown;
        let shares = |traits: cast::Traits| {
            traits.iter().map(|(name, value)| (name.to_owned(), hundredths(value))).collect()
        };
        let nodes = self.live.nodes().into_iter().map(|node| node.name.to_string());
        let nodes = nodes.filter(|node| cast.embody(node).is_some_and(|head| head.id == sheet.id));
        let said = portrait.last.as_ref().map(|line| SaidView {
            by: line.by.clone(),
            text: line.text.clone(),
            bare: line.bare.clone(),
            plain: line.plain.clone(),
            kind: serde_json::from_value(json!(line.kind)).unwrap_or(crate::live::SaidKind::Fact),
            facts: serde_json::to_value(&line.facts).unwrap_or_default(),
            at: time(line.at),
        });
        CharacterView {
            id: sheet.id.clone(),
            name: sheet.name.clone(),
            house: sheet.house.clone(),
            archetype: sheet.archetype.clone(),
            style: sheet.style.map(|style| style.name.clone()),
            office: sheet.office.map(|office| office.name().to_owned()),
            embodies: portrait.embodies.clone(),
            readiness: word(&portrait.readiness),
            readiness_because: readiness_because(portrait),
            feeling: word(&portrait.feeling),
            feeling_because: portrait.cause.map(str::to_owned),
            energy: portrait.energy,
            attention: portrait.attention,
            traits: shares(growth.traits(sheet, now)),
            sheet_traits: shares(sheet.traits),
            modifiers: grown.modifiers(),
            nature: None,
            threads: Vec::new(),
            relationships: grown.relationships(),
            last_said: said,
            nodes: nodes.collect(),
            muted: portrait.muted,
            // What a veiled one reacts to is for people to find out.
            triggers: sheet
                .triggers
                .iter()
                .filter(|_| portrait.known)
                .map(|trigger| {
                    let (supplied, supply) = supply(&trigger.signal, services);
                    TriggerView {
                        signal: trigger.signal.to_string(),
                        feeling: word(&trigger.feeling),
                        why: trigger.why.clone(),
                        supplied,
                        supply,
                    }
                })
                .collect(),
            eye: if portrait.known { word(&sheet.eye) } else { String::new() },
            born: portrait.birth.as_ref().map(|birth| BornView {
                node: birth.node.clone(),
                why: birth.why.to_string(),
                at: time(birth.at),
                event: birth.cause.clone(),
            }),
            bets: bets(portrait),
            // Nor what it remembers, which would tell.
            memories: if portrait.known { grown.memories() } else { Vec::new() },
            insights: if portrait.known { grown.insights() } else { Vec::new() },
            people: grown.people(),
        }
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

    pub(super) async fn ask(
        &self,
        text: &str,
        person: &str,
        flavour: Flavour,
        show: Option<&Show>,
    ) -> Result<AnswersView, CompanyError> {
        if text.trim().is_empty() || text.len() > LONGEST {
            return Err(CompanyError::Question(format!("a question has 1 to {LONGEST} bytes")));
        }
        let forgotten = *self.passage.lock().await;
        let nodes = self.live.nodes();
        let cast = self.cast();
        let names = Names {
            nodes: nodes.iter().map(|node| node.name.to_string()).collect(),
            characters: cast.called(),
            vitals: frames::Vital::ALL
                .iter()
                .map(|vital| (vital.name().to_owned(), vital.name().to_owned()))
                .collect(),
        };
        let before = self.remembered(person).await;
        let asked = understand(text, &names, before.as_ref());
        let portraits = self.request(Request::Portraits).await?;
        let (ask, services) = (&self.ask, &self.services);
        let scene = Scene { cast: &cast, nodes: &nodes, ask, services, portraits: &portraits };
        let (meant, named) = speakers(&cast, text, &asked);
        let floor = self.floor(&cast, text, (person, forgotten), &meant, named).await?;
        let speakers: Vec<&Sheet> = floor.by.iter().filter_map(|id| cast.get(id)).collect();
        let called = answer::call(&scene, &asked).await;
        let mut told: Vec<(&Sheet, Told)> = Vec::new();
        for sheet in &speakers {
            let one = answer::answer(&scene, &asked, sheet).await;
            told.push((
                sheet,
                match &called {
                    Some(called) => called.join(one, sheet, named),
                    None => one,
                },
            ));
        }
        // Whoever is named is asked for nobody else's word, and a room that has had
        // enough bears no debate; nor does one who is muted take part in one.
        let debated = !named && floor.more && flavour == Flavour::Full;
        for (by, argument) in called.iter().filter(|_| debated).flat_map(answer::Called::debate) {
            let muted = portraits.iter().any(|portrait| portrait.id == by && portrait.muted);
            told.extend(cast.get(&by).filter(|_| !muted).map(|sheet| (sheet, argument)));
        }
        let id = Uuid::now_v7();
        let (grown, now) = (self.seen.borrow().kept.grown.clone(), wall());
        let (mut answers, mut recorded) = (Vec::new(), Vec::new());
        // In an emergency the fact comes first, and nothing before it.
        let plainly = called.is_some_and(|called| called.is_emergency());
        let voiced = if plainly || flavour == Flavour::Off || asked.kind.is_none() {
            Vec::new()
        } else {
            self.models.voice(&cast, text, &told, &nodes, show).await
        };
        let mut voiced = voiced.into_iter();
        for (place, (sheet, mut told)) in told.into_iter().enumerate() {
            for fact in &mut told.facts {
                fact.id = format!("{id}.{}", recorded.len());
                recorded.push(fact.clone());
            }
            let seed = (id.as_u128() as u64).wrapping_add(place as u64);
            let portrait = portraits.iter().find(|portrait| portrait.id == sheet.id);
            let regard = grown.regard_of(&sheet.id, person, now);
            let bearing = portrait.filter(|_| flavour == Flavour::Full).map(|portrait| Bearing {
                readiness: portrait.readiness,
                feeling: portrait.feeling,
                tone: portrait.tone,
                regard,
            });
            // It speaks as it has come to be.
            let sheet = &Sheet { traits: grown.traits(sheet, now), ..sheet.clone() };
            let (text, mind) = match voiced.next().flatten() {
                Some(voiced) => (voiced.text, voiced.mind),
                None if plainly || flavour == Flavour::Off => (told.text, Understudy::NAME.to_owned()),
                None => (Understudy::answer(sheet, &told.text, bearing, seed), Understudy::NAME.to_owned()),
            };
            answers.push(AnswerView {
                by: sheet.id.clone(),
                text,
                facts: told.facts,
                mind,
                kind: told.kind.to_owned(),
            });
        }
        if asked.kind.is_some() {
            let mut people = lock::mutex(&self.before);
            if people.len() < PEOPLE || people.contains_key(person) {
                people.insert(person.to_owned(), asked.clone());
            }
        }
        self.keep_fresh(&recorded);
        let answered = json!({
            "answer": id, "question": text, "key": fnv(text), "asked": asked, "facts": recorded,
            "answers": answers.iter().map(|one| json!({ "by": one.by, "text": one.text, "mind": one.mind })).collect::<Vec<_>>(),
            "words": format!("{person} asked: {text}"),
        });
        self.note_of((person, forgotten), "answered", answered).await;
        Ok(AnswersView { answers })
    }

    /// Asks the stage who has the floor. A question that is declined is recorded
    /// with its cause.
    async fn floor(
        &self,
        cast: &Cast,
        text: &str,
        (person, forgotten): (&str, u64),
        meant: &[&Sheet],
        named: bool,
    ) -> Result<TheFloor, CompanyError> {
        let mut asking = Asking {
            room: Asking::room_of(person),
            person: person.to_owned(),
            key: fnv(text),
            ..Asking::default()
        };
        if named {
            asking.named = meant.iter().map(|sheet| sheet.id.clone()).collect();
        } else {
            // The stage manager's choice; the heads of households stand in.
            asking.concerned = meant.iter().map(|sheet| (sheet.id.clone(), 1_000)).collect();
            let heads = cast.sheets().iter().filter(|sheet| sheet.heads_a_house());
            let others = heads.filter(|sheet| meant.iter().all(|one| one.id != sheet.id));
            asking.concerned.extend(others.map(|sheet| (sheet.id.clone(), 100)));
        }
        match self.request(|answer| Request::Ask(asking, answer)).await? {
            Heard::Granted(by, more) => Ok(TheFloor { by, more, requests: self.requests.clone() }),
            Heard::Declined(by, why) => {
                let who = cast.get(&by).map_or("the cast", |sheet| sheet.name.as_str());
                let words = format!("{who} declines: {}", why.words());
                let payload = json!({
                    "by": by, "why": why.name(), "count": 1, "question": text, "words": words,
                });
                self.note_of((person, forgotten), "declined", payload).await;
                Err(CompanyError::Declined(words))
            }
        }
    }

    /// Records what a person did since so many people had been forgotten: if somebody was
    /// forgotten meanwhile, it is told of nobody.
    async fn note_of(
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

    /// The person's question before, also of before a restart.
    async fn remembered(&self, person: &str) -> Option<Asked> {
        if let Some(asked) = lock::mutex(&self.before).get(person) {
            return Some(asked.clone());
        }
        let query = EventQuery { kind: Some("answered".to_owned()), limit: 50, ..EventQuery::default() };
        let events = self.ask.events(query).await.ok()?;
        let of_person = |event: &&Arc<crate::live::Event>| {
            event.payload.get("person").and_then(serde_json::Value::as_str) == Some(person)
        };
        let last = events.iter().rev().find(of_person)?;
        serde_json::from_value(last.payload.get("asked")?.clone()).ok()
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

/// Who answers: whom the text names with `@`, else whoever's business it is;
/// and whether they are named.
fn speakers<'a>(cast: &'a Cast, text: &str, asked: &Asked) -> (Vec<&'a Sheet>, bool) {
    let named = text.split_whitespace().filter_map(|word| word.strip_prefix('@'));
    let mut speakers: Vec<&Sheet> = Vec::new();
    for name in named {
        let name = name.trim_matches(|c: char| !(c.is_alphanumeric() || c == '-'));
        if name.eq_ignore_ascii_case("all") {
            let heads = cast.sheets().iter().filter(|sheet| sheet.heads_a_house());
            return (heads.take(ALL).collect(), true);
        }
        for sheet in cast.meant_by(name) {
            if !speakers.iter().any(|known| known.id == sheet.id) {
                speakers.push(sheet);
            }
        }
    }
    let named = !speakers.is_empty();
    if !named {
        let one = answer::whose(cast, asked).or_else(|| cast.sheets().first());
        speakers.extend(one);
    }
    (speakers, named)
}

/// What a character bets on, and how well it did.
fn bets(portrait: &Portrait) -> BetsView {
    let thousandths = |value: f64| (value * 1_000.0).round() / 1_000.0;
    let open = portrait.bets.iter().map(|bet| BetView {
        event: bet.event.clone(),
        node: bet.node.clone(),
        vital: bet.vital.clone(),
        claim: bet.claim.clone(),
        chance: f64::from(bet.chance) / 1_000.0,
        before: time(bet.before),
    });
    BetsView {
        right: portrait.record.right,
        settled: portrait.record.settled,
        brier: portrait.record.brier().map(thousandths),
        open: open.collect(),
    }
}

/// Why a character is as ready as it is.
fn readiness_because(portrait: &Portrait) -> String {
    match portrait.readiness {
        Readiness::Idle => "nothing waits for it".to_owned(),
        Readiness::Active => "it spoke a moment ago".to_owned(),
        Readiness::Tired => format!("its energy is {:.0} %", portrait.energy * 100.0),
        Readiness::Overwhelmed if portrait.waiting > 0 => {
            format!("{} messages wait for it", portrait.waiting)
        }
        Readiness::Overwhelmed => "the machine has little to spare".to_owned(),
    }
}

/// Whether anything supplies a signal, and what, or why nothing does.
fn supply(signal: &Signal, services: &[ServiceView]) -> (bool, String) {
    match signal {
        Signal::Vital(_) | Signal::Event(_) if stage::facts::is_supplied(signal, &[]) => {
            (true, "the fleet's agents".to_owned())
        }
        Signal::Vital(name) => (false, format!("there is no vital {name}")),
        Signal::Event(kind) => (false, format!("there is no event {kind}")),
        // Of two of one name, the one that is heard of.
        Signal::Service(name) => {
            let of_name = services.iter().filter(|one| one.name == *name);
            of_name.max_by_key(|one| one.is_supplied()).map_or_else(
                || {
                    (
                        false,
                        format!("no service {name} is declared, and no agent watches a unit of that name"),
                    )
                },
                |one| (one.is_supplied(), one.supply.clone()),
            )
        }
    }
}

/// Who has the floor, until this is dropped: then they are done, whatever
/// became of the question.
struct TheFloor {
    by: Vec<String>,
    more: bool,
    requests: mpsc::Sender<Request>,
}

impl Drop for TheFloor {
    fn drop(&mut self) {
        for by in self.by.drain(..) {
            if let Err(mpsc::error::TrySendError::Full(done)) = self.requests.try_send(Request::Done(by))
                && let Ok(runtime) = tokio::runtime::Handle::try_current()
            {
                let requests = self.requests.clone();
                // A stage that is gone needs no word.
                runtime.spawn(async move { drop(requests.send(done).await) });
            }
        }
    }
}

/// FNV-1a: two questions with the same key are the same.
fn fnv(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The word that a value is in JSON.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
