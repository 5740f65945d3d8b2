//! `goldentooth`: see `goldentooth --help`.

use clap::Parser as _;
use goldentooth::cli::{Command, Line, UpArgs};
use goldentooth::config::Config;
use goldentooth::{commands, surfaces, up};
use std::error::Error;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// The broker's tasks allocate on one thread and free on another for every message,
/// which the C library's allocator does in less memory and more slowly.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many threads the tasks share, where the environment (tokio's variable) says nothing:
/// enough for tens of thousands of frames a second. One needs less memory, and wakes fewer cores.
const THREADS: usize = 2;

fn main() -> ExitCode {
    let line = Line::parse();
    let done = match &line.command {
        Command::Up(args) => {
            log("info");
            run_up(args)
        }
        Command::Enroll(args) => commands::enroll::run(args).map(|()| true).map_err(Into::into),
        Command::Forget(args) => commands::members::forget(args).map(|()| true).map_err(Into::into),
        Command::ForgetPerson(args) => {
            commands::members::forget_person(args).map(|()| true).map_err(Into::into)
        }
        Command::Revoke(args) => commands::members::revoke(args).map(|()| true).map_err(Into::into),
        Command::Rename(args) => commands::members::rename(args).map(|()| true).map_err(Into::into),
        Command::Backup(args) => commands::backup::save(args).map(|()| true),
        Command::Restore(args) => commands::backup::restore(args).map(|()| true),
        Command::Doctor(args) => commands::doctor::run(args).map_err(Into::into),
        Command::Token(args) => commands::token::run(args).map(|()| true),
        #[cfg(feature = "stage")]
        Command::Simulate(args) => commands::simulate::run(args),
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
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        runtime.worker_threads(THREADS);
    }
    let runtime = runtime.enable_all().build()?;
    runtime.block_on(up::up(config))?;
    Ok(true)
}

/// The log, on standard error. mqtt5 tells of every packet: only its trouble is wanted.
fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("warn,goldentooth={level},mqtt5=error")));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
