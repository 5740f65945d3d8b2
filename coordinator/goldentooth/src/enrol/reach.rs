//! Where the broker can be reached: what an enrolment file tells its machine.

use super::EnrolError;
use crate::data::{Data, DataError, write_private};
use frames::FleetName;
use node_agent::enrolment::Address;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr, UdpSocket};

const REACH: &str = "broker.json";

/// As in the data folder.
#[derive(Serialize, Deserialize)]
struct Kept {
    fleet: FleetName,
    #[serde(flatten)]
    reach: Reach,
}

/// How other machines reach the broker. Kept in the data folder at each start,
/// so that `enroll` knows it while the coordinator is down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Where the broker listens, or the host of an outside one.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it speaks TLS there.
    pub tls: bool,
    /// The certificate to trust, as PEM; none without TLS.
    pub certificate: Option<String>,
}

impl Reach {
    /// A broker on this machine.
    pub fn embedded(listens: SocketAddr, certificate: Option<String>) -> Self {
        Self { host: listens.ip().to_string(), port: listens.port(), tls: certificate.is_some(), certificate }
    }

    /// What the last `up` on this folder kept: its fleet, and how its broker
    /// was reached. The defaults if no coordinator has run yet.
    pub fn kept(data: &Data) -> (Option<FleetName>, Self) {
        let kept: Option<Kept> =
            std::fs::read(data.path(REACH)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        kept.map_or_else(
            || (None, Self::embedded(crate::config::DEFAULT_MQTT, None)),
            |kept| (Some(kept.fleet), kept.reach),
        )
    }

    /// Keeps it in the data folder.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn keep(&self, data: &Data, fleet: &FleetName) -> Result<(), DataError> {
        let kept = Kept { fleet: fleet.clone(), reach: self.clone() };
        write_private(&data.path(REACH), &serde_json::to_vec(&kept).unwrap_or_default())
    }

    /// The addresses for an enrolment: those asked for, or those that this
    /// machine is likely to be found under.
    ///
    /// # Errors
    /// [`EnrolError::LoopbackOnly`] and [`EnrolError::Address`].
    pub fn addresses(&self, asked: &[String]) -> Result<Vec<Address>, EnrolError> {
        let at = |host: String| Address { tls: self.tls, host, port: self.port };
        if asked.is_empty() {
            let found: Vec<Address> = self.likely_hosts().into_iter().map(at).collect();
            return if found.is_empty() { Err(EnrolError::LoopbackOnly) } else { Ok(found) };
        }
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        let mut addresses = Vec::with_capacity(asked.len());
        for host in asked {
            // An IPv6 address needs brackets in a URL; people write it without.
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            let address: Address = format!("{scheme}://{shown}:{}", self.port)
                .parse()
                .map_err(|_| EnrolError::Address(host.to_owned()))?;
            if self.is_loopback() && !address.is_loopback() {
                return Err(EnrolError::LoopbackOnly);
            }
            addresses.push(address);
        }
        Ok(addresses)
    }

    fn is_loopback(&self) -> bool {
        at_loopback(&self.host)
    }

    fn likely_hosts(&self) -> Vec<String> {
        match self.host.parse::<IpAddr>() {
            Ok(ip) if ip.is_unspecified() => own_hosts(),
            _ if self.is_loopback() => Vec::new(),
            _ => vec![self.host.clone()],
        }
    }
}

fn at_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The names and addresses under which other machines may find this one.
pub(crate) fn own_hosts() -> Vec<String> {
    let mut hosts = Vec::new();
    if let Some(name) = hostname() {
        if !name.contains('.') {
            hosts.push(format!("{name}.local"));
        }
        hosts.push(name);
    }
    hosts.extend(own_address().map(|ip| ip.to_string()));
    hosts
}

/// What this machine calls itself.
pub(crate) fn hostname() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    (!name.is_empty() && name != "localhost" && name != "(none)").then(|| name.to_owned())
}

/// The address that this machine would speak from; nothing is sent for it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    // An address of TEST-NET-1 (RFC 5737): asks the routing table alone.
    socket.connect(("192.0.2.1", 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified() && !ip.is_loopback())
}
