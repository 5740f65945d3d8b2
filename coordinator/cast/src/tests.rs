//! What every sheet must keep, and a page of each voice to read.

mod casting;
mod lines;
mod properties;
mod truth;

use crate::life::{Bearing, Feeling, Readiness, Tone};
use crate::*;
use oorandom::Rand64;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::OnceLock;

fn cast() -> &'static Cast {
    static CAST: OnceLock<Cast> = OnceLock::new();
    CAST.get_or_init(|| {
        let mut cast = Cast::built_in().unwrap_or_else(|error| panic!("{error}"));
        // The reserve is held to all that the stage is held to.
        for (id, text) in birth::RESERVE {
            cast.add(Sheet::parse(id, text).unwrap_or_else(|error| panic!("{error}"))).unwrap();
        }
        cast
    })
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
        Occasion::Silent | Occasion::Returned | Occasion::Signal => (None, Some(Mood::Happy)),
    };
    let of_mood =
        !matches!(occasion, Occasion::Joined | Occasion::Silent | Occasion::Returned | Occasion::Signal);
    Fact {
        event: "018f".to_owned(),
        at: 1_763_694_300_000,
        node: "pi-07".to_owned(),
        occasion,
        mood,
        was,
        lasted: of_mood.then(|| quantity(3.0, "h")),
        readings: match occasion {
            _ if of_mood => vec![reading(97.0, Some(41.5))],
            Occasion::Signal => vec![Reading::sign("restarted", "restart of the machine")],
            _ => Vec::new(),
        },
        unheard: matches!(occasion, Occasion::Silent | Occasion::Returned).then(|| quantity(95.0, "s")),
        past: Past {
            before: Some(Quantity { text: "2 h ago".to_owned(), ..quantity(7.2e6, "ms") }),
            earlier: Some("017d".to_owned()),
            times: Some(Quantity { text: "3 times in 24 h".to_owned(), ..quantity(3.0, "") }),
            cause: Some(Cause {
                words: "the restart of pi-03 at 02:51 UTC".to_owned(),
                event: "017e".to_owned(),
                node: "pi-03".to_owned(),
            }),
            also: Vec::new(),
        },
    }
}

/// The shapes that a fact of one occasion can have.
fn shapes(occasion: Occasion) -> Vec<Fact> {
    let whole = whole(occasion);
    if occasion == Occasion::Signal {
        return vec![whole.clone(), Fact { past: Past::default(), ..whole }];
    }
    let bare =
        Fact { lasted: None, readings: Vec::new(), unheard: None, past: Past::default(), ..whole.clone() };
    let mut shapes = vec![whole.clone(), bare];
    if !whole.readings.is_empty() {
        shapes.push(Fact { readings: vec![flag()], ..whole.clone() });
        shapes.push(Fact { readings: vec![reading(97.0, None)], lasted: None, ..whole });
    }
    shapes
}

/// Everything that a sheet can say about a fact, as far as so many draws find it.
fn said(sheet: &Sheet, fact: &Fact, draws: u64) -> Vec<Utterance> {
    said_as(sheet, fact, Bearing::default(), draws)
}

fn said_as(sheet: &Sheet, fact: &Fact, bearing: Bearing, draws: u64) -> Vec<Utterance> {
    let mut chance = Rand64::new(7);
    let mut recent = Recent::default();
    (0..draws).filter_map(|_| utter(sheet, fact, bearing, &mut chance, &mut recent)).collect()
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
fn no_frame_returns_within_200_lines() {
    for sheet in cast().sheets() {
        let mut chance = Rand64::new(11);
        let mut recent = Recent::default();
        let mut frames: Vec<String> = Vec::new();
        let mut silent = 0;
        // As a fleet brings them: moods mostly, and a coming or going now and then.
        for turn in 0..1200_usize {
            let occasion = match turn % 12 {
                0 => Occasion::Returned,
                1 | 2 => Occasion::Signal,
                3..=5 => Occasion::Stressed,
                6 | 7 => Occasion::Eased,
                8 | 9 => Occasion::Bored,
                _ => Occasion::Happy,
            };
            let shapes = shapes(occasion);
            let fact = &shapes[turn % shapes.len()];
            match utter(sheet, fact, Bearing::default(), &mut chance, &mut recent) {
                Some(utterance) => frames.push(utterance.frame),
                None => silent += 1,
            }
        }
        for (place, frame) in frames.iter().enumerate() {
            let before = &frames[place.saturating_sub(200)..place];
            assert!(!before.contains(frame), "{}: {frame}", sheet.id);
        }
        assert!(silent < 60, "{} stays silent {silent} times of 1200 for want of words", sheet.id);
    }
}

#[test]
fn a_line_is_a_fact_and_at_most_one_thing_made_of_it() {
    for sheet in cast().sheets() {
        for occasion in Occasion::ALL {
            for utterance in shapes(occasion).iter().flat_map(|fact| said(sheet, fact, 64)) {
                let frame = &utterance.frame;
                assert!(frame.ends_with(['.', '?', '!', ')']), "{}: {frame}", sheet.id);
                assert!(!frame.contains("  "), "{}: {frame}", sheet.id);
                assert!(frame.contains("{node}"), "{}: {frame}", sheet.id);
                assert!(utterance.text.starts_with(&utterance.bare), "{}: {frame}", sheet.id);
                assert_eq!(utterance.made.is_some(), utterance.bare != utterance.text, "{}", sheet.id);
                let suspects = utterance.made.is_some_and(Move::is_suspicion);
                assert_eq!(utterance.kind == Kind::Suspicion, suspects, "{}: {frame}", sheet.id);
                assert!(!suspects || frame.contains("{settle}"), "{}: {frame}", sheet.id);
                if occasion.is_urgent() {
                    assert_eq!(utterance.made, None, "{}: {frame}", sheet.id);
                }
            }
        }
    }
}

#[test]
fn after_a_crisis_nobody_jests() {
    let sober = Bearing { tone: Tone::Sober, ..Bearing::default() };
    let plain = Bearing { tone: Tone::Plain, ..Bearing::default() };
    for sheet in cast().sheets() {
        for fact in Occasion::ALL.into_iter().flat_map(shapes) {
            for utterance in said_as(sheet, &fact, sober, 64) {
                let jest = [Move::Boast, Move::Tease, Move::Praise, Move::Muse, Move::Ask, Move::Doubt];
                assert!(utterance.made.is_none_or(|made| !jest.contains(&made)), "{}", utterance.text);
            }
            assert!(said_as(sheet, &fact, plain, 16).iter().all(|line| line.made.is_none()));
        }
    }
}

#[test]
fn readiness_and_feeling_change_what_is_said() {
    let fact = whole(Occasion::Happy);
    let made = |sheet: &Sheet, bearing: Bearing, which: &[Move]| {
        let lines = said_as(sheet, &fact, bearing, 60);
        let hits = lines.iter().filter(|line| line.made.is_some_and(|made| which.contains(&made))).count();
        hits * 100 / lines.len()
    };
    for sheet in cast().sheets() {
        let felt = |feeling| Bearing { feeling, ..Bearing::default() };
        let gloating = made(sheet, felt(Feeling::Gloating), &[Move::Boast, Move::Tease, Move::Recall]);
        let calm = made(sheet, felt(Feeling::Content), &[Move::Boast, Move::Tease, Move::Recall]);
        assert!(gloating > calm, "{}: {gloating} and {calm}", sheet.id);
        let ready = |readiness| Bearing { readiness, ..Bearing::default() };
        let all = Move::ALL;
        let idle = made(sheet, ready(Readiness::Idle), &all);
        let tired = made(sheet, ready(Readiness::Tired), &all);
        assert!(idle > tired + 5, "{}: {idle} and {tired}", sheet.id);
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
                    let line =
                        utter(sheet, &fact, Bearing::default(), &mut chance, &mut recent).unwrap().text;
                    writeln!(page, "  {line}").unwrap();
                }
            }
        }
        insta::assert_snapshot!(format!("page_{}", sheet.id), page);
    }
}
