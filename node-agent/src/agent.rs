//! One agent without clock and socket: samples and downlinks come in, sealed
//! frames go out. [`crate::run`] is the loop around it, and a simulated fleet
//! is many of it.

use crate::Millis;
use crate::budget::{Governor, Limits};
use crate::feel::Feeler;
use crate::feel::swap::{Incoming, Probation};
use crate::hardware::Hardware;
use crate::say::spool::Spool;
use frames::{
    Clock, Farewell, FleetName, Frame, Hello, Leaf, Mood, NodeKey, NodeName, Probability, Readings, Report,
    Say, Services, Topic, VitalSet, distance_code,
};

mod obey;
mod trial;

pub use obey::Heard;
pub use trial::ModelNews;

/// Before the first `Hello` the link gets this long to come up, so that the
/// node is greeted live.
const FIRST_HELLO: Millis = 5_000;
/// The first sample waits this long for the link.
const FIRST_SAMPLE: Millis = 400;
/// Between two `Hello`s that no reconnection asks for.
const HELLO_EVERY: Millis = 10_000;
/// Between two samples, whoever asks.
const SAMPLE_EVERY: Millis = 1_000;
/// A clock that moved by this much against uptime has been set: said again.
const CLOCK_STEP: i64 = 1_000;

/// Who an agent is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its fleet.
    pub fleet: FleetName,
    /// Its name in the fleet.
    pub name: NodeName,
    /// What it seals with.
    pub key: NodeKey,
    /// A random number, new at each start.
    pub boot: u32,
}

/// What an agent knows about its machine.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// What the machine calls itself.
    pub hardware: Hardware,
    /// What can be measured on it.
    pub measurable: VitalSet,
}

/// One agent.
#[derive(Debug)]
pub struct Agent {
    identity: Identity,
    about: About,
    feeler: Feeler,
    governor: Governor,
    spool: Spool,
    up: Topic,
    down: Topic,
    due: Millis,
    sampled_at: Option<Millis>,
    /// When the next `Hello` is to be said, if one is.
    hello_at: Option<Millis>,
    hello_said: Option<Millis>,
    clock: Option<Clock>,
    /// The clock as said in the last `Hello`.
    clock_said: Option<Clock>,
    settings: u32,
    downlink: u32,
    /// The coordinator can't read our frames: go slowly until it may be another one.
    unsupported: bool,
    mood: Option<Mood>,
    heard: Heard,
    incoming: Incoming,
    probation: Option<Probation>,
    model_news: Option<ModelNews>,
}

impl Agent {
    /// An agent that starts `now`. The spool is of the same boot.
    pub fn new(
        now: Millis,
        identity: Identity,
        about: About,
        limits: Limits,
        feeler: Feeler,
        spool: Spool,
    ) -> Self {
        Self {
            up: Leaf::Frame.topic(&identity.fleet, &identity.name),
            down: Leaf::Cmd.topic(&identity.fleet, &identity.name),
            identity,
            about,
            feeler,
            governor: Governor::new(limits),
            spool,
            due: now + FIRST_SAMPLE,
            sampled_at: None,
            hello_at: Some(now + FIRST_HELLO),
            hello_said: None,
            clock: None,
            clock_said: None,
            settings: 0,
            downlink: 0,
            unsupported: false,
            mood: None,
            heard: Heard::default(),
            incoming: Incoming::default(),
            probation: None,
            model_news: None,
        }
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The topic on which it speaks.
    pub fn topic(&self) -> &str {
        &self.up
    }

    /// The topic on which it listens.
    pub fn command_topic(&self) -> &str {
        &self.down
    }

    /// When to take the next sample.
    pub fn due(&self) -> Millis {
        self.due
    }

    /// A sample has been taken. `cost_ns` is the CPU time that the agent has
    /// used since the sample before.
    pub fn sampled(&mut self, now: Millis, readings: &Readings, cost_ns: u64) {
        let mut plan = self.governor.plan(now, readings, cost_ns);
        if self.unsupported {
            plan.interval = self.governor.limits().ceiling;
            plan.next_sample = now + plan.interval;
        }
        self.feeler.skip_model(plan.skip_model);
        let feeling = self.feeler.feel(now, readings);
        if let Some(cost) = feeling.model_ns {
            self.governor.model_cost(cost);
        }
        self.prove(now, &feeling, plan.skip_model);
        self.due = plan.next_sample.max(now + SAMPLE_EVERY);
        self.sampled_at = Some(now);
        self.mood = feeling.mood;
        self.greet_if_due(now);
        self.say(&Say::Vitals(Report {
            uptime: tenths(now),
            vitals: readings.into(),
            mood: feeling.mood,
            probabilities: feeling.probabilities.map(Probability::new),
            causes: feeling.causes,
            distance: feeling.distance.and_then(distance_code),
            classifier: feeling.classifier,
            budget: plan.budget,
            interval: u16::try_from(plan.interval.div_ceil(100)).unwrap_or(u16::MAX),
            dropped: self.spool.dropped(),
        }));
    }

    /// The state of the watched units has changed.
    pub fn services(&mut self, now: Millis, services: Services) {
        self.greet_if_due(now);
        self.say(&Say::Services(Services { uptime: tenths(now), ..services }));
    }

    /// What the machine's clock says; said again when it has been set, or when
    /// its trust changes.
    pub fn clock(&mut self, now: Millis, clock: Option<Clock>) {
        self.clock = clock;
        let trusted = clock.filter(|clock| clock.trusted);
        self.feeler.set_clock(trusted.map(|clock| clock.offset));
        let same = match (clock, self.clock_said) {
            (Some(clock), Some(said)) => {
                clock.trusted == said.trusted
                    && clock.offset.abs_diff(said.offset) < CLOCK_STEP.unsigned_abs()
            }
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.greet(now);
        }
    }

    /// What can be measured now; said again when it changes.
    pub fn measurable(&mut self, now: Millis, measurable: VitalSet) {
        if self.about.measurable != measurable {
            self.about.measurable = measurable;
            self.greet(now);
        }
    }

    /// The link is up, for the first time or again.
    pub fn connected(&mut self, now: Millis) {
        self.spool.connected(now);
        // Perhaps another coordinator answers now.
        self.unsupported = false;
        self.hello_at = Some(now);
        // A sample at once: the coordinator may know an interval from before
        // the outage, and miss us while we keep a longer one.
        self.sample_soon(now);
    }

    /// The link is down.
    pub fn disconnected(&mut self, now: Millis) {
        self.spool.disconnected(now);
    }

    /// Brings the next sample forward, unless the agent has said farewell.
    fn sample_soon(&mut self, now: Millis) {
        if self.due != Millis::MAX {
            let earliest = self.sampled_at.map_or(now, |at| at + SAMPLE_EVERY);
            self.due = self.due.min(earliest.max(now));
        }
    }

    /// The next sealed frame to publish on [`topic`](Self::topic), if one is due.
    pub fn transmit(&mut self, now: Millis) -> Option<Frame> {
        self.greet_if_due(now);
        let mut frame = self.spool.speak(now)?;
        // The spool leaves room for the seal.
        self.identity.key.seal(&self.up, &mut frame).ok().map(|()| frame)
    }

    /// When [`transmit`](Self::transmit) may have more; 0 means at once, none
    /// that only another call can change it.
    pub fn wake(&self) -> Option<Millis> {
        self.hello_at.into_iter().chain(self.spool.wake()).min()
    }

    /// The agent stops on purpose: its last word. No sample is due any more.
    pub fn farewell(&mut self, now: Millis) {
        self.due = Millis::MAX;
        self.say(&Say::Farewell(Farewell { uptime: tenths(now) }));
        self.hello_at = None;
    }

    /// How it feels, and what it knows about itself.
    pub fn feeler(&mut self) -> &mut Feeler {
        &mut self.feeler
    }

    /// What is undecided.
    pub fn spool(&mut self) -> &mut Spool {
        &mut self.spool
    }

    /// Bodies held in memory.
    pub fn spooled(&self) -> usize {
        self.spool.len()
    }

    /// Whether everything said has been decided.
    pub fn is_settled(&self) -> bool {
        self.spool.is_empty()
    }

    /// Bodies lost for want of room since the start.
    pub fn dropped(&self) -> u32 {
        self.spool.dropped()
    }

    /// The mood of the last sample.
    pub fn mood(&self) -> Option<Mood> {
        self.mood
    }

    /// Downlinks so far.
    pub fn heard(&self) -> Heard {
        self.heard
    }

    /// Asks for a `Hello`, soon if one has just been said.
    fn greet(&mut self, now: Millis) {
        let earliest = self.hello_said.map_or(now, |said| now.max(said + HELLO_EVERY));
        // The first one waits for the link, so that nothing is said twice.
        if self.hello_said.is_some() {
            self.hello_at = Some(self.hello_at.map_or(earliest, |at| at.min(earliest)));
        }
    }

    fn greet_if_due(&mut self, now: Millis) {
        if self.hello_at.is_none_or(|at| at > now) {
            return;
        }
        self.hello_at = None;
        self.hello_said = Some(now);
        self.clock_said = self.clock;
        let hello = Hello {
            kernel_boot: self.about.hardware.kernel_boot,
            agent: cut(env!("CARGO_PKG_VERSION")),
            model: self.feeler.model().map(|model| cut(model.version())),
            hardware: cut(&self.about.hardware.model),
            serial: self.about.hardware.serial.as_deref().map(cut),
            measurable: self.about.measurable,
            uptime: tenths(now),
            clock: self.clock,
            settings: self.settings,
            downlink: self.downlink,
        };
        self.say(&Say::Hello(hello));
    }

    fn say(&mut self, say: &Say<'_>) {
        let mut words = Frame::new();
        // Every body of ours fits a frame; the spool counts one that would not.
        let _ = say.encode(&mut words);
        self.spool.push(&words);
    }
}

/// Uptime as on the wire.
fn tenths(now: Millis) -> u32 {
    u32::try_from(now / 100).unwrap_or(u32::MAX)
}

/// As much of a text as there is room for.
fn cut<const N: usize>(text: &str) -> heapless::String<N> {
    let mut short = heapless::String::new();
    for letter in text.chars() {
        if short.push(letter).is_err() {
            break;
        }
    }
    short
}

#[cfg(test)]
mod tests;
