//! What every sheet must keep, and a page of each voice to read.

use crate::*;
use oorandom::Rand64;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::OnceLock;

fn cast() -> &'static Cast {
    static CAST: OnceLock<Cast> = OnceLock::new();
    CAST.get_or_init(|| Cast::core().unwrap_or_else(|error| panic!("{error}")))
}

fn quantity(value: f64, unit: &str) -> Quantity {
    Quantity { value, unit: unit.to_owned(), text: format!("{value} {unit}").trim_end().to_owned() }
}

fn reading(value: f64, usual: Option<f64>) -> Reading {
    Reading {
        name: "disk_used".to_owned(),
        words: "disk used".to_owned(),
        flag: false,
        value: quantity(value, "%"),
        direction: Some(Direction::Above),
        usual: usual.map(|usual| quantity(usual, "%")),
    }
}

fn flag() -> Reading {
    Reading {
        name: "under_voltage_now".to_owned(),
        words: "under-voltage now".to_owned(),
        flag: true,
        value: quantity(1.0, ""),
        direction: Some(Direction::Above),
        usual: None,
    }
}

/// A fact of this occasion that tells all that one can.
fn whole(occasion: Occasion) -> Fact {
    let (was, mood) = match occasion {
        Occasion::Joined => (None, None),
        Occasion::Bored => (Some(Mood::Happy), Some(Mood::Bored)),
        Occasion::Happy => (Some(Mood::Bored), Some(Mood::Happy)),
        Occasion::Stressed => (Some(Mood::Happy), Some(Mood::Stressed)),
        Occasion::Crisis => (Some(Mood::Stressed), Some(Mood::Crisis)),
        Occasion::Eased => (Some(Mood::Crisis), Some(Mood::Happy)),
        Occasion::Silent | Occasion::Returned => (None, Some(Mood::Happy)),
    };
    let of_mood = !matches!(occasion, Occasion::Joined | Occasion::Silent | Occasion::Returned);
    Fact {
        event: "018f".to_owned(),
        at: 1_763_694_300_000,
        node: "pi-07".to_owned(),
        occasion,
        mood,
        was,
        lasted: of_mood.then(|| quantity(3.0, "h")),
        readings: if of_mood { vec![reading(97.0, Some(41.5))] } else { Vec::new() },
        unheard: (!of_mood && occasion != Occasion::Joined).then(|| quantity(95.0, "s")),
    }
}

/// The shapes that a fact of one occasion can have.
fn shapes(occasion: Occasion) -> Vec<Fact> {
    let whole = whole(occasion);
    let bare = Fact { lasted: None, readings: Vec::new(), unheard: None, ..whole.clone() };
    let mut shapes = vec![whole.clone(), bare];
    if !whole.readings.is_empty() {
        shapes.push(Fact { readings: vec![flag()], ..whole.clone() });
        shapes.push(Fact { readings: vec![reading(97.0, None)], lasted: None, ..whole });
    }
    shapes
}

/// Everything that a sheet can say about a fact, as far as so many draws find it.
fn said(sheet: &Sheet, fact: &Fact, draws: u64) -> Vec<Utterance> {
    let mut chance = Rand64::new(7);
    let mut recent = Recent::default();
    (0..draws).map(|_| utter(sheet, fact, &mut chance, &mut recent).unwrap()).collect()
}

#[test]
fn every_character_has_something_to_say_about_everything() {
    for sheet in cast().sheets() {
        for occasion in Occasion::ALL {
            for fact in shapes(occasion) {
                let frames: BTreeSet<String> =
                    said(sheet, &fact, 64).into_iter().map(|utterance| utterance.frame).collect();
                assert!(frames.len() >= 3, "{} on {occasion:?} has only {frames:#?}", sheet.id);
            }
        }
    }
}

#[test]
fn no_frame_returns_at_once() {
    for sheet in cast().sheets() {
        for occasion in Occasion::ALL {
            for fact in shapes(occasion) {
                for pair in said(sheet, &fact, 200).windows(2) {
                    assert_ne!(pair[0].frame, pair[1].frame, "{} on {occasion:?}", sheet.id);
                }
            }
        }
    }
}

#[test]
fn a_line_is_one_sentence() {
    for sheet in cast().sheets() {
        for occasion in Occasion::ALL {
            for utterance in shapes(occasion).iter().flat_map(|fact| said(sheet, fact, 64)) {
                let frame = &utterance.frame;
                assert!(frame.ends_with(['.', '?', '!']), "{}: {frame}", sheet.id);
                assert_eq!(frame.matches(['.', '?', '!']).count(), 1, "{}: {frame}", sheet.id);
                assert!(!frame.contains("  "), "{}: {frame}", sheet.id);
                assert!(frame.contains("{node}"), "{}: {frame}", sheet.id);
            }
        }
    }
}

#[test]
fn grave_lines_are_short_and_begin_with_the_fact() {
    for sheet in cast().sheets() {
        for mut fact in [Occasion::Crisis, Occasion::Silent].into_iter().flat_map(shapes) {
            if let Some(reading) = fact.readings.first_mut() {
                reading.words = "a long vital's name".to_owned();
            }
            for utterance in said(sheet, &fact, 64) {
                let words = utterance.text.split_whitespace().count();
                assert!(words <= 25, "{}: {words} words: {}", sheet.id, utterance.text);
                assert!(utterance.text.starts_with(&fact.node), "{}: {}", sheet.id, utterance.text);
                let told = |slot| utterance.facts.iter().any(|filled| filled.slot == slot);
                assert!(told(Slot::State), "{}: {}", sheet.id, utterance.text);
                let measured = !Slots::of(&fact, &[]).has_measure()
                    || [Slot::Value, Slot::Sign, Slot::Unheard].into_iter().any(told);
                assert!(measured, "{}: {}", sheet.id, utterance.text);
            }
        }
    }
}

/// Runs of literal words of this length between slots and phrases.
fn runs(sheet: &Sheet, length: usize) -> BTreeSet<Vec<String>> {
    let grammar = &sheet.grammar;
    let templates = grammar.lines.values().chain(grammar.phrases.values()).flatten();
    let texts = templates.flat_map(|template| &template.parts).filter_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    let mut runs = BTreeSet::new();
    for text in texts {
        let words: Vec<String> = lexicon::words(text).map(str::to_lowercase).collect();
        runs.extend(words.windows(length).map(<[String]>::to_vec));
    }
    runs
}

#[test]
fn no_fragment_is_shared_between_sheets() {
    let mut owners: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for sheet in cast().sheets() {
        for run in runs(sheet, 3) {
            if let Some(other) = owners.insert(run.clone(), sheet.id.clone()) {
                panic!("{other} and {} both say {:?}", sheet.id, run.join(" "));
            }
        }
    }
}

#[test]
fn ties_and_offices_fit_together() {
    let cast = cast();
    let mut offices = Vec::new();
    for sheet in cast.sheets() {
        assert!(!sheet.veiled, "the core cast is known: {}", sheet.id);
        assert!(!offices.contains(&sheet.office), "{} shares an office", sheet.id);
        offices.push(sheet.office);
        for tie in &sheet.ties {
            assert!(cast.get(&tie.to).is_some_and(|other| other.id != sheet.id), "{}: {}", sheet.id, tie.to);
        }
    }
}

#[test]
fn who_embodies_a_node_is_fixed_and_spread() {
    let cast = cast();
    let mut counts = BTreeMap::new();
    for number in 0..600 {
        let node = format!("pi-{number:02}");
        let id = cast.embody(&node).unwrap().id.clone();
        assert_eq!(id, cast.embody(&node).unwrap().id);
        *counts.entry(id).or_insert(0) += 1;
    }
    assert!(counts.len() == 6 && counts.values().all(|count| (60..=140).contains(count)), "{counts:?}");
    // Fixed for ever, not only within a run.
    assert_eq!(cast.embody("pi-07").unwrap().id, "caudex");
}

#[test]
fn a_faulty_sheet_says_where_and_what() {
    let malvo = include_str!("../sheets/malvo.toml");
    let error = |from: &str, to: &str| {
        assert!(malvo.contains(from), "{from}");
        Sheet::parse("malvo", &malvo.replacen(from, to, 1)).unwrap_err().to_string()
    };
    assert_eq!(
        error("archetype =", "archetyp ="),
        "malvo.toml: unknown key `archetyp`; the nearest is `archetype`"
    );
    assert_eq!(
        error("paranoia =", "paranoya ="),
        "malvo.toml: unknown key `traits.paranoya`; the nearest is `traits.paranoia`"
    );
    assert_eq!(
        error("paranoia = 0.8", "paranoia = 1.8"),
        "malvo.toml: traits.paranoia is 1.8; a trait is a number from 0 to 1"
    );
    assert!(error("papers, now", "papers, twice").contains("\"twice\" is a number"));
    assert!(error("papers, now", "{nood}").contains("there is no slot {nood}; the nearest is {node}"));
    assert!(error("<act>", "<acts>").contains("the nearest is <act>"));
    assert!(
        error("\"{node}, {state}: <act>.\"", "\"go, {node} is {state}!\"").contains("begins with {node}")
    );
    assert!(error("name = ", "nam = ").contains("`nam`"));
    assert!(error("office = \"security\"", "office = \"king\"").contains("malvo.toml"));
}

#[test]
fn an_eye_decides_what_is_told() {
    let cast = cast();
    let mut fact = whole(Occasion::Stressed);
    fact.readings.push(Reading {
        name: "net_sent".to_owned(),
        words: "network sent".to_owned(),
        ..reading(5.0, None)
    });
    let told = |id: &str| {
        let utterance = said(cast.get(id).unwrap(), &fact, 1).remove(0);
        utterance.facts.into_iter().find(|filled| filled.slot == Slot::Vital).unwrap().text
    };
    assert_eq!(told("glestrine"), "network sent");
    assert_eq!(told("operant-7"), "disk used");
}

#[test]
fn the_same_seed_says_the_same() {
    let cast = cast();
    for sheet in cast.sheets() {
        let fact = whole(Occasion::Happy);
        assert_eq!(said(sheet, &fact, 20), said(sheet, &fact, 20));
    }
}

#[test]
fn pages_to_read() {
    for sheet in cast().sheets() {
        let mut page = format!("{}, {}\n", sheet.name, sheet.archetype);
        let mut chance = Rand64::new(42);
        let mut recent = Recent::default();
        for occasion in Occasion::ALL {
            writeln!(page, "\n{}", occasion.name()).unwrap();
            for fact in shapes(occasion) {
                for _ in 0..3 {
                    let line = utter(sheet, &fact, &mut chance, &mut recent).unwrap().text;
                    writeln!(page, "  {line}").unwrap();
                }
            }
        }
        insta::assert_snapshot!(format!("page_{}", sheet.id), page);
    }
}

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
        })
}

proptest! {
    /// Take out of a line what its facts put in, and no claim is left.
    #[test]
    fn whatever_a_line_claims_is_a_fact(fact in any_fact(), seed in any::<u128>(), who in 0..6_usize) {
        let cast = cast();
        let sheet = &cast.sheets()[who];
        let utterance = utter(sheet, &fact, &mut Rand64::new(seed), &mut Recent::default()).unwrap();
        prop_assert_eq!(utterance.kind, Kind::Fact);
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
