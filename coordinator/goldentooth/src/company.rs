//! The cast as surfaces ask for it: who is on stage, and what they answer.
//! Without a stage there is nobody, and that is said.

#[cfg(feature = "stage")]
mod answer;
#[cfg(feature = "stage")]
mod asked;
#[cfg(feature = "stage")]
pub(crate) mod bets;
#[cfg(feature = "stage")]
mod council;
#[cfg(feature = "stage")]
pub(crate) mod drill;
#[cfg(feature = "stage")]
pub(crate) mod glance;
#[cfg(feature = "stage")]
mod grown;
#[cfg(feature = "stage")]
mod hosted;
#[cfg(feature = "stage")]
mod nature;
#[cfg(feature = "stage")]
mod plots;
mod record;
#[cfg(feature = "stage")]
mod shown;
#[cfg(feature = "stage")]
mod voiced;

#[cfg(feature = "stage")]
#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(feature = "stage")]
#[cfg(test)]
mod tests;

#[cfg(feature = "stage")]
pub(crate) use hosted::{Hosted, Passage, word};
#[cfg(feature = "stage")]
pub(crate) use voiced::{Models, Show};

use crate::ask::{Ask, AskError};
use crate::flavour::Flavour;
use crate::surfaces::view::{
    AnswersView, ArcView, CharacterView, CouncilView, DrillView, FactView, PieceView, ProfileView, ToldView,
};
use frames::NodeName;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// Who asks without a name.
#[cfg(feature = "stage")]
pub use cast::grow::NOBODY;
/// Who asks without a name.
#[cfg(not(feature = "stage"))]
pub const NOBODY: &str = "somebody";

/// What a person wants of a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// That it be silent, or speak again.
    Mute(bool),
    /// A thumb, up or down.
    Thumb(bool),
    /// To have found out what it stands for.
    Guess(String),
}

/// Why the cast gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompanyError {
    /// There is no stage.
    #[error("the cast is not on stage: start the coordinator without --no-stage")]
    Away,
    /// Nobody of that name.
    #[error("nobody on stage is called {0:?}; `goldentooth cast` names everybody")]
    Nobody(String),
    /// A guess at somebody without a veil.
    #[error("{0} is not veiled: what it stands for is known")]
    NoVeil(String),
    /// Nobody takes the question up now.
    #[error("{0}")]
    Declined(String),
    /// No node of that name has spoken.
    #[error("no node named {0:?} has spoken")]
    NoNode(String),
    /// Nobody can be born.
    #[error("{0}")]
    Unborn(String),
    /// No tale is told.
    #[error("{0}")]
    Untold(String),
    /// The question can't be taken.
    #[error("{0}")]
    Question(String),
    /// A forgotten person is still in the store.
    #[error(
        "the cast has forgotten them, but the store could not write its file anew: {0}\n  \
         way out: see to the disk, and say the same again"
    )]
    Kept(String),
}

/// What a cast on stage answers. In a build without a stage there is nobody to ask, and
/// that is the answer to every question.
#[cfg(feature = "stage")]
macro_rules! staged {
    ($answer:expr) => {
        $answer
    };
}
#[cfg(not(feature = "stage"))]
macro_rules! staged {
    ($answer:expr) => {
        Err($crate::company::CompanyError::Away.into())
    };
}
pub(crate) use staged;

/// Asks the cast; cheap to clone.
#[derive(Clone, Default)]
pub struct Company(Arc<OnceLock<Host>>);

#[cfg(feature = "stage")]
type Host = Hosted;
#[cfg(not(feature = "stage"))]
type Host = std::convert::Infallible;

impl Company {
    /// The fact of this id, out of the latest answers or what is recorded; none if
    /// there is none.
    ///
    /// # Errors
    /// [`AskError`] if the store can't be read.
    pub async fn fact(&self, ask: &Ask, id: &str) -> Result<Option<FactView>, AskError> {
        #[cfg(feature = "stage")]
        if let Some(fresh) = self.0.get().and_then(|host| host.fresh(id)) {
            return Ok(Some(fresh));
        }
        record::fact(ask, id).await
    }
}

#[cfg(feature = "stage")]
impl Company {
    /// Brings the cast on stage. A second time is passed over.
    pub(crate) fn enter(&self, host: Hosted) {
        let _ = self.0.set(host);
    }

    fn host(&self) -> Result<&Hosted, CompanyError> {
        self.0.get().ok_or(CompanyError::Away)
    }
}

#[cfg_attr(not(feature = "stage"), allow(unused_variables, clippy::unused_async))] // nobody hears them
impl Company {
    /// Everybody on stage.
    ///
    /// # Errors
    /// [`CompanyError::Away`].
    pub async fn characters(&self) -> Result<Vec<CharacterView>, CompanyError> {
        staged!(self.host()?.characters().await)
    }

    /// What became of everybody on stage, by their sheets' names: read from the store.
    ///
    /// # Errors
    /// [`CompanyError::Away`].
    pub async fn arcs(&self) -> Result<BTreeMap<String, ArcView>, CompanyError> {
        staged!(Ok(self.host()?.arcs().await))
    }

    /// The character of this sheet, and what became of it.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn profile(&self, id: &str) -> Result<ProfileView, CompanyError> {
        staged!(self.host()?.profile(id).await)
    }

    /// Things as a character tells them in its style: whom one names, else who embodies
    /// the node. None if it has no style, or there is nobody to tell them.
    ///
    /// # Errors
    /// [`CompanyError`] if somebody is named whom there is not.
    pub fn tell(
        &self,
        by: Option<&str>,
        node: Option<&str>,
        things: (&[&str], u64),
    ) -> Result<Option<ToldView>, CompanyError> {
        if by.is_none() && self.0.get().is_none() {
            return Ok(None);
        }
        staged!(self.host()?.tell(by, node, things))
    }

    /// Answers a question of a person's, with so much voice.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn ask(&self, text: &str, person: &str, flavour: Flavour) -> Result<AnswersView, CompanyError> {
        staged!(self.host()?.ask(text, person, flavour, None).await)
    }

    /// As [`ask`](Self::ask); what may be shown of the answers before they are whole goes
    /// to `pieces`. Who no longer waits lets go of the future: then no model is waited for.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn ask_aloud(
        &self,
        text: &str,
        person: &str,
        flavour: Flavour,
        pieces: mpsc::Sender<PieceView>,
    ) -> Result<AnswersView, CompanyError> {
        staged!(self.host()?.ask(text, person, flavour, Some(&Show::new(pieces))).await)
    }

    /// What every eye of the cast sees in a node; none if it has not spoken.
    ///
    /// # Errors
    /// [`CompanyError::Away`].
    pub async fn council(&self, node: &NodeName) -> Result<Option<CouncilView>, CompanyError> {
        staged!(self.host()?.council(node).await)
    }

    /// Does what a person wishes of a character; gives what there is to say about it.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn wish(&self, name: &str, wish: Wish, person: &str) -> Result<String, CompanyError> {
        staged!(self.host()?.wish(name, wish, person).await)
    }

    /// Forgets a person; gives how many events were overwritten, and how many of
    /// others hold the name.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn forget(&self, person: &str) -> Result<store::ForgottenPerson, CompanyError> {
        staged!(self.host()?.forget(person).await)
    }

    /// Gives a node a character of its own; gives what there is to say about it.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn bear(&self, node: &str) -> Result<String, CompanyError> {
        staged!(self.host()?.bear(node).await)
    }

    /// Has a drill made of the failure of a node, else of the one whose failure would
    /// take most along; gives what it found.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn drill(&self, node: Option<&NodeName>) -> Result<DrillView, CompanyError> {
        staged!(self.host()?.drill(node).await)
    }

    /// Has a tale told; gives what there is to say about it.
    ///
    /// # Errors
    /// [`CompanyError`].
    pub async fn tale(&self) -> Result<String, CompanyError> {
        staged!(self.host()?.tale().await)
    }
}
