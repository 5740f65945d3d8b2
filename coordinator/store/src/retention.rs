//! When and how far to forget: pure planning, from numbers alone.
//!
//! A clock that is wrong must never cost data. So nothing is deleted unless a
//! time server is followed and the year is plausible; a clock that moved by
//! itself holds everything for a while; and one hour never takes more than a
//! day's worth. Events are never deleted.

use crate::UnixMillis;
use crate::rollup::MINUTE;
use fleet::{Millis, Now};
use serde::{Deserialize, Serialize};

pub(crate) const HOUR: UnixMillis = 60 * MINUTE;
pub(crate) const DAY: UnixMillis = 24 * HOUR;

/// How long raw vitals, and frames that could not be read, are kept.
pub(crate) const RAW_KEPT: UnixMillis = DAY;
/// How long one-minute roll-ups are kept.
pub(crate) const MINUTES_KEPT: UnixMillis = 14 * DAY;
/// How long 15-minute roll-ups are kept.
pub(crate) const QUARTERS_KEPT: UnixMillis = 366 * DAY;

/// Before this (2026-01-01), no store of this program existed: a clock that
/// says so is wrong, whoever vouches for it.
const FIRST_PLAUSIBLE: UnixMillis = 1_767_225_600_000;
/// A time server's corrections stay below this; anything more is a jump.
const STEADY: UnixMillis = 10 * MINUTE;
/// A jump forward by up to this may as well be a night or a holiday in which
/// the machine slept or was off.
const HOLIDAY: UnixMillis = 7 * DAY;

/// What is remembered from one look at the clock to the next, across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The trusted time at the last look that was written down.
    pub(crate) seen: Option<UnixMillis>,
    /// Nothing is deleted before this.
    pub(crate) held_until: Option<UnixMillis>,
    /// When something was last planned for deletion.
    pub(crate) planned: Option<UnixMillis>,
    /// The monotonic clock at `seen`, in this run of the program only.
    #[serde(skip)]
    pub(crate) seen_mono: Option<Millis>,
}

/// What retention may do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: no time server is followed, or the year can't be right.
    NoClock,
    /// Nothing until then: the clock has moved by itself.
    Held {
        /// On the clock as it is now.
        until: UnixMillis,
    },
    /// Nothing: it was done less than an hour ago.
    Resting,
    /// Delete what is due.
    Due,
}

/// Looks at the clock: what may be done, and what to remember of it.
pub(crate) fn look(state: State, now: Now) -> (State, Verdict) {
    if !now.trusted || now.unix < FIRST_PLAUSIBLE {
        return (state, Verdict::NoClock);
    }
    let mut next = State { seen: Some(now.unix), seen_mono: Some(now.mono), ..state };
    let hold = match state.seen {
        // Never looked before: the next hour will show whether it is steady.
        None => Some(HOUR),
        Some(seen) => {
            // Across a restart it is not known how much time has passed.
            let passed = state.seen_mono.map_or(0, |mono| {
                UnixMillis::try_from(now.mono.saturating_sub(mono)).unwrap_or(UnixMillis::MAX)
            });
            hold_after(now.unix.saturating_sub(seen).saturating_sub(passed))
        }
    };
    if let Some(hold) = hold {
        // A night off does not end the hold of a jump before it; but a hold
        // until a time on a clock that was wrong can't bind for longer than any.
        let former = state.held_until.map_or(now.unix, |until| until.min(now.unix.saturating_add(DAY)));
        next.held_until = Some(former.max(now.unix.saturating_add(hold)));
    }
    let verdict = match (next.held_until, next.planned) {
        (Some(until), _) if now.unix < until => Verdict::Held { until },
        // A plan from the future was made on another clock.
        (_, Some(planned)) if (0..HOUR).contains(&now.unix.saturating_sub(planned)) => Verdict::Resting,
        _ => Verdict::Due,
    };
    if verdict == Verdict::Due {
        next.planned = Some(now.unix);
        next.held_until = None;
    }
    (next, verdict)
}

/// How long to hold after the clock moved by `jump` more than time has passed.
fn hold_after(jump: UnixMillis) -> Option<UnixMillis> {
    match jump {
        _ if jump.saturating_abs() <= STEADY => None,
        _ if (0..=HOLIDAY).contains(&jump) => Some(HOUR),
        _ => Some(DAY),
    }
}

/// Whatever is older than this may go: what is due by `kept`, but at most a
/// day's worth counted from the oldest that there is.
pub(crate) fn cutoff(now: UnixMillis, kept: UnixMillis, oldest: Option<UnixMillis>) -> Option<UnixMillis> {
    let due = now.saturating_sub(kept);
    let oldest = oldest.filter(|oldest| *oldest < due)?;
    Some(due.min(oldest.saturating_add(DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: UnixMillis = 1_800_000_000_000;
    const YEAR: UnixMillis = 365 * DAY;

    fn now(mono: UnixMillis, unix: UnixMillis, trusted: bool) -> Now {
        Now { mono: u64::try_from(mono).unwrap(), unix, trusted }
    }

    /// Monotonic time, wall time, trust.
    type Look = (Option<UnixMillis>, UnixMillis, bool);

    /// Runs looks one after another; a look without a `mono` comes after a restart.
    fn run(looks: &[Look]) -> Vec<Verdict> {
        let mut state = State::default();
        looks
            .iter()
            .map(|(mono, unix, trusted)| {
                if mono.is_none() {
                    state.seen_mono = None;
                }
                let (next, verdict) = look(state, now(mono.unwrap_or(0), *unix, *trusted));
                state = next;
                verdict
            })
            .collect()
    }

    #[test]
    fn a_table_of_clocks() {
        use Verdict::{Due, NoClock, Resting};
        let held = |until| Verdict::Held { until };
        let some = |mono, unix| (Some(mono), unix, true);
        let table: &[(&str, &[Look], &[Verdict])] = &[
            (
                "steady: an hour to show it, then once an hour",
                &[
                    some(0, T),
                    some(HOUR, T + HOUR),
                    some(HOUR + 5, T + HOUR + 5),
                    some(2 * HOUR, T + 2 * HOUR),
                ],
                &[held(T + HOUR), Due, Resting, Due],
            ),
            ("untrusted: never", &[(Some(0), T, false), (Some(9 * DAY), T + 9 * DAY, false)], &[NoClock; 2]),
            (
                "1970, then ten years on, both vouched for: never",
                &[
                    some(0, 0),
                    some(HOUR, HOUR),
                    some(2 * HOUR, 10 * YEAR),
                    some(50 * HOUR, 10 * YEAR + 2 * DAY),
                ],
                &[NoClock; 4],
            ),
            (
                "ten years forward in a run: a day's hold",
                &[
                    some(0, T),
                    some(HOUR, T + HOUR),
                    some(2 * HOUR, T + 10 * YEAR),
                    some(25 * HOUR, T + 10 * YEAR + 23 * HOUR),
                    some(26 * HOUR, T + 10 * YEAR + DAY),
                ],
                &[held(T + HOUR), Due, held(T + 10 * YEAR + DAY), held(T + 10 * YEAR + DAY), Due],
            ),
            (
                "ten years forward and back again: held on each clock",
                &[
                    some(0, T),
                    some(HOUR, T + HOUR),
                    some(HOUR + 1, T + 10 * YEAR),
                    some(HOUR + 2, T + HOUR + 2),
                ],
                &[held(T + HOUR), Due, held(T + 10 * YEAR + DAY), held(T + HOUR + 2 + DAY)],
            ),
            (
                "back by an hour: a day's hold",
                &[some(0, T), some(HOUR, T + HOUR), some(2 * HOUR, T + HOUR), some(26 * HOUR, T + 25 * HOUR)],
                &[held(T + HOUR), Due, held(T + 25 * HOUR), Due],
            ),
            (
                "slow drift of a second per hour: steady",
                &[some(0, T), some(HOUR, T + HOUR + 1_000), some(2 * HOUR, T + 2 * HOUR + 2_000)],
                &[held(T + HOUR), Due, Due],
            ),
            (
                "a restart within minutes: goes on",
                &[some(0, T), some(HOUR, T + HOUR), (None, T + HOUR + 5 * MINUTE, true)],
                &[held(T + HOUR), Due, Resting],
            ),
            (
                "off for a night: an hour's hold",
                &[
                    some(0, T),
                    some(HOUR, T + HOUR),
                    (None, T + 9 * HOUR, true),
                    (Some(HOUR), T + 10 * HOUR, true),
                ],
                &[held(T + HOUR), Due, held(T + 10 * HOUR), Due],
            ),
            (
                "off, and back ten years on: a day's hold, across another restart too",
                &[
                    some(0, T),
                    some(HOUR, T + HOUR),
                    (None, T + 10 * YEAR, true),
                    (None, T + 10 * YEAR + MINUTE, true),
                ],
                &[held(T + HOUR), Due, held(T + 10 * YEAR + DAY), held(T + 10 * YEAR + DAY)],
            ),
            (
                "ten years forward and a night off: the day's hold goes on",
                &[some(0, T), (None, T + 10 * YEAR, true), (None, T + 10 * YEAR + 9 * HOUR, true)],
                &[held(T + HOUR), held(T + 10 * YEAR + DAY), held(T + 10 * YEAR + DAY)],
            ),
            (
                "a Pi without a clock of its own: 1970 until the time server answers, then as after a night",
                &[some(0, T), some(HOUR, T + HOUR), (None, 5, false), (Some(1), T + 2 * HOUR, true)],
                &[held(T + HOUR), Due, NoClock, held(T + 3 * HOUR)],
            ),
        ];
        for (what, looks, expected) in table {
            assert_eq!(run(looks), *expected, "{what}");
        }
    }

    #[test]
    fn a_cutoff_takes_what_is_due_and_at_most_a_day() {
        let table = [
            (None, None),
            (Some(T - DAY), None),
            (Some(T), None),
            (Some(T + YEAR), None),
            (Some(T - DAY - 1), Some(T - DAY)),
            (Some(T - DAY - HOUR), Some(T - DAY)),
            (Some(T - 30 * DAY), Some(T - 29 * DAY)),
            (Some(UnixMillis::MIN), Some(UnixMillis::MIN + DAY)),
        ];
        for (oldest, expected) in table {
            assert_eq!(cutoff(T, RAW_KEPT, oldest), expected, "{oldest:?}");
        }
    }
}
