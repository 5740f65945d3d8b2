//! Every node as the coordinator knows it: what is admitted and what is
//! refused, who speaks and who is silent, how each feels and since when.
//!
//! Pure: time comes in as [`Now`], typed [`Change`]s go out. No clock, no
//! randomness, no file, no thread.

mod access;
mod acl;
mod admit;
mod boot;
mod change;
mod dating;
pub mod drill;
mod habit;
mod hello;
mod liveness;
pub mod marks;
mod node;
mod outlook;
mod record;
mod refusal;
mod registry;
pub mod service;
mod time;
mod trend;
pub mod words;

#[cfg(test)]
mod tests;

pub use access::{Account, Grant, asks_for_discovery, grant, may_publish, may_receive, may_subscribe};
pub use acl::mosquitto_acl;
pub use admit::{Admission, Admitted, VitalsRow};
pub use change::{Change, Correlation, Plot, SilentReason, Story};
pub use habit::{Episode, Habit, HabitError, Habits, Known, News, Sign};
pub use marks::{Decision, Marks};
pub use node::{DEFAULT_INTERVAL, LEAST_INTERVAL, MAX_BOOTS, MAX_RETIRED, Node};
pub use outlook::{Arrival, Outlook};
pub use record::{BootRecord, NodeRecord};
pub use refusal::{Counters, Refusal};
pub use registry::{DueAck, Fleet, MAX_NODES, PAUSE};
pub use service::{Declared, RelationError, Relations, Report, Reports};
pub use time::{Dated, Millis, Moment, Now, UnixMillis};
pub use trend::{Heading, Slope, Trend};
pub use words::Because;
