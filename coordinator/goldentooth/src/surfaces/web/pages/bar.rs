//! The bar of a node's last 24 hours: a segment for each quarter of an hour,
//! coloured and high by mood. `bars.js` draws the same, moves it on with time
//! and tells a segment's time and cause to pointer, finger and keyboard.

use crate::surfaces::view::MoodsView;
use maud::{Markup, html};

/// How a letter of [`MoodsView`] is drawn: the standing that colours it, and
/// its height in a box of 24; none for a gap.
fn look(letter: u8) -> Option<(&'static str, u8)> {
    Some(match letter {
        b'b' => ("bored", 8),
        b'h' => ("happy", 12),
        b's' => ("stressed", 18),
        b'c' => ("crisis", 24),
        b'?' => ("learning", 5),
        _ => return None,
    })
}

/// Stretches of one letter: where each begins, and how long it is.
pub(super) fn runs(letters: &str) -> Vec<(u8, usize, usize)> {
    let mut runs: Vec<(u8, usize, usize)> = Vec::new();
    for (place, letter) in letters.bytes().enumerate() {
        match runs.last_mut() {
            Some((last, _, long)) if *last == letter => *long += 1,
            _ => runs.push((letter, place, 1)),
        }
    }
    runs
}

/// How long it was what, the worst first: what a screen reader is told.
pub(super) fn summary(letters: &str) -> String {
    let words =
        [(b'c', "crisis"), (b's', "stressed"), (b'h', "happy"), (b'b', "bored"), (b'.', "nothing heard")];
    let each = words.into_iter().filter_map(|(letter, word)| {
        let quarters = letters.bytes().filter(|each| *each == letter).count();
        (quarters > 0).then(|| format!("{word} {}", long(quarters)))
    });
    each.collect::<Vec<_>>().join(", ")
}

fn long(quarters: usize) -> String {
    match quarters {
        0..4 => format!("{} min", quarters * 15),
        _ => format!("{:.0} h", quarters as f64 / 4.0),
    }
}

/// The bar of one node.
pub(super) fn bar(node: &str, letters: &str) -> Markup {
    html! {
        div.bar data-day=(letters) role="slider" tabindex="0" aria-label={ (node) ", last 24 hours" }
            aria-valuemin="0" aria-valuemax="95" aria-valuenow="95" aria-valuetext=(summary(letters)) {
            svg viewBox="0 0 96 24" preserveAspectRatio="none" aria-hidden="true" {
                @for (letter, from, long) in runs(letters) {
                    @if let Some((standing, high)) = look(letter) {
                        rect data-standing=(standing) x=(from) y=(24 - high) width=(long) height=(high) {}
                    }
                }
            }
        }
    }
}

/// The letters of a node that nothing is known of.
pub(super) fn of<'a>(moods: &'a MoodsView, node: &str) -> &'a str {
    moods.nodes.get(node).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_quarters_are_one_stretch_and_are_told_in_words() {
        assert_eq!(runs("..hhs"), [(b'.', 0, 2), (b'h', 2, 2), (b's', 4, 1)]);
        assert_eq!(summary("..hhsssss"), "stressed 1 h, happy 30 min, nothing heard 30 min");
        assert_eq!(summary(""), "");
    }

    #[test]
    fn only_moods_are_drawn() {
        let drawn = bar("pi-1", "..hc").into_string();
        assert_eq!(drawn.matches("<rect").count(), 2, "{drawn}");
        assert!(drawn.contains(r#"data-standing="crisis" x="3" y="0" width="1" height="24""#), "{drawn}");
    }
}
