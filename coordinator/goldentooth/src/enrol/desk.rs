//! Where enrolments are asked for: over HTTP while the coordinator runs, else
//! by the command itself under the data folder's lock.

use super::{EnrolError, Entry, Keys, Kind, Reach, names};
use crate::data::Data;
use frames::NodeName;
use node_agent::enrolment::Enrolment;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The enrolment of this machine's own node, in the data folder.
pub(crate) const LOCAL: &str = "node/enrolment.toml";

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who shall be enrolled; none for everybody who is.
    #[serde(default)]
    pub name: Option<String>,
    /// Instead of a name, what the machine is called: cleaned, and with a number if it is taken.
    #[serde(default)]
    pub host: Option<String>,
    /// As what; a node unless said.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Under which hosts its machine finds the broker; empty lets the coordinator choose.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Whether the fleet key is replaced, too; only without a name.
    #[serde(default)]
    pub new_key: bool,
}

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is enrolled, anew or again.
    Enrolled(Entry),
    /// Its account is taken away.
    Revoked,
    /// It is forgotten.
    Forgotten {
        /// With its past.
        purged: bool,
    },
    /// It is called otherwise.
    Renamed {
        /// So.
        to: NodeName,
    },
}

type Tell = Box<dyn Fn(&NodeName, Standing) + Send + Sync>;

/// Enrols; cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    keys: Arc<Keys>,
    data: Arc<Data>,
    reach: Reach,
    tell: Tell,
}

impl Desk {
    /// A desk over these keys. `tell` is told what became of each name, after it is in force:
    /// whatever was made for it before is void.
    pub fn new(
        keys: Arc<Keys>,
        data: Arc<Data>,
        reach: Reach,
        tell: impl Fn(&NodeName, Standing) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner { keys, data, reach, tell: Box::new(tell) }))
    }

    /// Enrols, and returns the files' contents: one for a name, one each for all.
    /// Touches the disk: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`EnrolError`]; nothing has changed then.
    pub fn enrol(&self, request: &Request) -> Result<Vec<Enrolment>, EnrolError> {
        let Inner { keys, data, reach, tell } = &*self.0;
        let addresses = reach.addresses(&request.addresses)?;
        let free = |host: &String| {
            let found = names::cleaned(host).and_then(|name| names::free(&name, |name| keys.knows(name)));
            found.ok_or_else(|| EnrolError::Host(host.clone()))
        };
        let named = |name: &String| name.parse().map_err(|why| EnrolError::Name { name: name.clone(), why });
        let name: Option<NodeName> = match (&request.host, &request.name) {
            (Some(host), _) => Some(free(host)?),
            (None, name) => name.as_ref().map(named).transpose()?,
        };
        let enrolled: Vec<(NodeName, Entry)> = if let Some(parsed) = name {
            let entry = keys.enrol(data, &parsed, request.kind.unwrap_or(Kind::Node))?;
            vec![(parsed, entry)]
        } else {
            let renewed = keys.renew(data, request.new_key)?;
            renew_local(keys, data, reach, &renewed);
            renewed
        };
        Ok(enrolled
            .into_iter()
            .map(|(name, entry)| {
                tell(&name, Standing::Enrolled(entry));
                keys.enrolment(&name, entry, reach, addresses.clone())
            })
            .collect())
    }

    /// Takes an account away. Touches the disk.
    ///
    /// # Errors
    /// [`EnrolError::Unknown`], or the disk's; nothing has changed then.
    pub fn revoke(&self, name: &NodeName) -> Result<(), EnrolError> {
        self.0.keys.revoke(&self.0.data, name)?;
        (self.0.tell)(name, Standing::Revoked);
        Ok(())
    }

    /// Takes away the account of a node that is forgotten, if it has one. Touches the disk.
    ///
    /// # Errors
    /// The disk's; nothing has changed then.
    pub(crate) fn forget(&self, name: &NodeName, purged: bool) -> Result<(), EnrolError> {
        match self.0.keys.revoke(&self.0.data, name) {
            Ok(_) | Err(EnrolError::Unknown(_)) => {}
            Err(error) => return Err(error),
        }
        (self.0.tell)(name, Standing::Forgotten { purged });
        Ok(())
    }

    /// Gives a node another name, and returns its new file's content. Touches the disk.
    ///
    /// # Errors
    /// [`EnrolError`]; nothing has changed then.
    pub(crate) fn rename(
        &self,
        from: &NodeName,
        to: &NodeName,
        addresses: &[String],
    ) -> Result<Enrolment, EnrolError> {
        let Inner { keys, data, reach, tell } = &*self.0;
        let addresses = reach.addresses(addresses)?;
        let entry = keys.rename(data, from, to)?;
        tell(from, Standing::Renamed { to: to.clone() });
        Ok(keys.enrolment(to, entry, reach, addresses))
    }

    /// The keys.
    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }
}

/// When everybody is enrolled again, this machine's own node is, too: its file
/// in the data folder goes along.
fn renew_local(keys: &Keys, data: &Data, reach: &Reach, renewed: &[(NodeName, Entry)]) {
    let file = data.path(LOCAL);
    let Ok(own) = Enrolment::read(&file) else { return };
    let Some((name, entry)) = renewed.iter().find(|(name, _)| *name == own.name) else { return };
    // An older file is of a name that was since given to another agent.
    if entry.epoch == own.epoch + 1
        && let Err(error) = keys.enrolment(name, *entry, reach, own.addresses.clone()).write(&file)
    {
        tracing::warn!(%error, "the local node's enrolment could not be renewed");
    }
}
