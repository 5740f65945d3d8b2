//! Keys, epochs and accounts: who belongs to the fleet, and as what.
//!
//! The data folder keeps only name, kind and epoch; keys and passwords are
//! derived from the fleet key. Enrolling a name again raises its epoch, which
//! voids every file made before.

use crate::data::{Data, DataError, write_private};
use crate::words::lock;
use frames::{FleetKey, FleetName, NodeKey, NodeName};
use node_agent::enrolment::{Account, Address, Enrolment, Key, Kind, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

mod desk;
mod names;
mod reach;
#[cfg(test)]
mod tests;

pub(crate) use desk::LOCAL;
pub use desk::{Desk, Request, Standing};
pub(crate) use names::cleaned;
pub use reach::Reach;
pub(crate) use reach::{hostname, own_hosts};

const ENROLMENTS: &str = "enrolments.json";

/// The user name of the coordinator itself at the broker; no node's, since a
/// node's name has no dot.
pub const COORDINATOR: &str = "coordinator.goldentooth";

/// Why an enrolment was refused.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The name can't be one.
    #[error("{name:?} can't be enrolled: {why}")]
    Name {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        why: frames::NameError,
    },
    /// Nothing of the host name can be a name.
    #[error("the host name {0:?} makes no node's name; give one instead: goldentooth enroll NAME")]
    Host(String),
    /// The name is one of a simulated node.
    #[error(
        "{0:?} can't be enrolled: names that begin with sim- belong to simulated nodes; take another name"
    )]
    Simulated(String),
    /// The name is taken by an account of another kind.
    #[error("{name} is enrolled as a {} already; take another name", is.as_str())]
    Taken {
        /// The name.
        name: NodeName,
        /// What it is.
        is: Kind,
    },
    /// Nobody is enrolled under it.
    #[error("{0} is not enrolled")]
    Unknown(NodeName),
    /// Nobody elsewhere could reach the broker.
    #[error(
        "the broker listens on this machine only, so no other machine could use the file\n  \
         way out: for an agent on this machine add --address 127.0.0.1; \
         for others start the coordinator with --mqtt 0.0.0.0:8883 and enrol then"
    )]
    LoopbackOnly,
    /// An address can't be one.
    #[error("--address {0:?} is no host name or IP address")]
    Address(String),
    /// There is nothing to enrol again.
    #[error("nothing is enrolled yet: enroll a NAME first")]
    NothingEnrolled,
    /// The data folder's fault.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The list of enrolments is damaged.
    #[error(
        "{path} is damaged: {why}\n  way out: restore it from a copy, or remove it and enrol every node again"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What the parser says.
        why: String,
    },
}

/// What is kept of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it may do.
    pub kind: Kind,
    /// Which of its files is in force.
    pub epoch: u32,
}

/// The list of accounts, as in `enrolments.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roll {
    version: u32,
    accounts: BTreeMap<NodeName, Entry>,
    /// Names that are void, with their last epoch: an old file shall never count again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    void: BTreeMap<NodeName, u32>,
}

struct Secrets {
    key: Arc<FleetKey>,
    roll: Roll,
    /// Simulated nodes `sim-01` to this number may speak.
    simulated: u32,
}

/// Every key of the fleet: what broker and intake ask. Shared by [`Arc`].
pub struct Keys {
    fleet: FleetName,
    secrets: RwLock<Secrets>,
    changes: AtomicU64,
}

impl Keys {
    /// Reads fleet key and accounts from the data folder; makes the key at first use.
    ///
    /// # Errors
    /// [`EnrolError::Data`] or [`EnrolError::Damaged`].
    pub fn load(data: &Data, fleet: FleetName) -> Result<Self, EnrolError> {
        let path = data.path(ENROLMENTS);
        let roll: Roll = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| EnrolError::Damaged { path, why: error.to_string() })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Roll { version: 1, ..Roll::default() }
            }
            Err(source) => return Err(DataError::Io { path, action: "read", source }.into()),
        };
        // A key made anew beside old enrolments would void them all in silence.
        let key = if roll.accounts.is_empty() && roll.void.is_empty() {
            data.fleet_key()?
        } else {
            data.kept_fleet_key()?
        };
        Ok(Self::new(fleet, key, roll))
    }

    /// Keys that live in memory alone, for tests and benchmarks: nobody is enrolled.
    pub fn in_memory(fleet: FleetName, key: FleetKey) -> Self {
        Self::new(fleet, key, Roll::default())
    }

    fn new(fleet: FleetName, key: FleetKey, roll: Roll) -> Self {
        let secrets = RwLock::new(Secrets { key: Arc::new(key), roll, simulated: 0 });
        Self { fleet, secrets, changes: AtomicU64::new(1) }
    }

    /// The fleet's name.
    pub fn fleet(&self) -> &FleetName {
        &self.fleet
    }

    /// Rises with every change, so that derived keys may be cached until then.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Lets the simulated nodes `sim-01` to `sim-<count>` speak.
    pub fn simulate(&self, count: u32) {
        lock::write(&self.secrets).simulated = count;
        self.changed();
    }

    /// Enrols in memory alone, for tests and benchmarks.
    pub fn admit(&self, name: &NodeName, kind: Kind) -> u32 {
        let mut secrets = lock::write(&self.secrets);
        let entry = secrets.roll.accounts.entry(name.clone()).or_insert(Entry { kind, epoch: 0 });
        entry.epoch += 1;
        let epoch = entry.epoch;
        drop(secrets);
        self.changed();
        epoch
    }

    /// What the account of this name is, if there is one.
    pub fn entry(&self, name: &NodeName) -> Option<Entry> {
        let secrets = lock::read(&self.secrets);
        if name.is_simulated() {
            let number = name.as_str().strip_prefix(NodeName::SIMULATED)?.parse::<u32>().ok()?;
            let known = (1..=secrets.simulated).contains(&number);
            return known.then_some(Entry { kind: Kind::Node, epoch: 0 });
        }
        secrets.roll.accounts.get(name).copied()
    }

    /// The key that a node's frames must be sealed with; none if it is not enrolled.
    pub fn node_key(&self, name: &NodeName) -> Option<NodeKey> {
        let entry = self.entry(name).filter(|entry| entry.kind == Kind::Node)?;
        Some(lock::read(&self.secrets).key.node_key(name, entry.epoch))
    }

    /// The password of an account, as clients send it.
    pub fn password(&self, name: &NodeName, entry: Entry) -> Secret {
        let key = Arc::clone(&lock::read(&self.secrets).key);
        Secret::new(hex::encode(key.account_secret(entry.kind.as_str(), name.as_str(), entry.epoch)))
    }

    /// Every account that stands in the data folder.
    pub fn accounts(&self) -> Vec<(NodeName, Entry)> {
        let secrets = lock::read(&self.secrets);
        secrets.roll.accounts.iter().map(|(name, entry)| (name.clone(), *entry)).collect()
    }

    /// The enrolment of an account as it is in force now.
    pub fn enrolment(&self, name: &NodeName, entry: Entry, reach: &Reach, to: Vec<Address>) -> Enrolment {
        Enrolment {
            fleet: self.fleet.clone(),
            name: name.clone(),
            kind: entry.kind,
            epoch: entry.epoch,
            key: self.node_key(name).map(Key::from),
            certificate: reach.certificate.clone().filter(|_| to.iter().any(|address| address.tls)),
            addresses: to,
            account: Account { user: name.as_str().to_owned(), password: self.password(name, entry) },
        }
    }

    /// Enrols a name, anew or again, and keeps that before it is in force.
    fn enrol(&self, data: &Data, name: &NodeName, kind: Kind) -> Result<Entry, EnrolError> {
        if name.is_simulated() {
            return Err(EnrolError::Simulated(name.as_str().to_owned()));
        }
        self.change(data, |roll| {
            let epoch = roll.void.remove(name).unwrap_or(0);
            let entry = roll.accounts.entry(name.clone()).or_insert(Entry { kind, epoch });
            if entry.kind != kind {
                return Err(EnrolError::Taken { name: name.clone(), is: entry.kind });
            }
            entry.epoch += 1;
            Ok(*entry)
        })
    }

    /// Takes an account away: nothing that was made for it counts from now on.
    fn revoke(&self, data: &Data, name: &NodeName) -> Result<Entry, EnrolError> {
        self.change(data, |roll| {
            let entry = roll.accounts.remove(name).ok_or_else(|| EnrolError::Unknown(name.clone()))?;
            roll.void.insert(name.clone(), entry.epoch);
            Ok(entry)
        })
    }

    /// Gives a node's account another name, under which nobody is enrolled.
    fn rename(&self, data: &Data, from: &NodeName, to: &NodeName) -> Result<Entry, EnrolError> {
        self.change(data, |roll| {
            if let Some(taken) = roll.accounts.get(to) {
                return Err(EnrolError::Taken { name: to.clone(), is: taken.kind });
            }
            let old = roll.accounts.remove(from).ok_or_else(|| EnrolError::Unknown(from.clone()))?;
            roll.void.insert(from.clone(), old.epoch);
            let epoch = roll.void.remove(to).unwrap_or(0) + 1;
            let entry = Entry { kind: old.kind, epoch };
            roll.accounts.insert(to.clone(), entry);
            Ok(entry)
        })
    }

    /// Changes the list, on the disk first.
    fn change<T>(
        &self,
        data: &Data,
        change: impl FnOnce(&mut Roll) -> Result<T, EnrolError>,
    ) -> Result<T, EnrolError> {
        let mut secrets = lock::write(&self.secrets);
        let mut roll = secrets.roll.clone();
        let done = change(&mut roll)?;
        keep(data, &roll)?;
        secrets.roll = roll;
        drop(secrets);
        self.changed();
        Ok(done)
    }

    /// Whether somebody is, or ever was, enrolled under this name.
    pub fn knows(&self, name: &NodeName) -> bool {
        let secrets = lock::read(&self.secrets);
        secrets.roll.accounts.contains_key(name) || secrets.roll.void.contains_key(name)
    }

    /// Enrols a name only if it is not yet: the local node's files stay valid.
    ///
    /// # Errors
    /// As for any enrolment.
    pub fn ensure(&self, data: &Data, name: &NodeName, kind: Kind) -> Result<Entry, EnrolError> {
        match self.entry(name) {
            Some(entry) if entry.kind == kind => Ok(entry),
            Some(entry) => Err(EnrolError::Taken { name: name.clone(), is: entry.kind }),
            None => self.enrol(data, name, kind),
        }
    }

    /// Raises every epoch, with a new fleet key if asked for.
    fn renew(&self, data: &Data, new_key: bool) -> Result<Vec<(NodeName, Entry)>, EnrolError> {
        let mut secrets = lock::write(&self.secrets);
        let mut roll = secrets.roll.clone();
        if roll.accounts.is_empty() {
            return Err(EnrolError::NothingEnrolled);
        }
        for entry in roll.accounts.values_mut() {
            entry.epoch += 1;
        }
        keep(data, &roll)?;
        secrets.roll = roll;
        if new_key {
            secrets.key = Arc::new(data.new_fleet_key()?);
        }
        drop(secrets);
        self.changed();
        Ok(self.accounts())
    }

    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keys").field("fleet", &self.fleet).finish_non_exhaustive()
    }
}

fn keep(data: &Data, roll: &Roll) -> Result<(), EnrolError> {
    let path = data.path(ENROLMENTS);
    let bytes = serde_json::to_vec_pretty(roll)
        .map_err(|error| EnrolError::Damaged { path: path.clone(), why: error.to_string() })?;
    Ok(write_private(&path, &bytes)?)
}
