//! One node's feeling: what it keeps between samples, and the verdict on each.

use super::CAUSES;
use super::model::Model;
use crate::Millis;
use frames::{Cause, Classifier, MOODS, Mood, Readings};

/// The verdict on one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Feeling {
    /// The steady mood; none until the second sample, and while nothing at all
    /// could be measured.
    pub mood: Option<Mood>,
    /// The probability of each mood for this sample alone, in the order of [`Mood::ALL`].
    pub probabilities: [f32; MOODS],
    /// What speaks loudest for the mood, loudest first; never empty beside a mood.
    pub causes: heapless::Vec<Cause, CAUSES>,
    /// How far all vitals together are from this node's normal, in standard
    /// deviations; none while no normal is known.
    pub distance: Option<f32>,
    /// Who gave the verdict.
    pub classifier: Classifier,
    /// What the model cost, in nanoseconds of CPU time; none if it did not run
    /// or nobody measures.
    pub model_ns: Option<u64>,
}

/// Everything that one node keeps between its samples.
#[derive(Clone, Debug)]
pub struct Feeler {
    model: Option<Model>,
}

impl Feeler {
    /// A node that knows nothing about itself yet; without a model the rules speak.
    pub fn new(model: Option<Model>) -> Self {
        Self { model }
    }

    /// The version of the model in use, or none while the rules speak.
    pub fn model_version(&self) -> Option<&str> {
        self.model.as_ref().map(Model::version)
    }

    /// Takes one sample, taken `at`, and says how the node feels.
    pub fn feel(&mut self, _at: Millis, _readings: &Readings) -> Feeling {
        Feeling {
            mood: None,
            probabilities: [0.25; MOODS],
            causes: heapless::Vec::new(),
            distance: None,
            classifier: Classifier::Rules,
            model_ns: None,
        }
    }
}
