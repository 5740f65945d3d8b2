//! What the store and the stage know that a pulse is made of.

use super::super::watch;
use super::Heart;
use crate::ask::EventQuery;
use crate::live::Event;
use frames::NodeName;
use futures_util::future::join_all;
use serde_json::Value;
use stage::Request;
use stage::pulse::{House, Styles};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What the store gives within this time counts; a pulse goes on without the rest.
const GATHER: Duration = Duration::from_secs(30);
/// How many lines are looked at for what each character said before.
const EARLIER: usize = 200;
/// How many of the newest events of alerts, and of services, are looked at.
const TROUBLES: usize = 100;
/// Of each character.
const EACH: usize = 3;

impl Heart {
    /// What the store knows: the newest events of nodes, those of alerts and
    /// services if they are wanted, and what was said before, asked for side by
    /// side. What comes too late is left out.
    pub(super) async fn known(&self, nodes: &[String], troubles: bool) -> Known {
        let of_node = |node: &String| {
            let node: Option<NodeName> = node.parse().ok();
            async move {
                // The few newest: a line about it may stand before its cause.
                let query = EventQuery { node: Some(node?), limit: 8, ..EventQuery::default() };
                timeout(GATHER, self.ask.events(query)).await.ok()?.ok()
            }
        };
        let said = EventQuery {
            kind: Some(crate::voices::SAYS.to_owned()),
            limit: EARLIER,
            ..EventQuery::default()
        };
        let of_kind = |kind: &str| {
            let query = EventQuery { kind: Some(kind.to_owned()), limit: TROUBLES, ..EventQuery::default() };
            timeout(GATHER, self.ask.events(query))
        };
        let kinds = [watch::RAISED, "service_*"].into_iter().filter(|_| troubles);
        let (events, of_troubles, said, muted) = tokio::join!(
            join_all(nodes.iter().map(of_node)),
            join_all(kinds.map(of_kind)),
            timeout(GATHER, self.ask.events(said)),
            self.muted(),
        );
        let mut earlier: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let said = said.ok().and_then(Result::ok).unwrap_or_default();
        for event in said.iter().rev() {
            let text = |key: &str| event.payload.get(key).and_then(Value::as_str);
            if let (Some(by), Some(text)) = (text("by"), text("text")) {
                let lines = earlier.entry(by.to_owned()).or_default();
                if lines.len() < EACH {
                    lines.push(text.to_owned());
                }
            }
        }
        let of_troubles = of_troubles.into_iter().filter_map(|events| events.ok()?.ok()).flatten();
        Known { events: events.into_iter().flatten().flatten().chain(of_troubles).collect(), earlier, muted }
    }

    async fn muted(&self) -> BTreeSet<String> {
        let (sender, answer) = oneshot::channel();
        if self.requests.send(Request::Portraits(sender)).await.is_err() {
            return BTreeSet::new();
        }
        let portraits = answer.await.unwrap_or_default();
        portraits.into_iter().filter(|portrait| portrait.muted).map(|portrait| portrait.id).collect()
    }
}

/// What the store and the stage gave.
pub(super) struct Known {
    pub(super) events: Vec<Arc<Event>>,
    earlier: BTreeMap<String, Vec<String>>,
    muted: BTreeSet<String>,
}

impl Known {
    pub(super) fn house<'a>(&'a self, heart: &'a Heart, styles: &'a Styles) -> House<'a> {
        House {
            cast: &heart.cast,
            styles,
            muted: &self.muted,
            earlier: &self.earlier,
            aliases: heart.settings.aliases,
            simulated: heart.simulated,
        }
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.events.iter().map(|event| (**event).clone()).collect()
    }
}
