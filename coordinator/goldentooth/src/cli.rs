//! The command line, and what starts and changes things: `up`, `enroll`,
//! `doctor`. What only reads stands in `surfaces/cli.rs`.

mod members;

pub use members::{BackupArgs, ForgetArgs, ForgetPersonArgs, RenameArgs, RestoreArgs, RevokeArgs};

use crate::access::Role;
use crate::config::MOST_SIMULATED;
use crate::surfaces::cli::Look;
use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};
use node_agent::enrolment::Kind;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Every Pi knows how it feels, and a cast of characters speaks about it.
#[derive(Debug, Parser)]
#[command(
    name = "goldentooth",
    version,
    after_help = "The log goes to standard error; RUST_LOG=debug says more."
)]
pub struct Line {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
// Made once, and gone at once: its size is no matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the coordinator, with a broker and a page, and this machine as a node
    Up(UpArgs),
    /// Make a machine, a reader or a service a member of the fleet
    Enroll(EnrollArgs),
    /// Forget a node: its key is void, and it is gone from every view
    Forget(ForgetArgs),
    /// Forget a person: what the cast holds of them goes, and what is recorded is overwritten
    ForgetPerson(ForgetPersonArgs),
    /// Take an account away: its sessions end, its frames are refused
    Revoke(RevokeArgs),
    /// Give a node another name; its past goes along
    Rename(RenameArgs),
    /// Save everything that must not be lost into one file, also while it runs
    Backup(BackupArgs),
    /// Put a backup in the place of what is there
    Restore(RestoreArgs),
    /// Say what is well here, and what to do about the rest
    Doctor(DoctorArgs),
    /// Make, list and take away the tokens that the page and the API ask others for
    Token(TokenArgs),
    /// Play a scenario on virtual time, through the real cast and stage; it asks no coordinator
    #[cfg(feature = "stage")]
    Simulate(SimulateArgs),
    /// What asks a running coordinator
    #[command(flatten)]
    Look(Look),
}

/// Where the data folder is.
#[derive(Args, Clone, Debug, Default)]
pub struct DataArgs {
    /// The data folder: systemd's state directory, else that of the packaged service if this user may read it,
    /// else ~/.local/share/goldentooth, unless given
    #[arg(long, value_name = "DIR", env = "GOLDENTOOTH_DATA")]
    pub data: Option<PathBuf>,
}

/// `goldentooth up`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  goldentooth up                       this machine's mood, on http://127.0.0.1:8765
  goldentooth up --simulate 12         twelve virtual Pis beside it
  goldentooth up --mqtt 0.0.0.0:8883 --data /var/lib/goldentooth
                                       other machines may join, over TLS
  goldentooth up --broker mqtt://goldentooth:PASSWORD@broker.local:1883

The file has the same names as the flags, and these of its own:
  fleet = \"home\"             the fleet's name
  commit_every = \"2s\"        how long a frame may wait for the disk; on an SD card 30s by itself
  clock = \"auto\"             whether to believe this machine's clock: auto, always, never
  broker_certificate = \"FILE\" what TLS to an outside broker trusts
  [flavour]                  how much voice page, api and mqtt have: off, light or full
  [[notify]]                 where calls for help go, as often as there are places:
  kind = \"ntfy\"              or \"webhook\"
  url = \"https://ntfy.sh/a-topic-nobody-guesses\"
  token = \"…\"                sent as a bearer token, if the place wants one")]
pub struct UpArgs {
    /// Configuration, in TOML
    #[arg(long, value_name = "FILE", env = "GOLDENTOOTH_CONFIG")]
    pub config: Option<PathBuf>,
    /// Add so many virtual Pis, marked as simulated wherever they appear
    #[arg(long, value_name = "N", env = "GOLDENTOOTH_SIMULATE", value_parser = clap::value_parser!(u32).range(0..=i64::from(MOST_SIMULATED)))]
    pub simulate: Option<u32>,
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub data: DataArgs,
    /// Serve the page here; port 0 picks a free one [default: 127.0.0.1:8765]
    #[arg(long, value_name = "ADDR", env = "GOLDENTOOTH_HTTP")]
    pub http: Option<SocketAddr>,
    /// Let the embedded broker listen here; port 0 picks a free one; TLS unless on loopback [default: 127.0.0.1:1883]
    #[arg(long, value_name = "ADDR", env = "GOLDENTOOTH_MQTT", conflicts_with = "broker")]
    pub mqtt: Option<SocketAddr>,
    /// Use this broker instead of the embedded one
    #[arg(long, value_name = "URL", env = "GOLDENTOOTH_BROKER", hide_env_values = true)]
    pub broker: Option<String>,
    /// Don't make this machine a node of the fleet
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), env = "GOLDENTOOTH_NO_LOCAL_NODE")]
    pub no_local_node: bool,
    /// Leave the cast out
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), env = "GOLDENTOOTH_NO_STAGE")]
    pub no_stage: bool,
    /// Say in one line of JSON that all is ready
    #[arg(long)]
    pub json: bool,
}

/// `goldentooth enroll`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  goldentooth enroll pi-07 --out pi-07.toml
  goldentooth enroll --host raspberrypi.local --out pi.toml       named as it is called: raspberrypi, or raspberrypi-2
  goldentooth enroll here --address 127.0.0.1 --out here.toml     an agent on this very machine
  goldentooth enroll wall --kind reader --out wall.toml           a screen that only reads
  goldentooth enroll --all --new-key --out files/                 the fleet key is lost or stolen

Enrolling a name again voids the file that it had.")]
pub struct EnrollArgs {
    /// The name: at most 32 letters, digits, '-' and '_'
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "host"])]
    pub name: Option<String>,
    /// Name it after its host, with a number if that name is taken
    #[arg(long, value_name = "HOST", conflicts_with_all = ["name", "all"])]
    pub host: Option<String>,
    /// Write the enrolment here (mode 0600); with --all a folder, one file for each
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What it may do: speak as a node, read everything, or report a service
    #[arg(long, value_name = "KIND", default_value = "node", value_parser = kind)]
    pub kind: Kind,
    /// Under which host names or addresses its machine finds this one
    #[arg(long, value_name = "HOST", num_args = 1..)]
    pub address: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub data: DataArgs,
    /// Print the account and rules for a Mosquitto broker, too
    #[arg(long)]
    pub print_mosquitto: bool,
    /// Enrol everybody again
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
    /// Take a new fleet key
    #[arg(long, requires = "all")]
    pub new_key: bool,
}

/// `goldentooth token`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  goldentooth token add wall                      one that reads, for a screen
  goldentooth token add me --role operator        one that may change things, too
  goldentooth token remove wall                   it counts no more, at once")]
pub struct TokenArgs {
    /// What to do
    #[command(subcommand)]
    pub what: TokenCommand,
    /// The data folder: systemd's state directory, else that of the packaged service if this user may read it,
    /// else ~/.local/share/goldentooth, unless given
    #[arg(long, value_name = "DIR", env = "GOLDENTOOTH_DATA", global = true)]
    pub data: Option<PathBuf>,
}

/// What to do with tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once
    Add {
        /// What it is called
        name: String,
        /// What it may do
        #[arg(long, value_name = "ROLE", default_value = "reader", value_parser = role)]
        role: Role,
    },
    /// Every token's name and role
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token away
    Remove {
        /// What it is called
        name: String,
    },
}

/// `goldentooth simulate`
#[cfg(feature = "stage")]
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  goldentooth simulate heat-wave.toml
  goldentooth simulate heat-wave.toml --seed 8 --json

A scenario names its nodes, what happens to them and what must come of it; the repository has some in
coordinator/goldentooth/scenarios. The exit status is 1 if something that it expects did not come.")]
pub struct SimulateArgs {
    /// The scenario, in TOML
    pub file: PathBuf,
    /// Another seed, other words
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `goldentooth doctor`
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub data: DataArgs,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

fn role(word: &str) -> Result<Role, String> {
    let found = [Role::Reader, Role::Operator].into_iter().find(|role| role.word() == word);
    found.ok_or_else(|| "a role is reader or operator".to_owned())
}

fn kind(word: &str) -> Result<Kind, String> {
    [Kind::Node, Kind::Reader, Kind::Service]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| "a kind is node, reader or service".to_owned())
}
