//! Who is on stage, one of them, and why it is as it is, in words.

use super::growth;
use crate::surfaces::cli::screen::{Screen, WIDTH, cell, clean, cut, wrapped};
use crate::surfaces::view::{ArcView, CharacterView, EventView};
use serde_json::Value;

pub(super) fn table(all: &[CharacterView], screen: &mut Screen<'_>) -> std::io::Result<()> {
    let head = [cell("NAME", 25), cell("FEELING", 10), cell("READINESS", 12), cell("EMBODIES", 33)];
    screen.line(&screen.faint(&head.concat()))?;
    for one in all {
        let muted = if one.muted { " (muted)" } else { "" };
        let row = [
            cell(&cut(&format!("{}{muted}", clean(&one.name)), 24), 25),
            cell(&one.feeling, 10),
            cell(&one.readiness, 12),
            cut(one.embodies.as_deref().unwrap_or("? (goldentooth cast guess)"), 33),
        ];
        screen.line(&row.concat())?;
    }
    screen.flush()
}

pub(super) fn show(one: &CharacterView, arc: &ArcView, screen: &mut Screen<'_>) -> std::io::Result<()> {
    screen.line(&format!("{}, {}, of {}", clean(&one.name), clean(&one.archetype), clean(&one.house)))?;
    let field = |screen: &mut Screen<'_>, label: &str, text: &str| {
        for (place, line) in wrapped(text, WIDTH - 12).iter().enumerate() {
            screen.line(&format!("{}{line}", cell(if place == 0 { label } else { "" }, 12)))?;
        }
        std::io::Result::Ok(())
    };
    field(screen, "Embodies", one.embodies.as_deref().unwrap_or("that is for you to find out"))?;
    if let Some(office) = &one.office {
        field(screen, "Office", &format!("@{office}"))?;
    }
    if let Some(style) = &one.style {
        field(screen, "Tells", &clean(style))?;
    }
    let now = format!(
        "{}, feels {}, energy {:.0} %, attention {:.0} %",
        one.readiness,
        one.feeling,
        one.energy * 100.0,
        one.attention * 100.0
    );
    field(screen, "Is", &now)?;
    if !one.nodes.is_empty() {
        field(screen, "Household", &one.nodes.join(", "))?;
    }
    for tie in &one.relationships {
        let kind = capital(&tie.kind.replace('_', " "));
        field(screen, &kind, &format!("{}: {}", tie.to, clean(&tie.why)))?;
    }
    for thread in &arc.threads {
        field(screen, "Thread", &clean(&thread.told))?;
    }
    if let Some(record) = one.bets.words() {
        let brier = one.bets.brier.map(|brier| format!(" (Brier score {brier})")).unwrap_or_default();
        field(screen, "Foretold", &format!("{record}{brier}"))?;
    }
    for bet in &one.bets.open {
        field(screen, "Bets", &clean(&format!("{}, at {:.0} %", bet.claim, bet.chance * 100.0)))?;
    }
    if let Some(said) = &one.last_said {
        field(screen, "Said", &clean(&said.text))?;
    }
    screen.flush()
}

pub(super) fn why(
    one: &CharacterView,
    declined: Option<&EventView>,
    screen: &mut Screen<'_>,
) -> std::io::Result<()> {
    let feeling = one.feeling_because.as_deref().unwrap_or("nothing has touched it of late");
    screen.line(&format!("{} feels {}: {}.", clean(&one.name), one.feeling, clean(feeling)))?;
    screen.line(&format!("It is {}: {}.", one.readiness, clean(&one.readiness_because)))?;
    if let Some(born) = &one.born {
        let at = born.at.map(|at| at.strftime(" on %b %-d, %H:%M UTC").to_string()).unwrap_or_default();
        let event = born.event.as_ref().map(|event| format!(" (event {event})")).unwrap_or_default();
        let words = format!("It came on stage{at} as {}'s own: {}{event}.", born.node, born.why);
        screen.line(&clean(&words))?;
    }
    growth::tell(one, screen)?;
    for bet in &one.bets.open {
        screen.line(&clean(&format!("It bets that {} (event {}).", bet.claim, bet.event)))?;
    }
    if one.embodies.is_none() {
        screen.line("What it reacts to is for you to find out.")?;
    }
    for trigger in &one.triggers {
        let supply = if trigger.supplied {
            format!("supplied by {}", trigger.supply)
        } else {
            format!("it never fires: {}", trigger.supply)
        };
        let words = format!("{} makes it {}: {} ({supply})", trigger.signal, trigger.feeling, trigger.why);
        screen.line(&clean(&words))?;
    }
    if let Some(event) = declined {
        let at = event.at.map(|at| at.strftime(", %b %-d, %H:%M UTC").to_string()).unwrap_or_default();
        screen.line(&clean(&format!("It declined last{at}: {} (event {})", event.words, event.id)))?;
    }
    if let Some(said) = &one.last_said {
        screen.line(&format!("It said last: {}", clean(&said.text)))?;
        let facts = said.facts.as_array().map(Vec::as_slice).unwrap_or_default();
        for fact in facts {
            let text = |key: &str| fact.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            screen.line(&format!(
                "  {} = {} (event {})",
                text("slot"),
                clean(&text("text")),
                text("event")
            ))?;
        }
    }
    screen.flush()
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
