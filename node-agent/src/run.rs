//! The loop around an [`Agent`]: clock, sensors, disk and broker.
//!
//! It sleeps until something is due or comes in. Any number of them run in one
//! runtime; the agent of a real machine has a thread of its own, because its
//! budget is charged with the thread's CPU time.

use crate::Millis;
use crate::agent::{About, Agent, Identity};
use crate::clock::{self, Trust};
use crate::enrolment::Kind;
use crate::feel::Feeler;
use crate::memory::Memory;
use crate::notify::Notify;
use crate::say::disk::Log;
use crate::say::folder::Folder;
use crate::say::keep;
use crate::say::link::{self, Line, LinkOptions, News, OFFLINE};
use crate::say::spool::Spool;
use crate::say::tls;
use frames::{Clock, Leaf, Mood, ServiceState, Vital};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

mod keeping;
mod options;

use keeping::Keeping;
pub use options::{RunError, RunOptions, Source};

/// News that wait for the loop at most; the link waits beyond.
const NEWS: usize = 4;
/// At the end the broker gets this long to take the message that the node is offline.
const LAST_MESSAGE: Duration = Duration::from_millis(500);
/// What a sample of a simulated Pi is said to cost, in nanoseconds of CPU time:
/// about what a real one takes. Its thread is shared, so nothing can be measured.
const VIRTUAL_COST: u64 = 300_000;

/// Runs one agent until `stop` is done; then it says farewell, and what is
/// still undecided goes to the disk.
///
/// # Errors
/// [`RunError`], before anything is said. What fails later (broker, disk,
/// sensors) is logged and tried again.
pub async fn run(options: RunOptions, stop: impl Future<Output = ()>) -> Result<(), RunError> {
    let (mut shell, link) = Shell::new(options)?;
    let (tell, news) = mpsc::channel(NEWS);
    let link = tokio::spawn(link::keep(link, tell));
    shell.live(news, stop).await;
    // It ends by itself when nobody listens any more, unless it is just connecting.
    link.abort();
    Ok(())
}

/// An agent and all that it touches.
struct Shell {
    agent: Box<Agent>,
    source: Source,
    log: Option<Log>,
    memory: Option<Memory>,
    trust: Trust,
    notify: Notify,
    grace: Duration,
    status_topic: String,
    line: Option<Line>,
    /// CPU time of the thread at the last sample.
    cpu: Duration,
    /// What systemd was told last.
    told: Option<(Option<Mood>, bool, Option<ServiceState>)>,
    keeping: Keeping,
    samples: u64,
    wakeups: u64,
}

impl Shell {
    fn new(options: RunOptions) -> Result<(Self, LinkOptions), RunError> {
        let RunOptions {
            enrolment,
            source,
            hardware,
            model,
            limits,
            trust,
            spool,
            keep_every,
            mdns,
            notify,
            grace,
        } = options;
        if enrolment.kind != Kind::Node {
            return Err(RunError::NotANode(enrolment.kind));
        }
        if let Some(what) = enrolment.lacks() {
            return Err(RunError::Incomplete(what));
        }
        let Some(key) = enrolment.key else { return Err(RunError::Incomplete("holds no key")) };
        let boot = getrandom::u32().map_err(RunError::Random)?;
        let seed = getrandom::u64().map_err(RunError::Random)?;
        let wants_tls = enrolment.addresses.iter().any(|address| address.tls);
        let tls = match &enrolment.certificate {
            Some(pem) if wants_tls => Some(tls::pinned(pem)?),
            _ => None,
        };
        let now = clock::uptime();
        let mut undecided = Spool::new(now, boot, seed).keeping_every(keep_every);
        let mut memory = None;
        let mut keeping = Keeping::default();
        let log = spool.and_then(|path| {
            let mut folder = Folder::new(&path);
            if !folder.claim() {
                let path = path.display();
                tracing::warn!("another agent uses {path}: what is undecided stays in memory alone");
                return None;
            }
            keeping = Keeping::of(&folder);
            if folder.is_in_memory() {
                tracing::info!(
                    "{} lies in memory (a read-only system's overlay, or a tmpfs): \
                     what is undecided there outlives the agent, but no reboot",
                    path.display()
                );
            }
            memory = Some(Memory::new(now, &path));
            let mut log = Log::open(folder, boot);
            keep::begin(&mut undecided, &mut log);
            if log.unread() > 0 {
                tracing::info!(bodies = log.unread(), "found what earlier starts could not say");
            }
            Some(log)
        });
        let status_topic = Leaf::Status.topic(&enrolment.fleet, &enrolment.name).as_str().to_owned();
        let fleet = enrolment.fleet.clone();
        let identity =
            Identity { fleet: enrolment.fleet, name: enrolment.name, key: key.get().clone(), boot };
        let about = About { hardware, measurable: source.measurable() };
        let mut feeler = Feeler::new(model);
        let mut proved = None;
        if let Some(memory) = &memory {
            // One that was sent goes over the configured one; without any, the rules speak.
            if feeler.model().is_some() {
                if let Some(model) = memory.model() {
                    feeler.swap_model(Some(model));
                }
                proved = memory.model_on_trial().map(|model| feeler.swap_model(Some(model)));
            }
            if memory.recall(&mut feeler) {
                tracing::info!("this node knows itself from an earlier start");
            }
        }
        let feeler = if source.is_virtual() { feeler } else { feeler.metered(clock::thread_cpu) };
        let mut agent = Agent::new(now, identity, about, limits, feeler, undecided);
        if let Some(before) = proved {
            agent.begin_trial(before);
        }
        let link = LinkOptions {
            addresses: enrolment.addresses,
            user: enrolment.account.user,
            password: enrolment.account.password,
            status: status_topic.clone(),
            command: agent.command_topic().to_owned(),
            fleet,
            mdns,
            tls,
            seed,
        };
        let shell = Self {
            agent: Box::new(agent),
            source,
            log,
            memory,
            trust,
            notify,
            grace,
            status_topic,
            line: None,
            cpu: clock::thread_cpu(),
            told: None,
            keeping,
            samples: 0,
            wakeups: 0,
        };
        Ok((shell, link))
    }

    async fn live(&mut self, mut news: mpsc::Receiver<News>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            self.work();
            let next = self.next();
            let heard = tokio::select! {
                () = &mut stop => break,
                Some(heard) = news.recv() => Some(heard),
                () = answered(self.line.as_ref()), if self.is_blocked() => None,
                () = sleep_until(next) => None,
            };
            if let Some(heard) = heard {
                self.hear(heard);
            }
            self.wakeups += 1;
        }
        self.end(news).await;
    }

    /// All that is due now.
    fn work(&mut self) {
        let now = clock::uptime();
        if self.agent.due() <= now {
            self.sample(now);
        }
        self.tend(now);
        self.transmit(now);
        self.report();
    }

    fn sample(&mut self, now: Millis) {
        let readings = self.source.read(now);
        let synchronised = readings.get(Vital::ClockSynchronised).map(|yes| yes >= 0.5);
        let trusted = self.trust.says(synchronised);
        self.agent.clock(now, Some(Clock { offset: clock::wall() - now.cast_signed(), trusted }));
        self.agent.measurable(now, self.source.measurable());
        let cost = if self.source.is_virtual() {
            VIRTUAL_COST
        } else {
            // All since the last sample: sensors, mood, disk and broker alike.
            let before = std::mem::replace(&mut self.cpu, clock::thread_cpu());
            u64::try_from(self.cpu.saturating_sub(before).as_nanos()).unwrap_or(u64::MAX)
        };
        self.agent.sampled(now, &readings, cost);
        if let Some(services) = self.source.services(self.keeping.state()) {
            self.agent.services(now, services);
        }
        if self.samples == 0 {
            if readings.get(Vital::Temperature).is_none() && !self.source.is_virtual() {
                tracing::info!(
                    "no temperature can be read here (virtual machines have no sensor): \
                     the budget takes half its headroom for granted"
                );
            }
            self.notify.ready();
        }
        self.samples += 1;
        self.notify.alive();
    }

    fn tend(&mut self, now: Millis) {
        let news = self.agent.model_news();
        let mut written = None;
        if let Some(memory) = &mut self.memory {
            written = memory.tend(now, self.agent.feeler());
            if let Some(news) = news {
                memory.keep_model(&news);
            }
        }
        let Some(log) = &mut self.log else { return };
        self.keeping.wrote(&keep::tend(self.agent.spool(), log, now), written);
    }

    fn transmit(&mut self, now: Millis) {
        // Only into a line with room: what is said counts as on its way.
        while self.line.as_ref().is_some_and(Line::has_room) {
            let Some(frame) = self.agent.transmit(now) else { break };
            if let Some(line) = &self.line {
                line.publish(self.agent.topic(), false, frame.to_vec());
            }
        }
    }

    fn is_blocked(&self) -> bool {
        self.line.as_ref().is_some_and(|line| !line.has_room())
    }

    fn hear(&mut self, heard: News) {
        let now = clock::uptime();
        match heard {
            News::Up(line) => {
                self.line = Some(line);
                self.agent.connected(now);
            }
            News::Down(_) => {
                self.line = None;
                self.agent.disconnected(now);
            }
            News::Command(payload) => self.agent.received(now, &payload),
        }
    }

    /// When to wake up if nothing comes in.
    fn next(&mut self) -> Instant {
        let wake = if self.is_blocked() { None } else { self.agent.wake() };
        let keep = self.log.as_ref().and_then(|_| self.agent.spool().keep_at());
        let due = [wake, keep].into_iter().flatten().fold(self.agent.due(), Millis::min);
        Instant::now() + Duration::from_millis(due.saturating_sub(clock::uptime()).min(3_600_000))
    }

    /// Tells systemd what has changed.
    fn report(&mut self) {
        let state = (self.agent.mood(), self.line.is_some(), self.keeping.state());
        if self.told == Some(state) {
            return;
        }
        self.told = Some(state);
        let mood = state.0.map_or("learning", Mood::name);
        let link = if state.1 { "connected" } else { "no link to the broker" };
        let undecided = self.agent.spooled();
        let disk = self.keeping.words();
        self.notify.status(&format!("{mood}; {link}; {undecided} frames undecided{disk}"));
    }

    /// Says farewell, waits a little for the answer, and keeps the rest.
    async fn end(&mut self, mut news: mpsc::Receiver<News>) {
        self.notify.stopping();
        self.agent.farewell(clock::uptime());
        let _ = timeout(self.grace, self.settle(&mut news)).await;
        // With no grace the farewell itself is still sent.
        self.transmit(clock::uptime());
        if let Some(line) = self.line.take() {
            line.publish(&self.status_topic, true, OFFLINE.into());
            let quiet = async {
                while line.waiting() > 0 {
                    tokio::select! {
                        () = line.answered() => {}
                        heard = news.recv() => match heard {
                            Some(News::Command(payload)) => self.agent.received(clock::uptime(), &payload),
                            Some(News::Up(_)) => {}
                            Some(News::Down(_)) | None => break,
                        }
                    }
                }
            };
            let _ = timeout(LAST_MESSAGE, quiet).await;
            line.close();
            // The link ends once the broker has heard it.
            let gone = async { while !matches!(news.recv().await, Some(News::Down(_)) | None) {} };
            let _ = timeout(LAST_MESSAGE, gone).await;
        }
        let now = clock::uptime();
        if let Some(memory) = &mut self.memory {
            memory.write(now, self.agent.feeler());
        }
        let left = self.agent.spooled();
        if let Some(log) = &mut self.log
            && let Err(error) = keep::close(self.agent.spool(), log, now)
        {
            tracing::warn!("{left} undecided frames are lost: the disk takes nothing ({error})");
        }
        let (samples, wakeups, heard) = (self.samples, self.wakeups, self.agent.heard());
        tracing::info!(samples, wakeups, left, ?heard, "stopped");
    }

    /// Until everything is decided or the link is gone.
    async fn settle(&mut self, news: &mut mpsc::Receiver<News>) {
        while self.line.is_some() && !self.agent.is_settled() {
            let now = clock::uptime();
            self.tend(now);
            self.transmit(now);
            let next = self.next();
            let heard = tokio::select! {
                heard = news.recv() => heard,
                () = answered(self.line.as_ref()), if self.is_blocked() => continue,
                () = sleep_until(next) => continue,
            };
            match heard {
                Some(heard) => self.hear(heard),
                None => return,
            }
        }
    }
}

async fn answered(line: Option<&Line>) {
    if let Some(line) = line {
        line.answered().await;
    }
}

#[cfg(test)]
mod tests;
