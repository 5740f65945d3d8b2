//! Who still speaks. The monotonic clock alone decides.

use crate::change::{Change, SilentReason};
use crate::node::{DEFAULT_INTERVAL, LEAST_INTERVAL, Node};
use crate::time::{Millis, Moment, Now};

/// A node is silent after this many of its current intervals.
pub(crate) const INTERVALS: u64 = 3;
/// Nor is anybody missed in this time after the coordinator began to listen:
/// an agent tries to connect again every 30 s at the latest, and the first
/// frame needs its way.
const RETURN: Millis = 35_000;
/// After a hint of the broker a frame has to follow within one interval and
/// this, for its way through the network …
const HINT_GRACE: Millis = 1_000;
/// … but within this at the latest: fifteen seconds, less one tick.
const HINT_MOST: Millis = 14_000;

impl Node {
    /// The interval that counts.
    pub(crate) fn pace(&self) -> Millis {
        self.interval().unwrap_or(DEFAULT_INTERVAL).max(LEAST_INTERVAL)
    }

    /// Whether a frame made at `made` still shows that the node is alive.
    pub(crate) fn shows_life(&self, now: Now, made: Millis) -> bool {
        now.mono < made.saturating_add(INTERVALS * self.pace())
    }

    /// The broker says that the connection is gone. Returns whether this was
    /// news, so that the node should be asked for a sample.
    pub(crate) fn hinted(&mut self, now: Now) -> bool {
        if self.silent.is_some() || self.hint.is_some() {
            return false;
        }
        self.hint = Some(now.mono.saturating_add((self.pace() + HINT_GRACE).min(HINT_MOST)));
        true
    }

    /// A frame shows that the node is alive.
    pub(crate) fn alive(&mut self, now: Now) -> Option<Change> {
        self.hint = None;
        let (since, _) = self.silent.take()?;
        Some(Change::Returned { node: self.name.clone(), silent_for: since.age(now) })
    }

    /// The node is silent from now on.
    pub(crate) fn silence_now(&mut self, now: Now, reason: SilentReason) -> Option<Change> {
        self.hint = None;
        if let Some((_, told)) = &mut self.silent {
            // A farewell explains a silence, and nothing else happened.
            if reason == SilentReason::Farewell {
                *told = reason;
            }
            return None;
        }
        self.silent = Some((Moment::ago(now, 0), reason));
        self.dirty = true;
        Some(Change::Silent {
            node: self.name.clone(),
            reason,
            last_seen: self.last_seen(now),
            interval: self.pace(),
        })
    }

    /// Whether the node has become silent by now. `base` is when the
    /// coordinator began to listen: nothing counts in the three intervals that
    /// follow it, nor before everybody had the time to connect again.
    pub(crate) fn check_silence(&mut self, now: Now, base: Millis) -> Option<Change> {
        if self.silent.is_some() {
            return None;
        }
        let patience = INTERVALS * self.pace();
        let listened = base.saturating_add(patience.max(RETURN));
        if now.mono < listened {
            return None;
        }
        let heard = self.last_seen_mono().unwrap_or(base);
        if now.mono >= heard.saturating_add(patience) {
            let reason =
                if self.hint.is_some() { SilentReason::ConnectionLost } else { SilentReason::Missed };
            return self.silence_now(now, reason);
        }
        match self.hint {
            Some(deadline) if now.mono >= deadline => self.silence_now(now, SilentReason::ConnectionLost),
            _ => None,
        }
    }
}
