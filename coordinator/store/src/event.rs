//! Events: the immutable facts of the mesh, and how they get their ids.

use crate::UnixMillis;
use fleet::Change;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::{ContextV7, Timestamp, Uuid};

/// One immutable fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Names it for ever; ids rise in the order of making (`UUIDv7`).
    pub id: Uuid,
    /// When it happened.
    pub at: UnixMillis,
    /// What happened, in `snake_case`.
    pub kind: String,
    /// Who noticed: `fleet`, `intake`, a persona, …
    pub source: String,
    /// The same for all events that follow from one first event: that event's id.
    pub correlation: Uuid,
    /// The event that this one follows from.
    pub causation: Option<Uuid>,
    /// The facts. If it is about a node, its name stands under `node`.
    pub payload: Value,
}

impl Event {
    /// A first event, that follows from no other.
    pub fn new(
        ids: &mut EventIds,
        at: UnixMillis,
        kind: impl Into<String>,
        source: impl Into<String>,
        payload: Value,
    ) -> Self {
        let id = ids.next(at);
        Self { id, at, kind: kind.into(), source: source.into(), correlation: id, causation: None, payload }
    }

    /// An event that follows from `cause`.
    pub fn caused_by(
        ids: &mut EventIds,
        cause: &Self,
        at: UnixMillis,
        kind: impl Into<String>,
        source: impl Into<String>,
        payload: Value,
    ) -> Self {
        Self {
            id: ids.next(at),
            at,
            kind: kind.into(),
            source: source.into(),
            correlation: cause.correlation,
            causation: Some(cause.id),
            payload,
        }
    }

    /// The node that it is about.
    pub fn node(&self) -> Option<&str> {
        self.payload.get("node")?.as_str()
    }

    /// The change of the fleet that it records; none if it records another thing.
    ///
    /// # Errors
    /// Why it can't be read, as one of another version.
    pub fn change(&self) -> Option<Result<Change, serde_json::Error>> {
        if !Change::KINDS.contains(&self.kind.as_str()) {
            return None;
        }
        let mut payload = self.payload.clone();
        payload.as_object_mut()?.insert("kind".to_owned(), Value::from(self.kind.as_str()));
        Some(serde_json::from_value(payload))
    }
}

/// Makes the ids of events: each is greater than the one before, even across a
/// restart and however the clock is set back.
#[derive(Debug)]
pub struct EventIds {
    context: ContextV7,
    /// Unix ms of the newest id.
    latest: u64,
}

impl EventIds {
    /// Ids that continue after the newest stored one.
    pub fn after(newest: Option<Uuid>) -> Self {
        // One more, since the counter inside its millisecond starts anew.
        let latest = newest.and_then(unix_millis).map_or(0, |millis| millis.saturating_add(1));
        Self { context: ContextV7::new(), latest }
    }

    /// The next id, for an event at `now`.
    pub fn next(&mut self, now: UnixMillis) -> Uuid {
        /// 48 bits is all that a `UUIDv7` has: the year 10889.
        const MOST: u64 = (1 << 48) - 1;
        self.latest = self.latest.max(u64::try_from(now).unwrap_or(0)).clamp(1, MOST);
        let (seconds, millis) = (self.latest / 1_000, self.latest % 1_000);
        Uuid::new_v7(Timestamp::from_unix(&self.context, seconds, millis as u32 * 1_000_000))
    }
}

/// The Unix time in an id.
fn unix_millis(id: Uuid) -> Option<u64> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    Some(seconds.saturating_mul(1_000) + u64::from(nanos) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_rise_whatever_the_clock_says() {
        let mut ids = EventIds::after(None);
        let times =
            [1_700_000_000_000, 1_700_000_000_000, 5, -1, 1_700_000_000_001, 0, 95_000_000_000_000, 3];
        let mut made: Vec<Uuid> = times.iter().flat_map(|at| [ids.next(*at), ids.next(*at)]).collect();
        let newest = made.last().copied();
        let mut ids = EventIds::after(newest);
        made.push(ids.next(1_600_000_000_000));
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
    }

    #[test]
    fn many_ids_in_one_millisecond_rise() {
        let mut ids = EventIds::after(None);
        let made: Vec<Uuid> = (0..10_000).map(|_| ids.next(1_700_000_000_000)).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_chain_shares_its_correlation() {
        let mut ids = EventIds::after(None);
        let first = Event::new(&mut ids, 1, "mood_changed", "fleet", json!({"node": "pi-1"}));
        let second = Event::caused_by(&mut ids, &first, 2, "says", "malvo", json!({}));
        let third = Event::caused_by(&mut ids, &second, 3, "says", "umbrell", json!({}));
        assert_eq!(first.correlation, first.id);
        assert_eq!((third.correlation, third.causation), (first.id, Some(second.id)));
        assert_eq!((first.node(), second.node()), (Some("pi-1"), None));
    }

    #[test]
    fn a_change_reads_back_from_its_event() {
        let mut ids = EventIds::after(None);
        let mut event = |kind: &str, payload| Event::new(&mut ids, 1, kind, "fleet", payload).change();
        let joined = event("joined", json!({"node": "pi-1", "simulated": false, "words": "pi-1 joined."}));
        assert!(matches!(joined, Some(Ok(Change::Joined { simulated: false, .. }))));
        assert!(matches!(event("joined", json!({"node": 7})), Some(Err(_))));
        assert!(event("says", json!({"node": "pi-1"})).is_none());
    }
}
