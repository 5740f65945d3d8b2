//! The plots that a character stands in, out of the events that record them.

use crate::ask::{Ask, EventQuery};
use crate::live::Event;
use crate::surfaces::view::{ThreadView, time};
use cast::thread::{Chapter, Thread, Turn};
use cast::{Cast, Sheet};

/// Events that are looked through, the newest.
const EVENTS: usize = 500;
/// The most threads of one character.
const THREADS: usize = 6;
/// The threads of the whole cast that are over, the newest first, each with the event
/// that closed it.
#[derive(Default)]
pub(super) struct Plots(Vec<(Chapter, String)>);

impl Plots {
    /// Reads what there is; without a store nothing is recorded.
    pub(super) async fn read(ask: &Ask) -> Self {
        let kind = Some(stage::THREAD.to_owned());
        let read = ask.events(EventQuery { kind, limit: EVENTS, ..EventQuery::default() }).await;
        let closed = read.unwrap_or_else(|error| {
            tracing::warn!(%error, "the threads of the cast can't be read");
            Vec::new()
        });
        let closed = closed.iter().rev().filter_map(|event| Some((closed_by(event)?, event.id.to_string())));
        Self(closed.collect())
    }

    /// The threads in which a character stands, those that run first, then the newest.
    pub(super) fn threads(&self, open: &[Thread], cast: &Cast, sheet: &Sheet) -> Vec<ThreadView> {
        let running = open.iter().rev().map(|thread| {
            let turn = if thread.chapters > 1 { Turn::Advanced } else { Turn::Opened };
            (Chapter { thread: thread.clone(), turn }, thread.opened_by.clone())
        });
        let all = running.chain(self.0.iter().cloned());
        let its = all.filter(|(chapter, _)| chapter.thread.concerns(cast, &sheet.id)).take(THREADS);
        let shown = its.map(|(chapter, event)| ThreadView {
            plot: super::word(&chapter.thread.plot),
            about: chapter.thread.about.clone(),
            turn: super::word(&chapter.turn),
            opened: time(chapter.thread.opened),
            last: time(chapter.thread.last),
            chapters: chapter.thread.chapters,
            event,
            told: chapter.told(sheet).unwrap_or_else(|| chapter.words()),
            words: chapter.words(),
        });
        shown.collect()
    }
}

/// The thread that an event closed.
fn closed_by(event: &Event) -> Option<Chapter> {
    let read = |key: &str| event.payload.get(key).cloned();
    let turn: Turn = serde_json::from_value(read("turn")?).ok()?;
    let opened_by: String = serde_json::from_value(read("opened")?).ok()?;
    let opened = opened_by.parse::<store::Uuid>().ok()?.get_timestamp()?.to_unix();
    let opened = i64::try_from(opened.0).ok()? * 1_000 + i64::from(opened.1) / 1_000_000;
    let thread = Thread {
        opened_by,
        plot: serde_json::from_value(read("plot")?).ok()?,
        about: serde_json::from_value(read("about")?).ok()?,
        opened,
        last: event.at,
        chapters: serde_json::from_value(read("chapters")?).ok()?,
    };
    (turn == Turn::Closed).then_some(Chapter { thread, turn })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cast::UnixMillis;
    use serde_json::{Value, json};
    use store::EventIds;

    const NOW: UnixMillis = 1_800_000_000_000;
    const DAY: UnixMillis = 24 * 60 * 60 * 1000;

    fn event(at: UnixMillis, kind: &str, payload: Value) -> Event {
        Event::new(&mut EventIds::after(None), at, kind, "stage", payload)
    }

    #[test]
    fn a_thread_stands_on_the_card_of_whom_it_is_about() {
        let cast = Cast::built_in().unwrap();
        let opened = event(NOW - 2 * DAY, "tied", json!({}));
        let closing = json!({
            "turn": "closed", "plot": "drama", "about": "malvo and umbrell", "opened": opened.id, "chapters": 4,
        });
        let closed = event(NOW - DAY, "thread", closing);
        let plots = Plots(vec![(closed_by(&closed).unwrap(), closed.id.to_string())]);
        let running = Thread {
            opened_by: "e".to_owned(),
            plot: cast::thread::Plot::Evolution,
            about: "malvo".to_owned(),
            opened: NOW - DAY,
            last: NOW,
            chapters: 2,
        };
        let on_card = |id: &str| plots.threads(std::slice::from_ref(&running), &cast, cast.get(id).unwrap());
        let malvos = on_card("malvo");
        let turns: Vec<(&str, &str)> =
            malvos.iter().map(|one| (one.plot.as_str(), one.turn.as_str())).collect();
        assert_eq!(turns, [("evolution", "advanced"), ("drama", "closed")]);
        assert_eq!((malvos[1].opened, malvos[1].last), (time(NOW - 2 * DAY), time(NOW - DAY)));
        assert!(
            malvos.iter().all(|one| one.told.contains(&one.words) && one.told != one.words),
            "{malvos:?}"
        );
        assert_eq!((on_card("umbrell").len(), on_card("caudex").len()), (1, 0));
    }
}
