//! From a trace to features, by the very code that runs in the agent: what
//! `models/train` trains on is what the agent will see.
//!
//! A row of the output is [`COLUMNS`] little-endian `f32`: the number of the
//! node, the moods that may be true as a bitmap (bit 0 bored … bit 3 crisis), the
//! rules' verdict, a mark (see the functions), and the [`INPUTS`] of the model.

use super::features::{DISTANCE_AT, FEATURES, Features, INPUTS, Vector};
use super::rules;
use super::signals::SIGNALS;
use crate::Millis;
use crate::virtual_pi::VirtualPi;
use frames::{Mood, Readings, Vital};
use std::io::{self, BufRead, Write};

/// Columns before the features.
const HEAD: usize = 4;
/// Columns of a row of output.
pub const COLUMNS: usize = HEAD + INPUTS;

/// Why a trace can't be turned into features.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// Reading or writing failed.
    #[error("reading the trace or writing the features failed: {0}")]
    Io(#[from] io::Error),
    /// The first line is not what it should be.
    #[error("a trace begins with a line `node,at_ms,moods,VITAL…`; `{0}` is not one of these")]
    Header(String),
    /// A cell is no number.
    #[error("line {line} of the trace: `{cell}` is no number; leave the cell empty if nothing was measured")]
    Number {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        cell: String,
    },
}

/// A recorded trace as CSV (`node,at_ms,moods,VITAL…`, vitals in their units,
/// empty cells absent, the rows of a node together and in order) becomes features.
///
/// Rows with moods 0 are history: the node learns from them, nothing is written.
/// Of the others every `every`-th is written; the mark is the line's number.
/// `relative` says that the values are no units but 0 to 1 between each machine's
/// own extremes, so that no absolute level means anything: they are taken as they
/// are for the signals' scale, and only the features that compare with the node's
/// own normal are kept, the rest is absent.
pub fn recorded(
    input: impl BufRead,
    out: impl Write,
    every: usize,
    relative: bool,
) -> Result<u64, TraceError> {
    let mut rows = Rows::new(out);
    let mut lines = input.lines();
    let header = lines.next().transpose()?.unwrap_or_default();
    let vitals = header
        .strip_prefix("node,at_ms,moods,")
        .ok_or_else(|| TraceError::Header(header.clone()))?
        .split(',')
        .map(|name| Vital::from_name(name).ok_or_else(|| TraceError::Header(name.to_owned())))
        .collect::<Result<Vec<_>, _>>()?;
    let mut node = None;
    let mut features = Features::default();
    for (place, line) in lines.enumerate() {
        let line = line?;
        let number = |cell: &str| {
            cell.parse::<f64>().map_err(|_| TraceError::Number { line: place + 2, cell: cell.to_owned() })
        };
        let mut cells = line.split(',');
        let mut lead = || number(cells.next().unwrap_or_default());
        let (name, at, moods) = (lead()?, lead()? as Millis, lead()? as u8);
        if node != Some(name.to_bits()) {
            node = Some(name.to_bits());
            features = Features::default();
        }
        let mut readings = Readings::default();
        for (vital, cell) in vitals.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            let value = number(cell)? as f32;
            readings.set(*vital, if relative { from_scale(*vital, value) } else { Some(value) });
        }
        features.observe(at, &readings);
        let ruled = rules::judge(&readings, &features);
        // Thresholds mean nothing where levels mean nothing.
        if relative || ruled != Mood::Crisis {
            features.learn();
        }
        if moods != 0 && place % every.max(1) == 0 {
            let mut vector = *features.vector();
            if relative {
                keep_distance(&mut vector);
            }
            rows.write([name as f32, f32::from(moods), f32::from(ruled as u8), place as f32], &vector)?;
        }
    }
    rows.finish()
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
        let (start, mut place) = (Millis::from(number) * 61_000, 0);
        let mut at = start;
        while at - start < Millis::from(hours) * 3_600_000 {
            let readings = pi.read(at);
            features.observe(at, &readings);
            let ruled = rules::judge(&readings, &features);
            if ruled != Mood::Crisis {
                features.learn();
            }
            if place % every.max(1) == 0 || place < 12 {
                let truth = pi.truth();
                let moods = f32::from(1_u8 << truth.mood() as u8);
                let head = [number as f32, moods, f32::from(ruled as u8), f32::from(truth.phase as u8)];
                rows.write(head, features.vector())?;
            }
            // As the agent begins: some samples a second apart.
            at += if place < 5 { 1_000 } else { interval };
            place += 1;
        }
    }
    rows.finish()
}

/// The value in the vital's unit that the signals' scale would show as `scaled`.
fn from_scale(vital: Vital, scaled: f32) -> Option<f32> {
    SIGNALS.iter().find(|signal| signal.vital == vital).map(|signal| signal.scaling.undo(scaled))
}

/// Makes everything but the distance from the own normal absent.
fn keep_distance(vector: &mut Vector) {
    for begin in [0, FEATURES] {
        if let Some(part) = vector.get_mut(begin..begin + DISTANCE_AT) {
            part.fill(0.0);
        }
    }
}

struct Rows<W> {
    out: W,
    written: u64,
}

impl<W: Write> Rows<W> {
    fn new(out: W) -> Self {
        Self { out, written: 0 }
    }

    fn write(&mut self, head: [f32; HEAD], vector: &Vector) -> Result<(), TraceError> {
        let mut bytes = [0; COLUMNS * 4];
        for (place, value) in bytes.chunks_exact_mut(4).zip(head.iter().chain(vector)) {
            place.copy_from_slice(&value.to_le_bytes());
        }
        self.out.write_all(&bytes)?;
        self.written += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<u64, TraceError> {
        self.out.flush()?;
        Ok(self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_trace_gives_the_agents_own_features() {
        let trace =
            "node,at_ms,moods,cpu,temperature\n1,0,2,50,\n1,10000,2,60,40.5\n2,0,2,50,\n2,10000,0,1,1\n";
        let mut out = Vec::new();
        assert_eq!(recorded(trace.as_bytes(), &mut out, 1, false).unwrap(), 3);
        let rows: Vec<f32> =
            out.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
        assert_eq!(rows.len(), 3 * COLUMNS);
        let mut features = Features::default();
        let mut readings = Readings::default();
        readings.set(Vital::Cpu, 50.0);
        features.observe(0, &readings);
        assert_eq!(&rows[HEAD..COLUMNS], features.vector());
        assert_eq!(rows[2 * COLUMNS..][..2], [2.0, 2.0], "the second node begins anew");
        assert_eq!(&rows[2 * COLUMNS + HEAD..3 * COLUMNS], features.vector());
        readings.set(Vital::Cpu, 60.0);
        readings.set(Vital::Temperature, 40.5);
        features.observe(10_000, &readings);
        assert_eq!(&rows[COLUMNS + HEAD..2 * COLUMNS], features.vector());
    }

    #[test]
    fn faults_in_a_trace_are_named() {
        let fault = |trace: &str| recorded(trace.as_bytes(), io::sink(), 1, true).unwrap_err().to_string();
        assert!(fault("node,at_ms,moods,warmth\n").contains("warmth"));
        assert!(fault("node,at_ms,moods,cpu\n1,0,2,many\n").contains("line 2"));
        assert!(fault("").contains("node,at_ms,moods"));
    }

    #[test]
    fn simulated_lives_are_labelled_and_repeatable() {
        let run = || {
            let mut out = Vec::new();
            simulated(&mut out, 1, 0..2, 1, 10).unwrap();
            out
        };
        assert_eq!(run(), run());
        assert!(run().len() > 40 * COLUMNS * 4);
    }
}
