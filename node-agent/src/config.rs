//! Configuration: a TOML file, the environment, flags, in that rising order.
//!
//! One struct, [`Keys`], names every key once: it is the shape of the file, the
//! list of flags and of environment variables, and their help.

use crate::Millis;
use crate::budget::{Limits, LimitsError};
use crate::clock::Trust;
use crate::sample::{self, UnitName};
use crate::say::spool::KEEP_EVERY;
use clap::Args;
use frames::MAX_SERVICES;
use serde::{Deserialize, Deserializer};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;

/// The file that is read if none is named and it exists.
pub const DEFAULT_FILE: &str = "/etc/goldentooth/goldentooth-node.toml";

/// Why a configuration can't be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{}: {source}; name another file with --config", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A key that does not exist.
    #[error(
        "{}:{line}: there is no key \"{key}\", did you mean \"{nearest}\"? All keys stand in \
         `goldentooth-node run --help`",
        path.display()
    )]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The key as it stands there.
        key: String,
        /// The key that looks most like it.
        nearest: String,
    },
    /// No TOML, or a value that the key can't have.
    #[error("{}:{line}: {message}", path.display())]
    Value {
        /// Which file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Limits that contradict each other.
    #[error("budget: {0}")]
    Limits(#[from] LimitsError),
    /// More units than a frame can name.
    #[error("watch: {0} units are too many; a frame names at most {MAX_SERVICES}")]
    TooManyUnits(usize),
    /// An interval too short to be of use.
    #[error("interval: {0:?} is too short; the shortest is 1s")]
    TooOften(Duration),
}

/// A span of time such as `10s` or `5min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(Duration);

impl Span {
    /// The span in milliseconds.
    pub fn millis(self) -> Millis {
        u64::try_from(self.0.as_millis()).unwrap_or(Millis::MAX)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .map(Self)
            .map_err(|error| format!("\"{text}\" is no span of time ({error}); write it like 10s or 5min"))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Every key, as it may stand in the file, in the environment or in a flag;
/// none where it is not given.
// The doc comments are the help text of the flags.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The file that `goldentooth enroll` made for this node
    #[arg(long, value_name = "FILE", env = "GOLDENTOOTH_NODE_ENROLMENT")]
    pub enrolment: Option<PathBuf>,
    /// Shortest time between two samples [default: 10s]
    #[arg(long, value_name = "SPAN", env = "GOLDENTOOTH_NODE_INTERVAL")]
    pub interval: Option<Span>,
    /// Longest time between two samples, when the node is hot [default: 60s]
    #[arg(long, value_name = "SPAN", env = "GOLDENTOOTH_NODE_CEILING")]
    pub ceiling: Option<Span>,
    /// Up to this temperature in °C the agent works at full pace [default: 60]
    #[arg(long, value_name = "CELSIUS", env = "GOLDENTOOTH_NODE_COMFORT")]
    pub comfort: Option<f32>,
    /// From this temperature in °C on it does the least it can; must be above
    /// comfort [default: 80]
    #[arg(long, value_name = "CELSIUS", env = "GOLDENTOOTH_NODE_LIMIT")]
    pub limit: Option<f32>,
    /// Where the machine's /proc, /sys and /run are: /host in a container
    /// [default: /]
    #[arg(long, value_name = "DIR", env = "GOLDENTOOTH_NODE_ROOT")]
    pub root: Option<PathBuf>,
    /// Where frames wait while the link is down, and outlive a restart
    /// [default: systemd's state directory, else memory only]
    #[arg(long, value_name = "DIR", env = "GOLDENTOOTH_NODE_DATA")]
    pub data: Option<PathBuf>,
    /// While the link is down, frames in memory go to the data folder this
    /// often: a power cut then costs no more [default: 5min]
    #[arg(long, value_name = "SPAN", env = "GOLDENTOOTH_NODE_KEEP_EVERY")]
    pub keep_every: Option<Span>,
    /// The mood model, or "none" to let the rules decide [default: built in]
    #[arg(long, value_name = "FILE", env = "GOLDENTOOTH_NODE_MODEL")]
    pub model: Option<PathBuf>,
    /// Whether the wall clock may be believed: auto (if a time server is
    /// followed), always, never [default: auto]
    #[arg(long, value_name = "TRUST", env = "GOLDENTOOTH_NODE_CLOCK", value_enum)]
    pub clock: Option<Trust>,
    /// Ask vcgencmd for the throttle flags of a Pi, at most once a minute
    /// [default: true]
    #[arg(long, value_name = "BOOL", env = "GOLDENTOOTH_NODE_VCGENCMD")]
    pub vcgencmd: Option<bool>,
    /// Read the throttle flags from the firmware's own file, though the kernel
    /// logs a warning once per boot [default: false]
    #[arg(long, value_name = "BOOL", env = "GOLDENTOOTH_NODE_GET_THROTTLED")]
    pub get_throttled: Option<bool>,
    /// Ask systemctl for failed units and chronyc for the clock, at most once a
    /// minute [default: true]
    #[arg(long, value_name = "BOOL", env = "GOLDENTOOTH_NODE_ASK_SERVICES")]
    pub ask_services: Option<bool>,
    /// Units of systemd whose state is told when it changes: nginx,backup.timer;
    /// at most 32, and at most 10 s after the change [default: none]
    #[arg(long, value_name = "UNIT", env = "GOLDENTOOTH_NODE_WATCH", value_delimiter = ',')]
    pub watch: Option<Vec<UnitName>>,
    /// Ask the local network by multicast DNS where a .local name is that the
    /// system can't look up, and where a coordinator is that moved [default: true]
    #[arg(long, value_name = "BOOL", env = "GOLDENTOOTH_NODE_MDNS")]
    pub mdns: Option<bool>,
    /// What goes into the log: error, warn, info, debug, or a filter such as
    /// `node_agent=debug` [default: info]
    #[arg(long, value_name = "FILTER", env = "GOLDENTOOTH_NODE_LOG")]
    pub log: Option<String>,
}

/// The names of all keys: the flags' own ids, so that there is no second list.
fn names() -> Vec<String> {
    let command = Keys::augment_args(clap::Command::new("keys"));
    command.get_arguments().map(|argument| argument.get_id().to_string()).collect()
}

impl Keys {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Reads a file's text; `path` only stands in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let wrong = |error: &toml::de::Error| ConfigError::Value {
            path: path.to_owned(),
            line: line(text, error.span()),
            message: error.message().to_owned(),
        };
        let table = toml::de::DeTable::parse(text).map_err(|error| wrong(&error))?;
        let known = names();
        for key in table.get_ref().keys() {
            let name: &str = key.get_ref();
            if !known.iter().any(|known| known == name) {
                return Err(ConfigError::UnknownKey {
                    path: path.to_owned(),
                    line: line(text, Some(key.span())),
                    key: name.to_owned(),
                    nearest: nearest(name, &known),
                });
            }
        }
        toml::from_str(text).map_err(|error| wrong(&error))
    }

    /// These keys, and `below` where they have none.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            enrolment: self.enrolment.or(below.enrolment),
            interval: self.interval.or(below.interval),
            ceiling: self.ceiling.or(below.ceiling),
            comfort: self.comfort.or(below.comfort),
            limit: self.limit.or(below.limit),
            root: self.root.or(below.root),
            data: self.data.or(below.data),
            keep_every: self.keep_every.or(below.keep_every),
            model: self.model.or(below.model),
            clock: self.clock.or(below.clock),
            vcgencmd: self.vcgencmd.or(below.vcgencmd),
            get_throttled: self.get_throttled.or(below.get_throttled),
            ask_services: self.ask_services.or(below.ask_services),
            watch: self.watch.or(below.watch),
            mdns: self.mdns.or(below.mdns),
            log: self.log.or(below.log),
        }
    }

    /// These keys (flags over environment, as clap joined them) over a file:
    /// the one that `--config` names, else [`DEFAULT_FILE`] if it exists.
    pub fn over_file(self, named: Option<&Path>) -> Result<Self, ConfigError> {
        let file = match named {
            Some(path) => Self::read(path)?,
            None if Path::new(DEFAULT_FILE).exists() => Self::read(Path::new(DEFAULT_FILE))?,
            None => Self::default(),
        };
        Ok(self.over(file))
    }
}

/// The line of a place in a text, from 1.
fn line(text: &str, span: Option<Range<usize>>) -> usize {
    let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
    before.matches('\n').count() + 1
}

/// The known key that looks most like `wrong`.
fn nearest(wrong: &str, known: &[String]) -> String {
    let likeness = |key: &String| strsim::normalized_damerau_levenshtein(wrong, key);
    let alike = known.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    alike.cloned().unwrap_or_default()
}

/// Where the mood model comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelFrom {
    /// The one that the program carries.
    BuiltIn,
    /// A file.
    File(PathBuf),
    /// None: the rules decide.
    Nowhere,
}

/// A whole configuration, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The enrolment, if one is named.
    pub enrolment: Option<PathBuf>,
    /// Temperatures and intervals.
    pub limits: Limits,
    /// Whether the temperatures were asked for: else the machine's own count.
    pub temperatures: bool,
    /// Where the machine is.
    pub root: PathBuf,
    /// Where frames may wait on disk; none for memory only.
    pub data: Option<PathBuf>,
    /// How often they go there while the link is down, in milliseconds.
    pub keep_every: Millis,
    /// Where the mood model comes from.
    pub model: ModelFrom,
    /// Whether the wall clock may be believed.
    pub clock: Trust,
    /// Which sources may be used.
    pub sources: sample::Options,
    /// The units that are watched.
    pub watch: Vec<UnitName>,
    /// Whether the local network may be asked by multicast DNS.
    pub mdns: bool,
    /// The log's filter.
    pub log: String,
}

/// The most often that anybody may want a sample.
const SHORTEST: Millis = 1_000;

impl Config {
    /// Fills in the defaults and checks what must fit together.
    pub fn new(keys: Keys) -> Result<Self, ConfigError> {
        let usual = Limits::default();
        let floor = keys.interval.map_or(usual.floor, Span::millis);
        if floor < SHORTEST {
            return Err(ConfigError::TooOften(Duration::from_millis(floor)));
        }
        let limits = Limits {
            comfort: keys.comfort.unwrap_or(usual.comfort),
            limit: keys.limit.unwrap_or(usual.limit),
            floor,
            // A longer interval alone lifts the usual ceiling with it.
            ceiling: keys.ceiling.map_or(usual.ceiling.max(floor), Span::millis),
            ..usual
        };
        limits.check()?;
        let watch = keys.watch.unwrap_or_default();
        if watch.len() > MAX_SERVICES {
            return Err(ConfigError::TooManyUnits(watch.len()));
        }
        let sources = sample::Options::default();
        Ok(Self {
            enrolment: keys.enrolment,
            limits,
            temperatures: keys.comfort.is_some() || keys.limit.is_some(),
            root: keys.root.unwrap_or_else(|| PathBuf::from("/")),
            data: keys.data.or_else(state_directory),
            keep_every: keys.keep_every.map_or(KEEP_EVERY, |every| every.millis().max(SHORTEST)),
            model: match keys.model {
                None => ModelFrom::BuiltIn,
                Some(path) if path == Path::new("none") => ModelFrom::Nowhere,
                Some(path) => ModelFrom::File(path),
            },
            clock: keys.clock.unwrap_or_default(),
            sources: sample::Options {
                vcgencmd: keys.vcgencmd.unwrap_or(sources.vcgencmd),
                get_throttled: keys.get_throttled.unwrap_or(sources.get_throttled),
                ask_services: keys.ask_services.unwrap_or(sources.ask_services),
            },
            watch,
            mdns: keys.mdns.unwrap_or(true),
            log: keys.log.unwrap_or_else(|| "info".to_owned()),
        })
    }
}

impl Config {
    /// The limits to run with on a machine that has these by itself.
    pub fn limits_on(&self, machine: Limits) -> Limits {
        let Limits { comfort, limit, .. } = if self.temperatures { self.limits } else { machine };
        Limits { comfort, limit, ..self.limits }
    }
}

/// What systemd names when a unit has a `StateDirectory`; the first of several.
fn state_directory() -> Option<PathBuf> {
    let folders = std::env::var("STATE_DIRECTORY").ok()?;
    folders.split(':').next().filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests;
