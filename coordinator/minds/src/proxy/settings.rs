//! `[proxies.NAME]` of the configuration.

use crate::access::Access;
use crate::key::Source;
use crate::settings::{SettingsError, Url, trust};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Spanned;

/// The most questions that one Prometheus is asked.
const QUERIES: usize = 8;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Uptime Kuma: a status page, or its metrics.
    UptimeKuma,
    /// Prometheus: alerts, targets, and questions of one's own.
    Prometheus,
    /// Alertmanager: alerts that nobody has silenced.
    Alertmanager,
    /// Loki: what the logs say.
    Loki,
    /// Grafana: its alerts, and what a dashboard shows.
    Grafana,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::UptimeKuma, Self::Prometheus, Self::Alertmanager, Self::Loki, Self::Grafana];

    /// Its word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::UptimeKuma => "uptime-kuma",
            Self::Prometheus => "prometheus",
            Self::Alertmanager => "alertmanager",
            Self::Loki => "loki",
            Self::Grafana => "grafana",
        }
    }
}

/// One `[proxies.NAME]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxySettings {
    /// What it is.
    #[serde(deserialize_with = "kind")]
    pub kind: Kind,
    /// Where it is.
    #[serde(deserialize_with = "url")]
    pub url: Spanned<Url>,
    /// Whom to be there: then the key is a password; without it, it is a bearer's token.
    pub user: Option<String>,
    /// Where its key is.
    pub key: Option<Spanned<Source>>,
    /// The PEM file of the authority that vouches for it, in place of the public ones.
    pub certificate: Option<Spanned<PathBuf>>,
    /// Of Uptime Kuma: the status page to read, by the last part of its address.
    pub page: Option<Spanned<String>>,
    /// Of Grafana: the dashboard to read, by its uid.
    pub dashboard: Option<Spanned<String>>,
    /// Of Prometheus: what else to ask, by what it is called.
    #[serde(default)]
    pub queries: BTreeMap<String, Spanned<String>>,
    /// Of Loki: which logs, as a selector of its language.
    pub logs: Option<Spanned<String>>,
    /// What its monitors or jobs are called here, as services.
    #[serde(default)]
    pub services: BTreeMap<String, String>,
}

impl ProxySettings {
    /// Checks what no single key can say of itself, and reads the key and the certificates.
    pub(super) fn check(
        &self,
        name: &str,
        env: &impl Fn(&str) -> Option<String>,
    ) -> Result<Access, SettingsError> {
        let wrong = |span: Option<std::ops::Range<usize>>, key: &str, why: String| SettingsError {
            span,
            why: format!("proxies.{name}.{key}: {why}"),
        };
        let only = |who: Kind| format!("only a proxy of kind {:?} has one", who.name());
        let misplaced = [
            ("page", self.page.as_ref(), Kind::UptimeKuma),
            ("dashboard", self.dashboard.as_ref(), Kind::Grafana),
            ("queries", self.queries.values().next(), Kind::Prometheus),
            ("logs", self.logs.as_ref(), Kind::Loki),
        ];
        for (key, value, who) in misplaced {
            if let Some(value) = value.filter(|_| self.kind != who) {
                return Err(wrong(Some(value.span()), key, only(who)));
            }
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        for (key, value) in [("page", &self.page), ("dashboard", &self.dashboard)] {
            if let Some(value) = value.as_ref().filter(|value| !value.get_ref().chars().all(fits)) {
                let why = format!("{:?} is none: letters, digits, '-' and '_'", value.get_ref());
                return Err(wrong(Some(value.span()), key, why));
            }
        }
        let is_name = |name: &str| (1..=32).contains(&name.len()) && name.chars().all(fits);
        if let Some(ours) = self.services.values().find(|ours| !is_name(ours)) {
            let why = format!("{ours:?} is no name of a service: at most 32 letters, digits, '-' and '_'");
            return Err(wrong(None, "services", why));
        }
        if self.queries.len() > QUERIES {
            return Err(wrong(None, "queries", format!("{QUERIES} questions are the most")));
        }
        if self.kind == Kind::UptimeKuma && self.page.is_none() && self.key.is_none() {
            let why = "name a status page, or give a key for its metrics (key)".to_owned();
            return Err(wrong(None, "page", why));
        }
        let url = self.url.get_ref();
        let trust = trust(&format!("proxies.{name}"), self.certificate.as_ref(), url.as_str())?;
        let Some(source) = &self.key else { return Ok(Access { key: None, trust }) };
        let key = source.get_ref().read(env);
        let key = key.map_err(|error| wrong(Some(source.span()), "key", error.to_string()))?;
        if url.is_in_the_clear() {
            let why = "its key would go over the network in the clear; write https://".to_owned();
            return Err(wrong(Some(self.url.span()), "url", why));
        }
        Ok(Access { key: Some(key), trust })
    }
}

fn kind<'de, D: Deserializer<'de>>(from: D) -> Result<Kind, D::Error> {
    let text = String::deserialize(from)?;
    let known = Kind::ALL.map(Kind::name).join(", ");
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == text);
    found.ok_or_else(|| D::Error::custom(format!("{text:?} is no kind of proxy: {known}")))
}

fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Spanned<Url>, D::Error> {
    let text = Spanned::<String>::deserialize(from)?;
    let url = Url::parse(text.get_ref()).map_err(|why| D::Error::custom(format!("url: {why}")))?;
    Ok(Spanned::new(text.span(), url))
}
