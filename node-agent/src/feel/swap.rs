//! Another model comes in pieces, is tried, and has to prove itself.
//!
//! - *Pieces* may come in any order and more than once; when all are there, the
//!   whole must have the hash that each piece named.
//! - *Tried*: it must load, fit this agent's features, be as fast as the budget
//!   allows, and have sense on golden readings: an idle machine is in no trouble, a
//!   starved one is. Else it is never used.
//! - *Proving*: for a day the node goes back by itself if the new model fails, is too
//!   slow, or says `crisis` far more often than the one before.

use super::features::Features;
use super::model::{Model, ModelError};
use frames::{MAX_CHUNK, MOODS, ModelChunk, Mood, Readings, Vital};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// The largest model that is taken in pieces, in bytes: what `mood.onnx` may have.
pub const MOST_BYTES: usize = 100_000;
const MOST_PIECES: usize = MOST_BYTES.div_ceil(MAX_CHUNK);

/// One run may cost so much CPU time: ten times what it costs on the slowest Pi.
pub const SLOWEST: Duration = Duration::from_millis(2);

/// Samples for which a new model has to prove itself: a day at 10 s.
const PROBATION: u32 = 8_640;
/// Crises count after so many samples, and may be so many times what they were, and
/// so much of all samples more.
const FEWEST: u32 = 30;
const FACTOR: f32 = 3.0;
const MORE: f32 = 0.1;
/// So many runs in a row may fail or be too slow.
const PATIENCE: u32 = 3;

/// Why a model that came in was not taken, or was given up.
#[derive(Debug, thiserror::Error)]
pub enum SwapError {
    /// A piece that fits no model.
    #[error(
        "a piece of a model of {length} bytes at {offset} can't be; at most {MOST_BYTES} bytes are taken"
    )]
    Piece {
        /// The length that the piece names.
        length: u32,
        /// Where it begins.
        offset: u32,
    },
    /// The whole has another hash.
    #[error("the model that came in is not the one that was sent: its hash differs")]
    Hash,
    /// It can't be used here.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// It has no sense.
    #[error("the model says {probabilities:?} of a machine that is {of}")]
    NoSense {
        /// Which golden reading.
        of: &'static str,
        /// What it said.
        probabilities: [f32; MOODS],
    },
    /// It is too slow.
    #[error("the model takes {took:?} for one verdict, where {SLOWEST:?} are allowed")]
    Slow {
        /// How long it took.
        took: Duration,
    },
    /// It failed when it was used.
    #[error("the model fails")]
    Fails,
    /// It cries wolf.
    #[error("the model says crisis of {now:.0} % of the samples, the one before said it of {before:.0} %")]
    Crises {
        /// Percent of the samples with it.
        now: f32,
        /// Percent before.
        before: f32,
    },
}

/// A model on its way in.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    hash: [u8; 32],
    bytes: Vec<u8>,
    have: Vec<bool>,
}

impl Incoming {
    /// Takes a piece; gives the model's bytes when it was the last.
    pub fn take(&mut self, chunk: &ModelChunk<'_>) -> Result<Option<Vec<u8>>, SwapError> {
        let wrong = || SwapError::Piece { length: chunk.length, offset: chunk.offset };
        let length = usize::try_from(chunk.length).map_err(|_| wrong())?;
        let offset = usize::try_from(chunk.offset).map_err(|_| wrong())?;
        let piece = offset / MAX_CHUNK;
        let wanted = MAX_CHUNK.min(length.saturating_sub(offset));
        if length > MOST_BYTES || offset % MAX_CHUNK != 0 || wanted == 0 || chunk.bytes.len() != wanted {
            return Err(wrong());
        }
        if self.hash != chunk.hash || self.bytes.len() != length {
            // Another model; what was there of an earlier one is given up.
            *self = Self {
                hash: chunk.hash,
                bytes: vec![0; length],
                have: vec![false; length.div_ceil(MAX_CHUNK)],
            };
        }
        debug_assert!(self.have.len() <= MOST_PIECES);
        if let (Some(place), Some(have)) =
            (self.bytes.get_mut(offset..offset + wanted), self.have.get_mut(piece))
        {
            place.copy_from_slice(chunk.bytes);
            *have = true;
        }
        if !self.have.iter().all(|have| *have) {
            return Ok(None);
        }
        let whole = core::mem::take(self);
        if Sha256::digest(&whole.bytes).as_slice() == whole.hash {
            Ok(Some(whole.bytes))
        } else {
            Err(SwapError::Hash)
        }
    }
}

/// Golden readings: what they are of, and whether such a machine is in trouble.
type Golden = (&'static str, bool, &'static [(Vital, f32)]);

const GOLDEN: [Golden; 2] = [
    (
        "idle",
        false,
        &[
            (Vital::Cpu, 2.0),
            (Vital::Load1, 0.1),
            (Vital::PsiCpuSome, 0.5),
            (Vital::PsiMemorySome, 0.0),
            (Vital::PsiIoSome, 0.2),
            (Vital::MemoryUsed, 15.0),
            (Vital::DiskUsed, 40.0),
            (Vital::DiskBusy, 0.5),
            (Vital::NetReceived, 1_000.0),
            (Vital::Processes, 110.0),
            (Vital::Blocked, 0.0),
        ],
    ),
    (
        "starved of memory",
        true,
        &[
            (Vital::Cpu, 60.0),
            (Vital::Load1, 9.0),
            (Vital::PsiMemorySome, 85.0),
            (Vital::PsiMemoryFull, 65.0),
            (Vital::PsiIoSome, 80.0),
            (Vital::PsiIoFull, 60.0),
            (Vital::MemoryUsed, 98.0),
            (Vital::DiskBusy, 100.0),
            (Vital::Processes, 130.0),
            (Vital::Blocked, 9.0),
        ],
    ),
];

/// Loads a model and tries it. `meter` is a clock of this thread's CPU time, if there
/// is one.
pub fn tried(bytes: &[u8], meter: Option<fn() -> Duration>) -> Result<Model, SwapError> {
    let model = Model::from_bytes(bytes)?;
    Model::at_hand(|| {
        for (of, trouble, pairs) in GOLDEN {
            let mut readings = Readings::default();
            for (vital, value) in pairs {
                readings.set(*vital, *value);
            }
            let mut features = Features::default();
            for step in 0..30 {
                features.observe(1_000_000 + step * 10_000, &readings);
            }
            let probabilities = model.classify(features.vector())?;
            let [_, _, stressed, crisis] = probabilities;
            if (stressed + crisis > 0.5) != trouble {
                return Err(SwapError::NoSense { of, probabilities });
            }
        }
        let Some(meter) = meter else { return Ok(()) };
        let vector = [0.25; super::features::INPUTS];
        let begun = meter();
        for _ in 0..10 {
            model.classify(&vector)?;
        }
        let took = meter().saturating_sub(begun) / 10;
        if took > SLOWEST { Err(SwapError::Slow { took }) } else { Ok(()) }
    })?;
    Ok(model)
}

/// How often a model says crisis, over about a day of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Habit {
    samples: u32,
    crises: f32,
}

impl Habit {
    /// Counts one sample.
    pub fn count(&mut self, mood: Option<Mood>) {
        self.samples = (self.samples + 1).min(PROBATION);
        let said = f32::from(u8::from(mood == Some(Mood::Crisis)));
        self.crises += (said - self.crises) / self.samples as f32;
    }

    /// As numbers for a file.
    pub fn kept(self) -> [f32; Self::KEPT] {
        [self.samples as f32, self.crises]
    }

    /// Takes what [`kept`](Self::kept) gave; what can't be changes nothing.
    pub fn restore(&mut self, [samples, crises]: [f32; Self::KEPT]) {
        if (0.0..=PROBATION as f32).contains(&samples) && (0.0..=1.0).contains(&crises) {
            *self = Self { samples: samples as u32, crises };
        }
    }

    /// How many numbers are kept.
    pub const KEPT: usize = 2;
}

/// A new model that has to prove itself.
#[derive(Clone, Debug)]
pub struct Probation {
    /// The one before, to go back to.
    pub before: Option<Model>,
    habit: Habit,
    now: Habit,
    faults: u32,
}

impl Probation {
    /// Begins, with what the node's habit was before.
    pub fn new(before: Option<Model>, habit: Habit) -> Self {
        Self { before, habit, now: Habit::default(), faults: 0 }
    }

    /// Takes one sample: the mood, whether the new model answered, and what it cost.
    /// Whether it has proved itself; an error says why it has not.
    pub fn watch(
        &mut self,
        mood: Option<Mood>,
        answered: bool,
        cost: Option<Duration>,
    ) -> Result<bool, SwapError> {
        self.now.count(mood);
        let slow = cost.filter(|cost| *cost > SLOWEST);
        self.faults = if answered && slow.is_none() { 0 } else { self.faults + 1 };
        if self.faults >= PATIENCE {
            return Err(slow.map_or(SwapError::Fails, |took| SwapError::Slow { took }));
        }
        let (now, before) = (self.now.crises, self.habit.crises);
        if self.now.samples >= FEWEST && now > FACTOR * before && now > before + MORE {
            return Err(SwapError::Crises { now: now * 100.0, before: before * 100.0 });
        }
        Ok(self.now.samples >= PROBATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feel::features::schema_hash;
    use crate::feel::model::{EMBEDDED, ModelError};

    fn pieces(bytes: &[u8], hash: [u8; 32]) -> Vec<ModelChunk<'_>> {
        let length = u32::try_from(bytes.len()).unwrap();
        let piece = |(place, bytes)| ModelChunk { hash, length, offset: (place * MAX_CHUNK) as u32, bytes };
        bytes.chunks(MAX_CHUNK).enumerate().map(piece).collect()
    }

    #[test]
    fn a_model_comes_in_any_order_and_more_than_once() {
        let hash: [u8; 32] = Sha256::digest(EMBEDDED).into();
        let mut pieces = pieces(EMBEDDED, hash);
        pieces.reverse();
        let mut incoming = Incoming::default();
        let (last, rest) = pieces.split_last().unwrap();
        for piece in rest.iter().chain(rest) {
            assert!(incoming.take(piece).unwrap().is_none());
        }
        let whole = incoming.take(last).unwrap().unwrap();
        assert_eq!(whole, EMBEDDED);
        assert!(tried(&whole, Some(crate::clock::thread_cpu)).is_ok());
    }

    #[test]
    fn what_was_changed_on_the_way_or_can_not_be_is_refused() {
        let mut incoming = Incoming::default();
        let mut last = None;
        for piece in pieces(EMBEDDED, [7; 32]) {
            last = Some(incoming.take(&piece));
        }
        assert!(matches!(last, Some(Err(SwapError::Hash))));
        let bytes = [0; MAX_CHUNK];
        for (length, offset, count) in
            [(2_000_000, 0, MAX_CHUNK), (5_000, 7, MAX_CHUNK), (5_000, 8_192, 8), (5_000, 0, 9), (0, 0, 0)]
        {
            let piece = ModelChunk { hash: [1; 32], length, offset, bytes: &bytes[..count] };
            assert!(
                matches!(incoming.take(&piece), Err(SwapError::Piece { .. })),
                "{length} {offset} {count}"
            );
        }
    }

    #[test]
    fn garbage_and_models_without_sense_are_not_taken() {
        assert!(matches!(tried(b"no model", None), Err(SwapError::Model(_))));
        // The network's last layer turned around: trouble is calm, and calm trouble.
        let mut turned = EMBEDDED.to_vec();
        let name = b"bias2";
        let at = (0..turned.len()).rev().find(|at| turned[*at..].starts_with(name)).unwrap();
        // The tensor's four biases stand beside its name, as raw bytes.
        for place in at.saturating_sub(64)..(at + 64).min(turned.len()) {
            if turned[place..].starts_with(&[0x4a, 16]) {
                for (bias, bytes) in
                    [90.0_f32, 90.0, -90.0, -90.0].iter().zip(turned[place + 2..].chunks_mut(4))
                {
                    bytes.copy_from_slice(&bias.to_le_bytes());
                }
            }
        }
        assert!(matches!(tried(&turned, None), Err(SwapError::NoSense { of: "starved of memory", .. })));
        assert!(matches!(tried(EMBEDDED, Some(slow)), Err(SwapError::Slow { .. })));
    }

    #[test]
    fn a_model_of_an_older_release_is_refused_and_says_why() {
        // The hash of schema version 3: the same features by name, computed otherwise.
        let (before, hash) =
            ("5db3645f7e6963e82f4e59ac931d65e66db7a7bc2f339b1bb44032e7188c01da", schema_hash());
        let at = EMBEDDED.windows(hash.len()).position(|bytes| bytes == hash.as_bytes()).unwrap();
        let mut older = EMBEDDED.to_vec();
        older[at..at + hash.len()].copy_from_slice(before.as_bytes());
        let refused = tried(&older, None).unwrap_err();
        assert!(
            matches!(&refused, SwapError::Model(ModelError::OtherSchema { model, .. }) if model == before),
            "{refused}"
        );
        let told = refused.to_string();
        assert!(told.contains(before) && told.contains(&hash) && told.contains("models/train"), "{told}");
    }

    fn slow() -> Duration {
        crate::clock::thread_cpu() * 10_000
    }

    #[test]
    fn a_model_that_cries_wolf_fails_or_dawdles_is_given_up() {
        let calm = |share: u32| {
            let mut habit = Habit::default();
            for step in 0..1_000 {
                habit.count(Some(if step % 100 < share { Mood::Crisis } else { Mood::Happy }));
            }
            habit
        };
        let until = |habit, mood: fn(u32) -> Mood, answered, cost| {
            let mut probation = Probation::new(None, habit);
            (0..20_000).find_map(|step| match probation.watch(Some(mood(step)), answered, cost) {
                Ok(false) => None,
                Ok(true) => Some((step, None)),
                Err(error) => Some((step, Some(error))),
            })
        };
        let fast = Some(Duration::from_micros(20));
        let (step, error) = until(calm(1), |_| Mood::Crisis, true, fast).unwrap();
        assert!(step < FEWEST && matches!(error, Some(SwapError::Crises { .. })));
        assert!(
            until(calm(1), |_| Mood::Happy, true, fast).unwrap().1.is_none(),
            "it proves itself in a day"
        );
        assert!(
            until(calm(60), |_| Mood::Crisis, true, fast).unwrap().1.is_none(),
            "a node in trouble before"
        );
        assert!(matches!(until(calm(1), |_| Mood::Happy, false, None), Some((2, Some(SwapError::Fails)))));
        let slow = Some(SLOWEST * 2);
        assert!(matches!(
            until(calm(1), |_| Mood::Happy, true, slow),
            Some((2, Some(SwapError::Slow { .. })))
        ));
    }
}
