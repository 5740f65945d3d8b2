//! When a frame was made, by the coordinator's clock.
//!
//! A node says only its uptime. The *anchor* of a boot is the moment, on the
//! coordinator's monotonic clock, at which that uptime was zero: the smallest
//! "arrived minus uptime" of its live frames, since a delay only ever makes
//! that larger.

use crate::time::Millis;

/// An anchor gives way upwards by a millisecond in this many: two clocks that
/// a time server bends run at most 1,000 ppm apart (Linux slews by at most
/// 500 ppm).
const DRIFT: Millis = 1_000;
/// A frame this much older than its anchor says doubts the anchor.
const DOUBT: i64 = 60_000;
/// Doubtful frames that agree this well with each other …
const AGREE: i64 = 5_000;
/// … over at least this time (a queue that empties itself is faster) …
const TRIAL: Millis = 15_000;
/// … and are this many, move the anchor: the uptime itself had jumped.
const TRIAL_FRAMES: u8 = 3;

/// The moment at which a node's uptime was zero, on the coordinator's
/// monotonic clock: negative if that was before the coordinator started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anchor {
    zero: Option<i64>,
    /// When `zero` was last brought up to date.
    at: Millis,
    trial: Option<Trial>,
}

#[derive(Clone, Copy, Debug)]
struct Trial {
    zero: i64,
    since: Millis,
    frames: u8,
}

impl Anchor {
    /// Whether it is known.
    pub(crate) fn is_known(&self) -> bool {
        self.zero.is_some()
    }

    /// Sets it from what is known otherwise: uptime was zero this long ago.
    pub(crate) fn seed(&mut self, mono: Millis, ago: i64) {
        self.zero = Some(signed(mono).saturating_sub(ago));
        self.at = mono;
    }

    /// A live frame with this uptime arrived. An unknown anchor is set at
    /// once if `ready`, else by a trial alone.
    pub(crate) fn heard(&mut self, mono: Millis, uptime: Millis, ready: bool) {
        let seen = signed(mono) - signed(uptime);
        match self.zero {
            None if ready => {
                self.zero = Some(seen);
                self.at = mono;
            }
            None => self.doubt(mono, seen),
            Some(zero) => {
                // Whole milliseconds only, so that nothing is lost to rounding.
                let drift = mono.saturating_sub(self.at) / DRIFT;
                if drift > 0 || seen < zero {
                    self.zero = Some(seen.min(zero.saturating_add(signed(drift))));
                    self.at = mono;
                }
                if seen.saturating_sub(zero) > DOUBT {
                    self.doubt(mono, seen);
                } else {
                    self.trial = None;
                }
            }
        }
    }

    /// How long ago, at `mono`, the uptime was this; none if not anchored.
    pub(crate) fn age(&self, mono: Millis, uptime: Millis) -> Option<Millis> {
        let made = self.zero?.saturating_add(signed(uptime));
        Some(u64::try_from(signed(mono).saturating_sub(made)).unwrap_or(0))
    }

    fn doubt(&mut self, mono: Millis, seen: i64) {
        match &mut self.trial {
            Some(trial) if (seen - trial.zero).abs() <= AGREE => {
                trial.zero = trial.zero.min(seen);
                trial.frames = trial.frames.saturating_add(1);
                if trial.frames >= TRIAL_FRAMES && mono.saturating_sub(trial.since) >= TRIAL {
                    self.zero = Some(trial.zero);
                    self.at = mono;
                    self.trial = None;
                }
            }
            trial => *trial = Some(Trial { zero: seen, since: mono, frames: 1 }),
        }
    }
}

fn signed(millis: Millis) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX / 4)
}
