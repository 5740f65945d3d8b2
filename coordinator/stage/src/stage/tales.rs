//! Fiction on stage: whoever is bored, or is asked to, tells a tale line by line
//! while nothing happens. It ends before the next line when a node is not calm or
//! somebody asks for facts.

use super::saying::{Place, Saying, Words};
use super::{DAY, Millis, Stage};
use crate::line::{Line, Note};
use crate::tale::Tale;
use cast::boredom::{Whim, whim};
use cast::life::{Reason, Thought};
use cast::trope::{Trope, Tropes};
use cast::{Kind, UnixMillis};
use serde_json::json;
use std::collections::VecDeque;
use store::{Event, Uuid};

/// The kind of the event with which a tale begins, and of the one when it ends early.
pub const TALE: &str = "tale_began";
/// See [`TALE`].
pub const TALE_ENDED: &str = "tale_ended";
/// Between two lines of a tale.
const APART: Millis = 20_000;
/// So long a tale may take to begin once it was taken up: while that lasts, no other is.
const TAKEN: Millis = 30_000;
/// How many tropes don't come back.
const TOLD: usize = 30;

/// What the stage knows of tales.
#[derive(Debug, Default)]
pub(super) struct Tales {
    tropes: Tropes,
    /// The tropes told last.
    told: VecDeque<String>,
    /// The one that is being told.
    telling: Option<Telling>,
    /// When the last one was taken up, or was to begin; none before the first.
    last: Option<Millis>,
}

/// A tale that is being told.
#[derive(Clone, Debug)]
struct Telling {
    tale: Tale,
    /// The next line.
    next: usize,
    due: Millis,
    event: Uuid,
    /// When it began, on both clocks.
    began: (Millis, UnixMillis),
    /// Whether a person asked for it.
    asked: bool,
    /// Somebody asked for facts.
    over: bool,
}

/// Why no tale is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// Some node is not calm, or something was grave a moment ago.
    #[error("it is no time for tales: not every node is calm")]
    Restless,
    /// One is being told.
    #[error("one is being told already")]
    Telling,
    /// Nobody can tell one.
    #[error("there is nobody to tell one, or no tale that names nobody here")]
    Nobody,
}

impl Stage {
    /// Makes tales of these from now on.
    pub fn know_tropes(&mut self, tropes: Tropes) {
        self.tales.tropes = tropes;
    }

    /// Begins a tale in the words of its trope.
    ///
    /// # Errors
    /// [`Untold`] says why not.
    pub fn tale(&mut self, at: Millis, activity: Option<f32>) -> Result<Whim, Untold> {
        let (whim, _) = self.whim(at, activity)?;
        self.begin_tale(at, &Tale::plain(whim.clone()), activity)?;
        Ok(whim)
    }

    /// Takes up a tale, for which words may then be found before it begins: out of
    /// boredom, where so little goes on (0 to 1), or without that because a person asks
    /// for one. What nobody asked for leaves half of the day's lines to what happens.
    ///
    /// # Errors
    /// [`Untold`] says why not.
    pub fn whim(&mut self, at: Millis, activity: Option<f32>) -> Result<(Whim, Trope), Untold> {
        let begins = self.tales.last.is_some_and(|last| at.saturating_sub(last) < TAKEN);
        if begins || self.tales.telling.is_some() {
            return Err(Untold::Telling);
        }
        if !self.is_idyllic(at) {
            return Err(Untold::Restless);
        }
        let day = self.company.wall(at) - DAY;
        let told = self.unasked.iter().filter(|told| **told > day).count();
        let room = self.settings.unasked.saturating_sub(told);
        let whim = {
            let is_willing = |id: &str| !self.company.is_muted(id);
            let is_name = |word: &str| self.threads.knows(word);
            let fits = |beats: usize| activity.is_none() || 2 * beats <= room;
            let told = |id: &str| self.tales.told.iter().any(|told| told == id);
            let fresh = |new: bool| {
                let tropes = self.tales.tropes.iter().filter(move |trope| {
                    fits(trope.beats.len()) && !trope.names(is_name) && !(new && told(&trope.id))
                });
                whim(&self.cast, tropes, is_willing, is_name, self.seed.wrapping_add(self.composed))
            };
            fresh(true).or_else(|| fresh(false))
        }
        .ok_or(Untold::Nobody)?;
        let trope = self.tales.tropes.get(&whim.trope).cloned().ok_or(Untold::Nobody)?;
        self.composed += 1;
        self.tales.last = Some(at);
        if self.tales.told.len() >= TOLD {
            self.tales.told.pop_front();
        }
        self.tales.told.push_back(trope.id.clone());
        Ok((whim, trope))
    }

    /// Begins the tale that was taken up last, if it is still a time for it.
    ///
    /// # Errors
    /// [`Untold`] says why not.
    pub fn begin_tale(&mut self, at: Millis, tale: &Tale, activity: Option<f32>) -> Result<(), Untold> {
        let whim = &tale.whim;
        if self.tales.telling.is_some() || self.tales.told.back() != Some(&whim.trope) {
            return Err(Untold::Telling);
        }
        if !self.is_idyllic(at) {
            return Err(Untold::Restless);
        }
        let name = self.cast.get(&whim.by).map_or(whim.by.as_str(), |sheet| sheet.name.as_str());
        let why = if activity.is_some() {
            format!("It is quiet, and {name} is bored")
        } else {
            format!("{name} is asked for one")
        };
        let asks =
            whim.asks.as_ref().map(|asks| format!(" A question to people: {asks}")).unwrap_or_default();
        let mut payload = json!(tale);
        payload["kind"] = json!("fiction");
        payload["activity"] = json!(activity.map(|share| (f64::from(share) * 100.0).round() / 100.0));
        payload["words"] = json!(format!("{why}: a tale, “{}”, read as {}.{asks}", whim.title, whim.reads));
        self.tales.last = Some(at);
        self.notes.push(Note { kind: TALE, payload, cause: None });
        Ok(())
    }

    /// Somebody asks for facts: a tale that is told is over.
    pub(super) fn interrupt(&mut self) {
        if let Some(telling) = self.tales.telling.as_mut() {
            telling.over = true;
        }
    }

    /// It is told once its beginning is recorded.
    pub(super) fn tale_heard(&mut self, at: Millis, event: &Event) {
        if event.kind != TALE {
            return;
        }
        let asked = event.payload.get("activity").is_none_or(serde_json::Value::is_null);
        let Ok(tale) = serde_json::from_value::<Tale>(event.payload.clone()) else { return };
        let (event, began) = (event.id, (at, event.at));
        self.tales.telling = Some(Telling { tale, next: 0, due: at, event, began, asked, over: false });
    }

    /// When the next line of a tale is due.
    pub(super) fn telling(&self) -> Option<Millis> {
        self.tales.telling.as_ref().map(|telling| telling.due)
    }

    /// The next line of a tale, if it is due and nothing has ended it.
    pub(super) fn tale_goes_on(&mut self, at: Millis) -> Option<Line> {
        let mut telling = self.tales.telling.take_if(|telling| telling.due <= at)?;
        let beat = telling.tale.whim.beats.get(telling.next)?.clone();
        let title = telling.tale.whim.title.clone();
        if telling.over || !self.is_idyllic(at) {
            let why = if telling.over { "somebody asked for facts" } else { "not every node is calm" };
            let words = format!("The tale “{title}” ends here: {why}.");
            let payload = json!({ "title": title, "why": why, "words": words });
            self.notes.push(Note { kind: TALE_ENDED, payload, cause: Some(telling.event) });
            return None;
        }
        let lately = self.company.lately(at, &beat.by);
        let saying = Saying {
            bearing: self.company.bearing(at, &beat.by),
            thoughts: vec![Thought::new(&beat.by, 100, Reason::Territory, &title, lately)],
            by: beat.by,
            node: String::new(),
            plain: format!("(a tale) {}", beat.text),
            event: telling.event,
            since: (telling.began.1, telling.began.0),
            place: if telling.asked { Place::Front } else { Place::Unasked },
        };
        let words = Words {
            bare: beat.text.clone(),
            text: beat.text,
            frame: String::new(),
            made: None,
            kind: Kind::Fiction,
            facts: Vec::new(),
            mind: telling.tale.mind.clone(),
        };
        let line = self.say(at, saying, words);
        telling.next += 1;
        telling.due = at + APART;
        self.tales.telling = Some(telling);
        Some(line)
    }

    /// Whether nothing is grave, and every node that is known is calm.
    fn is_idyllic(&self, at: Millis) -> bool {
        self.company.is_calm(at) && self.threads.is_calm()
    }
}
