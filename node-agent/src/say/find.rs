//! Where the coordinator is, asked of the local network by multicast DNS (RFC 6762,
//! 6763). Anybody may answer there: whether to trust who is found is decided by the
//! certificate in the enrolment, so that it is only asked where there is one.

use crate::enrolment::Address;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use frames::FleetName;
use mdns_sd::{HostnameResolutionEvent, ServiceDaemon, ServiceEvent};
use std::borrow::Cow;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// What coordinators announce.
pub const SERVICE: &str = "_goldentooth._tcp.local.";
/// The key of the fleet's name in what they announce.
pub const FLEET: &str = "fleet";

/// Answers are waited for so long.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most places that are tried of those that answer.
const MOST: usize = 8;
/// After so long without a link the network is asked first, and then less and less
/// often; as much again at random, so that a fleet doesn't ask in step.
const FIRST: Duration = Duration::from_mins(1);
const LAST: Duration = Duration::from_hours(1);

/// When to ask.
#[derive(Debug)]
pub(super) struct Search {
    seed: u64,
    pauses: ExponentialBackoff,
    next: Instant,
}

impl Search {
    /// The link has just been lost, or there was none yet.
    pub(super) fn new(now: Instant, seed: u64) -> Self {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST)
            .with_max_delay(LAST)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(seed)
            .build();
        let mut search = Self { seed, pauses, next: now };
        search.pause(now);
        search
    }

    /// The link was up until now.
    pub(super) fn again(&mut self, now: Instant) {
        *self = Self::new(now, self.seed);
    }

    /// Whether to ask now; if so, the next time comes later.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = now >= self.next;
        if due {
            self.pause(now);
        }
        due
    }

    fn pause(&mut self, now: Instant) {
        self.next = now + self.pauses.next().unwrap_or(LAST);
    }
}

/// Where coordinators of this fleet say that they listen, with TLS.
pub(super) async fn coordinators(fleet: &FleetName) -> Vec<Address> {
    let Some(daemon) = daemon() else { return Vec::new() };
    let mut found: Vec<Address> = Vec::new();
    if let Ok(events) = daemon.browse(SERVICE) {
        let hear = async {
            while let Ok(event) = events.recv_async().await {
                let ServiceEvent::ServiceResolved(told) = event else { continue };
                if told.txt_properties.get_property_val_str(FLEET) != Some(fleet.as_str()) {
                    continue;
                }
                for ip in told.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).filter(is_plain) {
                    let address = Address { tls: true, host: ip.to_string(), port: told.port };
                    if found.len() < MOST && !found.contains(&address) {
                        found.push(address);
                    }
                }
            }
        };
        let _ = timeout(PATIENCE, hear).await;
    }
    // Its thread ends by itself; nobody waits for that.
    let _ = daemon.shutdown();
    found
}

/// The address with its host looked up, if it is a `.local` one that this system can't
/// look up itself (many have no nss-mdns), and the local network may be asked.
pub(crate) async fn resolved(address: &Address, mdns: bool) -> Cow<'_, Address> {
    let (_, domain) = address.host.rsplit_once('.').unwrap_or_default();
    if !mdns || !domain.eq_ignore_ascii_case("local") {
        return Cow::Borrowed(address);
    }
    let own = tokio::net::lookup_host((address.host.as_str(), address.port)).await;
    if own.is_ok_and(|mut found| found.next().is_some()) {
        return Cow::Borrowed(address);
    }
    match host(&address.host).await {
        Some(ip) => Cow::Owned(Address { host: ip.to_string(), ..address.clone() }),
        None => Cow::Borrowed(address),
    }
}

/// Where a host is that calls itself so.
async fn host(name: &str) -> Option<IpAddr> {
    let daemon = daemon()?;
    let events = daemon.resolve_hostname(&format!("{name}."), None).ok()?;
    let hear = async {
        while let Ok(event) = events.recv_async().await {
            if let HostnameResolutionEvent::AddressesFound(_, ips) = event {
                let mut plain: Vec<IpAddr> =
                    ips.iter().map(mdns_sd::ScopedIp::to_ip_addr).filter(is_plain).collect();
                // IPv4 first, and always the same of several.
                plain.sort_unstable();
                if let Some(ip) = plain.first() {
                    return Some(*ip);
                }
            }
        }
        None
    };
    let found = timeout(PATIENCE, hear).await.ok().flatten();
    let _ = daemon.shutdown();
    found
}

fn daemon() -> Option<ServiceDaemon> {
    let made = ServiceDaemon::new();
    made.inspect_err(|error| tracing::debug!(%error, "the local network can't be asked")).ok()
}

/// Whether an address means the same on every interface: IPv6's link-local ones don't.
fn is_plain(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => true,
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_asked_late_and_then_less_and_less_often() {
        let start = Instant::now();
        let mut search = Search::new(start, 7);
        let mut asked = Vec::new();
        for second in 0..6 * 3_600 {
            if search.is_due(start + Duration::from_secs(second)) {
                asked.push(second);
            }
        }
        assert!((60..=121).contains(&asked[0]), "{asked:?}");
        assert!((7..=12).contains(&asked.len()), "{asked:?}");
        let pauses: Vec<u64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.iter().all(|pause| (60..=7_201).contains(pause)), "{pauses:?}");
        assert!(pauses[pauses.len() - 1] > 1_800, "{pauses:?}");
        // A link that was up begins all anew.
        let later = start + Duration::from_secs(50_000);
        search.again(later);
        assert!(!search.is_due(later + Duration::from_secs(59)));
        assert!(search.is_due(later + Duration::from_secs(121)));
    }
}
