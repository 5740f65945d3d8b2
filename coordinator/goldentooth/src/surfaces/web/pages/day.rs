//! A node's day: the ribbon of its moods over its temperature and load.

use crate::surfaces::view::{DayView, Standing};
use crate::surfaces::web::draw;
use fleet::words::quantity;
use frames::Vital;
use maud::{Markup, html};

pub(super) fn day(day: &DayView) -> Markup {
    let known = day.mood.iter().flatten().count();
    let steps = day.mood.len().max(1);
    let width = 100.0 / steps as f32;
    html! {
        section.panel aria-labelledby="day" {
            h2 #day { "Its last 24 hours" }
            @if known == 0 {
                p.hint { "Nothing is recorded yet; each quarter of an hour adds a step." }
            } @else {
                div.day {
                    div.day-row {
                        p { "Mood" span { (worst(day)) } }
                        svg.ribbon viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={ "Moods: " (worst(day)) } {
                            @for (i, mood) in day.mood.iter().enumerate() {
                                @if let Some(mood) = mood {
                                    rect data-standing=(mood.name()) x=(format!("{:.2}", i as f32 * width)) y="0" width=(format!("{:.2}", width * 0.9)) height="24" {
                                        title { (mood.name()) (when(day, i)) }
                                    }
                                }
                            }
                        }
                    }
                    (line("Temperature", Vital::Temperature, &day.temperature, None, 10.0))
                    (line("Load", Vital::Load1, &day.load1, Some(0.0), 1.0))
                    p.axis { span { "24 h ago" } span { "12 h" } span { "now" } }
                }
            }
        }
    }
}

fn line(label: &str, vital: Vital, values: &[Option<f64>], floor: Option<f32>, span: f32) -> Markup {
    let known = || values.iter().flatten().copied();
    let (least, most) =
        known().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), value| (l.min(value), m.max(value)));
    let range = format!("{} to {}", quantity(vital, least as f32), quantity(vital, most as f32));
    html! {
        @if known().next().is_some() {
            div.day-row {
                p { (label) span { (range) } }
                svg viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={ (label) ": " (range) } {
                    @for points in draw::broken(values, floor, span) { polyline points=(points) {} }
                }
            }
        }
    }
}

/// The gravest mood of the day, and for how long in all.
fn worst(day: &DayView) -> String {
    let Some(worst) = day.mood.iter().flatten().max() else { return String::new() };
    let count = day.mood.iter().flatten().filter(|mood| *mood == worst).count();
    let minutes = count as u64 * u64::from(day.step_s) / 60;
    let long = if minutes < 60 { format!("{minutes} min") } else { format!("{} h", (minutes + 30) / 60) };
    format!("at worst {}, {long}", Standing::new(Some(*worst), false).word())
}

/// Where a step begins, for who points at it.
fn when(day: &DayView, step: usize) -> String {
    let offset = i64::from(day.step_s) * i64::try_from(step).unwrap_or(0);
    let at = day.from.and_then(|from| from.checked_add(jiff::SignedDuration::from_secs(offset)).ok());
    at.map(|at| at.strftime(", from %H:%M UTC").to_string()).unwrap_or_default()
}
