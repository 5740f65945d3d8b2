//! How a character's traits went of late: a small chart, and what moved them.

use crate::surfaces::view::{NatureView, TraitLineView, age};
use crate::surfaces::web::draw;
use jiff::Timestamp;
use maud::{Markup, html};

/// The chart, its legend, and each cause with its event.
pub(super) fn nature(nature: &NatureView, now: Timestamp) -> Markup {
    html! {
        h4 { "How its nature went" }
        figure.nature {
            svg viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label=(words(nature)) {
                @for cause in &nature.causes { @if let Some(x) = place(nature, cause.at) { path d={ "M" (x) " 0V24" } {} } }
                @for line in &nature.traits { polyline points=(draw::polyline(&values(line), Some(0.0), 1.0)) {} }
            }
            figcaption {
                @if let (Some(from), Some(until)) = (nature.from, nature.until) {
                    p.hint.ends { span { time datetime=(from) { (day(from)) } } span { time datetime=(until) { (day(until)) } } }
                }
                ul.legend { @for line in &nature.traits { li { (line.name) " " span.number { (format!("{:.2}", last(line))) } " " span.hint { "sheet " (format!("{:.2}", line.sheet)) } } } }
            }
        }
        ul.plain {
            @for cause in &nature.causes {
                li {
                    (cause.words) " "
                    span.hint { @if let Some(at) = cause.at { (age(now, at)) " ago, " } (cause.catalyst.replace('_', " ")) }
                }
            }
        }
    }
}

/// What the chart shows, for who can't see it.
fn words(nature: &NatureView) -> String {
    let each = nature.traits.iter().map(|line| {
        let (least, most) = values(line)
            .into_iter()
            .fold((1.0_f32, 0.0_f32), |(least, most), one| (least.min(one), most.max(one)));
        format!(
            "{} between {least:.2} and {most:.2}, {:.2} now, {:.2} by its sheet",
            line.name,
            last(line),
            line.sheet
        )
    });
    format!("Traits from 0 to 1: {}.", each.collect::<Vec<_>>().join("; "))
}

fn values(line: &TraitLineView) -> Vec<f32> {
    line.values.iter().map(|value| *value as f32).collect()
}

fn last(line: &TraitLineView) -> f64 {
    line.values.last().copied().unwrap_or(line.sheet)
}

fn day(at: Timestamp) -> String {
    at.strftime("%b %-d").to_string()
}

/// Where a time lies on the chart, 0 to 100.
fn place(nature: &NatureView, at: Option<Timestamp>) -> Option<i64> {
    let (from, until, at) = (nature.from?, nature.until?, at?);
    let whole = (until.as_second() - from.as_second()).max(1);
    Some(((at.as_second() - from.as_second()) * 100 / whole).clamp(0, 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_told_in_words_and_small() {
        let line = |name: &str, at: usize| {
            let values: Vec<f64> = (0..29).map(|step| if step < at { 0.8 } else { 0.95 }).collect();
            serde_json::json!({ "name": name, "sheet": 0.8, "values": values })
        };
        let cause = serde_json::json!({
            "at": "2026-11-20T12:00:00Z", "words": "Mr. Malvo Trevine: paranoia +.15, since a <threat>.",
            "catalyst": "system_event", "event": "",
        });
        let view: NatureView = serde_json::from_value(serde_json::json!({
            "from": "2026-11-13T12:00:00Z", "until": "2026-11-27T12:00:00Z",
            "traits": [line("paranoia", 14), line("aggression", 20), line("humor", 25)], "causes": vec![cause; 6],
        }))
        .unwrap();
        let drawn = nature(&view, "2026-11-27T12:00:00Z".parse().unwrap()).into_string();
        assert!(drawn.contains("paranoia between 0.80 and 0.95, 0.95 now, 0.80 by its sheet"), "{drawn}");
        assert!(drawn.contains("M50 0V24") && drawn.contains("&lt;threat&gt;"), "{drawn}");
        // The largest that it can be: fifteen of them stay below 60 kB.
        assert!(drawn.len() < 4_000, "{} bytes", drawn.len());
    }
}
