//! How quiet it is, and what characters do when they are bored. Nothing of it
//! touches a real service: what they would change becomes a question to a
//! person, a drill in words, or a tale.

use crate::casting::Cast;
use crate::eye::Eye;
use crate::sheet::Sheet;
use crate::style::Place;
use crate::trope::Trope;
use oorandom::Rand64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Below this it is quiet enough to be bored, unless another number is set.
pub const THRESHOLD: f32 = 0.2;

/// What something weighs, of 1 for a time that is full: one crisis alone fills it.
const GRAVE: f32 = 1.0;
const TROUBLE: f32 = 0.5;
const CHANGE: f32 = 0.15;
const ASKED: f32 = 0.15;
const SIGNAL: f32 = 0.1;
/// If every node is at work.
const AT_WORK: f32 = 0.4;

/// What the last hour was like, and what is so now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lately {
    /// Crises and silences that began.
    pub grave: u32,
    /// Other changes of nodes: moods, comings, goings.
    pub changes: u32,
    /// Signals of services, alerts, clocks, restarts.
    pub signals: u32,
    /// Questions of people.
    pub asked: u32,
    /// Nodes, alerts and services that are in trouble now.
    pub troubles: u32,
    /// The share of nodes at work now, 0 to 1.
    pub at_work: f32,
}

impl Lately {
    /// How much goes on, 0 to 1.
    pub fn activity(&self) -> f32 {
        let weighed = [
            (self.grave, GRAVE),
            (self.troubles, TROUBLE),
            (self.changes, CHANGE),
            (self.asked, ASKED),
            (self.signals, SIGNAL),
        ];
        let sum: f32 = weighed.iter().map(|(count, weight)| *count as f32 * weight).sum();
        (sum + self.at_work.clamp(0.0, 1.0) * AT_WORK).min(1.0)
    }
}

/// What a bored character does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Invents a conspiracy of the traffic.
    TrafficDrama,
    /// Sees threats in what is normal.
    SecurityParanoia,
    /// Finds fascinating patterns in what was measured.
    MetricAnomalies,
    /// Plots who shall depend on whom.
    DependencyChanges,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    /// A story, and no more.
    Tale,
    /// Something to go through in words.
    Drill,
    /// A question to a person.
    Question,
}

impl Behaviour {
    /// What becomes of it.
    pub fn becomes(self) -> Becomes {
        match self {
            Self::TrafficDrama => Becomes::Tale,
            Self::SecurityParanoia => Becomes::Drill,
            Self::MetricAnomalies | Self::DependencyChanges => Becomes::Question,
        }
    }
}

/// How an archetype takes a trope: what it does, what it reads the story as, and
/// what it asks of people, if anything.
struct Reading {
    behaviour: Behaviour,
    reads: &'static str,
    asks: Option<&'static str>,
}

/// An archetype reads a story by what it looks at in nodes.
fn reading(eye: Eye) -> Reading {
    use Behaviour::{DependencyChanges, MetricAnomalies, SecurityParanoia, TrafficDrama};
    let (behaviour, reads, asks) = match eye {
        Eye::Queues => (TrafficDrama, "a matter of who let whom go first at the gate", None),
        Eye::Spread => (TrafficDrama, "a voyage with the cargo on one side", None),
        Eye::Parallel => (TrafficDrama, "a hunt for which the whole brood must rise at once", None),
        Eye::Rare => (
            SecurityParanoia,
            "a break-in, with the window to be found",
            Some("Without looking it up: which accounts open the door of this house, and who holds each?"),
        ),
        Eye::Secrets => (
            SecurityParanoia,
            "a theft that has not been noticed",
            Some(
                "Pretend that strangers hold a token of this house: which command voids it, and who is told?",
            ),
        ),
        Eye::Supply => (
            SecurityParanoia,
            "a light that somebody wants out",
            Some("Pretend that the current fails for a minute: which machines come back by themselves?"),
        ),
        Eye::Joint => (
            MetricAnomalies,
            "a case history whose symptom was overlooked",
            Some(
                "Shall two readings that you name be charted side by side, to see whether they keep company?",
            ),
        ),
        Eye::Season => (
            MetricAnomalies,
            "a chapter that the chronicle has had before",
            Some("Which week of the past would you like set beside this one?"),
        ),
        Eye::Storage => (
            MetricAnomalies,
            "something hidden, and the place where it would keep",
            Some("Which backup have you opened, and found to be whole? Shall that be noted?"),
        ),
        Eye::Heat => (
            MetricAnomalies,
            "a forging, with the fire too proud",
            Some("Which of these machines stands where no air comes? Say so, and it can be watched."),
        ),
        Eye::Clock => (
            MetricAnomalies,
            "an hour that was rung twice",
            Some("Is there a task whose time of day nobody remembers choosing?"),
        ),
        Eye::Together => (
            DependencyChanges,
            "an intrigue, with a hand behind the curtain",
            Some(
                "Which service would be missed first, and who would know before you? That need can be declared.",
            ),
        ),
        Eye::Siblings => (
            DependencyChanges,
            "an order of march, and who steps out of it",
            Some("Is there a node whose work ought to be another's? Name both, and it can be thought over."),
        ),
        Eye::Schedule => (
            DependencyChanges,
            "a job with retries and an exit code",
            Some(
                "Is there a job that waits for another without need? Name it, and its order can be thought over.",
            ),
        ),
        Eye::Roll => (
            DependencyChanges,
            "a list of guests with a name that nobody wrote",
            Some("Is there a service here that nobody has declared? Name it, and whom it needs."),
        ),
    };
    Reading { behaviour, reads, asks }
}

/// What a bored character has in mind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whim {
    /// Whose.
    pub by: String,
    /// What it does.
    pub behaviour: Behaviour,
    /// What becomes of it.
    pub becomes: Becomes,
    /// The trope's id.
    pub trope: String,
    /// What people call the trope.
    pub title: String,
    /// What this character reads the story as.
    pub reads: String,
    /// Who takes which role, by their sheets.
    pub roles: BTreeMap<String, String>,
    /// What happens, with names in it: fiction, all of it.
    pub beats: Vec<Beat>,
    /// What a person is asked, or shall go through in words.
    pub asks: Option<String>,
}

/// A line of a tale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Who says it, by its sheet.
    pub by: String,
    /// What.
    pub text: String,
}

/// What somebody has in mind who is bored: one of the willing who is not veiled,
/// with a trope for which there are enough of them. None if there is nobody. Each
/// beat is told in the style of whoever says it, unless that says a name of here.
pub fn whim<'a>(
    cast: &Cast,
    tropes: impl Iterator<Item = &'a Trope>,
    is_willing: impl Fn(&str) -> bool,
    is_name: impl Fn(&str) -> bool,
    seed: u64,
) -> Option<Whim> {
    let chance = &mut Rand64::new(u128::from(seed));
    // What a veiled one reads in a story would give it away.
    let bored: Vec<&Sheet> =
        cast.sheets().iter().filter(|sheet| !sheet.veiled && is_willing(&sheet.id)).collect();
    let sheet = *draw(&bored, chance)?;
    let tropes: Vec<&Trope> = tropes.filter(|trope| trope.roles.len() <= bored.len()).collect();
    let trope = *draw(&tropes, chance)?;
    let roles = cast_roles(sheet, &bored, trope, chance);
    let name = |id: &String| cast.get(id).map_or_else(|| id.clone(), |sheet| sheet.name.clone());
    let names = roles.iter().map(|(role, id)| (role.clone(), name(id))).collect();
    let (told, mut used) = (trope.told(&names), Vec::new());
    let all = told.len();
    let beats = told.into_iter().enumerate().map(|(number, (role, text))| {
        let by = role.and_then(|role| roles.get(role)).unwrap_or(&sheet.id);
        let style = cast.get(by).and_then(|sheet| sheet.style).filter(|style| !style.names(&is_name));
        let dressed = style.map(|style| style.dress(Place::of(number, all), &text, chance, &mut used));
        Beat { by: by.clone(), text: dressed.unwrap_or(text) }
    });
    let beats = beats.collect();
    let Reading { behaviour, reads, asks } = reading(sheet.eye);
    Some(Whim {
        by: sheet.id.clone(),
        behaviour,
        becomes: behaviour.becomes(),
        trope: trope.id.clone(),
        title: trope.name.clone(),
        reads: reads.to_owned(),
        beats,
        roles,
        asks: asks.map(str::to_owned),
    })
}

/// Who takes which role: the bored one the first, those it is tied to the next,
/// then whoever is drawn.
fn cast_roles(sheet: &Sheet, all: &[&Sheet], trope: &Trope, chance: &mut Rand64) -> BTreeMap<String, String> {
    let mut left: Vec<&Sheet> = all.iter().copied().filter(|other| other.id != sheet.id).collect();
    let mut roles = BTreeMap::new();
    for (place, role) in trope.roles.iter().enumerate() {
        if place == 0 {
            roles.insert(role.clone(), sheet.id.clone());
            continue;
        }
        let tied = |other: &&Sheet| sheet.ties.iter().any(|tie| tie.to == other.id);
        let found = left
            .iter()
            .position(tied)
            .or_else(|| (!left.is_empty()).then(|| chance.rand_range(0..left.len() as u64) as usize));
        if let Some(place) = found {
            roles.insert(role.clone(), left.remove(place).id.clone());
        }
    }
    roles
}

fn draw<'a, T>(from: &'a [T], chance: &mut Rand64) -> Option<&'a T> {
    if from.is_empty() {
        return None;
    }
    from.get(chance.rand_range(0..from.len() as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trope::Tropes;
    use std::collections::BTreeSet;

    #[test]
    fn activity_grows_with_all_that_happens() {
        let quiet = Lately::default();
        assert!(quiet.activity().abs() < f32::EPSILON);
        assert!(Lately { at_work: 1.0, ..quiet }.activity() > THRESHOLD, "at work nobody is bored");
        assert!(Lately { at_work: 0.3, ..quiet }.activity() < THRESHOLD, "a third of them is not much");
        assert!(Lately { changes: 1, ..quiet }.activity() < THRESHOLD, "one wobble is nothing");
        assert!(Lately { changes: 2, ..quiet }.activity() > THRESHOLD);
        assert!(Lately { troubles: 1, ..quiet }.activity() > THRESHOLD);
        assert!(Lately { grave: 1, ..quiet }.activity() >= 1.0);
        assert!(Lately { signals: 900, grave: 9, ..quiet }.activity() <= 1.0);
    }

    #[test]
    fn the_four_behaviours_belong_to_their_archetypes() {
        let cast = Cast::built_in().unwrap();
        for (id, behaviour, becomes) in [
            ("glestrine", Behaviour::TrafficDrama, Becomes::Tale),
            ("malvo", Behaviour::SecurityParanoia, Becomes::Drill),
            ("caudex", Behaviour::MetricAnomalies, Becomes::Question),
            ("umbrell", Behaviour::DependencyChanges, Becomes::Question),
        ] {
            let read = reading(cast.get(id).unwrap().eye);
            assert_eq!((read.behaviour, read.behaviour.becomes()), (behaviour, becomes), "{id}");
        }
        let reads: BTreeSet<&str> = cast.sheets().iter().map(|sheet| reading(sheet.eye).reads).collect();
        assert_eq!(reads.len(), cast.sheets().len(), "each in its own way");
        for sheet in cast.sheets() {
            let read = reading(sheet.eye);
            assert_eq!(read.asks.is_some(), read.behaviour.becomes() != Becomes::Tale, "{}", sheet.id);
            // A question changes nothing: it can only be answered.
            assert!(read.asks.is_none_or(|asks| asks.contains('?')), "{}", sheet.id);
        }
    }

    #[test]
    fn a_whim_is_cast_among_characters_and_spares_the_muted_and_the_veiled() {
        let (cast, tropes) = (Cast::built_in().unwrap(), Tropes::built_in().unwrap());
        let tell = |told: &[String], seed| {
            let fresh = tropes.iter().filter(|trope| !told.contains(&trope.id));
            whim(&cast, fresh, |id| id != "malvo", |_| false, seed)
        };
        let (mut told, mut by, mut answered) = (Vec::new(), BTreeSet::new(), false);
        for seed in 0..60 {
            let whim = tell(&told, seed).unwrap();
            let sheet = cast.get(&whim.by).unwrap();
            assert!(!sheet.veiled && whim.by != "malvo");
            let trope = tropes.get(&whim.trope).unwrap();
            assert_eq!(whim.roles.get(&trope.roles[0]), Some(&whim.by), "the bored one leads");
            assert_eq!(whim.roles.len(), trope.roles.len());
            assert_eq!(whim.roles.values().collect::<BTreeSet<_>>().len(), whim.roles.len(), "one role each");
            assert!(
                whim.roles.values().all(|id| cast.get(id).is_some_and(|one| !one.veiled) && id != "malvo")
            );
            assert!(whim.beats.iter().all(|beat| !beat.text.contains('{')), "{:?}", whim.beats);
            assert!(whim.beats.iter().all(|beat| whim.roles.values().any(|id| *id == beat.by)));
            answered |= whim.beats.iter().any(|beat| beat.by != whim.by);
            let plain = trope.told(
                &whim
                    .roles
                    .iter()
                    .map(|(role, id)| (role.clone(), cast.get(id).unwrap().name.clone()))
                    .collect(),
            );
            for (beat, (_, plain)) in whim.beats.iter().zip(&plain) {
                let style = cast.get(&beat.by).unwrap().style.unwrap();
                let bare = beat.text.replace(" / ", " ");
                assert!(bare.contains(plain.as_str()) && beat.text != *plain, "{}: {}", style.id, beat.text);
            }
            told.push(whim.trope);
            by.insert(whim.by);
        }
        assert!(by.len() >= 10, "{by:?}");
        assert!(answered, "some of them are told by two");
        assert_eq!(tell(&[], 3), tell(&[], 3));
        // A style that says the name of something here is left off.
        let named = whim(&cast, tropes.iter(), |_| true, |_| true, 3).unwrap();
        let plain = whim(&cast, tropes.iter(), |_| true, |_| false, 3).unwrap();
        assert!(named.beats.iter().zip(&plain.beats).all(|(bare, told)| told.text.len() > bare.text.len()));
        assert_eq!(whim(&cast, tropes.iter(), |_| false, |_| false, 1), None);
        assert_eq!(
            whim(&cast, tropes.iter(), |id| id == "malvo", |_| false, 1),
            None,
            "alone there is no tale"
        );
    }
}
