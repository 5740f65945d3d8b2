//! What of the spool goes to the disk while nobody answers, and comes back from it.

use super::super::ring::Entry;
use super::super::wrap::MAX_SAY;
use super::{EARLY_CHUNKS, Spool, WINDOW};
use crate::Millis;
use frames::MAX_REPLAY;

/// Bodies that are read back from the disk at once: one window.
const LOAD: usize = WINDOW * MAX_REPLAY;
/// One body as it lies on the disk: still without its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept<'a> {
    /// Version of the words.
    pub version: u8,
    /// The boot in which they were spoken.
    pub boot: u32,
    /// Their number in it.
    pub sequence: u32,
    /// What [`Say::encode`](frames::Say::encode) made.
    pub say: &'a [u8],
}

impl Spool {
    /// When memory should go to the disk: [`KEEP_EVERY`](super::KEEP_EVERY) after the link went
    /// down or the last answer came, and as often from then on.
    pub fn keep_at(&self) -> Option<Millis> {
        if self.memory.is_empty() {
            return None;
        }
        match (self.connected, self.waiting) {
            (false, _) => Some(self.kept_at + self.keep_every),
            (true, Some(since)) => Some(since.max(self.kept_at) + self.keep_every),
            (true, None) => None,
        }
    }

    /// What is in memory alone, for the disk.
    pub fn to_keep(&self) -> impl Iterator<Item = Kept<'_>> {
        self.memory.iter().map(|(entry, say)| Kept {
            version: entry.version,
            boot: entry.boot,
            sequence: entry.sequence,
            say,
        })
    }

    /// The disk has been tried: of what [`to_keep`](Self::to_keep) gave, this
    /// many lie there now and leave memory; the rest stays.
    pub fn kept(&mut self, now: Millis, written: usize) {
        self.kept_at = now;
        let mut left = written;
        self.memory.remove(|_| {
            let moved = left > 0;
            left -= usize::from(moved);
            moved
        });
        self.recount();
        // Some may just have been said: the disk does not remember when.
        if self.connected && written > 0 {
            self.replay_at = self.replay_at.max(now + self.patience);
        }
    }

    /// Whether bodies are left on the disk, and the lowest of this boot among them.
    pub fn on_disk(&mut self, left: bool, oldest: Option<u32>) {
        self.disk = left;
        self.disk_oldest = oldest.filter(|_| left);
    }

    /// Whether the next window should be read back from the disk now: not
    /// before all that was read earlier is decided.
    pub fn wants_disk(&self, now: Millis) -> bool {
        self.connected && self.disk && self.early.is_empty() && now >= self.replay_at
    }

    /// Whether all that was read back from the disk is decided.
    pub fn is_read_back(&self) -> bool {
        self.early.is_empty()
    }

    /// Whether there is room to read one more back.
    pub fn has_room(&self) -> bool {
        self.early.len() < LOAD && self.early.chunks() < EARLY_CHUNKS
    }

    /// Takes a body back from the disk. Not taken is what has been decided
    /// meanwhile and what could not be said; the answer says whether it was.
    pub fn load(&mut self, kept: &Kept<'_>) -> bool {
        let mut acks = self.acks.iter().filter(|ack| ack.boot == kept.boot);
        if acks.any(|ack| ack.covers(kept.sequence)) || kept.sequence == 0 {
            return false;
        }
        if kept.say.is_empty() || kept.say.len() > MAX_SAY {
            self.lose(1);
            return false;
        }
        let lost = self.early.push(Entry::new(kept.version, kept.boot, kept.sequence, false), kept.say);
        self.lose(lost);
        true
    }
}
