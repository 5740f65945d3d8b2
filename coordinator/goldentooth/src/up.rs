//! `goldentooth up`: every room together, and their end in order.

use crate::access::{Access, AccessError, Role};
use crate::announce::Announcement;
use crate::ask::{Ask, EventQuery};
use crate::backup::{self, BackupError};
use crate::broker::{Broker, BrokerError};
use crate::calls::Calls;
use crate::care::Care;
use crate::company::Company;
use crate::config::Config;
use crate::data::{Data, DataError};
use crate::enrol::{Desk, EnrolError, Keys, Reach, own_hosts};
use crate::habits::Habits;
use crate::intake::claim::{ClaimError, Rival};
use crate::intake::core::Core;
use crate::intake::link::{self, LinkError};
use crate::intake::writer::{Stores, Writer};
use crate::intake::{Intake, Order, Parts};
use crate::live::Live;
use crate::members::Members;
use crate::models::Pusher;
use crate::services::Services;
use crate::simulate::{self, Local};
use crate::surfaces::web::{self, Web};
use crate::thinking::Thinking;
use fleet::Now;
use frames::NodeName;
use node_agent::clock;
use node_agent::enrolment::Address;
use node_agent::notify::Notify;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{Opened, Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

mod carry;
mod house;
mod told;

use carry::{Carried, carry};
use house::House;

/// What the token is called that is made for whoever opens the page to others.
const FIRST_TOKEN: &str = "first";
/// The link to the broker must be up within this.
const LINK: Duration = Duration::from_secs(10);

/// Why the coordinator can't start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The first token.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The keys.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The embedded broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The outside broker's certificate.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The claim on the fleet.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// What a restore left that was cut short.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The page's port is taken.
    #[error(
        "{0} is in use by another program (perhaps another goldentooth)\n  \
         way out: stop it, or take another port with --http ADDR (port 0 picks a free one)"
    )]
    Taken(SocketAddr),
    /// The page's address can't be listened on.
    #[error(
        "the page can't be served on {address}: {source}\n  way out: take another address with --http ADDR"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Our own link to the broker does not come up.
    #[error("the broker does not answer within 10 s; see the log above")]
    NoLink,
    /// Another coordinator took the fleet while this one ran.
    #[error("another coordinator (process {} on {}) has taken the fleet; this one stops", .0.pid, .0.host)]
    Rival(Rival),
    /// A thread can't be made, a signal not be heard.
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
}

/// Runs until a signal says to stop.
///
/// # Errors
/// [`UpError`], each with the way out.
pub async fn up(config: Config) -> Result<(), UpError> {
    let data = Arc::new(Data::open(&config.data)?);
    if backup::undo(data.folder())? {
        tracing::warn!("a restore was cut short: what was there before it is back; restore again");
    }
    room_for_files();
    // A second installation is refused, and as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let access = Arc::new(Access::open(&data)?);
    let keys = Arc::new(Keys::load(&data, config.fleet.clone())?);
    keys.simulate(config.simulate);
    let page = listen(config.http).await?;
    let (kept, opened) = Store::open(data.folder())?;
    tell_opened(&opened);
    let simulated = (config.simulate > 0).then(Store::temporary).transpose()?;
    #[cfg(feature = "stage")]
    let cast = kept.cast()?;
    let ask = Ask::new(kept.reader()?, simulated.as_ref().map(Store::reader).transpose()?);

    let now = Now { mono: clock::uptime(), unix: clock::wall(), trusted: false };
    let mut core = Core::new(now, Arc::clone(&keys), kept.event_ids()?);
    let mut remembered = Vec::new();
    for record in kept.records()? {
        let settings = kept.settings(&record.name)?;
        remembered.push((record, settings));
    }
    core.restore(remembered);
    let services = services(&config, &ask).await;
    core.hear_services(services.clone());
    let habits = Habits::open(&data)?;
    core.know_habits(habits.clone());

    let Carried { broker, reach, inside, way, claim } = carry(&config, &keys, &data).await?;
    reach.keep(&data, &config.fleet)?;
    let instance = data.instance()?;
    let announced =
        broker.as_ref().and_then(|broker| Announcement::of(&config.fleet, broker.listens, &instance));
    let live = Live::new(now.unix);
    let (sender, inbox, _link) = link::open(way);
    let local = if config.local_node { Some(simulate::enrol_local(&data, &keys, &inside)?) } else { None };
    let local = local.and_then(|local| match local {
        Local::Ready(enrolment) => Some(enrolment),
        Local::Elsewhere(name) => {
            tracing::warn!(%name, "enrolled for an agent of its own: no local node is started");
            None
        }
    });
    let local_name = local.as_ref().map(|enrolment| enrolment.name.clone());
    let notify = Notify::from_environment();
    let mut intake = Intake::start(Parts {
        core,
        writer: Writer::start(Stores { kept, simulated })?,
        link: sender,
        inbox,
        live: live.clone(),
        commit_every: config.commit_every,
        trust: config.clock,
        local: local_name.clone(),
        claim,
        turned_away: broker.as_ref().map(|broker| Arc::clone(&broker.turned_away)).unwrap_or_default(),
        flavour: config.flavours.mqtt,
        notify: notify.clone(),
        discovery: broker.as_ref().map(|broker| Arc::clone(&broker.discovery)),
    });
    let desk = desk(&keys, &data, reach.clone(), broker.as_ref(), intake.orders.clone());

    let company = Company::default();
    let thinking = Thinking::default();
    #[cfg(feature = "stage")]
    let stage = if config.stage {
        on_stage((&live, &ask), &intake, (&company, &thinking), &config, (&services, cast)).await
    } else {
        None
    };
    #[cfg(not(feature = "stage"))]
    let stage = None;

    let http = page.local_addr()?;
    let care = Care::open(&data, &live)?;
    let calls = Calls::open(config.notify.clone(), data.folder(), now.unix);
    let calling =
        (calls.clone(), tokio::spawn(calls.clone().run(live.clone(), care.clone(), habits.clone())));
    let learning = (habits.clone(), tokio::spawn(habits.clone().run()));
    if !http.ip().is_loopback() && access.none_made() {
        told::first_token(&crate::access::make(data.folder(), FIRST_TOKEN, Role::Operator)?);
    }
    let models = Some(Pusher::new(live.clone(), intake.orders.clone()));
    let members = Members::new(
        desk.clone(),
        ask.clone(),
        (care.clone(), habits.clone()),
        intake.orders.clone(),
        local_name.clone(),
    );
    let hosts = own_hosts().into_iter().chain(config.hosts.iter().cloned()).collect();
    let options = web::Options {
        address: http,
        hosts,
        access,
        care,
        calls,
        flavours: config.flavours,
        services,
        models,
        thinking,
        members: Some(members),
        habits,
    };
    let web = Web::new(live.clone(), (ask, company), desk, options);
    let (stop_web, stopping) = oneshot::channel();
    let served = tokio::spawn(web.serve(page, async move {
        // The sender gone is a stop as well.
        let _ = stopping.await;
    }));

    let linked = tokio::time::timeout(LINK, live.wait_for(|status| status.connected)).await.is_ok();
    let mut agents = Vec::new();
    if linked {
        if let Some(enrolment) = local {
            agents.push(simulate::start_local(*enrolment, &data, config.clock)?);
        }
        if config.simulate > 0 {
            agents.push(simulate::start_simulated(config.simulate, &keys, &inside)?);
        }
    }
    let url = format!("http://{http}");
    let mut rival = std::mem::replace(&mut intake.rival, oneshot::channel().1);
    let house = House {
        agents,
        stage,
        calling,
        learning,
        web: (stop_web, served),
        intake,
        broker,
        _data: Arc::clone(&data),
    };
    let ended = if linked {
        data.tell_address(&url)?;
        let mqtt = shown(&reach);
        told::ready(&config, &url, &mqtt, data.folder());
        notify.ready();
        let mood = tokio::spawn(told::first_mood(config.json, live.clone(), local_name));
        let ended = wait(&mut rival).await;
        mood.abort();
        notify.stopping();
        ended
    } else {
        Err(UpError::NoLink)
    };
    drop(announced);
    house.close().await;
    ended
}

/// The services that are declared, with what each said last.
async fn services(config: &Config, ask: &Ask) -> Services {
    let services = Services::new(config.services.clone());
    let reported = EventQuery { kind: Some("service_reported".to_owned()), ..EventQuery::default() };
    match ask.events(reported).await {
        Ok(events) => services.remember(events.iter().map(|event| &**event)),
        Err(error) => tracing::warn!(%error, "what services reported before can't be read"),
    }
    services
}

fn desk(
    keys: &Arc<Keys>,
    data: &Arc<Data>,
    reach: Reach,
    broker: Option<&Broker>,
    orders: mpsc::Sender<Order>,
) -> Desk {
    let revoke = broker.map(Broker::revoker);
    Desk::new(Arc::clone(keys), Arc::clone(data), reach, move |name: &NodeName, standing| {
        if let Some(revoke) = &revoke {
            revoke(name);
        }
        let (kind, payload) = told::standing(name, &standing);
        // A full queue loses the event, not the enrolment.
        let note = Order::Note { kind, source: "enrol", payload, cause: None, lasting: true };
        let _ = orders.try_send(note);
    })
}

#[cfg(feature = "stage")]
async fn on_stage(
    (live, ask): (&Live, &Ask),
    intake: &Intake,
    (company, thinking): (&Company, &Thinking),
    config: &Config,
    (services, kept): (&Services, Option<serde_json::Value>),
) -> Option<crate::voices::Staged> {
    crate::voices::remember(live, ask).await;
    let hosting = crate::voices::Hosting {
        live: live.clone(),
        ask: ask.clone(),
        orders: intake.orders.clone(),
        company,
        thinking,
        minds: config.minds.clone(),
        proxies: config.proxies.clone(),
        services: services.clone(),
        settings: &config.cast,
        folder: &config.data,
        // A seed per start: the same words in the same places would be dull.
        seed: clock::wall().unsigned_abs(),
        kept,
        lasting: config.simulate == 0,
    };
    crate::voices::start(hosting)
        .await
        .inspect_err(|error| tracing::error!(%error, "the cast stays away"))
        .ok()
}

/// Each node is a socket: takes as many files as this user may have open, since
/// the usual 1,024 would end a fleet at a thousand nodes.
fn room_for_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::warn!(%error, "a large fleet may find no room: the limit of open files stays");
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, UpError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => UpError::Taken(address),
        _ => UpError::Listen { address, source },
    })
}

fn tell_opened(opened: &Opened) {
    match opened {
        Opened::Fresh | Opened::Existing => {}
        Opened::Migrated { copy, .. } => {
            tracing::warn!(copy = %copy.display(), "the store was of an older version; a copy is set aside");
        }
        Opened::SetAside { corrupt, .. } => {
            tracing::error!(
                kept = %corrupt.display(),
                "the store was damaged: it is set aside, and a new one is begun"
            );
        }
    }
}

/// The broker's address as others write it, without an account.
fn shown(reach: &Reach) -> String {
    Address { tls: reach.tls, host: reach.host.clone(), port: reach.port }.to_string()
}

async fn wait(rival: &mut oneshot::Receiver<Rival>) -> Result<(), UpError> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        Ok(rival) = rival => Err(UpError::Rival(rival)),
    }
}
