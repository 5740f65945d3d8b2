//! One node's feeling: what it keeps between samples, and the verdict on each.

use super::features::{Features, Vector};
use super::model::Model;
use super::steady::Steady;
use super::{CAUSES, causes, rules};
use crate::Millis;
use core::time::Duration;
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
    /// What one run of the model cost, in nanoseconds of CPU time; none if it did
    /// not run or no meter was given.
    pub model_ns: Option<u64>,
}

/// Everything that one node keeps between its samples: about 12 KB.
#[derive(Clone, Debug)]
pub struct Feeler {
    model: Option<Model>,
    /// Whether the model is skipped for want of budget.
    skips: bool,
    meter: Option<fn() -> Duration>,
    features: Features,
    steady: Steady,
}

impl Feeler {
    /// A node that knows nothing about itself yet; without a model the rules speak.
    pub fn new(model: Option<Model>) -> Self {
        Self { model, skips: false, meter: None, features: Features::default(), steady: Steady::default() }
    }

    /// Measures what the model costs by a clock of this thread's CPU time.
    #[must_use]
    pub fn metered(mut self, meter: fn() -> Duration) -> Self {
        self.meter = Some(meter);
        self
    }

    /// The version of the model in use, or none while the rules speak.
    pub fn model_version(&self) -> Option<&str> {
        self.model.as_ref().map(Model::version)
    }

    /// Whether the next samples do without the model, as the budget's plan says.
    pub fn skip_model(&mut self, skip: bool) {
        self.skips = skip;
    }

    /// What is kept to compute the features.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// Takes one sample, taken `at`, and says how the node feels.
    pub fn feel(&mut self, at: Millis, readings: &Readings) -> Feeling {
        if self.model.is_none() || self.skips {
            return self.feel_here(at, readings);
        }
        // The model is asked several times: once for the mood, then for the reasons.
        Model::at_hand(|| self.feel_here(at, readings))
    }

    fn feel_here(&mut self, at: Millis, readings: &Readings) -> Feeling {
        self.features.observe(at, readings);
        let started = self.meter.map(|meter| meter());
        let model = self.model.as_ref().filter(|_| !self.skips);
        // A model that fails is as good as none: the rules speak, and say so.
        let said = model.and_then(|model| model.classify(self.features.vector()).ok());
        let model_ns = match (self.meter, started) {
            (Some(meter), Some(started)) if said.is_some() => {
                Some(u64::try_from(meter().saturating_sub(started).as_nanos()).unwrap_or(u64::MAX))
            }
            _ => None,
        };
        let ruled = rules::judge(readings, &self.features);
        let (verdict, probabilities, classifier) = match said {
            Some(probabilities) => (likeliest(&probabilities), probabilities, Classifier::Model),
            None => (ruled, rules::probabilities(ruled), Classifier::Rules),
        };
        let measured = !readings.present().is_empty();
        let mood = if measured { self.steady.feel(verdict) } else { None };
        let causes = mood.map_or_else(heapless::Vec::new, |mood| {
            let mut classify = |vector: &Vector| Some(model?.classify(vector).ok()?[mood as usize]);
            // Only of the model's own verdict can the model be asked why.
            let ask: Option<(f32, causes::Ask<'_>)> = match classifier {
                Classifier::Model => Some((probabilities[mood as usize], &mut classify)),
                Classifier::Rules => None,
            };
            causes::explain(mood, readings, &self.features, ask)
        });
        // A crisis is not to become normal. The rules say what one is, so that a
        // model that sees crises everywhere can't keep a node from knowing itself,
        // and so that features are the same in training, where no model exists yet.
        if ruled != Mood::Crisis {
            self.features.learn();
        }
        Feeling { mood, probabilities, causes, distance: self.features.distance(), classifier, model_ns }
    }
}

/// The mood of the highest probability; of equals the calmer.
fn likeliest(probabilities: &[f32; MOODS]) -> Mood {
    let mut best = (Mood::Bored, f32::NEG_INFINITY);
    for (mood, probability) in Mood::ALL.into_iter().zip(probabilities) {
        if *probability > best.1 {
            best = (mood, *probability);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::virtual_pi::VirtualPi;
    use frames::Vital;

    #[test]
    fn a_mood_stands_from_the_second_sample_with_a_reason() {
        for model in [None, Some(Model::embedded().unwrap())] {
            let expected = if model.is_some() { Classifier::Model } else { Classifier::Rules };
            let mut feeler = Feeler::new(model);
            let mut pi = VirtualPi::new(3, 1);
            assert_eq!(feeler.feel(0, &pi.read(0)).mood, None);
            for step in 1..400 {
                let at = step * 10_000;
                let readings = pi.read(at);
                let feeling = feeler.feel(at, &readings);
                assert!(feeling.mood.is_some() && !feeling.causes.is_empty(), "step {step}");
                assert_eq!(feeling.classifier, expected);
                assert!((feeling.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-3);
                assert_eq!(feeling.distance.is_some(), at > 1_800_000, "at {at}");
                for cause in &feeling.causes {
                    assert!(readings.get(cause.vital).is_some());
                    assert!(cause.usual.is_none() || feeling.distance.is_some());
                }
            }
        }
    }

    /// What a PC or container measures, with what a Pi has of its own missing.
    const PLAIN: [(Vital, f32); 18] = [
        (Vital::Cpu, 2.0),
        (Vital::CpuBusiest, 5.0),
        (Vital::Load1, 0.1),
        (Vital::Load5, 0.1),
        (Vital::PsiCpuSome, 0.5),
        (Vital::PsiMemorySome, 0.0),
        (Vital::PsiMemoryFull, 0.0),
        (Vital::PsiIoSome, 0.2),
        (Vital::PsiIoFull, 0.1),
        (Vital::MemoryUsed, 12.0),
        (Vital::DiskUsed, 40.0),
        (Vital::DiskBusy, 0.5),
        (Vital::DiskWrite, 20_000.0),
        (Vital::NetReceived, 1_000.0),
        (Vital::NetSent, 1_000.0),
        (Vital::Processes, 110.0),
        (Vital::Blocked, 0.0),
        (Vital::OomKills, 0.0),
    ];

    /// How a machine feels after some minutes of these readings.
    fn felt(changed: &[(Vital, f32)], minutes: u64) -> Mood {
        let mut feeler = Feeler::new(Some(Model::embedded().unwrap()));
        let mut readings = Readings::default();
        for (vital, value) in PLAIN.iter().chain(changed) {
            readings.set(*vital, *value);
        }
        let mut mood = None;
        for step in 0..minutes * 6 {
            mood = feeler.feel(1_000_000 + step * 10_000, &readings).mood;
        }
        mood.unwrap()
    }

    #[test]
    fn the_model_has_sense_on_readings_that_no_simulation_made() {
        for minutes in [1, 20, 90] {
            assert_eq!(felt(&[], minutes), Mood::Bored, "idle for {minutes} min");
            let work =
                [(Vital::Cpu, 35.0), (Vital::CpuBusiest, 60.0), (Vital::Load1, 1.4), (Vital::NetSent, 2e6)];
            assert_eq!(felt(&work, minutes), Mood::Happy, "at work for {minutes} min");
            let build = [
                (Vital::Cpu, 99.0),
                (Vital::CpuBusiest, 100.0),
                (Vital::Load1, 6.0),
                (Vital::Load5, 5.0),
                (Vital::PsiCpuSome, 80.0),
                (Vital::PsiIoSome, 3.0),
                (Vital::DiskBusy, 30.0),
            ];
            assert_eq!(felt(&build, minutes), Mood::Stressed, "building for {minutes} min");
            let starved = [
                (Vital::MemoryUsed, 98.0),
                (Vital::PsiMemorySome, 80.0),
                (Vital::PsiMemoryFull, 60.0),
                (Vital::PsiIoSome, 70.0),
                (Vital::DiskBusy, 100.0),
                (Vital::Blocked, 9.0),
            ];
            assert_eq!(felt(&starved, minutes), Mood::Crisis, "starved for {minutes} min");
        }
    }

    #[test]
    fn nothing_measured_is_no_mood() {
        let mut feeler = Feeler::new(None);
        for step in 0..5 {
            let feeling = feeler.feel(step * 1_000, &Readings::default());
            assert_eq!((feeling.mood, feeling.causes.len()), (None, 0));
        }
    }

    #[test]
    fn a_skipped_model_lets_the_rules_speak() {
        let mut feeler = Feeler::new(Some(Model::embedded().unwrap())).metered(|| Duration::from_nanos(7));
        let mut readings = Readings::default();
        readings.set(Vital::Cpu, 50.0);
        let feeling = feeler.feel(0, &readings);
        assert_eq!((feeling.classifier, feeling.model_ns), (Classifier::Model, Some(0)));
        feeler.skip_model(true);
        let feeling = feeler.feel(10_000, &readings);
        assert_eq!((feeling.classifier, feeling.model_ns), (Classifier::Rules, None));
    }
}
