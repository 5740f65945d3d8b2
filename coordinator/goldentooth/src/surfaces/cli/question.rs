//! `ask` and `chat`: questions to the cast.

use super::Target;
use super::ask::{CliError, Coordinator};
use super::screen::{Screen, WIDTH, clean, wrapped};
use crate::surfaces::view::AnswersView;
use clap::Args;
use serde_json::json;
use std::io::{BufRead as _, Write as _};

/// `goldentooth ask`
#[derive(Debug, Args)]
pub struct AskArgs {
    /// The question; @NAME, @OFFICE or @all says who shall answer
    #[arg(required = true)]
    text: Vec<String>,
    /// Who asks
    #[arg(long = "as", value_name = "PERSON")]
    person: Option<String>,
    #[command(flatten)]
    target: Target,
}

/// `goldentooth chat`
#[derive(Debug, Args)]
pub struct ChatArgs {
    /// Who asks
    #[arg(long = "as", value_name = "PERSON")]
    person: Option<String>,
    #[command(flatten)]
    target: Target,
}

fn person(given: Option<&String>) -> String {
    let user = || std::env::var("USER").ok().filter(|user| !user.is_empty());
    given.cloned().or_else(user).unwrap_or_else(|| "somebody".to_owned())
}

fn put(coordinator: &Coordinator, text: &str, person: &str) -> Result<AnswersView, CliError> {
    coordinator.send("/api/v1/ask", &json!({ "text": text, "as": person }))
}

pub(super) fn ask(args: &AskArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let coordinator = Coordinator::new(&args.target)?;
    let answers = put(&coordinator, &args.text.join(" "), &person(args.person.as_ref()))?;
    if args.target.json {
        return Ok(screen.json(&answers, false)?);
    }
    Ok(print(&answers, screen)?)
}

fn print(answers: &AnswersView, screen: &mut Screen<'_>) -> std::io::Result<()> {
    for answer in &answers.answers {
        let kind = if answer.kind == "fact" { String::new() } else { format!(" ({})", answer.kind) };
        for (place, line) in wrapped(&clean(&answer.text), WIDTH - 2).iter().enumerate() {
            let who = format!("{}{kind}, by the {}:", answer.by, answer.mind);
            if place == 0 {
                screen.line(&screen.faint(&who))?;
            }
            screen.line(&format!("  {line}"))?;
        }
    }
    screen.flush()
}

/// Questions one after the other, until an empty line, Ctrl-D or Ctrl-C. What was
/// asked is with the coordinator: a conversation goes on where it was left.
pub(super) fn chat(args: &ChatArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let coordinator = Coordinator::new(&args.target)?;
    let person = person(args.person.as_ref());
    screen.line("Ask the cast; @name, @office or @all says who shall answer. An empty line ends it.")?;
    let input = std::io::stdin();
    loop {
        screen.flush()?;
        eprint!("{person}> ");
        std::io::stderr().flush()?;
        let mut line = String::new();
        if input.lock().read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(());
        }
        match put(&coordinator, line.trim(), &person) {
            Ok(answers) if args.target.json => screen.json(&answers, false)?,
            Ok(answers) => print(&answers, screen)?,
            // A question that can't be taken ends no conversation.
            Err(CliError::Refused(why)) => screen.line(&why)?,
            Err(error) => return Err(error),
        }
    }
}
