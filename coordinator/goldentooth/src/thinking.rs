//! The language models as the house holds them: whom to ask, what it cost, and
//! the pulse. Without a stage there are none, and that is said.

#[cfg(feature = "stage")]
mod gather;
#[cfg(feature = "stage")]
mod held;
#[cfg(feature = "stage")]
mod pulse;
#[cfg(feature = "stage")]
pub(crate) mod quiet;
#[cfg(feature = "stage")]
mod watch;

#[cfg(feature = "stage")]
pub(crate) use held::{Held, Setting};

use crate::ask::AskError;
use crate::company::CompanyError;
use crate::company::staged;
use crate::surfaces::view::{LedgerView, MindsView, PulseView};
use std::sync::{Arc, OnceLock};

/// Which pulse is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The last one that was made.
    Last,
    /// What one would be now: nobody is called.
    Dry,
    /// One now.
    Now,
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum ThinkingError {
    /// There is no stage.
    #[error(transparent)]
    Away(#[from] CompanyError),
    /// The ledger can't be read.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// The models, the ledger and the pulse; cheap to clone.
#[derive(Clone, Default)]
pub struct Thinking(#[cfg_attr(not(feature = "stage"), allow(dead_code))] Arc<OnceLock<Inner>>);

#[cfg(feature = "stage")]
type Inner = Held;
#[cfg(not(feature = "stage"))]
type Inner = std::convert::Infallible;

#[cfg(feature = "stage")]
impl Thinking {
    /// Takes what [`Held::start`] made. A second time is passed over.
    pub(crate) fn enter(&self, held: Held) {
        let _ = self.0.set(held);
    }

    fn held(&self) -> Result<&Held, ThinkingError> {
        self.0.get().ok_or(ThinkingError::Away(CompanyError::Away))
    }
}

#[cfg_attr(not(feature = "stage"), allow(unused_variables, clippy::unused_async))] // nobody hears them
impl Thinking {
    /// Who can be asked, how they are, and what is left of the budget.
    ///
    /// # Errors
    /// [`ThinkingError::Away`].
    pub fn minds(&self) -> Result<MindsView, ThinkingError> {
        staged!(Ok(self.held()?.minds()))
    }

    /// The last `limit` calls, and every day of the last `days`.
    ///
    /// # Errors
    /// [`ThinkingError`].
    pub async fn ledger(&self, limit: u32, days: u32) -> Result<LedgerView, ThinkingError> {
        staged!(self.held()?.ledger(limit, days).await)
    }

    /// A pulse.
    ///
    /// # Errors
    /// [`ThinkingError::Away`].
    pub async fn pulse(&self, wanted: Wanted) -> Result<PulseView, ThinkingError> {
        staged!(self.held()?.pulse(wanted).await)
    }
}
