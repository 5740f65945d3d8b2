//! `habit`: what a person calls a node's stress, so that it is expected.

use super::Target;
use super::ask::{CliError, Coordinator};
use super::screen::{Screen, WIDTH, cell, clean, cut};
use crate::surfaces::view::HabitView;
use clap::Args;
use serde_json::{Value, json};

/// `goldentooth habit`
#[derive(Debug, Args)]
#[command(
    after_help = "A name is given to the node's latest stress or crisis, of now or of the last 24 hours. At that
time of the day, with the same signs, it calls nobody from then on, and no character makes a word of
it; what is graver, longer, comes with other signs or doesn't come at all is told.

Examples:
  goldentooth habit pi-07 that's the backup
  goldentooth habit                           every habit
  goldentooth habit pi-07                     those of one node
  goldentooth habit pi-07 --forget the backup"
)]
pub struct HabitArgs {
    /// Whose; without it every habit is listed
    node: Option<String>,
    /// What its stress is; without it the node's habits are listed
    #[arg(requires = "node")]
    name: Vec<String>,
    /// It is no habit of the node any more
    #[arg(long, requires = "name")]
    forget: bool,
    /// Who says so
    #[arg(long = "as", value_name = "PERSON")]
    person: Option<String>,
    #[command(flatten)]
    target: Target,
}

const NODE: usize = 14;
const USUAL: usize = 11;
const LASTS: usize = 8;
const NAME: usize = 22;

pub(super) fn run(args: &HabitArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let coordinator = Coordinator::new(&args.target)?;
    let name = args.name.join(" ");
    match &args.node {
        Some(node) if args.forget => {
            let path = format!("/api/v1/nodes/{node}/habits/forget");
            let done: Value = coordinator.send(&path, &json!({ "name": name }))?;
            if args.target.json {
                return Ok(screen.json(&done, true)?);
            }
            screen.line(&clean(done.get("words").and_then(Value::as_str).unwrap_or("done")))?;
        }
        Some(node) if !name.is_empty() => {
            let habit = named(&coordinator, node, &name, &super::person(args.person.as_ref()))?;
            if args.target.json {
                return Ok(screen.json(&habit, true)?);
            }
            screen.line(&told(&habit))?;
        }
        node => {
            let all: Vec<HabitView> = coordinator.get("/api/v1/habits", &[])?;
            let of = |habit: &HabitView| node.as_ref().is_none_or(|node| habit.node == *node);
            let wanted: Vec<HabitView> = all.into_iter().filter(of).collect();
            if args.target.json {
                return Ok(screen.json(&wanted, true)?);
            }
            table(&wanted, screen)?;
        }
    }
    Ok(screen.flush()?)
}

/// Gives the latest stress of a node a name.
pub(super) fn named(
    coordinator: &Coordinator,
    node: &str,
    name: &str,
    person: &str,
) -> Result<HabitView, CliError> {
    coordinator.send(&format!("/api/v1/nodes/{node}/habits"), &json!({ "name": name, "as": person }))
}

/// What there is to say about a name that was given.
pub(super) fn told(habit: &HabitView) -> String {
    let HabitView { node, name, usual, signs, .. } = habit;
    clean(&format!("{name}, {node} about {usual}, is expected from now on: {signs}."))
}

/// Whether somebody gives a name in a conversation: "that's the backup".
#[cfg(feature = "stage")]
pub(super) fn gives_a_name(line: &str) -> bool {
    let line = line.to_lowercase().replace('’', "'");
    let rest = ["that's ", "that is ", "it's ", "it is "].iter().find_map(|lead| line.strip_prefix(lead));
    let noun = |rest: &str| ["the ", "my ", "our ", "a ", "an "].iter().any(|word| rest.starts_with(word));
    rest.is_some_and(noun) && !line.ends_with('?')
}

fn table(habits: &[HabitView], screen: &mut Screen<'_>) -> std::io::Result<()> {
    if habits.is_empty() {
        return screen.line("No habit has a name. Give one: goldentooth habit NODE that's the backup");
    }
    let head = [
        cell("NODE", NODE),
        cell("ABOUT", USUAL),
        cell("LASTS", LASTS),
        cell("HABIT", NAME),
        "SIGNS".to_owned(),
    ];
    screen.line(&screen.faint(&head.concat()))?;
    for habit in habits {
        let row = [
            cell(&cut(&clean(&habit.node), NODE - 1), NODE),
            cell(&habit.usual, USUAL),
            cell(
                &habit.lasts_s.map_or_else(|| "–".to_owned(), |lasts| fleet::words::span(lasts * 1_000)),
                LASTS,
            ),
            cell(&cut(&clean(&habit.name), NAME - 2), NAME),
            cut(&clean(&habit.signs), WIDTH - NODE - USUAL - LASTS - NAME),
        ];
        screen.line(&row.concat())?;
    }
    Ok(())
}

#[cfg(all(test, feature = "stage"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_a_remark_and_a_question() {
        assert!(
            ["That's the backup.", "that is our nightly sync", "it’s the cron job"]
                .iter()
                .all(|line| gives_a_name(line))
        );
        assert!(
            ["that's odd", "is that the backup?", "that's the backup?", "how is pi-07"]
                .iter()
                .all(|line| !gives_a_name(line))
        );
    }
}
