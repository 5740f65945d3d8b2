//! The plots that a character stands in, and how its traits went of late, out of the
//! events that record them.

use crate::ask::{Ask, EventQuery};
use crate::live::Event;
use crate::surfaces::view::{ChangeView, NatureView, ThreadView, TraitLineView, time};
use crate::words::hundredths;
use cast::grow::{Shift, Shifts, Why};
use cast::thread::{Chapter, Thread, Turn};
use cast::{Cast, Sheet, Trait, UnixMillis};
use serde_json::Value;
use std::sync::Arc;

/// Events of each kind that are looked through.
const EVENTS: usize = 500;
/// The most threads of one character.
const THREADS: usize = 6;
/// How far back a chart goes, and at how many times it says how a trait was.
const BACK: UnixMillis = 14 * 24 * 60 * 60 * 1000;
const STEPS: i64 = 28;
/// The most traits in it, those that moved furthest, and the most causes.
const TRAITS: usize = 3;
const CAUSES: usize = 6;

/// What is recorded of the whole cast.
#[derive(Default)]
pub(super) struct Plots {
    closed: Vec<(Chapter, String)>,
    grew: Vec<Arc<Event>>,
}

impl Plots {
    /// Reads what there is; without a store nothing is recorded.
    pub(super) async fn read(ask: &Ask) -> Self {
        let read = async |kind: &str| {
            let query = EventQuery { kind: Some(kind.to_owned()), limit: EVENTS, ..EventQuery::default() };
            ask.events(query).await.unwrap_or_else(|error| {
                tracing::warn!(%error, kind, "what became of the cast can't be read");
                Vec::new()
            })
        };
        let closed = read(stage::THREAD).await;
        let closed = closed.iter().rev().filter_map(|event| Some((closed_by(event)?, event.id.to_string())));
        Self { closed: closed.collect(), grew: read("grew").await }
    }

    /// The threads in which a character stands, those that run first, then the newest.
    pub(super) fn threads(&self, open: &[Thread], cast: &Cast, sheet: &Sheet) -> Vec<ThreadView> {
        let running = open.iter().rev().map(|thread| {
            let turn = if thread.chapters > 1 { Turn::Advanced } else { Turn::Opened };
            (Chapter { thread: thread.clone(), turn }, thread.opened_by.clone())
        });
        let all = running.chain(self.closed.iter().cloned());
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

    /// How the traits of a character went until now; none where nothing moved them.
    pub(super) fn nature(&self, sheet: &Sheet, now: UnixMillis) -> Option<NatureView> {
        let from = now - BACK;
        let its: Vec<&Event> =
            self.grew.iter().map(|event| &**event).filter(|event| by(event) == sheet.id).collect();
        let mut shifts = Shifts::default();
        let mut coming = its.iter().copied().peekable();
        let mut lines: Vec<(Trait, Vec<f32>)> = Trait::ALL.iter().map(|of| (*of, Vec::new())).collect();
        for step in 0..=STEPS {
            let at = from + BACK * step / STEPS;
            while let Some(event) = coming.next_if(|event| event.at <= at) {
                for shift in moves(event) {
                    let most = shift.by.unsigned_abs();
                    shifts.add(shift, most);
                }
            }
            for (of, values) in &mut lines {
                let by = f32::from(shifts.of(*of, at)) / 1_000.0;
                values.push((sheet.traits.get(*of) + by).clamp(0.0, 1.0));
            }
        }
        let reach = |of: Trait, values: &[f32]| {
            values.iter().map(|value| (value - sheet.traits.get(of)).abs()).fold(0.0, f32::max)
        };
        lines.retain(|(of, values)| reach(*of, values) >= 0.005);
        lines.sort_by(|(one, ones), (other, others)| reach(*other, others).total_cmp(&reach(*one, ones)));
        lines.truncate(TRAITS);
        let traits: Vec<TraitLineView> = lines
            .into_iter()
            .map(|(of, values)| TraitLineView {
                name: of.name().to_owned(),
                sheet: hundredths(sheet.traits.get(of)),
                values: values.into_iter().map(hundredths).collect(),
            })
            .collect();
        let text = |event: &Event, key: &str| {
            event.payload.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let causes = its.iter().rev().filter(|event| event.at >= from).take(CAUSES).map(|event| ChangeView {
            at: time(event.at),
            words: text(event, "words"),
            catalyst: text(event, "catalyst"),
            event: event.id.to_string(),
        });
        let causes = causes.collect();
        (!traits.is_empty()).then(|| NatureView { from: time(from), until: time(now), traits, causes })
    }
}

/// Whom an event is about.
fn by(event: &Event) -> &str {
    event.payload.get("by").and_then(Value::as_str).unwrap_or_default()
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

/// What an event says that moved, and by how much.
fn moves(event: &Event) -> impl Iterator<Item = Shift<Trait>> {
    let read = |key: &str| event.payload.get(key).cloned().unwrap_or_default();
    let why: Option<Why> = serde_json::from_value(read("why")).ok();
    let ends = read("until").as_i64().unwrap_or(event.at);
    let traits = event.payload.get("traits").and_then(Value::as_object);
    traits.into_iter().flatten().filter_map(move |(name, size)| {
        let of = *Trait::ALL.iter().find(|of| of.name() == name)?;
        let by = (size.as_f64()? * 1_000.0).clamp(-1_000.0, 1_000.0) as i16;
        let (about, event_id) = (String::new(), event.id.to_string());
        Some(Shift { of, by, why: why?, about, event: event_id, begun: event.at, ends })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use store::EventIds;

    const NOW: UnixMillis = 1_800_000_000_000;
    const DAY: UnixMillis = 24 * 60 * 60 * 1000;

    fn event(at: UnixMillis, kind: &str, payload: Value) -> Arc<Event> {
        Arc::new(Event::new(&mut EventIds::after(None), at, kind, "stage", payload))
    }

    #[test]
    fn a_trait_rises_with_its_cause_and_goes_back_to_the_sheet() {
        let cast = Cast::built_in().unwrap();
        let malvo = cast.get("malvo").unwrap();
        let begun = NOW - 7 * DAY;
        let payload = json!({
            "by": "malvo", "why": "incident", "catalyst": "system_event", "until": begun + 3 * DAY,
            "traits": { "paranoia": 0.2, "humor": -0.05 }, "words": "Mr. Malvo Trevine: paranoia +.20.",
        });
        let others = event(NOW - DAY, "grew", json!({ "by": "caudex", "traits": { "humor": 0.4 } }));
        let plots = Plots { closed: Vec::new(), grew: vec![event(begun, "grew", payload), others] };
        let nature = plots.nature(malvo, NOW).unwrap();
        let names: Vec<&str> = nature.traits.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["paranoia", "humor"], "the furthest first");
        let paranoia = &nature.traits[0];
        assert_eq!((paranoia.sheet, paranoia.values.len()), (0.8, 29));
        assert_eq!((paranoia.values[13], paranoia.values[14], paranoia.values[28]), (0.8, 1.0, 0.8));
        assert!((paranoia.values[17] - 0.9).abs() < 0.011, "half of it after half the time");
        assert_eq!(nature.causes.len(), 1);
        assert!(nature.causes[0].words.contains("paranoia"));
        assert_eq!(plots.nature(cast.get("vault").unwrap(), NOW), None);
    }

    #[test]
    fn a_thread_stands_on_the_card_of_whom_it_is_about() {
        let cast = Cast::built_in().unwrap();
        let opened = event(NOW - 2 * DAY, "tied", json!({}));
        let closing = json!({
            "turn": "closed", "plot": "drama", "about": "malvo and umbrell", "opened": opened.id, "chapters": 4,
        });
        let closed = event(NOW - DAY, "thread", closing);
        let plots =
            Plots { closed: vec![(closed_by(&closed).unwrap(), closed.id.to_string())], grew: Vec::new() };
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
