//! `cast` and what belongs to it: who is on stage, why they are as they are,
//! and the sheets themselves.

mod cards;
mod drill;
mod gates;
mod growth;
mod lint;
mod show;
mod voices;

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, clean};
use super::{Target, Taste, person};
use crate::flavour::Flavour;
use crate::surfaces::view::{CharacterView, EventView, ProfileView};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

/// `goldentooth cast`
#[derive(Debug, Args)]
pub struct CastArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    taste: Taste,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One character: who it is, how it is, and what it said
    Show {
        /// Its sheet, name or office
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Why a character is as it is: what moves its traits and ties, what it remembers, and what
    /// it reacts to
    Why {
        /// Its sheet, name or office
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Tell what a veiled character stands for
    Guess {
        /// Its sheet or name
        name: String,
        /// What it stands for
        guess: String,
        #[command(flatten)]
        target: Target,
    },
    /// Let a character be silent; what is grave is left to others
    Mute {
        /// Its sheet or name
        name: String,
        /// Let it speak again
        #[arg(long)]
        off: bool,
        /// Who says so
        #[arg(long = "as", value_name = "PERSON")]
        person: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// A thumb for a character: it counts in who speaks next
    Thumb {
        /// Its sheet or name
        name: String,
        /// Up or down
        #[arg(value_parser = ["up", "down"])]
        way: String,
        /// Who says so
        #[arg(long = "as", value_name = "PERSON")]
        person: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Begin a sheet for a character of your own, or give a node one that is born ready
    #[command(after_help = "Examples:\n  goldentooth cast new tinker            begin tinker.toml\n  \
        goldentooth cast new --for pi-07       a character of its own for pi-07, on stage at once")]
    New {
        /// Its file name: small letters, digits and '-'
        #[arg(required_unless_present = "node")]
        name: Option<String>,
        /// The node whose own character it shall be
        #[arg(long = "for", value_name = "NODE", conflicts_with_all = ["name", "out"])]
        node: Option<String>,
        /// Where to write it [default: NAME.toml]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        target: Target,
    },
    /// Play a node's failure in words: what it would take along is found, the story is made up, and
    /// nothing real is touched
    #[command(
        after_help = "Examples:\n  goldentooth cast drill            the node whose failure would take most along\n  goldentooth cast drill pi-07"
    )]
    Drill {
        /// Which node falls silent
        node: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Have a tale told: fiction, line by line, until a node is not calm or somebody asks for facts
    Tale {
        #[command(flatten)]
        target: Target,
    },
    /// What each character says in a simulated month, to be read; it asks no coordinator
    #[command(
        after_help = "Examples:\n  goldentooth cast month malvo\n  goldentooth cast month --lines 20 --seed 7"
    )]
    Month {
        /// Its sheet, name or office; everybody without it
        name: Option<String>,
        /// How many lines of each
        #[arg(long, default_value_t = 100, value_name = "COUNT")]
        lines: usize,
        /// Another seed, another month
        #[arg(long, default_value_t = 1, value_name = "N")]
        seed: u64,
    },
    /// How well the voices can be told apart by their prose; it asks no coordinator
    Voices {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// How consistent each character is over a simulated month; it asks no coordinator
    #[command(after_help = "The gates, and the share of what each is:
  personality .85   lines at which its traits were nearer to its own sheet than to any other
                    (says nothing of words; who stands far from all others can't miss it)
  dialogue    .80   lines that are told to be its own by what everybody said in another month
                    (knows form alone, not sense)
  ties        .75   moves of a year about others' nodes that its tie to that one speaks for
                    (passes over moves on which no tie has a say, and those who have no node)
  technical   .90   lines whose facts are as their events have them, and still so
                    (trusts the events; passes over causes, times and advice)

Of fewer than 30 no share is given. The last row takes the same measures with the sheets, speakers,
ties and events of others: what doesn't fall far below its gate there measures nothing.

Examples:
  goldentooth cast gates
  goldentooth cast gates --seed 7 --json")]
    Gates {
        /// Another seed, another month
        #[arg(long, default_value_t = 1, value_name = "N")]
        seed: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check sheets, by themselves and beside the built-in ones
    Lint(lint::LintArgs),
    /// Take a character card (V2 or V3, JSON or PNG) as a sheet of your own
    Import(cards::ImportArgs),
    /// Write a character as a character card
    Export(cards::ExportArgs),
    /// Hide answers: prints the `guess` of a veiled character's sheet, which nobody can read
    #[command(after_help = "Example:\n  goldentooth cast hide \"the sea\" sea ocean")]
    Hide {
        /// What is right
        #[arg(required = true)]
        answers: Vec<String>,
    },
}

pub(super) fn run(args: &CastArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    match &args.what {
        None => {
            let all: Vec<CharacterView> = Coordinator::new(&args.target)?.get("/api/v1/cast", &[])?;
            if args.target.json {
                return Ok(screen.json(&all, true)?);
            }
            Ok(show::table(&all, screen)?)
        }
        Some(What::Show { name, target }) => {
            let (one, meant) = profile(name, target)?;
            if target.json || args.target.json {
                return Ok(screen.json(&one, true)?);
            }
            let ProfileView { character, arc } = one;
            Ok(show::show(&character.in_flavour(args.taste.flavour.unwrap_or(meant)), &arc, screen)?)
        }
        Some(What::Why { name, target }) => {
            let (one, meant) = profile(name, target)?;
            if target.json || args.target.json {
                return Ok(screen.json(&one, true)?);
            }
            let one = one.character.in_flavour(args.taste.flavour.unwrap_or(meant));
            let declined = declined(&one.id, target)?;
            Ok(show::why(&one, declined.as_ref(), screen)?)
        }
        Some(What::Guess { name, guess, target }) => wish(name, target, &json!({ "guess": guess }), screen),
        Some(What::Mute { name, off, person: who, target }) => {
            wish(name, target, &json!({ "mute": !off, "as": person(who.as_ref()) }), screen)
        }
        Some(What::Thumb { name, way, person: who, target }) => {
            wish(name, target, &json!({ "thumb": way, "as": person(who.as_ref()) }), screen)
        }
        Some(What::Drill { node, target }) => drill::run(node.as_deref(), target, screen),
        Some(What::Tale { target }) => {
            told(&Coordinator::new(target)?.post("/api/v1/tales")?, target, screen)
        }
        Some(What::New { node: Some(node), target, .. }) => bear(node, target, screen),
        Some(What::New { name, out, .. }) => begin(name.as_deref().unwrap_or_default(), out.clone(), screen),
        Some(What::Lint(args)) => lint::run(args, screen),
        Some(What::Import(args)) => cards::import(args, screen),
        Some(What::Export(args)) => cards::export(args, screen),
        Some(What::Hide { answers }) => hide(answers, screen),
        Some(What::Month { name, lines, seed }) => voices::month(name.as_deref(), *lines, *seed, screen),
        Some(What::Voices { json }) => voices::told_apart(*json, screen),
        Some(What::Gates { seed, json }) => gates::run(*seed, *json, screen),
    }
}

/// Who is meant by a name.
fn find(name: &str, coordinator: &Coordinator) -> Result<CharacterView, CliError> {
    let all: Vec<CharacterView> = coordinator.get("/api/v1/cast", &[])?;
    let wanted = name.trim_start_matches('@').to_lowercase();
    let is = |one: &CharacterView| {
        let full = one.name.to_lowercase();
        one.id == wanted
            || full == wanted
            || one.office.as_deref() == Some(&wanted)
            || full.split_whitespace().any(|part| part == wanted && wanted.len() > 4)
    };
    let names: Vec<String> = all.iter().map(|one| one.id.clone()).collect();
    all.into_iter().find(is).ok_or_else(|| {
        CliError::Refused(format!(
            "nobody on stage is called {:?}; there are {}",
            clean(name),
            names.join(", ")
        ))
    })
}

/// One character and what became of it, and the flavour in which its words are meant to
/// be told.
fn profile(name: &str, target: &Target) -> Result<(ProfileView, Flavour), CliError> {
    let coordinator = Coordinator::new(target)?;
    let id = find(name, &coordinator)?.id;
    let one = coordinator.get(&format!("/api/v1/cast/{id}"), &[])?;
    Ok((one, coordinator.flavour(None)))
}

/// What a character declined last, of late: nothing is turned away without a record.
fn declined(id: &str, target: &Target) -> Result<Option<EventView>, CliError> {
    let query = [("kind", "declined"), ("limit", "200")];
    let events: Vec<EventView> = Coordinator::new(target)?.get("/api/v1/events", &query)?;
    let by = |event: &EventView| event.payload.get("by").and_then(Value::as_str) == Some(id);
    Ok(events.into_iter().rev().find(by))
}

fn wish(name: &str, target: &Target, wish: &Value, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let coordinator = Coordinator::new(target)?;
    let id = find(name, &coordinator)?.id;
    told(&coordinator.send(&format!("/api/v1/cast/{id}"), wish)?, target, screen)
}

/// Gives a node a character of its own.
fn bear(node: &str, target: &Target, screen: &mut Screen<'_>) -> Result<(), CliError> {
    told(&Coordinator::new(target)?.send("/api/v1/cast", &json!({ "for": node }))?, target, screen)
}

/// Prints what there is to say about something done.
fn told(done: &Value, target: &Target, screen: &mut Screen<'_>) -> Result<(), CliError> {
    if target.json {
        return Ok(screen.json(done, true)?);
    }
    let words = done.get("words").and_then(Value::as_str).unwrap_or("done");
    screen.line(&clean(words))?;
    Ok(screen.flush()?)
}

fn hide(answers: &[String], screen: &mut Screen<'_>) -> Result<(), CliError> {
    let mut salt = [0; cast::SALT];
    getrandom::fill(&mut salt).map_err(|error| CliError::Refused(error.to_string()))?;
    screen.line("guess = [")?;
    for answer in answers {
        screen.line(&format!("    \"{}\",", cast::Answer::hide(answer, salt)))?;
    }
    screen.line("]")?;
    Ok(screen.flush()?)
}

fn begin(name: &str, out: Option<PathBuf>, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let fits = !name.is_empty()
        && name.len() <= 32
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fits {
        return Err(CliError::Refused(format!(
            "{:?} can't be a sheet's name: take small letters, digits and '-'",
            clean(name)
        )));
    }
    let out = out.unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&out)?;
    std::io::Write::write_all(&mut file, cast::lint::scaffold(name).as_bytes())?;
    screen.line(&format!(
        "{} is begun. Fill it, then: goldentooth cast lint {}",
        out.display(),
        out.display()
    ))?;
    Ok(screen.flush()?)
}
