//! The understudy: the mind that is always there, and asks no language model.

use cast::life::Bearing;
use cast::{Fact, Recent, Sheet, Utterance, reply, retort, utter};
use oorandom::Rand64;
use std::collections::BTreeMap;

/// Composes lines from sheets and facts alone. The same facts and seeds in the
/// same order give the same lines.
#[derive(Clone, Debug, Default)]
pub struct Understudy {
    /// What each character said last, so that it does not repeat itself. One
    /// entry per sheet of the cast.
    recent: BTreeMap<String, Recent>,
}

impl Understudy {
    /// The name of this mind, as it stands beside what it composed.
    pub const NAME: &'static str = "understudy";

    /// What it says of itself where somebody asks who spoke.
    pub fn introduction(sheet: &Sheet) -> String {
        format!(
            "This is the understudy, speaking for {} from the sheet's own words and recorded facts. \
             No language model was asked.",
            sheet.name
        )
    }

    /// A sentence about the fact in the words of the sheet; none if the sheet
    /// has no words for it, or none that are fresh.
    pub fn compose(&mut self, sheet: &Sheet, fact: &Fact, bearing: Bearing, seed: u64) -> Option<Utterance> {
        let recent = self.recent.entry(sheet.id.clone()).or_default();
        utter(sheet, fact, bearing, &mut Rand64::new(u128::from(seed)), recent)
    }

    /// A sentence against what another has said; none without fresh words for it.
    pub fn retort(&mut self, sheet: &Sheet, fact: &Fact, bearing: Bearing, seed: u64) -> Option<Utterance> {
        let recent = self.recent.entry(sheet.id.clone()).or_default();
        retort(sheet, fact, bearing, &mut Rand64::new(u128::from(seed)), recent)
    }

    /// An answer, begun as this character begins one; the answer as it is where
    /// its sheet has no beginning.
    /// With a bearing it may have an afterthought.
    pub fn answer(sheet: &Sheet, answer: &str, bearing: Option<Bearing>, seed: u64) -> String {
        reply(sheet, answer, bearing, &mut Rand64::new(u128::from(seed))).unwrap_or_else(|| answer.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cast::{Cast, Mood, Occasion};

    fn fact(node: &str) -> Fact {
        let event = "018f".to_owned();
        Fact { event, mood: Some(Mood::Stressed), ..Fact::of(node, 0, Occasion::Stressed) }
    }

    #[test]
    fn characters_remember_what_they_said_each_for_themselves() {
        let cast = Cast::built_in().unwrap();
        let mut understudy = Understudy::default();
        for sheet in cast.sheets() {
            // One seed draws the same line first; memory makes it another one.
            let first = understudy.compose(sheet, &fact("pi-1"), Bearing::default(), 3).unwrap();
            let second = understudy.compose(sheet, &fact("pi-2"), Bearing::default(), 3).unwrap();
            assert_ne!(first.frame, second.frame, "{}", sheet.id);
            assert!(first.text.contains("pi-1"));
        }
    }

    #[test]
    fn it_says_who_it_is() {
        let cast = Cast::built_in().unwrap();
        let said = Understudy::introduction(cast.get("malvo").unwrap());
        assert!(said.contains(Understudy::NAME) && said.contains("Mr. Malvo Trevine"), "{said}");
    }
}
