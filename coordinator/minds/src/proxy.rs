//! Others who watch the same house, asked over HTTP: Uptime Kuma, Prometheus,
//! Alertmanager, Loki and Grafana. They tell of alerts, of services, and a few
//! words; nothing is ever changed there.
//!
//! Whatever they say was written by strangers: it is bounded and cleaned here,
//! and fenced as data before it goes into a prompt.

mod alertmanager;
mod grafana;
mod loki;
mod prometheus;
mod settings;
#[cfg(test)]
mod tests;
mod uptime_kuma;

pub use settings::{Kind, ProxySettings};

use crate::access::Access;
use crate::fault::Fault;
use crate::fence;
use crate::http::{Http, bytes, secret, whole};
use crate::settings::SettingsError;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use futures_util::future::join_all;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// For a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Until everybody has told how things are.
pub const HEALTH: Duration = Duration::from_secs(30);
/// Until everybody has told what the logs say.
pub const LOGS: Duration = Duration::from_mins(1);
/// The most that is read of an answer, in bytes.
const MOST: usize = 4 << 20;
/// The most alerts, and the most services, that one of them may tell of.
const EACH: usize = 256;
/// The most lines that one of them may say.
const LINES: usize = 12;
/// The most characters of a line, of a name, and of a word such as a severity.
const LINE: usize = 160;
const NAME: usize = 60;
const WORD: usize = 20;

/// How a service is, as somebody sees it who looks at it from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It answers.
    Up,
    /// It did not answer the last time, and is asked again.
    Pending,
    /// Somebody works on it.
    Maintenance,
    /// It does not answer.
    Down,
}

/// An alert that is active.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alert {
    /// What it is called.
    pub name: String,
    /// How grave it is, in the words of whoever wrote the rule; empty where it says nothing.
    pub severity: String,
    /// What it is about: an instance, a host, a job; empty where it says nothing.
    pub subject: String,
    /// What it means.
    pub summary: String,
}

impl Alert {
    /// The alert in one line.
    pub fn words(&self) -> String {
        let summary = if self.summary.is_empty() { String::new() } else { format!(": {}", self.summary) };
        format!("{}{summary}", self.lasting())
    }

    /// What of it stays the same while it is active: a summary may hold a value.
    pub fn lasting(&self) -> String {
        let severity = if self.severity.is_empty() { String::new() } else { format!(" ({})", self.severity) };
        let subject = if self.subject.is_empty() { String::new() } else { format!(" on {}", self.subject) };
        format!("{}{severity}{subject}", self.name)
    }
}

/// What one of them tells. Everything in it is cleaned and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Alerts that are active.
    pub alerts: Vec<Alert>,
    /// How services are, by the names that they have here.
    pub services: BTreeMap<String, State>,
    /// What else there is to say, a line each.
    pub words: Vec<String>,
}

impl Outlook {
    fn say(&mut self, words: &str) {
        if self.words.len() < LINES {
            self.words.push(fence::clean(words, LINE));
        }
    }

    fn alert(&mut self, alert: &Alert) {
        if self.alerts.len() < EACH {
            self.alerts.push(Alert {
                name: fence::clean(&alert.name, NAME),
                severity: fence::clean(&alert.severity, WORD),
                subject: fence::clean(&alert.subject, NAME),
                summary: fence::clean(&alert.summary, LINE),
            });
        }
    }

    /// A service that is seen twice is as in the worse place.
    fn service(&mut self, name: String, state: State) {
        if self.services.len() < EACH || self.services.contains_key(&name) {
            let known = self.services.entry(name).or_insert(state);
            *known = state.max(*known);
        }
    }
}

/// One look at one of them.
#[derive(Clone, Debug)]
pub struct Looked {
    /// What the configuration calls it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it tells, or why it tells nothing.
    pub found: Result<Outlook, Fault>,
    /// Services that the configuration names, and that it doesn't tell of, by their names here.
    pub unseen: BTreeSet<String>,
}

/// Everybody who is asked; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<Vec<Proxy>>);

/// One of them.
#[derive(Clone, Debug)]
struct Proxy {
    name: String,
    settings: ProxySettings,
    access: Access,
    http: Http,
}

impl Proxies {
    /// Those of the configuration, with their keys and certificates. `env` looks up a variable
    /// of the environment.
    ///
    /// # Errors
    /// [`SettingsError`] of the first fault.
    pub fn new(
        settings: BTreeMap<String, ProxySettings>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let mut all = Vec::with_capacity(settings.len());
        for (name, settings) in settings {
            let access = settings.check(&name, &env)?;
            let http = Http::new(CONNECT, access.trust.as_ref());
            all.push(Proxy { name, settings, access, http });
        }
        Ok(Self(Arc::new(all)))
    }

    /// Whether there is anybody to ask.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How things are now: everybody but those who keep logs, side by side, and
    /// nobody is waited for longer than [`HEALTH`].
    pub async fn health(&self) -> Vec<Looked> {
        self.look(HEALTH, Duration::ZERO, |one| one.settings.kind != Kind::Loki).await
    }

    /// As [`health`](Self::health), of those alone who are named.
    pub async fn health_of(&self, names: &BTreeSet<String>) -> Vec<Looked> {
        self.look(HEALTH, Duration::ZERO, |one| names.contains(&one.name)).await
    }

    /// What the logs say of the last week, and of the time since the last look:
    /// nobody is waited for longer than [`LOGS`].
    pub async fn logs(&self, since: Duration) -> Vec<Looked> {
        self.look(LOGS, since, |one| one.settings.kind == Kind::Loki).await
    }

    async fn look(&self, limit: Duration, since: Duration, whom: impl Fn(&Proxy) -> bool) -> Vec<Looked> {
        let asked = self.0.iter().filter(|one| whom(one)).map(|one| async move {
            let found = tokio::time::timeout(limit, one.look(since)).await;
            let found = found.unwrap_or(Err(Fault::Slow(limit)));
            let unseen = found.as_ref().map(|outlook| one.unseen(outlook)).unwrap_or_default();
            Looked { name: one.name.clone(), kind: one.settings.kind, found, unseen }
        });
        join_all(asked).await
    }
}

impl Proxy {
    async fn look(&self, since: Duration) -> Result<Outlook, Fault> {
        match self.settings.kind {
            Kind::UptimeKuma => uptime_kuma::look(self).await,
            Kind::Prometheus => prometheus::look(self).await,
            Kind::Alertmanager => alertmanager::look(self).await,
            Kind::Grafana => grafana::look(self).await,
            Kind::Loki => loki::look(self, since).await,
        }
    }

    /// Its name here: as the configuration says, else made of its own.
    fn service(&self, theirs: &str) -> Option<String> {
        let name = self.settings.services.get(theirs).cloned().unwrap_or_else(|| plain(theirs));
        (!name.is_empty()).then_some(name)
    }

    /// The services that it should tell of, and doesn't.
    fn unseen(&self, outlook: &Outlook) -> BTreeSet<String> {
        if !matches!(self.settings.kind, Kind::UptimeKuma | Kind::Prometheus) {
            return BTreeSet::new();
        }
        let named = self.settings.services.values();
        named.filter(|name| !outlook.services.contains_key(*name)).cloned().collect()
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let Some(key) = &self.access.key else { return Vec::new() };
        let basic = |user: &str| BASE64_STANDARD.encode(format!("{user}:{}", key.expose()));
        let value = match (&self.settings.user, self.settings.kind) {
            (Some(user), _) => format!("Basic {}", basic(user)),
            // Uptime Kuma takes a key of its own as the password of nobody.
            (None, Kind::UptimeKuma) => format!("Basic {}", basic("")),
            (None, _) => format!("Bearer {}", key.expose()),
        };
        secret(AUTHORIZATION, &value).into_iter().collect()
    }

    /// Gets JSON. `query` is encoded.
    async fn json(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Fault> {
        let body = self.http.get(&self.url(path, query), self.headers(), MOST).await?;
        whole(body, MOST).await
    }

    /// Gets plain text.
    async fn text(&self, path: &str) -> Result<Bytes, Fault> {
        let body = self.http.get(&self.url(path, &[]), self.headers(), MOST).await?;
        bytes(body, MOST).await
    }

    /// Posts a question as JSON.
    async fn ask(&self, path: &str, question: &Value) -> Result<Value, Fault> {
        let body = self.http.post(&self.url(path, &[]), self.headers(), question, MOST).await?;
        whole(body, MOST).await
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> String {
        let url = self.settings.url.as_ref().as_str();
        if query.is_empty() {
            return format!("{url}{path}");
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("{url}{path}?{query}")
    }
}

/// A name as services have them here: small letters, digits, `-` and `_`, at most 32.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' | '_' => plain.push(c),
            _ if !plain.is_empty() && !plain.ends_with('-') => plain.push('-'),
            _ => {}
        }
    }
    plain.truncate(32);
    plain.trim_end_matches('-').to_owned()
}

/// What stands at a path of keys, as text.
fn text<'a>(of: &'a Value, path: &[&str]) -> &'a str {
    let found = path.iter().try_fold(of, |value, key| value.get(key));
    found.and_then(Value::as_str).unwrap_or_default()
}

/// The list at a path of keys.
///
/// # Errors
/// [`Fault::Shape`] names the path where there is none.
fn list<'a>(of: &'a Value, path: &[&str]) -> Result<&'a Vec<Value>, Fault> {
    let found = path.iter().try_fold(of, |value, key| value.get(key));
    let missing = || Fault::Shape(format!("it has no list at {:?}", path.join(".")));
    found.and_then(Value::as_array).ok_or_else(missing)
}
