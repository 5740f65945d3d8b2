//! `[cast]`: who is on stage, and their rhythm.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::time::Duration;

/// What may be set about the cast.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CastSettings {
    /// The most characters on stage.
    #[serde(deserialize_with = "most")]
    pub most: usize,
    /// Sheets whose domain is for people to find out, besides those that say so.
    pub veiled: Vec<String>,
    /// The most lines a day that nobody asked for; what is grave isn't counted.
    #[serde(deserialize_with = "lines")]
    pub unasked_a_day: usize,
    /// How long it must have been calm after something grave before anybody jests.
    #[serde(deserialize_with = "span")]
    pub calm: Duration,
    /// Whether a node may earn a character of its own by itself.
    pub births: bool,
    /// After so many crises, or so many silences …
    #[serde(deserialize_with = "times")]
    pub born_after: usize,
    /// … within this time.
    #[serde(deserialize_with = "span")]
    pub born_within: Duration,
    /// Below this activity, 0 to 1, somebody is bored and tells a tale; 0 means never.
    #[serde(deserialize_with = "share")]
    pub boredom: f64,
    /// How long a room counts as active after a message.
    #[serde(deserialize_with = "span")]
    pub response_window: Duration,
    /// The most messages that wait for a character.
    #[serde(deserialize_with = "lines")]
    pub inbox: usize,
    /// After so long a message has all the age that it can have.
    #[serde(deserialize_with = "span")]
    pub ageing: Duration,
    /// More than so many waiting overwhelm.
    #[serde(deserialize_with = "lines")]
    pub overwhelmed_above: usize,
    /// Energy below this tires, 0 to 1.
    #[serde(deserialize_with = "share")]
    pub tired_below: f64,
    /// What a minute of work takes from the energy, 0 to 1.
    #[serde(deserialize_with = "share")]
    pub drain_per_minute: f64,
    /// What half a minute of rest gives it, 0 to 1.
    #[serde(deserialize_with = "share")]
    pub rest_per_half_minute: f64,
    /// The least priority that engages a character.
    pub engage: Engage,
    /// The longest time between two looks at its inbox.
    pub cadence: Cadence,
}

/// A priority for each readiness, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Engage {
    /// Rested, and nothing goes on.
    #[serde(deserialize_with = "share")]
    pub idle: f64,
    /// In a conversation.
    #[serde(deserialize_with = "share")]
    pub active: f64,
    /// Low on energy.
    #[serde(deserialize_with = "share")]
    pub tired: f64,
    /// More waits than it can see to.
    #[serde(deserialize_with = "share")]
    pub overwhelmed: f64,
}

impl Default for Engage {
    fn default() -> Self {
        Self { idle: 0.1, active: 0.3, tired: 0.5, overwhelmed: 0.9 }
    }
}

/// A time for each readiness; a scarce compute budget doubles it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cadence {
    /// Rested, and nothing goes on.
    #[serde(deserialize_with = "pause")]
    pub idle: Duration,
    /// In a conversation.
    #[serde(deserialize_with = "pause")]
    pub active: Duration,
    /// Low on energy.
    #[serde(deserialize_with = "pause")]
    pub tired: Duration,
    /// More waits than it can see to.
    #[serde(deserialize_with = "pause")]
    pub overwhelmed: Duration,
}

impl Default for Cadence {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(1),
            active: Duration::from_millis(500),
            tired: Duration::from_secs(2),
            overwhelmed: Duration::from_secs(3),
        }
    }
}

impl Default for CastSettings {
    fn default() -> Self {
        Self {
            most: 24,
            veiled: Vec::new(),
            unasked_a_day: 12,
            calm: Duration::from_mins(15),
            births: true,
            born_after: 3,
            born_within: Duration::from_hours(7 * 24),
            boredom: 0.2,
            response_window: Duration::from_secs(30),
            inbox: 1_000,
            ageing: Duration::from_secs(30),
            overwhelmed_above: 20,
            tired_below: 0.3,
            drain_per_minute: 0.1,
            rest_per_half_minute: 0.1,
            engage: Engage::default(),
            cadence: Cadence::default(),
        }
    }
}

fn whole<'de, D: Deserializer<'de>>(
    from: D,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, D::Error> {
    let number = i64::deserialize(from)?;
    let wrong = || D::Error::custom(format!("{number} is not from {} to {}", range.start(), range.end()));
    usize::try_from(number).ok().filter(|number| range.contains(number)).ok_or_else(wrong)
}

fn most<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    whole(from, 1..=64)
}

fn lines<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    whole(from, 0..=10_000)
}

fn times<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    whole(from, 1..=16)
}

fn share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let share = f64::deserialize(from)?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(D::Error::custom(format!("{share} is not from 0 to 1")))
    }
}

fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    time(from, Duration::from_secs(1)..=Duration::from_hours(30 * 24))
}

/// Nobody may look so seldom that a message waits for a minute.
fn pause<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    time(from, Duration::from_millis(100)..=Duration::from_secs(10))
}

fn time<'de, D: Deserializer<'de>>(
    from: D,
    plausible: std::ops::RangeInclusive<Duration>,
) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let [least, most] = [plausible.start(), plausible.end()].map(|span| humantime::format_duration(*span));
    let wrong = || D::Error::custom(format!("{text:?} is no time from {least} to {most}, as in \"2s\""));
    humantime::parse_duration(&text).ok().filter(|span| plausible.contains(span)).ok_or_else(wrong)
}

#[cfg(feature = "stage")]
impl CastSettings {
    /// The same, as the stage takes it.
    pub(crate) fn for_stage(&self, relations: fleet::Relations) -> stage::Settings {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let thousandths = |share: f64| (share * 1_000.0).round() as u16;
        let Engage { idle, active, tired, overwhelmed } = self.engage;
        let engage = [idle, active, tired, overwhelmed].map(thousandths);
        let Cadence { idle, active, tired, overwhelmed } = self.cadence;
        stage::Settings {
            rhythm: cast::life::Rhythm {
                window: millis(self.response_window),
                inbox: self.inbox,
                ageing: millis(self.ageing),
                overwhelmed_above: self.overwhelmed_above,
                tired_below: thousandths(self.tired_below),
                drain_per_minute: thousandths(self.drain_per_minute),
                rest_per_half_minute: thousandths(self.rest_per_half_minute),
                engage,
                cadence: [idle, active, tired, overwhelmed].map(millis),
                ..stage::Settings::default().rhythm
            },
            unasked: self.unasked_a_day,
            calm: millis(self.calm),
            births: self.births.then_some(stage::Births {
                after: self.born_after,
                within: i64::try_from(self.born_within.as_millis()).unwrap_or(i64::MAX),
            }),
            relations,
        }
    }
}

#[cfg(all(test, feature = "stage"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_the_stages_own() {
        let here = CastSettings::default().for_stage(fleet::Relations::default());
        assert_eq!(here, stage::Settings::default());
        assert_eq!(CastSettings::default().most, cast::MOST);
        assert!((CastSettings::default().boredom as f32 - cast::boredom::THRESHOLD).abs() < f32::EPSILON);
    }
}
