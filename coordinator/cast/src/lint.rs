//! What must hold between sheets: voices that differ, ties that lead to
//! somebody, triggers that something supplies.

use crate::casting::Cast;
use crate::grammar::Part;
use crate::lexicon;
use crate::sheet::Sheet;
use crate::signal::Signal;
use crate::style::Style;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

/// The most words that two sheets may share in a row, outside of what facts fill.
pub const MOST_SHARED: usize = 3;
/// How far apart two natures must be: the mean difference of their traits.
pub const LEAST_DISTANCE: f32 = 0.05;

/// Something that is wrong between sheets.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Two say the same words.
    Shared {
        /// One sheet.
        one: String,
        /// The other.
        other: String,
        /// What both say.
        words: String,
    },
    /// Two are the same nature.
    Alike {
        /// One sheet.
        one: String,
        /// The other.
        other: String,
        /// The mean difference of their traits.
        distance: f32,
    },
    /// A tie to nobody.
    Nobody {
        /// Whose.
        sheet: String,
        /// To whom.
        to: String,
    },
    /// A trigger that nothing here supplies: it never fires.
    Unbound {
        /// Whose.
        sheet: String,
        /// Which.
        signal: Signal,
    },
}

impl Finding {
    /// Whether a sheet must not go on stage with it. An unbound trigger is only told.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Unbound { .. })
    }

    /// Whether it is about the sheet of this name.
    pub fn is_about(&self, id: &str) -> bool {
        match self {
            Self::Shared { one, other, .. } | Self::Alike { one, other, .. } => one == id || other == id,
            Self::Nobody { sheet, .. } | Self::Unbound { sheet, .. } => sheet == id,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared { one, other, words } => {
                write!(
                    formatter,
                    "{one}.toml and {other}.toml both say {words:?}: let one of them say it otherwise"
                )
            }
            Self::Alike { one, other, distance } => write!(
                formatter,
                "{one}.toml and {other}.toml are of one nature: their traits differ by {distance:.3}, \
                 and {LEAST_DISTANCE} is the least"
            ),
            Self::Nobody { sheet, to } => write!(formatter, "{sheet}.toml: ties: nobody is called {to:?}"),
            Self::Unbound { sheet, signal } => {
                write!(formatter, "{sheet}.toml: triggers: nothing here supplies {signal}: it never fires")
            }
        }
    }
}

/// Everything that is wrong in a cast. `supplied` says whether a signal has a source here.
pub fn lint(cast: &Cast, supplied: impl Fn(&Signal) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut owners: BTreeMap<Vec<String>, &str> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for sheet in cast.sheets() {
        for run in runs(sheet, MOST_SHARED + 1) {
            match owners.get(&run) {
                Some(owner) if *owner != sheet.id && told.insert((*owner, sheet.id.as_str())) => {
                    findings.push(Finding::Shared {
                        one: (*owner).to_owned(),
                        other: sheet.id.clone(),
                        words: run.join(" "),
                    });
                }
                Some(_) => {}
                None => {
                    owners.insert(run, &sheet.id);
                }
            }
        }
        for tie in sheet.ties.iter().filter(|tie| cast.get(&tie.to).is_none()) {
            findings.push(Finding::Nobody { sheet: sheet.id.clone(), to: tie.to.clone() });
        }
        for trigger in sheet.triggers.iter().filter(|trigger| !supplied(&trigger.signal)) {
            findings.push(Finding::Unbound { sheet: sheet.id.clone(), signal: trigger.signal.clone() });
        }
    }
    for (place, one) in cast.sheets().iter().enumerate() {
        for other in cast.sheets().iter().skip(place + 1) {
            let distance = distance(one, other);
            if distance < LEAST_DISTANCE {
                findings.push(Finding::Alike { one: one.id.clone(), other: other.id.clone(), distance });
            }
        }
    }
    findings
}

/// How far apart two natures are: the mean difference of their traits.
pub fn distance(one: &Sheet, other: &Sheet) -> f32 {
    let pairs = one.traits.iter().zip(other.traits.iter());
    let sum: f32 = pairs.map(|((_, one), (_, other))| (one - other).abs()).sum();
    sum / crate::Traits::NAMES.len() as f32
}

/// The runs of so many words that a sheet says itself, between its slots.
fn runs(sheet: &Sheet, length: usize) -> BTreeSet<Vec<String>> {
    let mut runs = BTreeSet::new();
    for (_, _, template) in sheet.grammar.all() {
        for part in &template.parts {
            let Part::Text(text) = part else { continue };
            let words: Vec<String> = lexicon::words(text).map(str::to_lowercase).collect();
            runs.extend(words.windows(length).map(<[String]>::to_vec));
        }
    }
    runs
}

/// The beginning of a sheet: every key that one has, with what belongs there.
/// It passes no check until it is filled.
pub fn scaffold(id: &str) -> String {
    let styles = Style::all().iter().map(|style| style.id.as_str()).collect::<Vec<_>>().join(", ");
    let mut text = format!(
        "# {{slots}} are filled from facts, <phrases> from the end of this file. Words that claim\n\
         # something (numbers, times, states, comparisons, negations, causes) stand in slots only.\n\
         name = \"{id}\"\nhouse = \"\"\ndomain = \"\"\narchetype = \"\"\ninfluences = []\n\
         # style = \"noir\"  # the form of its tales, one of {styles}; leave it out for plain ones\n\
         # office = \"architect\"  # architect, engineer, data, qa, security or sre; leave it out for none\n\
         veiled = false\n# guess = [\"what is right\"]  # of a veiled one; `goldentooth cast hide` makes it unreadable\n\
         # node = \"pi-07\"  # of a node's own character\n\
         eye = \"joint\"\nnotices = []\nvoice = []\nopinions = []\n\n[traits]\n"
    );
    // A string takes whatever is written to it.
    for (name, value) in crate::Traits::default().iter() {
        let _ = writeln!(text, "{name} = {value:.2}");
    }
    text.push_str(
        "\n# [[ties]]\n# to = \"caudex\"\n# kind = \"alliance\"  # alliance, rivalry, dependency, contempt\n# why = \"\"\n\
         \n# [[triggers]]\n# signal = \"vital:temperature\"  # or event:KIND, service:NAME\n# feeling = \"excited\"\n\
         # why = \"\"\n\n[lines]\n",
    );
    for occasion in crate::Occasion::ALL {
        let grave = if occasion.is_urgent() {
            "  # begins with {node}, ends with {act}, sober, at most 25 words"
        } else {
            ""
        };
        let _ = writeln!(text, "{} = []{grave}", occasion.name());
    }
    text.push_str("\n[moves]  # at least ten of them\n");
    for which in crate::Move::ALL {
        let needs = which.needs_words();
        let needs = if needs.is_empty() { String::new() } else { format!("  # each with {needs}") };
        let _ = writeln!(text, "{} = []{needs}", which.name());
    }
    text.push_str("\n[answers]\nlead = []  # each with {answer}\n\n[phrases]\n");
    text
}
