//! A sample as people and as programs read it.

use super::Sample;
use crate::UnixMillis;
use frames::{Scale, Vital};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use std::fmt::{self, Write as _};
use std::time::{Duration, UNIX_EPOCH};

/// A wall-clock time as RFC 3339 in UTC; none beyond the years 1970 to 9999,
/// which only a broken clock says.
pub fn rfc3339(at: UnixMillis) -> Option<String> {
    let since = Duration::from_millis(u64::try_from(at).ok()?);
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_millis(UNIX_EPOCH.checked_add(since)?)).ok()?;
    Some(text)
}

/// A sample in JSON: `{"at", "vitals": {name: {value, unit, source}}}`. Flags
/// are true or false, counts whole numbers; what is absent is left out.
#[derive(Debug)]
pub struct Json<'a> {
    /// When it was taken.
    pub at: UnixMillis,
    /// What was read.
    pub sample: &'a Sample,
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut whole = serializer.serialize_struct("sample", 2)?;
        whole.serialize_field("at", &rfc3339(self.at))?;
        whole.serialize_field("vitals", &VitalsJson(self.sample))?;
        whole.end()
    }
}

struct VitalsJson<'a>(&'a Sample);

impl Serialize for VitalsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (vital, value) in self.0.readings.iter() {
            map.serialize_entry(vital.name(), &One { vital, value, source: self.0.source(vital) })?;
        }
        map.end()
    }
}

struct One {
    vital: Vital,
    value: f32,
    source: &'static str,
}

impl Serialize for One {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut one = serializer.serialize_struct("vital", 3)?;
        match self.vital.row().scale {
            Scale::Flag => one.serialize_field("value", &(self.value >= 0.5))?,
            Scale::Count => one.serialize_field("value", &(self.value as u64))?,
            _ => one.serialize_field("value", &rounded(self.value))?,
        }
        one.serialize_field("unit", self.vital.unit())?;
        one.serialize_field("source", self.source)?;
        one.end()
    }
}

/// To thousandths: no sensor here knows more.
fn rounded(value: f32) -> f64 {
    (f64::from(value) * 1000.0).round() / 1000.0
}

/// A sample as a table: name, value with unit, source.
#[derive(Debug)]
pub struct Table<'a>(
    /// What was read.
    pub &'a Sample,
);

impl fmt::Display for Table<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 2]> = std::iter::once(["vital".to_owned(), "value".to_owned()])
            .chain(
                self.0.readings.iter().map(|(vital, value)| [vital.name().to_owned(), shown(vital, value)]),
            )
            .collect();
        let sources =
            std::iter::once("source").chain(self.0.readings.iter().map(|(vital, _)| self.0.source(vital)));
        let width = |place: usize| {
            rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).max()
        };
        let (first, second) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
        for ([name, value], source) in rows.iter().zip(sources) {
            writeln!(out, "{name:<first$}  {value:>second$}  {source}")?;
        }
        Ok(())
    }
}

/// A value with its unit, as people read it.
fn shown(vital: Vital, value: f32) -> String {
    let unit = vital.unit();
    match (vital.row().scale, unit) {
        (Scale::Flag, _) => if value >= 0.5 { "yes" } else { "no" }.to_owned(),
        (Scale::Count, _) => format!("{value:.0}"),
        (_, "B/s") => bytes(value),
        (_, "MHz" | "rpm") => format!("{value:.0} {unit}"),
        (_, "") => format!("{value:.2}"),
        (_, "/s") => format!("{value:.2}{unit}"),
        _ => format!("{value:.1} {unit}"),
    }
}

/// Bytes per second with a decimal prefix.
fn bytes(value: f32) -> String {
    match value {
        value if value >= 1e6 => format!("{:.1} MB/s", value / 1e6),
        value if value >= 1e3 => format!("{:.1} kB/s", value / 1e3),
        value => format!("{value:.0} B/s"),
    }
}
