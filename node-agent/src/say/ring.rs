//! Bodies in memory, in order, in chunks that come and go with an outage.

use std::collections::VecDeque;

/// Bytes of bodies that one chunk has room for.
const CHUNK_BYTES: usize = 3328;
/// Bodies that one chunk has room for. A `Vitals` body without its head takes
/// at most 81 B, so that a chunk is full by number, not by bytes.
const CHUNK_ENTRIES: usize = 40;

/// A time that an entry has not yet been said at.
const NEVER: u32 = 0;
/// An entry that waits to be said live.
const LIVE: u32 = u32::MAX;

/// One body that is held: all but its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) boot: u32,
    pub(crate) sequence: u32,
    /// Tenths of a second when it was said last, [`NEVER`] or [`LIVE`].
    said: u32,
    start: u16,
    /// No body is empty: 0 means that the entry is gone.
    length: u16,
    /// Version of the body's words.
    pub(crate) version: u8,
    /// Whether it is part of the window that waits for an answer.
    pub(crate) outstanding: bool,
}

impl Entry {
    pub(crate) fn new(version: u8, boot: u32, sequence: u32, live: bool) -> Self {
        let said = if live { LIVE } else { NEVER };
        Self { boot, sequence, said, start: 0, length: 0, version, outstanding: false }
    }

    /// When it was said last, in milliseconds.
    pub(crate) fn said(&self) -> Option<u64> {
        (self.said != NEVER && self.said != LIVE).then(|| u64::from(self.said) * 100)
    }

    pub(crate) fn say(&mut self, now: u64) {
        self.said = u32::try_from(now / 100).unwrap_or(LIVE - 1).clamp(NEVER + 1, LIVE - 1);
    }

    pub(crate) fn is_live(&self) -> bool {
        self.said == LIVE
    }

    /// No longer live: it belongs to the backlog.
    pub(crate) fn settle(&mut self) {
        if self.is_live() {
            self.said = NEVER;
        }
    }

    fn is_held(&self) -> bool {
        self.length > 0
    }
}

#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// Entries not gone.
    held: usize,
}

impl Chunk {
    fn new(length: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(CHUNK_BYTES.max(length)),
            entries: Vec::with_capacity(CHUNK_ENTRIES),
            held: 0,
        }
    }

    fn fits(&self, length: usize) -> bool {
        self.entries.len() < CHUNK_ENTRIES && self.bytes.len() + length <= self.bytes.capacity()
    }

    fn push(&mut self, mut entry: Entry, say: &[u8]) {
        entry.start = self.bytes.len() as u16;
        entry.length = say.len() as u16;
        self.bytes.extend_from_slice(say);
        self.entries.push(entry);
        self.held += 1;
    }

    fn say(&self, entry: &Entry) -> &[u8] {
        let start = usize::from(entry.start);
        self.bytes.get(start..start + usize::from(entry.length)).unwrap_or_default()
    }
}

/// A bounded queue of bodies, oldest first, from which any can be taken.
#[derive(Debug)]
pub(crate) struct Ring {
    chunks: VecDeque<Chunk>,
    most: usize,
    held: usize,
}

impl Ring {
    /// A ring of at most `most` chunks.
    pub(crate) fn new(most: usize) -> Self {
        Self { chunks: VecDeque::new(), most, held: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.held
    }

    pub(crate) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Adds a body at the end, which must not be empty nor longer than a frame.
    /// Without room the oldest chunk goes; the answer is how many went.
    pub(crate) fn push(&mut self, entry: Entry, say: &[u8]) -> usize {
        let mut lost = 0;
        if !self.chunks.back().is_some_and(|chunk| chunk.fits(say.len())) {
            if self.chunks.len() >= self.most {
                lost = self.chunks.pop_front().map_or(0, |chunk| chunk.held);
                self.held -= lost;
            }
            self.chunks.push_back(Chunk::new(say.len()));
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.push(entry, say);
            self.held += 1;
        }
        lost
    }

    /// The newest body's marks.
    pub(crate) fn last(&self) -> Option<&Entry> {
        self.chunks.iter().rev().find_map(|chunk| chunk.entries.iter().rev().find(|entry| entry.is_held()))
    }

    /// The bodies, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Entry, &[u8])> {
        self.chunks.iter().flat_map(|chunk| {
            chunk.entries.iter().filter(|entry| entry.is_held()).map(|entry| (entry, chunk.say(entry)))
        })
    }

    /// The bodies, oldest first, with their marks to change.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&mut Entry, &[u8])> {
        self.chunks.iter_mut().flat_map(|chunk| {
            let bytes = &chunk.bytes;
            chunk.entries.iter_mut().filter(|entry| entry.is_held()).map(|entry| {
                let start = usize::from(entry.start);
                let say = bytes.get(start..start + usize::from(entry.length)).unwrap_or_default();
                (entry, say)
            })
        })
    }

    /// The marks of the bodies, newest first.
    pub(crate) fn newest_first(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.chunks
            .iter_mut()
            .rev()
            .flat_map(|chunk| chunk.entries.iter_mut().rev().filter(|entry| entry.is_held()))
    }

    /// Takes out what `decided` names, and gives the memory back.
    pub(crate) fn remove(&mut self, mut decided: impl FnMut(&Entry) -> bool) {
        for chunk in &mut self.chunks {
            for entry in chunk.entries.iter_mut().filter(|entry| entry.is_held()) {
                if decided(entry) {
                    entry.length = 0;
                    chunk.held -= 1;
                    self.held -= 1;
                }
            }
        }
        self.shrink();
    }

    /// Memory follows what is held: empty chunks go, but for one to go on with.
    fn shrink(&mut self) {
        let newest = self.chunks.len().saturating_sub(1);
        let mut place = 0;
        self.chunks.retain(|chunk| {
            let keep = chunk.held > 0 || place == newest;
            place += 1;
            keep
        });
        if let Some(chunk) = self.chunks.back_mut().filter(|chunk| chunk.held == 0) {
            chunk.bytes.clear();
            chunk.entries.clear();
        }
        if self.chunks.len() <= 1 {
            self.chunks.shrink_to(1);
        }
    }

    /// Bytes of memory that it takes now.
    pub(crate) fn memory(&self) -> usize {
        let chunk = |chunk: &Chunk| chunk.bytes.capacity() + chunk.entries.capacity() * size_of::<Entry>();
        self.chunks.capacity() * size_of::<Chunk>() + self.chunks.iter().map(chunk).sum::<usize>()
    }
}
