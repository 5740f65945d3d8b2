//! Agents inside this process: the one of this very machine, and virtual Pis.
//! The same library and the same wire as everywhere else; each kind has a
//! thread and a runtime of its own, so that a budget is charged with its own work.

use crate::data::Data;
use crate::enrol::{EnrolError, Entry, Keys, LOCAL, Reach, cleaned, hostname};
use frames::NodeName;
use node_agent::clock::Trust;
use node_agent::enrolment::{Address, Enrolment, Kind};
use node_agent::feel::Model;
use node_agent::run::{RunOptions, run};
use node_agent::sample::Sampler;
use node_agent::virtual_pi::VirtualPi;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// The fleet of virtual Pis is the same in every run.
const SEED: u64 = 1;
/// Virtual Pis start this far apart, so that they don't speak in step.
const APART: Duration = Duration::from_millis(25);

/// Agents on a thread of their own.
pub struct Agents {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Agents {
    /// Ends the agents: each says farewell first.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let thread = self.thread;
        // Joined where blocking is allowed; a panic was logged by its own hook.
        let _ = tokio::task::spawn_blocking(move || thread.join().is_ok()).await;
    }
}

/// How agents inside this process reach the broker.
#[derive(Clone, Debug)]
pub struct Inside {
    /// The broker's address.
    pub address: Address,
    /// Its certificate, with TLS.
    pub certificate: Option<String>,
}

impl Inside {
    fn enrolment(&self, keys: &Keys, name: &NodeName, entry: Entry) -> Enrolment {
        let reach = Reach {
            host: self.address.host.clone(),
            port: self.address.port,
            tls: self.address.tls,
            certificate: self.certificate.clone(),
        };
        keys.enrolment(name, entry, &reach, vec![self.address.clone()])
    }
}

/// What became of this machine's own node.
pub enum Local {
    /// It is enrolled, and may start.
    Ready(Box<Enrolment>),
    /// Its name was enrolled for an agent of its own.
    Elsewhere(NodeName),
}

/// Enrols this machine as a node, once. Its own file in the data folder tells
/// it from a file that was made for an agent outside this process.
///
/// # Errors
/// [`EnrolError`].
pub fn enrol_local(data: &Data, keys: &Keys, inside: &Inside) -> Result<Local, EnrolError> {
    let folder = data.path("node");
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|source| crate::data::DataError::Io { path: folder.clone(), action: "made", source })?;
    let file = data.path(LOCAL);
    let name = local_name();
    let own = Enrolment::read(&file).ok().filter(|own| own.name == name).map(|own| own.epoch);
    if keys.entry(&name).is_some_and(|entry| Some(entry.epoch) != own) {
        return Ok(Local::Elsewhere(name));
    }
    let entry = keys.ensure(data, &name, Kind::Node)?;
    let enrolment = inside.enrolment(keys, &name, entry);
    if let Err(error) = enrolment.write(&file) {
        tracing::warn!(%error, "the local node's enrolment could not be kept");
    }
    Ok(Local::Ready(Box::new(enrolment)))
}

/// This machine's name as a node: its host name, with what a name can't have
/// replaced.
fn local_name() -> NodeName {
    cleaned(&hostname().unwrap_or_default())
        .or_else(|| cleaned("this-machine"))
        .unwrap_or_else(|| unreachable!("a plain word is a name"))
}

/// Starts the agent of this machine.
///
/// # Errors
/// If the system has no room for a thread.
pub fn start_local(enrolment: Enrolment, data: &Data, trust: Trust) -> std::io::Result<Agents> {
    let spool = data.path("node").join("spool");
    thread("node", move |stop| async move {
        let root = Path::new("/");
        let mut options = RunOptions::machine(enrolment, root, Sampler::new(root));
        options.model = model();
        options.trust = trust;
        options.spool = Some(spool);
        if let Err(error) = run(options, stopped(stop)).await {
            tracing::error!(%error, "the local node could not start");
        }
    })
}

/// Starts `count` virtual Pis: `sim-01`, `sim-02`, …
///
/// # Errors
/// If the system has no room for a thread.
pub fn start_simulated(count: u32, keys: &Arc<Keys>, inside: &Inside) -> std::io::Result<Agents> {
    let (keys, inside) = (Arc::clone(keys), inside.clone());
    thread("simulated", move |stop| async move {
        let model = model();
        let mut agents = tokio::task::JoinSet::new();
        for number in 1..=count {
            let Some((name, entry)) = simulated(&keys, number) else { continue };
            let mut options =
                RunOptions::simulated(inside.enrolment(&keys, &name, entry), VirtualPi::new(SEED, number));
            options.model.clone_from(&model);
            let stop = stop.clone();
            agents.spawn(async move {
                tokio::time::sleep(APART * number).await;
                if let Err(error) = run(options, stopped(stop)).await {
                    tracing::error!(%name, %error, "a simulated node could not start");
                }
            });
        }
        while agents.join_next().await.is_some() {}
    })
}

fn simulated(keys: &Keys, number: u32) -> Option<(NodeName, Entry)> {
    let name: NodeName = format!("{}{number:02}", NodeName::SIMULATED).parse().ok()?;
    let entry = keys.entry(&name)?;
    Some((name, entry))
}

/// The mood model; without one the rules speak, and frames say so.
fn model() -> Option<Model> {
    Model::embedded().inspect_err(|error| tracing::error!(%error, "no mood model: the rules speak")).ok()
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn thread<F: Future<Output = ()>>(
    name: &str,
    work: impl FnOnce(watch::Receiver<bool>) -> F + Send + 'static,
) -> std::io::Result<Agents> {
    let (stop, stopping) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let thread =
        std::thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(work(stopping)))?;
    Ok(Agents { stop, thread })
}
