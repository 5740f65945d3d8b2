//! A model that comes in over the wire: tried, taken on trial, and proved or
//! given up.

use super::Agent;
use crate::Millis;
use crate::feel::swap::{Probation, SwapError, tried};
use crate::feel::{Feeling, Model};
use core::time::Duration;
use frames::{Classifier, ModelChunk};

/// What became of models, for the disk.
#[derive(Debug)]
pub enum ModelNews {
    /// This one is on trial now, and shall be after a restart.
    Taken(Vec<u8>),
    /// The one on trial has proved itself.
    Proved,
    /// The one on trial is given up, and the one before is in use again.
    GivenUp,
}

impl Agent {
    /// A piece of a model.
    pub(super) fn piece(&mut self, now: Millis, chunk: &ModelChunk<'_>) {
        self.heard.models = self.heard.models.saturating_add(1);
        match self.incoming.take(chunk) {
            Ok(Some(bytes)) => self.swap(now, bytes),
            Ok(None) => {}
            Err(error) => self.unfit(&error),
        }
    }

    /// A whole model has come in.
    fn swap(&mut self, now: Millis, bytes: Vec<u8>) {
        let model = match tried(&bytes, self.feeler.meter()) {
            Ok(model) => model,
            Err(error) => return self.unfit(&error),
        };
        if self.feeler.model().map(Model::version) == Some(model.version()) {
            return;
        }
        self.heard.swapped = self.heard.swapped.saturating_add(1);
        tracing::info!(version = model.version(), "another model is in use, and has to prove itself");
        let before = self.feeler.swap_model(Some(model));
        // To go back to is one that has proved itself, never another on trial.
        let proved = self.probation.take().map_or(before, |probation| probation.before);
        self.begin_trial(proved);
        self.model_news = Some(ModelNews::Taken(bytes));
        self.greet(now);
    }

    /// The model in use has to prove itself from now on; `before` is the one to go back to.
    pub fn begin_trial(&mut self, before: Option<Model>) {
        self.probation = Some(Probation::new(before, *self.feeler.habit()));
    }

    fn unfit(&mut self, error: &SwapError) {
        self.heard.unfit = self.heard.unfit.saturating_add(1);
        tracing::warn!(%error, "a model that came in is not taken");
    }

    /// Watches over a new model, and goes back to the one before if it is worse.
    pub(super) fn prove(&mut self, now: Millis, feeling: &Feeling, skipped: bool) {
        let Some(probation) = &mut self.probation else {
            return self.feeler.habit().count(feeling.mood);
        };
        let answered = skipped || feeling.classifier == Classifier::Model;
        match probation.watch(feeling.mood, answered, feeling.model_ns.map(Duration::from_nanos)) {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!("the new model has proved itself");
                self.probation = None;
                self.model_news = Some(ModelNews::Proved);
            }
            Err(error) => {
                tracing::warn!(%error, "the model before is in use again");
                let before = self.probation.take().and_then(|probation| probation.before);
                self.feeler.swap_model(before);
                self.heard.given_up = self.heard.given_up.saturating_add(1);
                self.model_news = Some(ModelNews::GivenUp);
                self.greet(now);
            }
        }
    }

    /// What became of models since the last call.
    pub fn model_news(&mut self) -> Option<ModelNews> {
        self.model_news.take()
    }
}
