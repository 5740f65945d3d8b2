//! Questions after a value that was: "and yesterday?"

use super::super::{Scene, Told, clock, fact};
use super::node;
use super::past::stretch;
use crate::ask::{PastQuery, Point};
use crate::live::NodeSnapshot;
use crate::words::capital;
use cast::ask::{Asked, Stretch};
use fleet::words::{quantity, tidy};
use frames::Vital;

/// In a larger fleet nobody's past is looked through for the most of something.
const SEARCHED: usize = 200;

/// What a vital was over a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Past {
    mean: f32,
    least: f32,
    most: f32,
}

impl Past {
    /// Of the first vital of these points; none where it was not measured.
    fn of(points: &[Point]) -> Option<Self> {
        let known = points
            .iter()
            .filter_map(|point| Some((point.values.first().copied().flatten()?, f64::from(point.reports))));
        let mut past: Option<Self> = None;
        let (mut sum, mut reports) = (0.0, 0.0);
        for (value, count) in known {
            sum += f64::from(value.mean) * count;
            reports += count;
            let before = past.unwrap_or(Self { mean: 0.0, least: value.min, most: value.max });
            past =
                Some(Self { least: before.least.min(value.min), most: before.most.max(value.max), ..before });
        }
        past.map(|past| Self { mean: (sum / reports.max(1.0)) as f32, ..past })
    }

    /// In words, behind the name of the vital.
    fn words(self, vital: Vital) -> String {
        if vital.is_flag() {
            return format!("{:.0} % of the time", self.mean * 100.0);
        }
        let [mean, least, most] = [self.mean, self.least, self.most].map(|value| quantity(vital, value));
        if least == most { mean } else { format!("{mean} on average, {least} to {most}") }
    }

    fn facts(self, vital: Vital, node: &NodeSnapshot, to: i64) -> Vec<crate::surfaces::view::FactView> {
        [("mean", self.mean), ("min", self.least), ("max", self.most)]
            .map(|(what, value)| {
                let kind = format!("{}.{what}", vital.name());
                fact(&kind, node.name.as_str(), tidy(value), vital.unit(), Some(to))
            })
            .into()
    }
}

async fn past(scene: &Scene<'_>, node: &NodeSnapshot, vital: Vital, (from, to): (i64, i64)) -> Option<Past> {
    let query = PastQuery { node: node.name.clone(), vitals: vec![vital], from, to, step: to - from };
    Past::of(&scene.ask.past(query).await.ok()?)
}

/// What a vital was in the stretch that is asked for; where that reaches until
/// now, what it is goes before.
pub(super) async fn value(scene: &Scene<'_>, asked: &Asked, node: &NodeSnapshot) -> Option<Told> {
    let vital = Vital::from_name(asked.vital.as_deref()?)?;
    let (from, to) = stretch(asked);
    let past = past(scene, node, vital, (from, to)).await;
    if !asked.stretch.is_some_and(Stretch::has_ended) {
        let mut told = node::value(asked, node)?;
        if let Some(past) = past {
            told.text = format!("{} Since {}: {}.", told.text, clock(from), past.words(vital));
            told.facts.extend(past.facts(vital, node, to));
        }
        return Some(told);
    }
    let (name, when) = (&node.name, format!("{} to {}", clock(from), clock(to)));
    let words = vital.row().words;
    Some(if let Some(past) = past {
        let text = format!("{} of {name}, {when}: {}.", capital(words), past.words(vital));
        Told::fact(text, past.facts(vital, node, to))
    } else {
        let none = fact(&format!("{}.reports", vital.name()), name.as_str(), 0, "", Some(to));
        Told::fact(format!("No {words} of {name} is recorded from {when}."), vec![none])
    })
}

/// Which node had the most or least of something.
pub(super) async fn extreme(scene: &Scene<'_>, asked: &Asked) -> Option<Told> {
    let vital = Vital::from_name(asked.vital.as_deref()?)?;
    let (from, to) = stretch(asked);
    if scene.nodes.len() > SEARCHED {
        return None;
    }
    let mut best: Option<(f32, &NodeSnapshot)> = None;
    for node in scene.nodes {
        let Some(past) = past(scene, node, vital, (from, to)).await else { continue };
        let value = if asked.least { past.least } else { past.most };
        let better = |best: f32| if asked.least { value < best } else { value > best };
        if best.is_none_or(|(best, _)| better(best)) {
            best = Some((value, &**node));
        }
    }
    let (value, node) = best?;
    let (most, kind) = if asked.least { ("lowest", "min") } else { ("highest", "max") };
    let told =
        fact(&format!("{}.{kind}", vital.name()), node.name.as_str(), tidy(value), vital.unit(), Some(to));
    let text = format!(
        "The {most} {} from {} to {} was {}, on {}.",
        vital.row().words,
        clock(from),
        clock(to),
        quantity(vital, value),
        node.name
    );
    Some(Told::fact(text, vec![told]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Value;

    fn point(reports: u32, value: Option<(f32, f32, f32)>) -> Point {
        let value = value.map(|(mean, min, max)| Value { mean, min, max });
        Point { at: 0, reports, mood: None, values: vec![value] }
    }

    #[test]
    fn a_stretch_is_its_mean_by_reports_and_its_range() {
        let points =
            [point(30, Some((40.0, 38.0, 45.0))), point(5, None), point(10, Some((60.0, 50.0, 71.5)))];
        let past = Past::of(&points).unwrap();
        assert_eq!(past, Past { mean: 45.0, least: 38.0, most: 71.5 });
        assert_eq!(past.words(Vital::Temperature), "45.0 °C on average, 38.0 °C to 71.5 °C");
        assert_eq!(Past::of(&[point(5, None)]), None);
        let flag = Past::of(&[point(4, Some((0.25, 0.0, 1.0)))]).unwrap();
        assert_eq!(flag.words(Vital::UnderVoltageNow), "25 % of the time");
    }
}
