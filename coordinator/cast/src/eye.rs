//! Eyes: each character's own way of looking at the same readings. All of them
//! are rules; they cost nothing, and always see the same in the same.

mod together;

pub use together::{NEEDS, Need};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A way of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eye {
    /// How far everything together is from normal.
    Joint,
    /// The same hour of yesterday and of last week.
    Season,
    /// The other nodes' values.
    Siblings,
    /// Whether work gets done as fast as it comes.
    Schedule,
    /// What waits at the doors: network and queues.
    Queues,
    /// What is new, or should never be.
    Rare,
    /// What rises and falls together, and whether what is needed is well.
    Together,
    /// Disks and file systems.
    Storage,
    /// How evenly work is spread.
    Spread,
    /// Whether all cores share the work.
    Parallel,
    /// Temperature, and what is done about it.
    Heat,
    /// Who is there and who isn't.
    Roll,
    /// What was refused, and what nobody should touch.
    Secrets,
    /// The supply of current.
    Supply,
    /// Clocks, and what started anew.
    Clock,
}

/// What an eye concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It lacks what it looks at.
    Blind,
    /// Nothing stands out.
    Calm,
    /// Something does.
    Uneasy,
    /// Much does.
    Alarmed,
}

/// All that an eye may look at, about one node at one time. What is not known is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The newest readings, by the vital's name.
    pub now: BTreeMap<String, f64>,
    /// What is usual for this node.
    pub usual: BTreeMap<String, f64>,
    /// What the other nodes read now.
    pub siblings: BTreeMap<String, Vec<f64>>,
    /// What this node read at the same hour yesterday.
    pub yesterday: BTreeMap<String, f64>,
    /// And a week ago.
    pub last_week: BTreeMap<String, f64>,
    /// How its vitals went of late, in equal steps, oldest first.
    pub course: BTreeMap<String, Vec<f64>>,
    /// What the services that run on it need.
    pub needs: Vec<Need>,
    /// Joint distance from its normal.
    pub distance: Option<f64>,
    /// How many events of each kind were recorded about it within a day.
    pub events: BTreeMap<String, u32>,
    /// How many nodes there are, and how many of them are silent.
    pub nodes: u32,
    /// See `nodes`.
    pub silent: u32,
}

/// Fewer siblings than this are none to be held against.
const SIBLINGS: usize = 2;

/// What an eye saw: the verdict, and the one reading that made it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gaze {
    /// What it concludes.
    pub verdict: Verdict,
    /// The vital, the kind of event or the service that stood out most; none if nothing can.
    pub subject: Option<String>,
    /// What it is now.
    pub value: Option<f64>,
    /// What it was held against.
    pub against: Option<f64>,
    /// What that is: "usual", "yesterday", "last week", "siblings", "limit", "mean", [`NEEDS`].
    pub measure: &'static str,
    /// How much it stands out: 1 is where unease begins, 2 alarm.
    pub much: f64,
}

impl Eye {
    /// What it sees. Equal views give equal gazes.
    pub fn look(self, view: &View) -> Gaze {
        let found = match self {
            Self::Joint => view.distance.map(|far| vec![found("distance", far, 3.0, "limit", far / 3.0)]),
            Self::Season => Some(view.seasons()),
            Self::Siblings => {
                Some(view.among_siblings(&["memory_used", "disk_used", "load5", "temperature"]))
            }
            Self::Schedule => Some(view.limits(&[("psi_cpu_some", 20.0), ("blocked", 3.0), ("load15", 4.0)])),
            Self::Queues => {
                Some(view.limits(&[("tcp_retransmits", 5.0), ("net_errors", 1.0), ("psi_io_some", 20.0)]))
            }
            Self::Rare => Some(view.limits(&[
                ("read_only_mounts", 0.5),
                ("disk_errors", 0.5),
                ("filesystem_errors", 0.5),
                ("oom_kills", 0.5),
                ("failed_units", 0.5),
            ])),
            Self::Together => view.together(),
            Self::Storage => {
                Some(view.limits(&[("disk_used", 80.0), ("disk_busy", 60.0), ("psi_io_full", 10.0)]))
            }
            Self::Spread => Some(view.among_siblings(&["load1", "cpu", "net_sent", "net_received"])),
            Self::Parallel => view.lopsided(),
            Self::Heat => {
                Some(view.limits(&[("temperature", 70.0), ("throttled_now", 0.4), ("soft_limit_now", 0.6)]))
            }
            Self::Roll => view.roll(),
            Self::Secrets => Some(view.counts(&["frame_refused", "two_boots_alternate", "hardware_changed"])),
            Self::Supply => {
                Some(view.limits(&[("under_voltage_now", 0.4), ("under_voltage_since_boot", 0.9)]))
            }
            Self::Clock => Some(view.clocks()),
        };
        let blind = Gaze {
            verdict: Verdict::Blind,
            subject: None,
            value: None,
            against: None,
            measure: "",
            much: 0.0,
        };
        let most = found.unwrap_or_default().into_iter().max_by(|a, b| {
            // Equals go to the one named first, as `max_by` takes the later.
            a.much.total_cmp(&b.much).then(std::cmp::Ordering::Greater)
        });
        most.unwrap_or(blind)
    }
}

fn found(subject: &str, value: f64, against: f64, measure: &'static str, much: f64) -> Gaze {
    let much = if much.is_finite() { much } else { 0.0 };
    Gaze {
        verdict: match much {
            much if much >= 2.0 => Verdict::Alarmed,
            much if much >= 1.0 => Verdict::Uneasy,
            _ => Verdict::Calm,
        },
        subject: Some(subject.to_owned()),
        value: Some(value),
        against: Some(against),
        measure,
        much,
    }
}

/// By how much two values of a vital differ, as a share of the greater. Small
/// ones differ by nothing that matters: half a percent of a processor is no
/// trend, and two degrees are no season.
fn apart(name: &str, one: f64, other: f64) -> f64 {
    let floor = match name {
        "temperature" => 40.0,
        "load1" | "load5" | "load15" => 1.0,
        name if name.starts_with("net_") => 200_000.0,
        name if name.starts_with("disk_re") || name.starts_with("disk_wr") => 1_000_000.0,
        _ => 20.0,
    };
    (one - other).abs() / one.abs().max(other.abs()).max(floor)
}

impl View {
    /// Each known vital against its limit; a tenth over it and more alarms where it is a share.
    fn limits(&self, limits: &[(&str, f64)]) -> Vec<Gaze> {
        let known = limits.iter().filter_map(|(name, limit)| Some((*name, *self.now.get(*name)?, *limit)));
        known
            .map(|(name, value, limit)| {
                let much = if limit >= 50.0 { 1.0 + (value - limit) / (limit * 0.15) } else { value / limit };
                found(name, value, limit, "limit", much.max(0.0))
            })
            .collect()
    }

    fn counts(&self, kinds: &[&str]) -> Vec<Gaze> {
        let count = |kind: &&str| f64::from(self.events.get(*kind).copied().unwrap_or(0));
        kinds.iter().map(|kind| found(kind, count(kind), 1.0, "limit", count(kind))).collect()
    }

    fn seasons(&self) -> Vec<Gaze> {
        let mut all = Vec::new();
        for (name, value) in &self.now {
            for (then, measure) in [(&self.yesterday, "yesterday"), (&self.last_week, "last week")] {
                if let Some(past) = then.get(name) {
                    all.push(found(name, *value, *past, measure, apart(name, *value, *past) / 0.4));
                }
            }
        }
        all
    }

    fn among_siblings(&self, vitals: &[&str]) -> Vec<Gaze> {
        let mut all = Vec::new();
        for name in vitals {
            let (Some(value), Some(others)) = (self.now.get(*name), self.siblings.get(*name)) else {
                continue;
            };
            let mut others = others.clone();
            others.sort_by(f64::total_cmp);
            let Some(median) = others.get(others.len() / 2).filter(|_| others.len() >= SIBLINGS) else {
                continue;
            };
            // Siblings that differ among themselves are no measure; and whoever
            // has less than they to bear is in no trouble for it.
            let mut off: Vec<f64> = others.iter().map(|other| (other - median).abs()).collect();
            off.sort_by(f64::total_cmp);
            let usual = off.get(off.len() / 2).copied().unwrap_or_default();
            let clear = (value - median).abs() > 3.0 * usual;
            let much = apart(name, *value, *median) / 0.3;
            let much = if clear && value > median { much } else { much.min(0.9) };
            all.push(found(name, *value, *median, "siblings", much));
        }
        all
    }

    fn lopsided(&self) -> Option<Vec<Gaze>> {
        let (all, busiest) = (self.now.get("cpu")?, self.now.get("cpu_busiest")?);
        // A core that works while its siblings rest.
        let much = if *busiest < 30.0 { 0.0 } else { (busiest - all) / 30.0 };
        Some(vec![found("cpu_busiest", *busiest, *all, "mean", much)])
    }

    fn roll(&self) -> Option<Vec<Gaze>> {
        let share = f64::from(self.silent) / f64::from(self.nodes.max(1));
        (self.nodes > 0).then(|| vec![found("silent", f64::from(self.silent), 0.0, "limit", share * 8.0)])
    }

    fn clocks(&self) -> Vec<Gaze> {
        let mut all = self.counts(&["clock_changed", "restarted"]);
        if let Some(follows) = self.now.get("clock_synchronised") {
            all.push(found("clock_synchronised", *follows, 1.0, "limit", 1.0 - follows));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Alarmed, Blind, Calm};

    fn view(now: &[(&str, f64)]) -> View {
        View {
            now: now.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            ..View::default()
        }
    }

    #[test]
    fn eyes_disagree_about_the_same_node() {
        let mut seen = view(&[
            ("temperature", 52.0),
            ("disk_used", 93.0),
            ("cpu", 26.0),
            ("cpu_busiest", 98.0),
            ("under_voltage_now", 0.0),
            ("load1", 1.1),
        ]);
        seen.distance = Some(1.2);
        seen.siblings.insert("load1".to_owned(), vec![1.0, 1.2, 0.9]);
        seen.yesterday.insert("cpu".to_owned(), 24.0);
        let verdicts: Vec<Verdict> = [
            Eye::Joint,
            Eye::Storage,
            Eye::Heat,
            Eye::Parallel,
            Eye::Supply,
            Eye::Spread,
            Eye::Season,
            Eye::Together,
        ]
        .map(|eye| eye.look(&seen).verdict)
        .to_vec();
        assert_eq!(verdicts, [Calm, Alarmed, Calm, Alarmed, Calm, Calm, Calm, Blind]);
        let storage = Eye::Storage.look(&seen);
        assert_eq!((storage.subject.as_deref(), storage.value), (Some("disk_used"), Some(93.0)));
    }

    #[test]
    fn an_eye_without_its_readings_is_blind_and_never_calm() {
        for eye in [Eye::Joint, Eye::Season, Eye::Siblings, Eye::Heat, Eye::Storage, Eye::Parallel, Eye::Roll]
        {
            assert_eq!(eye.look(&View::default()).verdict, Verdict::Blind, "{eye:?}");
        }
    }

    #[test]
    fn everybody_has_an_eye_of_its_own() {
        let cast = crate::Cast::built_in().unwrap();
        let of = |id: &str| cast.get(id).map(|sheet| sheet.eye);
        for (id, eye) in [
            ("caudex", Eye::Joint),
            ("prometheus", Eye::Season),
            ("calliope", Eye::Siblings),
            ("operant-7", Eye::Schedule),
            ("glestrine", Eye::Queues),
            ("malvo", Eye::Rare),
            ("umbrell", Eye::Together),
        ] {
            assert_eq!(of(id), Some(eye), "{id}");
        }
        let eyes: std::collections::BTreeSet<Eye> = cast.sheets().iter().map(|sheet| sheet.eye).collect();
        assert_eq!(eyes.len(), cast.sheets().len());
    }

    #[test]
    fn the_veiled_eyes_see_what_they_are_for() {
        assert_eq!(Eye::Supply.look(&view(&[("under_voltage_now", 1.0)])).verdict, Verdict::Alarmed);
        assert_eq!(Eye::Clock.look(&view(&[("clock_synchronised", 0.0)])).verdict, Verdict::Uneasy);
        assert_eq!(Eye::Clock.look(&view(&[("clock_synchronised", 1.0)])).verdict, Verdict::Calm);
    }
}
