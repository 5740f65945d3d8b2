//! What is undecided, through a long outage or a restart: an append-only log
//! of checksummed records in a few bounded files.
//!
//! A record is `cobs(version ‖ boot ‖ sequence ‖ words ‖ crc32) ‖ 0`, so that a
//! torn write or a rotten byte costs the records that it touches and no other.
//! A file goes when all in it is decided; the oldest goes when room runs out.

use super::folder::{Files, Folder};
use super::spool::Kept;
use frames::MAX_FRAME;
use std::collections::VecDeque;
use std::io;

/// Files at most. Together 8 MiB; without the oldest still 60,512 records,
/// which is 7 days at 10 s; with memory's 2,240 still under the coordinator's
/// window of 65,536.
const MOST_SEGMENTS: usize = 32;
/// Bytes of one file at most.
const SEGMENT_BYTES: usize = 256 * 1024;
/// Records of one file at most.
const SEGMENT_RECORDS: usize = 1952;
/// Version, boot and sequence before the words, and the checksum after them.
const HEAD: usize = 1 + 4 + 4;
const SUM: usize = 4;
/// The longest record that can be genuine, its end included.
const LONGEST: usize = cobs::max_encoding_length(HEAD + MAX_FRAME + SUM) + 1;
/// Bytes read at once.
const READ: usize = 4096;

/// One file of the log.
#[derive(Debug)]
struct Segment {
    number: u32,
    bytes: usize,
    records: usize,
    /// Records given back by [`Log::read_next`].
    read: usize,
    /// Whether it ends in a torn record, after which nothing may be appended.
    torn: bool,
    /// First and last sequence of the running boot that are not read yet.
    ours: Option<(u32, u32)>,
}

impl Segment {
    fn new(number: u32) -> Self {
        Self { number, bytes: 0, records: 0, read: 0, torn: false, ours: None }
    }

    fn unread(&self) -> usize {
        self.records.saturating_sub(self.read)
    }
}

/// Where reading goes on.
#[derive(Debug, Default)]
struct Reader {
    /// Place of the file among the segments.
    segment: usize,
    /// Where in the file `buffer` begins.
    offset: u64,
    buffer: Vec<u8>,
    /// Where in `buffer` the next record begins.
    at: usize,
}

/// The log of one agent.
#[derive(Debug)]
pub struct Log<F = Folder> {
    files: F,
    boot: u32,
    segments: VecDeque<Segment>,
    /// The number of the next file.
    next: u32,
    reader: Reader,
    lost: usize,
    damaged: usize,
    failures: u32,
}

impl<F: Files> Log<F> {
    /// Finds what earlier boots left. What can't be listed or read now counts
    /// as a failure, and the log begins empty: memory goes on without it.
    pub fn open(files: F, boot: u32) -> Self {
        let mut log = Self {
            files,
            boot,
            segments: VecDeque::new(),
            next: 1,
            reader: Reader::default(),
            lost: 0,
            damaged: 0,
            failures: 0,
        };
        let mut numbers = log.files.list().unwrap_or_else(|_| {
            log.failures += 1;
            Vec::new()
        });
        numbers.sort_unstable();
        log.next = numbers.last().map_or(1, |last| last.saturating_add(1));
        for number in numbers {
            match log.survey(number) {
                Ok(segment) if segment.bytes > 0 => log.segments.push_back(segment),
                Ok(_) => drop(log.files.remove(number)),
                Err(_) => log.failures += 1,
            }
        }
        log
    }

    /// How large a file is, and how many records it holds.
    fn survey(&mut self, number: u32) -> io::Result<Segment> {
        let mut segment = Segment::new(number);
        let (mut chunk, mut last) = ([0; READ], 0);
        loop {
            let length = self.files.read(number, segment.bytes as u64, &mut chunk)?;
            let Some(bytes) = chunk.get(..length).filter(|bytes| !bytes.is_empty()) else {
                segment.torn = last != 0;
                return Ok(segment);
            };
            for byte in bytes {
                segment.records += usize::from(*byte == 0 && last != 0);
                last = *byte;
            }
            segment.bytes += length;
        }
    }

    /// Appends bodies, oldest first, and waits until they are on the disk. The
    /// answer is how many are there, from the front, and what stopped the rest.
    pub fn append<'a>(&mut self, bodies: impl Iterator<Item = Kept<'a>>) -> (usize, io::Result<()>) {
        let mut bodies = bodies.peekable();
        let mut written = 0;
        while bodies.peek().is_some() {
            let full =
                |last: &Segment| last.torn || last.bytes >= SEGMENT_BYTES || last.records >= SEGMENT_RECORDS;
            if self.segments.back().is_none_or(full) {
                self.begin_segment();
            }
            let Some(last) = self.segments.back_mut() else { break };
            let mut batch = Vec::new();
            let (mut records, mut ours) = (0, last.ours);
            while last.records + records < SEGMENT_RECORDS && last.bytes + batch.len() < SEGMENT_BYTES {
                let Some(body) = bodies.next() else { break };
                encode(&body, &mut batch);
                records += 1;
                if body.boot == self.boot {
                    ours = Some((ours.map_or(body.sequence, |(first, _)| first), body.sequence));
                }
            }
            if let Err(error) = self.files.append(last.number, &batch) {
                self.failures += 1;
                let number = last.number;
                self.mend(number);
                return (written, Err(error));
            }
            last.bytes += batch.len();
            last.records += records;
            last.ours = ours;
            written += records;
        }
        (written, Ok(()))
    }

    /// After a failed write: did it leave anything behind?
    fn mend(&mut self, number: u32) {
        let found = self.survey(number).map_or(0, |found| found.bytes);
        let Some(last) = self.segments.back_mut() else { return };
        last.torn = found > last.bytes;
        if last.bytes == 0 {
            self.segments.pop_back();
            self.forget(number);
        }
    }

    /// Room for one more file; the oldest goes when there are too many.
    fn begin_segment(&mut self) {
        while self.segments.len() >= MOST_SEGMENTS {
            let Some(oldest) = self.segments.pop_front() else { break };
            self.lost += oldest.unread();
            self.forget(oldest.number);
            if self.reader.segment == 0 {
                self.reader = Reader::default();
            } else {
                self.reader.segment -= 1;
            }
        }
        self.segments.push_back(Segment::new(self.next));
        self.next = self.next.saturating_add(1);
    }

    fn forget(&mut self, number: u32) {
        match self.files.remove(number) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => self.failures += 1,
            _ => {}
        }
    }

    /// The next body, oldest first; none when all have been read. What is
    /// damaged is left out and counted; a file that can't be read is given up.
    pub fn read_next(&mut self) -> Option<Kept<'_>> {
        let body = loop {
            let segment = self.segments.get_mut(self.reader.segment)?;
            let reader = &mut self.reader;
            let rest = reader.buffer.get_mut(reader.at..).unwrap_or_default();
            if let Some(length) = rest.iter().position(|byte| *byte == 0) {
                let start = reader.at;
                reader.at += length + 1;
                if length == 0 {
                    continue;
                }
                segment.read += 1;
                let Some((boot, sequence, end)) = rest.get_mut(..length).and_then(decode) else {
                    self.damaged += 1;
                    continue;
                };
                if boot == self.boot {
                    let left = |(_, last): (u32, u32)| (sequence < last).then(|| (sequence + 1, last));
                    segment.ours = segment.ours.and_then(left);
                }
                break start..start + end;
            }
            reader.offset += reader.at as u64;
            reader.buffer.drain(..reader.at);
            reader.at = 0;
            if reader.buffer.len() >= LONGEST {
                // No record is that long: something else, up to the next zero.
                reader.offset += reader.buffer.len() as u64;
                reader.buffer.clear();
            }
            let held = reader.buffer.len();
            reader.buffer.resize(held + READ, 0);
            let into = reader.buffer.get_mut(held..).unwrap_or_default();
            let got = self.files.read(segment.number, reader.offset + held as u64, into);
            reader.buffer.truncate(held + got.as_ref().copied().unwrap_or(0));
            match got {
                Ok(0) => {}
                Ok(_) => continue,
                Err(_) => {
                    self.failures += 1;
                    self.lost += segment.unread();
                }
            }
            // The file ends here, perhaps with a torn record.
            segment.read = segment.records;
            segment.ours = None;
            if self.reader.segment + 1 >= self.segments.len() {
                // More may be appended to the last one: go on from here then.
                self.reader.buffer.clear();
                return None;
            }
            self.reader = Reader { segment: self.reader.segment + 1, ..Reader::default() };
        };
        let record = self.reader.buffer.get(body)?;
        let (head, say) = record.split_at_checked(HEAD)?;
        let (version, numbers) = head.split_first()?;
        let (boot, sequence) = numbers.split_at_checked(4)?;
        Some(Kept {
            version: *version,
            boot: u32::from_le_bytes(boot.try_into().ok()?),
            sequence: u32::from_le_bytes(sequence.try_into().ok()?),
            say,
        })
    }

    /// All bodies that [`read_next`](Self::read_next) gave are decided: the files that
    /// hold nothing else go.
    pub fn release(&mut self) {
        while self.segments.front().is_some_and(|first| first.unread() == 0 || self.reader.segment > 0) {
            let Some(first) = self.segments.pop_front() else { break };
            self.forget(first.number);
            if self.reader.segment == 0 {
                self.reader = Reader::default();
            } else {
                self.reader.segment -= 1;
            }
        }
        if self.segments.is_empty() {
            self.reader = Reader::default();
        }
    }

    /// Whether there are files, all of them read to their end.
    pub fn is_read(&self) -> bool {
        !self.segments.is_empty() && self.unread() == 0
    }

    /// Bodies on the disk that have not been read.
    pub fn unread(&self) -> usize {
        self.segments.iter().map(Segment::unread).sum()
    }

    /// The lowest sequence of the running boot among them.
    pub fn oldest(&self) -> Option<u32> {
        self.segments.iter().filter_map(|segment| segment.ours).map(|(first, _)| first).min()
    }

    /// Bodies lost for want of room or by a file that can't be read, since the
    /// last call.
    pub fn take_lost(&mut self) -> usize {
        std::mem::take(&mut self.lost)
    }

    /// Records that were damaged.
    pub fn damaged(&self) -> usize {
        self.damaged
    }

    /// Writes, reads and removals that failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Bytes on the disk.
    pub fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}

/// Appends one record.
fn encode(body: &Kept<'_>, out: &mut Vec<u8>) {
    let mut plain = Vec::with_capacity(HEAD + body.say.len() + SUM);
    plain.push(body.version);
    plain.extend_from_slice(&body.boot.to_le_bytes());
    plain.extend_from_slice(&body.sequence.to_le_bytes());
    plain.extend_from_slice(body.say);
    plain.extend_from_slice(&crc32fast::hash(&plain).to_le_bytes());
    let start = out.len();
    out.resize(start + cobs::max_encoding_length(plain.len()), 0);
    let length = cobs::encode(&plain, out.get_mut(start..).unwrap_or_default());
    out.truncate(start + length);
    out.push(0);
}

/// Decodes a record in place: boot, sequence, and where its checksum begins.
fn decode(record: &mut [u8]) -> Option<(u32, u32, usize)> {
    let length = cobs::decode_in_place(record).ok()?;
    let (plain, sum) = record.get(..length)?.split_last_chunk::<SUM>()?;
    // Something must be said.
    if plain.len() <= HEAD || crc32fast::hash(plain) != u32::from_le_bytes(*sum) {
        return None;
    }
    let boot = plain.get(1..5)?.try_into().ok()?;
    let sequence = plain.get(5..9)?.try_into().ok()?;
    Some((u32::from_le_bytes(boot), u32::from_le_bytes(sequence), plain.len()))
}
