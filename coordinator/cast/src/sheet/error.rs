//! Why a sheet can't be used.

use crate::grammar::GrammarError;
use crate::lexicon;

/// Why a sheet can't be used. Each names the file and what to change.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not TOML, a key missing, or a value of the wrong type.
    #[error("{file}: {source}")]
    Syntax {
        /// Which sheet.
        file: String,
        /// What the parser says, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A key that no sheet has.
    #[error("{file}: unknown key `{key}`; the nearest is `{nearest}`")]
    UnknownKey {
        /// Which sheet.
        file: String,
        /// The key with its table.
        key: String,
        /// The nearest that exists.
        nearest: String,
    },
    /// A literary style that there is not.
    #[error("{file}: style {style:?} is unknown; the nearest is {nearest:?}, and there are: {all}")]
    Style {
        /// Which sheet.
        file: String,
        /// What it names.
        style: String,
        /// The nearest that exists.
        nearest: String,
        /// All that exist.
        all: String,
    },
    /// A trait outside 0 to 1.
    #[error("{file}: traits.{name} is {value}; a trait is a number from 0 to 1")]
    TraitRange {
        /// Which sheet.
        file: String,
        /// Which trait.
        name: &'static str,
        /// Its value.
        value: f32,
    },
    /// A template that can't be read.
    #[error("{file}: {key}: in {template:?}: {source}")]
    Grammar {
        /// Which sheet.
        file: String,
        /// The occasion or phrase.
        key: String,
        /// The template as written.
        template: String,
        /// What is wrong with it.
        source: Box<GrammarError>,
    },
    /// A word that only a fact may say.
    #[error("{file}: {key}: in {template:?}: {word:?} is {kind}: let a slot say it, or choose another word")]
    Word {
        /// Which sheet.
        file: String,
        /// The occasion or phrase.
        key: String,
        /// The template as written.
        template: String,
        /// The word.
        word: String,
        /// What kind of word it is.
        kind: lexicon::Kind,
    },
    /// An occasion without a line that needs no more than every such fact tells.
    #[error(
        "{file}: lines.{occasion} has no line that needs nothing but {{node}}, {{state}} and {{at}}; add one"
    )]
    Speechless {
        /// Which sheet.
        file: String,
        /// Which occasion.
        occasion: &'static str,
    },
    /// A veiled character that nobody could ever find out.
    #[error("{file}: a veiled character needs `guess`, the words that are right")]
    NoGuess {
        /// Which sheet.
        file: String,
    },
    /// One that stands for nothing.
    #[error(
        "{file}: `domain` says what of a cluster it stands for; only a veiled character may leave it out"
    )]
    NoDomain {
        /// Which sheet.
        file: String,
    },
    /// An answer that can't be one.
    #[error("{file}: guess: {source}")]
    Guess {
        /// Which sheet.
        file: String,
        /// What is wrong with it.
        source: crate::guess::AnswerError,
    },
    /// Too few moves to go on with.
    #[error("{file}: [moves] has {count} kinds of move with a line; at least ten are needed, of {all}")]
    FewMoves {
        /// Which sheet.
        file: String,
        /// How many there are.
        count: usize,
        /// The names of all.
        all: String,
    },
    /// A move that lacks the slot which makes it one.
    #[error(
        "{file}: moves.{key}: {template:?} needs {needs}: without it, it would claim what nobody recorded"
    )]
    MoveSlot {
        /// Which sheet.
        file: String,
        /// Which move.
        key: &'static str,
        /// The template as written.
        template: String,
        /// The slots of which it needs one.
        needs: &'static str,
    },
    /// A line that makes fun of people.
    #[error("{file}: {key}: {template:?} is unkind to people, by {word:?}: make fun of machines")]
    Unkind {
        /// Which sheet.
        file: String,
        /// Where in it.
        key: String,
        /// The template as written.
        template: String,
        /// The word.
        word: String,
    },
    /// An answer without the answer.
    #[error("{file}: answers.lead: {template:?} needs {{answer}}")]
    NoAnswer {
        /// Which sheet.
        file: String,
        /// The template as written.
        template: String,
    },
    /// A line for a crisis or a silence that does not begin with the fact.
    #[error(
        "{file}: lines.{occasion}: {template:?}: such a line begins with {{node}}, tells {{act}}, and holds no `!` or `?`"
    )]
    Sobriety {
        /// Which sheet.
        file: String,
        /// Which occasion.
        occasion: &'static str,
        /// The template as written.
        template: String,
    },
}

impl SheetError {
    /// The same with the line at which it was found, where the text shows one.
    pub(super) fn in_text(mut self, text: &str) -> Self {
        let begins = |key: &str| {
            let is = |line: &str| {
                line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
            };
            text.lines().position(is)
        };
        let holds = |words: &str| text.lines().position(|line| !words.is_empty() && line.contains(words));
        let line = match &self {
            Self::UnknownKey { key, .. } => begins(key.rsplit('.').next().unwrap_or(key)),
            Self::TraitRange { name, .. } => begins(name),
            Self::Grammar { template, .. }
            | Self::Unkind { template, .. }
            | Self::Word { template, .. }
            | Self::MoveSlot { template, .. }
            | Self::NoAnswer { template, .. }
            | Self::Sobriety { template, .. } => holds(template),
            Self::Speechless { occasion, .. } => begins(occasion),
            Self::Style { .. } => begins("style"),
            Self::NoGuess { .. } => begins("veiled"),
            Self::Guess { .. } => begins("guess"),
            Self::FewMoves { .. } => holds("[moves]"),
            Self::Syntax { .. } | Self::NoDomain { .. } => None,
        };
        if let Some(line) = line {
            let file = self.file_mut();
            *file = format!("{file}, line {}", line + 1);
        }
        self
    }

    fn file_mut(&mut self) -> &mut String {
        match self {
            Self::Syntax { file, .. }
            | Self::UnknownKey { file, .. }
            | Self::TraitRange { file, .. }
            | Self::Style { file, .. }
            | Self::Grammar { file, .. }
            | Self::Word { file, .. }
            | Self::Speechless { file, .. }
            | Self::NoGuess { file }
            | Self::NoDomain { file }
            | Self::Guess { file, .. }
            | Self::FewMoves { file, .. }
            | Self::MoveSlot { file, .. }
            | Self::NoAnswer { file, .. }
            | Self::Unkind { file, .. }
            | Self::Sobriety { file, .. } => file,
        }
    }
}
