//! `chat`: a conversation with the cast, with history and completion of names.

use super::ask::{CliError, Coordinator};
use super::question::{Asker, ChatArgs, Question};
use super::screen::{Screen, clean};
use super::{habit, person};
use crate::surfaces::view::{CharacterView, EventView, NodeView};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};
use serde_json::Value;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

/// The most lines of history that are kept.
const HISTORY: usize = 500;
/// How many exchanges of before are shown at the beginning.
const BEFORE: usize = 3;

/// Questions one after the other, until an empty line, Ctrl-D, or Ctrl-C twice.
/// What was asked is with the coordinator: a conversation goes on where it was
/// left, also after a restart.
pub(super) fn chat(args: &ChatArgs, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let Asker { person: named, taste, target } = &args.asker;
    let coordinator = Coordinator::new(target)?;
    let person = person(named.as_ref());
    let names = Names::of(&coordinator)?;
    let nodes = names.nodes();
    // Of which node was spoken last: "that's the backup" is about it.
    let mut about: Option<String> = None;
    screen.line("Ask the cast; @name, @office or @all says who shall answer. An empty line ends it.")?;
    if !target.json {
        recall(&coordinator, &person, screen)?;
    }
    let mut lines = Lines::open(names);
    loop {
        screen.flush()?;
        let Some(line) = lines.next(&format!("{person}> "))? else { return Ok(()) };
        if let Some(node) = about.as_ref().filter(|_| habit::gives_a_name(&line)) {
            match habit::named(&coordinator, node, &line, &person) {
                Ok(habit) => screen.line(&habit::told(&habit))?,
                Err(error) => screen.line(&error.to_string())?,
            }
            continue;
        }
        let question = Question { text: &line, person: &person, flavour: taste.flavour };
        let asked =
            if target.json { question.put(&coordinator) } else { question.put_aloud(&coordinator, screen) };
        match asked {
            Ok(answers) => {
                let facts = answers.answers.iter().flat_map(|answer| &answer.facts);
                about =
                    facts.map(|fact| fact.subject.clone()).find(|subject| nodes.contains(subject)).or(about);
                if target.json {
                    screen.json(&answers, false)?;
                }
            }
            // A question that can't be taken ends no conversation.
            Err(CliError::Refused(why)) => screen.line(&why)?,
            Err(error) => return Err(error),
        }
    }
}

/// What was asked last, and answered: where the conversation was left.
fn recall(coordinator: &Coordinator, person: &str, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let events: Vec<EventView> =
        coordinator.get("/api/v1/events", &[("kind", "answered"), ("limit", "200")])?;
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(clean).unwrap_or_default();
    let ours: Vec<&EventView> =
        events.iter().filter(|event| text(&event.payload, "person") == person).collect();
    for event in ours.iter().skip(ours.len().saturating_sub(BEFORE)) {
        screen.line(&screen.faint(&format!("{person}> {}", text(&event.payload, "question"))))?;
        let answers = event.payload.get("answers").and_then(Value::as_array);
        for answer in answers.into_iter().flatten() {
            let line = format!("  {}: {}", text(answer, "by"), text(answer, "text"));
            screen.line(&screen.faint(&line))?;
        }
    }
    Ok(())
}

/// The names that may be completed.
struct Names(Vec<String>);

impl Names {
    fn of(coordinator: &Coordinator) -> Result<Self, CliError> {
        let cast: Vec<CharacterView> = coordinator.get("/api/v1/cast", &[])?;
        let nodes: Vec<NodeView> = coordinator.get("/api/v1/nodes", &[])?;
        let offices = cast.iter().filter_map(|one| one.office.as_ref()).map(|office| format!("@{office}"));
        let mut names: Vec<String> = cast.iter().map(|one| format!("@{}", one.id)).chain(offices).collect();
        names.push("@all".to_owned());
        names.extend(nodes.into_iter().map(|node| node.name));
        // A name goes to the terminal as it is completed.
        let mut names: Vec<String> = names.iter().map(|name| clean(name)).collect();
        names.sort_unstable();
        names.dedup();
        Ok(Self(names))
    }

    /// Those of nodes.
    fn nodes(&self) -> Vec<String> {
        self.0.iter().filter(|name| !name.starts_with('@')).cloned().collect()
    }

    /// Where the word before `at` begins, and what it may become.
    fn complete(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = line.get(..at).unwrap_or(line);
        let start = before.rfind(char::is_whitespace).map_or(0, |blank| {
            blank + before.get(blank..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let word = before.get(start..).unwrap_or_default().to_lowercase();
        if word.is_empty() {
            return (start, Vec::new());
        }
        let fits = |name: &&String| name.to_lowercase().starts_with(&word);
        (start, self.0.iter().filter(fits).map(|name| format!("{name} ")).collect())
    }
}

impl Completer for Names {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.complete(line, at))
    }
}

impl Hinter for Names {
    type Hint = String;
}

impl Highlighter for Names {}
impl Validator for Names {}
impl Helper for Names {}

/// Where lines come from: a person's terminal, or whatever else there is.
enum Lines {
    Terminal(Box<Editor<Names, FileHistory>>, Option<PathBuf>),
    Plain,
}

impl Lines {
    fn open(names: Names) -> Self {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Self::Plain;
        }
        let config =
            Config::builder().max_history_size(HISTORY).and_then(|config| config.history_ignore_dups(true));
        let editor = config.and_then(|config| Editor::with_config(config.build()));
        let Ok(mut editor) = editor else { return Self::Plain };
        editor.set_helper(Some(names));
        let file = history();
        // Without a history a conversation is still one.
        if let Some(file) = &file {
            let _ = editor.load_history(file);
        }
        Self::Terminal(Box::new(editor), file)
    }

    /// The next line that says something; none at the end.
    fn next(&mut self, prompt: &str) -> Result<Option<String>, CliError> {
        let said = |line: &str| Some(line.trim().to_owned()).filter(|line| !line.is_empty());
        let Self::Terminal(editor, file) = self else {
            eprint!("{prompt}");
            std::io::stderr().flush()?;
            let mut line = String::new();
            return Ok(if std::io::stdin().lock().read_line(&mut line)? == 0 { None } else { said(&line) });
        };
        let mut stopped = false;
        loop {
            match editor.readline(prompt) {
                Ok(line) => {
                    let Some(line) = said(&line) else { return Ok(None) };
                    let _ = editor.add_history_entry(&line);
                    if let Some(file) = file {
                        let _ = editor.save_history(file);
                    }
                    return Ok(Some(line));
                }
                // What was begun is thrown away; twice in a row ends it.
                Err(ReadlineError::Interrupted) if !stopped => stopped = true,
                Err(ReadlineError::Interrupted | ReadlineError::Eof) => return Ok(None),
                Err(ReadlineError::Io(error)) => return Err(error.into()),
                Err(error) => return Err(std::io::Error::other(error).into()),
            }
        }
    }
}

/// Where the history is kept: among this user's states.
fn history() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = from("XDG_STATE_HOME").or_else(|| Some(from("HOME")?.join(".local/state")))?;
    let folder = state.join("goldentooth");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("chat-history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_where_the_word_begins() {
        let names = Names(["@all", "@caudex", "@calliope", "pi-07", "Pi-11"].map(str::to_owned).to_vec());
        assert_eq!(names.complete("@ca", 3), (0, vec!["@caudex ".to_owned(), "@calliope ".to_owned()]));
        assert_eq!(names.complete("how is pi", 9), (7, vec!["pi-07 ".to_owned(), "Pi-11 ".to_owned()]));
        assert_eq!(names.complete("grüße, @al", 12), (9, vec!["@all ".to_owned()]));
        assert_eq!(names.complete("how ", 4), (4, Vec::new()), "nothing begun, nothing offered");
        assert_eq!(names.complete("how is pi", 99).0, 7, "a place beyond the line is its end");
    }
}
