//! The commands that ask a running coordinator: `status`, `nodes`, `node NAME`,
//! `events` and `notify test`. Each asks it over HTTP, prints for people, or JSON with `--json`.

mod ask;
mod biography;
#[cfg(feature = "stage")]
mod cast;
#[cfg(feature = "stage")]
mod chat;
mod draw;
mod events;
mod habit;
mod models;
mod nodes;
mod notify;
mod one;
#[cfg(feature = "stage")]
mod question;
mod screen;
mod services;
mod status;
mod story;
#[cfg(test)]
mod tests;
#[cfg(feature = "stage")]
mod thinking;
#[cfg(feature = "stage")]
mod tropes;

pub use ask::CliError;

use crate::company::NOBODY;
use crate::flavour::Flavour;
use crate::models::Whom;
use ask::Coordinator;
use clap::{Args, Subcommand};
use screen::Screen;
use std::path::PathBuf;

/// Commands that look at a running coordinator.
#[derive(Debug, Subcommand)]
pub enum Look {
    /// What the coordinator has accepted, stored and refused
    Status(Target),
    /// Every node and how it feels, worst first
    Nodes(Target),
    /// One node: its vitals, why it feels so, and its day
    Node {
        /// Which node
        name: String,
        /// Whom to ask, and how to print
        #[command(flatten)]
        target: Target,
        /// How much voice its character has
        #[command(flatten)]
        taste: Taste,
    },
    /// A node's life in Markdown: its days, longest calm, worst night, and who stood by it; also of one that was forgotten
    #[command(visible_alias = "obituary")]
    Biography {
        /// Which node
        name: String,
        /// Who tells it besides the facts; its own character without it
        #[arg(long, value_name = "CHARACTER")]
        by: Option<String>,
        /// Whom to ask, and how to print
        #[command(flatten)]
        target: Target,
    },
    /// Every service: how it is, what it needs, and where its state comes from
    Services(Target),
    /// What happened, oldest first
    Events(Events),
    /// The fleet's week in Markdown: what troubled it, what was foretold, who came and went
    Story {
        /// Which week: 0 ends now, 1 a week ago
        #[arg(long, value_name = "N", default_value_t = 0)]
        weeks: u32,
        /// Who tells it, in a literary style of its own; plain words without it
        #[arg(long, value_name = "CHARACTER")]
        by: Option<String>,
        /// Whom to ask, and how to print
        #[command(flatten)]
        target: Target,
    },
    /// Name a node's stress, as "that's the backup": it is expected from then on, and only what differs is told
    Habit(habit::HabitArgs),
    /// Mood models: send another one to nodes, or list who runs what
    Models {
        /// What to do
        #[command(subcommand)]
        what: Models,
    },
    /// Ask the cast, and be answered from what is recorded
    #[cfg(feature = "stage")]
    Ask(question::AskArgs),
    /// Talk with the cast
    #[cfg(feature = "stage")]
    Chat(question::ChatArgs),
    /// Who is on stage, how they are, and their sheets
    #[cfg(feature = "stage")]
    Cast(cast::CastArgs),
    /// Language models: who can be asked, how they are, and what they cost
    #[cfg(feature = "stage")]
    Minds(thinking::MindsArgs),
    /// The periodic look at the whole fleet: the last one, a dry run, or one now
    #[cfg(feature = "stage")]
    Pulse(thinking::PulseArgs),
    /// What a bored character makes a tale of: the catalogue, and the fleet's own
    #[cfg(feature = "stage")]
    Tropes(tropes::TropesArgs),
    /// Calls for help: whether they arrive
    Notify {
        /// What to do
        #[command(subcommand)]
        what: Notify,
    },
}

/// What to do about mood models.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Send a model; a node tries it first, and goes back by itself if it is worse
    #[command(after_help = "Examples:\n  goldentooth models push mood.onnx --node pi-07\n  \
        goldentooth models push mood.onnx --percent 10")]
    Push {
        /// The ONNX file, as models/train makes it
        file: PathBuf,
        /// To this node
        #[arg(long, value_name = "NAME", group = "whom")]
        node: Option<String>,
        /// To every node that speaks
        #[arg(long, group = "whom")]
        all: bool,
        /// To so many of a hundred nodes
        #[arg(long, value_name = "N", group = "whom", value_parser = clap::value_parser!(u8).range(1..=100))]
        percent: Option<u8>,
        /// Whom to ask, and how to print
        #[command(flatten)]
        target: Target,
    },
    /// Who runs what
    List(Target),
}

/// What to do about calls for help.
#[derive(Debug, Subcommand)]
pub enum Notify {
    /// Send a test to every place of the configuration, and say whether it arrived
    Test(Target),
}

/// Whom to ask, and how to print.
#[derive(Debug, Args)]
pub struct Target {
    /// Where the coordinator is [default: the one on this machine]
    #[arg(long, env = "GOLDENTOOTH_URL", value_name = "URL")]
    pub url: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// How much voice a character's words have.
#[derive(Debug, Args)]
pub struct Taste {
    /// How much voice: off is the plain fact, light the fact as a character puts it, full all of it
    /// [default: as the coordinator's configuration says]
    #[arg(long, env = "GOLDENTOOTH_FLAVOUR", value_name = "off|light|full")]
    flavour: Option<Flavour>,
}

/// Which events to print.
#[derive(Debug, Args)]
pub struct Events {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    taste: Taste,
    /// Go on printing what happens, until stopped
    #[arg(long, short)]
    follow: bool,
    /// Only events of this kind, as `mood_changed`
    #[arg(long)]
    kind: Option<String>,
    /// Only events of this node
    #[arg(long)]
    node: Option<String>,
    /// At most so many past events
    #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(0..=1000))]
    limit: u16,
}

/// Who asks or says so: as given, else this user.
fn person(given: Option<&String>) -> String {
    let user = || std::env::var("USER").ok().filter(|user| !user.is_empty());
    given.cloned().or_else(user).unwrap_or_else(|| NOBODY.to_owned())
}

/// Runs one of these commands and prints to standard output. The token, which
/// a coordinator off loopback demands, comes from `GOLDENTOOTH_TOKEN`; for the
/// one on this machine its data folder is looked at, too.
///
/// # Errors
/// [`CliError`]: what went wrong, and the way out.
pub fn run(look: &Look) -> Result<(), CliError> {
    let mut screen = Screen::stdout();
    let done = match look {
        Look::Status(target) => status::run(&Coordinator::new(target)?, target.json, &mut screen),
        Look::Nodes(target) => nodes::run(&Coordinator::new(target)?, target.json, &mut screen),
        Look::Services(target) => services::run(&Coordinator::new(target)?, target.json, &mut screen),
        Look::Node { name, target, taste } => {
            one::run(&Coordinator::new(target)?, name, taste.flavour, target.json, &mut screen)
        }
        Look::Models { what: Models::List(target) } => {
            models::list(&Coordinator::new(target)?, target.json, &mut screen)
        }
        Look::Models { what: Models::Push { file, node, all, percent, target } } => {
            let whom = Whom { node: node.clone(), percent: *percent, all: *all };
            models::push(&Coordinator::new(target)?, file, &whom, target.json, &mut screen)
        }
        Look::Notify { what: Notify::Test(target) } => {
            notify::test(&Coordinator::new(target)?, target.json, &mut screen)
        }
        #[cfg(feature = "stage")]
        Look::Ask(args) => question::ask(args, &mut screen),
        #[cfg(feature = "stage")]
        Look::Chat(args) => chat::chat(args, &mut screen),
        #[cfg(feature = "stage")]
        Look::Minds(args) => thinking::minds(args, &mut screen),
        #[cfg(feature = "stage")]
        Look::Pulse(args) => thinking::pulse(args, &mut screen),
        #[cfg(feature = "stage")]
        Look::Cast(args) => cast::run(args, &mut screen),
        #[cfg(feature = "stage")]
        Look::Tropes(args) => tropes::run(args, &mut screen),
        Look::Biography { name, by, target } => {
            biography::run(&Coordinator::new(target)?, name, by.as_deref(), target.json, &mut screen)
        }
        Look::Story { weeks, by, target } => {
            story::run(&Coordinator::new(target)?, *weeks, by.as_deref(), target.json, &mut screen)
        }
        Look::Habit(args) => habit::run(args, &mut screen),
        Look::Events(wanted) => events::run(&Coordinator::new(&wanted.target)?, wanted, &mut screen),
    };
    match done {
        // `goldentooth nodes | head -1` is no failure.
        Err(CliError::Print(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Every node, as the command line gets them.
#[cfg(test)]
pub(super) fn nodes_at(url: &str) -> Result<Vec<super::view::NodeView>, CliError> {
    Coordinator::new(&Target { url: Some(url.to_owned()), json: true })?.get("/api/v1/nodes", &[])
}
