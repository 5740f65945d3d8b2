//! Tells the local network where this coordinator is, by multicast DNS: agents whose
//! addresses lead nowhere any more find it so. Only where other machines are let in.

use frames::FleetName;
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};
use node_agent::say::find::{FLEET, SERVICE};
use std::net::SocketAddr;

/// The announcement; it is taken back when this is dropped.
pub struct Announcement(ServiceDaemon);

impl Announcement {
    /// Announces the broker of a fleet. `instance` tells its coordinator from any other.
    /// None on loopback, and where the network can't be told: then all else works.
    pub fn of(fleet: &FleetName, listens: SocketAddr, instance: &str) -> Option<Self> {
        let ip = listens.ip();
        if ip.is_loopback() {
            return None;
        }
        let announced = || -> mdns_sd::Result<ServiceDaemon> {
            let daemon = ServiceDaemon::new()?;
            // A name of its own: the host's may be told by another responder.
            let host = format!("goldentooth-{instance}.local.");
            let name = format!("{fleet} {instance}");
            let facts = [(FLEET, fleet.as_str())];
            let service = if ip.is_unspecified() {
                ServiceInfo::new(SERVICE, &name, &host, "", listens.port(), &facts[..])?.enable_addr_auto()
            } else {
                daemon.disable_interface(IfKind::All)?;
                daemon.enable_interface(IfKind::Addr(ip))?;
                ServiceInfo::new(SERVICE, &name, &host, ip, listens.port(), &facts[..])?
            };
            daemon.register(service)?;
            Ok(daemon)
        };
        announced()
            .inspect_err(|error| tracing::warn!(%error, "the coordinator can't be announced on the network"))
            .ok()
            .map(Self)
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // Says goodbye on its way out.
        let _ = self.0.shutdown();
    }
}
