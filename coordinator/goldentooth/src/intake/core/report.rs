//! What services report of themselves, on topics of their own.

use super::Core;
use crate::services::News;
use crate::surfaces::mqtt::ReportMessage;
use fleet::{Change, Now, Refusal, Report};
use frames::{NodeName, ServiceState};
use node_agent::enrolment::Kind;
use serde_json::{Map, Value, json};

/// The longest report, in bytes.
const LONGEST: usize = 1_024;
/// The longest note, in characters.
const LONGEST_NOTE: usize = 200;

impl Core {
    /// One message on `services/NAME`. What is said of a service holds until it
    /// says otherwise; only what is new becomes an event.
    pub(super) fn report(&mut self, now: Now, name: &str, payload: &[u8]) {
        let (service, message) = match self.reported(name, payload) {
            Ok(report) => report,
            Err(cause) => return self.refuse(now, None, None, cause),
        };
        let read = message.secrets_read.unwrap_or_default();
        match self.learn(now, service.clone(), message, None) {
            Ok(change) => self.changed(now, change.as_slice()),
            Err(cause) => return self.refuse(now, None, None, cause),
        }
        self.accessed(now, &service, read);
    }

    /// Secrets of a service were asked for so often: told together, once a minute at most.
    fn accessed(&mut self, now: Now, service: &NodeName, read: u32) {
        let Some(count) = self.services.accessed(now.mono, service, read) else { return };
        let node = self.services.reports().get(service).and_then(|report| report.node.clone());
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        let words = format!("{service}'s secrets were asked for {times}.");
        let payload = json!({ "service": service, "node": node, "count": count, "words": words });
        self.note(now, true, ("secret_accessed", "fleet"), None, payload);
    }

    fn reported(&self, name: &str, payload: &[u8]) -> Result<(NodeName, ReportMessage), Refusal> {
        let service: NodeName = name.parse().map_err(|_| Refusal::BadTopic)?;
        let declared = self.services.relations().get(&service);
        let enrolled = || self.keys.entry(&service).is_some_and(|entry| entry.kind == Kind::Service);
        if declared.is_none() && !enrolled() {
            return Err(Refusal::NotEnrolled);
        }
        Ok((service, read(payload)?))
    }

    /// What somebody else sees of a service, who watches it from outside.
    pub fn seen(&mut self, now: Now, service: NodeName, state: ServiceState, by: String) {
        let message = ReportMessage { state, node: None, note: None, secrets_read: None };
        match self.learn(now, service, message, Some(by)) {
            Ok(change) => self.changed(now, change.as_slice()),
            Err(cause) => tracing::warn!(%cause, "what was seen of a service is not told"),
        }
    }

    fn learn(
        &mut self,
        now: Now,
        service: NodeName,
        message: ReportMessage,
        seen_by: Option<String>,
    ) -> Result<Option<Change>, Refusal> {
        let declared = self.services.relations().get(&service);
        // Where one declared node is all there is, it need not be said.
        let only =
            || declared.and_then(|declared| (declared.nodes.len() == 1).then(|| declared.nodes.first()));
        let node = message.node.or_else(|| only().flatten().cloned());
        let report =
            Report { state: message.state, node: node.clone(), note: message.note.clone(), at: now.unix };
        let told = self.services.take(now.mono, service.clone(), report)?;
        let to = message.state;
        Ok(match told {
            News::None => None,
            News::Was(from) => {
                Some(Change::ServiceReported { service, node, from, to, note: message.note, seen_by })
            }
        })
    }
}

/// Reads a report, and refuses what is not one.
fn read(payload: &[u8]) -> Result<ReportMessage, Refusal> {
    match payload.len() {
        0 => return Err(Refusal::Empty),
        length if length > LONGEST => return Err(Refusal::TooLong),
        _ => {}
    }
    // An object first: serde would take a list of the same values, too.
    let object: Map<String, Value> = serde_json::from_slice(payload).map_err(|_| Refusal::BadReport)?;
    let message: ReportMessage = serde_json::from_value(object.into()).map_err(|_| Refusal::BadReport)?;
    let fits = |note: &String| note.chars().count() <= LONGEST_NOTE && !note.chars().any(char::is_control);
    if message.note.as_ref().is_none_or(fits) { Ok(message) } else { Err(Refusal::BadReport) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrol::Keys;
    use crate::services::Services;
    use fleet::{Declared, Relations};
    use frames::FleetKey;
    use std::sync::Arc;
    use store::EventIds;

    fn now(mono: u64) -> Now {
        Now { mono, unix: 1_795_000_000_000 + mono.cast_signed(), trusted: true }
    }

    fn core() -> (Core, Services) {
        let keys = Arc::new(Keys::in_memory("home".parse().unwrap(), FleetKey::new([7; 32])));
        keys.admit(&"nas".parse().unwrap(), Kind::Service);
        keys.admit(&"pi-1".parse().unwrap(), Kind::Node);
        let vault = Declared {
            name: "vault".parse().unwrap(),
            nodes: vec!["pi-3".parse().unwrap()],
            unit: None,
            needs: Vec::new(),
            role: None,
        };
        let services = Services::new(Relations::new(vec![vault]).unwrap());
        let mut core = Core::new(now(0), keys, EventIds::after(None));
        core.hear_services(services.clone());
        (core, services)
    }

    #[test]
    fn accesses_to_secrets_are_told_together_once_a_minute() {
        let (mut core, _) = core();
        let say = |core: &mut Core, at, text: &str| {
            core.message(now(at), "gt/1/home/services/vault", text.as_bytes(), false);
        };
        for second in 0..120 {
            say(&mut core, second * 1_000, r#"{"state":"active","secrets_read":2}"#);
        }
        say(&mut core, 121_000, r#"{"state":"active"}"#);
        say(&mut core, 122_000, r#"{"state":"active","secrets_read":-1}"#);
        assert_eq!(refused(&core, "bad_report"), 1);
        let work = core.take().unwrap();
        let told: Vec<_> = work.kept.events.iter().filter(|one| one.kind == "secret_accessed").collect();
        let counts: Vec<u64> = told.iter().map(|one| one.payload["count"].as_u64().unwrap()).collect();
        assert_eq!(counts, [2, 120, 118]);
        assert_eq!(told[0].payload["words"], "vault's secrets were asked for 2 times.");
        assert_eq!((&told[0].payload["service"], told[0].node()), (&"vault".into(), Some("pi-3")));
    }

    /// From the store's own report to Vault's trait.
    #[cfg(feature = "stage")]
    #[test]
    fn a_store_that_is_asked_all_the_time_makes_vault_paranoid() {
        let paranoia = |reports: u64| {
            let (mut core, _) = core();
            for minute in 0..reports {
                let report = br#"{"state":"active","secrets_read":10}"#;
                core.message(now(minute * 60_000), "gt/1/home/services/vault", report, false);
            }
            let mut stage = stage::Stage::new(cast::Cast::built_in().unwrap(), 1, stage::Settings::default());
            let events = core.take().unwrap().kept.events;
            let end = events.last().unwrap().at;
            for event in &events {
                stage.heard((event.at - now(0).unix).unsigned_abs(), event);
            }
            let sheet = stage.cast().get("vault").unwrap().clone();
            let life = stage.grown().life("vault");
            let moved = life.map_or(0, |life| life.nature.of(cast::Trait::Paranoia, end));
            let (notes, traits) = (stage.notes(), stage.grown().traits(&sheet, end));
            let why = notes.iter().find(|note| note.kind == "grew").map(|note| note.payload["why"].clone());
            (moved, why, traits.get(cast::Trait::Paranoia))
        };
        assert_eq!(paranoia(5), (0, None, 1.0), "fifty are no more than fifty");
        // His sheet is at the end of the scale already: the trait stays in its range.
        assert_eq!(paranoia(6), (300, Some("accesses".into()), 1.0));
    }

    fn refused(core: &Core, label: &str) -> u64 {
        core.status_now().refused.get(label).copied().unwrap_or(0)
    }

    #[test]
    fn a_report_is_known_and_told_once() {
        let (mut core, services) = core();
        let say = |core: &mut Core, at, text: &str| {
            core.message(now(at), "gt/1/home/services/vault", text.as_bytes(), false);
        };
        say(&mut core, 1, r#"{"state":"active"}"#);
        say(&mut core, 2, r#"{"state":"active"}"#);
        say(&mut core, 3, r#"{"state":"failed","note":"sealed"}"#);
        let work = core.take().unwrap();
        let told: Vec<&str> =
            work.kept.events.iter().filter_map(|event| event.payload["words"].as_str()).collect();
        assert_eq!(
            told,
            [
                "vault on pi-3 says that it is active.",
                "vault on pi-3 says that it is failed (was active): “sealed”."
            ]
        );
        assert_eq!(work.kept.events[1].kind, "service_reported");
        let known = services.reports();
        assert_eq!(known[&"vault".parse().unwrap()].state, ServiceState::Failed);
        assert!(core.status_now().refused.values().all(|count| *count == 0));
    }

    #[test]
    fn what_others_see_of_a_service_says_whose_view_it_is() {
        let (mut core, services) = core();
        core.seen(now(1), "vault".parse().unwrap(), ServiceState::Failed, "kuma".to_owned());
        core.seen(now(2), "vault".parse().unwrap(), ServiceState::Failed, "kuma".to_owned());
        let work = core.take().unwrap();
        let told: Vec<_> =
            work.kept.events.iter().map(|event| event.payload["words"].as_str().unwrap()).collect();
        assert_eq!(told, ["kuma sees vault on pi-3 as failed."]);
        assert_eq!(work.kept.events[0].kind, "service_reported");
        assert_eq!(services.reports()[&"vault".parse().unwrap()].state, ServiceState::Failed);
    }

    #[test]
    fn only_services_report_and_only_so() {
        let (mut core, services) = core();
        let say = |core: &mut Core, name: &str, text: &str| {
            core.message(now(1), &format!("gt/1/home/services/{name}"), text.as_bytes(), false);
        };
        say(&mut core, "nas", r#"{"state":"active","node":"pi-1"}"#);
        say(&mut core, "pi-1", r#"{"state":"active"}"#);
        say(&mut core, "stranger", r#"{"state":"active"}"#);
        assert_eq!(refused(&core, "not_enrolled"), 2);
        for wrong in [
            "active",
            r#"{"state":"wonderful"}"#,
            r#"{"state":"active","run":"rm"}"#,
            r#"{"state":"active","note":"a\u001bb"}"#,
            r#"{"state":"active","node":"../x"}"#,
            r#"["active"]"#,
        ] {
            say(&mut core, "nas", wrong);
        }
        say(&mut core, "nas", &format!(r#"{{"state":"active","note":"{}"}}"#, "x".repeat(201)));
        assert_eq!(refused(&core, "bad_report"), 7);
        say(&mut core, "nas", "");
        say(&mut core, "nas", &"x".repeat(1_025));
        assert_eq!((refused(&core, "empty"), refused(&core, "too_long")), (1, 1));
        assert_eq!(services.reports().len(), 1);
    }

    #[test]
    fn a_service_that_flaps_is_told_of_ten_times_a_minute() {
        let (mut core, services) = core();
        for turn in 0..100_u64 {
            let state = if turn % 2 == 0 { "active" } else { "failed" };
            let text = format!(r#"{{"state":"{state}"}}"#);
            core.message(now(turn), "gt/1/home/services/vault", text.as_bytes(), false);
        }
        assert_eq!(
            core.take().unwrap().kept.events.iter().filter(|one| one.kind == "service_reported").count(),
            10
        );
        assert_eq!(
            services.reports()[&"vault".parse().unwrap()].state,
            ServiceState::Failed,
            "what is so is known"
        );
        assert_eq!(refused(&core, "overloaded"), 90);
    }
}
