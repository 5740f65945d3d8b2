//! Prints the feature schema, samples this machine for `models/record`, or turns
//! traces and simulated lives into the rows that `models/train` trains on. The
//! format is told in `node_agent::feel::trace`.

use clap::Parser;
use frames::Vital;
use node_agent::clock::uptime;
use node_agent::feel::{Model, features, trace};
use node_agent::sample::Sampler;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Parser)]
enum Command {
    /// The schema: its hash, how many numbers the model takes, and its text.
    Schema,
    /// Features of a recorded trace, from standard input.
    Trace {
        /// Write every so many-th labelled row.
        #[arg(long, default_value_t = 1)]
        every: usize,
        /// The values are scaled by each machine's own extremes.
        #[arg(long)]
        relative: bool,
    },
    /// What the node would have said of a recorded trace, from standard input.
    Judge {
        /// The model; without it the rules speak.
        #[arg(long)]
        model: Option<PathBuf>,
        /// The values are scaled by each machine's own extremes.
        #[arg(long)]
        relative: bool,
    },
    /// What nodes would have said whose trouble is the only column of a trace, from 0 to 1,
    /// from standard input.
    Scored,
    /// Readings of this machine as CSV, by the agent's own sampler, until standard
    /// output is closed or the time is up.
    Sample {
        /// Milliseconds between two readings.
        #[arg(long, default_value_t = 500)]
        every: u64,
        /// How many readings.
        #[arg(long)]
        count: u64,
    },
    /// Features of simulated lives, labelled by what truly happened.
    Lives {
        /// The seed of the fleet.
        #[arg(long)]
        seed: u64,
        /// The first box.
        #[arg(long, default_value_t = 0)]
        first: u32,
        /// How many boxes.
        #[arg(long)]
        count: u32,
        /// How many hours each lives.
        #[arg(long, default_value_t = 12)]
        hours: u32,
        /// Write every so many-th sample.
        #[arg(long, default_value_t = 20)]
        every: usize,
    },
}

/// `at_ms` is the machine's uptime; an empty cell was not measured.
fn sample(out: &mut impl io::Write, every: Duration, count: u64) -> io::Result<()> {
    let mut sampler = Sampler::new(Path::new("/"));
    let names: Vec<_> = Vital::ALL.iter().map(|vital| vital.name()).collect();
    writeln!(out, "at_ms,{}", names.join(","))?;
    let started = Instant::now();
    for place in 0..count {
        let due = started + every.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX));
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let at = uptime();
        let readings = sampler.sample(at).readings;
        write!(out, "{at}")?;
        for vital in Vital::ALL {
            match readings.get(*vital) {
                Some(value) => write!(out, ",{value}")?,
                None => write!(out, ",")?,
            }
        }
        writeln!(out)?;
        out.flush()?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = BufWriter::new(io::stdout());
    match Command::parse() {
        Command::Schema => {
            writeln!(out, "{} {}\n{}", features::schema_hash(), features::INPUTS, features::schema())?;
        }
        Command::Trace { every, relative } => {
            trace::recorded(BufReader::new(io::stdin().lock()), out, every, relative)?;
        }
        Command::Judge { model, relative } => {
            let model = model.as_deref().map(Model::load).transpose()?;
            Model::at_hand(|| {
                trace::judged(io::stdin().lock(), BufWriter::new(io::stdout()), model.as_ref(), relative)
            })?;
        }
        Command::Scored => {
            trace::scored(BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout()))?;
        }
        Command::Sample { every, count } => sample(&mut out, Duration::from_millis(every), count)?,
        Command::Lives { seed, first, count, hours, every } => {
            trace::simulated(out, seed, first..first.saturating_add(count), hours, every)?;
        }
    }
    Ok(())
}
