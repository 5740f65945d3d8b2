//! `ask`: a question to the cast.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, WIDTH, clean, wrapped};
use super::{Target, Taste, person};
use crate::flavour::Flavour;
use crate::surfaces::view::AnswersView;
use clap::Args;
use serde_json::json;

/// `goldentooth ask`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  goldentooth ask which node is worst
  goldentooth ask @caudex why is pi-07 stressed
  goldentooth ask --flavour off what should I do about pi-07
  goldentooth ask what does the council say about pi-07")]
pub struct AskArgs {
    /// The question; @NAME, @OFFICE or @all says who shall answer
    #[arg(required = true)]
    text: Vec<String>,
    /// Who asks
    #[arg(long = "as", value_name = "PERSON")]
    pub(super) person: Option<String>,
    #[command(flatten)]
    pub(super) taste: Taste,
    #[command(flatten)]
    pub(super) target: Target,
}

/// `goldentooth chat`
#[derive(Debug, Args)]
#[command(after_help = "Tab completes @names, @offices and nodes; arrows go through what was asked before.
A question may go on from the last: \"and yesterday?\", \"and pi-09?\"
\"that's the backup\" names the stress of the node that was spoken of last: see `goldentooth habit --help`.

Examples:
  goldentooth chat
  goldentooth chat --as ann --flavour light")]
pub struct ChatArgs {
    /// Who asks
    #[arg(long = "as", value_name = "PERSON")]
    pub(super) person: Option<String>,
    #[command(flatten)]
    pub(super) taste: Taste,
    #[command(flatten)]
    pub(super) target: Target,
}

pub(super) fn put(
    coordinator: &Coordinator,
    text: &str,
    person: &str,
    flavour: Option<Flavour>,
) -> Result<AnswersView, CliError> {
    coordinator.send("/api/v1/ask", &json!({ "text": text, "as": person, "flavour": flavour }))
}

pub(super) fn ask(args: &AskArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let coordinator = Coordinator::new(&args.target)?;
    let answers = put(&coordinator, &args.text.join(" "), &person(args.person.as_ref()), args.taste.flavour)?;
    if args.target.json {
        return Ok(screen.json(&answers, false)?);
    }
    Ok(print(&answers, screen)?)
}

pub(super) fn print(answers: &AnswersView, screen: &mut Screen<'_>) -> std::io::Result<()> {
    for answer in &answers.answers {
        let kind = if answer.kind == "fact" { String::new() } else { format!(" ({})", answer.kind) };
        for (place, line) in wrapped(&clean(&answer.text), WIDTH - 2).iter().enumerate() {
            // The understudy is one of us, any other a provider of the configuration.
            let the = if answer.mind == "understudy" { "the " } else { "" };
            let who = format!("{}{kind}, by {the}{}:", answer.by, clean(&answer.mind));
            if place == 0 {
                screen.line(&screen.faint(&who))?;
            }
            screen.line(&format!("  {line}"))?;
        }
    }
    screen.flush()
}
