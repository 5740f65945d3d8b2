//! Where enrolments are asked for: over HTTP while the coordinator runs, else
//! by the command itself under the data folder's lock.

use super::{EnrolError, Entry, Keys, Kind, Reach};
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

type Revoked = Box<dyn Fn(&NodeName) + Send + Sync>;

/// Enrols; cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    keys: Arc<Keys>,
    data: Arc<Data>,
    reach: Reach,
    revoked: Revoked,
}

impl Desk {
    /// A desk over these keys. `revoked` is told of each name whose older files
    /// have just become void, after the new epoch is in force.
    pub fn new(
        keys: Arc<Keys>,
        data: Arc<Data>,
        reach: Reach,
        revoked: impl Fn(&NodeName) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner { keys, data, reach, revoked: Box::new(revoked) }))
    }

    /// Enrols, and returns the files' contents: one for a name, one each for all.
    /// Touches the disk: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`EnrolError`]; nothing has changed then.
    pub fn enrol(&self, request: &Request) -> Result<Vec<Enrolment>, EnrolError> {
        let Inner { keys, data, reach, revoked } = &*self.0;
        let addresses = reach.addresses(&request.addresses)?;
        let enrolled: Vec<(NodeName, Entry)> = if let Some(name) = &request.name {
            let parsed: NodeName =
                name.parse().map_err(|why| EnrolError::Name { name: name.clone(), why })?;
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
                revoked(&name);
                keys.enrolment(&name, entry, reach, addresses.clone())
            })
            .collect())
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
