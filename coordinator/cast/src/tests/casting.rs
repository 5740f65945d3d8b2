//! Who is in the cast, how its sheets fit together, and who embodies which node.

use super::*;
use crate::lint::{self, lint};
use std::collections::BTreeMap;

#[test]
fn the_cast_passes_its_own_lint() {
    let findings = lint(cast(), |_| true);
    assert!(findings.is_empty(), "{}", findings.iter().map(|one| format!("{one}\n")).collect::<String>());
    let unbound = lint(cast(), |signal| !matches!(signal, Signal::Service(_)));
    let unbound: Vec<String> = unbound.iter().map(ToString::to_string).collect();
    assert_eq!(unbound.len(), 3, "{unbound:?}");
    assert!(unbound[0].contains("never fires"), "{unbound:?}");
}

#[test]
fn a_copy_of_a_sheet_is_no_new_character() {
    let mut cast = cast().clone();
    cast.add(Sheet::parse("twin", include_str!("../../sheets/malvo.toml")).unwrap()).unwrap();
    let findings = lint(&cast, |_| true);
    assert!(
        findings.iter().any(|one| matches!(one, lint::Finding::Alike { distance, .. } if *distance == 0.0))
    );
    assert!(findings.iter().any(|one| one.to_string().contains("malvo.toml and twin.toml both say")));
}

#[test]
fn ties_and_offices_fit_together() {
    let cast = cast();
    let mut offices = Vec::new();
    assert_eq!(cast.sheets().iter().filter(|sheet| sheet.veiled).count(), 2);
    for sheet in cast.sheets() {
        assert!(sheet.office.is_none() || !offices.contains(&sheet.office), "{} shares an office", sheet.id);
        assert!(!sheet.veiled || sheet.triggers.len() >= 5, "{} gives too few clues", sheet.id);
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
    let malvo = include_str!("../../sheets/malvo.toml");
    let error = |from: &str, to: &str| {
        assert!(malvo.contains(from), "{from}");
        Sheet::parse("malvo", &malvo.replacen(from, to, 1)).unwrap_err().to_string()
    };
    assert_eq!(
        error("archetype =", "archetyp ="),
        "malvo.toml, line 6: unknown key `archetyp`; the nearest is `archetype`"
    );
    assert_eq!(
        error("style = \"noir\"", "style = \"noire\"").split(", and").next().unwrap(),
        "malvo.toml, line 8: style \"noire\" is unknown; the nearest is \"noir\""
    );
    assert_eq!(
        error("paranoia =", "paranoya ="),
        "malvo.toml, line 32: unknown key `traits.paranoya`; the nearest is `traits.paranoia`"
    );
    assert_eq!(
        error("paranoia = 0.8", "paranoia = 1.8"),
        "malvo.toml, line 32: traits.paranoia is 1.8; a trait is a number from 0 to 1"
    );
    let told = error("papers, now", "papers, twice");
    assert!(told.contains("\"twice\" is a number") && told.starts_with("malvo.toml, line "), "{told}");
    assert!(error("papers, now", "{nood}").contains("there is no slot {nood}; the nearest is {node}"));
    assert!(error("<act>", "<acts>").contains("the nearest is <act>"));
    assert!(
        error("\"{node}, {state}: <act>.\"", "\"go, {node} is {state}!\"").contains("begins with {node}")
    );
    assert!(error("name = ", "nam = ").contains("`nam`"));
    assert!(error("office = \"security\"", "office = \"king\"").contains("malvo.toml"));
}

#[test]
fn nodes_of_one_role_live_together_and_all_others_where_they_did() {
    let before = cast();
    let mut cast = before.clone();
    for node in ["pi-01", "pi-05", "nas"] {
        assert!(cast.live_as(node, Some("storage")) && !cast.live_as(node, Some("storage")));
    }
    let heads: BTreeSet<&str> =
        ["pi-01", "pi-05", "nas"].map(|node| cast.embody(node).unwrap().id.as_str()).into();
    assert_eq!(heads.len(), 1, "{heads:?}");
    for number in 10..200 {
        let node = format!("pi-{number}");
        assert_eq!(cast.embody(&node).unwrap().id, before.embody(&node).unwrap().id, "{node}");
    }
    assert!(!cast.is_unique_role("storage"));
    cast.live_as("printer", Some("paper"));
    assert!(cast.is_unique_role("paper"));
    cast.live_as("pi-01", None);
    assert_eq!(
        cast.embody("pi-01").unwrap().id,
        before.embody("pi-01").unwrap().id,
        "a role can be taken away"
    );
}

#[test]
fn what_the_veiled_stand_for_is_in_no_sheet() {
    let cast = cast();
    for (id, right, wrong) in [
        ("marrow", ["time", "It is the clock!", "NTP"], "the weather"),
        ("tallow", ["electricity", "the power supply", "Voltage"], "candles"),
    ] {
        let sheet = cast.get(id).unwrap();
        assert!(
            sheet.domain.is_empty() && sheet.guess.iter().all(|one| matches!(one, Answer::Hashed { .. }))
        );
        for guess in right {
            assert!(sheet.guessed(guess).is_some(), "{guess}");
        }
        assert_eq!(sheet.guessed(wrong), None);
    }
    // Of one that is veiled by a setting, any part of its domain is right.
    let malvo = cast.get("malvo").unwrap();
    assert_eq!(malvo.guessed("she keeps the secrets").as_deref(), Some("secrets"));
    assert_eq!(malvo.guessed("security").as_deref(), Some("security"));
    assert_eq!((malvo.guessed("and"), malvo.guessed("")), (None, None));
}
