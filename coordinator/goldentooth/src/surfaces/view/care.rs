//! Calls for help and quiet times, as everybody outside sees them.

use super::time;
use crate::calls::send::Kind;
use crate::calls::watch::{Cause, State, Trouble};
use crate::calls::{Calls, Message, Tried};
use crate::care::{Quiet, Scope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A stretch of time in which nobody is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Quiet"))]
pub struct QuietView {
    /// Its name.
    pub id: String,
    /// The node, if it is for one.
    pub node: Option<String>,
    /// The group, if it is for one; without node and group it is for all.
    pub group: Option<String>,
    /// For this cause alone; null for every cause.
    pub cause: Option<Cause>,
    /// From when on.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Why, in an operator's words.
    pub reason: String,
}

impl From<&Quiet> for QuietView {
    fn from(quiet: &Quiet) -> Self {
        let (node, group) = match &quiet.scope {
            Scope::All => (None, None),
            Scope::Group(group) => (None, Some(group.clone())),
            Scope::Node(node) => (Some(node.as_str().to_owned()), None),
        };
        Self {
            id: quiet.id.clone(),
            node,
            group,
            cause: quiet.cause,
            from: time(quiet.from),
            until: time(quiet.until),
            reason: quiet.reason.clone(),
        }
    }
}

/// Calls for help: where they go, and what became of the last ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Calls"))]
pub struct CallsView {
    /// Where calls go.
    pub places: Vec<PlaceView>,
    /// What is wrong now, the gravest cause first.
    pub open: Vec<TroubleView>,
    /// The last messages, the newest first.
    pub messages: Vec<MessageView>,
    /// How many messages arrived since the coordinator started.
    pub delivered: u64,
    /// How many were given up after a day.
    pub given_up: u64,
}

/// A place that calls go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Place"))]
pub struct PlaceView {
    /// What is understood there.
    pub kind: Kind,
    /// Where, without what may be secret.
    pub place: String,
}

/// One cause at one node, while it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Trouble"))]
pub struct TroubleView {
    /// Why.
    pub cause: Cause,
    /// Where.
    pub node: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// How often it was told.
    pub told: usize,
    /// When it is told again; null before it was told, and once it seems over.
    pub again: Option<Timestamp>,
    /// Since when it seems to be over; null while it lasts.
    pub over: Option<Timestamp>,
}

/// One message to one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Message"))]
pub struct MessageView {
    /// When it was due.
    pub at: Option<Timestamp>,
    /// Why.
    pub cause: Option<Cause>,
    /// Whether the trouble begins, lasts or is over.
    pub state: State,
    /// One line.
    pub title: String,
    /// To where.
    pub place: String,
    /// How often it was tried.
    pub attempts: usize,
    /// When it arrived; null while it has not.
    pub delivered: Option<Timestamp>,
    /// Whether it is tried no more.
    pub given_up: bool,
    /// What went wrong last.
    pub error: Option<String>,
}

/// What one place said to a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Tried"))]
pub struct TriedView {
    /// What is understood there.
    pub kind: Kind,
    /// Where.
    pub place: String,
    /// Whether the test arrived.
    pub arrived: bool,
    /// What went wrong.
    pub error: Option<String>,
}

impl From<Tried> for TriedView {
    fn from(tried: Tried) -> Self {
        Self { kind: tried.kind, place: tried.place, arrived: tried.error.is_none(), error: tried.error }
    }
}

impl From<&Calls> for CallsView {
    fn from(calls: &Calls) -> Self {
        let (delivered, given_up) = calls.counts();
        Self {
            places: calls
                .places()
                .map(|place| PlaceView { kind: place.kind, place: place.shown() })
                .collect(),
            open: calls.troubles().iter().map(TroubleView::from).collect(),
            messages: calls.messages().iter().map(MessageView::from).collect(),
            delivered,
            given_up,
        }
    }
}

impl From<&Trouble> for TroubleView {
    fn from(trouble: &Trouble) -> Self {
        let lasts = trouble.told > 0 && trouble.over.is_none();
        Self {
            cause: trouble.cause,
            node: trouble.node.as_str().to_owned(),
            since: time(trouble.since),
            told: trouble.told,
            again: lasts.then(|| time(trouble.due)).flatten(),
            over: trouble.over.and_then(time),
        }
    }
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        Self {
            at: time(message.call.at),
            cause: message.call.cause,
            state: message.call.state,
            title: message.call.title.clone(),
            place: message.shown.clone(),
            attempts: message.attempts,
            delivered: message.delivered.and_then(time),
            given_up: message.given_up,
            error: message.error.clone(),
        }
    }
}
