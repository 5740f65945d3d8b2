//! What has been said or is still to be said, until the coordinator has
//! decided on it. Pure: time, seed and disk records come in as plain values.
//!
//! Bodies are held without their head, because it names the oldest body held
//! at the moment of saying. Live bodies go first, each in a frame of its own;
//! everything else follows oldest first, wrapped in `Replay` frames.

mod kept;

pub use kept::Kept;

use super::ring::{Entry, Ring};
use super::wrap::{MAX_SAY, Wrapper};
use crate::Millis;
use frames::{Ack, Body, Frame, Head, VERSION};

/// Chunks of 40 bodies in memory: 2,240 bodies, of which 2,200 are left after
/// the oldest chunk went. Six hours at 10 s are 2,160.
const MOST_CHUNKS: usize = 56;
/// Frames of the backlog that may wait for an answer at once: one window.
const WINDOW: usize = 4;
/// Between two frames of the backlog: 10 frames/s.
const PACE: Millis = 100;
/// After a (re)connection the backlog starts at random within this time, so
/// that a whole fleet does not speak at once.
const START_WITHIN: Millis = 30_000;
/// Nothing is said again before this time, or before thrice the delay seen.
const PATIENCE: Millis = 60_000;
/// The longest delay of an answer that is believed: longer ones were outages.
const LONGEST_DELAY: Millis = 200_000;
/// How often the patience doubles at most while no answer comes: to 16 times.
const MOST_DOUBLINGS: u32 = 4;
/// While the link is down (or nobody answers), bodies go to the disk this often,
/// unless a setting says otherwise.
pub const KEEP_EVERY: Millis = 300_000;
/// Boots whose last acknowledgement is remembered, for bodies that are still
/// on the disk. Beyond them a body may be said twice, which does no harm.
const BOOTS: usize = 8;
/// Chunks for what is read back from the disk. One is filled by 40 bodies of
/// vitals, or by a single long `Services` body.
const EARLY_CHUNKS: usize = 16;

/// Frames of the backlog that wait for an answer.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    frames: usize,
    /// Bodies in them not yet decided.
    left: usize,
    /// When the wait is over.
    deadline: Millis,
}

/// Every body of a node that the coordinator has not yet decided on.
#[derive(Debug)]
pub struct Spool {
    boot: u32,
    /// The sequence of the next body.
    next: u32,
    /// A window read back from the disk: older than all in `memory`.
    early: Ring,
    memory: Ring,
    /// Whether the disk holds bodies that are neither in `early` nor decided.
    disk: bool,
    /// The lowest of them that is of this boot.
    disk_oldest: Option<u32>,
    /// What was decided last of each boot, the one last heard of at the end.
    acks: heapless::Vec<Ack, BOOTS>,
    connected: bool,
    /// When the link came up last.
    since: Millis,
    /// When a frame of the backlog may be said next.
    replay_at: Millis,
    window: Window,
    /// Since when something said has had no answer.
    waiting: Option<Millis>,
    /// When the link went down or the disk was written last.
    kept_at: Millis,
    keep_every: Millis,
    /// The longest delay of an answer lately.
    delay: Millis,
    /// [`PATIENCE`] or thrice `delay`, with jitter.
    patience: Millis,
    doublings: u32,
    dropped: u32,
    random: fastrand::Rng,
}

impl Spool {
    /// An empty spool of this boot. The seed decides its jitter.
    pub fn new(now: Millis, boot: u32, seed: u64) -> Self {
        let mut spool = Self {
            boot,
            next: 1,
            early: Ring::new(EARLY_CHUNKS),
            memory: Ring::new(MOST_CHUNKS),
            disk: false,
            disk_oldest: None,
            acks: heapless::Vec::new(),
            connected: false,
            replay_at: 0,
            window: Window::default(),
            waiting: None,
            since: now,
            kept_at: now,
            keep_every: KEEP_EVERY,
            delay: 0,
            patience: PATIENCE,
            doublings: 0,
            dropped: 0,
            random: fastrand::Rng::with_seed(seed),
        };
        spool.settle_patience();
        spool
    }

    /// The same, with bodies going to the disk this often while nobody answers.
    #[must_use]
    pub fn keeping_every(self, every: Millis) -> Self {
        Self { keep_every: every, ..self }
    }

    /// Takes in the words of one body ([`Say::encode`](frames::Say::encode)'s) and numbers it. It is
    /// said live if there is a link, else it joins the backlog. When there is
    /// no room the oldest go, and count as dropped.
    pub fn push(&mut self, say: &[u8]) -> u32 {
        let sequence = self.next;
        self.next = self.next.saturating_add(1);
        if say.is_empty() || say.len() > MAX_SAY {
            self.lose(1);
        } else {
            let entry = Entry::new(VERSION, self.boot, sequence, self.connected);
            let lost = self.memory.push(entry, say);
            self.lose(lost);
            if lost > 0 {
                self.recount();
            }
        }
        sequence
    }

    /// The link is up: live bodies go at once, the backlog within 30 s.
    pub fn connected(&mut self, now: Millis) {
        self.connected = true;
        self.since = now;
        self.replay_at = now + self.random.u64(0..=START_WITHIN);
        self.waiting = None;
        self.doublings = 0;
        self.settle_patience();
    }

    /// The link is down: what is not decided belongs to the backlog.
    pub fn disconnected(&mut self, now: Millis) {
        if self.connected {
            self.kept_at = self.kept_at.max(now);
        }
        self.connected = false;
        self.waiting = None;
        self.memory.newest_first().take_while(|entry| entry.is_live()).for_each(Entry::settle);
        self.close_window();
    }

    /// The next body to say now, unsealed; none if nothing is due.
    pub fn speak(&mut self, now: Millis) -> Option<Frame> {
        if !self.connected {
            return None;
        }
        let frame = self.live(now).or_else(|| self.backlog(now))?;
        self.waiting.get_or_insert(now);
        Some(frame)
    }

    fn live(&mut self, now: Millis) -> Option<Frame> {
        let oldest = self.oldest();
        // The live ones are the newest; the oldest of them goes first.
        let waiting = self.memory.newest_first().take_while(|entry| entry.is_live()).count();
        let place = self.memory.len().checked_sub(waiting).filter(|_| waiting > 0)?;
        let (entry, say) = self.memory.iter_mut().nth(place)?;
        entry.say(now);
        let head = Head { version: entry.version, boot: self.boot, sequence: entry.sequence, oldest };
        let mut frame = Frame::new();
        // `push` admits no words that don't fit.
        Body::assemble(&head, say, &mut frame).ok().map(|()| frame)
    }

    fn backlog(&mut self, now: Millis) -> Option<Frame> {
        if self.window.frames > 0 {
            if self.window.left == 0 {
                self.window = Window::default();
            } else if now >= self.window.deadline {
                self.close_window();
                self.doublings = (self.doublings + 1).min(MOST_DOUBLINGS);
                self.settle_patience();
            }
        }
        if now < self.replay_at || self.window.frames >= WINDOW {
            return None;
        }
        let wrapper = Wrapper { now, boot: self.boot, oldest: self.oldest(), patience: self.patience };
        // While the disk has older ones, memory waits for its turn.
        let ring = if self.early.is_empty() && !self.disk { &mut self.memory } else { &mut self.early };
        let (frame, bodies) = wrapper.wrap(ring).ok().flatten()?;
        self.window.frames += 1;
        self.window.left += bodies;
        self.window.deadline = now + (self.patience << self.doublings);
        self.replay_at = now + PACE;
        Some(frame)
    }

    /// The coordinator has decided: what the acknowledgement covers goes. The
    /// answer is how many went.
    pub fn ack(&mut self, now: Millis, ack: &Ack) -> usize {
        let (since, mut gone, mut in_window, mut delay) = (self.since, 0, 0, None);
        let mut decided = |entry: &Entry| {
            let covered = entry.boot == ack.boot && ack.covers(entry.sequence);
            if covered {
                gone += 1;
                in_window += usize::from(entry.outstanding);
                // What was said over an earlier link tells nothing of this one.
                let said = entry.said().filter(|said| *said >= since);
                delay = delay.max(said.map(|said| now.saturating_sub(said)));
            }
            covered
        };
        self.early.remove(&mut decided);
        self.memory.remove(&mut decided);
        self.acks.retain(|earlier| earlier.boot != ack.boot);
        if self.acks.is_full() {
            self.acks.remove(0);
        }
        let _ = self.acks.push(ack.clone());
        self.window.left = self.window.left.saturating_sub(in_window);
        if in_window > 0 {
            self.doublings = 0;
        }
        if gone > 0 {
            self.waiting = (!self.memory.is_empty() || !self.early.is_empty()).then_some(now);
        }
        if let Some(delay) = delay {
            self.delay = delay.min(LONGEST_DELAY).max(self.delay - self.delay / 8);
            self.settle_patience();
        }
        gone
    }

    /// When [`speak`](Self::speak) may have more; 0 means at once, none that
    /// only another call can change it.
    pub fn wake(&self) -> Option<Millis> {
        if !self.connected {
            return None;
        }
        if self.memory.last().is_some_and(Entry::is_live) {
            return Some(0);
        }
        let open = self.window.left == 0 || self.window.frames < WINDOW;
        let ring = if self.early.is_empty() && !self.disk { &self.memory } else { &self.early };
        let due = if open {
            let waits = ring.iter().filter(|(entry, _)| !entry.outstanding);
            let due = waits.map(|(entry, _)| entry.said().map_or(0, |said| said + self.patience)).min();
            due.or((self.disk && self.early.is_empty()).then_some(0))
        } else {
            None
        };
        let due = due.map(|due| due.max(self.replay_at));
        let deadline = (self.window.left > 0).then_some(self.window.deadline);
        due.into_iter().chain(deadline).min()
    }

    /// Bodies held in memory, those read back from the disk included.
    pub fn len(&self) -> usize {
        self.memory.len() + self.early.len()
    }

    /// Whether nothing is held, neither in memory nor on the disk.
    pub fn is_empty(&self) -> bool {
        self.memory.is_empty() && self.early.is_empty() && !self.disk
    }

    /// Bodies lost for want of room, since this boot began.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Bytes of memory that the spool takes now.
    pub fn memory(&self) -> usize {
        self.memory.memory() + self.early.memory()
    }

    /// The lowest sequence of this boot that is held, or the next one if none is.
    pub fn oldest(&self) -> u32 {
        let early = self.early.iter().map(|(entry, _)| entry).filter(|entry| entry.boot == self.boot);
        let lowest = early.map(|entry| entry.sequence).min();
        let memory = self.memory.iter().next().map(|(entry, _)| entry.sequence);
        lowest.into_iter().chain(memory).chain(self.disk_oldest).min().unwrap_or(self.next)
    }

    /// Counts bodies as lost.
    pub(crate) fn lose(&mut self, bodies: usize) {
        self.dropped = self.dropped.saturating_add(u32::try_from(bodies).unwrap_or(u32::MAX));
    }

    /// Nobody waits for an answer to the backlog any more.
    fn close_window(&mut self) {
        self.window = Window::default();
        for (entry, _) in self.early.iter_mut().chain(self.memory.iter_mut()) {
            entry.outstanding = false;
        }
    }

    /// Bodies left by another way than a decision: the window counts anew.
    fn recount(&mut self) {
        let all = self.early.iter().chain(self.memory.iter());
        self.window.left = all.filter(|(entry, _)| entry.outstanding).count();
    }

    fn settle_patience(&mut self) {
        let base = PATIENCE.max(3 * self.delay);
        self.patience = base + self.random.u64(0..=base / 2);
    }
}
