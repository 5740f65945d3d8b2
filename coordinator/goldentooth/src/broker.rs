//! The embedded broker: `mqtt5`, bounded, with our own rules at the door.
//!
//! Nothing is kept over a disconnect (no persistent sessions): what a node
//! says is safe in its own spool until the coordinator has decided on it.

use crate::data::{Data, DataError};
use crate::enrol::Keys;
use door::Door;
use frames::NodeName;
use mqtt5::broker::config::TlsConfig;
use mqtt5::broker::{BrokerConfig, BrokerShutdownHandle, MqttBroker, StorageBackendType, StorageConfig};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

mod certificate;
mod door;
mod local;
#[cfg(test)]
mod tests;
mod trespass;

pub use local::{Local, LocalClient, Message, Wanted};
pub use trespass::{Trespass, Trespasses};

/// The most clients at once: a fleet of 10,000 nodes and those who watch it.
const MOST_CLIENTS: usize = 12_000;
/// The largest packet, in bytes. Far above the largest frame, so that an
/// oversized one is counted by intake instead of cutting the link.
pub const LARGEST_PACKET: usize = 256 * 1024;
/// The most messages that wait for one slow client, and their bytes.
const QUEUE: (usize, usize) = (20_000, 8 * 1024 * 1024);
/// Retained: four of ours for each client, each at most so large.
const RETAINED: (usize, usize) = (4 * MOST_CLIENTS, 64 * 1024);
const MOST_SUBSCRIPTIONS: usize = 64;
/// How long the broker may take to say goodbye to its clients.
const GOODBYE: Duration = Duration::from_secs(3);

/// Why the broker can't run.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The port is taken.
    #[error(
        "{0} is in use by another program (perhaps another MQTT broker)\n  \
         way out: stop it, take another port with --mqtt ADDR (port 0 picks a free one), \
         or use that broker with --broker mqtt://{0}"
    )]
    Taken(SocketAddr),
    /// The address can't be listened on.
    #[error(
        "the broker can't listen on {address}: {source}\n  way out: take another address with --mqtt ADDR"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate can't be made.
    #[error("the broker's certificate can't be made: {0}")]
    Certificate(rcgen::Error),
    /// Certificate and key can't be kept.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The broker itself refuses to start.
    #[error("the broker does not start: {0}")]
    Start(String),
}

/// The running broker; [`Broker::stop`] ends it.
pub struct Broker {
    local: Local,
    door: Arc<Door>,
    shutdown: BrokerShutdownHandle,
    task: JoinHandle<()>,
    /// Where agents on this machine reach it, without TLS, on loopback.
    pub inside: SocketAddr,
    /// Where everybody else does.
    pub listens: SocketAddr,
    /// Its certificate as PEM, if it speaks TLS there.
    pub certificate: Option<String>,
    /// What its rules turned away on frame topics.
    pub turned_away: Arc<Trespasses>,
    /// Set when somebody subscribes to what Home Assistant reads.
    pub discovery: Arc<AtomicBool>,
}

impl Broker {
    /// Starts to listen: in the clear on loopback, with TLS anywhere else.
    ///
    /// # Errors
    /// [`BrokerError`].
    pub async fn start(listen: SocketAddr, keys: Arc<Keys>, data: &Data) -> Result<Self, BrokerError> {
        // Asked first, since mqtt5 folds the cause into text.
        drop(std::net::TcpListener::bind(listen).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => BrokerError::Taken(listen),
            _ => BrokerError::Listen { address: listen, source },
        })?);
        let storage = StorageConfig::new()
            .with_backend(StorageBackendType::Memory)
            .with_persistence(false)
            .with_max_queued_messages_per_client(QUEUE.0)
            .with_max_queued_bytes_per_client(QUEUE.1);
        let mut config = BrokerConfig::new()
            .with_bind_address(listen)
            .with_max_clients(MOST_CLIENTS)
            .with_max_packet_size(LARGEST_PACKET)
            .with_max_subscriptions_per_client(MOST_SUBSCRIPTIONS)
            .with_max_retained_messages(RETAINED.0)
            .with_max_retained_message_size(RETAINED.1)
            .with_session_expiry(Duration::ZERO)
            .with_sys_topics_enabled(false)
            .with_storage(storage);
        let mut certificate = None;
        if !listen.ip().is_loopback() {
            let files = certificate::kept(data)?;
            config = config
                .with_bind_address((Ipv4Addr::LOCALHOST, 0))
                .with_tls(TlsConfig::new(files.certificate, files.key).with_bind_address(listen));
            certificate = Some(files.pem);
        }
        let start = |error: mqtt5::MqttError| BrokerError::Start(error.to_string());
        let broker = MqttBroker::with_config(config).await.map_err(start)?;
        let missing = || BrokerError::Start("it does not listen".into());
        let inside = broker.local_addr().ok_or_else(missing)?;
        let listens = match certificate {
            None => inside,
            Some(_) => broker.tls_local_addr().ok_or_else(missing)?,
        };
        let router = broker.router();
        let (turned_away, discovery) = (Arc::new(Trespasses::default()), Arc::default());
        let door =
            Arc::new(Door::new(keys, Arc::clone(&router), Arc::clone(&turned_away), Arc::clone(&discovery)));
        let mut broker = broker.with_auth_provider(Arc::<Door>::clone(&door));
        let shutdown = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        let (runs, running) = watch::channel(());
        let task = tokio::spawn(async move {
            if let Err(error) = broker.run().await {
                tracing::error!(%error, "the broker stopped");
            }
            drop(runs);
        });
        ready.wait_for(|ready| *ready).await.map_err(|_| BrokerError::Start("it ended at once".into()))?;
        let local = Local { router, running };
        Ok(Self { local, door, shutdown, task, inside, listens, certificate, turned_away, discovery })
    }

    /// The way to it for this process.
    pub fn local(&self) -> Local {
        self.local.clone()
    }

    /// Whom to tell that a name's older files are void: its sessions end at
    /// once, and its epoch no longer opens the door.
    pub fn revoker(&self) -> impl Fn(&NodeName) + Send + Sync + 'static {
        let (router, door) = (Arc::clone(&self.local.router), Arc::clone(&self.door));
        let runtime = tokio::runtime::Handle::current();
        move |name| {
            let (router, clients) = (Arc::clone(&router), door.clients_of(name));
            runtime.spawn(async move {
                for client in clients {
                    // Dropping the router's entry ends the client's task, and with it the link.
                    router.unregister_client(&client).await;
                }
            });
        }
    }

    /// Ends every link and stops listening.
    pub async fn stop(self) {
        self.shutdown.shutdown();
        if tokio::time::timeout(GOODBYE, self.task).await.is_err() {
            tracing::warn!("the broker did not stop within {GOODBYE:?}");
        }
    }
}
