//! How the traits of the cast went of late: folded from the events that record what moved
//! them, one after the other, so that nothing is held but the lines of the chart.

use crate::ask::{Ask, EventQuery, id_at};
use crate::live::Event;
use crate::surfaces::view::{ChangeView, NatureView, TraitLineView, time};
use crate::words::hundredths;
use cast::grow::{LONGEST, Shift, Shifts, Why};
use cast::{Sheet, Trait, UnixMillis};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// How far back a chart goes, and at how many times it says how a trait was.
const BACK: UnixMillis = 14 * 24 * 60 * 60 * 1000;
const STEPS: i64 = 28;
/// The most traits in it, those that moved furthest, and the most causes.
const TRAITS: usize = 3;
const CAUSES: usize = 6;
/// The most events that are read for it: room for 2,000 a day, where a cast of fifteen has
/// some hundred, since a change is told again only when a tenth of it has gone.
const EVENTS: usize = 100_000;

/// What moved the traits of characters until now, by their sheets' names.
pub(super) struct Natures {
    until: UnixMillis,
    courses: BTreeMap<String, Course>,
}

/// How the traits of one character went, as far as it is told.
#[derive(Clone, Default)]
struct Course {
    shifts: Shifts<Trait>,
    /// By how much each trait was moved at each step, in thousandths.
    steps: Vec<Vec<i16>>,
    causes: VecDeque<ChangeView>,
}

impl Natures {
    /// Reads what there is of one character, or of all; without a store nothing is recorded.
    pub(super) async fn read(ask: &Ask, id: Option<&str>, now: UnixMillis) -> Self {
        let mut natures = Self { until: now, courses: BTreeMap::new() };
        // What began before the chart does is still felt in it.
        let after = Some(id_at(now - BACK - LONGEST));
        let (kind, by) = (Some("grew".to_owned()), id.map(str::to_owned));
        let query = EventQuery { after, kind, by, ..EventQuery::default() };
        let hear = |event: &Event| {
            let of = event.payload.get("by").and_then(Value::as_str).unwrap_or_default();
            natures.hear(of, event);
        };
        if let Err(error) = ask.every(query, EVENTS, hear).await {
            tracing::warn!(%error, "how the traits of the cast went can't be read");
        }
        natures
    }

    /// When the chart begins.
    fn from(&self) -> UnixMillis {
        self.until - BACK
    }

    /// When a step of the chart is; none behind the last.
    fn at(&self, step: usize) -> Option<UnixMillis> {
        let step = i64::try_from(step).ok().filter(|step| *step <= STEPS)?;
        Some(self.from() + BACK * step / STEPS)
    }

    fn hear(&mut self, of: &str, event: &Event) {
        let mut course = self.courses.remove(of).unwrap_or_default();
        self.go_on(&mut course, event.at);
        for shift in moves(event) {
            let most = shift.by.unsigned_abs();
            course.shifts.add(shift, most);
        }
        if event.at >= self.from() {
            course.causes.push_front(cause(event));
            course.causes.truncate(CAUSES);
        }
        self.courses.insert(of.to_owned(), course);
    }

    /// Notes how the traits were at the steps before a time.
    fn go_on(&self, course: &mut Course, until: UnixMillis) {
        while let Some(at) = self.at(course.steps.len()).filter(|at| *at < until) {
            course.steps.push(Trait::ALL.iter().map(|of| course.shifts.of(*of, at)).collect());
        }
    }

    /// How the traits of a character went until now; none where nothing moved them.
    pub(super) fn of(&self, sheet: &Sheet) -> Option<NatureView> {
        let mut course = self.courses.get(&sheet.id)?.clone();
        self.go_on(&mut course, UnixMillis::MAX);
        let lines = Trait::ALL.iter().enumerate().map(|(place, of)| {
            let own = sheet.traits.get(*of);
            let moved = course.steps.iter().filter_map(|step| step.get(place));
            let values = moved.map(|by| (own + f32::from(*by) / 1_000.0).clamp(0.0, 1.0));
            (*of, own, values.collect::<Vec<f32>>())
        });
        let reach =
            |own: f32, values: &[f32]| values.iter().map(|value| (value - own).abs()).fold(0.0, f32::max);
        let mut lines: Vec<_> = lines.filter(|(_, own, values)| reach(*own, values) >= 0.005).collect();
        lines.sort_by(|(_, one, ones), (_, other, others)| {
            reach(*other, others).total_cmp(&reach(*one, ones))
        });
        let traits = lines.into_iter().take(TRAITS).map(|(of, own, values)| TraitLineView {
            name: of.name().to_owned(),
            sheet: hundredths(own),
            values: values.into_iter().map(hundredths).collect(),
        });
        let (traits, causes): (Vec<_>, Vec<_>) = (traits.collect(), course.causes.into());
        let (from, until) = (time(self.from()), time(self.until));
        (!traits.is_empty()).then_some(NatureView { from, until, traits, causes })
    }
}

fn cause(event: &Event) -> ChangeView {
    let text = |key: &str| event.payload.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    ChangeView {
        at: time(event.at),
        words: text("words"),
        catalyst: text("catalyst"),
        event: event.id.to_string(),
    }
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
    use cast::Cast;
    use serde_json::json;
    use std::sync::Arc;
    use store::{Batch, EventIds, Store};

    const NOW: UnixMillis = 1_800_000_000_000;
    const DAY: UnixMillis = 24 * 60 * 60 * 1000;

    fn grew(at: UnixMillis, by: &str, why: &str, traits: &Value, lasts: UnixMillis) -> (UnixMillis, Value) {
        let words = format!("{by}: {traits}");
        let payload = json!({
            "by": by, "why": why, "catalyst": "system_event", "until": at + lasts, "traits": traits, "words": words,
        });
        (at, payload)
    }

    /// The chart of a character over a store that has recorded these, oldest first.
    async fn chart(recorded: Vec<(UnixMillis, Value)>, id: &str, only: Option<&str>) -> Option<NatureView> {
        let (mut store, mut ids) = (Store::temporary().unwrap(), EventIds::after(None));
        let events = recorded.into_iter();
        let events = events.map(|(at, payload)| Arc::new(Event::new(&mut ids, at, "grew", "stage", payload)));
        store.commit(&Batch { events: events.collect(), ..Batch::default() }).unwrap();
        let ask = Ask::new(store.reader().unwrap(), None);
        let cast = Cast::built_in().unwrap();
        Natures::read(&ask, only, NOW).await.of(cast.get(id).unwrap())
    }

    #[tokio::test]
    async fn a_trait_rises_with_its_cause_and_goes_back_to_the_sheet() {
        let moved = json!({ "paranoia": 0.2, "humor": -0.05 });
        let recorded = vec![
            grew(NOW - 7 * DAY, "malvo", "incident", &moved, 3 * DAY),
            grew(NOW - DAY, "caudex", "incident", &json!({ "humor": 0.4 }), 3 * DAY),
        ];
        let nature = chart(recorded.clone(), "malvo", None).await.unwrap();
        let names: Vec<&str> = nature.traits.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["paranoia", "humor"], "the furthest first");
        let paranoia = &nature.traits[0];
        assert_eq!((paranoia.sheet, paranoia.values.len()), (0.8, 29));
        assert_eq!((paranoia.values[13], paranoia.values[14], paranoia.values[28]), (0.8, 1.0, 0.8));
        assert!((paranoia.values[17] - 0.9).abs() < 0.011, "half of it after half the time");
        assert_eq!(nature.causes.len(), 1);
        assert!(nature.causes[0].words.contains("paranoia"));
        let alone = chart(recorded.clone(), "malvo", Some("malvo")).await.unwrap();
        assert_eq!(alone.traits, nature.traits, "alone as among all");
        assert_eq!(chart(recorded.clone(), "malvo", Some("caudex")).await, None);
        assert_eq!(chart(recorded, "vault", None).await, None);
    }

    #[tokio::test]
    async fn a_busy_cast_hides_nothing_of_the_two_weeks() {
        let (long, early) = (json!({ "paranoia": -0.4 }), json!({ "humor": 0.3 }));
        let mut recorded = vec![
            // Gone halfway when the chart begins.
            grew(NOW - 29 * DAY, "malvo", "resurrection", &long, 30 * DAY),
            grew(NOW - 12 * DAY, "malvo", "incident", &early, DAY),
        ];
        // More than two pages of what befell another.
        let others = (0..2_500).map(|number| {
            let at = NOW - 10 * DAY + number * 5 * 60_000;
            grew(at, "caudex", "incident", &json!({ "humor": 0.1 }), DAY)
        });
        recorded.extend(others);
        let nature = chart(recorded, "malvo", None).await.unwrap();
        let line = |name: &str| nature.traits.iter().find(|line| line.name == name).unwrap();
        let (paranoia, humor) = (line("paranoia"), line("humor"));
        assert!((paranoia.values[0] - (paranoia.sheet - 0.2)).abs() < 0.011, "{paranoia:?}");
        assert!((humor.values[4] - (humor.sheet + 0.3)).abs() < 0.011, "{humor:?}");
        assert_eq!(nature.causes.len(), 1, "what began before the chart is none of its causes");
    }
}
