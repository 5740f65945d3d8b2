//! What lasts: births, veils, mutes, and what services do to characters.

use super::*;
use cast::birth::Why;
use fleet::{Declared, Relations};

const DAY: Millis = 24 * 60 * 60_000;

fn crisis(node: &str) -> Change {
    mood(node, Some(Mood::Happy), Mood::Crisis)
}

fn declared(name: &str, node: &str, needs: &[&str], role: Option<&str>) -> Declared {
    Declared {
        name: name.parse().unwrap(),
        nodes: vec![node.parse().unwrap()],
        unit: Some(name.to_owned()),
        needs: needs.iter().map(|need| need.parse().unwrap()).collect(),
        role: role.map(str::to_owned),
    }
}

fn with(services: Vec<Declared>) -> Stage {
    let relations = Relations::new(services).unwrap();
    Stage::new(Cast::built_in().unwrap(), 7, Settings { relations, ..Settings::default() })
}

#[test]
fn three_crises_within_a_week_earn_a_character_and_far_apart_they_do_not() {
    let mut slow = stage();
    play(&mut slow, &[0, 5, 10, 15].map(|day| (day * DAY, crisis("a"))));
    assert_eq!(slow.newborn(), []);
    let mut fast = stage();
    let before = fast.embody("a").unwrap().id.clone();
    play(&mut fast, &[(0, crisis("a")), (DAY, crisis("a")), (DAY, silent("a")), (DAY + 1, silent("a"))]);
    assert_eq!(fast.newborn(), [], "crises and silences are counted apart");
    let third = event(AT + (2 * DAY).cast_signed(), &crisis("a"));
    let line = fast.heard(2 * DAY, &third).unwrap();
    let born = fast.newborn().remove(0);
    assert_eq!((born.birth.node.as_str(), &born.birth.why), ("a", &Why::Crises(3)));
    assert_eq!(born.birth.cause, Some(third.id.to_string()));
    assert_ne!(fast.embody("a").unwrap().id, before);
    assert_eq!(line.by, born.id, "it speaks of its own node at once");
    assert_eq!(fast.kept().born[&born.id], born.birth);
    play(&mut fast, &[3, 4, 5, 6].map(|day| (day * DAY, crisis("a"))));
    assert_eq!(fast.newborn(), [], "one is enough");
}

#[test]
fn a_role_that_no_other_has_earns_one_and_a_wish_does() {
    let mut stage = with(vec![
        declared("web", "a", &[], Some("front")),
        declared("api", "b", &[], Some("front")),
        declared("tape", "c", &[], Some("archive")),
    ]);
    assert_eq!(stage.embody("a").unwrap().id, stage.embody("b").unwrap().id, "one role, one household");
    play(&mut stage, &[(0, joined("a")), (0, joined("b")), (0, joined("c"))]);
    let born = stage.newborn();
    assert_eq!(born.len(), 1);
    assert_eq!(
        (born[0].birth.node.as_str(), &born[0].birth.why),
        ("c", &Why::UniqueRole("archive".to_owned()))
    );
    let wished = stage.bear(0, AT, "a", Why::Wish, None).unwrap();
    assert_eq!(stage.embody("a").unwrap().id, wished);
    assert!(stage.bear(0, AT, "a", Why::Wish, None).unwrap_err().to_string().contains("already"));
}

#[test]
fn without_births_nobody_is_born_by_itself() {
    let settings = Settings { births: None, ..Settings::default() };
    let mut stage = Stage::new(Cast::built_in().unwrap(), 7, settings);
    play(&mut stage, &[0, 1, 2, 3].map(|hour| (hour * 3_600_000, crisis("a"))));
    assert_eq!(stage.newborn(), []);
}

#[test]
fn what_is_kept_comes_back() {
    let mut cast = Cast::built_in().unwrap();
    cast.veil("malvo");
    let mut before = Stage::new(cast.clone(), 7, Settings::default());
    before.mute("umbrell", true);
    for _ in 0..9 {
        before.thumb(0, "caudex", false);
    }
    assert_eq!(before.guess("malvo", "the weather"), Some(false));
    assert_eq!(before.guess("malvo", "secrets"), Some(true));
    assert_eq!(before.guess("marrow", "It is the clock"), Some(true));
    assert_eq!(before.guess("umbrell", "anything"), None);
    let json = serde_json::to_value(before.kept()).unwrap();
    let mut after = Stage::new(cast, 8, Settings::default());
    after.remember(serde_json::from_value(json).unwrap());
    assert_eq!(after.kept(), before.kept());
    let portraits = after.portraits(0);
    let of = |id: &str| portraits.iter().find(|one| one.id == id).unwrap();
    assert!(of("umbrell").muted && !of("malvo").muted);
    assert_eq!(of("caudex").thumbs, -5);
    assert_eq!(of("malvo").embodies.as_deref(), Some("security and secrets"));
    assert_eq!(of("marrow").embodies.as_deref(), Some("clock"), "the answer stands for what no sheet says");
    assert_eq!(of("tallow").embodies, None);
    for one in &portraits {
        assert_eq!(after.portrait(0, &one.id).as_ref(), Some(one), "alone as among all");
    }
    assert_eq!(after.portrait(0, "nobody"), None);
}

#[test]
fn services_tie_characters_and_may_be_causes() {
    let mut stage = with(vec![declared("web", "a", &["db"], None), declared("db", "b", &[], None)]);
    let (one, other) = (stage.embody("a").unwrap().clone(), stage.embody("b").unwrap().id.clone());
    if one.id != other {
        let tie = one.ties.iter().find(|tie| tie.to == other).expect("a tie by the declaration");
        assert!(
            tie.kind == cast::TieKind::Dependency && tie.why == "web needs db." || !tie.why.contains("needs")
        );
    }
    let down = Change::ServiceChanged {
        node: "b".parse().unwrap(),
        unit: "db.service".to_owned(),
        from: Some(frames::ServiceState::Active),
        to: frames::ServiceState::Failed,
    };
    let down = event(AT, &down);
    stage.heard(0, &down);
    let fact = |at: i64, node: &str| facts::of(&event(at, &mood(node, None, Mood::Stressed))).unwrap();
    let relations =
        Relations::new(vec![declared("web", "a", &["db"], None), declared("db", "b", &[], None)]).unwrap();
    let mut memory = crate::past::Memory::default();
    memory.past(&facts::of(&down).unwrap(), &[]);
    let needs = |node: &str| relations.places_needed_on(node);
    let cause = memory.past(&fact(AT + 60_000, "a"), &needs("a")).cause.expect("what it needs failed");
    assert_eq!(cause.event, down.id.to_string());
    assert!(cause.words.starts_with("db.service failed on b at "), "{}", cause.words);
    assert_eq!(memory.past(&fact(AT + 60_000, "c"), &needs("c")).cause, None, "c needs nothing there");
    assert_eq!(memory.past(&fact(AT + 11 * 60_000, "a"), &needs("a")).cause.map(|cause| cause.event), None);
}

#[test]
fn a_trigger_on_a_service_is_pulled_by_its_declared_unit_and_by_its_reports() {
    let mut vault = declared("vault", "a", &[], None);
    vault.unit = Some("hc-vault".to_owned());
    let relations = Relations::new(vec![vault]).unwrap();
    let signals = |change: &Change| {
        let event = event(AT, change);
        facts::signals(&event, &facts::of(&event).unwrap(), &relations)
    };
    let service = cast::Signal::Service("vault".to_owned());
    let unit = |node: &str| Change::ServiceChanged {
        node: node.parse().unwrap(),
        unit: "hc-vault.service".to_owned(),
        from: None,
        to: frames::ServiceState::Failed,
    };
    assert!(signals(&unit("a")).contains(&service));
    assert!(!signals(&unit("b")).contains(&service), "it is declared elsewhere");
    let reported = Change::ServiceReported {
        service: "vault".parse().unwrap(),
        node: None,
        from: None,
        to: frames::ServiceState::Failed,
        note: None,
        seen_by: None,
    };
    assert!(signals(&reported).contains(&service));
    let fact = facts::of(&event(AT, &reported)).unwrap();
    assert_eq!((fact.node.as_str(), fact.readings[0].words.as_str()), ("vault", "a failure"));
    let mut stage = with(vec![]);
    let line = stage.heard(0, &event(AT, &reported)).unwrap();
    assert_eq!(line.by, "vault", "whoever has a trigger for it speaks: {}", line.text);
    assert!(!line.text.contains("vault failed"), "it stands on no node of its own name: {}", line.text);
}
