//! Which broker carries the frames, and how an outside one is named.

use super::ConfigError;
use node_agent::enrolment::{Address, Secret};
use std::net::SocketAddr;
use std::path::Path;

/// Which broker carries the frames.
#[derive(Clone, Debug)]
pub enum BrokerChoice {
    /// Our own, listening here; TLS unless on loopback.
    Embedded(SocketAddr),
    /// Another.
    Outside(Outside),
}

/// An outside broker.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Where it is.
    pub address: Address,
    /// The account to use there.
    pub account: Option<(String, Secret)>,
    /// The certificate to trust, as PEM.
    pub certificate: Option<String>,
}

/// Reads `mqtt://[USER:PASSWORD@]HOST:PORT`, or `mqtts://`.
pub(super) fn outside(url: &str, certificate: Option<&Path>) -> Result<Outside, ConfigError> {
    // What stands before the @ may be a secret: the error repeats only what follows.
    let shown = || ConfigError::Broker(url.rsplit('@').next().unwrap_or_default().to_owned());
    let (scheme, rest) = url.split_once("://").ok_or_else(shown)?;
    let (account, host) = match rest.rsplit_once('@') {
        None => (None, rest),
        Some((account, host)) => {
            let (user, password) = account.split_once(':').ok_or_else(shown)?;
            (Some((user.to_owned(), Secret::new(password.to_owned()))), host)
        }
    };
    let address: Address = format!("{scheme}://{host}").parse().map_err(|_| shown())?;
    let certificate = certificate.map(super::read).transpose()?;
    if address.tls && certificate.is_none() {
        return Err(ConfigError::NoCertificate);
    }
    Ok(Outside { address, account, certificate })
}
