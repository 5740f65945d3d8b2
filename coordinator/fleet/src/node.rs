//! One node as the coordinator knows it.

use crate::boot::Boot;
use crate::change::SilentReason;
use crate::record::NodeRecord;
use crate::time::{Dated, Millis, Moment, Now, UnixMillis};
use crate::trend::Trend;
use crate::words::{Because, because};
use frames::{Ack, Hello, Mood, NodeName, Report, Service, VitalSet};
use std::collections::VecDeque;

/// The most boots that are kept of one node. When another one speaks, the one
/// that was quiet longest is let go, never the running one.
pub const MAX_BOOTS: usize = 8;

/// The most boots of which the number alone is kept, so that their captured
/// frames don't pass for a new start.
pub const MAX_RETIRED: usize = 64;

/// The interval of a node that has not said one: the default ceiling.
pub const DEFAULT_INTERVAL: Millis = 60_000;

/// No shorter interval counts, or a hiccup of the network would be a silence.
pub const LEAST_INTERVAL: Millis = 2_000;

/// One node as the coordinator knows it.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) name: NodeName,
    pub(crate) first_seen: UnixMillis,
    /// When its newest frame was made.
    pub(crate) last_seen: Option<Moment>,
    pub(crate) mood: Option<(Mood, Moment)>,
    pub(crate) silent: Option<(Moment, SilentReason)>,
    /// Until when a frame has to follow the broker's hint.
    pub(crate) hint: Option<Millis>,
    pub(crate) hello: Option<Hello>,
    /// The boot that said `hello`; none if that was before a restart.
    pub(crate) hello_boot: Option<u32>,
    pub(crate) report: Option<(Dated, Report)>,
    pub(crate) services: Vec<Service>,
    /// Which of its enrolments it was last heard with; 0 while unknown.
    pub(crate) epoch: u32,
    /// It was enrolled again since its last `Hello`.
    pub(crate) enrolled_again: bool,
    pub(crate) settings: Option<u32>,
    pub(crate) dropped_before: u64,
    /// When a loss of frames was last told.
    pub(crate) dropped_told: Option<Millis>,
    pub(crate) running: Option<u32>,
    pub(crate) boots: Vec<Boot>,
    pub(crate) retired: VecDeque<u32>,
    /// When two boots were last heard in turns, and when that was last told.
    pub(crate) alternated: Option<Millis>,
    pub(crate) alternation_told: Option<Millis>,
    pub(crate) unreadable: Option<u8>,
    pub(crate) trend: Trend,
    /// Its joining was told.
    pub(crate) greeted: bool,
    /// It differs from what the store was last given.
    pub(crate) dirty: bool,
}

impl Node {
    pub(crate) fn new(name: NodeName, now: Now) -> Self {
        Self {
            name,
            first_seen: now.unix,
            last_seen: None,
            mood: None,
            silent: None,
            hint: None,
            hello: None,
            hello_boot: None,
            report: None,
            services: Vec::new(),
            epoch: 0,
            enrolled_again: false,
            settings: None,
            dropped_before: 0,
            dropped_told: None,
            running: None,
            boots: Vec::new(),
            retired: VecDeque::new(),
            alternated: None,
            alternation_told: None,
            unreadable: None,
            trend: Trend::default(),
            greeted: false,
            dirty: true,
        }
    }

    pub(crate) fn restore(record: NodeRecord) -> Self {
        // A record from elsewhere is bounded like everything else.
        let boots: Vec<Boot> = record.boots.iter().take(MAX_BOOTS).map(Boot::restore).collect();
        let mut retired = VecDeque::from(record.retired);
        retired.truncate(MAX_RETIRED);
        Self {
            name: record.name,
            first_seen: record.first_seen,
            last_seen: Some(Moment::wall(record.last_seen)),
            mood: record.mood.map(|mood| (mood, Moment::wall(record.mood_since.unwrap_or(record.last_seen)))),
            silent: record.silent.map(|(since, reason)| (Moment::wall(since), reason)),
            hint: None,
            hello: record.hello,
            hello_boot: None,
            report: record.report,
            services: record.services,
            epoch: record.epoch,
            enrolled_again: false,
            settings: record.settings,
            dropped_before: record.dropped_before,
            dropped_told: None,
            running: record.running.filter(|running| boots.iter().any(|boot| boot.number == *running)),
            boots,
            retired,
            alternated: None,
            alternation_told: None,
            unreadable: None,
            trend: Trend::default(),
            greeted: true,
            dirty: false,
        }
    }

    pub(crate) fn record(&self) -> NodeRecord {
        NodeRecord {
            name: self.name.clone(),
            first_seen: self.first_seen,
            last_seen: self.last_seen.map_or(self.first_seen, |moment| moment.unix),
            mood: self.mood(),
            mood_since: self.mood.map(|(_, since)| since.unix),
            silent: self.silent.map(|(since, reason)| (since.unix, reason)),
            hello: self.hello.clone(),
            report: self.report.clone(),
            services: self.services.clone(),
            epoch: self.epoch,
            settings: self.settings,
            dropped_before: self.dropped_before,
            running: self.running,
            boots: self.boots.iter().map(Boot::record).collect(),
            retired: self.retired.iter().copied().collect(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &NodeName {
        &self.name
    }

    /// Whether it is a simulated one.
    pub fn is_simulated(&self) -> bool {
        self.name.is_simulated()
    }

    /// Its own verdict; none until its second sample.
    pub fn mood(&self) -> Option<Mood> {
        self.mood.map(|(mood, _)| mood)
    }

    /// Since when it is in this mood, on the wall clock as it stands now.
    pub fn mood_since(&self, now: Now) -> Option<UnixMillis> {
        self.mood.map(|(_, since)| since.unix(now))
    }

    /// Why it is in this mood, loudest first. Never empty beside a mood, as
    /// long as the node measures anything.
    pub fn because(&self) -> Vec<Because> {
        self.report().map(because).unwrap_or_default()
    }

    /// Its newest report. A report without a verdict (the first one of an
    /// agent) keeps the verdict of the one before.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref().map(|(_, report)| report)
    }

    /// When its newest report was made.
    pub fn reported_at(&self) -> Option<Dated> {
        self.report.as_ref().map(|(at, _)| *at)
    }

    /// When it first spoke, on the wall clock as it stood then.
    pub fn first_seen(&self) -> UnixMillis {
        self.first_seen
    }

    /// When its newest frame was made, on the wall clock as it stands now.
    pub fn last_seen(&self, now: Now) -> Option<UnixMillis> {
        self.last_seen.map(|moment| moment.unix(now))
    }

    /// The same on the monotonic clock; none if that was before this
    /// coordinator started.
    pub fn last_seen_mono(&self) -> Option<Millis> {
        self.last_seen.and_then(|moment| moment.mono)
    }

    /// Its current interval between samples; none before its first report.
    pub fn interval(&self) -> Option<Millis> {
        self.report().map(|report| Millis::from(report.interval) * 100)
    }

    /// Whether it has stopped speaking.
    pub fn is_silent(&self) -> bool {
        self.silent.is_some()
    }

    /// Why and since when it is silent, on the wall clock as it stands now.
    pub fn silence(&self, now: Now) -> Option<(SilentReason, UnixMillis)> {
        self.silent.map(|(since, reason)| (reason, since.unix(now)))
    }

    /// What its last `Hello` said.
    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// What it can measure; empty before its first `Hello`.
    pub fn measurable(&self) -> VitalSet {
        self.hello.as_ref().map(|hello| hello.measurable).unwrap_or_default()
    }

    /// The units that it watches, as last said.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Frames that it says it has lost, over all its boots that we know of.
    pub fn dropped(&self) -> u64 {
        let kept: u64 = self.boots.iter().map(|boot| u64::from(boot.dropped)).sum();
        self.dropped_before.saturating_add(kept)
    }

    /// Where it is heading.
    pub fn trend(&self) -> &Trend {
        &self.trend
    }

    /// The frame version that it speaks, if that can't be read here.
    pub fn unreadable(&self) -> Option<u8> {
        self.unreadable
    }

    /// The boot that speaks: downlinks are addressed to it.
    pub fn running(&self) -> Option<u32> {
        self.running
    }

    /// The version of the settings that it shall have but has not echoed.
    pub fn wanted_settings(&self) -> Option<u32> {
        let echoed = self.hello.as_ref().map(|hello| hello.settings);
        self.settings.filter(|wanted| echoed != Some(*wanted))
    }

    /// The acknowledgement of one boot, if the boot is known.
    pub fn ack(&self, boot: u32) -> Option<Ack> {
        self.boot(boot).map(|known| known.marks.ack(boot))
    }

    pub(crate) fn boot(&self, boot: u32) -> Option<&Boot> {
        self.boots.iter().find(|known| known.number == boot)
    }

    pub(crate) fn boot_mut(&mut self, boot: u32) -> Option<&mut Boot> {
        self.boots.iter_mut().find(|known| known.number == boot)
    }

    /// Makes sure that a boot is kept.
    pub(crate) fn keep_boot(&mut self, boot: u32, now: Now) {
        if let Some(known) = self.boot_mut(boot) {
            known.touched = now.mono;
            return;
        }
        if self.boots.len() >= MAX_BOOTS {
            self.let_go();
        }
        let old = self.retired.contains(&boot);
        self.retired.retain(|retired| *retired != boot);
        // Most nodes never have a second one at hand.
        self.boots.reserve_exact(1);
        self.boots.push(Boot::new(boot, now, old));
    }

    /// Lets go of the boot that was quiet longest, never the running one.
    fn let_go(&mut self) {
        let running = self.running;
        let quietest = (0..self.boots.len())
            .filter(|place| self.boots.get(*place).is_some_and(|boot| Some(boot.number) != running))
            .min_by_key(|place| self.boots.get(*place).map(|boot| boot.touched));
        let Some(place) = quietest else { return };
        let gone = self.boots.remove(place);
        if !gone.old {
            self.dropped_before = self.dropped_before.saturating_add(u64::from(gone.dropped));
        }
        if self.retired.len() >= MAX_RETIRED {
            self.retired.pop_front();
        }
        self.retired.push_back(gone.number);
    }

    /// When a frame of `boot` with this uptime was made.
    pub(crate) fn date(&self, now: Now, boot: u32, uptime: Millis) -> Dated {
        let Some(own) = self.boot(boot) else { return Dated::Before(now.unix) };
        let kin = || self.boots.iter().filter(|other| other.same_kernel(own));
        let anchored =
            || own.date_by_anchor(now, uptime).or_else(|| kin().find_map(|b| b.date_by_anchor(now, uptime)));
        let clocked = || own.date_by_clock(now, uptime);
        let recorded =
            || own.date_by_record(now, uptime).or_else(|| kin().find_map(|b| b.date_by_record(now, uptime)));
        // Without a time server of our own, a node's that has one is better.
        let known = if now.trusted { anchored().or_else(clocked) } else { clocked().or_else(anchored) };
        known.or_else(recorded).unwrap_or_else(|| self.unknown(now, boot))
    }

    /// "Time unknown, before the running boot".
    fn unknown(&self, now: Now, boot: u32) -> Dated {
        let running = self.running.filter(|running| *running != boot).and_then(|running| self.boot(running));
        Dated::Before(running.map_or(now.unix, |running| running.first_heard.unix(now)))
    }
}
