//! Who puts words in a character's mouth.
//!
//! A [`Router`] asks language models: Anthropic's Messages, and whatever speaks
//! the dialect of OpenAI's chat completions. It keeps to a [`Budget`], gives a
//! [`Receipt`] for every call, and rests a provider that fails. The
//! [`Understudy`] asks nobody: it composes from the sheets, offline, is always
//! there, and says so.
//!
//! Others who watch the same house (Uptime Kuma, Prometheus, Alertmanager,
//! Loki, Grafana) are asked by [`proxy`], over the same client and with keys
//! held in the same way. What came from outside goes into a prompt only
//! through [`fence`].

mod access;
mod breaker;
mod budget;
mod dialect;
pub mod estimate;
mod fault;
pub mod fence;
mod http;
mod key;
mod provider;
pub mod proxy;
mod receipt;
mod request;
mod router;
mod settings;
#[cfg(test)]
mod tests;
mod understudy;

pub use access::{Access, Trust};
pub use breaker::{Breaker, Health};
pub use budget::{Ask, Budget, Limits, Spent, Verdict};
pub use fault::Fault;
pub use key::{Key, KeyError};
pub use provider::{Provider, Timeouts};
pub use receipt::{Outcome, Receipt};
pub use request::{Answer, Request, Schema, Task, Tool, ToolCall, Turn, Usage};
pub use router::{Coming, Given, Nobody, Past, ProviderState, Router, State};
pub use settings::{Dialect, Price, ProviderSettings, PulseSettings, Settings, SettingsError, Url};
pub use understudy::Understudy;

/// Milliseconds of a monotonic clock, from any start.
pub type Millis = u64;
/// Wall-clock milliseconds since 1970, in UTC.
pub type UnixMillis = i64;
