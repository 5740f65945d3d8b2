//! Where enrolments are asked for: over HTTP while the coordinator runs, else
//! by the command itself under the data folder's lock.

use super::{EnrolError, Entry, Keys, Kind, Reach};
use crate::data::Data;
use frames::NodeName;
use node_agent::enrolment::Enrolment;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
        let enrolled: Vec<(NodeName, Entry)> = match &request.name {
            Some(name) => {
                let parsed: NodeName =
                    name.parse().map_err(|why| EnrolError::Name { name: name.clone(), why })?;
                let entry = keys.enrol(data, &parsed, request.kind.unwrap_or(Kind::Node))?;
                vec![(parsed, entry)]
            }
            None => keys.renew(data, request.new_key)?,
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
