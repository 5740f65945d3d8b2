//! What is asked of a mind, and what it answers, in no dialect.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a mind is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// The lines of a pulse.
    Pulse,
    /// An answer to a person.
    Chat,
    /// A look at somebody's work.
    Review,
    /// What a character makes of its memories.
    Reflection,
    /// A tale that somebody makes up who is bored.
    Fiction,
    /// A text as a vector.
    Embedding,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 6] =
        [Self::Pulse, Self::Chat, Self::Review, Self::Reflection, Self::Fiction, Self::Embedding];

    /// The one of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }

    /// Its key in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pulse => "pulse",
            Self::Chat => "chat",
            Self::Review => "review",
            Self::Reflection => "reflection",
            Self::Fiction => "fiction",
            Self::Embedding => "embedding",
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What for.
    pub task: Task,
    /// Which characters it is for.
    pub by: Vec<String>,
    /// Why now, in a few words for the ledger.
    pub why: String,
    /// What is the same from call to call: first, so that a provider may keep it.
    pub rules: String,
    /// What was said, oldest first.
    pub turns: Vec<Turn>,
    /// The shape that the answer must have.
    pub schema: Option<Schema>,
    /// What the mind may ask to be done.
    pub tools: Vec<Tool>,
    /// The most tokens of the answer.
    pub most: u32,
}

impl Request {
    /// About how many tokens go in.
    pub fn estimate(&self) -> u32 {
        let turns = self.turns.iter().map(|turn| match turn {
            Turn::Person(text) | Turn::Mind(text) | Turn::Done { text, .. } => crate::estimate::tokens(text),
            Turn::Wants(calls) => calls.iter().map(|call| json_tokens(&call.input) + 8).sum(),
        });
        let schema = self.schema.iter().map(|schema| json_tokens(&schema.json) + 8);
        let tools =
            self.tools.iter().map(|tool| crate::estimate::tokens(&tool.what) + json_tokens(&tool.input) + 8);
        crate::estimate::tokens(&self.rules) + turns.chain(schema).chain(tools).sum::<u32>()
    }
}

fn json_tokens(value: &Value) -> u32 {
    crate::estimate::tokens(&value.to_string())
}

/// One piece of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// What stands on our side.
    Person(String),
    /// What the mind said.
    Mind(String),
    /// What the mind asked to be done.
    Wants(Vec<ToolCall>),
    /// What came of it.
    Done {
        /// Of which wish.
        id: String,
        /// In words, fenced.
        text: String,
    },
}

/// The shape of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// What the answer is called.
    pub name: &'static str,
    /// As JSON Schema.
    pub json: Value,
}

/// Something that a mind may ask to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// What it is called.
    pub name: String,
    /// What it does.
    pub what: String,
    /// What it takes, as JSON Schema.
    pub input: Value,
}

/// A mind's wish that something be done: no more than a wish.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// Names this wish.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// With what.
    pub input: Value,
}

/// Tokens by the provider's own count; none where it doesn't tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All that went in, also what was kept from before.
    pub input: Option<u32>,
    /// What came out.
    pub output: Option<u32>,
    /// Of the input: what the provider had kept.
    pub cached: Option<u32>,
}

/// What a mind answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Its words.
    pub text: String,
    /// The answer in the shape that was asked for.
    pub json: Option<Value>,
    /// What it wants to be done.
    pub wants: Vec<ToolCall>,
    /// What it took.
    pub usage: Usage,
    /// Which model says it answered.
    pub model: String,
    /// Whether it stopped at the most tokens, not at its end.
    pub stopped: bool,
}
