//! `goldentooth-node`: the agent on every Pi.

use clap::Parser;
use node_agent::cli::{Cli, Command, Doctor, Run, Sample};
use node_agent::config::{Config, ConfigError, ModelFrom};
use node_agent::doctor::{self, State};
use node_agent::enrolment::{Enrolment, EnrolmentError};
use node_agent::feel::Model;
use node_agent::notify::Notify;
use node_agent::run::{RunError, RunOptions, run};
use node_agent::sample::Sampler;
use node_agent::sample::print::{Json, Table};
use node_agent::{budget::Limits, clock};
use std::io::{self, Write};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Why the program ends with an error.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("no enrolment is named: say --enrolment FILE; `goldentooth enroll NAME --out FILE` makes one")]
    NoEnrolment,
    #[error("log: \"{0}\" is no filter ({1}); say error, warn, info or debug")]
    Log(String, tracing_subscriber::filter::ParseError),
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("{0}")]
    Unreadable(String),
    #[error("the runtime can't start: {0}")]
    Runtime(io::Error),
    #[error("{0}")]
    Output(#[from] io::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// `doctor` has printed what.
    #[error("something needs doing")]
    NeedsDoing,
}

impl Failure {
    /// 2 for what the caller has to say otherwise, 1 for the rest.
    fn code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::NoEnrolment | Self::Log(..) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(command) => start(*command),
        Command::Sample(command) => print_sample(&command),
        Command::Doctor(command) => examine(*command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads us has read enough: `sample | head -3`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::NeedsDoing) {
                eprintln!("goldentooth-node: {failure}");
            }
            failure.code()
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)
}

fn start(command: Run) -> Result<(), Failure> {
    let config = command.settings.config()?;
    log(&config.log)?;
    let path = config.enrolment.as_deref().ok_or(Failure::NoEnrolment)?;
    let enrolment = Enrolment::read(path)?;
    if let Some(nothing) = doctor::nothing_to_read(&config.root) {
        return Err(unreadable(&nothing));
    }
    let notify = Notify::from_environment();
    warn_of_short_watchdog(&notify, &config.limits);
    let own = RunOptions::machine(
        enrolment,
        &config.root,
        Sampler::with(&config.root, config.sources).watching(config.watch.clone()),
    );
    let limits = config.limits_on(own.limits);
    let options = RunOptions {
        model: model(&config),
        limits,
        trust: config.clock,
        spool: config.data,
        keep_every: config.keep_every,
        mdns: config.mdns,
        notify,
        ..own
    };
    // In the models' thread, so that asking one costs no switch to another.
    Model::at_hand(|| live(options))
}

fn live(options: RunOptions) -> Result<(), Failure> {
    runtime()?.block_on(async {
        // Before anything is said, so that no signal finds us without a handler.
        let mut term = signal(SignalKind::terminate()).map_err(Failure::Runtime)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Runtime)?;
        let stop = async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        Ok(run(options, stop).await?)
    })
}

/// The model, or none with a line in the log: a node without it still feels.
fn model(config: &Config) -> Option<Model> {
    let model = match &config.model {
        ModelFrom::Nowhere => return None,
        ModelFrom::BuiltIn => Model::embedded(),
        ModelFrom::File(path) => Model::load(path),
    };
    model.inspect_err(|error| tracing::warn!(%error, "the mood model does not load; the rules decide")).ok()
}

/// systemd would kill an agent that sleeps longer between two samples than its
/// watchdog waits.
fn warn_of_short_watchdog(notify: &Notify, limits: &Limits) {
    if let Some(watchdog) = notify.watchdog()
        && watchdog.as_millis() <= u128::from(limits.ceiling) * 3 / 2
    {
        tracing::warn!(
            "WatchdogSec={} s is too short for an interval of up to {} s; set it to at least twice that",
            watchdog.as_secs(),
            limits.ceiling / 1000
        );
    }
}

fn print_sample(command: &Sample) -> Result<(), Failure> {
    let config = command.config()?;
    if let Some(nothing) = doctor::nothing_to_read(&config.root) {
        return Err(unreadable(&nothing));
    }
    let sample = Sampler::with(&config.root, config.sources).settle();
    let mut out = io::stdout().lock();
    if command.json {
        writeln!(out, "{}", serde_json::to_string(&Json { at: clock::wall(), sample: &sample })?)?;
    } else {
        write!(out, "{}", Table(&sample))?;
    }
    Ok(out.flush()?)
}

fn examine(command: Doctor) -> Result<(), Failure> {
    let json = command.json;
    let config = command.settings.config()?;
    let findings = runtime()?.block_on(doctor::examine(&config));
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&findings)?)?;
    } else {
        for finding in &findings {
            writeln!(out, "{finding}")?;
        }
    }
    out.flush()?;
    if findings.iter().any(|finding| finding.state == State::Failed) {
        Err(Failure::NeedsDoing)
    } else {
        Ok(())
    }
}

fn unreadable(finding: &doctor::Finding) -> Failure {
    let advice = finding.advice.as_deref().unwrap_or_default();
    Failure::Unreadable(format!("{}; {advice}", finding.found))
}

/// The log goes to stderr; under systemd without times, which the journal adds.
fn log(filter: &str) -> Result<(), Failure> {
    let parsed = EnvFilter::try_new(filter).map_err(|error| Failure::Log(filter.to_owned(), error))?;
    let log = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(io::stderr).with_target(false);
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        log.with_ansi(false).without_time().init();
    } else {
        log.with_ansi(false).init();
    }
    Ok(())
}
