//! One node's feeling: what it keeps between samples, and the verdict on each.

use super::features::{Features, Vector};
use super::judge::Judge;
use super::model::Model;
use super::swap::Habit;
use super::threshold::Threshold;
use super::windows::LONGEST;
use super::{CAUSES, causes, kept, rules};
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
    /// P(stressed) + P(crisis) of the last two minutes; 0 while the rules speak.
    pub trouble: f32,
    /// How far all vitals together are from this node's normal, in standard
    /// deviations; none while no normal is known.
    pub distance: Option<f32>,
    /// Who gave the verdict.
    pub classifier: Classifier,
    /// What one run of the model cost, in nanoseconds of CPU time; none if it did
    /// not run or no meter was given.
    pub model_ns: Option<u64>,
}

/// Everything that one node keeps between its samples: about 41 KB.
#[derive(Clone, Debug)]
pub struct Feeler {
    model: Option<Model>,
    /// Whether the model is skipped for want of budget.
    skips: bool,
    meter: Option<fn() -> Duration>,
    features: Features,
    judge: Judge,
    habit: Habit,
    last: Option<Millis>,
}

impl Feeler {
    /// A node that knows nothing about itself yet; without a model the rules speak.
    pub fn new(model: Option<Model>) -> Self {
        Self {
            model,
            skips: false,
            meter: None,
            features: Features::default(),
            judge: Judge::default(),
            habit: Habit::default(),
            last: None,
        }
    }

    /// Measures what the model costs by a clock of this thread's CPU time.
    #[must_use]
    pub fn metered(mut self, meter: fn() -> Duration) -> Self {
        self.meter = Some(meter);
        self
    }

    /// The clock by which the model's cost is measured, if there is one.
    pub fn meter(&self) -> Option<fn() -> Duration> {
        self.meter
    }

    /// The model in use, or none while the rules speak.
    pub fn model(&self) -> Option<&Model> {
        self.model.as_ref()
    }

    /// Goes on with another model, and gives the one that it had. Another model
    /// has other probabilities: what was usual for them is forgotten, what is usual
    /// for the node is not.
    pub fn swap_model(&mut self, model: Option<Model>) -> Option<Model> {
        self.judge.threshold = Threshold::default();
        core::mem::replace(&mut self.model, model)
    }

    /// How often it says crisis: what a new model is held against.
    pub fn habit(&mut self) -> &mut Habit {
        &mut self.habit
    }

    /// Whether the next samples do without the model, as the budget's plan says.
    pub fn skip_model(&mut self, skip: bool) {
        self.skips = skip;
    }

    /// What the clock says at uptime 0, in milliseconds since 1970; none while it is
    /// not trusted, and then no hour of the day is known.
    pub fn set_clock(&mut self, offset: Option<i64>) {
        self.features.set_clock(offset);
    }

    /// What is kept to compute the features.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// What the node knows about itself, in bytes for a file.
    pub fn keep(&mut self) -> Vec<u8> {
        let version = self.model.as_ref().map(Model::version).unwrap_or_default();
        kept::write(self.features.baseline(), &self.judge.threshold, self.habit, version)
    }

    /// Takes what [`keep`](Self::keep) once gave; whether it was of use.
    pub fn restore(&mut self, bytes: &[u8]) -> bool {
        let version = self.model.as_ref().map(Model::version).unwrap_or_default();
        kept::read(bytes, self.features.baseline(), &mut self.judge.threshold, &mut self.habit, version)
    }

    /// Takes one sample, taken `at`, and says how the node feels.
    pub fn feel(&mut self, at: Millis, readings: &Readings) -> Feeling {
        if self.model.is_none() || self.skips {
            return self.feel_here(at, readings);
        }
        // The model is asked more than once: for the mood, then for the reasons.
        Model::at_hand(|| self.feel_here(at, readings))
    }

    fn feel_here(&mut self, at: Millis, readings: &Readings) -> Feeling {
        self.features.observe(at, readings);
        let seconds = self.last.map_or(0, |last| at.saturating_sub(last).min(LONGEST)) as f32 / 1_000.0;
        self.last = Some(at);
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
        let measured = !readings.present().is_empty();
        let (mood, trouble, probabilities, classifier) = if let Some(said) = said {
            let probabilities = flattened(&said, self.features.doubt());
            let judged = measured.then(|| self.judge.judge(at, seconds, &probabilities, Some(ruled)));
            let trouble = judged.map_or(0.0, |judged| judged.trouble);
            (judged.and_then(|judged| judged.mood), trouble, probabilities, Classifier::Model)
        } else {
            let mood = measured.then(|| self.judge.ruled(at, ruled)).flatten();
            (mood, 0.0, rules::probabilities(ruled), Classifier::Rules)
        };
        let causes = mood.map_or_else(heapless::Vec::new, |mood| {
            let mut ask = |vector: &Vector| Some(model?.classify(vector).ok()?[mood as usize]);
            // Only of the model's own verdict can the model be asked why.
            let ask: Option<(f32, causes::Ask<'_>)> = match said {
                Some(said) => Some((said[mood as usize], &mut ask)),
                None => None,
            };
            causes::explain(mood, readings, &self.features, ask)
        });
        // A crisis is not to become normal. The rules say what one is, so that a
        // model that sees crises everywhere can't keep a node from knowing itself,
        // and so that features are the same in training, where no model exists yet.
        if ruled != Mood::Crisis {
            self.features.learn();
        }
        Feeling {
            mood,
            probabilities,
            causes,
            trouble,
            distance: self.features.distance(),
            classifier,
            model_ns,
        }
    }
}

/// Probabilities with less said in them: a doubt of 0 leaves them as they are.
fn flattened(probabilities: &[f32; MOODS], doubt: f32) -> [f32; MOODS] {
    let flat = probabilities.map(|probability| probability.max(0.0).powf(1.0 / (1.0 + doubt)));
    let sum: f32 = flat.iter().sum();
    if sum > 0.0 { flat.map(|probability| probability / sum) } else { *probabilities }
}

#[cfg(test)]
mod robust;

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

    fn plain(changed: &[(Vital, f32)]) -> Readings {
        let mut readings = Readings::default();
        PLAIN.iter().chain(changed).for_each(|(vital, value)| readings.set(*vital, *value));
        readings
    }

    /// How a machine feels after some minutes of these readings.
    fn felt(changed: &[(Vital, f32)], minutes: u64) -> Mood {
        let mut feeler = Feeler::new(Some(Model::embedded().unwrap()));
        let readings = plain(changed);
        let mut mood = None;
        for step in 0..minutes * 6 {
            mood = feeler.feel(1_000_000 + step * 10_000, &readings).mood;
        }
        mood.unwrap()
    }

    #[test]
    fn the_model_has_sense_on_readings_that_no_simulation_made() {
        let work =
            [(Vital::Cpu, 35.0), (Vital::CpuBusiest, 60.0), (Vital::Load1, 1.4), (Vital::NetSent, 2e6)];
        let build = [
            (Vital::Cpu, 99.0),
            (Vital::CpuBusiest, 100.0),
            (Vital::Load1, 6.0),
            (Vital::Load5, 5.0),
            (Vital::PsiCpuSome, 80.0),
            (Vital::PsiIoSome, 3.0),
            (Vital::DiskBusy, 30.0),
        ];
        let starved = [
            (Vital::MemoryUsed, 98.0),
            (Vital::PsiMemorySome, 80.0),
            (Vital::PsiMemoryFull, 60.0),
            (Vital::PsiIoSome, 70.0),
            (Vital::DiskBusy, 100.0),
            (Vital::Blocked, 9.0),
        ];
        let full = [(Vital::DiskUsed, 100.0)];
        for minutes in [1, 20, 90] {
            assert_eq!(felt(&[], minutes), Mood::Bored, "idle for {minutes} min");
            assert_eq!(felt(&work, minutes), Mood::Happy, "at work for {minutes} min");
            // Where the processor is all taken, what is asked of it may still be answered in time.
            let mood = felt(&build, minutes);
            assert!([Mood::Happy, Mood::Stressed].contains(&mood), "{mood} building for {minutes} min");
            assert_eq!(felt(&starved, minutes), Mood::Crisis, "starved for {minutes} min");
            assert_eq!(felt(&full, minutes), Mood::Crisis, "no write taken for {minutes} min");
        }
    }

    #[test]
    fn one_killed_process_is_a_crisis_for_some_minutes() {
        let mut feeler = Feeler::new(Some(Model::embedded().unwrap()));
        let mut readings = plain(&[]);
        let mut feel = |minute: u64, readings: &Readings| {
            let steps = minute * 6..minute * 6 + 6;
            steps.map(|step| feeler.feel(1_000_000 + step * 10_000, readings).mood).last().flatten()
        };
        assert_eq!((0..60).map(|minute| feel(minute, &readings)).last(), Some(Some(Mood::Bored)));
        readings.set(Vital::OomKills, 1.0);
        for minute in 60..64 {
            assert_eq!(feel(minute, &readings), Some(Mood::Crisis), "{} min after it", minute - 60);
        }
        assert_eq!((64..80).map(|minute| feel(minute, &readings)).last(), Some(Some(Mood::Bored)));
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
