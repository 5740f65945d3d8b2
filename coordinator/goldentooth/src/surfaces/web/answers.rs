//! What the store is asked, as views.

use crate::ask::{Ask, AskError, EventQuery};
use crate::live::UnixMillis;
use crate::surfaces::view::{DAY_BUCKETS, DayView, EventView, time};
use fleet::words::tidy;
use frames::{Mood, NodeName, Vital};

/// The length of a step of a day, in milliseconds.
const STEP: i64 = 15 * 60 * 1000;
/// The length of a day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Past events, oldest first.
pub(super) async fn events(ask: &Ask, query: EventQuery) -> Result<Vec<EventView>, AskError> {
    let events = ask.events(query).await?;
    Ok(events.iter().map(|event| EventView::from(&**event)).collect())
}

/// A node's last 24 hours until `now`.
pub(super) async fn day(ask: &Ask, node: &NodeName, now: UnixMillis) -> Result<DayView, AskError> {
    let from = (now.div_euclid(STEP) + 1) * STEP - DAY;
    let bucket = |at: UnixMillis| {
        usize::try_from((at - from).div_euclid(STEP)).ok().filter(|bucket| *bucket < DAY_BUCKETS)
    };
    let mut series = [vec![None; DAY_BUCKETS], vec![None; DAY_BUCKETS]];
    for (list, vital) in series.iter_mut().zip([Vital::Temperature, Vital::Load1]) {
        for point in ask.day(node, vital, now).await? {
            if let Some(slot) = bucket(point.at).and_then(|bucket| list.get_mut(bucket)) {
                *slot = Some(tidy(point.mean));
            }
        }
    }
    let mut mood: Vec<Option<Mood>> = vec![None; DAY_BUCKETS];
    for told in ask.moods(node, now).await? {
        if let Some(slot) = bucket(told.at).and_then(|bucket| mood.get_mut(bucket)) {
            *slot = (*slot).max(Some(told.mood));
        }
    }
    let [temperature, load1] = series;
    Ok(DayView { from: time(from), step_s: (STEP / 1000) as u32, temperature, load1, mood })
}
