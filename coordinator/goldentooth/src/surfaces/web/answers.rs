//! What the store is asked, as views.

use crate::ask::{Ask, AskError, EventQuery, PastQuery};
use crate::live::UnixMillis;
use crate::surfaces::view::{
    DAY_BUCKETS, DayView, EventView, HistoryView, MoodsView, SeriesView, Span, TurnView, letter, time,
};
use fleet::words::tidy;
use frames::{Mood, NodeName, Vital};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The length of a step of a day, in milliseconds.
const STEP: i64 = 15 * 60 * 1000;

/// Past events, oldest first.
pub(super) async fn events(ask: &Ask, query: EventQuery) -> Result<Vec<EventView>, AskError> {
    let events = ask.events(query).await?;
    Ok(events.iter().map(|event| EventView::from(&**event)).collect())
}

/// Equal steps up to now; the last one is under way.
#[derive(Clone, Copy)]
struct Steps {
    from: UnixMillis,
    to: UnixMillis,
    step: UnixMillis,
}

impl Steps {
    fn until(now: UnixMillis, step: UnixMillis, count: usize) -> Self {
        let to = (now.div_euclid(step) + 1) * step;
        let long = step * i64::try_from(count).unwrap_or_default();
        Self { from: to - long, to, step }
    }

    /// Which step a time lies in; one outside has a place that no list has.
    fn place(self, at: UnixMillis) -> usize {
        usize::try_from((at - self.from).div_euclid(self.step)).unwrap_or(usize::MAX)
    }

    fn seconds(self) -> u32 {
        (self.step / 1000) as u32
    }
}

/// A node's last 24 hours until `now`.
pub(super) async fn day(ask: &Ask, node: &NodeName, now: UnixMillis) -> Result<DayView, AskError> {
    let steps = Steps::until(now, STEP, DAY_BUCKETS);
    let mut day = DayView {
        from: time(steps.from),
        step_s: steps.seconds(),
        temperature: vec![None; DAY_BUCKETS],
        load1: vec![None; DAY_BUCKETS],
        mood: vec![None; DAY_BUCKETS],
    };
    let vitals = vec![Vital::Temperature, Vital::Load1];
    let query = PastQuery { node: node.clone(), vitals, from: steps.from, to: steps.to, step: steps.step };
    for point in ask.past(query).await? {
        let place = steps.place(point.at);
        for (list, value) in [&mut day.temperature, &mut day.load1].into_iter().zip(&point.values) {
            set(list, place, value.map(|value| tidy(value.mean)));
        }
        set(&mut day.mood, place, point.mood);
    }
    Ok(day)
}

/// A node's past over `span` until `now`, of these vitals.
pub(super) async fn history(
    ask: &Ask,
    node: &NodeName,
    span: Span,
    vitals: Vec<Vital>,
    now: UnixMillis,
) -> Result<HistoryView, AskError> {
    let (step, count) = span.steps();
    let steps = Steps::until(now, i64::from(step) * 1000, count);
    let query = PastQuery {
        node: node.clone(),
        vitals: vitals.clone(),
        from: steps.from,
        to: steps.to,
        step: steps.step,
    };
    let mut mood: Vec<Option<Mood>> = vec![None; count];
    let mut reports = vec![0; count];
    let mut series: Vec<Option<SeriesView>> = vec![None; vitals.len()];
    for point in ask.past(query).await? {
        let place = steps.place(point.at);
        set(&mut mood, place, point.mood);
        set(&mut reports, place, point.reports);
        for ((vital, series), value) in vitals.iter().zip(&mut series).zip(&point.values) {
            let Some(value) = value else { continue };
            let series = series.get_or_insert_with(|| SeriesView {
                unit: Cow::Borrowed(vital.unit()),
                mean: vec![None; count],
                min: vec![None; count],
                max: vec![None; count],
            });
            set(&mut series.mean, place, Some(tidy(value.mean)));
            set(&mut series.min, place, Some(tidy(value.min)));
            set(&mut series.max, place, Some(tidy(value.max)));
        }
    }
    let turns = ask.turns(node, steps.from).await?;
    let named = vitals.iter().zip(series);
    Ok(HistoryView {
        node: node.as_str().to_owned(),
        span,
        from: time(steps.from),
        step_s: steps.seconds(),
        reports,
        mood,
        turns: turns.iter().map(TurnView::of).collect(),
        vitals: named.filter_map(|(vital, series)| Some((Cow::Borrowed(vital.name()), series?))).collect(),
    })
}

/// The moods of the whole fleet over the last 24 hours until `now`.
pub(super) async fn moods(ask: &Ask, now: UnixMillis) -> Result<MoodsView, AskError> {
    let steps = Steps::until(now, STEP, DAY_BUCKETS);
    let heat = ask.heat(steps.from, steps.to).await?;
    let mut nodes: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for (node, at, mood) in &heat.quarters {
        let letters = nodes.entry(node.as_str()).or_insert_with(|| vec![b'.'; DAY_BUCKETS]);
        set(letters, steps.place(*at), letter(*mood));
    }
    let text = |letters: Vec<u8>| letters.into_iter().map(char::from).collect();
    Ok(MoodsView {
        from: time(steps.from),
        step_s: steps.seconds(),
        nodes: nodes.into_iter().map(|(name, letters)| (name.to_owned(), text(letters))).collect(),
    })
}

fn set<T>(list: &mut [T], place: usize, value: T) {
    if let Some(slot) = list.get_mut(place) {
        *slot = value;
    }
}
