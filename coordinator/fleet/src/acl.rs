//! The rules of [`access`](crate::may_publish) as Mosquitto's ACL file has
//! them, for a fleet on an outside broker.

use crate::access::{Account, HOME_ASSISTANT};
use frames::{FleetName, Leaf};
use std::fmt::Write as _;

/// The lines of a Mosquitto ACL file: each account with the name of its
/// broker user. What is not named is forbidden.
///
/// Mosquitto answers every subscription with "granted" and checks each
/// delivery, so that wildcards are no way around.
pub fn mosquitto_acl<'a, U: AsRef<str>>(
    fleet: &FleetName,
    accounts: impl IntoIterator<Item = (U, Account<'a>)>,
) -> String {
    let mut named = String::new();
    let mut anonymous = String::new();
    for (user, account) in accounts {
        let rules = rules(fleet, &account);
        match account {
            // Lines before the first `user` are for clients without one.
            Account::Anonymous { .. } => anonymous.push_str(&rules),
            // A line break in a name would begin a rule of its own.
            _ if user.as_ref().is_empty() || user.as_ref().contains(char::is_control) => {}
            _ => {
                // Writing into a String can't fail.
                let _ = write!(named, "\nuser {}\n{rules}", user.as_ref());
            }
        }
    }
    if !anonymous.is_empty() {
        // The file can't tell loopback from elsewhere; the listener has to.
        anonymous.insert_str(0, "# Without an account: only if no listener is reachable from elsewhere.\n");
    }
    format!("# Who may write and read what in the fleet {fleet}.\n{anonymous}{named}")
}

// The file has no "but": `gt/1/home/events/cmd` would be denied too, and no
// event, persona or service of ours is called so.
fn rules(fleet: &FleetName, account: &Account<'_>) -> String {
    const READ: &str = "topic deny gt/+/+/+/cmd\ntopic read #\n";
    match account {
        Account::Coordinator => "topic readwrite #\ntopic read $SYS/#\n".to_owned(),
        Account::Node(node) => {
            let topic = |leaf: Leaf| leaf.topic(fleet, node);
            format!(
                "topic write {}\ntopic write {}\ntopic read {}\n",
                topic(Leaf::Frame),
                topic(Leaf::Status),
                topic(Leaf::Cmd)
            )
        }
        Account::Reader(_) => format!("{READ}topic write {HOME_ASSISTANT}\n"),
        Account::Service(name) if is_level(name) => format!("topic write gt/1/{fleet}/services/{name}\n"),
        Account::Anonymous { loopback: true } => READ.to_owned(),
        Account::Service(_) | Account::Anonymous { loopback: false } => String::new(),
    }
}

/// Whether a name is one plain level of a topic.
fn is_level(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '+', '#']) && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_what_the_functions_say() {
        let fleet = "home".parse().unwrap();
        let pi = "pi-07".parse().unwrap();
        let acl = mosquitto_acl(
            &fleet,
            [
                ("coordinator", Account::Coordinator),
                ("pi-07", Account::Node(&pi)),
                ("ha", Account::Reader("ha")),
                ("nas", Account::Service("nas")),
                ("", Account::Anonymous { loopback: true }),
                ("evil\ntopic readwrite #", Account::Reader("evil")),
                ("sly", Account::Service("a\ntopic readwrite #")),
            ],
        );
        assert_eq!(
            acl,
            "# Who may write and read what in the fleet home.\n\
             # Without an account: only if no listener is reachable from elsewhere.\n\
             topic deny gt/+/+/+/cmd\ntopic read #\n\
             \nuser coordinator\ntopic readwrite #\ntopic read $SYS/#\n\
             \nuser pi-07\ntopic write gt/1/home/pi-07/frame\ntopic write gt/1/home/pi-07/status\n\
             topic read gt/1/home/pi-07/cmd\n\
             \nuser ha\ntopic deny gt/+/+/+/cmd\ntopic read #\ntopic write homeassistant/status\n\
             \nuser nas\ntopic write gt/1/home/services/nas\n\
             \nuser sly\n"
        );
    }
}
