//! Plays what the fleet tells into the stage, on virtual time.

use super::alarms::is_trouble;
use super::{Felt, MINUTE, Told};
use crate::thinking::quiet::Quiet;
use cast::Kind;
use cast::boredom::THRESHOLD;
use serde::Serialize;
use serde_json::Value;
use stage::{Line, Millis, Note, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Event, EventIds, Uuid};

/// The stage looks after itself so often.
const PULSE: Millis = 5 * MINUTE;
/// And so often it is looked whether somebody is bored.
const BORED: Millis = 30 * MINUTE;
/// What the stage records may have it record more, so often at most.
const ROUNDS: usize = 8;

/// Plays these events until the end, from when the clock of the wall says `begins`; gives all that was told, and how everybody felt then.
pub(crate) fn play(
    stage: Stage,
    events: &[(Millis, Arc<Event>)],
    (begins, end): (i64, Millis),
) -> (Vec<Told>, Vec<Felt>) {
    let ids = EventIds::after(events.last().map(|(_, event)| event.id));
    let quiet = Quiet::new(0, THRESHOLD);
    let (nodes, troubles) = (BTreeMap::new(), BTreeMap::new());
    let mut play = Play { stage, begins, ids, told: Vec::new(), quiet, nodes, troubles };
    let mut pulses = (0..=end).step_by(PULSE as usize).peekable();
    for (at, event) in events.iter().take_while(|(at, _)| *at <= end) {
        while let Some(pulse) = pulses.next_if(|pulse| pulse <= at) {
            play.pulse(pulse);
        }
        play.until(*at);
        play.quiet.hear(*at, event);
        play.note(*at, event);
        let line = play.stage.heard(*at, event);
        play.keep(*at, line);
    }
    pulses.for_each(|at| play.pulse(at));
    let felt = play.stage.portraits(end).into_iter().map(|one| Felt {
        by: one.id,
        feeling: word(&one.feeling),
        because: one.cause.map(str::to_owned),
    });
    let felt = felt.collect();
    (play.told, felt)
}

struct Play {
    stage: Stage,
    begins: i64,
    ids: EventIds,
    told: Vec<Told>,
    quiet: Quiet,
    /// How each node stands, in a word.
    nodes: BTreeMap<String, String>,
    /// When which trouble began, by its event.
    troubles: BTreeMap<Uuid, Millis>,
}

impl Play {
    /// Time passes until now.
    fn until(&mut self, at: Millis) {
        while let Some(due) = self.stage.due().filter(|due| *due <= at) {
            let lines = self.stage.tick(due);
            self.keep(due, lines);
        }
    }

    fn pulse(&mut self, at: Millis) {
        self.until(at);
        self.stage.pulse(at);
        if at.is_multiple_of(BORED) {
            let count =
                |words: &[&str]| self.nodes.values().filter(|how| words.contains(&how.as_str())).count();
            let at_work = count(&["happy", "stressed", "crisis"]) as f32 / self.nodes.len().max(1) as f32;
            let activity = self.quiet.activity(at, count(&["stressed", "crisis", "silent"]), at_work);
            if self.quiet.is_bored(at, activity) && self.stage.tale(at, Some(activity)).is_ok() {
                self.quiet.rest(at);
            }
        }
        self.keep(at, []);
    }

    fn note(&mut self, at: Millis, event: &Event) {
        if is_trouble(event) {
            self.troubles.insert(event.id, at);
        }
        let Some(node) = event.node() else { return };
        let how = match event.kind.as_str() {
            "mood_changed" => event.payload.get("to").and_then(Value::as_str).unwrap_or_default(),
            "silent" => "silent",
            _ => return,
        };
        self.nodes.insert(node.to_owned(), how.to_owned());
    }

    /// What was said; and what the stage wants recorded, which it then hears.
    fn keep(&mut self, at: Millis, lines: impl IntoIterator<Item = Line>) {
        let mut lines: Vec<Line> = lines.into_iter().collect();
        for _ in 0..ROUNDS {
            for line in lines.drain(..) {
                let kind = match line.kind {
                    Kind::Fact => "fact",
                    Kind::Suspicion => "suspicion",
                    Kind::Fiction => "fiction",
                };
                let Line { by, node, text, cause, .. } = line;
                let trouble = self.troubles.get(&cause).copied();
                self.told.push(Told { at, by, node, kind: kind.to_owned(), text, trouble });
            }
            for Note { kind, payload, .. } in self.stage.notes() {
                let text =
                    |key: &str| payload.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                let (node, text) = (text("node"), text("words"));
                let kind_of = kind.to_owned();
                self.told.push(Told { at, by: String::new(), node, kind: kind_of, text, trouble: None });
                let event = Event::new(
                    &mut self.ids,
                    self.begins.saturating_add_unsigned(at),
                    kind,
                    "stage",
                    payload,
                );
                lines.extend(self.stage.heard(at, &event));
            }
            if lines.is_empty() {
                return;
            }
        }
    }
}

/// The word that a value is in JSON.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
