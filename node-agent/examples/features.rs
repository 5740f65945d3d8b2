//! Prints the feature schema, or turns traces and simulated lives into the rows
//! that `models/train` trains on. The format is told in `node_agent::feel::trace`.

use clap::Parser;
use node_agent::feel::{features, trace};
use std::io::{self, BufReader, BufWriter, Write as _};

#[derive(Parser)]
enum Command {
    /// The schema: its hash, how many numbers the model takes, and its text.
    Schema,
    /// Features of a recorded trace (CSV on standard input).
    Trace {
        /// Write every so many-th labelled row.
        #[arg(long, default_value_t = 1)]
        every: usize,
        /// The values are scaled by each machine's own extremes.
        #[arg(long)]
        relative: bool,
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    match Command::parse() {
        Command::Schema => {
            writeln!(out, "{} {}\n{}", features::schema_hash(), features::INPUTS, features::schema())?;
        }
        Command::Trace { every, relative } => {
            trace::recorded(BufReader::new(io::stdin().lock()), out, every, relative)?;
        }
        Command::Lives { seed, first, count, hours, every } => {
            trace::simulated(out, seed, first..first.saturating_add(count), hours, every)?;
        }
    }
    Ok(())
}
