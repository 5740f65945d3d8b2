//! `ask`: a question to the cast.

use super::ask::{CliError, Coordinator};
use super::screen::{Screen, WIDTH, clean, wrapped};
use super::{Target, Taste, person};
use crate::flavour::Flavour;
use crate::surfaces::view::{AnswersView, PieceView};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
    #[command(flatten)]
    asker: Asker,
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
    #[command(flatten)]
    pub(super) asker: Asker,
}

// Who asks, whom, and how much voice is wanted; a doc here would become the help's.
#[derive(Debug, Args)]
pub(super) struct Asker {
    /// Who asks
    #[arg(long = "as", value_name = "PERSON")]
    pub(super) person: Option<String>,
    #[command(flatten)]
    pub(super) taste: Taste,
    #[command(flatten)]
    pub(super) target: Target,
}

/// What is asked, and by whom.
pub(super) struct Question<'a> {
    pub(super) text: &'a str,
    pub(super) person: &'a str,
    pub(super) flavour: Option<Flavour>,
}

impl Question<'_> {
    fn body(&self) -> Value {
        json!({ "text": self.text, "as": self.person, "flavour": self.flavour })
    }

    /// Asks, and gives the answers whole.
    pub(super) fn put(&self, coordinator: &Coordinator) -> Result<AnswersView, CliError> {
        coordinator.send("/api/v1/ask", &self.body())
    }

    /// Asks, and prints the answers as they come.
    pub(super) fn put_aloud(
        &self,
        coordinator: &Coordinator,
        screen: &mut Screen<'_>,
    ) -> Result<AnswersView, CliError> {
        let mut aloud = Aloud::default();
        let mut whole = None;
        coordinator.send_and_hear("/api/v1/ask/aloud", &self.body(), |told| {
            match told.kind.as_str() {
                "piece" => aloud.piece(&coordinator.told(&told)?, screen)?,
                "answers" => whole = Some(coordinator.told::<AnswersView>(&told)?),
                "refused" => {
                    let told: Value = coordinator.told(&told)?;
                    return Err(CliError::Refused(clean(told["error"].as_str().unwrap_or_default())));
                }
                _ => {}
            }
            Ok(())
        })?;
        let whole = whole.ok_or_else(|| coordinator.strange("its answer broke off"))?;
        aloud.rest(&whole, screen)?;
        Ok(whole)
    }
}

pub(super) fn ask(args: &AskArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let Asker { person: named, taste, target } = &args.asker;
    let coordinator = Coordinator::new(target)?;
    let (text, person) = (args.text.join(" "), person(named.as_ref()));
    let question = Question { text: &text, person: &person, flavour: taste.flavour };
    if target.json {
        return Ok(screen.json(&question.put(&coordinator)?, false)?);
    }
    question.put_aloud(&coordinator, screen).map(drop)
}

/// What of the answers stands on the screen already.
#[derive(Default)]
struct Aloud {
    shown: BTreeMap<usize, String>,
    /// Whose answer was printed last.
    last: Option<usize>,
}

impl Aloud {
    /// Prints what has come of an answer.
    fn piece(&mut self, piece: &PieceView, screen: &mut Screen<'_>) -> std::io::Result<()> {
        self.shown.entry(piece.place).or_default().push_str(&piece.text);
        self.print((piece.place, &piece.by, &piece.kind, &piece.mind), &piece.text, screen)
    }

    /// Prints what has not come in pieces.
    fn rest(&mut self, answers: &AnswersView, screen: &mut Screen<'_>) -> std::io::Result<()> {
        for (place, answer) in answers.answers.iter().enumerate() {
            let shown = self.shown.get(&place).map_or("", String::as_str);
            let rest = answer.text.strip_prefix(shown).unwrap_or(&answer.text).to_owned();
            if !rest.trim().is_empty() {
                self.print((place, &answer.by, &answer.kind, &answer.mind), &rest, screen)?;
            }
        }
        screen.flush()
    }

    fn print(
        &mut self,
        (place, by, kind, mind): (usize, &str, &str, &str),
        text: &str,
        screen: &mut Screen<'_>,
    ) -> std::io::Result<()> {
        if self.last.replace(place) != Some(place) {
            let kind = if kind == "fact" { String::new() } else { format!(" ({kind})") };
            // The understudy is one of us, any other a provider of the configuration.
            let the = if mind == "understudy" { "the " } else { "" };
            screen.line(&screen.faint(&format!("{}{kind}, by {the}{}:", clean(by), clean(mind))))?;
        }
        for line in wrapped(&clean(text), WIDTH - 2) {
            screen.line(&format!("  {line}"))?;
        }
        screen.flush()
    }
}
