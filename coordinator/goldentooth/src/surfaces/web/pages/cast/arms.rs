//! A coat of arms for each character, drawn from its name alone: it tells one
//! from the other at a glance, and nothing of what a veiled one stands for.

use maud::{Markup, html};

/// Divisions of the field, in a box of 24, clipped by the shield.
const FIELDS: [&str; 9] = [
    "M12 0h12v24H12z",               // per pale
    "M0 11h24v13H0z",                // per fess
    "M24 0v24L0 0z",                 // per bend
    "M0 24 12 9l12 15z",             // per chevron
    "M12 0h12v11H12zM0 11h12v13H0z", // quarterly
    "M0 0h24v6H0z",                  // a chief
    "M3 0h18l-9 20z",                // a pile
    "M0 0h6l18 18v6h-6L0 6z",        // a bend
    "M0 7h24v7H0z",                  // a fess
];

/// Charges, in the same box.
const CHARGES: [&str; 12] = [
    "m12 4.8 1.8 3.7 4 .5-2.9 2.8.7 4-3.6-1.9-3.6 1.9.7-4L6.2 9l4-.5z",
    "M14.9 15.2A5.3 5.3 0 1 1 13.3 5a4.3 4.3 0 1 0 1.6 10.2z",
    "M7.2 16v-6.5h1v-4h1.7v1.5h1.1V5.5h2v1.5h1.1V5.5h1.7v4h1V16z",
    "M9 6.5a3 3 0 1 0 2.8 4H14v2h1.7v-2H18v-2h-6.2A3 3 0 0 0 9 6.5zm0 2a1 1 0 1 1 0 2 1 1 0 0 1 0-2z",
    "M5 10.7Q12 4 19 10.7 12 17.4 5 10.7zM12 8a2.7 2.7 0 1 0 0 5.4A2.7 2.7 0 0 0 12 8z",
    "m12 4.5 4.5 6.2-4.5 6.2-4.5-6.2z",
    "M10.7 4.8h2.6v4h4v2.6h-4v5h-2.6v-5h-4V8.8h4z",
    "M12 4.5q4.3 5.2 4.3 7.7a4.3 4.3 0 0 1-8.6 0q0-2.5 4.3-7.7z",
    "M12 5.8a5 5 0 1 0 0 10 5 5 0 0 0 0-10zm0 2.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8z",
    "m12 4.5 3.7 3.5v8.5L12 14l-3.7 2.5V8z",
    "M6 7.5q1.5-1.7 3 0t3 0 3 0 3 0v2q-1.5 1.7-3 0t-3 0-3 0-3 0zm0 4.5q1.5-1.7 3 0t3 0 3 0 3 0v2q-1.5 1.7-3 0t-3 0-3 0-3 0z",
    "M12 5.5l1.2 3.3L16.6 7l-1.3 3.4 3.4 1.1-3.4 1.2 1.3 3.3-3.4-1.7L12 17.6l-1.2-3.3L7.4 16l1.3-3.3-3.4-1.2 3.4-1.1L7.4 7l3.4 1.8z",
];

/// How many pairs of tinctures the style sheet has (`.arms[data-tincture]`).
const TINCTURES: u64 = 6;

/// The shield's outline, which clips its field.
const SHIELD: &str = "M3 2h18v9c0 6-4 9.5-9 11.5C7 20.5 3 17 3 11z";

/// FNV-1a: the same for ever, on every machine.
fn hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Which division, charge and tincture a name has.
fn blazon(id: &str) -> (usize, usize, u64) {
    let hash = hash(id);
    let of = |count: usize, shift: u32| ((hash >> shift) % count as u64) as usize;
    (of(FIELDS.len(), 8), of(CHARGES.len(), 24), (hash >> 40) % TINCTURES)
}

/// The coat of arms of a character.
pub(super) fn arms(id: &str) -> Markup {
    let (field, charge, tincture) = blazon(id);
    html! {
        svg.arms viewBox="0 0 24 24" aria-hidden="true" data-tincture=(tincture) {
            g clip-path="url(#shield)" {
                path.field d="M0 0h24v24H0z" {}
                path.half d=(FIELDS.get(field).copied().unwrap_or_default()) {}
            }
            path.charge fill-rule="evenodd" d=(CHARGES.get(charge).copied().unwrap_or_default()) {}
            path.rim d=(SHIELD) {}
        }
    }
}

/// What every coat of arms needs once in the page.
pub(super) fn clip() -> Markup {
    html! { svg.sprite aria-hidden="true" { clipPath #shield { path d=(SHIELD) {} } } }
}

#[cfg(all(test, feature = "stage"))]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nobody_of_the_cast_bears_the_arms_of_another() {
        let cast = cast::Cast::built_in().unwrap();
        let all: BTreeSet<_> = cast.sheets().iter().map(|sheet| blazon(&sheet.id)).collect();
        assert_eq!(all.len(), cast.sheets().len());
        // The same for ever.
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
