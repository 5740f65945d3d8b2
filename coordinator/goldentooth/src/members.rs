//! Who leaves the fleet, or gets another name: keys first, so that nothing more is taken
//! from it; then what operators said, what is known, and what the store keeps.

use crate::ask::{Ask, AskError};
use crate::biography;
use crate::care::Care;
use crate::data::DataError;
use crate::enrol::{Desk, EnrolError};
use crate::habits::Habits;
use crate::intake::{Answer, Order};
use frames::NodeName;
use node_agent::clock;
use node_agent::enrolment::{Enrolment, Kind};
use store::StoreError;
use tokio::sync::{mpsc, oneshot};

/// Why somebody can't leave, or be called otherwise.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The name can't be one.
    #[error("{name:?} is no node's name: {why}")]
    Name {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        why: frames::NameError,
    },
    /// It is a simulated node.
    #[error(
        "{0} is a simulated node: it is there as long as this run; start without --simulate to be rid of it"
    )]
    Simulated(NodeName),
    /// Nobody is known by that name.
    #[error("nobody named {0} is, or was, in this fleet; `goldentooth nodes` shows who is")]
    Unknown(NodeName),
    /// It is this machine's own node.
    #[error(
        "{0} is this machine's own node, which every start enrols under the host's name\n  \
         way out: start with --no-local-node (or another host name), and try again"
    )]
    Local(NodeName),
    /// Only nodes have a past to take along.
    #[error(
        "{name} is a {}, and only nodes are renamed\n  way out: enrol it under the new name, and revoke this one",
        is.as_str()
    )]
    NoNode {
        /// Whose name it is.
        name: NodeName,
        /// What that is.
        is: Kind,
    },
    /// Something is kept under the new name.
    #[error(
        "something is kept under {0} already\n  \
         way out: take another name, or remove that: goldentooth forget {0} --purge"
    )]
    Used(NodeName),
    /// Keys and accounts.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// What operators said of it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The store can't be read.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The store can't do it now.
    #[error(
        "its key is void, but the store keeps it: {0}\n  way out: see to the disk, and say the same again"
    )]
    Store(#[from] StoreError),
    /// The program is stopping.
    #[error("the coordinator is stopping")]
    Stopping,
}

/// Lets nodes go and renames them; cheap to clone.
#[derive(Clone)]
pub struct Members {
    desk: Desk,
    ask: Ask,
    care: Care,
    habits: Habits,
    orders: mpsc::Sender<Order>,
    local: Option<NodeName>,
}

impl Members {
    /// Over these rooms. `local` is this machine's own node.
    pub fn new(
        desk: Desk,
        ask: Ask,
        (care, habits): (Care, Habits),
        orders: mpsc::Sender<Order>,
        local: Option<NodeName>,
    ) -> Self {
        Self { desk, ask, care, habits, orders, local }
    }

    /// Takes an account away: its sessions end, and its frames are refused.
    ///
    /// # Errors
    /// [`MemberError`]; nothing has changed then.
    pub async fn revoke(&self, name: &str) -> Result<NodeName, MemberError> {
        let name = self.real(name)?;
        let (desk, gone) = (self.desk.clone(), name.clone());
        blocking(move || Ok(desk.revoke(&gone)?)).await?;
        Ok(name)
    }

    /// Forgets a node, with its past if `purge`.
    ///
    /// # Errors
    /// [`MemberError`]; after [`MemberError::Store`] its key is void all the same.
    pub async fn forget(&self, name: &str, purge: bool) -> Result<NodeName, MemberError> {
        let name = self.real(name)?;
        if !self.desk.keys().knows(&name) && !self.ask.knows(&name).await? {
            return Err(MemberError::Unknown(name));
        }
        // What is removed needs no obituary.
        let life = if purge { None } else { biography::life(&self.ask, &name, clock::wall()).await? };
        let (desk, care, gone) = (self.desk.clone(), self.care.clone(), name.clone());
        blocking(move || {
            desk.forget(&gone, purge)?;
            Ok(care.forget(&gone)?)
        })
        .await?;
        self.order(|done| Order::Forget { node: name.clone(), purge, done }).await?;
        // Else its habits wait for an heir of its name.
        if purge {
            self.habits.forget_all(&name);
        }
        if let Some(life) = life {
            let now = clock::wall();
            let words = life.words(now);
            let payload = serde_json::json!({ "node": name, "days": life.days(now), "words": words });
            self.note("obituary", &name, payload).await;
        }
        Ok(name)
    }

    /// Gives a node another name, and returns what its new file holds: the old one is void.
    ///
    /// # Errors
    /// [`MemberError`]; after [`MemberError::Store`] the old file is void all the same.
    pub async fn rename(
        &self,
        from: &str,
        to: &str,
        addresses: Vec<String>,
    ) -> Result<Enrolment, MemberError> {
        let (from, to) = (self.real(from)?, self.real(to)?);
        match self.desk.keys().entry(&from) {
            None => return Err(MemberError::Unknown(from)),
            Some(entry) if entry.kind != Kind::Node => {
                return Err(MemberError::NoNode { name: from, is: entry.kind });
            }
            Some(_) => {}
        }
        if self.ask.knows(&to).await? {
            return Err(MemberError::Used(to));
        }
        let (desk, care, names) = (self.desk.clone(), self.care.clone(), (from.clone(), to.clone()));
        let enrolment = blocking(move || {
            let enrolment = desk.rename(&names.0, &names.1, &addresses)?;
            care.rename(&names.0, &names.1)?;
            Ok(enrolment)
        })
        .await?;
        self.habits.inherit(&from, &to);
        self.order(|done| Order::Rename { from, to, done }).await?;
        Ok(enrolment)
    }

    /// Records something that was done about a node.
    pub(crate) async fn note(&self, kind: &'static str, node: &NodeName, payload: serde_json::Value) {
        let lasting = !node.is_simulated();
        // Intake gone means that everything stops.
        let _ =
            self.orders.send(Order::Note { kind, source: "members", payload, cause: None, lasting }).await;
    }

    /// A name that may be changed.
    fn real(&self, name: &str) -> Result<NodeName, MemberError> {
        let name: NodeName = name.parse().map_err(|why| MemberError::Name { name: name.to_owned(), why })?;
        if name.is_simulated() {
            return Err(MemberError::Simulated(name));
        }
        if self.local.as_ref() == Some(&name) {
            return Err(MemberError::Local(name));
        }
        Ok(name)
    }

    async fn order(&self, order: impl FnOnce(Answer) -> Order) -> Result<(), MemberError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(order(done)).await.map_err(|_| MemberError::Stopping)?;
        answer.await.map_err(|_| MemberError::Stopping)?.map_err(MemberError::from)
    }
}

/// Touches the disk, off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MemberError> + Send + 'static,
) -> Result<T, MemberError> {
    // A panic in there was told by its own hook.
    tokio::task::spawn_blocking(work).await.map_err(|_| MemberError::Stopping)?
}
