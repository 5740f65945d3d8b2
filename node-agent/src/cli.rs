//! The command line of `goldentooth-node`.

use crate::config::{Config, ConfigError, Keys};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The agent on every Pi: reads its vitals, judges how it feels, and says so.
#[derive(Debug, Parser)]
#[command(name = "goldentooth-node", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  goldentooth-node sample                              one reading of this machine
  goldentooth-node doctor                              what can be measured here, and what to do about the rest
  goldentooth-node run --enrolment pi-07.toml          join the fleet that made this file

Exit codes: 0 done, 1 failed, 2 used wrongly.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sample, feel and say, until told to stop
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<Run>),
    /// Print one reading of this machine
    #[command(after_help = SAMPLE_EXAMPLES)]
    Sample(Sample),
    /// Say what can be measured here, whether the broker answers and whether
    /// the model loads, and what to do about each failure
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(Box<Doctor>),
}

const RUN_EXAMPLES: &str = "\
Each option may also stand in the configuration file, with '_' for '-', and in
the environment. Flags go over the environment, the environment over the file.

Examples:
  goldentooth-node run --enrolment /etc/goldentooth/enrolment.toml
  goldentooth-node run --enrolment pi-07.toml --interval 30s --data /var/lib/goldentooth-node
  GOLDENTOOTH_NODE_LOG=debug goldentooth-node run --config node.toml";

const SAMPLE_EXAMPLES: &str = "\
Takes one second: rates need two readings. What is absent here is not in the
table; `goldentooth-node doctor` says why.

Examples:
  goldentooth-node sample
  goldentooth-node sample --json | jq .vitals.temperature.value
  goldentooth-node sample --root /host                 from inside a container";

const DOCTOR_EXAMPLES: &str = "\
Ends with 1 if something has failed that needs doing.

Examples:
  goldentooth-node doctor
  goldentooth-node doctor --enrolment /etc/goldentooth/enrolment.toml --json";

/// `run`.
#[derive(Args, Debug)]
pub struct Run {
    /// What is configured.
    #[command(flatten)]
    pub settings: Settings,
}

/// `sample`.
#[derive(Args, Debug)]
pub struct Sample {
    /// As JSON: {"at", "vitals": {name: {value, unit, source}}}
    #[arg(long)]
    pub json: bool,
    /// Where the machine's /proc, /sys and /run are: /host in a container, or a
    /// recorded tree [default: /]
    #[arg(long, value_name = "DIR", env = "GOLDENTOOTH_NODE_ROOT")]
    pub root: Option<PathBuf>,
    /// The configuration file [default: /etc/goldentooth/goldentooth-node.toml, if it exists]
    #[arg(long, value_name = "FILE", env = "GOLDENTOOTH_NODE_CONFIG")]
    pub config: Option<PathBuf>,
}

/// `doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// As JSON: a list of {"what", "state", "found", "advice"}
    #[arg(long)]
    pub json: bool,
    /// What is configured.
    #[command(flatten)]
    pub settings: Settings,
}

/// Every key of the configuration, and where its file is.
#[derive(Args, Debug)]
pub struct Settings {
    /// The configuration file [default: /etc/goldentooth/goldentooth-node.toml, if it exists]
    #[arg(long, value_name = "FILE", env = "GOLDENTOOTH_NODE_CONFIG")]
    pub config: Option<PathBuf>,
    /// The keys.
    #[command(flatten)]
    pub keys: Keys,
}

impl Settings {
    /// File, environment and flags together.
    pub fn config(self) -> Result<Config, ConfigError> {
        Config::new(self.keys.over_file(self.config.as_deref())?)
    }
}

impl Sample {
    /// What a sample needs of the configuration.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let keys = Keys { root: self.root.clone(), ..Keys::default() };
        Config::new(keys.over_file(self.config.as_deref())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_use_is_told_with_code_two() {
        for wrong in [&["goldentooth-node"][..], &["goldentooth-node", "run", "--intervall", "10s"]] {
            let error = Cli::try_parse_from(wrong).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{error}");
        }
    }
}
