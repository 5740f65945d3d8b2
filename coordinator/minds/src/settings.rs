//! `[minds]` of the configuration.

use crate::access::{Access, Trust};
use crate::budget::Limits;
use crate::key::{Key, KeyError, Source};
use crate::request::Task;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// Where each dialect is spoken by its own house.
const ANTHROPIC: &str = "https://api.anthropic.com";
const OPENAI: &str = "https://api.openai.com/v1";
/// The variable that holds Anthropic's key unless another place is named.
const ANTHROPIC_KEY: &str = "ANTHROPIC_API_KEY";

/// All of `[minds]`. Empty means: the understudy alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whom to ask, first to last; without it the cheapest first.
    pub order: Vec<Spanned<String>>,
    /// Whom to ask for one task, first to last.
    pub tasks: BTreeMap<Task, Vec<Spanned<String>>>,
    /// Whom to ask first for a character.
    pub characters: BTreeMap<String, Spanned<String>>,
    /// What prices are in.
    pub currency: String,
    /// The most that an answer may take.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Whether a model may be asked about simulated nodes, too: else they are
    /// the understudy's, and cost nothing.
    pub simulated: bool,
    /// The most tokens.
    pub budget: Limits,
    /// The periodic look.
    pub pulse: PulseSettings,
    /// Who can be asked, by the name that we give them.
    pub providers: BTreeMap<String, ProviderSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            order: Vec::new(),
            tasks: BTreeMap::new(),
            characters: BTreeMap::new(),
            currency: "USD".to_owned(),
            timeout: Duration::from_mins(2),
            simulated: false,
            budget: Limits::default(),
            pulse: PulseSettings::default(),
            providers: BTreeMap::new(),
        }
    }
}

/// `[minds.pulse]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PulseSettings {
    /// How often, 15 to 60 minutes.
    #[serde(deserialize_with = "pulse_duration")]
    pub every: Duration,
    /// Whether names of nodes leave the house only as aliases.
    pub aliases: bool,
}

impl Default for PulseSettings {
    fn default() -> Self {
        Self { every: Duration::from_mins(30), aliases: false }
    }
}

/// Which dialect a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Anthropic's Messages.
    Anthropic,
    /// `OpenAI`'s chat completions: Ollama, llama.cpp's server, vLLM, `OpenRouter`, …
    OpenAi,
}

/// `[minds.providers.NAME]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Which dialect it speaks: `anthropic` or `openai`.
    #[serde(deserialize_with = "dialect")]
    pub kind: Dialect,
    /// Where; without it the dialect's own house.
    pub base_url: Option<Spanned<Url>>,
    /// Which model.
    pub model: String,
    /// Which model makes vectors; none where it makes none.
    pub embedding_model: Option<String>,
    /// Where its key is.
    pub key: Option<Spanned<Source>>,
    /// The PEM file of the authority that vouches for it, in place of the public ones.
    pub certificate: Option<Spanned<PathBuf>>,
    /// What it costs; without it nothing, as at home.
    #[serde(default)]
    pub price: Price,
}

/// Prices of a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of what goes in.
    #[serde(rename = "in")]
    pub input: f64,
    /// Of what comes out.
    #[serde(rename = "out")]
    pub output: f64,
    /// Of what goes in and was kept from before; without it as the rest.
    pub cached: Option<f64>,
}

/// An address without what is said there: `http://` or `https://`, a host, a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// In words. What may be a secret is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "no address: write http://HOST[:PORT][/PATH] or https://…".to_owned();
        let uri: http::Uri = text.parse().map_err(|_| wrong())?;
        let host = uri.host().filter(|host| !host.is_empty());
        let plain = uri.query().is_none() && uri.authority().is_some_and(|all| !all.as_str().contains('@'));
        match (uri.scheme_str(), host, plain) {
            (Some("http" | "https"), Some(_), true) => Ok(Self(text.trim_end_matches('/').to_owned())),
            _ => Err(wrong()),
        }
    }

    /// As written, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what is sent there can be read on the way.
    pub(crate) fn is_in_the_clear(&self) -> bool {
        let uri: Option<http::Uri> = self.0.parse().ok();
        let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        self.0.starts_with("http://") && !here
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).map_err(|why| D::Error::custom(format!("base_url: {why}")))
    }
}

/// What is wrong with `[minds]`, and where it stands in the file.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct SettingsError {
    /// The key's place in the file's text, in bytes; none if it stands nowhere.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub why: String,
}

impl Settings {
    /// Checks what no single key can say of itself, and reads every provider's key and
    /// certificates. `env` looks up a variable of the environment.
    ///
    /// # Errors
    /// [`SettingsError`] of the first fault.
    pub fn access(
        &self,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<BTreeMap<String, Access>, SettingsError> {
        let named = self.order.iter().map(|name| ("minds.order", name));
        let named = named.chain(self.tasks.values().flatten().map(|name| ("minds.tasks", name)));
        let named = named.chain(self.characters.values().map(|name| ("minds.characters", name)));
        for (key, name) in named {
            if !self.providers.contains_key(name.as_ref()) {
                let known: Vec<_> = self.providers.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
                return Err(SettingsError {
                    span: Some(name.span()),
                    why: format!(
                        "{key}: no provider is called {:?}; minds.providers has {known}",
                        name.as_ref()
                    ),
                });
            }
        }
        let of = |(name, provider): (&String, &ProviderSettings)| {
            let key = provider.key(name, &env)?;
            let place = format!("minds.providers.{name}");
            let trust = trust(&place, provider.certificate.as_ref(), provider.url())?;
            Ok((name.clone(), Access { key, trust }))
        };
        self.providers.iter().map(of).collect()
    }
}

impl ProviderSettings {
    /// Where it is asked.
    pub fn url(&self) -> &str {
        match (&self.base_url, self.kind) {
            (Some(url), _) => url.as_ref().as_str(),
            (None, Dialect::Anthropic) => ANTHROPIC,
            (None, Dialect::OpenAi) => OPENAI,
        }
    }

    fn key(&self, name: &str, env: &impl Fn(&str) -> Option<String>) -> Result<Option<Key>, SettingsError> {
        let fault = |span, error: KeyError| SettingsError {
            span,
            why: format!("minds.providers.{name}.key: {error}"),
        };
        let key = match (&self.key, self.kind, &self.base_url) {
            (Some(source), ..) => {
                let read = source.as_ref().read(env);
                Some(read.map_err(|error| fault(Some(source.span()), error))?)
            }
            (None, Dialect::Anthropic, None) => {
                let source = Source::Env(ANTHROPIC_KEY.to_owned());
                Some(source.read(env).map_err(|error| fault(None, error))?)
            }
            _ => None,
        };
        if let (Some(_), Some(url)) = (&key, &self.base_url)
            && url.as_ref().is_in_the_clear()
        {
            return Err(SettingsError {
                span: Some(url.span()),
                why: format!(
                    "minds.providers.{name}.base_url: its key would go over the network in the clear; write https://"
                ),
            });
        }
        Ok(key)
    }
}

/// Reads the file of the authority that is believed at `url`; `place` is the table in which it stands.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn trust(
    place: &str,
    file: Option<&Spanned<PathBuf>>,
    url: &str,
) -> Result<Option<Trust>, SettingsError> {
    let Some(file) = file else { return Ok(None) };
    let wrong =
        |why: String| SettingsError { span: Some(file.span()), why: format!("{place}.certificate: {why}") };
    if !url.starts_with("https://") {
        return Err(wrong("nobody vouches for an http:// address; write https://".to_owned()));
    }
    Trust::read(file.get_ref()).map(Some).map_err(wrong)
}

fn dialect<'de, D: Deserializer<'de>>(from: D) -> Result<Dialect, D::Error> {
    match String::deserialize(from)?.as_str() {
        "anthropic" => Ok(Dialect::Anthropic),
        "openai" => Ok(Dialect::OpenAi),
        other => Err(D::Error::custom(format!("{other:?} is no kind of provider: anthropic or openai"))),
    }
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    span(from, Duration::from_secs(1)..=Duration::from_mins(10), "1s to 10min, as in \"2min\"")
}

fn pulse_duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    span(from, Duration::from_mins(15)..=Duration::from_hours(1), "15min to 60min")
}

fn span<'de, D: Deserializer<'de>>(
    from: D,
    plausible: std::ops::RangeInclusive<Duration>,
    words: &str,
) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let duration = humantime::parse_duration(&text).ok().filter(|duration| plausible.contains(duration));
    duration.ok_or_else(|| D::Error::custom(format!("{text:?} is no time from {words}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
order = ["local"]
tasks.chat = ["claude", "local"]
characters.malvo = "local"
timeout = "30s"
[budget]
day = 1000
[pulse]
every = "15min"
[providers.claude]
kind = "anthropic"
model = "m"
key = { env = "K" }
price = { in = 3.0, out = 15.0, cached = 0.3 }
[providers.local]
kind = "openai"
base_url = "http://192.168.1.5:11434/v1/"
model = "small"
"#;

    fn fault(text: &str) -> String {
        let settings: Settings = match toml::from_str(text) {
            Ok(settings) => settings,
            Err(error) => return error.to_string(),
        };
        let error = settings.access(|_| Some("sk-1".to_owned())).unwrap_err();
        format!("{:?} {error}", error.span.clone().map(|span| &text[span]))
    }

    #[test]
    fn a_whole_section_is_read() {
        let settings: Settings = toml::from_str(WHOLE).unwrap();
        let access = settings.access(|_| Some("sk-1".to_owned())).unwrap();
        assert!(access["claude"].key.is_some() && access["local"].key.is_none(), "home needs none");
        assert_eq!(settings.providers["local"].url(), "http://192.168.1.5:11434/v1");
        assert_eq!(settings.providers["claude"].url(), ANTHROPIC);
        assert_eq!(settings.providers["claude"].price.of(1_000, 100, 400), 1_800 + 120 + 1_500);
        assert_eq!(settings.budget, Limits { day: 1000, ..Limits::default() });
    }

    #[test]
    fn faults_are_named_where_they_stand() {
        let told = fault(&WHOLE.replace("order = [\"local\"]", "order = [\"locl\"]"));
        assert!(told.contains("\\\"locl\\\"") && told.contains("claude, local"), "{told}");
        let told = fault(&WHOLE.replace("model = \"small\"", "model = \"small\"\nkey = { env = \"K\" }"));
        assert!(told.contains("in the clear") && !told.contains("sk-1"), "{told}");
        let told = fault(&WHOLE.replace("http://192.168.1.5:11434/v1/", "http://me:pass@host"));
        assert!(told.contains("no address") && !told.contains("why: pass"), "{told}");
        let told = fault(&WHOLE.replace("\"15min\"", "\"5min\""));
        assert!(told.contains("15min to 60min"), "{told}");
        let told = fault(&WHOLE.replace("\"openai\"", "\"gpt\""));
        assert!(told.contains("anthropic or openai"), "{told}");
    }

    #[test]
    fn a_missing_key_names_its_variable() {
        let settings: Settings = toml::from_str(WHOLE).unwrap();
        let error = settings.access(|_| None).unwrap_err();
        assert!(error.to_string().contains("minds.providers.claude.key") && error.span.is_some(), "{error}");
    }
}
