//! The tables on a real cast: what happens moves, ends, and is bounded.

use super::table::MINUTE;
use super::*;
use crate::{Direction, Fact, Mood, Occasion, Quantity, Reading, Signal};
use proptest::prelude::*;
use std::sync::OnceLock;

fn cast() -> &'static Cast {
    static CAST: OnceLock<Cast> = OnceLock::new();
    CAST.get_or_init(|| Cast::built_in().unwrap())
}

/// A node that this character embodies.
fn node_of(id: &str) -> String {
    let name = |number: u32| format!("pi-{number}");
    (0..1_000).map(name).find(|name| cast().embody(name).is_some_and(|sheet| sheet.id == id)).unwrap()
}

fn reading(name: &str) -> Reading {
    let quantity = |value: f64| Quantity { value, unit: String::new(), text: value.to_string() };
    Reading {
        name: name.to_owned(),
        words: name.to_owned(),
        flag: false,
        value: quantity(9.0),
        direction: Some(Direction::Above),
        usual: Some(quantity(1.0)),
    }
}

fn fact(node: &str, occasion: Occasion, vital: &str) -> Fact {
    let (was, mood) = match occasion {
        Occasion::Crisis => (Some(Mood::Stressed), Some(Mood::Crisis)),
        Occasion::Stressed => (Some(Mood::Happy), Some(Mood::Stressed)),
        Occasion::Eased => (Some(Mood::Crisis), Some(Mood::Happy)),
        _ => (None, None),
    };
    Fact { mood, was, readings: vec![reading(vital)], ..Fact::of(node, 0, occasion) }
}

/// Something happens to a node, at this time, told by this vital.
fn happens(growth: &mut Growth, at: UnixMillis, node: &str, occasion: Occasion, vital: &str) -> Vec<Change> {
    let fact = fact(node, occasion, vital);
    let event = format!("event-{at}");
    let happened = Happened {
        event: &event,
        at,
        kind: "mood_changed",
        node,
        words: "something happened",
        fact: Some(&fact),
        signals: &[],
        failed: None,
        times: 1,
    };
    growth.heard(cast(), &happened)
}

/// An event that is no mood, with these signals.
fn signal(
    growth: &mut Growth,
    at: UnixMillis,
    kind: &str,
    signals: &[Signal],
    failed: Option<bool>,
) -> Vec<Change> {
    let event = format!("event-{at}");
    let times = 1;
    let happened =
        Happened { event: &event, at, kind, node: "", words: kind, fact: None, signals, failed, times };
    growth.heard(cast(), &happened)
}

fn moved(growth: &Growth, id: &str, which: Trait, now: UnixMillis) -> f32 {
    let sheet = cast().get(id).unwrap();
    growth.traits(sheet, now).get(which) - sheet.traits.get(which)
}

fn near(value: f32, expected: f32) -> bool {
    (value - expected).abs() < 0.005
}

#[test]
fn a_strain_that_lasts_changes_its_character_as_the_table_says_and_decays() {
    let node = node_of("caudex");
    let mut growth = Growth::default();
    happens(&mut growth, 0, &node, Occasion::Stressed, "oom_kills");
    assert_eq!(growth.tick(cast(), 4 * HOUR - 1), []);
    let changes = growth.tick(cast(), 4 * HOUR);
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(
        (change.by.as_str(), change.about.as_str(), change.event.as_str()),
        ("caudex", node.as_str(), "event-0")
    );
    // 200 and 150 thousandths, at the intensity of stress; .95 can only grow to 1.
    assert!(near(moved(&growth, "caudex", Trait::Curiosity, 4 * HOUR), 0.05));
    let scholarly = |now| growth.life("caudex").unwrap().nature.of(Trait::Scholarly, now);
    assert_eq!([4, 13, 22].map(|hour| scholarly(hour * HOUR)), [112, 56, 0]);
    assert_eq!(growth.clone().tick(cast(), 9 * HOUR), [], "once for each trouble");
}

#[test]
fn a_strain_of_another_sort_or_too_slight_changes_nobody() {
    for (id, vital) in
        [("caudex", "cpu"), ("glestrine", "oom_kills"), ("operant-7", "cpu"), ("umbrell", "cpu")]
    {
        let mut growth = Growth::default();
        happens(&mut growth, 0, &node_of(id), Occasion::Stressed, vital);
        assert_eq!(growth.tick(cast(), 12 * HOUR), [], "{id}");
    }
    let mut growth = Growth::default();
    let node = node_of("glestrine");
    happens(&mut growth, 0, &node, Occasion::Stressed, "cpu");
    happens(&mut growth, HOUR, &node, Occasion::Happy, "cpu");
    assert_eq!(growth.tick(cast(), 12 * HOUR), [], "it did not last");
}

#[test]
fn a_crisis_that_lasts_makes_malvo_protective_to_the_end_of_the_scale() {
    let (node, mut growth) = (node_of("malvo"), Growth::default());
    happens(&mut growth, 0, &node, Occasion::Crisis, "cpu");
    assert_eq!(growth.tick(cast(), 29 * MINUTE), []);
    assert!(!growth.tick(cast(), 30 * MINUTE).is_empty());
    let traits = growth.traits(cast().get("malvo").unwrap(), 30 * MINUTE);
    assert!(near(traits.protective, 1.0) && near(traits.paranoia, 1.0) && near(traits.aggression, 1.0));
    let changes = happens(&mut growth, HOUR, &node, Occasion::Eased, "cpu");
    assert!(changes.iter().any(|change| matches!(change.what, What::Nature(Why::Success, ..))));
}

#[test]
fn a_week_without_failure_makes_prometheus_pedantic_and_only_where_it_is_heard_of() {
    let service = [Signal::Service("prometheus".to_owned())];
    let mut growth = Growth::default();
    growth.tick(cast(), 0);
    assert_eq!(growth.tick(cast(), 8 * DAY), [], "nothing was ever heard of it");
    signal(&mut growth, 8 * DAY, "service_reported", &service, Some(false));
    // A fortnight without people is over before: that is neglect, and another matter.
    let stable = |change: &Change| matches!(change.what, What::Nature(Why::Stability, ..));
    assert!(!growth.tick(cast(), 15 * DAY - 1).iter().any(stable));
    let changes = growth.tick(cast(), 15 * DAY);
    let pedantic: Vec<&str> =
        changes.iter().filter(|one| stable(one)).map(|change| change.by.as_str()).collect();
    assert_eq!(pedantic, ["prometheus"]);
    let left = growth.life("prometheus").unwrap().nature.of(Trait::Precision, 15 * DAY);
    assert_eq!(left, 200);
    // What fails begins anew.
    signal(&mut growth, 16 * DAY, "service_reported", &service, Some(true));
    assert!(!growth.tick(cast(), 22 * DAY).iter().any(stable));
    assert!(growth.tick(cast(), 23 * DAY).iter().any(stable));
}

#[test]
fn more_than_fifty_accesses_a_day_make_vault_paranoid_and_an_unbound_signal_nothing() {
    let vault = [Signal::Service("vault".to_owned())];
    let mut growth = Growth::default();
    for number in 0..50 {
        assert_eq!(signal(&mut growth, number, "secret_accessed", &vault, None), []);
        // Of a service that nobody embodies.
        signal(&mut growth, number, "secret_accessed", &[Signal::Service("nginx".to_owned())], None);
    }
    let changes = signal(&mut growth, 60, "secret_accessed", &vault, None);
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(change.by, "vault");
    assert!(matches!(change.what, What::Nature(Why::Accesses, ..)));
    assert_eq!(growth.life("vault").unwrap().nature.of(Trait::Paranoia, 60), 300);
}

#[test]
fn neglect_makes_some_lonely_and_others_content() {
    let mut growth = Growth::default();
    assert_eq!(growth.tick(cast(), 0), []);
    growth
        .met(cast(), Meeting { person: "ann", with: "malvo", how: Why::Asked, key: 1, event: "e", at: DAY });
    let changes = growth.tick(cast(), 14 * DAY);
    assert_eq!(changes.len(), cast().sheets().len() - 1, "all but the one that was asked");
    assert!(growth.life("umbrell").unwrap().nature.of(Trait::Social, 14 * DAY) > 0, "lonely");
    assert!(growth.life("caudex").unwrap().nature.of(Trait::Aggression, 14 * DAY) < 0, "content");
    assert_eq!(growth.tick(cast(), 15 * DAY).len(), 1, "its own fortnight is over a day later");
    assert_eq!(growth.tick(cast(), 16 * DAY), []);
}

#[test]
fn time_in_which_nobody_watched_decays_and_does_not_neglect() {
    let mut growth = Growth::default();
    growth.tick(cast(), HOUR);
    happens(&mut growth, HOUR, &node_of("malvo"), Occasion::Crisis, "cpu");
    growth.tick(cast(), 2 * HOUR);
    assert!(growth.life("malvo").unwrap().nature.of(Trait::Paranoia, 2 * HOUR) > 0);
    assert_eq!(growth.seen(), Some(2 * HOUR));
    growth.away(60 * DAY);
    let now = 60 * DAY + 2 * HOUR;
    assert_eq!(growth.tick(cast(), now), [], "nobody was neglected, and nothing was stable");
    assert_eq!(growth.life("malvo").unwrap().nature.of(Trait::Paranoia, now), 0, "but it has decayed");
}

#[test]
fn who_fails_together_is_bound_and_who_needs_another_is_let_down() {
    let mut growth = Growth::default();
    happens(&mut growth, 0, &node_of("calliope"), Occasion::Crisis, "cpu");
    let changes = happens(&mut growth, 5 * MINUTE, &node_of("glestrine"), Occasion::Crisis, "cpu");
    let tied: Vec<(&str, &str)> = changes
        .iter()
        .filter(|change| matches!(change.what, What::Tie(Why::SharedFailure, ..)))
        .map(|change| (change.by.as_str(), change.about.as_str()))
        .collect();
    assert_eq!(tied, [("glestrine", "calliope"), ("calliope", "glestrine")]);
    let (now, calliope) = (5 * MINUTE, cast().get("calliope").unwrap());
    let regard = growth.regard(calliope, "glestrine", now);
    assert_eq!((regard.of(Strand::Trust), regard.of(Strand::SharedSuffering)), (300, 400));
    assert_eq!(regard.of(Strand::Rivalry), 600, "and its sheet's tie stays");
    assert!(
        regard.sways(crate::Move::Tease)
            < growth.regard(calliope, "glestrine", 40 * DAY).sways(crate::Move::Tease)
    );
    // Operant 7 needs Calliope.
    let operant = cast().get("operant-7").unwrap();
    let (before, after) =
        (Regard::on_paper(&operant.ties, "calliope"), growth.regard(operant, "calliope", now));
    assert!(after.belief() < before.belief(), "{after:?}");
    assert_eq!(growth.regard(operant, "calliope", 60 * DAY), before, "all ties go back to the sheet's");
}

#[test]
fn death_and_resurrection_are_remembered() {
    let (sheet, text) = crate::birth::bear(cast(), "pi-9", 1).unwrap();
    assert!(!text.is_empty());
    let (mut own, id) = (cast().clone(), sheet.id.clone());
    own.add(sheet).unwrap();
    let mut growth = Growth::default();
    let hear = |growth: &mut Growth, at: UnixMillis, occasion| {
        let (fact, event) = (fact("pi-9", occasion, "cpu"), format!("event-{at}"));
        let happened = Happened {
            event: &event,
            at,
            kind: "silent",
            node: "pi-9",
            words: "",
            fact: Some(&fact),
            signals: &[],
            failed: None,
            times: 1,
        };
        growth.heard(&own, &happened)
    };
    growth.born(&id, "pi-9", "born", "event-0", 0);
    hear(&mut growth, HOUR, Occasion::Silent);
    let died = growth.tick(&own, HOUR + DAY);
    assert!(died.iter().any(|change| change.what == What::Fate("died") && change.by == id), "{died:?}");
    let risen = hear(&mut growth, 3 * DAY, Occasion::Returned);
    assert!(risen.iter().any(|change| change.what == What::Fate("resurrected")));
    assert!(risen.iter().any(|change| matches!(change.what, What::Nature(Why::Resurrection, ..))));
    let kinds: Vec<&str> =
        growth.life(&id).unwrap().memory.long().1.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["born", "died", "resurrected"]);
}

#[test]
fn a_person_is_known_by_what_they_do_and_can_be_forgotten() {
    let mut growth = Growth::default();
    let meet = |growth: &mut Growth, person: &str, how, key, at| {
        growth.met(cast(), Meeting { person, with: "caudex", how, key, event: &format!("e{at}"), at })
    };
    for (key, hour) in (0..60).zip(0..) {
        meet(&mut growth, "ann", Why::Asked, key, hour * HOUR);
    }
    let (now, known) = (60 * HOUR, |growth: &Growth| growth.people("caudex").count());
    let ann = growth.people("caudex").next().unwrap().1.clone();
    assert_eq!((ann.memories.len(), ann.asked), (OF_A_PERSON, 60));
    assert!(growth.regard_of("caudex", "ann", now).of(Strand::Affection) > 200);
    assert_eq!(growth.regard_of("malvo", "ann", now), Regard::default());
    // The same at once again is no conversation.
    meet(&mut growth, "bob", Why::Asked, 7, now);
    meet(&mut growth, "bob", Why::Asked, 7, now + MINUTE);
    let bob = growth.people("caudex").find(|(person, _)| *person == "bob").unwrap().1;
    assert_eq!(bob.memories.back().unwrap().how, Why::Repeated);
    meet(&mut growth, NOBODY, Why::Asked, 8, now);
    assert_eq!(known(&growth), 2, "of nobody in particular nothing is held");
    assert!(serde_json::to_string(&growth).unwrap().contains("\"ann\""));
    assert!(growth.forget("ann") && !growth.forget("ann"));
    assert!(!serde_json::to_string(&growth).unwrap().contains("\"ann\""));
    for number in 0..100 {
        meet(&mut growth, &format!("person {number}"), Why::ThumbUp, 0, now + HOUR + number);
    }
    assert_eq!(known(&growth), PEOPLE);
    assert!(growth.people("caudex").all(|(person, _)| person != "bob"), "who was met longest ago makes room");
}

#[test]
fn whoever_is_fixed_remembers_and_does_not_change() {
    let mut growth = Growth::default();
    growth.fix(true);
    let node = node_of("malvo");
    assert_eq!(happens(&mut growth, 0, &node, Occasion::Crisis, "cpu"), []);
    assert_eq!(growth.tick(cast(), 30 * DAY), []);
    assert!(near(moved(&growth, "malvo", Trait::Protective, 0), 0.0));
    assert_eq!(growth.life("malvo").unwrap().memory.memories().count(), 1);
}

#[test]
fn every_cause_has_words_and_every_row_something_to_go_by() {
    for why in Why::ALL {
        assert!(!why.words("pi-1").contains('{') && !why.words("pi-1").ends_with('.'));
        assert_eq!(serde_json::to_value(why).unwrap(), why.name());
        let known = NATURE.iter().any(|row| row.why == *why) || BONDS.iter().any(|bond| bond.why == *why);
        assert!(known, "{why:?} changes nothing");
    }
    let catalysts: std::collections::BTreeSet<Catalyst> = Why::ALL.iter().map(|why| why.catalyst()).collect();
    assert_eq!(catalysts.len(), 5);
    assert!(NATURE.iter().all(|row| row.moves.is_empty() || row.lasts > 0));
    assert!(NATURE.iter().all(|row| match row.who {
        Who::Only(id) => cast().get(id).is_some(),
        _ => true,
    }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever happens, no trait leaves its range, nothing grows without end,
    /// and in the end everybody is as the sheets say.
    #[test]
    fn whatever_happens_it_is_bounded_and_ends(
        given in prop::collection::vec((0..12_u32, 0..5_usize, 0..7_200_000_i64), 0..150),
    ) {
        let occasions =
            [Occasion::Stressed, Occasion::Crisis, Occasion::Eased, Occasion::Silent, Occasion::Returned];
        let (mut growth, mut at) = (Growth::default(), 0);
        for (node, which, later) in given {
            at += later;
            let node = format!("pi-{node}");
            for change in happens(&mut growth, at, &node, occasions[which], "cpu") {
                prop_assert!(!change.event.is_empty(), "{:?} has no cause", change);
            }
            growth.tick(cast(), at);
            for sheet in cast().sheets() {
                for (name, value) in growth.traits(sheet, at).iter() {
                    prop_assert!((0.0..=1.0).contains(&value), "{} of {} is {}", name, sheet.id, value);
                }
            }
        }
        for life in growth.lives.values() {
            prop_assert!(life.nature.len() <= MOST && life.ties.len() <= cast().sheets().len());
            prop_assert!(life.ties.values().all(|tie| tie.len() <= MOST));
        }
        prop_assert!(growth.failing.len() <= 16 && growth.troubled.len() <= 12);
        let kept: Growth = serde_json::from_value(serde_json::to_value(&growth).unwrap()).unwrap();
        prop_assert_eq!(&kept, &growth, "over a restart");
        for sheet in cast().sheets() {
            prop_assert_eq!(growth.traits(sheet, at + 40 * DAY), sheet.traits);
        }
    }
}

#[test]
fn what_is_bet_right_is_trusted_and_a_wrong_bet_humbles() {
    let proved = |right| {
        let mut growth = Growth::default();
        let changes = growth.proved(cast(), "caudex", right, "event-1", 0);
        assert!(changes.iter().all(|change| change.event == "event-1"));
        let tied: Vec<&Sheet> =
            cast().sheets().iter().filter(|sheet| sheet.ties.iter().any(|tie| tie.to == "caudex")).collect();
        assert!(tied.len() >= 2 && changes.len() == tied.len() + 1, "{changes:?}");
        let trust = |sheet: &Sheet| growth.regard(sheet, "caudex", 0).of(crate::Strand::Trust);
        let on_paper = |sheet: &Sheet| Regard::on_paper(&sheet.ties, "caudex").of(crate::Strand::Trust);
        let gained: Vec<i16> = tied.iter().map(|sheet| trust(sheet) - on_paper(sheet)).collect();
        (moved(&growth, "caudex", Trait::Confidence, 0), gained)
    };
    let ((up, trusted), (down, doubted)) = (proved(true), proved(false));
    assert!(near(up, 0.1) && near(down, -0.1), "{up} {down}");
    assert!(trusted.iter().all(|by| *by == 100) && doubted.iter().all(|by| *by == -100));
}
