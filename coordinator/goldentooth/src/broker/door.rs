//! Who comes in, and what they may say and hear: mqtt5 asks here at connect,
//! publish and subscribe; `fleet` knows the rules.

use super::Trespasses;
use crate::enrol::{COORDINATOR, Entry, Keys};
use crate::words::lock;
use fleet::Account;
use frames::{Leaf, NodeName, Place};
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use node_agent::enrolment::Kind;
use std::collections::HashMap;
use std::future::{Future, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use subtle::ConstantTimeEq as _;

const ANONYMOUS: &str = "anonymous";
/// How many claims on client ids may be remembered before the stale ones go.
const MOST_CLAIMS: usize = 50_000;

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The rules, over the keys in force.
pub(super) struct Door {
    keys: Arc<Keys>,
    router: Arc<MessageRouter>,
    turned_away: Arc<Trespasses>,
    discovery: Arc<AtomicBool>,
    /// Which account last came in with a client id. It counts while connected.
    claims: Mutex<HashMap<String, String>>,
}

/// Who a session belongs to, as told at its connect: never trusted later than
/// its epoch.
enum Identity {
    Anonymous,
    Known(NodeName, Entry),
}

impl Identity {
    /// The identity in the one word that mqtt5 keeps for us.
    fn word(&self) -> String {
        match self {
            Self::Anonymous => ANONYMOUS.to_owned(),
            Self::Known(name, entry) => format!("{}:{name}:{}", entry.kind.as_str(), entry.epoch),
        }
    }
}

impl Door {
    pub(super) fn new(
        keys: Arc<Keys>,
        router: Arc<MessageRouter>,
        turned_away: Arc<Trespasses>,
        discovery: Arc<AtomicBool>,
    ) -> Self {
        Self { keys, router, turned_away, discovery, claims: Mutex::default() }
    }

    /// Who this is, if user and password (or their absence, on loopback) say so.
    fn identify(&self, connect: &ConnectPacket, from: SocketAddr) -> Option<Identity> {
        let Some(user) = &connect.username else {
            // An IPv4 client of a dual-stack listener comes mapped.
            return from.ip().to_canonical().is_loopback().then_some(Identity::Anonymous);
        };
        let shown: &[u8] = connect.password.as_deref().unwrap_or_default();
        let name: NodeName = user.parse().ok()?;
        let entry = self.keys.entry(&name)?;
        let expected = self.keys.password(&name, entry);
        bool::from(expected.expose().as_bytes().ct_eq(shown)).then_some(Identity::Known(name, entry))
    }

    /// Whether this identity may call itself so: a node has its own name alone,
    /// and nobody else has an account's name, nor the coordinator's.
    fn may_be_called(&self, identity: &Identity, client_id: &str) -> bool {
        match identity {
            Identity::Known(name, entry) if entry.kind == Kind::Node => client_id == name.as_str(),
            Identity::Known(name, _) if client_id == name.as_str() => true,
            Identity::Known(..) | Identity::Anonymous => {
                client_id != COORDINATOR
                    && client_id
                        .parse()
                        .ok()
                        .is_none_or(|name: NodeName| !name.is_simulated() && self.keys.entry(&name).is_none())
            }
        }
    }

    /// Whether nobody else is connected under this client id.
    async fn claim(&self, client_id: &str, word: &str) -> bool {
        let held_by_another = {
            let claims = lock::mutex(&self.claims);
            claims.get(client_id).is_some_and(|holder| holder != word)
        };
        if held_by_another && self.router.is_connected(client_id).await {
            return false;
        }
        let crowded = lock::mutex(&self.claims).len() >= MOST_CLAIMS;
        if crowded {
            self.forget_stale_claims().await;
        }
        lock::mutex(&self.claims).insert(client_id.to_owned(), word.to_owned());
        true
    }

    /// The client ids under which an account came in with any epoch but the
    /// one in force: a reader may take several.
    pub(super) fn clients_of(&self, name: &NodeName) -> Vec<String> {
        let current = self.keys.entry(name).map(|entry| entry.epoch);
        let void = |word: &str| {
            account_of(word).is_some_and(|(known, epoch)| known == *name && Some(epoch) != current)
        };
        let claims = lock::mutex(&self.claims);
        claims.iter().filter(|(_, word)| void(word)).map(|(client_id, _)| client_id.clone()).collect()
    }

    async fn forget_stale_claims(&self) {
        let ids: Vec<String> = lock::mutex(&self.claims).keys().cloned().collect();
        for id in ids {
            if !self.router.is_connected(&id).await {
                lock::mutex(&self.claims).remove(&id);
            }
        }
    }

    /// Asks the rules for the account behind a word, if it is still in force.
    fn ask(&self, word: Option<&str>, rule: impl Fn(&Account<'_>) -> bool) -> bool {
        let Some(word) = word else { return false };
        if word == ANONYMOUS {
            // Only loopback lets anybody in without an account.
            return rule(&Account::Anonymous { loopback: true });
        }
        let Some((name, epoch)) = account_of(word) else { return false };
        match self.keys.entry(&name) {
            Some(entry) if epoch == entry.epoch => rule(&account(&name, entry.kind)),
            _ => false,
        }
    }
}

/// Name and epoch in the word of an enrolled account.
fn account_of(word: &str) -> Option<(NodeName, u32)> {
    let mut parts = word.splitn(3, ':').skip(1);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn account(name: &NodeName, kind: Kind) -> Account<'_> {
    match kind {
        Kind::Node => Account::Node(name),
        Kind::Reader => Account::Reader(name.as_str()),
        Kind::Service => Account::Service(name.as_str()),
    }
}

impl AuthProvider for Door {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        client_addr: SocketAddr,
    ) -> Answer<'a, mqtt5::Result<AuthResult>> {
        Box::pin(async move {
            let Some(identity) = self.identify(connect, client_addr) else {
                tracing::warn!(user = ?connect.username, from = %client_addr, "refused: unknown, or an old password");
                return Ok(AuthResult::fail(ReasonCode::BadUsernameOrPassword));
            };
            let word = identity.word();
            if !self.may_be_called(&identity, &connect.client_id)
                || !self.claim(&connect.client_id, &word).await
            {
                tracing::warn!(
                    account = word,
                    client = connect.client_id,
                    "refused: this client id is another's"
                );
                return Ok(AuthResult::fail(ReasonCode::ClientIdentifierNotValid));
            }
            Ok(AuthResult::success_with_user(word))
        })
    }

    fn authorize_publish<'a>(
        &'a self,
        _client_id: &str,
        user_id: Option<&'a str>,
        topic: &'a str,
    ) -> Answer<'a, bool> {
        let name = self.keys.fleet();
        let may = self.ask(user_id, |account| fleet::may_publish(name, account, topic));
        if !may && let Some(Place::Node { node, leaf: Leaf::Frame }) = Place::parse(name, topic) {
            self.turned_away.note(node, user_id);
        }
        Box::pin(ready(may))
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client_id: &str,
        user_id: Option<&'a str>,
        topic_filter: &'a str,
    ) -> Answer<'a, bool> {
        // A shared subscription is heard like a plain one to its filter.
        let filter = match topic_filter.strip_prefix("$share/") {
            None => Some(topic_filter),
            Some(shared) => shared.split_once('/').map(|(_, filter)| filter),
        };
        let name = self.keys.fleet();
        let may = filter
            .is_some_and(|filter| self.ask(user_id, |account| fleet::may_subscribe(name, account, filter)));
        if may && filter.is_some_and(fleet::asks_for_discovery) {
            self.discovery.store(true, Ordering::Release);
        }
        Box::pin(ready(may))
    }
}
