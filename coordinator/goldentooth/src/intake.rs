//! The loop around [`core::Core`]: clock, link, store and live views.

pub mod claim;
pub mod core;
mod downlink;
pub mod link;
mod snapshot;
mod story;
#[cfg(test)]
mod tests;
pub mod writer;

use self::core::{Core, Output};
use crate::broker::{Trespass, Trespasses};
use crate::flavour::Flavour;
use crate::live::{Event, Live, Said, Update};
use crate::models::Piece;
use crate::surfaces::mqtt::Outlet;
use claim::{Claim, Rival};
use fleet::Now;
use frames::{NodeName, ServiceState, Vital};
use link::{Heard, Publish, Sender};
use node_agent::clock::{self, Trust};
use node_agent::notify::Notify;
use serde_json::Value;
use serde_json::value::RawValue;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::{ForgottenPerson, StoreError, Uuid};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use writer::Writer;

/// The most messages handled before the live views are told.
const WAKEUP: usize = 1024;
/// People wait for events, so a commit with one comes this soon after the last.
const NEWS: Duration = Duration::from_millis(250);
/// The live views are told at most this often: under load many frames share
/// one telling, and a single one waits for nobody.
const TELL: Duration = Duration::from_millis(5);
/// Counters are brought up to date this often while frames flow.
const COUNT: Duration = Duration::from_millis(50);
/// Retention looks at the store this often.
const RETAIN: Duration = Duration::from_mins(1);
/// The last commit gets this long.
const LAST_COMMIT: Duration = Duration::from_secs(10);
const ORDERS: usize = 256;

/// The event that another one follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its id.
    pub id: Uuid,
    /// What it belongs to.
    pub correlation: Uuid,
}

impl From<&Event> for Cause {
    fn from(event: &Event) -> Self {
        Self { id: event.id, correlation: event.correlation }
    }
}

/// Where the store's answer goes.
pub type Answer = oneshot::Sender<Result<(), StoreError>>;

/// What other rooms have intake do.
#[derive(Debug)]
pub enum Order {
    /// Keep and tell something that follows from an event.
    Follow {
        /// About which node.
        node: Option<NodeName>,
        /// The event that it follows from.
        cause: Cause,
        /// Its kind.
        kind: &'static str,
        /// Who says so.
        source: String,
        /// Its facts.
        payload: Value,
        /// What a character said with it, which is told at once.
        said: Arc<Said>,
    },
    /// Forget a node.
    Forget {
        /// Which.
        node: NodeName,
        /// Whether its past goes, too.
        purge: bool,
        /// What the store says to it.
        done: Answer,
    },
    /// Overwrite what waits of a person; answered with an id that is newer than all
    /// that was told of them.
    Unname {
        /// Who.
        person: String,
        /// The id.
        done: oneshot::Sender<store::Uuid>,
    },
    /// Forget a person.
    ForgetPerson {
        /// Who.
        person: String,
        /// What the cast remembers from now on; none if it remembers nothing for good.
        cast: Option<Box<RawValue>>,
        /// What the store says to it.
        done: oneshot::Sender<Result<ForgottenPerson, StoreError>>,
    },
    /// Give a node another name.
    Rename {
        /// Its name.
        from: NodeName,
        /// Its name from now on.
        to: NodeName,
        /// What the store says to it.
        done: Answer,
    },
    /// Take what a watcher outside sees of a service.
    Seen {
        /// Which service.
        service: NodeName,
        /// How it looks.
        state: ServiceState,
        /// Who looked.
        by: String,
    },
    /// Send a node a piece of a model.
    Model {
        /// Which node.
        node: NodeName,
        /// The piece.
        piece: Piece,
    },
    /// Keep the receipt of a call to a language model.
    Call(Box<store::Call>),
    /// Keep what the cast remembers, in place of what it remembered before.
    Keep(Box<RawValue>),
    /// Keep and tell something that happened, by itself or after another event.
    Note {
        /// Its kind.
        kind: &'static str,
        /// Who says so.
        source: &'static str,
        /// Its facts.
        payload: Value,
        /// The event that it follows from, if any.
        cause: Option<Cause>,
        /// Whether it is kept for good, or as long as this run lasts.
        lasting: bool,
    },
}

/// The parts that the loop works with.
pub struct Parts {
    /// Its state.
    pub core: Core,
    /// The store's thread.
    pub writer: Writer,
    /// The link's sending half.
    pub link: Sender,
    /// What the link brings.
    pub inbox: mpsc::Receiver<Heard>,
    /// Whom to tell.
    pub live: Live,
    /// How long an admitted frame waits for its commit at most.
    pub commit_every: Duration,
    /// Whether this machine's clock may be believed.
    pub trust: Trust,
    /// This machine's own node: it knows better about the clock.
    pub local: Option<NodeName>,
    /// The claim on the fleet, at an outside broker.
    pub claim: Option<Claim>,
    /// What the embedded broker turns away; an outside one keeps it to itself.
    pub turned_away: Arc<Trespasses>,
    /// How much voice there is in what is published.
    pub flavour: Flavour,
    /// systemd, whose watchdog this loop feeds, and nothing else.
    pub notify: Notify,
    /// Set when somebody subscribes to what Home Assistant reads; none at an outside
    /// broker, which keeps that.
    pub discovery: Option<Arc<AtomicBool>>,
}

/// The running loop.
pub struct Intake {
    /// For other rooms' orders; bounded.
    pub orders: mpsc::Sender<Order>,
    /// Told once if another coordinator has a better claim on the fleet.
    pub rival: oneshot::Receiver<Rival>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Intake {
    /// Starts the loop.
    pub fn start(parts: Parts) -> Self {
        let (orders, inbox) = mpsc::channel(ORDERS);
        let (stop, stopping) = watch::channel(false);
        let (tell_rival, rival) = oneshot::channel();
        let outlet = Outlet::new(parts.core.name().clone(), parts.flavour, parts.discovery.is_none());
        let running = Running { parts, outlet, rival: Some(tell_rival), connected: false, trusted: false };
        Self { orders, rival, stop, task: tokio::spawn(running.run(inbox, stopping)) }
    }

    /// Takes what has arrived, commits it, says goodbye to the broker.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if self.task.await.is_err() {
            tracing::error!("intake panicked");
        }
    }
}

struct Running {
    parts: Parts,
    outlet: Outlet,
    rival: Option<oneshot::Sender<Rival>>,
    connected: bool,
    trusted: bool,
}

impl Running {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>, mut stop: watch::Receiver<bool>) {
        let mut heard = Vec::with_capacity(WAKEUP);
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut retained = Instant::now();
        let mut committed = Instant::now();
        let mut counted = Instant::now();
        let mut under_way = false;
        let mut uncounted = false;
        let mut told = Instant::now();
        let mut untold = false;
        self.flush();
        loop {
            let due = committed + self.patience();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                Some(done) = self.parts.writer.done.recv(), if under_way => {
                    under_way = false;
                    self.parts.core.committed(done);
                    committed = Instant::now();
                    self.count();
                }
                _ = second.tick() => {
                    self.trusted = self.look_at_the_clock();
                    self.count_trespasses();
                    self.describe();
                    self.parts.core.tick(self.now());
                    self.parts.notify.alive();
                    self.count();
                    if retained.elapsed() >= RETAIN {
                        retained = Instant::now();
                        self.parts.writer.retain(self.now());
                    }
                }
                () = sleep_until(due), if !under_way => {
                    committed = Instant::now();
                    if let Some(work) = self.parts.core.take() {
                        self.parts.writer.commit(work);
                        under_way = true;
                    }
                }
                Some(order) = orders.recv() => self.order(order),
                many = self.parts.inbox.recv_many(&mut heard, WAKEUP) => {
                    if many == 0 {
                        break;
                    }
                    for message in heard.drain(..) {
                        self.hear(message);
                    }
                    uncounted = true;
                }
                () = sleep_until(counted + COUNT), if uncounted => {}
                () = sleep_until(told + TELL), if untold => {}
            }
            if uncounted && counted.elapsed() >= COUNT {
                counted = Instant::now();
                uncounted = false;
                self.count();
            }
            untold = told.elapsed() < TELL;
            if !untold {
                self.flush();
                told = Instant::now();
            }
        }
        self.finish(under_way).await;
    }

    /// How long after the last commit the next one may wait.
    fn patience(&self) -> Duration {
        let core = &self.parts.core;
        let every = self.parts.commit_every;
        if core.status_degraded() {
            every
        } else if core.is_batch_full() {
            Duration::ZERO
        } else if core.has_news() && every <= Duration::from_secs(2) {
            // A longer setting spares an SD card: then news wait, too.
            every.min(NEWS)
        } else {
            every
        }
    }

    fn now(&self) -> Now {
        Now { mono: clock::uptime(), unix: clock::wall(), trusted: self.trusted }
    }

    fn look_at_the_clock(&self) -> bool {
        let local = self.parts.local.as_ref().and_then(|name| self.parts.live.node(name));
        let synchronised =
            local.and_then(|node| node.vitals.get(Vital::ClockSynchronised)).map(|yes| yes >= 0.5);
        clock::trusted(Path::new("/"), self.parts.trust) || self.parts.trust.says(synchronised)
    }

    fn hear(&mut self, heard: Heard) {
        let now = self.now();
        match heard {
            Heard::Message { topic, payload, retain } => {
                // No topic of ours is anything but ASCII; the rest is refused as such.
                let topic = std::str::from_utf8(&topic).unwrap_or_default();
                if let Some(claim) = self.parts.claim.as_ref().filter(|claim| claim.topic == topic) {
                    match claim.judge(&payload) {
                        Some(rival) => {
                            if let Some(tell) = self.rival.take() {
                                let _ = tell.send(rival);
                            }
                        }
                        None if claim.is_ours(&payload) => {}
                        None => self.say(claim.message()),
                    }
                    return;
                }
                self.parts.core.message(now, topic, &payload, retain);
            }
            Heard::Connected => {
                tracing::info!("the link to the broker is up");
                self.connected = true;
                self.parts.core.connected(now, true);
                self.count();
                if let Some(claim) = &self.parts.claim {
                    self.say(claim.message());
                }
                // The broker may have forgotten what it kept: say it all again.
                self.outlet.again();
                for node in self.parts.live.nodes() {
                    self.put_out(now, &Update::Node(node));
                }
            }
            Heard::Disconnected(why) => {
                if self.connected {
                    tracing::warn!(why, "the link to the broker is down; trying again");
                }
                self.connected = false;
                self.parts.core.connected(now, false);
            }
        }
    }

    fn order(&mut self, order: Order) {
        let now = self.now();
        match order {
            Order::Follow { node, cause, kind, source, payload, said } => {
                self.parts.core.follow(now, node.as_ref(), cause, &source, (kind, payload));
                self.parts.live.said(&said);
                self.put_out(now, &Update::Said(said));
            }
            Order::Call(call) => self.parts.core.call(*call),
            Order::Forget { node, purge, done } => {
                self.parts.core.forget(&node, purge);
                self.parts.writer.forget(node, purge, done);
            }
            Order::Unname { person, done } => {
                // Whoever asked may have gone.
                let _ = done.send(self.parts.core.forget_person(now, &person));
            }
            Order::ForgetPerson { person, cast, done } => {
                self.parts.core.forget_person(now, &person);
                self.parts.writer.forget_person(person, cast, done);
            }
            Order::Rename { from, to, done } => {
                self.parts.core.rename(&from, &to);
                self.parts.writer.rename(from, to, done);
            }
            Order::Seen { service, state, by } => self.parts.core.seen(now, service, state, by),
            Order::Model { node, piece } => self.parts.core.model(&node, &piece),
            Order::Keep(cast) => self.parts.core.keep_cast(cast),
            Order::Note { kind, source, payload, cause, lasting } => {
                self.parts.core.note(now, lasting, (kind, source), cause, payload);
            }
        }
    }

    /// Counts what the broker turned away since the last look.
    fn count_trespasses(&mut self) {
        let now = self.now();
        for (node, Trespass { messages, account }) in self.parts.turned_away.take() {
            let topic_of = node.as_ref().map(NodeName::as_str);
            tracing::warn!(account, topic_of, messages, "turned away: not this account's topic");
            self.parts.core.turned_away(now, node.as_ref(), messages);
        }
    }

    /// Tells and publishes what there is.
    fn flush(&mut self) {
        let now = self.now();
        let Output { updates, publish } = self.parts.core.output(now);
        for message in publish {
            self.say(message);
        }
        if !updates.is_empty() {
            self.parts.live.tell(updates.iter().cloned());
            for update in &updates {
                self.put_out(now, update);
            }
        }
    }

    fn count(&self) {
        self.parts.live.count(self.parts.core.status_now());
    }

    fn put_out(&mut self, now: Now, update: &Update) {
        if !self.connected {
            return;
        }
        for message in self.outlet.heard(now.mono, update) {
            self.say(message.into());
        }
    }

    /// Describes some of the nodes to Home Assistant, if it is there.
    fn describe(&mut self) {
        if !self.connected {
            return;
        }
        if self.parts.discovery.as_ref().is_some_and(|asked| asked.swap(false, Ordering::AcqRel)) {
            self.outlet.discovery_asked();
        }
        for name in self.outlet.turn() {
            let node = self.parts.live.node(&name);
            if let Some(message) = node.and_then(|node| self.outlet.describe(&node)) {
                self.say(message.into());
            }
        }
    }

    fn say(&self, message: Publish) {
        if self.connected && !self.parts.link.publish(message) {
            tracing::debug!("no room on the way to the broker: a message was dropped");
        }
    }

    async fn finish(mut self, under_way: bool) {
        while let Ok(heard) = self.parts.inbox.try_recv() {
            self.hear(heard);
        }
        self.count_trespasses();
        let deadline = Instant::now() + LAST_COMMIT;
        if under_way
            && let Ok(Some(done)) = tokio::time::timeout_at(deadline, self.parts.writer.done.recv()).await
        {
            self.parts.core.committed(done);
        }
        if let Some(work) = self.parts.core.take() {
            self.parts.writer.commit(work);
            if let Ok(Some(done)) = tokio::time::timeout_at(deadline, self.parts.writer.done.recv()).await {
                self.parts.core.committed(done);
            }
        }
        self.flush();
        self.count();
        if let Some(claim) = &self.parts.claim {
            self.say(claim.release());
        }
        self.parts.link.disconnect();
        // Until the link is closed, so that the last acknowledgements go out.
        let close = async { while self.parts.inbox.recv().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(2), close).await;
        let writer = self.parts.writer;
        if tokio::task::spawn_blocking(move || writer.stop()).await.is_err() {
            tracing::error!("the store's thread could not be awaited");
        }
    }
}
