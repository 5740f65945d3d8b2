//! Configuration: built-in values, then a TOML file, then the environment,
//! then flags; the later wins.

use crate::calls::send::Place;
use crate::cli::UpArgs;
use crate::flavour::Flavours;
use fleet::Relations;
use frames::FleetName;
use node_agent::clock::Trust;
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod broker;
mod cast;
pub(crate) mod pace;
mod services;
#[cfg(test)]
mod tests;

pub use broker::{BrokerChoice, Outside};
pub use cast::{Cadence, CastSettings, Engage};

/// Where the page is served by default.
pub const DEFAULT_HTTP: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8765));
/// Where the embedded broker listens by default: MQTT's registered port.
pub const DEFAULT_MQTT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1883));
/// The most simulated nodes: more belong in a process of their own.
pub const MOST_SIMULATED: u32 = 2000;

/// Where the packaged service keeps its data: the state directory of `systemd/goldentooth.service`.
const INSTALLED: &str = "/var/lib/goldentooth";

/// Every key of the file.
#[cfg(test)]
const KEYS: [&str; 17] = [
    "fleet",
    "data",
    "http",
    "mqtt",
    "broker",
    "broker_certificate",
    "local_node",
    "stage",
    "commit_every",
    "clock",
    "hosts",
    "notify",
    "minds",
    "proxies",
    "flavour",
    "service",
    "cast",
];

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration {path} can't be read: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key that we don't know.
    #[error("{path}, line {line}: there is no key {key:?}; {}", nearest.as_ref().map_or_else(
        || format!("the keys are {}", known.join(", ")),
        |nearest| format!("did you mean {nearest:?}?"),
    ))]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// What stands there.
        key: String,
        /// The nearest that we know.
        nearest: Option<String>,
        /// All that may stand there.
        known: Vec<String>,
    },
    /// A value that its key can't have.
    #[error("{path}, line {line}: {why}")]
    Value {
        /// Which file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// Both an embedded and an outside broker.
    #[error("{0}: mqtt and broker exclude each other; remove one")]
    TwoBrokers(PathBuf),
    /// The broker's URL can't be one.
    #[error("{0:?} is no broker: write mqtt://[USER:PASSWORD@]HOST:PORT, or mqtts:// with TLS")]
    Broker(String),
    /// The certificate of an outside broker.
    #[error(
        "TLS to the broker needs its certificate: set broker_certificate = \"FILE.pem\" in the configuration"
    )]
    NoCertificate,
    /// A place for calls that is none.
    #[error("[[notify]]: {0}")]
    Place(String),
    /// No home to put the data folder in.
    #[error("no folder for data: neither HOME nor STATE_DIRECTORY is set; give one with --data DIR")]
    NoFolder,
}

/// What `up` runs with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The fleet's name.
    pub fleet: FleetName,
    /// The data folder.
    pub data: PathBuf,
    /// Where the page is served.
    pub http: SocketAddr,
    /// Which broker carries the frames.
    pub broker: BrokerChoice,
    /// Whether this machine is a node of the fleet, too.
    pub local_node: bool,
    /// Whether the cast is on stage.
    pub stage: bool,
    /// How many simulated nodes there are.
    pub simulate: u32,
    /// The longest that an admitted frame waits for its commit.
    pub commit_every: Duration,
    /// Whether this machine's clock may be believed.
    pub clock: Trust,
    /// Names besides this machine's own by which the page may be asked for.
    pub hosts: Vec<String>,
    /// Where calls for help go.
    pub notify: Vec<Place>,
    /// How much voice each surface has where nobody has chosen.
    pub flavours: Flavours,
    /// Language models: whom to ask, with their keys and certificates.
    #[cfg(feature = "stage")]
    pub minds: (minds::Settings, std::collections::BTreeMap<String, minds::Access>),
    /// Those who watch from outside, with their keys and certificates.
    #[cfg(feature = "stage")]
    pub proxies: minds::proxy::Proxies,
    /// The services that are declared, and who needs whom.
    pub services: Relations,
    /// Who is on stage, and their rhythm.
    pub cast: CastSettings,
    /// Whether the ready line is JSON.
    pub json: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fleet: Option<FleetName>,
    data: Option<PathBuf>,
    http: Option<SocketAddr>,
    mqtt: Option<SocketAddr>,
    broker: Option<String>,
    broker_certificate: Option<PathBuf>,
    local_node: Option<bool>,
    stage: Option<bool>,
    #[serde(default, deserialize_with = "duration")]
    commit_every: Option<Duration>,
    clock: Option<Trust>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    notify: Vec<Place>,
    #[cfg(feature = "stage")]
    #[serde(default)]
    minds: minds::Settings,
    #[cfg(not(feature = "stage"))]
    #[serde(default)]
    #[allow(dead_code)] // whatever stands there, nobody asks
    minds: Option<toml::Value>,
    #[cfg(feature = "stage")]
    #[serde(default)]
    proxies: std::collections::BTreeMap<String, minds::proxy::ProxySettings>,
    #[cfg(not(feature = "stage"))]
    #[serde(default)]
    #[allow(dead_code)] // as with minds
    proxies: Option<toml::Value>,
    #[serde(default)]
    flavour: Flavours,
    #[serde(default)]
    service: Vec<services::Entry>,
    cast: Option<CastSettings>,
}

impl Config {
    /// The configuration of `up`: file, environment and flags (clap has put the
    /// latter two together).
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(args: &UpArgs) -> Result<Self, ConfigError> {
        let path = args.config.clone().unwrap_or_default();
        let text = match &args.config {
            None => String::new(),
            Some(path) => read(path)?,
        };
        let file = parse(&path, &text)?;
        if file.mqtt.is_some() && file.broker.is_some() {
            return Err(ConfigError::TwoBrokers(path));
        }
        let mut notify = file.notify;
        for place in &mut notify {
            place.check().and_then(|()| place.ready()).map_err(ConfigError::Place)?;
        }
        // A broker named by flag or environment outdoes the file's, whichever kind it is.
        let broker = match (&args.broker, args.mqtt, &file.broker, file.mqtt) {
            (Some(url), ..) | (None, None, Some(url), _) => {
                BrokerChoice::Outside(broker::outside(url, file.broker_certificate.as_deref())?)
            }
            (None, Some(listen), ..) | (None, None, None, Some(listen)) => BrokerChoice::Embedded(listen),
            (None, None, None, None) => BrokerChoice::Embedded(DEFAULT_MQTT),
        };
        let data = folder(args.data.data.clone().or(file.data))?;
        let commit_every = file.commit_every.unwrap_or_else(|| pace::on(pace::device(&data).as_deref()));
        // Without a stage nobody asks, and no key is read.
        #[cfg(feature = "stage")]
        let (minds, proxies) = {
            let on = !args.no_stage && file.stage.unwrap_or(true);
            let access =
                if on { access(&path, &text, &file.minds)? } else { std::collections::BTreeMap::new() };
            let proxies =
                if on { proxies(&path, &text, file.proxies)? } else { minds::proxy::Proxies::default() };
            ((file.minds, access), proxies)
        };
        Ok(Self {
            fleet: file.fleet.unwrap_or_else(default_fleet),
            data,
            http: args.http.or(file.http).unwrap_or(DEFAULT_HTTP),
            broker,
            local_node: !args.no_local_node && file.local_node.unwrap_or(true),
            stage: !args.no_stage && file.stage.unwrap_or(true),
            simulate: args.simulate.unwrap_or(0),
            commit_every,
            clock: file.clock.unwrap_or_default(),
            hosts: file.hosts,
            notify,
            flavours: file.flavour,
            #[cfg(feature = "stage")]
            minds,
            #[cfg(feature = "stage")]
            proxies,
            services: services::relations(&path, &text, file.service)?,
            cast: file.cast.unwrap_or_default(),
            json: args.json,
        })
    }
}

/// The services that a file declares.
///
/// # Errors
/// [`ConfigError`].
pub fn declared(path: &Path) -> Result<Relations, ConfigError> {
    let text = read(path)?;
    services::relations(path, &text, parse(path, &text)?.service)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

/// The fleet's name unless another is set: `home`.
pub fn default_fleet() -> FleetName {
    "home".parse().unwrap_or_else(|_| unreachable!("a plain word is a name"))
}

/// The data folder: the one asked for, else systemd's, else the packaged
/// service's if this user may read it, else the user's.
///
/// # Errors
/// [`ConfigError::NoFolder`].
pub fn folder(asked: Option<PathBuf>) -> Result<PathBuf, ConfigError> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    asked
        .or_else(|| from("STATE_DIRECTORY"))
        .or_else(|| readable(Path::new(INSTALLED)))
        .or_else(|| from("XDG_DATA_HOME").map(|home| home.join("goldentooth")))
        .or_else(|| from("HOME").map(|home| home.join(".local/share/goldentooth")))
        // What is told of it must hold from anywhere.
        .map(|folder| std::path::absolute(&folder).unwrap_or(folder))
        .ok_or(ConfigError::NoFolder)
}

fn readable(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder).is_ok().then(|| folder.to_owned())
}

/// The keys and certificates of the language models.
#[cfg(feature = "stage")]
fn access(
    path: &Path,
    text: &str,
    settings: &minds::Settings,
) -> Result<std::collections::BTreeMap<String, minds::Access>, ConfigError> {
    settings.access(|name| std::env::var(name).ok()).map_err(|error| placed(path, text, error))
}

/// Those who watch from outside, with their keys.
#[cfg(feature = "stage")]
fn proxies(
    path: &Path,
    text: &str,
    settings: std::collections::BTreeMap<String, minds::proxy::ProxySettings>,
) -> Result<minds::proxy::Proxies, ConfigError> {
    let proxies = minds::proxy::Proxies::new(settings, |name| std::env::var(name).ok());
    proxies.map_err(|error| placed(path, text, error))
}

#[cfg(feature = "stage")]
fn placed(path: &Path, text: &str, error: minds::SettingsError) -> ConfigError {
    ConfigError::Value {
        path: path.to_owned(),
        line: error.span.map_or(1, |span| line_of(text, span.start)),
        why: error.why,
    }
}

/// The line, from 1, in which a place of a text lies.
fn line_of(text: &str, place: usize) -> usize {
    text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1
}

fn parse(path: &Path, text: &str) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let message = error.message();
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
        match unknown {
            Some((key, others)) => {
                // What may stand there follows, each name between such marks.
                let known: Vec<String> = others.split('`').skip(1).step_by(2).map(str::to_owned).collect();
                let likeness = |known: &String| strsim::jaro_winkler(known, key);
                let near = known.iter().map(|known| (known, likeness(known))).filter(|(_, near)| *near > 0.7);
                let nearest = near.max_by(|(_, one), (_, other)| one.total_cmp(other));
                ConfigError::UnknownKey {
                    path: path.to_owned(),
                    line,
                    key: key.to_owned(),
                    nearest: nearest.map(|(known, _)| known.clone()),
                    known,
                }
            }
            None => ConfigError::Value { path: path.to_owned(), line, why: message.to_owned() },
        }
    })
}

/// A duration as people write it: `2s`, `500ms`; at most five minutes, since
/// agents say again what is not acknowledged.
fn duration<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    let wrong = || serde::de::Error::custom(format!("{text:?} is no time from 100ms to 5min, as in \"2s\""));
    let duration = humantime::parse_duration(&text).map_err(|_| wrong())?;
    let plausible = Duration::from_millis(100)..=Duration::from_mins(5);
    if plausible.contains(&duration) { Ok(Some(duration)) } else { Err(wrong()) }
}
