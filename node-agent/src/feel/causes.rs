//! Why: the two vitals that speak loudest for a mood, and in which direction.
//!
//! First each vital is asked how loudly it *could* speak: how near it is to the
//! rules' limits (for stressed and crisis) or how much work it shows (for bored
//! and happy), and how far it lies from this node's normal. Then, where the model
//! gave the verdict, the loudest few are taken out of its input one by one, as if
//! the sensor were missing (it was trained with sensors missing), and what the
//! mood's probability loses by that decides their order. Each costs one run of the
//! model: a run of several rows would pack the weights anew, which costs more.

use super::CAUSES;
use super::features::{Features, Vector, without};
use super::rules::{BUSY, CRISIS, RISES, STRESSED};
use frames::{Cause, Direction, Mood, Readings, Vital};
use heapless::Vec;

/// How many vitals are asked by taking them out.
pub const CANDIDATES: usize = 3;

/// What shows that there is work, with the value that shows plenty of it, in the
/// vital's unit.
const WORK: [(Vital, f32); 8] = [
    (Vital::Cpu, 60.0),
    (Vital::Load1, 3.0),
    (Vital::DiskBusy, 50.0),
    (Vital::NetReceived, 1e7),
    (Vital::NetSent, 1e7),
    (Vital::CpuBusiest, 100.0),
    (Vital::DiskWrite, 2e7),
    (Vital::DiskRead, 2e7),
];

/// A deviation of so many spreads is as loud as reaching a limit.
const LOUD_DEVIATION: f32 = 6.0;

/// The load that counts as reaching a limit: a small board's four cores, twice.
const LOUD_LOAD: f32 = 8.0;

/// Gives the probability of the mood for other features.
pub type Ask<'a> = &'a mut dyn FnMut(&Vector) -> Option<f32>;

/// The two vitals that speak loudest for `mood`, loudest first; empty only if
/// nothing was measured. `asked` is there where a model gave the verdict: the mood's
/// probability, and how to ask for it with other features.
pub fn explain(
    mood: Mood,
    readings: &Readings,
    features: &Features,
    asked: Option<(f32, Ask<'_>)>,
) -> Vec<Cause, CAUSES> {
    let mut candidates: Vec<(Vital, f32), CANDIDATES> = Vec::new();
    for (vital, value) in readings.iter() {
        let loudness = loudness(mood, vital, value, features);
        if loudness > 0.0 {
            insert(&mut candidates, vital, loudness);
        }
    }
    if let Some((whole, ask)) = asked {
        for (vital, loudness) in &mut candidates {
            let mut vector = *features.vector();
            without(&mut vector, *vital);
            let lost = ask(&vector).map_or(0.0, |left| whole - left);
            // What little it could say breaks ties between vitals that the
            // model could do without.
            *loudness = lost + 0.01 * loudness.min(2.0);
        }
        candidates.sort_unstable_by(|one, other| other.1.total_cmp(&one.1));
    }
    // Whatever was measured is better than no reason at all.
    let silent = readings.iter().map(|(vital, _)| vital);
    let mut causes = Vec::new();
    for vital in candidates.iter().map(|(vital, _)| *vital).chain(silent) {
        let known = causes.iter().any(|cause: &Cause| cause.vital == vital);
        if !known && causes.push(cause(mood, vital, readings, features)).is_err() {
            break;
        }
        if causes.len() >= candidates.len().clamp(1, CAUSES) {
            break;
        }
    }
    causes
}

/// Keeps the loudest, loudest first.
fn insert(candidates: &mut Vec<(Vital, f32), CANDIDATES>, vital: Vital, loudness: f32) {
    let place = candidates.iter().position(|(_, other)| *other < loudness).unwrap_or(candidates.len());
    if candidates.is_full() {
        if place == candidates.len() {
            return;
        }
        candidates.pop();
    }
    // There is room, and the place is within it.
    let _ = candidates.insert(place, (vital, loudness));
}

/// How loudly a vital could speak for a mood: about 1 at a limit.
fn loudness(mood: Mood, vital: Vital, value: f32, features: &Features) -> f32 {
    let deviation = features.deviation(vital).unwrap_or(0.0) / LOUD_DEVIATION;
    let work = WORK.into_iter().find(|(other, _)| *other == vital).map(|(_, plenty)| value / plenty);
    match mood {
        // The less there is, and the more usually.
        Mood::Bored => work.map_or(0.0, |work| (1.0 - work).max(0.0) + (-deviation).max(0.0)),
        Mood::Happy => work.map_or(0.0, |work| work.min(1.5) + 0.01),
        Mood::Stressed | Mood::Crisis => {
            let to = |limits: &[(Vital, f32)]| {
                limits
                    .iter()
                    .find(|(other, _)| *other == vital)
                    // Far below a limit is silence: half of it is nowhere near.
                    .map_or(0.0, |(_, limit)| (2.0 * value / limit - 1.0).clamp(0.0, 2.0))
            };
            let own = match vital {
                Vital::Cpu => (2.0 * value / BUSY - 1.0).max(0.0),
                Vital::Load1 => (2.0 * value / LOUD_LOAD - 1.0).clamp(0.0, 2.0),
                _ if RISES.contains(&vital) => {
                    2.0 * f32::from(u8::from(features.rose_within(vital, 300_000)))
                }
                _ => 0.0,
            };
            let strange = if features.deviation(vital).is_some() { deviation.abs() } else { 0.0 };
            to(&STRESSED).max(to(&CRISIS) * 1.5).max(own).max(0.8 * strange)
        }
    }
}

fn cause(mood: Mood, vital: Vital, readings: &Readings, features: &Features) -> Cause {
    let value = readings.get(vital).unwrap_or_default();
    let usual = features.usual(vital);
    let direction = match usual {
        Some(usual) if value < usual => Direction::Below,
        // Without a normal: a bored machine lies below work, others above.
        None if mood == Mood::Bored => Direction::Below,
        _ => Direction::Above,
    };
    Cause { vital, direction, usual: usual.and_then(|usual| vital.row().scale.encode(usual)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(mood: Mood, pairs: &[(Vital, f32)]) -> std::vec::Vec<(Vital, Direction)> {
        let mut readings = Readings::default();
        for (vital, value) in pairs {
            readings.set(*vital, *value);
        }
        let mut features = Features::default();
        features.observe(0, &readings);
        let causes = explain(mood, &readings, &features, None);
        causes.iter().map(|cause| (cause.vital, cause.direction)).collect()
    }

    #[test]
    fn the_vital_beyond_its_limit_speaks_first() {
        let sample = [
            (Vital::Cpu, 95.0),
            (Vital::MemoryUsed, 40.0),
            (Vital::PsiMemoryFull, 40.0),
            (Vital::Temperature, 50.0),
        ];
        assert_eq!(
            explained(Mood::Crisis, &sample),
            [(Vital::PsiMemoryFull, Direction::Above), (Vital::Cpu, Direction::Above)]
        );
    }

    #[test]
    fn boredom_is_explained_by_what_is_not_there() {
        let causes = explained(Mood::Bored, &[(Vital::Cpu, 1.0), (Vital::MemoryUsed, 40.0)]);
        assert_eq!(causes, [(Vital::Cpu, Direction::Below)]);
    }

    #[test]
    fn there_is_always_a_reason() {
        for mood in Mood::ALL {
            assert_eq!(explained(mood, &[(Vital::OpenFiles, 0.1)]).len(), 1, "{mood}");
            for vital in Vital::ALL {
                assert!(!explained(mood, &[(*vital, 0.0)]).is_empty(), "{mood} {vital:?}");
            }
        }
        assert!(explained(Mood::Happy, &[]).is_empty(), "nothing measured");
    }

    #[test]
    fn where_a_model_spoke_its_loss_decides() {
        let mut readings = Readings::default();
        readings.set(Vital::Cpu, 95.0);
        readings.set(Vital::DiskBusy, 91.0);
        let mut features = Features::default();
        features.observe(0, &readings);
        let place = super::super::signals::SIGNALS.iter().position(|s| s.vital == Vital::DiskBusy).unwrap();
        // A model that only looks at the disk.
        let mut ask = |vector: &Vector| Some(vector[place]);
        let causes = explain(Mood::Stressed, &readings, &features, Some((0.91, &mut ask)));
        assert_eq!(causes[0].vital, Vital::DiskBusy);
        assert_eq!(causes[1].vital, Vital::Cpu);
    }
}
