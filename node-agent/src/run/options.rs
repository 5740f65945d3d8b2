//! What one agent runs with.

use crate::Millis;
use crate::budget::Limits;
use crate::clock::Trust;
use crate::enrolment::{Enrolment, Kind};
use crate::feel::Model;
use crate::hardware::Hardware;
use crate::notify::Notify;
use crate::sample::{Sampler, slows_at};
use crate::say::spool::KEEP_EVERY;
use crate::say::tls::TlsError;
use crate::virtual_pi::VirtualPi;
use frames::{Readings, ServiceState, Services, VitalSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// At the end the coordinator gets this long to answer the last words: its
/// commits are 2 s apart.
const GRACE: Duration = Duration::from_millis(2_500);

/// Where readings come from.
pub enum Source {
    /// This machine.
    Machine(Box<Sampler>),
    /// A simulated Pi.
    Virtual(Box<VirtualPi>),
}

impl Source {
    pub(super) fn read(&mut self, now: Millis) -> Readings {
        match self {
            Self::Machine(sampler) => sampler.sample(now).readings,
            Self::Virtual(pi) => pi.read(now),
        }
    }

    /// Every unit that is watched and the data folder, if one has changed.
    pub(super) fn services(&mut self, data: Option<ServiceState>) -> Option<Services> {
        match self {
            Self::Machine(sampler) => sampler.services(data),
            Self::Virtual(_) => None,
        }
    }

    pub(super) fn measurable(&self) -> VitalSet {
        match self {
            Self::Machine(sampler) => sampler.measurable(),
            Self::Virtual(pi) => pi.measurable(),
        }
    }

    pub(super) fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }
}

/// How to run one agent.
pub struct RunOptions {
    /// Who it is and where its broker is.
    pub enrolment: Enrolment,
    /// Where its readings come from.
    pub source: Source,
    /// What its machine calls itself.
    pub hardware: Hardware,
    /// The mood model; without one the rules speak.
    pub model: Option<Model>,
    /// What its budget may not exceed.
    pub limits: Limits,
    /// Whether the machine's clock may be believed.
    pub trust: Trust,
    /// The folder for what is undecided in a long outage; none means memory alone.
    pub spool: Option<PathBuf>,
    /// How often memory goes to that folder while nobody answers, in milliseconds.
    pub keep_every: Millis,
    /// Whether the local network may be asked by multicast DNS: for `.local` names, and for a
    /// coordinator that moved.
    pub mdns: bool,
    /// The line to systemd.
    pub notify: Notify,
    /// How long to wait for the coordinator's answer at the end.
    pub grace: Duration,
}

impl RunOptions {
    /// This machine, read below `root`.
    pub fn machine(enrolment: Enrolment, root: &Path, sampler: Sampler) -> Self {
        let hardware = Hardware::read(root);
        // Every Pi's firmware throttles from the usual limit on, whatever its trip points say.
        let limit = if hardware.is_pi() { None } else { slows_at(root) };
        Self {
            enrolment,
            source: Source::Machine(Box::new(sampler)),
            hardware,
            model: None,
            limits: limit.map_or_else(Limits::default, Limits::up_to),
            trust: Trust::default(),
            spool: None,
            keep_every: KEEP_EVERY,
            mdns: true,
            notify: Notify::default(),
            grace: GRACE,
        }
    }

    /// A simulated Pi. It keeps nothing on the disk and does not wait at the end.
    pub fn simulated(enrolment: Enrolment, pi: VirtualPi) -> Self {
        let hardware = Hardware { model: pi.hardware().to_owned(), ..Hardware::default() };
        Self {
            enrolment,
            source: Source::Virtual(Box::new(pi)),
            hardware,
            model: None,
            limits: Limits::default(),
            trust: Trust::Always,
            spool: None,
            keep_every: KEEP_EVERY,
            mdns: true,
            notify: Notify::default(),
            grace: Duration::ZERO,
        }
    }
}

/// Why an agent can't run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The enrolment is not for a node.
    #[error("this enrolment is for a {}, not for a node; `goldentooth enroll NAME --out FILE` makes one", .0.as_str())]
    NotANode(Kind),
    /// The enrolment lacks something.
    #[error("the enrolment {0}; enrol again")]
    Incomplete(&'static str),
    /// TLS can't be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system gives no random number.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}
