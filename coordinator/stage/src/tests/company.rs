//! Emergencies, rooms, questions, seconds and glances.

use super::*;
use cast::Sheet;
use cast::life::{Readiness, Reason, Tone, Why};
use serde_json::json;
use std::collections::BTreeSet;

const SECOND: Millis = 1_000;

fn portrait<'a>(all: &'a [Portrait], id: &str) -> &'a Portrait {
    all.iter().find(|one| one.id == id).unwrap()
}

fn everybody() -> Vec<String> {
    seeded(0).cast().sheets().iter().map(|sheet| sheet.id.clone()).collect()
}

#[test]
fn what_becomes_grave_together_is_told_by_one_speaker() {
    let script: Vec<(Millis, Change)> = (0..9_u64)
        .map(|number| {
            let node = format!("pi-{number}");
            let change =
                if number == 4 { silent(&node) } else { mood(&node, Some(Mood::Happy), Mood::Crisis) };
            (number * 200, change)
        })
        .collect();
    let lines = play(&mut stage(), &script);
    assert_eq!(lines.len(), 9, "each node has its line");
    let told: Vec<&(Millis, Line)> = lines.iter().filter(|(_, line)| !line.aside).collect();
    assert_eq!(told.len(), 2, "and two are told: {told:#?}");
    assert_eq!(told[0].0, 0, "the first at once");
    assert!(told[1].0 <= GATHER, "and the others within 8 s");
    let text = &told[1].1.text;
    assert!(text.contains("Also: ") && text.contains("and 2 more"), "{text}");
    assert!(told[1].1.plain.contains(" Also: ") && told[1].1.bare == *text, "in every flavour");
    let speakers: BTreeSet<&str> = lines.iter().map(|(_, line)| line.by.as_str()).collect();
    assert_eq!(speakers.len(), 1, "{speakers:?}");
    let first = text.split(" Also: ").next().unwrap();
    assert!(first.split_whitespace().count() <= 25, "{first}");
}

#[test]
fn it_is_not_calm_while_a_crisis_lasts_nor_for_a_quarter_of_an_hour_after() {
    let mut stage = stage();
    stage.heard(0, &event(AT, &mood("a", Some(Mood::Happy), Mood::Crisis)));
    let tone = |stage: &mut Stage, at: Millis| portrait(&stage.portraits(at), "malvo").tone;
    assert_eq!(tone(&mut stage, 3 * CALM), Tone::Sober, "the crisis lasts");
    stage.heard(3 * CALM, &event(AT, &mood("a", Some(Mood::Crisis), Mood::Happy)));
    assert_eq!(tone(&mut stage, 4 * CALM - 1), Tone::Sober);
    assert_eq!(tone(&mut stage, 4 * CALM), Tone::Full);
    // What is switched off for good ends jests for a while only.
    stage.heard(5 * CALM, &event(AT, &silent("b")));
    assert_eq!(tone(&mut stage, 6 * CALM - 1), Tone::Sober);
    assert_eq!(tone(&mut stage, 6 * CALM), Tone::Full);
}

fn asking(person: &str, concerned: &[(&str, u16)], named: &[&str]) -> Asking {
    Asking {
        room: format!("{person}'s"),
        person: person.to_owned(),
        key: 1,
        named: named.iter().map(|id| (*id).to_owned()).collect(),
        concerned: concerned.iter().map(|(id, relevance)| ((*id).to_owned(), *relevance)).collect(),
    }
}

#[test]
fn one_of_those_concerned_has_the_floor_and_all_of_those_named() {
    let mut stage = stage();
    let (_, heard) = stage.ask(0, asking("ann", &[("caudex", 900), ("malvo", 100)], &[]));
    assert_eq!(heard, Some(Heard::Granted(vec!["caudex".to_owned()], true)));
    stage.mute("umbrell", true);
    let (_, heard) = stage.ask(1, asking("bob", &[("umbrell", 900), ("malvo", 100)], &[]));
    assert_eq!(heard, Some(Heard::Granted(vec!["malvo".to_owned()], true)), "a muted one stands back");
    let (_, heard) = stage.ask(2, asking("cid", &[], &["umbrell", "caudex"]));
    let Some(Heard::Granted(mut both, _)) = heard else { panic!("{heard:?}") };
    both.sort();
    assert_eq!(both, ["caudex", "umbrell"], "but answers when it is named, and beside its work");
}

#[test]
fn thumbs_and_mutes_count_in_who_speaks_next() {
    let restarted =
        Change::Restarted { node: "pi-1".parse().unwrap(), boot: 7, machine: Some(true), uptime: 1 };
    let first = |wishes: &dyn Fn(&mut Stage)| {
        let mut stage = stage();
        wishes(&mut stage);
        play(&mut stage, &[(0, restarted.clone())]).first().map(|(_, line)| line.by.clone()).unwrap()
    };
    let one = first(&|_| {});
    let signal = cast::Signal::Event("restarted".to_owned());
    let stage = stage();
    let react = stage.cast().sheets().iter().filter(|sheet| sheet.trigger(&signal).is_some());
    let others: Vec<&str> = react.map(|sheet| sheet.id.as_str()).filter(|id| *id != one).collect();
    assert!(!others.is_empty(), "only {one} has something to say");
    for other in others {
        let liked = first(&|stage| {
            for _ in 0..5 {
                stage.thumb(0, other, true);
                stage.thumb(0, &one, false);
            }
        });
        assert_eq!(liked, other, "a thumb is heard");
    }
    let muted = first(&|stage| {
        stage.mute(&one, true);
    });
    assert_ne!(muted, one, "a mute is heard");
}

#[test]
fn whoever_is_at_work_is_not_displaced_and_the_question_waits() {
    let mut stage = stage();
    let only = [("caudex", 900)];
    assert!(stage.ask(0, asking("ann", &only, &[])).1.is_some());
    let (second, heard) = stage.ask(1, asking("bob", &only, &[]));
    assert_eq!(heard, None, "it waits");
    assert_eq!(portrait(&stage.portraits(1), "caudex").waiting, 1);
    assert_eq!(stage.done(20, "caudex"), [(second, Heard::Granted(vec!["caudex".to_owned()], false))]);
    let (third, heard) = stage.ask(21, asking("cid", &only, &[]));
    assert_eq!(heard, None);
    assert_eq!(stage.pulse(5_000), [], "not yet");
    // Whoever never says that it is done is free after a while.
    let heard = stage.pulse(9_000);
    assert!(matches!(heard.as_slice(), [(ticket, _)] if *ticket == third), "{heard:?}");
    assert_eq!(portrait(&stage.portraits(9_000), "caudex").waiting, 0);
}

#[test]
fn above_the_rate_the_surplus_is_declined_at_once_with_its_cause() {
    let mut stage = stage();
    let (mut granted, mut declined) = (0, 0);
    for number in 0..RATE + 70 {
        let person = format!("person {number}");
        match stage.ask(5, asking(&person, &[("caudex", 900)], &[])).1 {
            Some(Heard::Declined(by, why)) => {
                assert_eq!((by.as_str(), why), ("caudex", Why::Rate));
                declined += 1;
            }
            Some(Heard::Granted(..)) => granted += 1,
            None => {}
        }
        granted += stage.done(5, "caudex").len();
    }
    assert_eq!(granted + declined, RATE as usize + 70, "each was answered or told why not");
    assert_eq!(declined, 70, "so many in a second are taken in");
    let named = stage.ask(6, asking("zoe", &[], &["caudex"])).1;
    assert!(matches!(named, Some(Heard::Granted(..))), "the named always");
}

#[test]
fn a_whole_fleet_that_joins_at_once_is_told_of_node_by_node() {
    let script: Vec<(Millis, Change)> =
        (0..1_800_u64).map(|number| (number / 3, mood(&format!("pi-{number}"), None, Mood::Happy))).collect();
    let mut stage = stage();
    let lines = play(&mut stage, &script);
    let nodes: BTreeSet<&str> = lines.iter().map(|(_, line)| line.node.as_str()).collect();
    let turned = stage.turned(10 * MINUTE);
    assert!(turned.iter().any(|one| one.why == Why::Rate), "above the rate it is on record: {turned:?}");
    // Whoever has no fresh words left stays silent, on record.
    let dumb = turned.iter().filter(|one| one.why == Why::Words).map(|one| one.count as usize).sum::<usize>();
    assert_eq!(nodes.len() + dumb, 1_800, "and none is lost for haste");
    assert_eq!(lines.iter().filter(|(_, line)| !line.aside).count(), UNASKED, "people are told of twelve");
}

/// What every eye saw, as the host records it.
fn looked(at: Millis, node: &str, mood: &str, after: Option<&str>, seen: &[(String, &str, f64)]) -> Event {
    let readings: Vec<_> = seen
        .iter()
        .map(|(by, verdict, value)| {
            json!({
                "by": by, "verdict": verdict, "subject": "disk_used", "value": value, "unit": "%",
                "vital": "disk used", "text": format!("{value} %"), "sign": format!("disk used of {value} %"),
                "words": format!("disk used {value} %, limit 80 %"),
            })
        })
        .collect();
    let payload = json!({ "node": node, "mood": mood, "after": after, "readings": readings, "words": "…" });
    Event::new(&mut EventIds::after(None), AT + at.cast_signed(), facts::LOOKED, "stage", payload)
}

/// Somebody has spoken of stress on "a"; who, and what every eye sees: it is
/// uneasy, and all others see this.
fn spoken(stage: &mut Stage, others: &'static str) -> (String, Vec<(String, &'static str, f64)>) {
    let line = stage.heard(0, &event(AT, &mood("a", Some(Mood::Happy), Mood::Stressed))).unwrap();
    assert_eq!(stage.glances(), [Glance { node: Some("a".to_owned()), after: Some(line.by.clone()) }]);
    let verdict = |id: &String| if *id == line.by { "uneasy" } else { others };
    let seen = everybody().into_iter().map(|id| (id.clone(), verdict(&id), 52.0)).collect();
    (line.by, seen)
}

/// Everything that is said until then, with its time.
fn until(stage: &mut Stage, end: Millis) -> Vec<(Millis, Line)> {
    let mut lines = Vec::new();
    while let Some(due) = stage.due().filter(|due| *due < end) {
        lines.extend(stage.tick(due).into_iter().map(|line| (due, line)));
    }
    lines
}

#[test]
fn two_argue_only_when_their_eyes_disagree() {
    for (others, argues) in [("calm", true), ("uneasy", false), ("blind", false)] {
        let mut stage = stage();
        let (by, seen) = spoken(&mut stage, others);
        stage.heard(SECOND, &looked(SECOND, "a", "stressed", Some(&by), &seen));
        let lines = until(&mut stage, 10 * MINUTE);
        assert_eq!(lines.len(), usize::from(argues), "{others}: {lines:?}");
        if let Some((at, line)) = lines.first() {
            assert!(*at >= MINUTE && line.by != by, "one line per node and minute");
            assert!(line.text.contains("52 %") && line.text != line.bare, "{}", line.text);
            assert_eq!(line.thoughts[0].reason, Reason::Dissent);
        }
    }
}

#[test]
fn a_quarrel_ends_where_something_grave_begins_or_a_person_mutes() {
    for grave in [true, false] {
        let mut stage = stage();
        let (by, seen) = spoken(&mut stage, "calm");
        stage.heard(SECOND, &looked(SECOND, "a", "stressed", Some(&by), &seen));
        if grave {
            stage.heard(2 * SECOND, &event(AT, &mood("b", Some(Mood::Happy), Mood::Crisis)));
        } else {
            for id in everybody() {
                assert!(stage.mute(&id, true));
            }
        }
        let later = until(&mut stage, 10 * MINUTE);
        assert!(later.iter().all(|(_, line)| line.node != "a"), "{later:?}");
        if !grave {
            assert!(stage.turned(11 * MINUTE).iter().any(|turned| turned.why == Why::Muted));
        }
    }
}

/// A cast in which the first needs the second, and the other way round if so wished.
fn needing(both: bool) -> Stage {
    let mut cast = Cast::built_in().unwrap();
    let tied = |id: &str, to: &str, text: &str| {
        let tie = format!(
            "\n[[ties]]\nto = \"{to}\"\nkind = \"dependency\"\nwhy = \"It asks there first.\"\n\n[lines]\n"
        );
        Sheet::parse(id, &text.replacen("\n[lines]\n", &tie, 1)).unwrap()
    };
    let swift = include_str!("../../../cast/sheets/swift.toml");
    cast.add(tied("first", "second", swift)).unwrap();
    cast.add(if both { tied("second", "first", swift) } else { Sheet::parse("second", swift).unwrap() })
        .unwrap();
    Stage::new(cast, 7, Settings::default())
}

#[test]
fn one_waits_for_another_speaks_after_it_and_never_in_a_circle() {
    let full = |node: &str| Change::MoodChanged {
        because: vec![because(Vital::DiskErrors, 3.0, None)],
        node: node.parse().unwrap(),
        from: Some(Mood::Happy),
        to: Mood::Stressed,
        probability: 0.9,
        classifier: Classifier::Rules,
        lasted: None,
    };
    for both in [false, true] {
        let mut stage = needing(both);
        // Only these two are on stage.
        for id in everybody() {
            stage.mute(&id, true);
        }
        let line = stage.heard(0, &event(AT, &full("a"))).unwrap();
        let later = until(&mut stage, 3 * MINUTE);
        if both {
            let turned = stage.turned(MINUTE);
            let circle = turned.iter().find(|turned| turned.why == Why::Cycle).expect("refused, on record");
            assert_eq!(circle.path, ["second", "first", "second"], "with its path");
        }
        let spoke: Vec<&str> = std::iter::once(&line)
            .chain(later.iter().map(|(_, line)| line))
            .map(|line| line.by.as_str())
            .collect();
        assert_eq!(spoke, ["second", "first"], "{later:?}");
        assert_eq!(later[0].1.thoughts[0].reason, Reason::Dependency);
        assert!(later[0].0 >= MINUTE, "one line per node and minute");
    }
}

#[test]
fn somebody_looks_about_and_tells_what_it_comes_upon_once_a_day() {
    let mut stage = stage();
    stage.pulse(0);
    assert!(stage.glances().is_empty());
    stage.pulse(SCAN);
    assert_eq!(stage.glances(), [Glance { node: None, after: None }]);
    let seen = [("swift".to_owned(), "alarmed", 93.0), ("caudex".to_owned(), "calm", 1.0)];
    let find = |stage: &mut Stage, at: Millis, node: &str, mood: &str| {
        stage.heard(at, &looked(at, node, mood, None, &seen));
        until(stage, at + MINUTE)
    };
    let lines = find(&mut stage, SCAN, "a", "happy");
    assert_eq!(lines.len(), 1);
    let line = &lines[0].1;
    assert!(line.by == "swift" && line.text.to_lowercase().contains("disk used of 93 %"), "{}", line.text);
    assert_eq!(line.thoughts[0].reason, Reason::Territory);
    assert_eq!(find(&mut stage, 2 * SCAN, "a", "happy").len(), 0, "not twice");
    assert_eq!(find(&mut stage, SCAN + 24 * 60 * MINUTE, "a", "happy").len(), 1, "but again the next day");
    let troubled = find(&mut stage, SCAN + 25 * 60 * MINUTE, "b", "stressed");
    assert_eq!(troubled.len(), 0, "a node that complains itself needs nobody to come upon it");
}

#[test]
fn readiness_energy_attention_and_budget_show_on_stage() {
    let mut stage = stage();
    let rested = portrait(&stage.portraits(0), "caudex").energy;
    for turn in 0..400_u64 {
        stage.done(turn, "caudex");
    }
    let tired = portrait(&stage.portraits(400), "caudex").clone();
    assert!(
        tired.energy < rested && tired.attention < 1.0,
        "work takes energy, and attention when it is low"
    );
    assert_eq!(tired.readiness, Readiness::Tired);
    // The tired leave what is slight for later; the rested take it up at once.
    let node = (0..).map(|number| format!("n-{number}"));
    let node = node.into_iter().find(|node| stage.embody(node).unwrap().id == "caudex").unwrap();
    let slight = event(AT, &mood(&node, None, Mood::Happy));
    assert!(stage.heard(401, &slight).is_none());
    assert!(stage.due().is_some_and(|due| due > 401), "it is asked again");
    assert!(self::stage().heard(401, &slight).is_some());
    stage.budget(100);
    assert_eq!(
        portrait(&stage.portraits(402), "malvo").readiness,
        Readiness::Overwhelmed,
        "the budget counts"
    );
}

/// Six busy hours of forty nodes, each of which changes every few minutes: how
/// long what is said has waited.
#[test]
fn ninety_five_in_a_hundred_lines_come_within_a_minute() {
    let mut stage = stage();
    let mut chance = oorandom::Rand64::new(12);
    let mut draw = |below: u64| chance.rand_range(0..below);
    let (mut now, mut heard, mut waits) = (0, BTreeMap::new(), Vec::new());
    let moods = [Mood::Bored, Mood::Happy, Mood::Stressed, Mood::Crisis];
    while now < 6 * 60 * MINUTE {
        now += 1 + draw(8_000);
        let node = format!("pi-{}", draw(40));
        let to = moods[[0, 0, 1, 1, 1, 2, 2, 3][draw(8) as usize]];
        let change = mood(&node, Some(moods[draw(4) as usize]), to);
        while let Some(due) = stage.due().filter(|due| *due <= now) {
            waits.extend(stage.tick(due).iter().filter_map(|line| Some(due - heard.get(&line.cause)?)));
        }
        let event = event(AT + now.cast_signed(), &change);
        heard.insert(event.id, now);
        waits.extend(stage.heard(now, &event).iter().map(|_| 0));
        stage.pulse(now);
    }
    waits.sort_unstable();
    let at = |share: usize| waits[waits.len() * share / 100];
    println!("{} lines: p50 {} ms, p95 {} ms, longest {:?} ms", waits.len(), at(50), at(95), waits.last());
    assert!(waits.len() > 1_000 && at(95) < 60_000);
}

#[test]
fn a_month_gives_everybody_enough_to_say() {
    let cast = Cast::built_in().unwrap();
    let said = month(&cast, 1, 20);
    let dumb: Vec<&str> =
        cast.sheets().iter().map(|sheet| sheet.id.as_str()).filter(|id| !said.contains_key(*id)).collect();
    assert!(dumb.is_empty(), "{dumb:?}");
    assert!(
        said.values().all(|lines| lines.len() == 20),
        "{:?}",
        said.iter().map(|(id, all)| (id, all.len())).collect::<Vec<_>>()
    );
    let texts = |said: &BTreeMap<String, Vec<Line>>| -> Vec<String> {
        said.values().flatten().map(|line| line.text.clone()).collect()
    };
    assert_eq!(texts(&said), texts(&month(&cast, 1, 20)), "a seed is a month");
}
