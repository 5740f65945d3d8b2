//! Asking the coordinator over HTTP.

use super::Target;
use crate::flavour::Flavour;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::time::Duration;
use ureq::http::{StatusCode, Uri};
use ureq::typestate::WithoutBody;

/// The environment variable that holds the token.
const TOKEN: &str = "GOLDENTOOTH_TOKEN";
/// The environment variable that names the data folder, as for `up`.
const DATA: &str = "GOLDENTOOTH_DATA";
/// What asks others in its turn (models, places for calls, who watches from
/// outside) may take this long.
const PATIENCE: Duration = Duration::from_mins(3);

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The address is none that can be asked.
    #[error("{0:?} is no address of a coordinator: it looks like http://127.0.0.1:8765")]
    Url(String),
    /// Nobody answers there.
    #[error(
        "no coordinator answers at {url}: {why}\n  \
         way out: start one with `goldentooth up`, or name another with --url or GOLDENTOOTH_URL"
    )]
    Unreachable {
        /// Who was asked.
        url: String,
        /// What the system says.
        why: String,
    },
    /// It wants to know who asks.
    #[error(
        "the coordinator at {url} demands its token\n  \
         way out: set GOLDENTOOTH_TOKEN to one that `goldentooth token add NAME` made on its machine, \
         or there GOLDENTOOTH_DATA to its data folder"
    )]
    Token {
        /// Who was asked.
        url: String,
    },
    /// It refuses, and says why.
    #[error("{0}")]
    Refused(String),
    /// What answers is no coordinator, or one of another version.
    #[error(
        "{url} answers, but not as a coordinator of this version does: {why}\n  way out: check --url, and use the same version here and there"
    )]
    Strange {
        /// Who was asked.
        url: String,
        /// What was wrong.
        why: String,
    },
    /// The output can't be written.
    #[error("can't print: {0}")]
    Print(#[from] std::io::Error),
}

/// Whom the commands ask.
pub(super) struct Coordinator {
    agent: ureq::Agent,
    url: String,
    token: Option<String>,
    /// What its answers are meant to be told with, as the last one said.
    flavour: Cell<Flavour>,
}

/// One server-sent event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) kind: String,
    pub(super) data: String,
}

impl Coordinator {
    pub(super) fn new(target: &Target) -> Result<Self, CliError> {
        let given = target.url.as_deref().filter(|url| !url.is_empty());
        let (own, token) = this_machine();
        let url = given.map_or_else(|| own.clone(), str::to_owned).trim_end_matches('/').to_owned();
        // The token of this machine's coordinator is for nobody else.
        let token = token.filter(|_| url == own.trim_end_matches('/'));
        let parsed: Result<Uri, _> = url.parse();
        let fit = parsed.is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
        if !fit {
            return Err(CliError::Url(url));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(Duration::from_secs(10)))
            // The coordinator is asked directly: it is on this machine or in this house.
            .proxy(None)
            .build();
        let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty()).or(token);
        Ok(Self { agent: config.new_agent(), url, token, flavour: Cell::default() })
    }

    pub(super) fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, CliError> {
        let mut answer = self.call(path, query)?;
        self.read(&mut answer)
    }

    /// Gets what takes the coordinator a while.
    #[cfg(feature = "stage")]
    pub(super) fn get_patiently<T: DeserializeOwned>(&self, path: &str) -> Result<T, CliError> {
        let config = self.request(path, &[]).config().timeout_recv_response(Some(PATIENCE));
        let mut answer = self.answered(config.build().call())?;
        self.read(&mut answer)
    }

    /// Has the coordinator do something.
    pub(super) fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, CliError> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let config = request.config().timeout_recv_response(Some(PATIENCE));
        let mut answer = self.answered(config.build().send_empty())?;
        self.read(&mut answer)
    }

    /// Hands the coordinator a file.
    pub(super) fn post_bytes<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        bytes: &[u8],
    ) -> Result<T, CliError> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        for (key, value) in query {
            request = request.query(*key, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = self.answered(request.send(bytes))?;
        self.read(&mut answer)
    }

    fn read<T: DeserializeOwned>(
        &self,
        answer: &mut ureq::http::Response<ureq::Body>,
    ) -> Result<T, CliError> {
        let body = answer.body_mut().with_config().limit(256 << 20).read_json();
        body.map_err(|error| self.strange(&error.to_string()))
    }

    /// Reads the stream until it ends; `hear` is told each event.
    pub(super) fn follow(
        &self,
        query: &[(&str, &str)],
        mut hear: impl FnMut(Told) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let answer = self.call("/api/v1/stream", query)?;
        heard(answer, &mut hear)
    }

    /// Sends JSON, and reads the JSON that is answered.
    pub(super) fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, CliError> {
        let mut answer = self.sent(path, body)?;
        self.read(&mut answer)
    }

    /// Sends JSON, and reads what is answered as it comes, until it ends.
    #[cfg(feature = "stage")]
    pub(super) fn send_and_hear(
        &self,
        path: &str,
        body: &serde_json::Value,
        mut hear: impl FnMut(Told) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        heard(self.sent(path, body)?, &mut hear)
    }

    fn sent(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<ureq::http::Response<ureq::Body>, CliError> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let config = request.config().timeout_recv_response(Some(PATIENCE));
        self.answered(config.build().send_json(body))
    }

    /// What is told in a stream's event, as JSON.
    #[cfg(feature = "stage")]
    pub(super) fn told<T: DeserializeOwned>(&self, told: &Told) -> Result<T, CliError> {
        serde_json::from_str(&told.data).map_err(|error| self.strange(&error.to_string()))
    }

    fn call(&self, path: &str, query: &[(&str, &str)]) -> Result<ureq::http::Response<ureq::Body>, CliError> {
        self.answered(self.request(path, query).call())
    }

    fn request(&self, path: &str, query: &[(&str, &str)]) -> ureq::RequestBuilder<WithoutBody> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        for (key, value) in query {
            request = request.query(*key, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request
    }

    /// What an answer means, if one came.
    fn answered(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<ureq::http::Response<ureq::Body>, CliError> {
        let mut answer = answer.map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => CliError::Url(self.url.clone()),
            ureq::Error::Io(error) => self.unreachable(&error.to_string()),
            error => self.unreachable(&error.to_string()),
        })?;
        let meant =
            answer.headers().get("goldentooth-flavour").and_then(|word| word.to_str().ok()?.parse().ok());
        self.flavour.set(meant.unwrap_or_default());
        match answer.status() {
            StatusCode::OK => Ok(answer),
            StatusCode::UNAUTHORIZED => Err(CliError::Token { url: self.url.clone() }),
            status => {
                let said =
                    answer.body_mut().with_config().limit(64 << 10).read_to_string().unwrap_or_default();
                let json: Option<serde_json::Value> = serde_json::from_str(&said).ok();
                let words = json.as_ref().and_then(|json| json.get("error")).and_then(|words| words.as_str());
                Err(match words {
                    Some(words) => CliError::Refused(super::screen::clean(words)),
                    None => self.strange(&format!("{status} {}", super::screen::clean(said.trim()))),
                })
            }
        }
    }

    /// How much voice to tell with: what a person has chosen, else what the
    /// coordinator's last answer was meant for.
    pub(super) fn flavour(&self, chosen: Option<Flavour>) -> Flavour {
        chosen.unwrap_or(self.flavour.get())
    }

    fn unreachable(&self, why: &str) -> CliError {
        CliError::Unreachable { url: self.url.clone(), why: why.to_owned() }
    }

    pub(super) fn strange(&self, why: &str) -> CliError {
        CliError::Strange { url: self.url.clone(), why: super::screen::clean(why) }
    }
}

/// Reads server-sent events until they end.
fn heard(
    answer: ureq::http::Response<ureq::Body>,
    hear: &mut dyn FnMut(Told) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut told = Told::default();
    for line in BufReader::new(answer.into_body().into_reader()).lines() {
        // The link broke: as good as an end.
        let Ok(line) = line else { return Ok(()) };
        if line.is_empty() {
            hear(std::mem::take(&mut told))?;
        } else if let Some(kind) = line.strip_prefix("event:") {
            kind.trim().clone_into(&mut told.kind);
        } else if let Some(data) = line.strip_prefix("data:") {
            told.data.push_str(data.trim_start());
        }
    }
    Ok(())
}

/// Where the coordinator of this machine is, and its token: as its data folder
/// says, if this user may read it.
fn this_machine() -> (String, Option<String>) {
    let asked = std::env::var_os(DATA).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = crate::config::folder(asked).ok();
    let told = folder.as_deref().and_then(|folder| Some((folder, crate::data::address(folder)?)));
    match told {
        Some((folder, url)) => {
            let token = crate::data::token(folder).ok().flatten();
            (url, token.map(|token| token.expose().to_owned()))
        }
        None => (format!("http://{}", crate::config::DEFAULT_HTTP), None),
    }
}
