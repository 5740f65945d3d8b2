//! The loop around [`core::Core`]: clock, link, store and live views.

pub mod claim;
pub mod core;
mod downlink;
pub mod link;
mod order;
mod snapshot;
mod story;
#[cfg(test)]
mod tests;
pub mod writer;

pub use order::{Answer, Cause, Order};

use self::core::{Core, Output};
use crate::broker::{Trespass, Trespasses};
use crate::flavour::Flavour;
use crate::live::{Live, Update};
use crate::surfaces::mqtt::Outlet;
use claim::{Claim, Rival};
use fleet::Now;
use frames::{NodeName, Vital};
use link::{Heard, Publish, Sender};
use node_agent::clock::{self, Trust};
use node_agent::notify::Notify;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use writer::Writer;

/// The most messages handled before the live views are told.
const WAKEUP: usize = 1024;
/// People wait for events, so a commit with one comes this soon after the last.
const NEWS: Duration = Duration::from_millis(250);
/// A message waits this long for others, so that they share one turn of this
/// loop and of all that listen to it: waking for each costs far more than what
/// there is to do for one. So many at once wait for nobody.
const GATHER: (Duration, usize) = (Duration::from_millis(25), 32);
/// Counters are brought up to date this often while frames flow.
const COUNT: Duration = Duration::from_millis(250);
/// Retention looks at the store this often.
const RETAIN: Duration = Duration::from_mins(1);
/// The last commit gets this long.
const LAST_COMMIT: Duration = Duration::from_secs(10);
const ORDERS: usize = 256;

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
        let mut gathered = Instant::now();
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
                many = self.parts.inbox.recv_many(&mut heard, WAKEUP), if heard.is_empty() => {
                    if many == 0 {
                        break;
                    }
                    if many < GATHER.1 {
                        gathered = Instant::now() + GATHER.0;
                        continue;
                    }
                    self.hear_all(&mut heard);
                    uncounted = true;
                }
                () = sleep_until(gathered), if !heard.is_empty() => {
                    while heard.len() < WAKEUP && let Ok(message) = self.parts.inbox.try_recv() {
                        heard.push(message);
                    }
                    self.hear_all(&mut heard);
                    uncounted = true;
                }
                () = sleep_until(counted + COUNT), if uncounted => {}
            }
            if uncounted && counted.elapsed() >= COUNT {
                counted = Instant::now();
                uncounted = false;
                self.count();
            }
            self.flush();
        }
        self.hear_all(&mut heard);
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

    fn hear_all(&mut self, heard: &mut Vec<Heard>) {
        for message in heard.drain(..) {
            self.hear(message);
        }
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
