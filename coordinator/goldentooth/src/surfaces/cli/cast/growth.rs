//! What has become of a character, in words: each change with its cause.

use super::show::capital;
use crate::surfaces::cli::screen::{Screen, clean};
use crate::surfaces::view::{CharacterView, MemoryView, ModifierView};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The most memories that are told.
const MEMORIES: usize = 5;
/// The most people that are told of.
const PEOPLE: usize = 8;

/// What moves its traits, what binds it, what it remembers and whom it knows.
pub(super) fn tell(one: &CharacterView, screen: &mut Screen<'_>) -> std::io::Result<()> {
    if one.modifiers.is_empty() {
        screen.line("It is as its sheet says: nothing has changed it of late.")?;
    }
    for modifier in &one.modifiers {
        let now = one.traits.get(&modifier.name).copied().unwrap_or_default();
        let before = one.sheet_traits.get(&modifier.name).copied().unwrap_or_default();
        let words =
            format!("Its {} is {now:.2} instead of {before:.2}: {}", modifier.name, because(modifier));
        screen.line(&clean(&words))?;
    }
    for tie in &one.relationships {
        let kind = capital(&tie.kind.replace('_', " "));
        screen.line(&clean(&format!("{kind} with {}: {}", tie.to, tie.why)))?;
        for modifier in &tie.because {
            screen.line(&clean(&format!("  {} {}", modifier.name.replace('_', " "), because(modifier))))?;
        }
    }
    for memory in one.memories.iter().take(MEMORIES) {
        screen.line(&clean(&remembered(memory)))?;
    }
    for insight in &one.insights {
        let words = format!("It concluded, from {} events: {}", insight.cites.len(), insight.words);
        screen.line(&clean(&words))?;
    }
    for known in one.people.iter().take(PEOPLE) {
        let strands = sizes(&known.strands);
        let words = format!("It knows {}, who asked it {} times{strands}.", known.person, known.asked);
        screen.line(&clean(&words))?;
    }
    Ok(())
}

/// By how much it moves something, of how much at first, from when to when, and why.
fn because(modifier: &ModifierView) -> String {
    let event = modifier.event.as_ref().map(|event| format!(" (event {event})")).unwrap_or_default();
    format!(
        "{:+.2} left of {:+.2} since {}, gone by {}: {}{event}",
        modifier.by,
        modifier.at_first,
        when(modifier.since),
        when(modifier.until),
        modifier.cause
    )
}

fn remembered(memory: &MemoryView) -> String {
    format!("It remembers, of {}: {} (event {})", when(memory.at), memory.words, memory.event)
}

fn when(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "an unknown time".to_owned(), |at| at.strftime("%b %-d, %H:%M UTC").to_string())
}

fn sizes(strands: &BTreeMap<String, f64>) -> String {
    let each = strands.iter().map(|(name, size)| format!("{} {size:+.2}", name.replace('_', " ")));
    let words = each.collect::<Vec<_>>().join(", ");
    if words.is_empty() { words } else { format!("; {words}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_told_with_its_cause() {
        let one: CharacterView = serde_json::from_value(serde_json::json!({
            "id": "caudex", "name": "Sir Caudex", "house": "", "archetype": "", "office": null, "embodies": null,
            "readiness": "idle", "feeling": "content", "energy": 1.0, "attention": 1.0,
            "traits": { "curiosity": 1.0 }, "sheet_traits": { "curiosity": 0.95 },
            "modifiers": [{ "name": "curiosity", "by": 0.1, "at_first": 0.15, "cause": "pi-07 has been under strain for long",
                "catalyst": "system_event", "event": "0198", "since": "2026-11-27T18:00:00Z", "until": "2026-11-28T12:00:00Z" }],
            "relationships": [{ "to": "malvo", "kind": "alliance", "why": "His charts are evidence.", "strands": { "alliance": 0.6 },
                "because": [{ "name": "shared_suffering", "by": 0.4, "at_first": 0.4, "cause": "it failed at the same time as Mr. Malvo Trevine",
                    "event": "0199", "since": "2026-11-27T18:00:00Z", "until": null }] }],
            "last_said": null, "nodes": [], "muted": false, "triggers": [], "eye": "",
            "memories": [{ "at": "2026-11-27T18:00:00Z", "kind": "crisis", "node": "pi-07", "words": "pi-07 is in crisis.", "importance": 8, "event": "0198" }],
            "insights": [{ "words": "pi-07: crisis, at least 3 times", "cites": ["a", "b", "c"], "at": null }],
            "people": [{ "person": "ann\u{1b}[31m", "asked": 3, "memories": 3, "strands": { "affection": 0.15 }, "because": [] }],
        }))
        .unwrap();
        let mut out = Vec::new();
        tell(&one, &mut Screen::new(&mut out, false)).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
