//! What is printed, and how: colour only where a person sees it, columns that
//! fit, and nothing that could steer the terminal.

use crate::surfaces::view::{Standing, plain};
use std::io::{self, IsTerminal as _, Write};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The widest table, in columns.
pub(super) const WIDTH: usize = 80;

/// Where a command prints.
pub(super) struct Screen<'a> {
    out: Box<dyn Write + 'a>,
    colour: bool,
}

impl<'a> Screen<'a> {
    /// Standard output; coloured on a terminal, unless `NO_COLOR` is set.
    pub(super) fn stdout() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let colour = io::stdout().is_terminal()
            && !set("NO_COLOR")
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self::new(io::stdout().lock(), colour)
    }

    pub(super) fn new(out: impl Write + 'a, colour: bool) -> Self {
        Self { out: Box::new(out), colour }
    }

    /// One line.
    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", line.trim_end())
    }

    /// A value as JSON, in lines or in one.
    pub(super) fn json(&mut self, value: &impl serde::Serialize, lines: bool) -> io::Result<()> {
        let text = if lines { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        writeln!(self.out, "{}", text.map_err(io::Error::other)?)?;
        self.out.flush()
    }

    /// Puts what is printed before the reader's eyes.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// `text` in the colour of a standing, if there is colour.
    pub(super) fn tinted(&self, standing: Standing, text: &str) -> String {
        let code = match standing {
            Standing::Crisis => "1;31",
            Standing::Silent => "35",
            Standing::Stressed => "33",
            Standing::Learning => "36",
            Standing::Happy => "32",
            Standing::Bored => "34",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// `text` made fainter, if there is colour.
    pub(super) fn faint(&self, text: &str) -> String {
        if self.colour { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The mark before a standing's word: nobody needs the colour.
pub(super) fn mark(standing: Standing) -> char {
    match standing {
        Standing::Crisis => '!',
        Standing::Silent => '×',
        Standing::Stressed => '▲',
        Standing::Learning => '…',
        Standing::Happy => '●',
        Standing::Bored => '–',
    }
}

/// Text from elsewhere, fit for a terminal.
pub(super) fn clean(text: &str) -> String {
    plain(text)
}

/// `text`, cleaned, in exactly `width` columns: cut with `…`, or filled up.
pub(super) fn cell(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let rest = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(rest))
}

/// `text`, cleaned, in at most `width` columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text = clean(text);
    if text.width() <= width {
        return text;
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// `text`, cleaned, in lines of at most `width` columns, broken between words.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in clean(text).split_whitespace() {
        let word = cut(word, width);
        let fits =
            lines.last().is_some_and(|line| line.is_empty() || line.width() + 1 + word.width() <= width);
        if !fits {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}
