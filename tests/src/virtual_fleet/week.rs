//! A week of a small fleet, and what the veiled characters give away in it: the real agent,
//! model, intake and stage, on virtual time.

use super::plan::Plan;
use super::world::{EPOCH, World};
use cast::{Cast, Sheet, Signal};
use fleet::Relations;
use goldentooth::live::Event;
use node_agent::feel::Model;
use stage::{Line, Settings, Stage, facts};
use std::collections::BTreeSet;
use std::sync::Arc;

const HOUR: u64 = 3_600_000;
const WEEK: u64 = 7 * 24 * HOUR;
/// So many clues must a week give of each of them.
const CLUES: usize = 5;

/// Eight Pis that sample each minute; three times a day the power of one fails.
fn week() -> Vec<Arc<Event>> {
    let model = Model::embedded().expect("the checked-in model");
    let plan = Plan {
        nodes: 8,
        floor: 60_000,
        length: WEEK,
        faults: false,
        power_fails: Some(8 * HOUR),
        ..Plan::suite()
    };
    World::new(3, &model, plan).run().events
}

/// What the cast says about it.
fn lines(cast: &Cast, events: &[Arc<Event>]) -> Vec<Line> {
    let mut stage = Stage::new(cast.clone(), 7, Settings::default());
    let mut lines = Vec::new();
    for event in events {
        let now = (event.at - EPOCH).max(0).unsigned_abs();
        while let Some(due) = stage.due().filter(|due| *due <= now) {
            lines.extend(stage.tick(due));
        }
        stage.pulse(now);
        lines.extend(stage.heard(now, event));
    }
    lines
}

/// The trigger of a character's that an event pulls.
fn pulled(sheet: &Sheet, event: &Event) -> Option<Signal> {
    let fact = facts::of(event)?;
    let signals = facts::signals(event, &fact, &Relations::default());
    signals.into_iter().find(|signal| sheet.trigger(signal).is_some())
}

#[test]
fn a_week_gives_five_clues_of_each_veiled_character_and_gives_neither_away() {
    let cast = Cast::built_in().expect("the built-in sheets");
    let events = week();
    let lines = lines(&cast, &events);
    let veiled: Vec<&Sheet> = cast.sheets().iter().filter(|sheet| sheet.veiled).collect();
    assert_eq!(veiled.len(), 2);
    for sheet in veiled {
        for trigger in &sheet.triggers {
            assert!(facts::is_supplied(&trigger.signal, &[]), "{}: {} never fires", sheet.id, trigger.signal);
        }
        let said: Vec<&Line> = lines.iter().filter(|line| line.by == sheet.id).collect();
        let mut clues = BTreeSet::new();
        let mut signals = BTreeSet::new();
        for line in &said {
            let event = events.iter().find(|event| event.id == line.cause).expect("a recorded event");
            assert_eq!(event.source, "fleet", "from telemetry alone: {}", line.text);
            // Somebody who heads no household speaks of what it reacts to, or of what it looks at first.
            let looks = facts::of(event).is_some_and(|fact| {
                let loudest = fact.readings.first().map(|reading| reading.name.clone());
                sheet.notices.iter().take(2).any(|name| Some(name) == loudest.as_ref())
            });
            match pulled(sheet, event) {
                Some(signal) => {
                    clues.insert(event.id);
                    signals.insert(signal);
                }
                None => assert!(looks, "{} speaks of what is not its own: {}", sheet.id, line.text),
            }
            let words: Vec<&str> = line.text.split_whitespace().collect();
            for length in 1..=3 {
                let told = words.windows(length).map(|words| words.join(" "));
                let given: Vec<String> = told.filter(|words| sheet.guessed(words).is_some()).collect();
                assert!(given.is_empty(), "{} is given away: {:?}", sheet.id, line.text);
            }
        }
        let told = said.iter().filter(|line| !line.aside).count();
        println!(
            "{}: {} lines, {told} of them told, {} clues, by {signals:?}",
            sheet.id,
            said.len(),
            clues.len()
        );
        assert!(clues.len() >= CLUES, "{}: only {} clues", sheet.id, clues.len());
        assert!(signals.len() > 1, "{}: always the same signal, {signals:?}", sheet.id);
    }
}
