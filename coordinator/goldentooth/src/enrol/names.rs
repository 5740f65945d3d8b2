//! A node's name from its host's.

use frames::NodeName;

/// What a host name makes as a node's: its first label, with what a name can't have
/// replaced. None if nothing is left, or it would be another kind's.
pub(crate) fn cleaned(host: &str) -> Option<NodeName> {
    let first = host.split('.').next().unwrap_or_default();
    let plain: String = first
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .take(NodeName::MAX)
        .collect();
    let name: NodeName = plain.parse().ok()?;
    (!name.is_simulated()).then_some(name)
}

/// The name, or with the lowest number from 2 that makes it nobody's: `raspberrypi-2`.
pub(crate) fn free(name: &NodeName, taken: impl Fn(&NodeName) -> bool) -> Option<NodeName> {
    let numbered = (2..=u32::from(u16::MAX)).filter_map(|number| {
        let ending = format!("-{number}");
        let room = NodeName::MAX - ending.len();
        // Names are ASCII: any length is a boundary.
        let stem = name.as_str().get(..room).unwrap_or(name.as_str());
        format!("{stem}{ending}").parse().ok()
    });
    std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_becomes_a_name() {
        for (host, name) in [
            ("raspberrypi", Some("raspberrypi")),
            ("pi-07.local", Some("pi-07")),
            ("living room", Some("living-room")),
            ("küche", Some("k-che")),
            ("", None),
            ("events", None),
            ("sim-01", None),
        ] {
            assert_eq!(cleaned(host).as_ref().map(NodeName::as_str), name, "{host}");
        }
        assert_eq!(cleaned(&"x".repeat(99)).unwrap().as_str().len(), NodeName::MAX);
    }

    #[test]
    fn a_second_of_the_same_name_gets_a_number_that_fits() {
        let taken = |all: &'static [&'static str]| move |name: &NodeName| all.contains(&name.as_str());
        let name: NodeName = "raspberrypi".parse().unwrap();
        assert_eq!(free(&name, taken(&[])).unwrap(), name);
        assert_eq!(free(&name, taken(&["raspberrypi"])).unwrap().as_str(), "raspberrypi-2");
        let two = &["raspberrypi", "raspberrypi-2"];
        assert_eq!(free(&name, taken(two)).unwrap().as_str(), "raspberrypi-3");
        let long: NodeName = "x".repeat(NodeName::MAX).parse().unwrap();
        let numbered = free(&long, |name| *name == long).unwrap();
        assert!(numbered.as_str().len() == NodeName::MAX && numbered.as_str().ends_with("x-2"));
    }
}
