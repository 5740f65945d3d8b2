//! The other party: a coordinator that decides and acknowledges, and a disk
//! that can fail.

use crate::say::folder::Files;
use frames::{Ack, Body, MAX_RUNS, Run, Say};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;

/// What is marked of one boot.
#[derive(Clone, Default)]
struct Marks {
    mark: u32,
    beyond: BTreeSet<u32>,
}

/// Decides on whatever comes in.
#[derive(Clone, Default)]
pub(crate) struct Coordinator {
    marks: BTreeMap<u32, Marks>,
    /// Everything that ever came in, by boot and sequence; survives a restore.
    pub(crate) seen: BTreeSet<(u32, u32)>,
    pub(crate) doubles: usize,
    /// Boots heard of since the last commit.
    dirty: BTreeSet<u32>,
}

impl Coordinator {
    /// Takes a body in; answers what it held.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Vec<(u32, u32)> {
        let body = Body::decode(bytes).expect("a body that can be read");
        let mut held = Vec::new();
        if let Say::Replay(replay) = &body.say {
            assert!(!replay.bodies.is_empty());
            for inner in &replay.bodies {
                let inner = Body::decode(inner).expect("an inner body that can be read");
                assert!(!matches!(inner.say, Say::Replay(_)));
                held.push((inner.head.boot, inner.head.sequence));
                self.decide(&inner);
            }
        } else {
            held.push((body.head.boot, body.head.sequence));
            self.decide(&body);
        }
        held
    }

    fn decide(&mut self, body: &Body<'_>) {
        let marks = self.marks.entry(body.head.boot).or_default();
        marks.mark = marks.mark.max(body.head.oldest - 1);
        if body.head.sequence <= marks.mark || !marks.beyond.insert(body.head.sequence) {
            self.doubles += 1;
        }
        while marks.beyond.remove(&(marks.mark + 1)) {
            marks.mark += 1;
        }
        let mark = marks.mark;
        marks.beyond.retain(|sequence| *sequence > mark);
        self.seen.insert((body.head.boot, body.head.sequence));
        self.dirty.insert(body.head.boot);
    }

    /// The acknowledgement of a boot.
    pub(crate) fn ack(&self, boot: u32) -> Ack {
        let marks = self.marks.get(&boot).cloned().unwrap_or_default();
        let mut runs = heapless::Vec::<Run, MAX_RUNS>::new();
        for sequence in marks.beyond {
            if let Some(run) = runs.last_mut().filter(|run| run.last + 1 == sequence) {
                run.last = sequence;
            } else if runs.push(Run { first: sequence, last: sequence }).is_err() {
                break;
            }
        }
        Ack { boot, through: marks.mark, runs }
    }

    /// Commits: one acknowledgement for each boot heard of.
    pub(crate) fn commit(&mut self) -> Vec<Ack> {
        std::mem::take(&mut self.dirty).into_iter().map(|boot| self.ack(boot)).collect()
    }

    /// Goes back to what an older copy knew.
    pub(crate) fn restore(&mut self, copy: &Self) {
        self.marks.clone_from(&copy.marks);
        self.dirty.clear();
    }
}

/// Files in memory, whose writes can be made to fail, torn after some bytes.
#[derive(Clone, Default)]
pub(crate) struct MemoryFiles {
    pub(crate) files: Rc<RefCell<BTreeMap<u32, Vec<u8>>>>,
    /// How many bytes the next writes leave behind before they fail, if they do.
    pub(crate) failing: Rc<Cell<Option<usize>>>,
    pub(crate) writes: Rc<Cell<usize>>,
}

impl Files for MemoryFiles {
    fn list(&mut self) -> io::Result<Vec<u32>> {
        Ok(self.files.borrow().keys().copied().collect())
    }

    fn append(&mut self, number: u32, bytes: &[u8]) -> io::Result<()> {
        self.writes.set(self.writes.get() + 1);
        let mut files = self.files.borrow_mut();
        let file = files.entry(number).or_default();
        match self.failing.get() {
            None => {
                file.extend_from_slice(bytes);
                Ok(())
            }
            Some(left) => {
                file.extend_from_slice(&bytes[..left.min(bytes.len())]);
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
        }
    }

    fn read(&mut self, number: u32, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let files = self.files.borrow();
        let file = files.get(&number).ok_or(io::ErrorKind::NotFound)?;
        let rest = file.get(offset as usize..).unwrap_or_default();
        let length = rest.len().min(into.len());
        into[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn remove(&mut self, number: u32) -> io::Result<()> {
        self.files.borrow_mut().remove(&number).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }
}

/// The words of a body of vitals, as small as they get.
pub(crate) fn words(uptime: u32) -> frames::Frame {
    let mut out = frames::Frame::new();
    Say::Farewell(frames::Farewell { uptime }).encode(&mut out).unwrap();
    out
}

/// The words of a `Services` body: `units` of the longest names.
pub(crate) fn long_words(units: usize) -> frames::Frame {
    let name = "u".repeat(64).as_str().try_into().unwrap();
    let unit = frames::Service { name, state: frames::ServiceState::Active };
    let units = std::iter::repeat_n(unit, units).collect();
    let mut out = frames::Frame::new();
    Say::Services(frames::Services { uptime: 7, units }).encode(&mut out).unwrap();
    out
}
