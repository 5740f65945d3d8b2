//! What holds for whatever there may be to say.

use super::*;
use proptest::prelude::*;

fn any_mood() -> impl Strategy<Value = Mood> {
    prop::sample::select(Mood::ALL.to_vec())
}

fn any_reading() -> impl Strategy<Value = Reading> {
    let names = ["cpu", "disk_used", "net_sent", "temperature", "throttled_now", "load1"];
    let units = ["%", "B/s", "°C", "", "/s"];
    (
        prop::sample::select(names.to_vec()),
        "[a-z]{2,9} [a-z]{2,9}",
        prop::sample::select(units.to_vec()),
        (-50.0..2e9_f64, prop::option::of(-50.0..2e9_f64)),
        any::<bool>(),
        prop::option::of(prop::sample::select(vec![Direction::Above, Direction::Below])),
    )
        .prop_map(|(name, words, unit, (value, usual), flag, direction)| Reading {
            name: name.to_owned(),
            words,
            flag,
            value: quantity(value, unit),
            direction,
            usual: usual.map(|usual| quantity(usual, unit)),
        })
}

fn any_fact() -> impl Strategy<Value = Fact> {
    (
        "[A-Za-z0-9_-]{1,32}",
        prop::sample::select(Occasion::ALL.to_vec()),
        (any_mood(), any_mood()),
        prop::option::of(0..10_000_000_u32),
        prop::option::of(0..10_000_000_u32),
        prop::collection::vec(any_reading(), 0..3),
        0..4_000_000_000_000_i64,
    )
        .prop_map(|(node, occasion, (was, mood), lasted, unheard, readings, at)| Fact {
            event: "018f".to_owned(),
            at,
            node,
            occasion,
            mood: Some(mood),
            was: Some(was),
            lasted: lasted.map(|lasted| quantity(f64::from(lasted), "s")),
            readings,
            unheard: unheard.map(|unheard| quantity(f64::from(unheard), "s")),
            past: Past::default(),
        })
}

proptest! {
    /// Take out of a line what its facts put in, and no claim is left.
    #[test]
    fn whatever_a_line_claims_is_a_fact(fact in any_fact(), seed in any::<u128>(), who in 0..21_usize) {
        let cast = cast();
        let sheet = &cast.sheets()[who];
        let mut recent = Recent::default();
        let Some(utterance) = utter(sheet, &fact, Bearing::default(), &mut Rand64::new(seed), &mut recent)
        else {
            // A signal that says nothing is no occasion to speak.
            prop_assert_eq!(fact.occasion, Occasion::Signal);
            return Ok(());
        };
        prop_assert!(utterance.kind != Kind::Fiction);
        let slots = Slots::of(&fact, &sheet.notices);
        let mut filled = utterance.frame.clone();
        for fact in &utterance.facts {
            prop_assert_eq!(slots.get(fact.slot), Some(fact));
            filled = filled.replace(&format!("{{{}}}", fact.slot.name()), &fact.text);
        }
        prop_assert_eq!(filled.to_lowercase(), utterance.text.to_lowercase());
        let mut bare = utterance.frame.clone();
        for slot in Slot::ALL {
            bare = bare.replace(&format!("{{{}}}", slot.name()), " ");
        }
        prop_assert_eq!(lexicon::first_in(&bare), None);
        let leftover = bare.contains(['{', '}', '<', '>']);
        prop_assert!(!leftover, "{}", bare);
    }
}
