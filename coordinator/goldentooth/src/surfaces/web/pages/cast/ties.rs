//! What binds the characters, as a graph: everybody on a circle, a curve for
//! each tie. Each name is a link to its card; pointed at or focused, it shows
//! its own ties alone and says them in words (`ties.js`).

use crate::surfaces::view::CharacterView;
use maud::{Markup, html};
use std::f64::consts::{FRAC_PI_2, TAU};

/// The kinds of ties, in words.
const KINDS: [(&str, &str); 7] = [
    ("alliance", "alliance"),
    ("dependency", "needs the other"),
    ("rivalry", "rivalry"),
    ("contempt", "contempt"),
    ("trust", "trust, for a time"),
    ("affection", "affection, for a time"),
    ("shared_suffering", "failed together"),
];
/// Middle and radius of the circle, in the graph's own units.
const MIDDLE: (f64, f64) = (260.0, 200.0);
const RADIUS: f64 = 140.0;
/// Where the names stand.
const NAMES: f64 = 156.0;

struct Spot<'a> {
    one: &'a CharacterView,
    angle: f64,
}

impl Spot<'_> {
    fn at(&self, radius: f64) -> (f64, f64) {
        (MIDDLE.0 + radius * self.angle.cos(), MIDDLE.1 + radius * self.angle.sin())
    }

    /// Which side of its point the name stands on.
    fn anchor(&self) -> &'static str {
        match self.angle.cos() {
            cos if cos > 0.2 => "start",
            cos if cos < -0.2 => "end",
            _ => "middle",
        }
    }
}

/// The panel of ties.
pub(super) fn ties(all: &[CharacterView]) -> Markup {
    let count = all.len().max(1) as f64;
    let spots: Vec<Spot<'_>> = all
        .iter()
        .enumerate()
        .map(|(at, one)| Spot { one, angle: at as f64 / count * TAU - FRAC_PI_2 })
        .collect();
    let spot = |id: &str| spots.iter().find(|spot| spot.one.id == id);
    html! {
        section.panel.ties-panel aria-labelledby="ties" {
            div.heading { h2 #ties { "What binds them" } p.hint { "point at a name, or go there with the Tab key" } }
            svg.ties viewBox="0 34 530 336" role="group" aria-label="A graph of ties; the same stands below it in words" {
                @for from in &spots {
                    @for tie in &from.one.relationships {
                        @if let Some(to) = spot(&tie.to) {
                            path.tie data-kind=(tie.kind) data-from=(from.one.id) data-to=(tie.to) d=(curve(from, to)) {}
                        }
                    }
                }
                @for spot in &spots {
                    @let (x, y) = spot.at(RADIUS);
                    @let (name_x, name_y) = spot.at(NAMES);
                    a.knot href={ "#cast-" (spot.one.id) } data-id=(spot.one.id) data-feeling=(spot.one.feeling) aria-label={ (spot.one.name) ": " (words(spot.one, all)) } {
                        circle cx=(round(x)) cy=(round(y)) r="7" {}
                        text x=(round(name_x)) y=(round(name_y + 5.0)) text-anchor=(spot.anchor()) { (short(&spot.one.name)) }
                    }
                }
            }
            p.tie-words #tie-words { "Nobody is pointed at." }
            ul.key { @for (kind, word) in KINDS { li data-kind=(kind) { (word) } } }
            details {
                summary { "All of them in words" }
                ul.plain { @for one in all { @for tie in &one.relationships { li { (sentence(&one.name, &tie.kind, &full(&tie.to, all))) ". " (tie.why) } } } }
            }
        }
    }
}

/// A curve that leans towards the middle, so that neighbours' ties are told apart.
fn curve(from: &Spot<'_>, to: &Spot<'_>) -> String {
    let ((ax, ay), (bx, by)) = (from.at(RADIUS), to.at(RADIUS));
    let lean = |a: f64, b: f64, middle: f64| f64::midpoint(a, b) * 0.35 + middle * 0.65;
    let (x, y) = (lean(ax, bx, MIDDLE.0), lean(ay, by, MIDDLE.1));
    format!("M{} {}Q{} {} {} {}", round(ax), round(ay), round(x), round(y), round(bx), round(by))
}

/// The name that one goes by: without an article, and of a name with a title the last word.
pub(super) fn short(name: &str) -> &str {
    if let Some(rest) = name.strip_prefix("The ") {
        return rest;
    }
    let last = name.rsplit(' ').next().unwrap_or(name);
    if last.chars().all(|c| c.is_ascii_digit()) { name } else { last }
}

fn full(id: &str, all: &[CharacterView]) -> String {
    all.iter().find(|one| one.id == id).map_or_else(|| id.to_owned(), |one| one.name.clone())
}

fn sentence(from: &str, kind: &str, to: &str) -> String {
    match kind {
        "alliance" => format!("{from} stands with {to}"),
        "rivalry" => format!("{from} measures itself against {to}"),
        "dependency" => format!("{from} needs {to}"),
        "contempt" => format!("{from} looks down on {to}"),
        "trust" => format!("{from} has come to trust or mistrust {to}"),
        "affection" => format!("{from} has come to like or dislike {to}"),
        "shared_suffering" => format!("{from} failed at the same time as {to}"),
        other => format!("{from}, {other}, {to}"),
    }
}

/// All ties of one, its own and those of others to it.
fn words(one: &CharacterView, all: &[CharacterView]) -> String {
    let own = one.relationships.iter().map(|tie| sentence("it", &tie.kind, &full(&tie.to, all)));
    let others = all.iter().flat_map(|other| {
        let to_it = other.relationships.iter().filter(|tie| tie.to == one.id);
        to_it.map(|tie| sentence(&other.name, &tie.kind, "it"))
    });
    let words: Vec<String> = own.chain(others).collect();
    if words.is_empty() { "nothing binds it".to_owned() } else { words.join("; ") }
}

fn round(number: f64) -> String {
    format!("{number:.1}")
}
