//! How a call leaves the house: a webhook, or a topic of ntfy.

use super::outbox::ATTEMPT;
use super::watch::{Call, Cause, State};
use crate::live::UnixMillis;
use crate::surfaces::view::time;
use node_agent::enrolment::Secret;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

#[cfg(test)]
mod tests;

/// A place that calls go to: `[[notify]]` in the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What is understood there.
    pub kind: Kind,
    /// Where: for ntfy with the topic.
    pub url: String,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret>,
    /// A PEM file with the certificates to trust there, instead of the public authorities.
    pub certificate: Option<PathBuf>,
    /// What that file holds: [`Place::ready`].
    #[serde(skip)]
    trusted: Option<RootCerts>,
}

/// What a place understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Kind {
    /// A `POST` with the call as JSON.
    Webhook,
    /// A topic of ntfy.sh, or of a server of one's own.
    Ntfy,
}

impl Place {
    /// What is wrong with it, if anything.
    ///
    /// # Errors
    /// In words.
    pub fn check(&self) -> Result<(), String> {
        let uri: Result<ureq::http::Uri, _> = self.url.parse();
        let fits =
            uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
        if fits {
            Ok(())
        } else {
            Err(format!("{:?} is no place for calls: write https://HOST/…", self.shown()))
        }
    }

    /// Reads the certificates that are trusted there.
    ///
    /// # Errors
    /// In words.
    pub fn ready(&mut self) -> Result<(), String> {
        let Some(path) = &self.certificate else { return Ok(()) };
        let told = |why: String| format!("certificate = \"{}\": {why}", path.display());
        let pem = std::fs::read(path).map_err(|error| told(error.to_string()))?;
        let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(error) => Some(Err(told(error.to_string()))),
            })
            .collect::<Result<_, _>>()?;
        if certificates.is_empty() {
            return Err(told("no certificate stands in it (BEGIN CERTIFICATE)".to_owned()));
        }
        self.trusted = Some(RootCerts::new_with_certs(&certificates));
        Ok(())
    }

    /// Names the place, also over a restart, and gives nothing of it away.
    pub fn key(&self) -> String {
        let hash = Sha256::digest(format!("{:?} {}", self.kind, self.url));
        hex::encode(hash.get(..8).unwrap_or_default())
    }

    /// Where it is, without what may be a secret: topics and paths often are.
    pub fn shown(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        format!("{scheme}://{}", authority.rsplit('@').next().unwrap_or_default())
    }

    /// Sends a call, and waits for the answer.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn send(&self, call: &Call) -> Result<(), String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_millis(ATTEMPT.unsigned_abs())))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(
                TlsConfig::builder().root_certs(self.trusted.clone().unwrap_or(RootCerts::WebPki)).build(),
            )
            .build()
            .into();
        let mut request = agent.post(&self.url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        let answer = match self.kind {
            Kind::Webhook => request.send_json(message(call)),
            Kind::Ntfy => {
                let (priority, tags) = loudness(call);
                let words = if call.words.is_empty() { &call.title } else { &call.words };
                let request =
                    request.header("title", &call.title).header("priority", priority).header("tags", tags);
                request.send(words.as_str())
            }
        };
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("it answers {}", answer.status())) }
    }
}

/// What a webhook gets. `text` is what chat programs show of it.
pub fn message(call: &Call) -> serde_json::Value {
    let text =
        if call.words.is_empty() { call.title.clone() } else { format!("{}\n{}", call.title, call.words) };
    serde_json::json!({
        "text": text,
        "cause": call.cause,
        "state": call.state,
        "nodes": call.nodes,
        "title": call.title,
        "words": call.words,
        "at": at(call.at),
    })
}

fn at(at: UnixMillis) -> Option<jiff::Timestamp> {
    time(at)
}

/// ntfy's priority and the names of its little pictures.
fn loudness(call: &Call) -> (&'static str, &'static str) {
    match (call.state, call.cause) {
        (State::Over, _) => ("default", "white_check_mark"),
        (State::Test, _) => ("default", "tooth"),
        (_, Some(Cause::Crisis)) => ("urgent", "rotating_light"),
        (_, Some(Cause::Silent)) => ("high", "mute"),
        (_, Some(Cause::UnderVoltage)) => ("high", "zap"),
        _ => ("high", "warning"),
    }
}
