//! One node, as everybody outside sees it.

use super::event::SaidView;
use super::time;
use crate::flavour::Flavour;
use crate::live::NodeSnapshot;
use fleet::Because;
use fleet::words::tidy;
use frames::{Classifier, Direction, Headroom, Mood, Report, ServiceState, Vital, Vitals};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One node: an element of `nodes --json`, and `node NAME --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Node"))]
pub struct NodeView {
    /// Its name.
    pub name: String,
    /// Its own verdict; null only until its second sample.
    #[cfg_attr(test, schemars(with = "Option<crate::surfaces::schemas::Mood>"))]
    pub mood: Option<Mood>,
    /// Since when it has been in this mood.
    pub since: Option<Timestamp>,
    /// The probability of each mood, 0 to 1; empty while the mood is null.
    pub probabilities: BTreeMap<Cow<'static, str>, f64>,
    /// What speaks for the mood, loudest first; never empty beside a mood.
    pub because: Vec<CauseView>,
    /// Whether it has stopped speaking.
    pub silent: bool,
    /// Whether it is a simulated node.
    pub simulated: bool,
    /// Whether it does not know yet what is normal for it.
    pub learning: bool,
    /// When its last frame arrived.
    pub last_seen: Option<Timestamp>,
    /// Its newest reading by vital; what was not measured is left out.
    pub vitals: BTreeMap<Cow<'static, str>, VitalView>,
    /// The units that its agent watches, by name.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, crate::surfaces::schemas::ServiceState>"))]
    pub services: BTreeMap<String, ServiceState>,
    /// Where it keeps what it knows, unless that is on its disk.
    #[serde(default)]
    pub keeps: Option<Keeps>,
    /// The persona that embodies it (its sheet's file name); null without a cast.
    pub character: Option<String>,
    /// The last thing that its character said.
    pub last_said: Option<SaidView>,
    /// Its current interval between samples, in seconds.
    pub interval_s: Option<f64>,
    /// How far all vitals together are from its normal, in standard deviations.
    pub distance: Option<f64>,
    /// Who gave the verdict.
    #[cfg_attr(test, schemars(with = "Option<crate::surfaces::schemas::Classifier>"))]
    pub classifier: Option<Classifier>,
    /// State of its thermal budget.
    pub budget: Option<BudgetView>,
    /// Frames that it says it has lost.
    pub dropped: u64,
    /// What the hardware calls itself.
    pub hardware: Option<String>,
    /// Version of its agent.
    pub agent: Option<String>,
    /// Version of its mood model; null while the rules speak.
    pub model: Option<String>,
    /// Whether its clock follows a time server; null if it has no clock.
    pub clock_trusted: Option<bool>,
    /// The frame version that it speaks, if this coordinator is too old to read it.
    pub unreadable_version: Option<u8>,
    /// The group that an operator put it in.
    #[serde(default)]
    pub group: Option<String>,
    /// What else an operator calls it.
    #[serde(default)]
    pub labels: Vec<String>,
}

/// Where a node keeps what it knows and what it has not said yet, if not on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Keeps"))]
pub enum Keeps {
    /// In memory, or in a layer over a read-only system: a reboot may take it.
    Memory,
    /// Nowhere: its data folder takes nothing.
    Nowhere,
}

impl Keeps {
    /// The same in words, behind what it knows.
    pub fn words(self) -> &'static str {
        match self {
            Self::Memory => "in memory, or in a layer over a read-only system: a reboot may take it",
            Self::Nowhere => "nowhere: its data folder takes nothing",
        }
    }
}

/// One measured vital.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Vital"))]
pub struct VitalView {
    /// A number in the unit, or a yes or no.
    pub value: VitalValue,
    /// The unit; empty for plain numbers and flags.
    pub unit: Cow<'static, str>,
}

/// A number, or a yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Value"))]
pub enum VitalValue {
    /// A flag.
    Flag(bool),
    /// A number in the vital's unit.
    Number(f64),
}

/// One vital that speaks for the mood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Cause"))]
pub struct CauseView {
    /// Which vital.
    pub vital: Cow<'static, str>,
    /// Its value in the same reading.
    pub value: Option<VitalValue>,
    /// What is usual for this node; null while no normal is known.
    pub usual: Option<VitalValue>,
    /// To which side of normal, or of its limit, it lies.
    #[cfg_attr(test, schemars(with = "crate::surfaces::schemas::Direction"))]
    pub direction: Direction,
    /// The same in words.
    pub words: String,
}

/// State of a node's thermal budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Budget"))]
pub struct BudgetView {
    /// Headroom, 0 (none) to 1 (cool).
    pub headroom: f64,
    /// What decided the headroom.
    #[cfg_attr(test, schemars(with = "crate::surfaces::schemas::Headroom"))]
    pub source: Headroom,
}

impl VitalValue {
    /// A reading as a view says it: rounded to what its byte on the wire can tell.
    pub(crate) fn new(vital: Vital, value: f32) -> Self {
        if vital.is_flag() { Self::Flag(value >= 0.5) } else { Self::Number(tidy(value)) }
    }

    /// The number, if it is one.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Flag(_) => None,
        }
    }
}

impl From<Because> for CauseView {
    fn from(because: Because) -> Self {
        let value = |value: f64| VitalValue::new(because.vital, value as f32);
        Self {
            vital: Cow::Borrowed(because.vital.name()),
            value: Some(value(because.value)),
            usual: because.usual.map(value),
            direction: because.direction,
            words: because.words,
        }
    }
}

/// Why a node feels as it does: the fleet's own words, from what the snapshot
/// kept of the report.
pub(super) fn because(node: &NodeSnapshot) -> Vec<CauseView> {
    let report = Report {
        uptime: 0,
        vitals: node.vitals.clone(),
        mood: node.mood,
        probabilities: node.probabilities.unwrap_or_default(),
        causes: node.causes.clone(),
        distance: None,
        classifier: node.classifier.unwrap_or(Classifier::Rules),
        budget: node.budget.unwrap_or(frames::Budget {
            headroom: frames::Probability::default(),
            source: Headroom::NoSensor,
        }),
        interval: 0,
        dropped: 0,
    };
    fleet::words::because(&report).into_iter().map(CauseView::from).collect()
}

/// The same in words, one after another.
pub(crate) fn because_words(node: &NodeSnapshot) -> String {
    because(node).into_iter().map(|cause| cause.words).collect::<Vec<_>>().join("; ")
}

/// A reading as a map from vital to value and unit.
fn vitals(vitals: &Vitals) -> BTreeMap<Cow<'static, str>, VitalView> {
    each(vitals).map(|(name, view)| (Cow::Borrowed(name), view)).collect()
}

/// The same map, written at once.
pub(crate) struct Reading<'a>(pub(crate) &'a Vitals);

impl Serialize for Reading<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(each(self.0))
    }
}

fn each(vitals: &Vitals) -> impl Iterator<Item = (&'static str, VitalView)> {
    vitals.iter().map(|(vital, value)| {
        let view = VitalView { value: VitalValue::new(vital, value), unit: Cow::Borrowed(vital.unit()) };
        (vital.name(), view)
    })
}

impl NodeView {
    /// The same, with its character's words in this flavour.
    #[must_use]
    pub fn in_flavour(mut self, flavour: Flavour) -> Self {
        self.last_said = self.last_said.map(|said| said.in_flavour(flavour));
        self
    }
}

impl From<&NodeSnapshot> for NodeView {
    fn from(node: &NodeSnapshot) -> Self {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            name: node.name.as_str().to_owned(),
            mood: node.mood,
            since: node.since.and_then(time),
            probabilities: node.probabilities.map_or_else(BTreeMap::new, |probabilities| {
                let each = Mood::ALL.iter().zip(probabilities);
                // Half percents: three decimals hold them whole.
                each.map(|(mood, p)| (Cow::Borrowed(mood.name()), tidy(p.get()))).collect()
            }),
            because: because(node),
            silent: node.silent,
            simulated: node.simulated,
            learning: node.distance.is_none(),
            last_seen: node.last_seen.and_then(time),
            vitals: vitals(&node.vitals),
            services: node
                .services
                .iter()
                .filter(|unit| !unit.is_data_folder())
                .map(|unit| (unit.name.as_str().to_owned(), unit.state))
                .collect(),
            keeps: node.services.iter().find(|unit| unit.is_data_folder()).and_then(|folder| {
                match folder.state {
                    ServiceState::Active => None,
                    ServiceState::Inactive => Some(Keeps::Memory),
                    _ => Some(Keeps::Nowhere),
                }
            }),
            character: node.character.as_deref().map(str::to_owned),
            last_said: node.last_said.as_deref().map(SaidView::from),
            interval_s: node.interval.map(|millis| millis as f64 / 1000.0),
            distance: node.distance.map(tidy),
            classifier: node.classifier,
            budget: node
                .budget
                .map(|budget| BudgetView { headroom: tidy(budget.headroom.get()), source: budget.source }),
            dropped: node.dropped,
            hardware: said(&node.about.hardware),
            agent: said(&node.about.agent),
            model: node.about.model.clone(),
            clock_trusted: node.about.clock_trusted,
            unreadable_version: node.unreadable,
            group: node.tag.group.clone(),
            labels: node.tag.labels.clone(),
        }
    }
}
