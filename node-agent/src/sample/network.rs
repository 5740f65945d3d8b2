//! Traffic and errors from `/proc/net/dev`, TCP retransmits from `/proc/net/snmp`.

use super::Sink;
use super::files::{Files, Tree};
use super::parse::{Counter, Rate, Rises, lines, seconds};
use crate::Millis;
use frames::Vital;

pub(super) const DEV: &str = "/proc/net/dev";
pub(super) const SNMP: &str = "/proc/net/snmp";
/// A machine with thousands of interfaces has containers, not networks.
const MOST_INTERFACES: usize = 1024;

/// What is remembered between samples.
#[derive(Default)]
pub(crate) struct Network {
    interfaces: Vec<Interface>,
    at: Option<Millis>,
    retransmits: Rate,
}

#[derive(Default)]
struct Interface {
    name: String,
    /// Whether hardware stands behind it. Bridges, tunnels and the ends of
    /// containers only carry again what a real interface carries.
    hardware: bool,
    seen: bool,
    received: Counter,
    sent: Counter,
    errors: Counter,
}

impl Network {
    /// Traffic, errors and retransmits.
    pub(crate) fn read(&mut self, at: Millis, files: &mut Files, sink: &mut Sink<'_>) {
        let elapsed = self.at.replace(at).and_then(|last| seconds(last, at));
        if let Some((bytes, tree)) = files.read_beside("proc/net/dev") {
            self.traffic(bytes, tree, elapsed, sink);
        }
        match files.read("proc/net/snmp").and_then(retransmits) {
            Some(count) => sink.put(Vital::TcpRetransmits, self.retransmits.next(at, count), SNMP),
            None => self.retransmits.forget(),
        }
    }

    fn traffic(&mut self, bytes: &[u8], tree: &Tree, elapsed: Option<f64>, sink: &mut Sink<'_>) {
        for (name, _) in lines(bytes).filter_map(interface) {
            if !self.interfaces.iter().any(|known| known.name == name)
                && self.interfaces.len() < MOST_INTERFACES
            {
                let hardware = tree.exists(&format!("sys/class/net/{name}/device"));
                self.interfaces.push(Interface { name: name.to_owned(), hardware, ..Interface::default() });
            }
        }
        // In a container no interface has hardware behind it: then all count.
        let all = !self.interfaces.iter().any(|interface| interface.hardware);
        let (mut received, mut sent, mut errors) = (Rises::default(), Rises::default(), Rises::default());
        let mut any = false;
        for (name, traffic) in lines(bytes).filter_map(interface) {
            let Some(known) = self.interfaces.iter_mut().find(|known| known.name == name) else { continue };
            known.seen = true;
            if known.hardware || all {
                any = true;
                received.add(&mut known.received, traffic.received);
                sent.add(&mut known.sent, traffic.sent);
                errors.add(&mut known.errors, traffic.errors);
            }
        }
        // One that went may come back with its counters at zero: forget it.
        self.interfaces.retain_mut(|known| std::mem::take(&mut known.seen));
        if any {
            sink.put(Vital::NetReceived, received.per_second(elapsed), DEV);
            sink.put(Vital::NetSent, sent.per_second(elapsed), DEV);
            sink.put(Vital::NetErrors, errors.per_second(elapsed), DEV);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Traffic {
    received: u64,
    sent: u64,
    /// Errors and drops, both ways.
    errors: u64,
}

/// A line such as `eth0: bytes packets errs drop fifo frame compressed
/// multicast bytes packets errs drop …`; none for loopback and headings.
fn interface(line: &str) -> Option<(&str, Traffic)> {
    // A name may hold colons (old aliases), numbers never do.
    let (name, numbers) = line.rsplit_once(':')?;
    let name = name.trim();
    if name == "lo" || name.contains('/') {
        return None;
    }
    let mut fields = [0_u64; 12];
    let mut given = numbers.split_ascii_whitespace();
    for field in &mut fields {
        *field = given.next()?.parse().ok()?;
    }
    let [received, _, r_errors, r_drops, _, _, _, _, sent, _, s_errors, s_drops] = fields;
    let errors = [r_errors, r_drops, s_errors, s_drops].into_iter().try_fold(0, u64::checked_add)?;
    Some((name, Traffic { received, sent, errors }))
}

/// `RetransSegs` of `/proc/net/snmp`: a line of names, then one of numbers.
fn retransmits(bytes: &[u8]) -> Option<u64> {
    let mut tcp = lines(bytes).filter_map(|line| line.strip_prefix("Tcp: "));
    let place = tcp.next()?.split(' ').position(|name| name == "RetransSegs")?;
    tcp.next()?.split(' ').nth(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_net_dev() {
        let line = "  eth0: 370441765   13453    1    2    0     0          0         0  1089636    9785    3    4    0     0       0          0";
        let (name, traffic) = interface(line).unwrap();
        assert_eq!((name, traffic), ("eth0", Traffic { received: 370_441_765, sent: 1_089_636, errors: 10 }));
        assert_eq!(interface("    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0"), None);
        assert_eq!(interface(" face |bytes    packets errs drop fifo"), None);
        assert_eq!(interface("eth0: 1 2 3"), None);
        assert_eq!(interface("../../x: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0"), None);
    }

    #[test]
    fn retransmits_are_found_by_name() {
        let text = b"Ip: Forwarding\nIp: 1\nTcp: RtoMin RetransSegs InErrs\nTcp: 200 3246 60\n";
        assert_eq!(retransmits(text), Some(3246));
        assert_eq!(retransmits(b"Tcp: RetransSegs\n"), None);
        assert_eq!(retransmits(b"Tcp: InErrs\nTcp: 1\n"), None);
    }
}
