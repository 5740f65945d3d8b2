//! Threads on stage: which events open, advance and close them, and what is not
//! said because a newer fact denies it.

use super::Stage;
use crate::line::Note;
use cast::thread::{Beat, Contradiction, Turn};
use cast::{Fact, Occasion};
use serde_json::{Value, json};
use store::{Event, Uuid};

/// The kind of the event of a thread that began or ended.
pub const THREAD: &str = "thread";
/// And of a line that was refused before it was spoken.
pub const REFUSED: &str = "line_refused";

impl Stage {
    /// Takes in what an event is to the plots. What began and what ended is recorded.
    pub(super) fn weave(&mut self, event: &Event, fact: Option<&Fact>) {
        let Some((who, beat)) = beat(event, fact) else { return };
        let chapters = self.threads.hear(&who, &beat, event.at, &event.id.to_string());
        if !chapters.is_empty() {
            self.company.kept.threads = self.threads.open().to_vec();
        }
        for chapter in chapters {
            if chapter.turn == Turn::Advanced {
                continue;
            }
            let node = matches!(beat, Beat::Feels(_) | Beat::Silent | Beat::Returned).then_some(&who);
            let thread = &chapter.thread;
            let teller = thread.teller(&self.cast);
            let says = teller.and_then(|sheet| chapter.told(sheet));
            let payload = json!({
                "node": node, "by": teller.map(|sheet| &sheet.id), "says": says, "turn": chapter.turn, "plot": thread.plot, "about": thread.about,
                "opened": thread.opened_by, "chapters": thread.chapters, "words": chapter.words(),
            });
            self.notes.push(Note { kind: THREAD, payload, cause: Some(event.id) });
        }
    }

    /// Whether a newer fact denies what somebody is about to say; that it is not
    /// said is recorded, with its cause.
    pub(super) fn is_denied(&mut self, by: &str, fact: &Fact, event: Uuid) -> bool {
        let Some(Contradiction { words, event: against }) = self.threads.contradicts(fact) else {
            return false;
        };
        let name = self.cast.get(by).map_or(by, |sheet| sheet.name.as_str());
        let words = format!("{name} said nothing of what is not so any more: {words}.");
        let payload =
            json!({ "node": fact.node, "by": by, "event": event, "against": against, "words": words });
        self.notes.push(Note { kind: REFUSED, payload, cause: Some(event) });
        true
    }
}

/// Whom an event is about, and what it is to the plots.
fn beat(event: &Event, fact: Option<&Fact>) -> Option<(String, Beat)> {
    let text = |key: &str| event.payload.get(key).and_then(Value::as_str).map(str::to_owned);
    let beat = match event.kind.as_str() {
        "born" | "grew" | "reflected" | "resurrected" => return Some((text("by")?, Beat::Changed)),
        "tied" => return Some((text("by")?, Beat::Between(text("to")?))),
        "died" => return Some((text("by")?, Beat::Gone)),
        "forgotten" => return Some((text("node")?, Beat::Gone)),
        _ => match fact?.occasion {
            Occasion::Silent => Beat::Silent,
            Occasion::Returned => Beat::Returned,
            Occasion::Signal => Beat::Happened,
            Occasion::Joined => return None,
            _ => Beat::Feels(fact?.mood?),
        },
    };
    Some((fact?.node.clone(), beat))
}
