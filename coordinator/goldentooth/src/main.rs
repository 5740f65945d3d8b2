//! `goldentooth`: see `goldentooth --help`.

use clap::{Parser, Subcommand};
use goldentooth::cli::{DoctorArgs, EnrollArgs, TokenArgs, UpArgs};
use goldentooth::config::Config;
use goldentooth::surfaces::cli::Look;
use goldentooth::{commands, surfaces, up};
use std::error::Error;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// The broker's tasks allocate on one thread and free on another for every message;
/// the C library's allocator spends a third more on that, much of it waiting for locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Every Pi knows how it feels, and a cast of characters speaks about it.
#[derive(Parser)]
#[command(version, after_help = "The log goes to standard error; RUST_LOG=debug says more.")]
struct Line {
    #[command(subcommand)]
    command: Command,
}

// Made once, and gone at once: its size is no matter.
#[allow(clippy::large_enum_variant)]
#[derive(Subcommand)]
enum Command {
    /// Start the coordinator, with a broker and a page, and this machine as a node
    Up(UpArgs),
    /// Make a machine, a reader or a service a member of the fleet
    Enroll(EnrollArgs),
    /// Say what is well here, and what to do about the rest
    Doctor(DoctorArgs),
    /// Make, list and take away the tokens that the page and the API ask others for
    Token(TokenArgs),
    #[command(flatten)]
    Look(Look),
}

fn main() -> ExitCode {
    let line = Line::parse();
    let done = match &line.command {
        Command::Up(args) => {
            log("info");
            run_up(args)
        }
        Command::Enroll(args) => commands::enroll::run(args).map(|()| true).map_err(Into::into),
        Command::Doctor(args) => commands::doctor::run(args).map_err(Into::into),
        Command::Token(args) => commands::token::run(args).map(|()| true),
        Command::Look(look) => surfaces::cli::run(look).map(|()| true).map_err(Into::into),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("goldentooth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_up(args: &UpArgs) -> Result<bool, Box<dyn Error>> {
    // What is wrong with the configuration is a wrong use, as with the flags.
    let config = match Config::load(args) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("goldentooth: {error}");
            std::process::exit(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(up::up(config))?;
    Ok(true)
}

/// The log, on standard error. mqtt5 tells of every packet: only its trouble is wanted.
fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("warn,goldentooth={level},mqtt5=error")));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
