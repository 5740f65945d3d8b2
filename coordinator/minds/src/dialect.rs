//! The dialects: a request into the body of a call, and an answer out of one.

mod anthropic;
mod openai;

pub(crate) use openai::{embedding, embedding_body};

use crate::key::Key;
use crate::{Answer, Dialect, Fault, Request};
use http::{HeaderName, HeaderValue};
use serde_json::Value;

/// The name of a forced tool call that carries an answer in a wanted shape.
pub(crate) const ANSWER: &str = "answer";

impl Dialect {
    /// Its word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        }
    }

    /// Where a call goes, behind the base.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Anthropic => "/v1/messages",
            Self::OpenAi => "/chat/completions",
        }
    }

    /// The headers that its calls have, the key's among them.
    pub(crate) fn headers(self, key: Option<&Key>) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = Vec::new();
        if self == Self::Anthropic {
            headers.push((
                HeaderName::from_static("anthropic-version"),
                HeaderValue::from_static(anthropic::VERSION),
            ));
        }
        if let Some(key) = key {
            let (name, value) = match self {
                Self::Anthropic => (HeaderName::from_static("x-api-key"), key.expose().to_owned()),
                Self::OpenAi => (http::header::AUTHORIZATION, format!("Bearer {}", key.expose())),
            };
            headers.extend(crate::http::secret(name, &value));
        }
        headers
    }

    /// The body of a call.
    pub(crate) fn body(self, request: &Request, model: &str, url: &str, streams: bool) -> Value {
        match self {
            Self::Anthropic => anthropic::body(request, model, streams),
            Self::OpenAi => openai::body(request, model, url, streams),
        }
    }

    /// The answer in a whole body.
    pub(crate) fn answer(self, body: &Value, request: &Request) -> Result<Answer, Fault> {
        let answer = match self {
            Self::Anthropic => anthropic::answer(body)?,
            Self::OpenAi => openai::answer(body)?,
        };
        finish(answer, request)
    }

    /// What gathers an answer that comes in pieces.
    pub(crate) fn gather(self) -> Gather {
        match self {
            Self::Anthropic => Gather::Anthropic(anthropic::Gather::default()),
            Self::OpenAi => Gather::OpenAi(openai::Gather::default()),
        }
    }
}

/// An answer on its way.
pub(crate) enum Gather {
    Anthropic(anthropic::Gather),
    OpenAi(openai::Gather),
}

impl Gather {
    /// Takes the data of one event; gives the words that it adds.
    pub(crate) fn take(&mut self, data: &str) -> Result<String, Fault> {
        match self {
            Self::Anthropic(gather) => gather.take(&parse(data)?),
            Self::OpenAi(gather) => gather.take(data),
        }
    }

    /// Whether its end has come.
    pub(crate) fn is_done(&self) -> bool {
        match self {
            Self::Anthropic(gather) => gather.is_done(),
            Self::OpenAi(gather) => gather.is_done(),
        }
    }

    /// The whole answer.
    pub(crate) fn finish(self, request: &Request) -> Result<Answer, Fault> {
        if !self.is_done() {
            return Err(Fault::Cut);
        }
        let answer = match self {
            Self::Anthropic(gather) => gather.finish()?,
            Self::OpenAi(gather) => gather.finish()?,
        };
        finish(answer, request)
    }
}

/// Reads JSON, which may stand in a fence of code.
pub(crate) fn parse(text: &str) -> Result<Value, Fault> {
    let text = text.trim();
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let inner = inner.map_or(text, |inner| inner.strip_prefix("json").unwrap_or(inner));
    serde_json::from_str(inner).map_err(|error| Fault::Shape(format!("it is no JSON ({error})")))
}

/// Takes a wanted shape out of an answer, whichever way it came.
fn finish(mut answer: Answer, request: &Request) -> Result<Answer, Fault> {
    if request.schema.is_none() {
        return Ok(answer);
    }
    answer.json = match answer.wants.iter().position(|call| call.name == ANSWER) {
        Some(place) => Some(answer.wants.remove(place).input),
        None if answer.wants.is_empty() => Some(parse(&answer.text).map_err(|fault| unfit(fault, &answer))?),
        None => None,
    };
    Ok(answer)
}

/// What an answer in another shape took is known all the same.
fn unfit(fault: Fault, answer: &Answer) -> Fault {
    let why = match fault {
        _ if answer.stopped => "it stopped at the most tokens".to_owned(),
        Fault::Shape(why) => why,
        other => other.to_string(),
    };
    Fault::Unfit { why, usage: answer.usage }
}

/// A number of tokens, which a provider may leave out or say as null.
fn count(of: &Value, key: &str) -> Option<u32> {
    of.get(key).and_then(Value::as_u64).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

fn text(of: &Value, key: &str) -> Option<String> {
    of.get(key).and_then(Value::as_str).map(str::to_owned)
}
