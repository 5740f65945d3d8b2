//! The coordinator that runs on a data folder, asked with the folder's own token.

use crate::data::{self, DataError, Token};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::time::Duration;

/// Why it did not do it.
#[derive(Debug, thiserror::Error)]
pub enum RunningError {
    /// It refuses.
    #[error("{0}")]
    Refused(String),
    /// It does not answer as one.
    #[error("the coordinator at {url} does not answer: {why}")]
    Unreachable {
        /// Who was asked.
        url: String,
        /// What went wrong.
        why: String,
    },
}

/// A coordinator that runs.
pub(super) struct Running {
    url: String,
    token: Token,
}

impl Running {
    /// The one on this folder; none if it has said no address, or made no token.
    pub(super) fn on(folder: &Path) -> Result<Option<Self>, DataError> {
        match (data::address(folder), data::token(folder)?) {
            // A page on every interface is reached on loopback.
            (Some(url), Some(token)) => {
                let url = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
                Ok(Some(Self { url, token }))
            }
            _ => Ok(None),
        }
    }

    /// Has it do something, within this time.
    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        patience: Duration,
    ) -> Result<T, RunningError> {
        let unreachable = |why: String| RunningError::Unreachable { url: self.url.clone(), why };
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(patience))
            .http_status_as_error(false)
            .build()
            .into();
        let mut answer = agent
            .post(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {}", self.token.expose()))
            .send_json(body)
            .map_err(|error| unreachable(error.to_string()))?;
        if answer.status().is_success() {
            return answer.body_mut().read_json().map_err(|error| unreachable(error.to_string()));
        }
        let body: serde_json::Value = answer.body_mut().read_json().unwrap_or_default();
        let why = body.get("error").and_then(|why| why.as_str());
        Err(RunningError::Refused(
            why.map_or_else(|| format!("refused ({})", answer.status()), str::to_owned),
        ))
    }
}
