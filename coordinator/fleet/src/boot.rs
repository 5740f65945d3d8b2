//! One boot of a node: its marks, its anchor, its clock.

use crate::dating::Anchor;
use crate::marks::{MAX_KEPT_RUNS, Marks};
use crate::record::BootRecord;
use crate::time::{Dated, Millis, Moment, Now, UnixMillis};
use frames::{Clock, Hello};

/// A date this far in the future shows that the clock behind it is wrong.
const FUTURE: UnixMillis = 60_000;

/// One boot of a node, as kept in memory.
#[derive(Clone, Debug)]
pub(crate) struct Boot {
    pub(crate) number: u32,
    pub(crate) marks: Marks,
    /// The highest sequence heard live.
    pub(crate) newest: u32,
    /// The highest downlink counter used.
    pub(crate) downlink: u32,
    /// Frames that it says it has lost, and how many of them were told.
    pub(crate) dropped: u32,
    pub(crate) dropped_told: u32,
    pub(crate) kernel: [u8; 16],
    pub(crate) clock: Option<Clock>,
    /// The sequence of the `Hello` that kernel and clock come from.
    hello: u32,
    pub(crate) anchor: Anchor,
    /// When uptime was zero by the coordinator's clock, and whether that was trusted.
    pub(crate) started: Option<(UnixMillis, bool)>,
    pub(crate) first_heard: Moment,
    /// When anything of it arrived: the least recent one is let go first.
    pub(crate) touched: Millis,
    /// It was let go once: its live frames may be ones that were forgotten.
    pub(crate) old: bool,
    /// An acknowledgement is due.
    pub(crate) due: bool,
}

impl Boot {
    pub(crate) fn new(boot: u32, now: Now, old: bool) -> Self {
        Self {
            number: boot,
            marks: Marks::default(),
            newest: 0,
            downlink: 0,
            dropped: 0,
            dropped_told: 0,
            kernel: [0; 16],
            clock: None,
            hello: 0,
            anchor: Anchor::default(),
            started: None,
            first_heard: Moment::ago(now, 0),
            touched: now.mono,
            old,
            due: false,
        }
    }

    pub(crate) fn restore(record: &BootRecord) -> Self {
        Self {
            number: record.boot,
            marks: Marks::restore(record.through, &record.runs),
            newest: record.newest,
            downlink: record.downlink,
            dropped: record.dropped,
            dropped_told: record.dropped,
            kernel: record.kernel,
            clock: record.clock,
            hello: 0,
            anchor: Anchor::default(),
            started: record.started,
            first_heard: Moment::wall(record.first_heard),
            touched: 0,
            old: record.old,
            due: false,
        }
    }

    pub(crate) fn record(&self) -> BootRecord {
        BootRecord {
            boot: self.number,
            through: self.marks.through(),
            runs: self.marks.runs().take(MAX_KEPT_RUNS).collect(),
            newest: self.newest,
            downlink: self.downlink,
            dropped: self.dropped,
            kernel: self.kernel,
            clock: self.clock,
            started: self.started,
            first_heard: self.first_heard.unix,
            old: self.old,
        }
    }

    /// Takes what a `Hello` says of this boot, unless a later one has spoken.
    pub(crate) fn hello(&mut self, sequence: u32, hello: &Hello) {
        self.downlink = self.downlink.max(hello.downlink);
        if sequence > self.hello {
            self.hello = sequence;
            self.kernel = hello.kernel_boot;
            self.clock = hello.clock;
        }
    }

    /// A live frame arrived: brings the anchor up to date, and says how long
    /// ago it was made. `ready` is whether this boot is known to be alive.
    pub(crate) fn heard(&mut self, now: Now, uptime: Millis, ready: bool) -> Option<Millis> {
        if let (true, true, false, Some((started, true))) =
            (ready, now.trusted, self.anchor.is_known(), self.started)
        {
            // A queue may hand out frames of an hour ago as if they were new.
            self.anchor.seed(now.mono, now.unix.saturating_sub(started));
        }
        self.anchor.heard(now.mono, uptime, ready);
        if let Some(since_zero) = self.anchor.age(now.mono, 0) {
            let since_zero = UnixMillis::try_from(since_zero).unwrap_or(UnixMillis::MAX);
            self.started = Some((now.unix.saturating_sub(since_zero), now.trusted));
        }
        self.anchor.age(now.mono, uptime)
    }

    /// Whether another boot ran on the same running kernel, so that uptimes agree.
    pub(crate) fn same_kernel(&self, other: &Self) -> bool {
        self.kernel != [0; 16] && self.kernel == other.kernel
    }

    /// When this boot's uptime was `uptime`, by the coordinator's clock since
    /// it heard the boot live.
    pub(crate) fn date_by_anchor(&self, now: Now, uptime: Millis) -> Option<Dated> {
        let age = self.anchor.age(now.mono, uptime)?;
        Some(Dated::At(Moment::ago(now, age).unix))
    }

    /// The same by the node's own clock, if it was trusted.
    pub(crate) fn date_by_clock(&self, now: Now, uptime: Millis) -> Option<Dated> {
        let clock = self.clock.filter(|clock| clock.trusted)?;
        plausible(now, clock.offset, uptime)
    }

    /// The same by what an earlier run of the coordinator knew, if its clock
    /// was as good as ours is now.
    pub(crate) fn date_by_record(&self, now: Now, uptime: Millis) -> Option<Dated> {
        let (started, trusted) = self.started?;
        if trusted == now.trusted { plausible(now, started, uptime) } else { None }
    }
}

/// A date that does not lie in the future, as far as we can tell.
fn plausible(now: Now, zero: UnixMillis, uptime: Millis) -> Option<Dated> {
    let at = zero.checked_add(UnixMillis::try_from(uptime).ok()?)?;
    (!now.trusted || at <= now.unix.saturating_add(FUTURE)).then_some(Dated::At(at))
}
