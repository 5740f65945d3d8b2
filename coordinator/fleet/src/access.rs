//! Who may write and read what on the broker: the one place that knows.
//!
//! `goldentooth` asks these functions for its embedded broker, and
//! [`mosquitto_acl`](crate::mosquitto_acl) prints the same rules for an
//! outside one.

use frames::{FleetName, Leaf, NodeName, Place};

/// Where Home Assistant says that it is there, and asks for discovery again.
pub(crate) const HOME_ASSISTANT: &str = "homeassistant/status";

/// Who is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account<'a> {
    /// The coordinator itself.
    Coordinator,
    /// A node: writes its own frames and status, reads its own commands.
    Node(&'a NodeName),
    /// Any dashboard or tool, by its name: reads everything but commands.
    Reader(&'a str),
    /// A service, by its name: writes its own reports.
    Service(&'a str),
    /// Without an account: a reader that writes nothing, on loopback only.
    Anonymous {
        /// Whether the connection comes from this machine.
        loopback: bool,
    },
}

/// What a subscription would bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// No topic that it matches may be received.
    Nothing,
    /// Some topics that it matches may be received and others not: grant it
    /// only where each delivery is asked about too ([`may_receive`]).
    Part,
    /// Every topic that it matches may be received.
    All,
}

/// Whether the account may publish on `topic`, retained or not, also as a will.
pub fn may_publish(fleet: &FleetName, account: &Account<'_>, topic: &str) -> bool {
    // The broker's own topics are nobody's to write.
    if !is_topic(topic) || topic.starts_with('$') {
        return false;
    }
    match account {
        Account::Coordinator => true,
        Account::Node(own) => matches!(
            Place::parse(fleet, topic),
            Some(Place::Node { node, leaf: Leaf::Frame | Leaf::Status }) if node == **own
        ),
        Account::Reader(_) => topic == HOME_ASSISTANT,
        Account::Service(own) => matches!(
            Place::parse(fleet, topic), Some(Place::Services(name)) if name == *own
        ),
        Account::Anonymous { .. } => false,
    }
}

/// Whether a message on `topic` may be delivered to the account.
pub fn may_receive(fleet: &FleetName, account: &Account<'_>, topic: &str) -> bool {
    if !is_topic(topic) {
        return false;
    }
    match account {
        Account::Coordinator => true,
        Account::Node(own) => topic == Leaf::Cmd.topic(fleet, own).as_str(),
        Account::Reader(_) | Account::Anonymous { loopback: true } => {
            !topic.starts_with('$') && !is_command(topic)
        }
        Account::Service(_) | Account::Anonymous { loopback: false } => false,
    }
}

/// Whether the account may subscribe to `filter` where deliveries are not
/// asked about: only if every topic that it matches may be received.
pub fn may_subscribe(fleet: &FleetName, account: &Account<'_>, filter: &str) -> bool {
    grant(fleet, account, filter) == Grant::All
}

/// What a subscription to `filter` would bring to the account.
pub fn grant(fleet: &FleetName, account: &Account<'_>, filter: &str) -> Grant {
    // A shared subscription takes messages away from the group's others:
    // whoever knew the coordinator's group would take its frames.
    let filter = match (account, filter.strip_prefix("$share/")) {
        (_, None) => filter,
        (Account::Coordinator, Some(shared)) => match shared.split_once('/') {
            Some((group, filter)) if !group.is_empty() && !group.contains(['+', '#']) => filter,
            _ => return Grant::Nothing,
        },
        _ => return Grant::Nothing,
    };
    if !is_filter(filter) {
        return Grant::Nothing;
    }
    match account {
        Account::Coordinator => Grant::All,
        Account::Node(own) => {
            let own = Leaf::Cmd.topic(fleet, own);
            match matches(filter, own.as_str()) {
                true if filter == own.as_str() => Grant::All,
                true => Grant::Part,
                false => Grant::Nothing,
            }
        }
        Account::Reader(_) | Account::Anonymous { loopback: true } => {
            if filter.starts_with('$') {
                Grant::Nothing
            } else if !overlaps_commands(filter) {
                Grant::All
            } else if only_commands(filter) {
                Grant::Nothing
            } else {
                Grant::Part
            }
        }
        Account::Service(_) | Account::Anonymous { loopback: false } => Grant::Nothing,
    }
}

/// Whether a subscription to `filter` brings what Home Assistant finds devices by.
pub fn asks_for_discovery(filter: &str) -> bool {
    matches!(filter.split('/').next(), Some("homeassistant" | "+" | "#"))
}

/// Whether a topic is a node's command topic, in any fleet and any version of
/// the scheme: a broker may serve several.
fn is_command(topic: &str) -> bool {
    let levels: Vec<&str> = topic.split('/').collect();
    matches!(levels[..], ["gt", _, _, node, "cmd"] if is_node(node))
}

/// Whether any command topic matches: `gt/+/+/NODE/cmd`.
fn overlaps_commands(filter: &str) -> bool {
    let could_be: [fn(&str) -> bool; 5] = [|l| l == "gt", |_| true, |_| true, is_node, |l| l == "cmd"];
    let mut levels = filter.split('/');
    for could_be in could_be {
        match levels.next() {
            Some("#") => return true,
            Some("+") => {}
            Some(level) if could_be(level) => {}
            _ => return false,
        }
    }
    // `gt/1/home/pi/cmd/#` matches its parent too.
    matches!((levels.next(), levels.next()), (None | Some("#"), None))
}

/// Whether nothing but command topics match.
fn only_commands(filter: &str) -> bool {
    let levels: Vec<&str> = filter.split('/').collect();
    matches!(levels[..], ["gt", _, _, node, "cmd"] if node != "+" && is_node(node))
}

/// Whether a level may name a node. `cast`, `events` and `services` are topics
/// of their own, so that all of them can be subscribed to.
fn is_node(level: &str) -> bool {
    !matches!(level, "cast" | "events" | "services")
}

/// Whether it can be the topic of a message.
fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && !topic.contains(['+', '#', '\0'])
}

/// Whether it is a well-formed filter: a wildcard is a whole level, and `#` the last.
fn is_filter(filter: &str) -> bool {
    let last = filter.split('/').count() - 1;
    !filter.is_empty()
        && !filter.contains('\0')
        && filter.split('/').enumerate().all(|(place, level)| match level {
            "#" => place == last,
            "+" => true,
            plain => !plain.contains(['+', '#']),
        })
}

/// Whether a well-formed filter matches a topic, as MQTT has it (4.7).
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            // Also the level above: `a/#` matches `a`.
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests;
