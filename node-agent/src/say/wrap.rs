//! Many bodies of the backlog in one `Replay` frame.

use super::ring::Ring;
use crate::Millis;
use frames::{Body, Frame, FrameError, Head, MAX_FRAME, MAX_REPLAY, Replay, SEAL_BYTES, Say, VERSION};

/// A head at its longest: version, boot and two numbers of five bytes.
const MAX_HEAD: usize = 1 + 4 + 5 + 5;
/// What stands before each body in a `Replay`: its length.
const PREFIX: usize = 2;
/// Room for the bodies in a `Replay`: a frame less its seal, its head, the
/// kind of body and their number.
const WRAP: usize = MAX_FRAME - SEAL_BYTES - MAX_HEAD - 2;
/// The longest words that a `Replay` can wrap.
pub(crate) const MAX_SAY: usize = WRAP - PREFIX - MAX_HEAD;

/// What there is to know for wrapping.
pub(crate) struct Wrapper {
    pub(crate) now: Millis,
    /// The running boot.
    pub(crate) boot: u32,
    /// The lowest sequence of it that is held.
    pub(crate) oldest: u32,
    /// For how long nothing is said again.
    pub(crate) patience: Millis,
}

impl Wrapper {
    /// Wraps the oldest bodies that are due into one frame, marks them as said
    /// and outstanding, and counts them. None if nothing is due.
    pub(crate) fn wrap(&self, ring: &mut Ring) -> Result<Option<(Frame, usize)>, FrameError> {
        let (mut inner, mut ends) = (Frame::new(), heapless::Vec::<usize, MAX_REPLAY>::new());
        // Bodies of earlier boots lie in order, so that the first of each boot
        // is the lowest that is left of it.
        let mut lowest = (self.boot, self.oldest);
        for (entry, say) in ring.iter_mut() {
            if entry.boot == self.boot {
                lowest = (self.boot, self.oldest);
            } else if entry.boot != lowest.0 {
                lowest = (entry.boot, entry.sequence);
            }
            let due = entry.said().is_none_or(|said| said + self.patience <= self.now);
            if entry.is_live() || entry.outstanding || !due {
                continue;
            }
            let length = inner.len() + MAX_HEAD + say.len() + PREFIX * (ends.len() + 1);
            if ends.is_full() || length > WRAP {
                break;
            }
            entry.say(self.now);
            entry.outstanding = true;
            let (version, boot, sequence) = (entry.version, entry.boot, entry.sequence);
            Body::assemble(&Head { version, boot, sequence, oldest: lowest.1 }, say, &mut inner)?;
            let _ = ends.push(inner.len());
        }
        if ends.is_empty() {
            return Ok(None);
        }
        let mut replay = Replay::default();
        let mut start = 0;
        for end in &ends {
            let _ = replay.bodies.push(inner.get(start..*end).unwrap_or_default());
            start = *end;
        }
        let head = Head { version: VERSION, boot: self.boot, sequence: 0, oldest: self.oldest };
        let mut frame = Frame::new();
        Body { head, say: Say::Replay(replay) }.encode(&mut frame)?;
        Ok(Some((frame, ends.len())))
    }
}
