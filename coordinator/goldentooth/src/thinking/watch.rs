//! Those who watch from outside, asked every minute: what is new of services
//! and alerts becomes events, and so reaches the cast, the page and the pulse.
//! Who newly tells nothing, or not of a service that the configuration names, is
//! asked again within the minute: it may only just have started.

use crate::ask::{Ask, EventQuery};
use crate::intake::Order;
use crate::live::{Event, Live};
use frames::{NodeName, ServiceState};
use minds::proxy::{Alert, Looked, Proxies, State};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

/// How often they are asked.
const EVERY: Duration = Duration::from_mins(1);
/// When within that time those are asked again who newly leave something open:
/// Prometheus finds its targets within 10 s, as its own defaults have it.
const AGAIN: [Duration; 3] = [Duration::from_secs(4), Duration::from_secs(12), Duration::from_secs(30)];
/// The kinds of events that an alert makes.
pub(super) const RAISED: &str = "alert_raised";
const OVER: &str = "alert_over";
/// Severities for which a pulse comes early, as most rules of alerts have them.
const PRESSING: [&str; 4] = ["critical", "emergency", "page", "fatal"];

/// Whether an event tells of an alert that can't wait.
pub(super) fn is_pressing(event: &Event) -> bool {
    let severity = event.payload.get("severity").and_then(Value::as_str).unwrap_or_default();
    event.kind == RAISED && PRESSING.iter().any(|word| severity.eq_ignore_ascii_case(word))
}

/// What is new.
#[derive(Clone, Debug, PartialEq)]
enum News {
    /// A service looks different.
    Service { by: String, service: String, state: State },
    /// An alert is active.
    Raised { by: String, alert: Alert },
    /// An alert is active no longer.
    Over { by: String, alert: String },
    /// Somebody can't be asked any more.
    Lost { by: String, why: String },
    /// Somebody can be asked again.
    Found { by: String },
    /// Somebody has told nothing for a minute of a service that is named.
    Unseen { by: String, service: String },
}

/// What was so at the last look. Decided without a clock or a socket.
#[derive(Debug, Default)]
struct Watch {
    /// By who looks and the service: as it was told, and as it looked since.
    services: BTreeMap<(String, String), (State, Option<State>)>,
    /// By who tells and the alert: how often in a row it was missed.
    alerts: BTreeMap<(String, String), u8>,
    lost: BTreeMap<String, String>,
    /// Who leaves what open, a service or everything, and for how many rounds already.
    open: BTreeMap<(String, Option<String>), u32>,
}

impl Watch {
    /// Alerts that were active before a restart, by the events that tell of them.
    fn remember<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) {
        for event in events {
            let text =
                |key: &str| event.payload.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let key = (text("source"), text("alert"));
            if event.kind == RAISED {
                self.alerts.insert(key, 0);
            } else {
                self.alerts.remove(&key);
            }
        }
    }

    /// Takes a look. In a whole round a service has changed, and an alert is over,
    /// once it was seen so in two, one after the other; between them only what is new counts.
    fn take(&mut self, looked: &[Looked], is_round: bool) -> Vec<News> {
        let mut news = self.leave_open(looked, is_round);
        for one in looked {
            let by = &one.name;
            let outlook = match &one.found {
                Ok(outlook) => outlook,
                Err(fault) => {
                    let why = fault.to_string();
                    if self.lost.insert(by.clone(), why.clone()).is_none() {
                        news.push(News::Lost { by: by.clone(), why });
                    }
                    continue;
                }
            };
            if self.lost.remove(by).is_some() {
                news.push(News::Found { by: by.clone() });
            }
            for (service, state) in &outlook.services {
                if self.sees((by, service), *state, is_round) {
                    news.push(News::Service { by: by.clone(), service: service.clone(), state: *state });
                }
            }
            let mut active = BTreeMap::new();
            for alert in &outlook.alerts {
                active.insert(alert.lasting(), alert);
            }
            for (lasting, alert) in &active {
                if self.alerts.insert((by.clone(), lasting.clone()), 0).is_none() {
                    news.push(News::Raised { by: by.clone(), alert: (*alert).clone() });
                }
            }
            self.alerts.retain(|(source, alert), missed| {
                if !is_round || source != by || active.contains_key(alert) {
                    return true;
                }
                *missed += 1;
                let over = *missed >= 2;
                if over {
                    news.push(News::Over { by: by.clone(), alert: alert.clone() });
                }
                !over
            });
        }
        news
    }

    /// Notes who leaves what open. Of a service that nobody told of for a round it is news, once.
    fn leave_open(&mut self, looked: &[Looked], is_round: bool) -> Vec<News> {
        let before = std::mem::take(&mut self.open);
        let mut news = Vec::new();
        for one in looked {
            let services = one.unseen.iter().cloned().map(Some);
            for what in services.chain(one.found.is_err().then_some(None)) {
                let key = (one.name.clone(), what);
                let rounds = before.get(&key).map_or(0, |rounds| rounds.saturating_add(u32::from(is_round)));
                if let (1, true, (by, Some(service))) = (rounds, is_round, &key) {
                    news.push(News::Unseen { by: by.clone(), service: service.clone() });
                }
                self.open.insert(key, rounds);
            }
        }
        let is_asked = |by: &str| looked.iter().any(|one| one.name == by);
        self.open.extend(before.into_iter().filter(|((by, _), _)| !is_asked(by)));
        news
    }

    /// Who newly leaves something open, and so is asked again within this round.
    fn waited_for(&self) -> BTreeSet<String> {
        let new = self.open.iter().filter(|(_, rounds)| **rounds == 0);
        new.map(|((by, _), _)| by.clone()).collect()
    }

    /// Whether it is news that a service looks so.
    fn sees(&mut self, (by, service): (&str, &str), state: State, is_round: bool) -> bool {
        let key = (by.to_owned(), service.to_owned());
        let Some((told, since)) = self.services.get_mut(&key) else {
            self.services.insert(key, (state, None));
            return true;
        };
        if !is_round {
            return false;
        }
        if *told == state {
            *since = None;
            return false;
        }
        let twice = *since == Some(state);
        (*told, *since) = if twice { (state, None) } else { (*told, Some(state)) };
        twice
    }
}

/// What it takes to watch.
pub(super) struct Lookout {
    pub(super) proxies: Proxies,
    pub(super) live: Live,
    pub(super) ask: Ask,
    pub(super) orders: mpsc::Sender<Order>,
}

impl Lookout {
    /// Looks until intake ends.
    pub(super) async fn run(self) {
        let mut watch = Watch::default();
        match self.before().await {
            Ok(events) => watch.remember(events.iter().map(|event| &**event)),
            Err(error) => tracing::warn!(%error, "alerts of before can't be read: they are told anew"),
        }
        let mut next = interval(EVERY);
        next.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let round = next.tick().await;
            if !self.tell(watch.take(&self.proxies.health().await, true)).await {
                return;
            }
            for after in AGAIN {
                let who = watch.waited_for();
                if who.is_empty() {
                    break;
                }
                sleep_until(round + after).await;
                if !self.tell(watch.take(&self.proxies.health_of(&who).await, false)).await {
                    return;
                }
            }
        }
    }

    /// Passes news on; false once intake has ended.
    async fn tell(&self, news: Vec<News>) -> bool {
        for order in news.into_iter().filter_map(|news| self.order(news)) {
            if self.orders.send(order).await.is_err() {
                return false;
            }
        }
        true
    }

    /// The events that tell of alerts, oldest first.
    async fn before(&self) -> Result<Vec<std::sync::Arc<Event>>, crate::ask::AskError> {
        let of = |kind: &str| EventQuery { kind: Some(kind.to_owned()), ..EventQuery::default() };
        let mut events = self.ask.events(of(RAISED)).await?;
        events.extend(self.ask.events(of(OVER)).await?);
        events.sort_by_key(|event| event.id);
        Ok(events)
    }

    /// What is to be done about news; nothing for what only the log is told.
    fn order(&self, news: News) -> Option<Order> {
        let note = |kind: &'static str, payload: Value| {
            Some(Order::Note { kind, source: "watch", payload, cause: None, lasting: true })
        };
        match news {
            News::Service { by, service, state } => {
                let service: NodeName = service.parse().ok()?;
                let state = match state {
                    State::Up => ServiceState::Active,
                    State::Pending => ServiceState::Changing,
                    State::Maintenance => ServiceState::Inactive,
                    State::Down => ServiceState::Failed,
                };
                Some(Order::Seen { service, state, by })
            }
            News::Raised { by, alert } => note(
                RAISED,
                json!({
                    "source": by, "alert": alert.lasting(), "severity": alert.severity, "subject": alert.subject,
                    "node": self.node(&alert.subject), "summary": alert.summary,
                    "words": format!("{by} raises an alert: {}.", alert.words()),
                }),
            ),
            News::Over { by, alert } => note(
                OVER,
                json!({ "source": by, "alert": alert, "words": format!("{by}: {alert} is over.") }),
            ),
            News::Lost { by, why } => {
                tracing::warn!(by, why, "a proxy tells nothing; it is asked again at least every minute");
                None
            }
            News::Found { by } => {
                tracing::info!(by, "a proxy answers again");
                None
            }
            News::Unseen { by, service } => {
                tracing::warn!(
                    by,
                    service,
                    "a proxy says nothing of this service: is it called so under services?"
                );
                None
            }
        }
    }

    /// The node that an alert is about, if it names one: `pi-07`, or `pi-07:9100`.
    fn node(&self, subject: &str) -> Option<NodeName> {
        let name: NodeName = subject.split(':').next()?.parse().ok()?;
        self.live.node(&name).map(|node| node.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minds::Fault;
    use minds::proxy::{Kind, Outlook};

    fn looked(services: &[(&str, State)], alerts: &[(&str, &str)]) -> [Looked; 1] {
        let alert = |(name, summary): &(&str, &str)| Alert {
            name: (*name).to_owned(),
            summary: (*summary).to_owned(),
            ..Alert::default()
        };
        let outlook = Outlook {
            services: services.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect(),
            alerts: alerts.iter().map(alert).collect(),
            words: Vec::new(),
        };
        let (kind, unseen) = (Kind::UptimeKuma, BTreeSet::new());
        [Looked { name: "kuma".to_owned(), kind, found: Ok(outlook), unseen }]
    }

    fn services(news: &[News]) -> Vec<(&str, State)> {
        let of = |news| match news {
            &News::Service { ref service, state, .. } => (service.as_str(), state),
            other => panic!("{other:?}"),
        };
        news.iter().map(of).collect()
    }

    #[test]
    fn a_service_changes_once_it_was_seen_so_twice() {
        let mut watch = Watch::default();
        let mut see = |state| watch.take(&looked(&[("blog", state)], &[]), true);
        assert_eq!(services(&see(State::Up)), [("blog", State::Up)], "what is new is told");
        assert!(see(State::Down).is_empty());
        assert!(see(State::Up).is_empty(), "a moment is none");
        assert!(see(State::Down).is_empty());
        assert_eq!(services(&see(State::Down)), [("blog", State::Down)]);
        assert!(see(State::Down).is_empty());
    }

    #[test]
    fn who_newly_leaves_something_open_is_asked_again_within_the_round() {
        let mut watch = Watch::default();
        let kuma = || BTreeSet::from(["kuma".to_owned()]);
        let mut lacking = looked(&[("blog", State::Up)], &[]);
        lacking[0].unseen = BTreeSet::from(["shop".to_owned()]);
        assert_eq!(services(&watch.take(&lacking, true)), [("blog", State::Up)]);
        assert_eq!(watch.waited_for(), kuma());
        let mut early = looked(&[("blog", State::Down)], &[]);
        early[0].unseen.clone_from(&lacking[0].unseen);
        assert!(watch.take(&early, false).is_empty(), "what is known waits for the next round");
        assert_eq!(watch.waited_for(), kuma());
        let all = looked(&[("blog", State::Down), ("shop", State::Up)], &[]);
        assert_eq!(services(&watch.take(&all, false)), [("shop", State::Up)], "seconds later");
        assert!(watch.waited_for().is_empty());
        assert!(watch.take(&all, true).is_empty(), "blog is down for the first round");
        assert_eq!(services(&watch.take(&all, true)), [("blog", State::Down)]);

        assert!(watch.take(&lacking, true).is_empty());
        let unseen = News::Unseen { by: "kuma".to_owned(), service: "shop".to_owned() };
        assert_eq!(watch.take(&lacking, true), [unseen, news_of_blog()], "named wrongly, perhaps");
        assert!(watch.waited_for().is_empty(), "nobody waits for ever");
        assert!(watch.take(&lacking, true).is_empty(), "said once");
        let gone = Looked { found: Err(Fault::Cut), ..looked(&[], &[])[0].clone() };
        watch.take(&[gone], true);
        assert_eq!(watch.waited_for(), kuma(), "it may be starting");
    }

    /// It was down, and is up in two rounds.
    fn news_of_blog() -> News {
        News::Service { by: "kuma".to_owned(), service: "blog".to_owned(), state: State::Up }
    }

    #[test]
    fn an_alert_is_raised_once_and_over_once() {
        let mut watch = Watch::default();
        let raised = watch.take(&looked(&[], &[("Disk", "at 93 %")]), true);
        assert!(matches!(raised.as_slice(), [News::Raised { .. }]), "{raised:?}");
        assert!(watch.take(&looked(&[], &[("Disk", "at 94 %")]), true).is_empty(), "its value is no news");
        let gone = Looked { found: Err(Fault::Cut), ..looked(&[], &[])[0].clone() };
        let lost = watch.take(std::slice::from_ref(&gone), true);
        assert!(matches!(lost.as_slice(), [News::Lost { .. }]));
        assert!(watch.take(&[gone], true).is_empty(), "said once");
        let found = watch.take(&looked(&[], &[]), true);
        assert_eq!(found, [News::Found { by: "kuma".to_owned() }], "missed once is not over");
        let over = watch.take(&looked(&[], &[]), true);
        assert_eq!(over, [News::Over { by: "kuma".to_owned(), alert: "Disk".to_owned() }]);
        assert!(watch.take(&looked(&[], &[]), true).is_empty());
    }

    #[test]
    fn what_was_active_before_a_restart_is_not_told_again() {
        let mut ids = store::EventIds::after(None);
        let mut event = |kind: &str, alert: &str| {
            Event::new(
                &mut ids,
                1,
                kind,
                "watch",
                json!({ "source": "kuma", "alert": alert, "severity": "PAGE" }),
            )
        };
        let events = [event(RAISED, "Disk"), event(RAISED, "Heat"), event(OVER, "Heat")];
        assert!(is_pressing(&events[0]) && !is_pressing(&events[2]));
        let mut watch = Watch::default();
        watch.remember(&events);
        let news = watch.take(&looked(&[], &[("Disk", ""), ("Heat", "")]), true);
        assert!(matches!(news.as_slice(), [News::Raised { alert, .. }] if alert.name == "Heat"), "{news:?}");
    }
}
