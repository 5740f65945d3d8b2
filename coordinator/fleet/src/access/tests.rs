use super::*;
use Grant::{All, Nothing, Part};
use proptest::prelude::*;

/// Every topic and who may write and read it, by the account's first letter:
/// coordinator, node pi-1, reader, service nas, anonymous on loopback (`l`)
/// and elsewhere (`o`).
const TOPICS: &[(&str, &str, &str)] = &[
    ("gt/1/home/pi-1/frame", "cn", "crl"),
    ("gt/1/home/pi-1/status", "cn", "crl"),
    ("gt/1/home/pi-1/cmd", "c", "cn"),
    ("gt/1/home/pi-1/mood", "c", "crl"),
    ("gt/1/home/pi-1/vitals", "c", "crl"),
    ("gt/1/home/pi-1/frame/deeper", "c", "crl"),
    ("gt/1/home/pi-1", "c", "crl"),
    ("gt/1/home/pi-2/frame", "c", "crl"),
    ("gt/1/home/pi-2/status", "c", "crl"),
    ("gt/1/home/pi-2/cmd", "c", "c"),
    ("gt/1/home/pi-10/frame", "c", "crl"),
    ("gt/1/home/PI-1/frame", "c", "crl"),
    ("gt/1/other/pi-1/frame", "c", "crl"),
    ("gt/1/other/pi-1/cmd", "c", "c"),
    ("gt/2/home/pi-1/cmd", "c", "c"),
    ("gt/1/home/pi-1/cmd/x", "c", "crl"),
    ("gt/1/home/cast/malvo/says", "c", "crl"),
    ("gt/1/home/cast/malvo/tells", "c", "crl"),
    ("gt/1/home/events/joined", "c", "crl"),
    ("gt/1/home/events/cmd", "c", "crl"),
    ("gt/1/home/services/nas", "cs", "crl"),
    ("gt/1/home/services/other", "c", "crl"),
    ("gt/1/home/services/nas/x", "c", "crl"),
    ("gt/1/other/services/nas", "c", "crl"),
    ("homeassistant/status", "cr", "crl"),
    ("homeassistant/device/x/config", "c", "crl"),
    ("cmd", "c", "crl"),
    ("/gt/1/home/pi-1/cmd", "c", "crl"),
    ("anything/else", "c", "crl"),
    ("$SYS/broker/uptime", "", "c"),
    ("$share/g/gt/1/home/pi-1/frame", "", "c"),
    // No topics at all:
    ("", "", ""),
    ("gt/1/home/+/frame", "", ""),
    ("gt/1/home/pi-1/#", "", ""),
    ("gt/1/home/services/+", "", ""),
    ("#", "", ""),
];

/// Every filter and what it brings to: coordinator, node, reader, service,
/// anonymous on loopback and elsewhere.
const FILTERS: &[(&str, [Grant; 6])] = &[
    ("#", [All, Part, Part, Nothing, Part, Nothing]),
    ("+/#", [All, Part, Part, Nothing, Part, Nothing]),
    ("gt/#", [All, Part, Part, Nothing, Part, Nothing]),
    ("gt/1/home/#", [All, Part, Part, Nothing, Part, Nothing]),
    ("gt/1/home/pi-1/#", [All, Part, Part, Nothing, Part, Nothing]),
    ("gt/1/home/pi-1/+", [All, Part, Part, Nothing, Part, Nothing]),
    ("gt/1/home/+/cmd", [All, Part, Part, Nothing, Part, Nothing]),
    ("gt/1/home/+/+", [All, Part, Part, Nothing, Part, Nothing]),
    ("+/+/+/+/+", [All, Part, Part, Nothing, Part, Nothing]),
    ("+/+/+/+/cmd", [All, Part, Part, Nothing, Part, Nothing]),
    ("gt/1/home/pi-1/cmd", [All, All, Nothing, Nothing, Nothing, Nothing]),
    ("gt/1/home/pi-1/cmd/#", [All, Part, Part, Nothing, Part, Nothing]),
    ("gt/1/home/pi-2/cmd", [All, Nothing, Nothing, Nothing, Nothing, Nothing]),
    ("gt/1/other/pi-2/cmd", [All, Nothing, Nothing, Nothing, Nothing, Nothing]),
    ("gt/1/home/pi-2/#", [All, Nothing, Part, Nothing, Part, Nothing]),
    ("gt/1/home/+/mood", [All, Nothing, All, Nothing, All, Nothing]),
    ("gt/1/home/+/frame", [All, Nothing, All, Nothing, All, Nothing]),
    ("gt/1/home/pi-1/frame", [All, Nothing, All, Nothing, All, Nothing]),
    ("gt/1/home/services/nas", [All, Nothing, All, Nothing, All, Nothing]),
    ("gt/1/home/cast/+/says", [All, Nothing, All, Nothing, All, Nothing]),
    ("gt/1/home/cast/#", [All, Nothing, All, Nothing, All, Nothing]),
    ("gt/1/home/events/+", [All, Nothing, All, Nothing, All, Nothing]),
    ("gt/1/home/services/#", [All, Nothing, All, Nothing, All, Nothing]),
    ("homeassistant/#", [All, Nothing, All, Nothing, All, Nothing]),
    ("homeassistant/status", [All, Nothing, All, Nothing, All, Nothing]),
    ("$SYS/#", [All, Nothing, Nothing, Nothing, Nothing, Nothing]),
    ("$SYS/broker/uptime", [All, Nothing, Nothing, Nothing, Nothing, Nothing]),
    ("$share/g/gt/1/home/+/frame", [All, Nothing, Nothing, Nothing, Nothing, Nothing]),
    ("$share/g/gt/1/home/pi-1/cmd", [All, Nothing, Nothing, Nothing, Nothing, Nothing]),
    ("$share/g/#", [All, Nothing, Nothing, Nothing, Nothing, Nothing]),
    ("$share//#", [Nothing; 6]),
    ("$share/+/#", [Nothing; 6]),
    ("$share/g", [Nothing; 6]),
    ("$share/g/", [Nothing; 6]),
    ("", [Nothing; 6]),
    ("gt/#/cmd", [Nothing; 6]),
    ("gt/1/ho+/x", [Nothing; 6]),
    ("gt/1/home#", [Nothing; 6]),
];

fn with_accounts(test: impl Fn(&FleetName, [(char, Account<'_>); 6])) {
    let fleet = "home".parse().unwrap();
    let pi = "pi-1".parse().unwrap();
    let accounts = [
        ('c', Account::Coordinator),
        ('n', Account::Node(&pi)),
        ('r', Account::Reader("ha")),
        ('s', Account::Service("nas")),
        ('l', Account::Anonymous { loopback: true }),
        ('o', Account::Anonymous { loopback: false }),
    ];
    test(&fleet, accounts);
}

#[test]
fn every_account_and_every_topic() {
    with_accounts(|fleet, accounts| {
        for (topic, writers, readers) in TOPICS {
            for (letter, account) in &accounts {
                let writes = may_publish(fleet, account, topic);
                assert_eq!(writes, writers.contains(*letter), "{account:?} writes {topic}");
                let reads = may_receive(fleet, account, topic);
                assert_eq!(reads, readers.contains(*letter), "{account:?} reads {topic}");
            }
        }
    });
}

#[test]
fn every_account_and_every_filter() {
    with_accounts(|fleet, accounts| {
        for (filter, grants) in FILTERS {
            for ((_, account), wanted) in accounts.iter().zip(grants) {
                assert_eq!(grant(fleet, account, filter), *wanted, "{account:?} subscribes to {filter}");
                assert_eq!(may_subscribe(fleet, account, filter), *wanted == All);
            }
        }
    });
}

/// What a grant promises, tried on every topic of the table.
#[test]
fn grants_agree_with_what_may_be_received() {
    with_accounts(|fleet, accounts| {
        for (filter, _) in FILTERS.iter().filter(|(filter, _)| is_filter(filter) && !filter.starts_with('$'))
        {
            for (topic, ..) in TOPICS.iter().filter(|(topic, ..)| is_topic(topic) && matches(filter, topic)) {
                for (_, account) in &accounts {
                    let brought = may_receive(fleet, account, topic);
                    match grant(fleet, account, filter) {
                        All => assert!(brought, "{account:?} {filter} {topic}"),
                        Nothing => assert!(!brought, "{account:?} {filter} {topic}"),
                        Part => {}
                    }
                }
            }
        }
    });
}

#[test]
fn names_are_no_way_around() {
    let fleet: FleetName = "home".parse().unwrap();
    for name in ["", "+", "#", "nas/x", "../pi-1/frame"] {
        let account = Account::Service(name);
        assert!(!may_publish(&fleet, &account, &format!("gt/1/home/services/{name}")), "{name:?}");
    }
    // A node and a reader of the same name stay what they are.
    let topic = "gt/1/home/pi-1/frame";
    assert!(!may_publish(&fleet, &Account::Reader("pi-1"), topic));
    assert!(!may_publish(&fleet, &Account::Service("pi-1"), topic));
}

fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "gt", "1", "home", "pi-1", "pi-2", "cmd", "frame", "mood", "events", "x", "", "$SYS",
    ])
}

proptest! {
    /// No filter that is granted wholly brings what may not be received, and
    /// none that is refused would bring what may be.
    #[test]
    fn any_filter_and_any_topic(
        levels in prop::collection::vec((prop_oneof![2 => level(), 1 => Just("+")], level()), 1..6),
        tail in prop::option::of(prop::collection::vec(level(), 0..4)),
    ) {
        // The topic is the filter with its wildcards filled in.
        let mut filter: Vec<&str> = levels.iter().map(|(level, _)| *level).collect();
        let mut topic: Vec<&str> =
            levels.iter().map(|(level, fill)| if *level == "+" { *fill } else { *level }).collect();
        if let Some(tail) = tail {
            filter.push("#");
            topic.extend(tail);
        }
        let (filter, topic) = (filter.join("/"), topic.join("/"));
        if !filter.is_empty() && !topic.is_empty() && !filter.starts_with('$') {
            with_accounts(|fleet, accounts| {
                for (_, account) in accounts {
                    // A wildcard in the first place doesn't match the broker's own topics.
                    let brought = matches(&filter, &topic) && may_receive(fleet, &account, &topic);
                    match grant(fleet, &account, &filter) {
                        All => assert!(brought || topic.starts_with('$'), "{account:?} {filter} {topic}"),
                        Nothing => assert!(!brought, "{account:?} {filter} {topic}"),
                        Part => {}
                    }
                }
            });
        }
    }
}
