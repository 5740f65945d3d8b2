//! A person's question: who has the floor, and what is answered.

use super::answer::{self, Scene, Told};
use super::{CompanyError, Hosted, Show};
use crate::ask::EventQuery;
use crate::flavour::Flavour;
use crate::surfaces::view::{AnswerView, AnswersView};
use crate::words::lock;
use cast::ask::{Asked, Names, understand};
use cast::life::Bearing;
use cast::{Cast, Sheet};
use minds::Understudy;
use node_agent::clock::wall;
use serde_json::json;
use stage::{Asking, Heard, Request};
use std::sync::Arc;
use tokio::sync::mpsc;
use uuid::Uuid;

/// The longest question, in bytes.
const LONGEST: usize = 2_000;
/// The most people whose last question is remembered.
const PEOPLE: usize = 256;
/// The most characters that answer `@all`.
const ALL: usize = 6;
impl Hosted {
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
            services: self.services.among(&nodes).into_iter().map(|service| service.name).collect(),
        };
        let before = self.remembered(person).await;
        let mut asked = understand(text, &names, before.as_ref());
        let portraits = self.request(Request::Portraits).await?;
        let (ask, services) = (&self.ask, &self.services);
        let scene = Scene { cast: &cast, nodes: &nodes, ask, services, portraits: &portraits };
        let (meant, named) = speakers(&cast, text, &asked);
        asked.to = meant.iter().filter(|_| named).map(|sheet| sheet.id.clone()).collect();
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
}

/// Who answers: whom the text names with `@`, or the question from which it goes on;
/// else whoever's business it is. And whether they are named.
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
    if speakers.is_empty() {
        speakers.extend(asked.to.iter().filter_map(|id| cast.get(id)));
    }
    let named = !speakers.is_empty();
    if !named {
        let one = answer::whose(cast, asked).or_else(|| cast.sheets().first());
        speakers.extend(one);
    }
    (speakers, named)
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
