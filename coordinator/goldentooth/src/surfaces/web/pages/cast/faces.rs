//! The nine feelings as masks: each has a shape of its own, and the word beside it.

use maud::{Markup, html};

/// Feeling, and the lines that are cut into its mask.
const MASKS: [(&str, &str); 9] = [
    ("content", "M8.5 9.5v1M15.5 9.5v1M8.5 14q3.5 3 7 0"),
    ("restless", "M9.5 9.5v1.2M16.5 9.5v1.2M8 15q2-2 4 0t4 0"),
    ("excited", "M7 10.5q1.4-2.4 2.8 0M14.2 10.5q1.4-2.4 2.8 0M8.5 13.5h7q-.5 4-3.5 4t-3.5-4z"),
    ("stressed", "M7.5 9l2.3 1.2M16.5 9l-2.3 1.2M8 16l2-1.7 2 1.7 2-1.7 2 1.7"),
    ("panicked", "M8.5 8.7a1.1 1.4 0 1 0 .01 0M15.5 8.7a1.1 1.4 0 1 0 .01 0M12 14a1.8 2 0 1 0 .01 0"),
    ("angry", "M7 8.5l3 2.3M17 8.5l-3 2.3M8.5 16.5q3.5-3 7 0"),
    ("resigned", "M7 10h3M14 10h3M9 15.5h6"),
    ("gloating", "M7 9.5l3 .8M14 9.2l3-.8M8.5 14.5q4.5 3 7-1.5"),
    ("lonely", "M7 9.5q1.4 1.7 2.8 0M14.2 9.5q1.4 1.7 2.8 0M8.4 12v2M9 17q3-2.3 6 0"),
];

/// The masks, once in the page.
pub(super) fn masks() -> Markup {
    html! {
        svg.sprite aria-hidden="true" {
            @for (feeling, lines) in MASKS {
                symbol #{ "feeling-" (feeling) } viewBox="0 0 24 24" {
                    path d="M3.5 4.5Q12 1.5 20.5 4.5V12c0 5-4 8.5-8.5 10-4.5-1.5-8.5-5-8.5-10z" fill="currentColor" {}
                    path.cut d=(lines) {}
                }
            }
        }
    }
}

/// The mask of a feeling.
pub(super) fn mask(feeling: &str) -> Markup {
    html! { svg.shape aria-hidden="true" { use data-slot="mask" href={ "#feeling-" (feeling) } {} } }
}

#[cfg(all(test, feature = "stage"))]
mod tests {
    use super::*;

    #[test]
    fn every_feeling_has_a_mask() {
        let drawn: Vec<&str> = MASKS.iter().map(|(feeling, _)| *feeling).collect();
        let all: Vec<&str> = cast::life::Feeling::ALL.into_iter().map(cast::life::Feeling::name).collect();
        assert_eq!(drawn, all);
    }
}
