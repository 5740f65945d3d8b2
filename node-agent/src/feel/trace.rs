//! From a trace to features and verdicts, by the very code that runs in the agent:
//! what `models/train` trains on is what the agent will see.
//!
//! A trace is a line `node,at_ms,moods,NAME…` and then rows of little-endian `f64`,
//! one per name; not a number means not measured. The rows of a node stand together
//! and in order. `moods` is a bitmap of those that may be true (bit 0 bored … bit 3
//! crisis); 0 is history, from which the node learns and of which nothing is written.
//!
//! Names are vitals in their units, and perhaps `board`: then the warmth, frequency
//! and throttling of a Pi under the same load are laid over (see [`Warmth`]). A
//! *relative* trace may name its columns as it likes: they are 0 to 1 between each
//! machine's own extremes, so that no absolute level means anything, and only the
//! features that name no vital are computed.
//!
//! A row of features is [`COLUMNS`] little-endian `f32`: node, moods, the rules'
//! verdict, a mark (see the functions), and the [`INPUTS`] of the model. A row of
//! verdicts is node, row, trouble, the four probabilities, and the mood (−1: none).

use super::baseline::{Baseline, MOST_VITALS};
use super::features::{Features, INPUTS, Vector};
use super::judge::Judge;
use super::strange::Course;
use super::windows::LONGEST;
use super::{Feeler, Model, rules};
use crate::Millis;
use crate::virtual_pi::{VirtualPi, Warmth};
use frames::{MOODS, Mood, Readings, Vital};
use std::io::{self, BufRead, Write};

/// Columns before the features.
const HEAD: usize = 4;
/// Columns of a row of features.
pub const COLUMNS: usize = HEAD + INPUTS;
/// Columns before the vitals of a trace.
const LEAD: usize = 3;
/// The column that names a board.
const BOARD: &str = "board";

/// The least spread that a metric of a relative trace is granted.
const RELATIVE_FLOOR: f32 = 0.01;

/// Why a trace can't be turned into features.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// Reading or writing failed.
    #[error("reading the trace or writing the features failed: {0}")]
    Io(#[from] io::Error),
    /// The first line is not what it should be.
    #[error(
        "a trace begins with a line `node,at_ms,moods,NAME…` (vitals, or at most {MOST_VITALS} metrics \
         if it is relative); `{0}` is not one of these"
    )]
    Header(String),
    /// The last row is not whole.
    #[error("the trace ends within row {row}; a row is {columns} numbers of 8 bytes")]
    Cut {
        /// Counted from 1.
        row: usize,
        /// How many numbers a row has.
        columns: usize,
    },
}

/// One row of a trace.
struct Row<'a> {
    node: f64,
    at: Millis,
    moods: u8,
    values: &'a [f64],
    /// Whether it is the node's first.
    first: bool,
}

/// Reads the header and gives the names.
fn header(input: &mut impl BufRead) -> Result<Vec<String>, TraceError> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let names = line.trim_end().strip_prefix("node,at_ms,moods,");
    let names = names.ok_or_else(|| TraceError::Header(line.trim_end().to_owned()))?;
    Ok(names.split(',').map(str::to_owned).collect())
}

/// Gives each row after the header to `each`.
fn rows(
    mut input: impl BufRead,
    names: usize,
    mut each: impl FnMut(usize, &Row<'_>) -> Result<(), TraceError>,
) -> Result<(), TraceError> {
    let columns = LEAD + names;
    let mut bytes = vec![0; columns * 8];
    let mut node = None;
    for place in 0.. {
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match input.read(rest)? {
                0 if filled == 0 => return Ok(()),
                0 => return Err(TraceError::Cut { row: place + 1, columns }),
                more => filled += more,
            }
        }
        let numbers: Vec<f64> =
            bytes.as_chunks::<8>().0.iter().map(|word| f64::from_le_bytes(*word)).collect();
        if let [name, at, moods, values @ ..] = numbers.as_slice() {
            let first = node.replace(name.to_bits()) != Some(name.to_bits());
            each(place, &Row { node: *name, at: *at as Millis, moods: *moods as u8, values, first })?;
        }
    }
    Ok(())
}

/// Readings of a row, with what a board would show.
struct Named {
    vitals: Vec<Option<Vital>>,
    board: Option<usize>,
    warmth: Option<Warmth>,
    last: Millis,
}

impl Named {
    fn new(names: &[String]) -> Result<Self, TraceError> {
        let vital = |name: &String| match Vital::from_name(name) {
            None if name == BOARD => Ok(None),
            None => Err(TraceError::Header(name.clone())),
            vital => Ok(vital),
        };
        let vitals = names.iter().map(vital).collect::<Result<_, _>>()?;
        let board = names.iter().position(|name| name == BOARD);
        Ok(Self { vitals, board, warmth: None, last: 0 })
    }

    fn readings(&mut self, row: &Row<'_>) -> Readings {
        let mut readings = Readings::default();
        for (vital, value) in self.vitals.iter().zip(row.values) {
            if let Some(vital) = vital {
                readings.set(*vital, *value as f32);
            }
        }
        if row.first {
            let board = self.board.and_then(|place| row.values.get(place));
            self.warmth = board.and_then(|board| Warmth::of(*board as usize));
            self.last = row.at;
        }
        let seconds = row.at.saturating_sub(self.last) as f32 / 1_000.0;
        self.last = row.at;
        if let Some(warmth) = &mut self.warmth {
            warmth.lay_over(&mut readings, seconds);
        }
        readings
    }
}

/// A machine whose metrics have no names.
struct Unnamed {
    baseline: Baseline,
    course: Course,
    last: Option<Millis>,
    seconds: f32,
    vector: Vector,
    values: Vec<Option<f32>>,
}

impl Unnamed {
    fn new(metrics: usize) -> Self {
        Self {
            baseline: Baseline::new(&vec![RELATIVE_FLOOR; metrics]),
            course: Course::default(),
            last: None,
            seconds: 0.0,
            vector: [0.0; INPUTS],
            values: Vec::new(),
        }
    }

    fn observe(&mut self, at: Millis, values: &[f64]) -> &Vector {
        let from = self.last.map_or(at, |last| last.max(at.saturating_sub(LONGEST)).min(at));
        self.last = Some(at);
        self.seconds = (at - from) as f32 / 1_000.0;
        self.values.clear();
        self.values.extend(values.iter().map(|value| Some(*value as f32).filter(|value| value.is_finite())));
        self.vector = [0.0; INPUTS];
        let strange = self.baseline.observe(&self.values, self.seconds, None);
        self.course.write(from, at, strange.as_ref(), &mut self.vector);
        self.baseline.learn();
        &self.vector
    }
}

fn few_enough(names: &[String]) -> Result<usize, TraceError> {
    if names.len() > MOST_VITALS {
        return Err(TraceError::Header(format!("{} metrics", names.len())));
    }
    Ok(names.len())
}

/// A trace becomes features. Of the labelled rows every `every`-th is written; the
/// mark is the row's number.
pub fn recorded(
    mut input: impl BufRead,
    out: impl Write,
    every: usize,
    relative: bool,
) -> Result<u64, TraceError> {
    let mut out = Rows::new(out);
    let names = header(&mut input)?;
    let written = |place: usize, row: &Row<'_>| row.moods != 0 && place.is_multiple_of(every.max(1));
    if relative {
        let count = few_enough(&names)?;
        let mut machine = Unnamed::new(count);
        rows(input, count, |place, row| {
            if row.first {
                machine = Unnamed::new(count);
            }
            let vector = machine.observe(row.at, row.values);
            if written(place, row) {
                // Thresholds mean nothing where levels mean nothing.
                out.write(&[row.node as f32, f32::from(row.moods), -1.0, place as f32], vector)?;
            }
            Ok(())
        })?;
        return out.finish();
    }
    let mut named = Named::new(&names)?;
    let mut features = Features::default();
    rows(input, names.len(), |place, row| {
        if row.first {
            features = Features::default();
        }
        let readings = named.readings(row);
        features.observe(row.at, &readings);
        let ruled = rules::judge(&readings, &features);
        if ruled != Mood::Crisis {
            features.learn();
        }
        if written(place, row) {
            let head = [row.node as f32, f32::from(row.moods), f32::from(ruled as u8), place as f32];
            out.write(&head, features.vector())?;
        }
        Ok(())
    })?;
    out.finish()
}

/// What the node would have said of each labelled row of a trace; without a model,
/// by the rules.
pub fn judged(
    mut input: impl BufRead,
    out: impl Write,
    model: Option<&Model>,
    relative: bool,
) -> Result<u64, TraceError> {
    let mut out = Rows::new(out);
    let names = header(&mut input)?;
    if relative {
        let count = few_enough(&names)?;
        let (mut machine, mut judge) = (Unnamed::new(count), Judge::default());
        rows(input, count, |place, row| {
            if row.first {
                (machine, judge) = (Unnamed::new(count), Judge::default());
            }
            let vector = machine.observe(row.at, row.values);
            let said =
                model.and_then(|model| model.classify(vector).ok()).unwrap_or([1.0 / MOODS as f32; MOODS]);
            let judged = judge.judge(row.at, machine.seconds, &said, None);
            if row.moods != 0 {
                let head = [row.node as f32, place as f32, judged.trouble];
                out.write(&head, &verdict(&said, judged.mood))?;
            }
            Ok(())
        })?;
        return out.finish();
    }
    let mut named = Named::new(&names)?;
    let mut feeler = Feeler::new(model.cloned());
    rows(input, names.len(), |place, row| {
        if row.first {
            feeler = Feeler::new(model.cloned());
        }
        let readings = named.readings(row);
        let feeling = feeler.feel(row.at, &readings);
        if row.moods != 0 {
            let head = [row.node as f32, place as f32, feeling.trouble];
            out.write(&head, &verdict(&feeling.probabilities, feeling.mood))?;
        }
        Ok(())
    })?;
    out.finish()
}

/// What nodes would have said, had their trouble been the only column of the trace: any
/// judge's score from 0 to 1, with the threshold, the smoothing and the steadiness of a
/// model's.
pub fn scored(mut input: impl BufRead, out: impl Write) -> Result<u64, TraceError> {
    let mut out = Rows::new(out);
    let names = header(&mut input)?;
    let (mut judge, mut last) = (Judge::default(), 0);
    rows(input, names.len(), |place, row| {
        if row.first {
            (judge, last) = (Judge::default(), row.at);
        }
        let seconds = row.at.saturating_sub(last).min(LONGEST) as f32 / 1_000.0;
        last = row.at;
        let score = row.values.first().map_or(0.0, |score| *score as f32);
        let said = [1.0 - score, 0.0, 0.0, score];
        let judged = judge.judge(row.at, seconds, &said, None);
        if row.moods != 0 {
            out.write(&[row.node as f32, place as f32, judged.trouble], &verdict(&said, judged.mood))?;
        }
        Ok(())
    })?;
    out.finish()
}

/// Probabilities and mood (−1: none) as they are written.
fn verdict(&[bored, happy, stressed, crisis]: &[f32; MOODS], mood: Option<Mood>) -> [f32; MOODS + 1] {
    [bored, happy, stressed, crisis, mood.map_or(-1.0, |mood| f32::from(mood as u8))]
}

/// Lives of simulated boxes become features, labelled by what truly happened:
/// boxes `first` to `first + count` of a seed, each for some hours, at intervals
/// of 10 to 60 s. Every `every`-th sample is written, and all of the first
/// minutes; the mark is the phase's number.
pub fn simulated(
    out: impl Write,
    seed: u64,
    boxes: core::ops::Range<u32>,
    hours: u32,
    every: usize,
) -> Result<u64, TraceError> {
    let mut rows = Rows::new(out);
    for number in boxes {
        let mut pi = VirtualPi::for_training(seed, number);
        let mut features = Features::default();
        let interval = [10_000, 10_000, 15_000, 30_000, 60_000][number as usize / 4 % 5];
        let (start, mut place) = (Millis::from(number) * 61_000, 0_usize);
        let mut at = start;
        while at - start < Millis::from(hours) * 3_600_000 {
            let readings = pi.read(at);
            features.observe(at, &readings);
            let ruled = rules::judge(&readings, &features);
            if ruled != Mood::Crisis {
                features.learn();
            }
            if place.is_multiple_of(every.max(1)) || place < 12 {
                let truth = pi.truth();
                let moods = f32::from(1_u8 << truth.mood() as u8);
                let head = [number as f32, moods, f32::from(ruled as u8), f32::from(truth.phase as u8)];
                rows.write(&head, features.vector())?;
            }
            // As the agent begins: some samples a second apart.
            at += if place < 5 { 1_000 } else { interval };
            place += 1;
        }
    }
    rows.finish()
}

struct Rows<W> {
    out: W,
    written: u64,
}

impl<W: Write> Rows<W> {
    fn new(out: W) -> Self {
        Self { out, written: 0 }
    }

    fn write(&mut self, head: &[f32], rest: &[f32]) -> Result<(), TraceError> {
        for value in head.iter().chain(rest) {
            self.out.write_all(&value.to_le_bytes())?;
        }
        self.written += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<u64, TraceError> {
        self.out.flush()?;
        Ok(self.written)
    }
}

#[cfg(test)]
mod tests;
