//! Fiction on stage: a tale is told line by line while nothing happens, and ends
//! before the next line when a node is not calm or somebody asks for facts.

use super::{DAY, MINUTE, Millis, Stage, is_too_much};
use crate::line::{Line, Note};
use cast::life::{Reason, Thought};
use cast::tale::Tale;
use cast::{Kind, UnixMillis};
use minds::Understudy;
use serde_json::{Value, json};
use store::{Event, Uuid};

/// The kind of the event with which a tale begins, and of the one when it ends early.
pub const TALE: &str = "tale_began";
/// See [`TALE`].
pub const TALE_ENDED: &str = "tale_ended";
/// Between two lines of a tale.
const APART: Millis = 20_000;
/// So long must nothing have been said or heard before a tale begins by itself.
const QUIET: Millis = 60 * MINUTE;

/// What the stage knows of tales.
#[derive(Debug, Default)]
pub(super) struct Tales {
    all: Vec<Tale>,
    /// The one that is being told.
    telling: Option<Telling>,
    /// When the last one began, or was to; none before the first.
    last: Option<Millis>,
    /// When something was heard or asked last.
    news: Millis,
}

/// A tale that is being told.
#[derive(Clone, Debug)]
struct Telling {
    tale: usize,
    teller: String,
    friend: String,
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
    /// Knows these tales from now on.
    pub fn know_tales(&mut self, tales: Vec<Tale>) {
        self.tales.all = tales;
    }

    /// Begins a tale, because a person asks for one; what it is called.
    ///
    /// # Errors
    /// [`Untold`] says why not.
    pub fn tale(&mut self, at: Millis) -> Result<String, Untold> {
        self.begin_tale(at, true)
    }

    /// Something was heard or asked: a tale that nobody asked for waits, and one that
    /// is told ends if it was a question for facts.
    pub(super) fn disturb(&mut self, at: Millis, asks: bool) {
        self.tales.news = at;
        if let Some(telling) = self.tales.telling.as_mut().filter(|_| asks) {
            telling.over = true;
        }
    }

    /// A tale begins by itself after an hour of nothing, at most once a day.
    pub(super) fn idle(&mut self, at: Millis) {
        let day = DAY.unsigned_abs();
        let is_rested = self.tales.last.is_none_or(|last| at.saturating_sub(last) >= day);
        let is_quiet = at.saturating_sub(self.tales.news) >= QUIET;
        if self.settings.tales && is_rested && is_quiet {
            // Another time will do.
            let _ = self.begin_tale(at, false);
        }
    }

    fn begin_tale(&mut self, at: Millis, asked: bool) -> Result<String, Untold> {
        let begins = self.tales.last.is_some_and(|last| at.saturating_sub(last) < APART);
        if begins || self.tales.telling.is_some() {
            return Err(Untold::Telling);
        }
        if !self.is_idyllic(at) {
            return Err(Untold::Restless);
        }
        let room = self.settings.unasked.saturating_sub(self.unasked.len());
        let fits =
            |tale: &Tale| !tale.names(|word| self.threads.knows(word)) && (asked || tale.length() <= room);
        let tales: Vec<(usize, &Tale)> =
            self.tales.all.iter().enumerate().filter(|(_, tale)| fits(tale)).collect();
        // Those who spoke least of late, from a place that differs from start to start.
        let turn = self.seed.wrapping_add(self.composed) as usize;
        let willing = self.cast.sheets().iter().filter(|sheet| !self.company.is_muted(&sheet.id));
        let mut willing: Vec<&str> = willing.map(|sheet| sheet.id.as_str()).collect();
        let middle = turn.checked_rem(willing.len()).ok_or(Untold::Nobody)?;
        willing.rotate_left(middle);
        willing.sort_by_key(|id| self.company.lately(at, id));
        let place = turn.checked_rem(tales.len()).ok_or(Untold::Nobody)?;
        let (Some((place, tale)), [teller, friend, ..]) = (tales.get(place), willing.as_slice()) else {
            return Err(Untold::Nobody);
        };
        let title = tale.title.clone();
        let payload = json!({
            "title": title, "trope": tale.trope, "place": place, "by": teller, "friend": friend, "asked": asked,
            "words": format!("A tale begins, all of it made up: {title}."),
        });
        self.composed += 1;
        self.tales.last = Some(at);
        self.notes.push(Note { kind: TALE, payload, cause: None });
        Ok(title)
    }

    /// It is told once its beginning is recorded.
    pub(super) fn tale_heard(&mut self, at: Millis, event: &Event) {
        if event.kind != TALE {
            return;
        }
        let text = |key: &str| event.payload.get(key).and_then(Value::as_str).map(str::to_owned);
        let tale = event.payload.get("place").and_then(Value::as_u64);
        let (Some(teller), Some(friend), Some(tale)) = (text("by"), text("friend"), tale) else { return };
        let asked = event.payload.get("asked").and_then(Value::as_bool).unwrap_or_default();
        let (event, began) = (event.id, (at, event.at));
        let tale = tale as usize;
        self.tales.telling =
            Some(Telling { tale, teller, friend, next: 0, due: at, event, began, asked, over: false });
    }

    /// When the next line of a tale is due.
    pub(super) fn telling(&self) -> Option<Millis> {
        self.tales.telling.as_ref().map(|telling| telling.due)
    }

    /// The next line of a tale, if it is due and nothing has ended it.
    pub(super) fn tale_goes_on(&mut self, at: Millis) -> Option<Line> {
        let mut telling = self.tales.telling.take_if(|telling| telling.due <= at)?;
        let tale = self.tales.all.get(telling.tale)?;
        let (by, text) = tale.line(telling.next, &self.cast, &telling.teller, &telling.friend)?;
        let title = tale.title.clone();
        if telling.over || !self.is_idyllic(at) {
            let why = if telling.over { "somebody asked for facts" } else { "not every node is calm" };
            let words = format!("The tale of {title:?} ends here: {why}.");
            let payload = json!({ "title": title, "why": why, "words": words });
            self.notes.push(Note { kind: TALE_ENDED, payload, cause: Some(telling.event) });
            return None;
        }
        let since = UnixMillis::try_from(at.saturating_sub(telling.began.0)).unwrap_or(0);
        let said = telling.began.1.saturating_add(since);
        let bearing = self.company.bearing(at, &by);
        let aside = !telling.asked && is_too_much(&mut self.unasked, said, self.settings.unasked);
        let line = Line {
            thoughts: vec![Thought::new(&by, 100, Reason::Territory, &title, self.company.lately(at, &by))],
            by,
            bare: text.clone(),
            plain: format!("(a tale) {text}"),
            text,
            kind: Kind::Fiction,
            facts: Vec::new(),
            node: String::new(),
            at: said,
            cause: telling.event,
            mind: Understudy::NAME,
            aside,
            feeling: bearing.feeling,
            readiness: bearing.readiness,
        };
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
