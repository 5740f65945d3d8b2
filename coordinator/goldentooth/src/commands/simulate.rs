//! `goldentooth simulate`: plays a scenario, and says what came of it.

use crate::cli::SimulateArgs;
use crate::scenario::{Played, Scenario};
use crate::surfaces::view::plain;
use std::error::Error;
use std::io::Write as _;

/// Plays a scenario; whether all that it expects came.
///
/// # Errors
/// A file that can't be read, or is no scenario; and nobody reading the answer.
pub fn run(args: &SimulateArgs) -> Result<bool, Box<dyn Error>> {
    let file = args.file.display();
    let text = std::fs::read_to_string(&args.file).map_err(|error| format!("{file}: {error}"))?;
    let scenario = Scenario::read(&text).map_err(|error| format!("{file}: {error}"))?;
    let played = scenario.play(args.seed)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&played)?)?;
    } else {
        write(&played, &mut out)?;
    }
    Ok(played.unmet.is_empty())
}

fn write(played: &Played, out: &mut impl std::io::Write) -> std::io::Result<()> {
    writeln!(out, "{}", plain(&played.name))?;
    for told in &played.told {
        let who = if told.by.is_empty() { "…" } else { &told.by };
        let kind = if told.kind == "fact" { String::new() } else { format!(" ({})", told.kind) };
        writeln!(out, "  {}  {who}{kind}: {}", told.when(), plain(&told.text))?;
    }
    for felt in &played.felt {
        let because = felt.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
        writeln!(out, "  {} feels {}{because}", felt.by, felt.feeling)?;
    }
    for alarms in &played.alarms {
        writeln!(
            out,
            "  False alarms of {}, before and after {:?} had its name:",
            alarms.node,
            plain(&alarms.name)
        )?;
        for (when, of) in [("before", &alarms.before), ("after", &alarms.after)] {
            writeln!(
                out,
                "    {when}: {} in {} days, {} of them called for people, {} lines ({:.2} a day)",
                of.harmless, of.days, of.crises, of.lines, of.lines_a_day
            )?;
        }
    }
    for unmet in &played.unmet {
        writeln!(out, "expected, and not so: {}", plain(unmet))?;
    }
    if played.unmet.is_empty() {
        writeln!(out, "All that was expected came.")?;
    }
    Ok(())
}
