//! Limits, order and truth, from real changes to lines.

mod bets;
mod company;
mod drills;
mod growth;
mod habits;
mod heirs;
mod lasting;
mod tales;
mod threads;

use crate::*;
use cast::{Cast, Slot, lexicon};
use fleet::{Because, Change, SilentReason};
use frames::{Classifier, Direction, Mood, Vital};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use store::{Event, EventIds};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Duration, advance};

const AT: i64 = 1_763_694_300_000;

fn seeded(seed: u64) -> Stage {
    static CAST: LazyLock<Cast> = LazyLock::new(|| Cast::built_in().unwrap());
    Stage::new(CAST.clone(), seed, Settings::default())
}

fn stage() -> Stage {
    seeded(7)
}

fn because(vital: Vital, value: f64, usual: Option<f64>) -> Because {
    let words =
        fleet::words::cause_words(vital, value as f32, usual.map(|usual| usual as f32), Direction::Above);
    Because { vital, value, usual, direction: Direction::Above, words }
}

fn mood(node: &str, from: Option<Mood>, to: Mood) -> Change {
    Change::MoodChanged {
        node: node.parse().unwrap(),
        from,
        to,
        probability: 0.9,
        because: vec![
            because(Vital::PsiMemorySome, 34.0, Some(0.5)),
            because(Vital::Temperature, 71.5, None),
        ],
        classifier: Classifier::Rules,
        lasted: from.map(|_| 3_700_000),
    }
}

fn silent(node: &str) -> Change {
    Change::Silent {
        node: node.parse().unwrap(),
        reason: SilentReason::Missed,
        last_seen: Some(AT - 31_000),
        interval: 10_000,
    }
}

fn returned(node: &str) -> Change {
    Change::Returned { node: node.parse().unwrap(), silent_for: Some(45_000) }
}

fn joined(node: &str) -> Change {
    Change::Joined { node: node.parse().unwrap(), simulated: false }
}

/// As intake makes events: the kind stands beside the payload, and plain words in it.
fn event(at: i64, change: &Change) -> Event {
    let mut payload = serde_json::to_value(change).unwrap();
    let object = payload.as_object_mut().unwrap();
    object.remove("kind");
    object.insert("words".to_owned(), change.sentence().into());
    Event::new(&mut EventIds::after(None), at, change.kind(), "fleet", payload)
}

fn state(line: &Line) -> &str {
    &line.facts.iter().find(|told| told.filled.slot == Slot::State).unwrap().filled.text
}

/// Feeds changes at these times, and gives each line with the time it was said at.
fn play(stage: &mut Stage, script: &[(Millis, Change)]) -> Vec<(Millis, Line)> {
    let events = script.iter().map(|(at, change)| (*at, event(AT + at.cast_signed(), change)));
    play_events(stage, &events.collect::<Vec<_>>())
}

fn play_events(stage: &mut Stage, events: &[(Millis, Event)]) -> Vec<(Millis, Line)> {
    let mut lines = Vec::new();
    for (at, event) in events {
        while let Some(due) = stage.due().filter(|due| due <= at) {
            lines.extend(stage.tick(due).into_iter().map(|line| (due, line)));
        }
        lines.extend(stage.heard(*at, event).map(|line| (*at, line)));
    }
    while let Some(due) = stage.due() {
        lines.extend(stage.tick(due).into_iter().map(|line| (due, line)));
    }
    lines
}

fn said(lines: &[(Millis, Line)]) -> Vec<(Millis, &str)> {
    lines.iter().map(|(at, line)| (*at, state(line))).collect()
}

#[test]
fn a_line_names_the_fact_and_its_event() {
    let mut stage = stage();
    let event = event(AT, &mood("pi-07", Some(Mood::Happy), Mood::Crisis));
    let line = stage.heard(0, &event).unwrap();
    assert_eq!(line.by, stage.embody("pi-07").unwrap().id);
    assert_eq!((line.cause, line.at, line.node.as_str()), (event.id, AT, "pi-07"));
    assert_eq!(line.kind, cast::Kind::Fact);
    assert_eq!(line.mind, "understudy");
    assert!(line.text.contains("pi-07") && line.text.contains("in crisis"), "{}", line.text);
    assert!(line.text.contains("34 %") || line.text.contains("71.5 °C"), "{}", line.text);
    assert!(line.facts.iter().all(|told| told.event == event.id && line.text.contains(&told.filled.text)));
    let json = serde_json::to_value(&line).unwrap();
    assert_eq!(json["kind"], "fact");
    assert!(
        json["facts"].as_array().unwrap().iter().any(|fact| fact["slot"] == "value" && fact["unit"] != "")
    );
}

#[test]
fn one_line_per_node_and_minute() {
    let script = [
        (0, mood("a", None, Mood::Happy)),
        (100, mood("b", None, Mood::Bored)),
        (10_000, mood("a", Some(Mood::Happy), Mood::Bored)),
        (20_000, mood("a", Some(Mood::Bored), Mood::Stressed)),
        (200_000, mood("a", Some(Mood::Stressed), Mood::Happy)),
    ];
    let mut stage = stage();
    let lines = play(&mut stage, &script);
    assert_eq!(
        said(&lines),
        [(0, "happy"), (100, "bored"), (60_000, "stressed"), (200_000, "happy")],
        "within a minute only the newest is said, at its end"
    );
    assert_eq!(lines[2].1.at, AT + 60_000, "a line that waited tells when it was said");
    assert_eq!(stage.held(), 0, "and then all is forgotten");
}

#[test]
fn a_crisis_and_a_silence_wait_but_are_not_swallowed() {
    let script = [
        (0, mood("a", None, Mood::Happy)),
        (10_000, mood("a", Some(Mood::Happy), Mood::Crisis)),
        (20_000, silent("a")),
    ];
    assert_eq!(
        said(&play(&mut stage(), &script)),
        [(0, "happy"), (60_000, "in crisis"), (120_000, "silent")]
    );
}

#[test]
fn what_is_over_is_told_as_over() {
    let script = [
        (0, mood("a", None, Mood::Happy)),
        (10_000, mood("a", Some(Mood::Happy), Mood::Crisis)),
        (30_000, mood("a", Some(Mood::Crisis), Mood::Happy)),
        (100_000, silent("a")),
        (170_000, silent("b")),
        (171_000, returned("b")),
    ];
    let lines = play(&mut stage(), &script);
    assert_eq!(
        said(&lines),
        [(0, "happy"), (60_000, "happy"), (120_000, "silent"), (170_000, "silent"), (230_000, "back")]
    );
    let was = lines[1].1.facts.iter().find(|told| told.filled.slot == Slot::Was);
    assert_eq!(was.unwrap().filled.text, "in crisis");
}

#[test]
fn a_newcomer_is_introduced_by_its_first_mood_or_else_after_a_while() {
    let script = [(0, joined("a")), (0, joined("b")), (2_000, mood("a", None, Mood::Happy))];
    assert_eq!(said(&play(&mut stage(), &script)), [(2_000, "happy"), (15_000, "new here")]);
}

#[test]
fn nothing_is_said_of_what_is_no_ones_business() {
    let mut stage = stage();
    let change = Change::Unreadable { node: "a".parse().unwrap(), version: 9 };
    assert!(stage.heard(0, &event(AT, &change)).is_none());
    let mut broken = event(AT, &silent("a"));
    broken.payload = serde_json::json!({"node": "a"});
    assert!(stage.heard(0, &broken).is_none());
    assert_eq!((stage.held(), stage.due()), (0, None));
}

#[test]
fn every_eye_looks_for_vitals_that_exist() {
    for sheet in Cast::built_in().unwrap().sheets() {
        for name in &sheet.notices {
            assert!(Vital::from_name(name).is_some(), "{}: {name}", sheet.id);
        }
    }
}

/// The next line, past whatever else the stage wants.
async fn line(wanted: &mut mpsc::Receiver<Wanted>) -> Line {
    loop {
        if let Wanted::Line(line) = wanted.recv().await.unwrap() {
            return *line;
        }
    }
}

/// The loop of a stage that nobody asks anything.
async fn hosted(receiver: broadcast::Receiver<Arc<Event>>, out: mpsc::Sender<Wanted>) {
    let stage = stage();
    let seen = watch::channel(Now::of(&stage)).0;
    run(stage, receiver, mpsc::channel(1).1, out, seen).await;
}

#[tokio::test(start_paused = true)]
async fn the_loop_keeps_the_minute_and_bears_a_lag() {
    let (events, receiver) = broadcast::channel(2);
    let (out, mut lines) = mpsc::channel(4);
    let running = tokio::spawn(hosted(receiver, out));
    let send = |change: Change| events.send(Arc::new(event(AT, &change))).unwrap();
    // Three into a channel of two, before the loop first runs: one is lost.
    send(mood("lost", None, Mood::Happy));
    send(mood("a", None, Mood::Happy));
    send(mood("b", None, Mood::Bored));
    assert_eq!(line(&mut lines).await.node, "a");
    assert_eq!(line(&mut lines).await.node, "b");
    let start = tokio::time::Instant::now();
    send(mood("a", Some(Mood::Happy), Mood::Crisis));
    advance(Duration::from_secs(30)).await;
    while let Ok(wanted) = lines.try_recv() {
        assert!(!matches!(wanted, Wanted::Line(_)), "within the minute");
    }
    let line = line(&mut lines).await;
    assert_eq!((line.node.as_str(), start.elapsed()), ("a", Duration::from_mins(1)));
    drop(events);
    while let Some(wanted) = lines.recv().await {
        assert!(!matches!(wanted, Wanted::Line(_)), "it ends with the events");
    }
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_loop_ends_when_nobody_listens() {
    let (events, receiver) = broadcast::channel(2);
    let (out, lines) = mpsc::channel(4);
    drop(lines);
    tokio::time::timeout(Duration::from_secs(1), hosted(receiver, out)).await.unwrap();
    drop(events);
}

#[test]
fn a_month_to_read() {
    let mut stage = stage();
    let mut page = String::new();
    let vitals = [
        because(Vital::PsiMemorySome, 34.0, Some(0.5)),
        because(Vital::Temperature, 82.0, None),
        because(Vital::UnderVoltageNow, 1.0, None),
        because(Vital::NetReceived, 2.4e6, Some(90_000.0)),
        because(Vital::FailedUnits, 1.0, Some(0.0)),
    ];
    for step in 0..48_usize {
        let node = ["pi-01", "pi-02", "pi-03", "pi-05", "pi-07", "pi-11"][step % 6];
        let mut change = match step / 6 {
            0 => mood(node, None, Mood::Happy),
            1 => mood(node, Some(Mood::Happy), Mood::Bored),
            2 => mood(node, Some(Mood::Bored), Mood::Stressed),
            3 => mood(node, Some(Mood::Stressed), Mood::Crisis),
            4 => mood(node, Some(Mood::Crisis), Mood::Happy),
            5 => silent(node),
            6 => returned(node),
            _ => mood(node, Some(Mood::Happy), Mood::Stressed),
        };
        if let Change::MoodChanged { because, .. } = &mut change {
            *because = vec![vitals[step % vitals.len()].clone()];
        }
        let at = step as u64 * 3 * MINUTE;
        let line = stage.heard(at, &event(AT + at.cast_signed(), &change)).unwrap();
        writeln!(page, "{:<13} {}", line.by, line.text).unwrap();
    }
    insta::assert_snapshot!(page);
}

fn any_change() -> impl Strategy<Value = Change> {
    let node = prop::sample::select(vec!["pi-07", "nas", "sim-3", "kitchen_2"]);
    let any_mood = || prop::sample::select(Mood::ALL.to_vec());
    let cause = (prop::sample::select(Vital::ALL.to_vec()), 0.0..5e8_f64, prop::option::of(0.0..5e8_f64))
        .prop_map(|(vital, value, usual)| because(vital, value, usual));
    let moods = (
        node.clone(),
        prop::option::of(any_mood()),
        any_mood(),
        prop::collection::vec(cause, 0..3),
        prop::option::of(0..10_000_000_000_u64),
    )
        .prop_map(|(node, from, to, because, lasted)| Change::MoodChanged {
            node: node.parse().unwrap(),
            from,
            to,
            probability: 0.5,
            because,
            classifier: Classifier::Model,
            lasted,
        });
    let comings = (node, 0..4_u8).prop_map(|(node, which)| match which {
        0 => silent(node),
        1 => returned(node),
        2 => Change::Returned { node: node.parse().unwrap(), silent_for: None },
        _ => joined(node),
    });
    prop_oneof![3 => moods, 1 => comings]
}

/// Changes one after the other, each with its time.
fn any_script() -> impl Strategy<Value = Vec<(Millis, Change)>> {
    prop::collection::vec((any_change(), 0..100_000_u64), 1..12).prop_map(|changes| {
        let mut now = 0;
        let script = changes.into_iter().map(|(change, wait)| {
            now += wait;
            (now, change)
        });
        script.collect()
    })
}

proptest! {
    /// Without what its facts tell, a line claims nothing: no number, time, state, vital, comparison.
    #[test]
    fn every_claim_of_a_line_stands_in_its_event(
        script in any_script(),
        seed in any::<u64>(),
    ) {
        let mut stage = seeded(seed);
        let mut last: BTreeMap<String, Millis> = BTreeMap::new();
        for (at, line) in play(&mut stage, &script) {
            if let Some(last) = last.insert(line.node.clone(), at) {
                prop_assert!(at >= last + MINUTE, "two lines on {} within {} ms", line.node, at - last);
            }
            prop_assert!(!line.text.contains('<'), "{}", line.text);
            let mut rest = line.text.to_lowercase();
            let mut texts: Vec<String> =
                line.facts.iter().map(|told| told.filled.text.to_lowercase()).collect();
            texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
            for text in texts {
                rest = rest.replace(&text, " ");
            }
            prop_assert_eq!(lexicon::first_in(&rest), None, "in {:?}", line.text);
        }
        prop_assert_eq!(stage.held(), 0);
    }

    /// However fast things change, what is so in the end has been said, or a newer fact
    /// denied it, which is recorded: of a silent node nobody says how it feels.
    #[test]
    fn what_is_so_in_the_end_is_said(script in any_script()) {
        let events: Vec<_> =
            script.iter().map(|(at, change)| (*at, event(AT + at.cast_signed(), change))).collect();
        let mut newest = BTreeMap::new();
        for ((_, event), (_, change)) in events.iter().zip(&script) {
            let node = change.node().unwrap().to_string();
            let of_mood = matches!(change, Change::MoodChanged { .. });
            if of_mood && newest.get(&(node.clone(), false)).is_some_and(|(_, joined)| *joined) {
                newest.remove(&(node.clone(), false));
            }
            newest.insert((node, of_mood), (event.id, matches!(change, Change::Joined { .. })));
        }
        let mut stage = stage();
        let lines = play_events(&mut stage, &events);
        let notes = stage.notes();
        let refused: Vec<_> = notes.iter().filter(|note| note.kind == REFUSED).map(|note| note.cause).collect();
        for ((node, _), (event, _)) in newest {
            let told = lines.iter().any(|(_, line)| line.cause == event) || refused.contains(&Some(event));
            prop_assert!(told, "the newest of {node} was not said");
        }
    }
}
