//! One coordinator per fleet: at an outside broker, a retained claim says who
//! it is. (At the embedded one the lock on the data folder is enough.)

use super::link::{self, Heard, Publish, Way};
use frames::{FleetName, event_topic};
use rumqttc::v5::mqttbytes::QoS;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::timeout;

/// The broker must answer within this.
const CONNECT: Duration = Duration::from_secs(10);
/// A retained claim comes right after the subscription.
const LISTEN: Duration = Duration::from_secs(1);

/// Our claim on a fleet.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The topic that it is kept on.
    pub topic: String,
    own: Rival,
}

/// Who claims a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rival {
    /// Names a coordinator's data folder for ever.
    pub instance: String,
    /// The machine.
    pub host: String,
    /// The process on it.
    pub pid: u32,
}

/// Why the fleet can't be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The broker doesn't answer.
    #[error("the broker can't be reached: {0}\n  way out: check the URL, the account and that it runs")]
    Unreachable(String),
    /// Another coordinator has the fleet.
    #[error(
        "another coordinator (process {} on {}) has fleet {fleet} at this broker\n  \
         way out: stop it, or give this one another fleet name in its configuration; \
         if it has crashed, the broker forgets it within a minute",
        rival.pid, rival.host
    )]
    Rival {
        /// Which fleet.
        fleet: FleetName,
        /// Who has it.
        rival: Rival,
    },
}

impl Claim {
    /// A claim of this data folder's coordinator.
    pub fn new(fleet: &FleetName, instance: &str, host: String) -> Self {
        let topic = event_topic(fleet, "coordinator").as_str().to_owned();
        Self { topic, own: Rival { instance: instance.to_owned(), host, pid: std::process::id() } }
    }

    /// The message that stakes it.
    pub fn message(&self) -> Publish {
        let payload = serde_json::to_vec(&self.own).unwrap_or_default();
        Publish { topic: self.topic.clone(), payload, retain: true, qos: QoS::AtLeastOnce }
    }

    /// The message that gives it up: nothing, retained, removes it.
    pub fn release(&self) -> Publish {
        Publish::clearing(self.topic.clone())
    }

    /// Whether this is our own claim, heard back.
    pub fn is_ours(&self, payload: &[u8]) -> bool {
        self.rival(payload).is_some_and(|rival| rival.instance == self.own.instance)
    }

    /// The rival with the better claim, if this is one: of two that start at
    /// the same moment, the lower instance stays.
    pub fn judge(&self, payload: &[u8]) -> Option<Rival> {
        self.rival(payload).filter(|rival| rival.instance < self.own.instance)
    }

    #[allow(clippy::unused_self)] // the counterpart of `message`
    fn rival(&self, payload: &[u8]) -> Option<Rival> {
        serde_json::from_slice(payload).ok()
    }

    /// Asks the broker whether another coordinator has the fleet.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub async fn check(&self, mut way: Way, fleet: &FleetName) -> Result<(), ClaimError> {
        way.hear(&self.topic);
        let (sender, mut inbox, task) = link::open(way);
        let connected = async {
            loop {
                match inbox.recv().await {
                    Some(Heard::Connected) => return Ok(()),
                    Some(Heard::Disconnected(why)) => return Err(why),
                    Some(Heard::Message { .. }) => {}
                    None => return Err("the link ended".to_owned()),
                }
            }
        };
        let connected = timeout(CONNECT, connected).await.unwrap_or_else(|_| Err("no answer in time".into()));
        let mut rival = None;
        if connected.is_ok() {
            let listen = async {
                while let Some(heard) = inbox.recv().await {
                    if let Heard::Message { topic, payload, .. } = heard
                        && topic == self.topic.as_bytes()
                    {
                        rival = self.rival(&payload).filter(|rival| rival.instance != self.own.instance);
                        return;
                    }
                }
            };
            // No claim within the time is the good case.
            let _ = timeout(LISTEN, listen).await;
        }
        sender.disconnect();
        drop(inbox);
        task.abort();
        connected.map_err(ClaimError::Unreachable)?;
        match rival {
            Some(rival) => Err(ClaimError::Rival { fleet: fleet.clone(), rival }),
            None => Ok(()),
        }
    }
}
