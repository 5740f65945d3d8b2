//! What other rooms have intake do.

use crate::live::{Event, Said};
use crate::models::Piece;
use frames::{NodeName, ServiceState};
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;
use store::{ForgottenPerson, StoreError, Uuid};
use tokio::sync::oneshot;

/// The event that another one follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its id.
    pub id: Uuid,
    /// What it belongs to.
    pub correlation: Uuid,
}

impl From<&Event> for Cause {
    fn from(event: &Event) -> Self {
        Self { id: event.id, correlation: event.correlation }
    }
}

/// Where the store's answer goes.
pub type Answer = oneshot::Sender<Result<(), StoreError>>;

/// What other rooms have intake do.
#[derive(Debug)]
pub enum Order {
    /// Keep and tell something that follows from an event.
    Follow {
        /// About which node.
        node: Option<NodeName>,
        /// The event that it follows from.
        cause: Cause,
        /// Its kind.
        kind: &'static str,
        /// Who says so.
        source: String,
        /// Its facts.
        payload: Value,
        /// What a character said with it, which is told at once.
        said: Arc<Said>,
    },
    /// Forget a node.
    Forget {
        /// Which.
        node: NodeName,
        /// Whether its past goes, too.
        purge: bool,
        /// What the store says to it.
        done: Answer,
    },
    /// Overwrite what waits of a person; answered with an id that is newer than all
    /// that was told of them.
    Unname {
        /// Who.
        person: String,
        /// The id.
        done: oneshot::Sender<store::Uuid>,
    },
    /// Forget a person.
    ForgetPerson {
        /// Who.
        person: String,
        /// What the cast remembers from now on; none if it remembers nothing for good.
        cast: Option<Box<RawValue>>,
        /// What the store says to it.
        done: oneshot::Sender<Result<ForgottenPerson, StoreError>>,
    },
    /// Give a node another name.
    Rename {
        /// Its name.
        from: NodeName,
        /// Its name from now on.
        to: NodeName,
        /// What the store says to it.
        done: Answer,
    },
    /// Take what a watcher outside sees of a service.
    Seen {
        /// Which service.
        service: NodeName,
        /// How it looks.
        state: ServiceState,
        /// Who looked.
        by: String,
    },
    /// Send a node a piece of a model.
    Model {
        /// Which node.
        node: NodeName,
        /// The piece.
        piece: Piece,
    },
    /// Keep the receipt of a call to a language model.
    Call(Box<store::Call>),
    /// Keep what the cast remembers, in place of what it remembered before.
    Keep(Box<RawValue>),
    /// Keep and tell something that happened, by itself or after another event.
    Note {
        /// Its kind.
        kind: &'static str,
        /// Who says so.
        source: &'static str,
        /// Its facts.
        payload: Value,
        /// The event that it follows from, if any.
        cause: Option<Cause>,
        /// Whether it is kept for good, or as long as this run lasts.
        lasting: bool,
    },
}
